//! A quick look at HTML without building a tree: title, first heading, the first visible words.
//!
//! Enough to tell a captcha or an error page from content, for thousands of pages a second.

/// What a reader would see first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skim {
    /// The `<title>`, white space folded.
    pub title: String,
    /// The first `<h1>`, white space folded.
    pub heading: String,
    /// Visible text, one line per block, up to the limit.
    pub visible: String,
    /// How many characters [`visible`](Self::visible) holds, line ends aside.
    pub chars: usize,
    /// The whole page was seen: its visible text is no longer than that.
    pub complete: bool,
    /// Where the page sends its reader by itself, by `<meta http-equiv="refresh">`.
    pub refresh: Option<Refresh>,
}

/// A page that sends its reader on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// Seconds until it does; a fraction is cut off.
    pub after: u32,
    /// The address as written, relative to the page.
    pub to: String,
}

impl Skim {
    /// The whole page shows no more than `limit` characters.
    #[must_use]
    pub fn is_short(&self, limit: usize) -> bool {
        self.complete && self.chars <= limit
    }

    /// At most `limit` characters of title and text on one line, for evidence.
    #[must_use]
    pub fn snippet(&self, limit: usize) -> String {
        let mut words = self.title.split_whitespace().chain(self.visible.split_whitespace());
        let mut out = String::new();
        let mut left = limit;
        while let Some(word) = words.next().filter(|_| left > 0) {
            if !out.is_empty() {
                out.push(' ');
                left -= 1;
            }
            for c in word.chars().take(left) {
                out.push(c);
                left -= 1;
            }
        }
        out.truncate(out.trim_end().len());
        out
    }
}

/// What an element means for reading words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Heading,
    Title,
    Meta,
    /// Shown where scripts do not run, and followed nowhere else.
    NoScript,
    /// Its content is never shown.
    Hidden,
    /// Within a line.
    Inline,
    /// On lines of its own.
    Block,
}

impl Element {
    fn named(name: &[u8]) -> Self {
        // Why a copy: one comparison in lower case instead of one with each name there is.
        let mut lower = [0; 8];
        let Some(lower) = lower.get_mut(..name.len()) else { return Self::Block };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        match &*lower {
            b"h1" => Self::Heading,
            b"title" => Self::Title,
            b"meta" => Self::Meta,
            b"noscript" => Self::NoScript,
            // What stands in a field is not the page's word, and a script may keep a template there.
            b"script" | b"style" | b"template" | b"svg" | b"select" | b"textarea" => Self::Hidden,
            b"a" | b"b" | b"i" | b"u" | b"em" | b"strong" | b"span" | b"font" | b"small" | b"big" | b"sub" | b"sup"
            | b"img" | b"mark" => Self::Inline,
            _ => Self::Block,
        }
    }
}

/// Bytes of a character reference and its semicolon.
const LONGEST_REFERENCE: usize = 9;

/// Skims `html`, collecting about `limit` characters of visible text.
#[must_use]
pub fn skim(html: &str, limit: usize) -> Skim {
    let mut seen = Skim { complete: true, ..Skim::default() };
    let mut rest = html;
    let (mut heading_open, mut noscript_open) = (false, false);
    while let Some((text, after)) = split_at_byte(rest, b'<') {
        seen.add(text, heading_open);
        rest = after;
        if seen.chars >= limit {
            seen.complete = false;
            break;
        }
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
            continue;
        }
        let (closing, named) = match after.strip_prefix('/') {
            Some(named) => (true, named),
            None => (false, after),
        };
        if !matches!(named.bytes().next(), Some(b'a'..=b'z' | b'A'..=b'Z' | b'!' | b'?')) {
            seen.add("<", heading_open);
            continue;
        }
        let length = named.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(named.len());
        let name = named.get(..length).unwrap_or_default();
        rest = split_at_byte(after, b'>').map_or("", |(_, rest)| rest);
        let element = Element::named(name.as_bytes());
        if element == Element::NoScript {
            noscript_open = !closing;
        }
        if element == Element::Heading {
            heading_open = !closing && seen.heading.is_empty();
        }
        if !closing && element == Element::Title {
            let (title, behind) = until_closing(rest, name);
            if seen.title.is_empty() {
                fold_into(&mut seen.title, &unescape(title));
            }
            rest = behind;
        } else if !closing && !noscript_open && seen.refresh.is_none() && element == Element::Meta {
            seen.refresh = refresh_of(named.split_once('>').map_or(named, |(tag, _)| tag));
        } else if !closing && element == Element::Hidden {
            rest = until_closing(rest, name).1;
        } else if element != Element::Inline && !seen.visible.is_empty() {
            seen.end_line();
        }
    }
    if seen.complete {
        seen.add(rest, heading_open);
    } else if seen.heading.is_empty() {
        seen.heading = first_heading(rest);
    }
    for text in [&mut seen.title, &mut seen.heading, &mut seen.visible] {
        text.truncate(text.trim_end().len());
    }
    seen
}

impl Skim {
    fn add(&mut self, text: &str, heading: bool) {
        if text.is_empty() {
            return;
        }
        let text = unescape(text);
        let before = self.visible.len();
        fold_into(&mut self.visible, &text);
        self.chars += self.visible.get(before..).map_or(0, |added| added.chars().count());
        if heading {
            fold_into(&mut self.heading, &text);
        }
    }

    fn end_line(&mut self) {
        self.visible.truncate(self.visible.trim_end_matches(' ').len());
        if !self.visible.ends_with('\n') {
            self.visible.push('\n');
        }
    }
}

/// Appends `text` with its white space folded; a space at its end is kept for what follows.
fn fold_into(out: &mut String, text: &str) {
    let mut from = 0;
    while let Some((at, length)) = white_space(text.as_bytes(), from) {
        out.push_str(text.get(from..at).unwrap_or_default());
        push_gap(out);
        from = at + length;
    }
    out.push_str(text.get(from..).unwrap_or_default());
}

/// Where the next white space begins, and its length: `char::is_whitespace` without decoding the text.
fn white_space(text: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        match *text.get(at)? {
            b'\t'..=b'\r' | b' ' => return Some((at, 1)),
            0..=0x7F => at += 1,
            0xC2 if matches!(text.get(at + 1), Some(0x85 | 0xA0)) => return Some((at, 2)),
            0xE1..=0xE3 if is_wide_space(text.get(at..at + 3)) => return Some((at, 3)),
            0xE0..=0xEF => at += 3,
            0xF0.. => at += 4,
            _ => at += 2,
        }
    }
}

fn is_wide_space(bytes: Option<&[u8]>) -> bool {
    matches!(
        bytes,
        Some(
            [0xE1, 0x9A, 0x80]
                | [0xE2, 0x80, 0x80..=0x8A | 0xA8 | 0xA9 | 0xAF]
                | [0xE2, 0x81, 0x9F]
                | [0xE3, 0x80, 0x80]
        )
    )
}

/// `split_once` at an ASCII byte.
fn split_at_byte(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(byte, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn push_gap(out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '\n']) {
        out.push(' ');
    }
}

/// Splits at the closing tag `name`; the rest starts behind it.
fn until_closing<'h>(html: &'h str, name: &str) -> (&'h str, &'h str) {
    let bytes = html.as_bytes();
    for at in memchr::memchr_iter(b'<', bytes) {
        let named = bytes.get(at + 1..at + 2 + name.len()).and_then(|closing| closing.strip_prefix(b"/"));
        if named.is_some_and(|named| named.eq_ignore_ascii_case(name.as_bytes())) {
            let rest = html.get(at..).and_then(|rest| split_at_byte(rest, b'>')).map_or("", |(_, rest)| rest);
            return (html.get(..at).unwrap_or_default(), rest);
        }
    }
    (html, "")
}

/// What `<meta …>` says of refreshing: `content="3; url=/index.html"`, in all its spellings.
fn refresh_of(tag: &str) -> Option<Refresh> {
    if !attribute(tag, "http-equiv")?.trim().eq_ignore_ascii_case("refresh") {
        return None;
    }
    let content = unescape(attribute(tag, "content")?).into_owned();
    let digits = content.trim_start().find(|c: char| !c.is_ascii_digit()).unwrap_or(content.trim_start().len());
    let (after, rest) = content.trim_start().split_at_checked(digits)?;
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim_start();
    let rest = rest.trim_start_matches([';', ',']).trim_start();
    let (word, to) = rest.split_at_checked(3)?;
    let to = to.trim_start().strip_prefix('=').filter(|_| word.eq_ignore_ascii_case("url"))?;
    let to = to.trim().trim_matches(['"', '\'']).trim();
    (!to.is_empty()).then(|| Refresh {
        after: after.parse().unwrap_or(if after.is_empty() { 0 } else { u32::MAX }),
        to: to.to_owned(),
    })
}

/// The value of an attribute, quoted or not.
fn attribute<'t>(tag: &'t str, wanted: &str) -> Option<&'t str> {
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once('=') {
        let name = before.trim_end().rsplit(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        let after = after.trim_start();
        let (value, behind) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inner = after.get(1..).unwrap_or_default();
                inner.split_once(quote).unwrap_or((inner, ""))
            }
            _ => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = behind;
    }
    None
}

fn first_heading(html: &str) -> String {
    let mut heading = String::new();
    let find = |tag: &[u8]| memchr::memmem::find(html.as_bytes(), tag);
    let Some(tag) = find(b"<h1").or_else(|| find(b"<H1")).and_then(|at| html.get(at..)) else { return heading };
    let content = tag.split_once('>').map_or("", |(_, content)| content);
    for piece in until_closing(content, "h1").0.split('<') {
        let text = piece.split_once('>').map_or(piece, |(_, text)| text);
        fold_into(&mut heading, &unescape(text));
    }
    heading
}

/// Replaces the character references that matter for reading words.
fn unescape(text: &str) -> std::borrow::Cow<'_, str> {
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        rest = after;
        // Why not `split_once`: a page of bare ampersands would be searched to its end for each.
        let end = after.bytes().take(LONGEST_REFERENCE).position(|byte| byte == b';');
        let Some((name, behind)) = end.and_then(|end| Some((after.get(..end)?, after.get(end + 1..)?))) else {
            out.push('&');
            continue;
        };
        let number = name.strip_prefix('#').and_then(|n| match n.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => n.parse().ok(),
        });
        let known = match name {
            "nbsp" | "ensp" | "emsp" => Some(' '),
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => number.and_then(char::from_u32),
        };
        match known {
            Some(c) => {
                out.push(c);
                rest = behind;
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_heading_and_words_are_found() {
        let page = "<!DOCTYPE html><html><head><TITLE> 区政府\n办公室 </TITLE><style>p{}</style>\
                    <script>var a = '<p>no</p>';</script></head><body><!-- no -->\
                    <h1>季度<b>通报</b></h1><p>第一段&nbsp;&amp; 尾</p><p>a &lt; b</p></body>";
        let seen = skim(page, 100);
        assert_eq!(seen.title, "区政府 办公室");
        assert_eq!(seen.heading, "季度通报");
        assert_eq!(seen.visible.lines().collect::<Vec<_>>(), ["季度通报", "第一段 & 尾", "a < b"]);
        assert!(seen.complete && seen.is_short(20));
    }

    #[test]
    fn a_long_page_stops_early_and_still_yields_its_heading() {
        let page = format!("<p>{}</p><h1 class='x'>后面的<i>标题</i></h1>", "字".repeat(500));
        let seen = skim(&page, 100);
        assert!(!seen.complete);
        assert_eq!(seen.heading, "后面的标题");
    }

    #[test]
    fn a_page_that_sends_its_reader_on_says_where() {
        for (tag, after, to) in [
            ("<meta http-equiv=\"refresh\" content=\"0;url=/a.html\">", 0, "/a.html"),
            (
                "<META HTTP-EQUIV=Refresh CONTENT='3; URL=http://a.example/?x=1&amp;y=2'/>",
                3,
                "http://a.example/?x=1&y=2",
            ),
            ("<meta content = '0.5 ; Url = \"b.html\"' http-equiv = 'refresh' >", 0, "b.html"),
            ("<meta charset=utf-8><meta http-equiv=refresh content=\"url=c\">", 0, "c"),
        ] {
            assert_eq!(skim(tag, 10).refresh, Some(Refresh { after, to: to.to_owned() }), "{tag}");
        }
        for tag in [
            "<meta http-equiv=refresh content=600>",
            "<meta http-equiv=refresh content='0;url='>",
            "<meta http-equiv=refresh content='0;政务公开'>",
            "<meta http-equiv=content-type content='0;url=/a'>",
            "<meta http-equiv=refresh",
            "<meta =",
            // A reader's browser runs scripts.
            "<noscript><meta http-equiv=refresh content='0;url=/nojs.html'></noscript>",
        ] {
            assert_eq!(skim(tag, 10).refresh, None, "{tag}");
        }
    }

    #[test]
    fn broken_markup_ends_quietly() {
        for page in
            ["<", "</", "<script", "<script>x", "<title>", "<!--", "a<b<c", "<h1", "&#xD800;&#9999999999;&", "<p &lt;"]
        {
            let _ = skim(page, 10);
        }
        assert_eq!(skim("3 < 5", 10).visible, "3 < 5");
    }

    #[test]
    fn white_space_is_what_unicode_says_it_is() {
        for c in (0..=0x1_1000).filter_map(char::from_u32) {
            let text = format!("a{c}b");
            assert_eq!(white_space(text.as_bytes(), 0).is_some(), c.is_whitespace(), "{:x}", u32::from(c));
        }
        let mut out = String::new();
        for text in ["  一\u{3000}二 ", "", " \n", "三\u{a0}\t四"] {
            fold_into(&mut out, text);
        }
        assert_eq!(out, "一 二 三 四");
    }

    #[test]
    fn a_snippet_is_cut_by_characters() {
        let seen = skim("<title>标题</title><p>一二三 四五六</p>", 100);
        assert_eq!(seen.snippet(200), "标题 一二三 四五六");
        assert_eq!(seen.snippet(5), "标题 一二");
    }
}
