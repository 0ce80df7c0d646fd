//! Fragments of tidy markup, read as they stand: the same text and links as from a tree, without building one.
//!
//! Tidy is what editors of posts write: paragraphs, sections, lists and spans that nest and are closed, a
//! handful of character references. Whatever leaves a choice to the standard's repairs (tables, scripts,
//! comments, an element closed out of turn, a reference without its semicolon) is left to the tree.

/// Elements within a line.
const INLINE: &[&str] =
    &["a", "b", "big", "em", "font", "i", "img", "mark", "s", "small", "span", "strong", "sub", "sup", "u"];
/// Elements on lines of their own, `br` and `hr` without content.
const BLOCKS: &[&str] =
    &["article", "blockquote", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "section", "ul"];
/// Longest name of an element that is known here.
const LONGEST_NAME: usize = 10;
/// Longest character reference that is known here, from its ampersand to its semicolon.
const LONGEST_REFERENCE: usize = 10;
/// What stands behind the name of an element, or of an attribute without a value.
const ENDS_A_NAME: [char; 5] = [' ', '\t', '\n', '/', '>'];

/// What a fragment says, a line break where a block begins or ends, and the addresses of its links as written.
pub(super) type Tidy = (String, Vec<String>);

/// Reads a fragment; `None`: it is not tidy.
pub(super) fn read(fragment: &str) -> Option<Tidy> {
    // What the standard replaces wherever it stands, or takes away where it comes first.
    if fragment.contains(['\0', '\r']) || fragment.starts_with('\u{feff}') {
        return None;
    }
    let mut text = String::with_capacity(fragment.len());
    let mut links = Vec::new();
    let mut open: Vec<&'static str> = Vec::new();
    let mut rest = fragment;
    while let Some((before, tag)) = rest.split_once('<') {
        add_text(&mut text, before)?;
        let (closes, named) = tag.strip_prefix('/').map_or((false, tag), |named| (true, named));
        let length = named.bytes().position(|byte| !byte.is_ascii_alphanumeric())?;
        let name = known(named.get(..length)?)?;
        // Why: a name may go on with nearly anything, and is then another one.
        let behind_name = named.get(length..).filter(|behind| behind.starts_with(ENDS_A_NAME))?;
        let (href, behind) = attributes(behind_name)?;
        rest = behind;
        let is_block = BLOCKS.contains(&name);
        if is_block {
            text.push('\n');
        }
        match (closes, name) {
            (true, "br" | "hr" | "img") => return None,
            (true, _) if is_block => open.pop_if(|last| *last == name).map(|_| ())?,
            (true, _) | (false, "br") => {}
            (false, "a") => links.extend(href),
            (false, _) if is_block => {
                // A paragraph ends where another block begins, and an item where the next one does.
                open.pop_if(|last| *last == "p");
                if is_ended_by(name, &open) {
                    return None;
                }
                if name != "hr" {
                    open.push(name);
                }
            }
            (false, _) => {}
        }
    }
    add_text(&mut text, rest)?;
    Some((text, links))
}

/// Whether a block ends an open one that is no paragraph: an item the item that it stands in, a heading the heading.
fn is_ended_by(name: &str, open: &[&str]) -> bool {
    match name {
        "li" => open.iter().rev().find(|around| **around != "div") == Some(&"li"),
        _ => is_heading(name) && open.last().is_some_and(|last| is_heading(last)),
    }
}

fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// The element of this name, in whatever case it is written.
fn known(name: &str) -> Option<&'static str> {
    let mut lower = [0; LONGEST_NAME];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    let is_named = |known: &&&str| known.as_bytes() == lower;
    INLINE.iter().find(is_named).or_else(|| BLOCKS.iter().find(is_named)).copied()
}

/// The first `href` of a tag, and what comes behind the tag.
fn attributes(mut rest: &str) -> Option<(Option<String>, &str)> {
    let mut href = None;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '/']);
        if let Some(behind) = rest.strip_prefix('>') {
            return Some((href, behind));
        }
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'.' | b'@');
        let length = rest.bytes().position(|byte| !is_name(byte)).filter(|length| *length > 0)?;
        let (name, after) = (rest.get(..length)?, rest.get(length..)?);
        let Some(value) = after.strip_prefix('=') else {
            // A name alone, unless white space stands before its sign.
            if !after.starts_with(ENDS_A_NAME) || after.trim_start().starts_with('=') {
                return None;
            }
            if name.eq_ignore_ascii_case("href") {
                href.get_or_insert_default();
            }
            rest = after;
            continue;
        };
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, after) = value.get(1..)?.split_once(quote)?;
        if name.eq_ignore_ascii_case("href") && href.is_none() {
            let plain = value.replace("&amp;", "&");
            // References without a semicolon have rules of their own in here.
            if plain.matches('&').count() != value.matches("&amp;").count() {
                return None;
            }
            href = Some(plain);
        }
        if !after.starts_with(ENDS_A_NAME) {
            return None;
        }
        rest = after;
    }
}

/// Adds text with its character references written out.
fn add_text(out: &mut String, mut text: &str) -> Option<()> {
    while let Some((before, reference)) = text.split_once('&') {
        out.push_str(before);
        let end = reference.bytes().take(LONGEST_REFERENCE).position(|byte| byte == b';')?;
        let name = reference.get(..end)?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "nbsp" => '\u{a0}',
            _ => numbered(name.strip_prefix('#')?)?,
        });
        text = reference.get(end + 1..)?;
    }
    out.push_str(text);
    Some(())
}

/// The character of a number, where the standard puts no other in its place.
fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = number.strip_prefix(['x', 'X']).map_or((number, 10), |digits| (digits, 16));
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, radix).ok().filter(|_| is_plain)?;
    char::from_u32(code).filter(|c| !c.is_control())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sources::markup::{from_tree, read_tidy};

    #[test]
    fn what_editors_write_is_tidy() {
        let post = "<section style=\"a:b\"><p class='x'>第一段<br/>续&nbsp;&#39;x&#x27;</p><P>见<a href=\"http://a.example/?b=1&amp;c\" \
                    target=_blank>此</a></P></section>";
        assert_eq!(read(post), None, "a value without quotes");
        let (text, links) = read(&post.replace("=_blank", "=\"_blank\"")).unwrap();
        assert_eq!(
            text.split('\n').filter(|line| !line.is_empty()).collect::<Vec<_>>(),
            ["第一段", "续\u{a0}'x'", "见此"]
        );
        assert_eq!(links, ["http://a.example/?b=1&c"]);
    }

    #[test]
    fn the_first_address_of_a_link_counts_even_where_it_is_none() {
        let links = |tag: &str| read(tag).unwrap().1;
        assert_eq!(links("<a href href='http://b.example/'>"), [""]);
        assert_eq!(links("<a HREF='http://a.example/' href='http://b.example/'>"), ["http://a.example/"]);
        assert_eq!(links("<a hidden href='http://a.example/'>"), ["http://a.example/"]);
    }

    #[test]
    fn what_asks_for_repairs_is_not() {
        for untidy in [
            "a</div>b",
            "<p>a<div>b</div></p>",
            "<li>a<li>b",
            "<table><tr><td>a",
            "<!-- a -->",
            "a & b",
            "&copy;",
            "&#0;",
            "&#128;",
            "1 < 2",
            "<p",
            "<a href=\"x",
            "<a href='?a=1&copy=2'>",
            "<script>a</script>",
            "a\r\nb",
            "\u{feff}<b>a</b>",
            "<li><div>a<li>b</li>c</div>d</li>",
            "<h1><h2>a</h2>b</h1>c",
            "<h1><p>a<h2>b</h2>c</h1>d",
            "a<p-x>b",
            "<a:b href='http://a.example/'>",
        ] {
            assert_eq!(read(untidy), None, "{untidy}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        /// Whatever is read without a tree reads like from one.
        #[test]
        fn tidy_markup_reads_like_its_tree(parts in prop::collection::vec(prop::sample::select(vec![
            "<p>", "</p>", "<div class='a b'>", "</div>", "<section>", "</section>", "<ul>", "</ul>", "<li>", "</li>", "<br>",
            "<br/>", "<hr>", "<h1>", "</h1>", "<h2 >", "</h2>", "<blockquote>", "</blockquote>", "<a href=\"http://a.example/1\">",
            "<a href='/2?x=1&amp;y=2' title=\"a>b\">", "<a name='x' href='#'>", "</a>", "<b>", "</b>", "<i>", "</i>", "<span>",
            "</span>", "<font color=\"red\">", "</font>", "<strong>", "</strong>", "<u>", "</u>", "<img src=\"x\"/>", "甲", "乙 丙", " ",
            "\n", "&nbsp;", "&amp;", "&lt;b&gt;", "&#20013;", "&#x4E2d;", "&#65;", "x", "<h1><h2>", "</h2>乙</h1>", "<li><div>", "<LI>",
            "</div>甲</li>", "<p-x>", "<a href href='http://a.example/3'>", "<a HREF='http://a.example/4' hidden>", "&#160;", "&#128;",
            "\u{feff}", "\u{a0}", "\u{3000}", "\u{85}",
        ]), 0..24)) {
            let fragment = parts.concat();
            if let Some(tidy) = read_tidy(&fragment, None) {
                prop_assert_eq!(tidy, from_tree(&fragment, None), "{}", fragment);
            }
        }
    }
}
