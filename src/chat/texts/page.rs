//! A message under construction: lines of styled text, items that may be cut, buttons.
//!
//! Text is escaped when the page is finished, never before, so nothing that a unit, a platform
//! or a reader wrote can become markup. A page that is too long loses whole items, and says so.

use super::press::Press;

/// UTF-16 units of one message; Telegram takes 4,096 and does not say how it counts.
const LONGEST: usize = 4_000;
/// UTF-16 units kept free for the line that says what was cut.
const CLOSING: usize = 120;
/// UTF-16 units of one item; nine fit in a message.
const LONGEST_ITEM: usize = 1_200;
/// UTF-16 units of the closing part.
const LONGEST_TAIL: usize = 1_200;

/// What a channel sends: the same words as HTML for Telegram and as plain text for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Telegram's HTML.
    pub html: String,
    /// The same without markup.
    pub plain: String,
    /// Rows of buttons.
    pub buttons: Vec<Vec<Button>>,
    /// The reader's next message is wanted as a reply to this one.
    pub ask: bool,
}

/// A button under a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// What it does.
    pub press: Press,
}

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::chat) enum Style {
    /// Not at all.
    Plain,
    /// Bold.
    Bold,
    /// To be typed or copied as it stands.
    Code,
}

/// One line of a message.
#[derive(Debug, Clone, Default)]
pub(in crate::chat) struct Line(Vec<(Style, String)>);

/// A whole message before it is cut to a channel's size: nothing is left out.
#[derive(Debug, Default)]
pub(in crate::chat) struct Sheet {
    /// What it is, and its number.
    pub(in crate::chat) title: Line,
    /// What stands before the items.
    pub(in crate::chat) head: Vec<Line>,
    /// The items.
    pub(in crate::chat) items: Vec<Vec<Line>>,
    /// What stands behind them.
    pub(in crate::chat) tail: Vec<Line>,
    /// An empty line lies between two items.
    pub(in crate::chat) loose: bool,
}

impl Line {
    /// A line that begins with `text`.
    pub(super) fn of(text: impl AsRef<str>) -> Self {
        Self::default().text(text)
    }

    /// A line that begins with `text` in bold.
    pub(super) fn strong(text: impl AsRef<str>) -> Self {
        Self::default().bold(text)
    }

    pub(super) fn text(self, text: impl AsRef<str>) -> Self {
        self.push(Style::Plain, text.as_ref())
    }

    pub(super) fn bold(self, text: impl AsRef<str>) -> Self {
        self.push(Style::Bold, text.as_ref())
    }

    /// What is to be typed or copied as it stands.
    pub(super) fn code(self, text: impl AsRef<str>) -> Self {
        self.push(Style::Code, text.as_ref())
    }

    fn push(mut self, style: Style, text: &str) -> Self {
        let text = one_line(text);
        if !text.is_empty() {
            self.0.push((style, text));
        }
        self
    }

    /// Its pieces, each on one line and as somebody wrote it.
    pub(in crate::chat) fn pieces(&self) -> impl Iterator<Item = (Style, &str)> {
        self.0.iter().map(|(style, text)| (*style, text.as_str()))
    }

    /// Its text without any style.
    pub(in crate::chat) fn plain(&self) -> String {
        self.pieces().map(|(_, text)| text).collect()
    }

    fn units(&self) -> usize {
        1 + self.0.iter().map(|(_, text)| utf16(text)).sum::<usize>()
    }

    /// The line with at most `most` UTF-16 units.
    fn cut(mut self, most: usize) -> Self {
        let mut left = most;
        for (_, text) in &mut self.0 {
            *text = clip(text, left);
            left = left.saturating_sub(utf16(text));
        }
        self
    }

    fn write(&self, html: &mut String, plain: &mut String) {
        for (style, text) in &self.0 {
            let (open, close) = match style {
                Style::Plain => ("", ""),
                Style::Bold => ("<b>", "</b>"),
                Style::Code => ("<code>", "</code>"),
            };
            html.push_str(open);
            for c in text.chars() {
                match c {
                    '&' => html.push_str("&amp;"),
                    '<' => html.push_str("&lt;"),
                    '>' => html.push_str("&gt;"),
                    '"' => html.push_str("&quot;"),
                    _ => html.push(c),
                }
            }
            html.push_str(close);
            plain.push_str(text);
        }
    }
}

/// A message of a heading, any number of items, and a closing part.
#[derive(Debug, Default)]
pub(super) struct Page {
    head: Vec<Line>,
    items: Vec<Vec<Line>>,
    tail: Vec<Line>,
    buttons: Vec<Vec<Button>>,
    loose: bool,
    ask: bool,
}

impl Page {
    /// A page that begins with `line`.
    pub(super) fn of(line: Line) -> Self {
        Self { head: vec![line], ..Self::default() }
    }

    pub(super) fn head(mut self, line: Line) -> Self {
        self.head.push(line);
        self
    }

    /// Adds items; a page that is too long is cut between two of them.
    pub(super) fn heads(mut self, lines: impl IntoIterator<Item = Line>) -> Self {
        for line in lines {
            self = self.head(line);
        }
        self
    }

    pub(super) fn items(mut self, items: impl IntoIterator<Item = Vec<Line>>) -> Self {
        self.items.extend(items);
        self
    }

    pub(super) fn tail(mut self, line: Line) -> Self {
        self.tail.push(line);
        self
    }

    /// Leaves an empty line between two items.
    pub(super) fn loose(mut self) -> Self {
        self.loose = true;
        self
    }

    pub(super) fn buttons(mut self, buttons: Vec<Vec<Button>>) -> Self {
        self.buttons = buttons;
        self
    }

    /// Asks the reader to reply to this message.
    pub(super) fn ask(mut self) -> Self {
        self.ask = true;
        self
    }

    /// Everything on the page, for a channel that takes a message in parts.
    pub(super) fn sheet(self) -> Sheet {
        let cut = |lines: Vec<Line>| lines.into_iter().map(|line| line.cut(LONGEST_ITEM)).collect::<Vec<_>>();
        let mut head = cut(self.head);
        let title = if head.is_empty() { Line::default() } else { head.remove(0) };
        Sheet { title, head, items: self.items.into_iter().map(cut).collect(), tail: cut(self.tail), loose: self.loose }
    }

    /// The message; `more` words how many items did not fit.
    pub(super) fn finish(self, more: impl Fn(usize) -> Line) -> Message {
        let gap = usize::from(self.loose);
        let tail = fit(self.tail, LONGEST_ITEM / 2, LONGEST_TAIL);
        let room = LONGEST - CLOSING - 2 - tail.iter().map(Line::units).sum::<usize>();
        let head = fit(self.head, LONGEST_ITEM, room);
        let mut left = LONGEST.saturating_sub(CLOSING + head.iter().chain(&tail).map(Line::units).sum::<usize>() + 2);
        let total = self.items.len();
        let mut body: Vec<Vec<Line>> = Vec::new();
        for item in self.items {
            let item: Vec<Line> = item.into_iter().map(|line| line.cut(LONGEST_ITEM / 2)).collect();
            let units = item.iter().map(Line::units).sum::<usize>() + gap;
            if units > left {
                break;
            }
            left -= units;
            body.push(item);
        }
        let cut = total - body.len();
        let mut parts: Vec<Vec<Line>> = vec![head];
        if self.loose {
            parts.append(&mut body);
        } else if !body.is_empty() {
            parts.push(body.into_iter().flatten().collect());
        }
        if cut > 0 {
            parts.push(vec![more(cut).cut(CLOSING - 4)]);
        }
        parts.push(tail);
        let mut message = Message { buttons: self.buttons, ask: self.ask, ..Message::default() };
        for (n, part) in parts.iter().filter(|part| !part.is_empty()).enumerate() {
            if n > 0 {
                message.html.push_str("\n\n");
                message.plain.push_str("\n\n");
            }
            for (n, line) in part.iter().enumerate() {
                if n > 0 {
                    message.html.push('\n');
                    message.plain.push('\n');
                }
                line.write(&mut message.html, &mut message.plain);
            }
        }
        message
    }
}

/// As many of the lines, each cut to `longest`, as have room for in `most` units.
fn fit(lines: Vec<Line>, longest: usize, most: usize) -> Vec<Line> {
    let mut left = most.saturating_sub(2);
    let mut kept = Vec::new();
    for line in lines {
        let line = line.cut(longest);
        if line.units() > left {
            kept.push(Line::of("…"));
            break;
        }
        left -= line.units();
        kept.push(line);
    }
    kept
}

/// Text of at most `most` UTF-16 units, with an ellipsis where it was longer.
pub(super) fn clip(text: &str, most: usize) -> String {
    if utf16(text) <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(1);
    let mut cut: String = text
        .chars()
        .take_while(|c| {
            let fits = c.len_utf16() <= left;
            left = left.saturating_sub(c.len_utf16());
            fits
        })
        .collect();
    if most > 0 {
        cut.push('…');
    }
    cut
}

fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Line breaks and control characters become spaces; direction marks go.
fn one_line(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_cannot_become_markup() {
        let page = Page::of(Line::of("<b>甲</b> & \"乙\"").bold("<i>").code("a\nb"));
        let message = page.finish(|_| Line::default());
        assert_eq!(message.html, "&lt;b&gt;甲&lt;/b&gt; &amp; &quot;乙&quot;<b>&lt;i&gt;</b><code>a b</code>");
        assert_eq!(message.plain, "<b>甲</b> & \"乙\"<i>a b");
    }

    #[test]
    fn a_long_page_is_cut_between_items_and_says_how_many_are_missing() {
        let items = (0..60).map(|n| vec![Line::of(format!("{n} {}", "😀长".repeat(40))), Line::of("第二行")]);
        let message = Page::of(Line::strong("标题"))
            .loose()
            .items(items)
            .tail(Line::of("结尾"))
            .finish(|n| Line::of(format!("另有 {n} 项")));
        assert!(utf16(&message.plain) <= LONGEST, "{}", utf16(&message.plain));
        let shown = message.plain.matches("第二行").count();
        assert!(shown > 10 && message.plain.contains(&format!("另有 {} 项", 60 - shown)));
        assert!(message.plain.ends_with("结尾"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        /// Whatever is put on it: never too long, never cut inside a letter or a tag, never markup of others.
        #[test]
        fn no_page_is_too_long_or_broken(
            head in proptest::collection::vec(("[<>&\"😀长a\n]{0,40}", 1_usize..200), 0..8),
            items in proptest::collection::vec(("[<>&😀长a]{0,20}", 1_usize..90), 0..30),
            tail in proptest::collection::vec(("[<>&😀长a]{0,30}", 1_usize..90), 0..8),
        ) {
            let line = |(text, times): &(String, usize)| Line::strong(text.repeat(*times)).text("x").code(text);
            let page = Page { head: head.iter().map(line).collect(), ..Page::default() };
            let page = page.items(items.iter().map(|item| vec![line(item)]));
            let message = tail.iter().fold(page, |page, text| page.tail(line(text))).finish(|n| Line::of(n.to_string()));
            proptest::prop_assert!(utf16(&message.plain) <= LONGEST, "{}", utf16(&message.plain));
            let tags = ["<b>", "</b>", "<code>", "</code>"];
            proptest::prop_assert_eq!(message.html.matches("<b>").count(), message.html.matches("</b>").count());
            proptest::prop_assert_eq!(message.html.matches("<code>").count(), message.html.matches("</code>").count());
            let bare = tags.iter().fold(message.html.clone(), |html, tag| html.replace(tag, ""));
            let escaped = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
            proptest::prop_assert_eq!(escaped.iter().fold(bare, |html, (from, to)| html.replace(from, to)), message.plain);
        }
    }

    #[test]
    fn one_endless_line_is_clipped() {
        let message = Page::of(Line::of("长".repeat(9_000))).finish(|_| Line::default());
        assert!(utf16(&message.plain) <= LONGEST && message.plain.ends_with('…'));
    }
}
