//! One look at an account: its source and its links, and nothing made of them yet.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::articles::{self, Opened};
use super::canary::Canaries;
use super::link::LinkReason;
use super::link_book::LinkBook;
use super::seen::{LeftOut, Newest, Observed, PostSeen, Try, Unread, chain, is_day_alone};
use super::sign_off;
use super::site_look;
use super::tables::{self, Linkeds, TableBook, TableReader};
use super::texts::Texts;
use super::wechat_api::{self, Keys, Way};
use super::wire::Wire;
use crate::domain::account::{Account, Platform, SourceKind};
use crate::domain::finding::{Evidence, conceal};
use crate::domain::normal::normalise_url;
use crate::domain::post::{Coverage, Post, Reading};
use crate::domain::rule::RuleSet;
use crate::domain::sample::hex;
use crate::fetch::{Connectivity, Fetcher, Page};
use crate::office::Office;
use crate::sources::wechat_menu::Menu;
use crate::sources::{self, ReadContext};

/// What a look at an account is to cover.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// 监测时间点.
    pub as_of: DateTime<Utc>,
    /// Posts from here on count.
    pub window_from: DateTime<Utc>,
    /// Look at links too (a patrol does not).
    pub links: bool,
    /// Look at a website's columns, address and certificate too (a patrol does not).
    pub site: bool,
}

/// Most posts of a window that are kept of one account.
const MAX_POSTS: usize = 500;
/// Most service links of one account that are looked at.
const MAX_SERVICE_LINKS: usize = 100;
/// Longest URL that is looked at, in bytes.
const MAX_URL: usize = 2000;

/// Pages up to this many bytes are read where they come, others beside, where they hold up no other look.
pub(super) const READ_AT_ONCE: usize = 64 * 1024;

/// What the looks of a run share.
#[derive(Default)]
pub struct Aids {
    /// Links looked at already.
    pub(super) book: Arc<LinkBook>,
    /// Where links are looked at, for a run.
    pub(super) wire: Option<Wire>,
    /// Linked tables read already.
    pub(super) tables: TableBook,
    /// What the official interface of WeChat accounts is asked with.
    pub(super) keys: Keys,
    /// The platforms whose canary is silent.
    pub(super) canaries: Canaries,
}

impl Aids {
    /// For a run: the canaries are looked at before anybody else.
    pub(super) async fn for_run(office: &Office, fetcher: &Fetcher, wire: Wire) -> Self {
        let canaries = Canaries::look(office, fetcher).await;
        Self { keys: Keys::read(office), canaries, wire: Some(wire), ..Self::default() }
    }

    /// For a single look, whose canary is looked at when it matters.
    pub(super) fn for_one(office: &Office) -> Self {
        Self { keys: Keys::read(office), ..Self::default() }
    }
}

/// Looks at an account. It never fails: what could not be seen is part of what was seen.
pub async fn observe(office: &Office, fetcher: &Fetcher, aids: &Aids, account: &Account, scope: Scope) -> Observed {
    let now = office.now();
    let looked = look_at_source(office, fetcher, &aids.keys, account, scope).await;
    let SourceLook { answer: source, reading, mut texts, evidence, tried: source_try, home, page, .. } = looked;
    let SourceLook { opened, unreviewed, mut menu, .. } = looked;
    let site = site_look::look_at_site(office, fetcher, account, scope, home).await;
    let mut posts: Vec<PostSeen> = reading
        .posts
        .iter()
        .filter_map(|post| {
            let published_at = post.published_at.filter(|_| scope.covers(post))?;
            Some(PostSeen {
                url: post.url.clone(),
                title: post.title.clone(),
                published_at,
                day_only: is_day_alone(published_at, office.zone()),
                sign_off: sign_off::read(&post.text),
            })
        })
        .collect();
    posts.sort_by_key(|post| post.published_at);
    let mut left_out = LeftOut { posts: posts.len().saturating_sub(MAX_POSTS), links: 0 };
    posts.drain(..left_out.posts);
    let mut links = Vec::new();
    if scope.links {
        let posts = if unreviewed.is_empty() { &reading.posts } else { &unreviewed };
        let (picked, beyond) = pick_links(
            office.rules.link.per_account,
            account,
            menu.as_mut().and_then(|menu| menu.as_mut().ok()),
            posts,
            scope,
        );
        left_out.links = beyond;
        let in_window = posts.iter().filter(|post| scope.covers(post));
        let linked = if texts.is_some() { tables::pick(&office.rules, &in_window) } else { Linkeds::default() };
        let reader = TableReader { office, fetcher, book: &aids.tables };
        let (files, pages): (Vec<_>, Vec<_>) = picked.into_iter().partition(|url| linked.holds(url));
        links = match &aids.wire {
            Some(wire) => wire.look(&aids.book, pages, now).await,
            None => aids.book.look_at_all(fetcher, &pages, now).await,
        };
        for url in files {
            links.push(aids.book.look_and_read(fetcher, &url, now, &reader).await);
        }
        if let Some(read) = texts.take() {
            texts = Some(reader.read(linked, read).await);
        }
    }
    for look in &mut links {
        look.final_url = look.final_url.take().filter(|at| *at != look.url);
        let hops = look.chain.iter_mut().map(|hop| &mut hop.url);
        hops.chain(&mut look.final_url).chain([&mut look.snippet]).for_each(conceal);
    }
    let suspicious = source_try.as_ref().is_some_and(|tried| tried.maybe_ours.is_some())
        || links.iter().any(|look| look.may_be_ours() && !fetcher.is_exempt_loopback(&look.url));
    let offline = links.iter().any(|look| look.reason == LinkReason::WeAreOffline)
        || (suspicious && fetcher.online().await == Connectivity::Offline);
    let profile = reading.profile;
    let canary = aids.canaries.silent_on(account.platform).map(str::to_owned);
    let (hits, texts, copies) =
        texts.map_or_else(Default::default, |Texts { hits, read, copies }| (hits, Some(read), copies));
    // Of the opened articles those are held in which something was found.
    let found = |url: &str| hits.iter().any(|hit| hit.url.as_deref() == Some(url));
    let suspect = opened.pages.into_iter().zip(&opened.articles).filter(|(_, article)| found(&article.url));
    let pages = page.into_iter().chain(suspect.map(|(page, _)| page)).collect();
    Observed {
        at: now,
        source,
        profile,
        posts,
        articles: opened.articles,
        hits,
        texts,
        evidence,
        links,
        menu,
        left_out,
        site,
        source_try,
        offline,
        canary,
        pages,
        copies,
    }
}

impl Scope {
    /// Whether a post lies in the window.
    pub(super) fn covers(&self, post: &Post) -> bool {
        post.published_at.is_some_and(|at| at >= self.window_from && at <= self.as_of)
    }
}

/// One look at an account's source.
struct SourceLook {
    answer: Result<Newest, Unread>,
    /// Titles and descriptions masked.
    reading: Reading,
    /// What was found in the window's texts; `None`: there were none to look through.
    texts: Option<Texts>,
    evidence: Evidence,
    tried: Option<Try>,
    /// The home page of a website, for what it shows beside its posts.
    home: Option<Page>,
    /// What the evidence tells of.
    page: Option<Page>,
    /// The articles that were opened.
    opened: Opened,
    /// Posts whose review is nobody's business here, kept for what they link to.
    unreviewed: Vec<Post>,
    /// The menu, where the account's interface shows it.
    menu: Option<Result<Menu, Unread>>,
}

async fn look_at_source(
    office: &Office,
    fetcher: &Fetcher,
    keys: &Keys,
    account: &Account,
    scope: Scope,
) -> SourceLook {
    let as_of = scope.as_of;
    let lang = office.lang();
    let words = super::words::Words(lang);
    let mut look = SourceLook {
        answer: Ok(Newest::default()),
        reading: Reading::default(),
        texts: None,
        evidence: Evidence { url: account.source_url.clone(), ..Evidence::default() },
        tried: None,
        home: None,
        page: None,
        opened: Opened::default(),
        unreviewed: Vec::new(),
        menu: None,
    };
    match keys.way(account, lang) {
        Way::Page => {}
        Way::Closed(why) => {
            look.answer = Err(why);
            return look;
        }
        Way::Interface(credential) => {
            look.evidence.fetched_at = Some(office.local(office.now()));
            let seen = wechat_api::look(office, fetcher, credential, as_of, scope.links).await;
            (look.tried, look.menu) = (seen.tried, seen.menu);
            if let Some(page) = &seen.page {
                look.note_page(page);
            }
            match seen.answer {
                Ok(mut reading) => {
                    let texts = look_through(&office.rules, &mut reading, scope);
                    look.note_reading(reading, Some(texts), as_of, office);
                }
                Err(why) => look.answer = Err(why),
            }
            return look;
        }
    }
    let unread = |reason: &str, sentence: String| Err(Unread { reason: reason.to_owned(), sentence });
    let (kind, url) = match (account.source, account.source_url.as_deref()) {
        (None, _) => {
            look.answer = unread("no_source", words.no_source());
            return look;
        }
        (Some(kind), _) if !sources::is_read_by_machine(kind) => {
            let why = sources::Unreadable::ByHand;
            look.answer = unread(why.key(), why.sentence(lang));
            return look;
        }
        (_, None) => {
            look.answer = unread("no_source_url", words.no_source_url());
            return look;
        }
        (Some(kind), Some(url)) => (kind, url),
    };
    look.evidence.fetched_at = Some(office.local(office.now()));
    let page = match fetcher.get(url).await {
        Ok(page) => page,
        Err(failure) => {
            look.evidence.chain = chain(&failure.chain);
            let ours = failure.kind.may_be_ours() && !fetcher.is_exempt_loopback(url);
            look.tried = Some(Try { maybe_ours: ours.then(|| failure.kind.key().to_owned()) });
            look.answer = unread(failure.kind.key(), failure.kind.name(lang).to_owned());
            return look;
        }
    };
    look.tried = Some(Try { maybe_ours: None });
    look.note_page(&page);
    look.home = (kind == SourceKind::Site && page.is_success()).then(|| page.clone());
    let context = ReadContext { as_of, seen_at: office.now(), timezone: office.zone() };
    let options = account.source_options.clone();
    let rules = Arc::clone(&office.rules);
    let is_long = page.body.len() > READ_AT_ONCE;
    let list = page.url.clone();
    let opens = scope.links && articles::lists_titles(account);
    let read = move || {
        let mut reading = sources::read(kind, &page, &options, &context)?;
        // A version of an app is no article; and articles are looked through once they are opened.
        let texts = (kind != SourceKind::App && !opens).then(|| look_through(&rules, &mut reading, scope));
        Ok((reading, texts))
    };
    // Why: a list page may be megabytes of markup.
    let mut read: Option<Result<_, sources::Unreadable>> = if is_long {
        tokio::task::spawn_blocking(read).await.ok()
    } else {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).ok()
    };
    if opens
        && let Some(Ok((reading, texts))) = &mut read
        && reading.coverage != Coverage::Mixed
    {
        let mut opened = articles::open(fetcher, account, &list, scope, reading).await;
        opened.count_in(&mut look.tried);
        *texts = Some(look_through(&office.rules, reading, scope));
        look.opened = opened;
    }
    match read {
        Some(Ok((reading, _))) if reading.coverage == Coverage::Mixed => {
            look.answer = unread("mixed_source", words.mixed_source());
        }
        Some(Ok((reading, texts))) => {
            look.note_reading(reading, texts, as_of, office);
            if let (SourceKind::Site, Ok(newest)) = (kind, &mut look.answer) {
                // A home page holds many lists, each with an end of its own.
                newest.ends_later = look.reading.is_ahead_of(as_of);
                // By selectors one list is read, whose order says what that of any list says.
                if !account.source_options.contains_key("item") {
                    (newest.oldest_first, newest.unsorted) = (false, false);
                }
            }
            // The version of an app is no article, and a home page links to articles of others:
            // neither is reviewed here.
            if matches!(kind, SourceKind::App | SourceKind::Site) {
                look.unreviewed = std::mem::take(&mut look.reading.posts);
            }
        }
        Some(Err(unreadable)) => look.answer = unread(unreadable.key(), unreadable.sentence(lang)),
        None => look.answer = unread("adapter_failed", words.adapter_failed()),
    }
    look
}

/// Looks through the window's posts, and masks whatever is kept of the reading.
fn look_through(rules: &RuleSet, reading: &mut Reading, scope: Scope) -> Texts {
    let texts = Texts::of_posts(rules, reading.posts.iter().filter(|post| scope.covers(post)));
    conceal_reading(reading);
    texts
}

impl SourceLook {
    fn note_page(&mut self, page: &Page) {
        self.evidence.url = Some(page.url.clone());
        self.evidence.status = Some(page.status);
        self.evidence.chain = chain(&page.chain);
        self.evidence.sha256 = Some(hex(&Sha256::digest(&page.body)));
        self.page = Some(page.clone());
    }

    fn note_reading(&mut self, reading: Reading, texts: Option<Texts>, as_of: DateTime<Utc>, office: &Office) {
        let newest = Newest::of(&reading, as_of, office.now(), office.zone());
        let shown = reading.posts.iter().find(|post| newest.at.is_some() && post.published_at == newest.at);
        self.evidence.snippet = shown.map(|post| post.title.chars().take(200).collect());
        self.answer = Ok(newest);
        self.reading = reading;
        self.texts = texts;
    }
}

/// Masks whatever is kept of a reading: personal data is nowhere stored, nor printed.
fn conceal_reading(reading: &mut Reading) {
    for post in &mut reading.posts {
        conceal(&mut post.title);
    }
    let profile = reading.profile.iter_mut();
    profile.flat_map(|p| [&mut p.name, &mut p.description, &mut p.certified_subject]).flatten().for_each(conceal);
}

/// The links to look at: the service links, of which the menu keeps those it alone names, then what the
/// window's posts link to, up to so many `of_posts`; and how many are left out because there are too many, or
/// because they are too long.
fn pick_links(
    of_posts: usize,
    account: &Account,
    menu: Option<&mut Menu>,
    posts: &[Post],
    scope: Scope,
) -> (Vec<String>, usize) {
    let mut seen = HashSet::new();
    let mut picked = Vec::new();
    let key = |url: &str| normalise_url(url).unwrap_or_else(|| url.to_owned());
    let mut left_out = 0;
    let mut pick = |url: &String| {
        if !seen.insert(key(url)) {
            return false;
        }
        let fits = picked.len() < MAX_SERVICE_LINKS && url.len() <= MAX_URL;
        if fits {
            picked.push(url.clone());
        } else {
            left_out += 1;
        }
        fits
    };
    for url in &account.service_links {
        pick(url);
    }
    if let Some(menu) = menu {
        menu.links.retain(pick);
        // Why: a link that a post has too is not mended by taking it off the menu.
        let posted = posts.iter().filter(|post| scope.covers(post)).flat_map(|post| &post.links);
        let posted: HashSet<String> = posted.map(|url| key(url)).collect();
        menu.links.retain(|url| !posted.contains(&key(url)));
    }
    let most = picked.len() + of_posts;
    let own: HashSet<String> = posts.iter().filter_map(|post| post.url.as_deref()).map(key).collect();
    let in_window = posts.iter().filter(|post| scope.covers(post));
    for url in in_window.flat_map(|post| &post.links) {
        if picked.len() >= most {
            break;
        }
        let key = key(url);
        if own.contains(&key) || is_platform(account.platform, url) || !seen.insert(key) {
            continue;
        }
        if url.len() <= MAX_URL {
            picked.push(url.clone());
        } else {
            left_out += 1;
        }
    }
    (picked, left_out)
}

/// Whether a URL lies on the account's own platform.
pub(super) fn is_platform(platform: Platform, url: &str) -> bool {
    let hosts: &[&str] = match platform {
        Platform::Wechat | Platform::Channels | Platform::Miniprogram => &["weixin.qq.com", "qpic.cn", "qlogo.cn"],
        // Why not t.cn: it only leads elsewhere.
        Platform::Weibo => &["weibo.com", "weibo.cn", "sinaimg.cn"],
        Platform::Douyin => &["douyin.com", "iesdouyin.com"],
        Platform::Kuaishou => &["kuaishou.com"],
        Platform::Toutiao => &["toutiao.com"],
        Platform::Bilibili => &["bilibili.com", "b23.tv"],
        Platform::Xiaohongshu => &["xiaohongshu.com", "xhslink.com"],
        Platform::App | Platform::Website | Platform::Other => &[],
    };
    // Why first: most links name none of them, and taking a URL apart costs more than looking for a word.
    if !hosts.iter().any(|own| contains_ignoring_case(url, own)) {
        return false;
    }
    let Some(host) = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)) else { return false };
    hosts.iter().any(|own| host == *own || host.strip_suffix(own).is_some_and(|rest| rest.ends_with('.')))
}

fn contains_ignoring_case(text: &str, ascii: &str) -> bool {
    text.as_bytes().windows(ascii.len()).any(|part| part.eq_ignore_ascii_case(ascii.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::judge::testing;

    #[test]
    fn a_menu_keeps_the_links_that_nothing_else_has() {
        let at = DateTime::UNIX_EPOCH;
        let scope = Scope { as_of: at, window_from: at, links: true, site: true };
        let url = |name: &str| format!("https://a.example.gov.cn/{name}");
        let account = Account { service_links: vec![url("service")], ..testing::account() };
        let links = vec![url("post"), url("both?from=timeline")];
        let post = Post {
            id: String::new(),
            url: None,
            title: String::new(),
            published_at: Some(at.fixed_offset()),
            pinned: false,
            text: String::new(),
            links,
        };
        let mut menu = Menu { links: vec![url("service#top"), url("both"), url("menu")], ..Menu::default() };
        let (picked, left_out) = pick_links(20, &account, Some(&mut menu), &[post], scope);
        assert_eq!((picked, left_out), (vec![url("service"), url("both"), url("menu"), url("post")], 0));
        assert_eq!(menu.links, [url("menu")], "what is taken off the menu still stands in the registry, or in a post");
    }

    #[test]
    fn a_link_through_a_redirector_is_an_outbound_link() {
        for (url, own) in [
            ("https://weibo.com/7000000001/Ma", true),
            ("https://wx1.sinaimg.cn/a.jpg", true),
            ("http://t.cn/A6abc", false),
            ("https://notweibo.com/", false),
            ("https://www.example.gov.cn/a", false),
        ] {
            assert_eq!(is_platform(Platform::Weibo, url), own, "{url}");
        }
    }
}
