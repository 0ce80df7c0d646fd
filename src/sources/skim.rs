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

/// Elements whose content is never shown.
const HIDDEN: &[&str] = &["script", "style", "template", "svg", "select"];

/// Elements within a line.
const INLINE: &[&str] =
    &["a", "b", "i", "u", "em", "strong", "span", "font", "small", "big", "sub", "sup", "img", "mark"];

/// Bytes of a character reference and its semicolon.
const LONGEST_REFERENCE: usize = 9;

/// Skims `html`, collecting about `limit` characters of visible text.
#[must_use]
pub fn skim(html: &str, limit: usize) -> Skim {
    let mut seen = Skim { complete: true, ..Skim::default() };
    let mut rest = html;
    let mut heading_open = false;
    while let Some((text, after)) = rest.split_once('<') {
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
        if !named.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
            seen.add("<", heading_open);
            continue;
        }
        let name = named.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        rest = after.split_once('>').map_or("", |(_, rest)| rest);
        if name.eq_ignore_ascii_case("h1") {
            heading_open = !closing && seen.heading.is_empty();
        }
        if !closing && name.eq_ignore_ascii_case("title") {
            let (title, behind) = until_closing(rest, name);
            if seen.title.is_empty() {
                fold_into(&mut seen.title, &unescape(title));
            }
            rest = behind;
        } else if !closing && seen.refresh.is_none() && name.eq_ignore_ascii_case("meta") {
            seen.refresh = refresh_of(named.split_once('>').map_or(named, |(tag, _)| tag));
        } else if !closing && HIDDEN.iter().any(|hidden| name.eq_ignore_ascii_case(hidden)) {
            rest = until_closing(rest, name).1;
        } else if !INLINE.iter().any(|inline| name.eq_ignore_ascii_case(inline)) && !seen.visible.is_empty() {
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
    let mut gap = text.starts_with(char::is_whitespace);
    for word in text.split_whitespace() {
        if gap {
            push_gap(out);
        }
        out.push_str(word);
        gap = true;
    }
    if text.ends_with(char::is_whitespace) {
        push_gap(out);
    }
}

fn push_gap(out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '\n']) {
        out.push(' ');
    }
}

/// Splits at the closing tag `name`; the rest starts behind it.
fn until_closing<'h>(html: &'h str, name: &str) -> (&'h str, &'h str) {
    let mut from = 0;
    while let Some(found) = html.get(from..).and_then(|rest| rest.find("</")) {
        let at = from + found;
        let named = html.get(at + 2..at + 2 + name.len());
        if named.is_some_and(|named| named.eq_ignore_ascii_case(name)) {
            let rest = html.get(at..).and_then(|rest| rest.split_once('>')).map_or("", |(_, rest)| rest);
            return (html.get(..at).unwrap_or_default(), rest);
        }
        from = at + 2;
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
    let Some((_, tag)) = html.split_once("<h1").or_else(|| html.split_once("<H1")) else { return heading };
    let content = tag.split_once('>').map_or("", |(_, content)| content);
    for piece in until_closing(content, "h1").0.split('<') {
        let text = piece.split_once('>').map_or(piece, |(_, text)| text);
        fold_into(&mut heading, &unescape(text));
    }
    heading
}

/// Replaces the character references that matter for reading words.
fn unescape(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('&') {
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
    fn a_snippet_is_cut_by_characters() {
        let seen = skim("<title>标题</title><p>一二三 四五六</p>", 100);
        assert_eq!(seen.snippet(200), "标题 一二三 四五六");
        assert_eq!(seen.snippet(5), "标题 一二");
    }
}
