//! Which date belongs to which link.
//!
//! - A date that stands for itself wins over one within words: a title names the days it speaks
//!   of, and its words stay whole.
//! - A row has one date: of several the one called 发布, else the latest that has come.
//! - A date called 截止, 公示期 or the like is none of publication.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use scraper::{ElementRef, Node};
use url::Url;

use super::super::{dates, markup};
use super::lists::is_clock;
use super::{
    BESIDE, ITEM_ABOVE, Instant, MOST_DATES, MOST_ITEMS, Page, is_item, is_link, is_silent, links_in, short_text,
    text_of, title_of, words_of,
};

/// A row without a date counts where its link says at least so much: a shorter one turns the page.
const ROW_TITLE: usize = 6;

/// The box that holds the rows is looked for this far above one.
const ROW_ABOVE: usize = 6;

/// Who keeps registers of sites, to which the feet of pages link.
const REGISTERS: &[&str] = &["beian.miit.gov.cn", "beian.mps.gov.cn", "beian.gov.cn", "conac.cn", "zfwzgl.www.gov.cn"];

/// What front pages are called.
const FRONTS: &[&str] = &["index.", "default.", "home.", "main."];

/// Longest text that is what a date is called.
const LABEL: usize = 12;

/// A date, the link it belongs to, and what makes its list a list.
#[derive(Clone)]
pub(super) struct Found<'p> {
    pub(super) at: Instant,
    /// It is the day of the visit, not of an article.
    pub(super) clock: bool,
    /// It is called the day of publication.
    pub(super) published: bool,
    pub(super) link: ElementRef<'p>,
    pub(super) item: ElementRef<'p>,
    /// The last link of the item that stands before the date.
    pub(super) behind: Option<NodeId>,
    pub(super) title: String,
}

/// A row of a list without a date that can be read.
pub(super) struct Undated<'p> {
    /// Where it stands in the order of the page.
    pub(super) place: NodeId,
    pub(super) link: ElementRef<'p>,
    pub(super) item: ElementRef<'p>,
    pub(super) title: String,
}

/// A date on the page.
#[derive(Clone, Copy)]
pub(super) struct Date<'p> {
    pub(super) element: ElementRef<'p>,
    /// Where it stands in the order of the page.
    place: NodeId,
    pub(super) at: Instant,
    /// Its element or text is a date and nothing else.
    pub(super) own: bool,
    /// It is called the day of publication.
    published: bool,
}

/// Where a date goes.
enum Tied<'p> {
    To(Found<'p>),
    /// To a row that has one: which.
    Known(usize),
    Nowhere,
}

impl<'p> Page<'p> {
    /// Every link with the date that stands beside it, in the order of the page; of the dates that `wanted` takes.
    pub(super) fn dated_links(&self, root: ElementRef<'p>, wanted: impl Fn(ElementRef<'p>) -> bool) -> Vec<Found<'p>> {
        let mut dates = self.date_elements(root);
        dates.retain(|date| wanted(date.element));
        let mut found: Vec<Found<'p>> = Vec::new();
        let mut used = HashMap::new();
        for own in [true, false] {
            for date in dates.iter().filter(|date| date.own == own) {
                match self.tie(date, &found, &used) {
                    Tied::To(hit) => {
                        used.insert(hit.link.id(), found.len());
                        found.push(hit);
                    }
                    Tied::Known(place) if own => {
                        if let Some(known) = found.get_mut(place).filter(|known| self.is_better(date, known)) {
                            (known.at, known.published) = (date.at, date.published);
                        }
                    }
                    Tied::Known(_) | Tied::Nowhere => {}
                }
            }
        }
        found.retain(|hit| !self.is_front(hit.link));
        found.sort_by_key(|hit| hit.link.id());
        found
    }

    /// Whether a link leads to a site's front page, or to a register of sites: no article stands there, and the date
    /// beside it is the day of the visit.
    fn is_front(&self, link: ElementRef) -> bool {
        let Some(href) = link.attr("href") else { return false };
        // Why first: nearly every article has a number in its address, and taking addresses apart costs more.
        if href.bytes().any(|byte| byte.is_ascii_digit()) && !REGISTERS.iter().any(|own| href.contains(own)) {
            return false;
        }
        let Some(to) = markup::absolute(href, self.base).and_then(|to| Url::parse(&to).ok()) else { return false };
        let is_register = |host: &str| REGISTERS.iter().any(|own| host == *own || host.ends_with(&format!(".{own}")));
        let path = to.path().trim_start_matches('/').to_ascii_lowercase();
        let is_root = path.is_empty() || (!path.contains('/') && FRONTS.iter().any(|front| path.starts_with(front)));
        to.host_str().is_some_and(is_register) || (is_root && to.query().is_none() && to.fragment().is_none())
    }

    /// Whether a row's other date is rather that of publication.
    fn is_better(&self, date: &Date<'p>, known: &Found<'p>) -> bool {
        if date.published != known.published {
            return date.published;
        }
        let seen_at = self.context.seen_at;
        date.at <= seen_at && (known.at > seen_at || date.at > known.at)
    }

    /// The date of an item whose place is given and whose date is not.
    pub(super) fn date_of_row(&self, item: ElementRef<'p>) -> Option<Instant> {
        if let Some(at) = self.stated(item).or_else(|| dates::parse(&text_of(item), self.context)) {
            return Some(at);
        }
        let all = self.date_elements(item);
        let seen_at = self.context.seen_at;
        let best = |own: bool, inside: bool| {
            let dates = all.iter().filter(|date| date.own == own && in_link(date.element) == inside);
            dates.max_by_key(|date| (date.published, date.at <= seen_at, date.at)).map(|date| date.at)
        };
        [(true, false), (true, true), (false, false), (false, true)]
            .into_iter()
            .find_map(|(own, inside)| best(own, inside))
    }

    /// The date of an element that was named for it: as a whole, in a part of its own, or within its words.
    pub(super) fn date_within(&self, element: ElementRef<'p>) -> Option<Instant> {
        self.stated(element)
            .or_else(|| dates::parse(&text_of(element), self.context))
            .or_else(|| self.date_elements(element).into_iter().map(|date| date.at).next())
            .or_else(|| dates::find_full(&text_of(element), self.context))
    }

    fn stated(&self, element: ElementRef) -> Option<Instant> {
        element.attr("datetime").and_then(|text| dates::parse_feed(text, self.context))
    }

    /// Elements that are a date, and text that holds a full one, in the order of the page.
    pub(super) fn date_elements(&self, root: ElementRef<'p>) -> Vec<Date<'p>> {
        let mut found = Vec::new();
        let mut covered: Option<NodeId> = None;
        // What was said last: it may be what the next date is called.
        let mut said = String::new();
        for edge in root.traverse() {
            if found.len() >= MOST_DATES {
                break;
            }
            let node = match edge {
                ego_tree::iter::Edge::Open(node) => node,
                ego_tree::iter::Edge::Close(node) => {
                    covered = covered.filter(|id| *id != node.id());
                    continue;
                }
            };
            if covered.is_some() {
                continue;
            }
            let element = match node.value() {
                Node::Element(element) if is_silent(element.name()) => {
                    covered = Some(node.id());
                    continue;
                }
                Node::Element(_) => {
                    let Some(element) = ElementRef::wrap(node) else { continue };
                    let is_time = element.value().name() == "time";
                    let text = short_text(element);
                    let at = text.as_deref().and_then(|text| dates::parse(text, self.context));
                    let Some(at) = at.or_else(|| is_time.then(|| self.stated(element)).flatten()) else { continue };
                    covered = Some(node.id());
                    (element, at, true, text.unwrap_or_default())
                }
                Node::Text(text) => {
                    let words = markup::fold(text);
                    if words.is_empty() {
                        continue;
                    }
                    let Some(parent) = node.parent().and_then(ElementRef::wrap) else { continue };
                    // Why: a bare "10:30" or "07-31" beside a link is a date, within a sentence it is not.
                    let own = dates::parse(&words, self.context);
                    let within = || {
                        if in_link(parent) {
                            dates::in_title(&words, self.context)
                        } else {
                            dates::beside(&words, self.context)
                        }
                    };
                    let Some(at) = own.or_else(within) else {
                        said = words;
                        continue;
                    };
                    (parent, at, own.is_some(), words)
                }
                _ => continue,
            };
            let (element, at, own, text) = element;
            let label = if said.chars().count() <= LABEL { std::mem::take(&mut said) } else { String::new() };
            said.clear();
            let column = if own { column_name(element) } else { None }.unwrap_or_default();
            if own && (dates::is_foreign_label(&label) || dates::is_foreign_label(&column)) {
                continue;
            }
            let published =
                [&label, &column].into_iter().any(|name| dates::is_published_label(name)) || text.contains("发布");
            found.push(Date { element, place: node.id(), at, own, published });
        }
        found
    }

    /// Ties a date to the nearest link that reads like a title.
    fn tie(&self, date: &Date<'p>, found: &[Found<'p>], used: &HashMap<NodeId, usize>) -> Tied<'p> {
        let Date { element, place, at, own, published } = *date;
        let clock = is_clock(element);
        let inside_link =
            element.ancestors().take(ITEM_ABOVE).filter_map(ElementRef::wrap).find(|element| is_link(*element));
        if let Some(link) = is_link(element).then_some(element).or(inside_link) {
            if let Some(known) = used.get(&link.id()) {
                return Tied::Known(*known);
            }
            let title = self.title_beside(link, element, own);
            if !title.is_empty() {
                let item = link.ancestors().filter_map(ElementRef::wrap).find(|e| is_item(*e)).unwrap_or(link);
                // A link that says a date of its own, in a row that is dated already.
                let dated = found.iter().position(|hit| hit.item.id() == item.id() && !own);
                return match dated.filter(|_| links_in(item).take(2).count() == 1) {
                    Some(known) => Tied::Known(known),
                    None => Tied::To(Found { at, clock, published, link, item, behind: None, title }),
                };
            }
        }
        let above = std::iter::once(element).chain(element.ancestors().filter_map(ElementRef::wrap)).take(ITEM_ABOVE);
        for item in above {
            let links: Vec<_> =
                item.descendants().take(BESIDE).filter_map(ElementRef::wrap).filter(|inner| is_link(*inner)).collect();
            let behind = links.iter().map(|link| link.id()).filter(|link| *link < place).max();
            if let Some(known) = found.iter().rposition(|hit| hit.item.id() == item.id() && hit.behind == behind) {
                return Tied::Known(known);
            }
            let mut free = links
                .iter()
                .filter(|link| !used.contains_key(&link.id()))
                .map(|link| (*link, self.title_beside(*link, element, own)))
                .filter(|(_, title)| title.chars().count() >= 2);
            let Some(first) = free.next() else {
                let known = behind.and_then(|link| used.get(&link));
                match known.or_else(|| links.iter().find_map(|link| used.get(&link.id()))) {
                    Some(known) => return Tied::Known(*known),
                    None => continue,
                }
            };
            let more: Vec<_> = free.take(50).collect();
            // In a row of links the longest is the title; the others name a column or a department.
            let (link, title) = if more.len() < 4 {
                more.into_iter().fold(first, |best, next| {
                    if next.1.chars().count() > best.1.chars().count() + 4 { next } else { best }
                })
            } else {
                first
            };
            return Tied::To(Found { at, clock, published, link, item, behind, title });
        }
        Tied::Nowhere
    }

    /// The title a link shows, without the date that may stand inside it.
    fn title_beside(&self, link: ElementRef<'p>, date: ElementRef<'p>, own: bool) -> String {
        let shown = title_of(link);
        let date_inside = date.id() == link.id() || date.ancestors().any(|node| node.id() == link.id());
        if dates::parse(&shown, self.context).is_some() {
            return String::new();
        }
        if !date_inside {
            return shown;
        }
        let date_text = words_of(date, "");
        if own && date.id() != link.id() && shown.len() > date_text.len() {
            let cut = shown.strip_prefix(&date_text).or_else(|| shown.strip_suffix(&date_text));
            if let Some(cut) = cut.map(str::trim).filter(|cut| !cut.is_empty()) {
                return cut.to_owned();
            }
        }
        dates::bare_title(&shown, self.context)
    }

    /// The rows of a list whose date cannot be read: what stands where its dated rows stand.
    pub(super) fn undated_rows(list: &[Found<'p>]) -> Vec<Undated<'p>> {
        let taken: HashSet<NodeId> = list.iter().map(|hit| hit.link.id()).collect();
        // How many of the list's rows each element holds.
        let mut holds = HashMap::<NodeId, usize>::new();
        for hit in list {
            for element in std::iter::once(*hit.item).chain(hit.item.ancestors().take(ROW_ABOVE)) {
                *holds.entry(element.id()).or_default() += 1;
            }
        }
        let many = |id: NodeId| holds.get(&id).is_some_and(|rows| *rows > 1);
        let mut seen = HashSet::new();
        let mut rows = Vec::new();
        for hit in list {
            if many(hit.item.id()) {
                // One box holds the whole list: every link of it is a row. Which of them has no date is
                // a guess, so the newest may.
                if seen.insert(hit.item.id()) {
                    let links = links_in(hit.item).take(MOST_ITEMS).filter(|link| !taken.contains(&link.id()));
                    let (place, item) = (hit.item.id(), hit.item);
                    let titled = links.map(|link| Undated { place, link, item, title: title_of(link) });
                    rows.extend(titled.filter(|row| row.title.chars().count() >= ROW_TITLE));
                }
                continue;
            }
            let mut above = hit.item.ancestors().take(ROW_ABOVE);
            let Some(parent) = above.find(|node| many(node.id())).filter(|node| seen.insert(node.id())) else {
                continue;
            };
            // The row is what the box holds, whatever lies between it and the date.
            let within = std::iter::once(*hit.item).chain(hit.item.ancestors());
            let Some(row) = within.take_while(|node| node.id() != parent.id()).last().and_then(ElementRef::wrap) else {
                continue;
            };
            let name = row.value().name();
            let beside = parent.children().filter_map(ElementRef::wrap).take(MOST_ITEMS);
            for row in beside.filter(|row| row.value().name() == name && !holds.contains_key(&row.id())) {
                let links = if is_link(row) { vec![row] } else { links_in(row).take(20).collect() };
                // A box of many links is no row.
                if links.len() > 4 || links.iter().any(|link| taken.contains(&link.id())) {
                    continue;
                }
                let titled = links.into_iter().map(|link| (link, title_of(link)));
                let longest = titled.max_by_key(|(_, title)| title.chars().count());
                if let Some((link, title)) = longest.filter(|(_, title)| title.chars().count() >= ROW_TITLE) {
                    rows.push(Undated { place: link.id(), link, item: row, title });
                }
            }
        }
        rows
    }
}

/// Whether an element lies in a link.
fn in_link(element: ElementRef) -> bool {
    is_link(element) || element.ancestors().take(ITEM_ABOVE).filter_map(ElementRef::wrap).any(is_link)
}

/// What the head of a table calls the column in which an element stands.
fn column_name(element: ElementRef) -> Option<String> {
    let above = std::iter::once(element).chain(element.ancestors().take(2).filter_map(ElementRef::wrap));
    let cell = above.into_iter().find(|above| above.value().name() == "td")?;
    let column = cell.prev_siblings().filter_map(ElementRef::wrap).count();
    let table = cell.ancestors().take(4).filter_map(ElementRef::wrap).find(|above| above.value().name() == "table")?;
    let mut rows = table.descendants().take(BESIDE).filter_map(ElementRef::wrap);
    let head = rows.find(|row| row.value().name() == "tr")?;
    let name = head.child_elements().nth(column).filter(|cell| cell.value().name() == "th")?;
    Some(text_of(name)).filter(|name| name.chars().count() <= LABEL)
}
