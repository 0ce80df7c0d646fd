//! The children of a property element in the order that the schema of `WordprocessingML` gives them.
//!
//! Why: docx-rs writes them in an order of its own. Word overlooks most of that; LibreOffice and validators do not.

/// A property element with its children, first to last (ECMA-376 part 1, annex A).
type Order = (&'static str, &'static [&'static str]);

const ORDERS: [Order; 9] = [
    (
        "w:pPr",
        &[
            "pStyle",
            "keepNext",
            "keepLines",
            "pageBreakBefore",
            "framePr",
            "widowControl",
            "numPr",
            "pBdr",
            "shd",
            "tabs",
            "snapToGrid",
            "spacing",
            "ind",
            "jc",
            "textDirection",
            "textAlignment",
            "outlineLvl",
            "rPr",
            "sectPr",
        ],
    ),
    (
        "w:rPr",
        &[
            "rStyle",
            "rFonts",
            "b",
            "bCs",
            "i",
            "iCs",
            "caps",
            "strike",
            "dstrike",
            "vanish",
            "color",
            "spacing",
            "w",
            "kern",
            "position",
            "sz",
            "szCs",
            "highlight",
            "u",
            "bdr",
            "shd",
            "fitText",
            "vertAlign",
            "lang",
        ],
    ),
    (
        "w:tblPr",
        &["tblStyle", "tblpPr", "tblW", "jc", "tblInd", "tblBorders", "shd", "tblLayout", "tblCellMar", "tblLook"],
    ),
    ("w:tblCellMar", &["top", "left", "bottom", "right"]),
    ("w:tcPr", &["tcW", "gridSpan", "vMerge", "tcBorders", "shd", "noWrap", "tcMar", "textDirection", "vAlign"]),
    ("w:pBdr", &["top", "left", "bottom", "right", "between"]),
    (
        "w:sectPr",
        &["headerReference", "footerReference", "type", "pgSz", "pgMar", "pgNumType", "cols", "titlePg", "docGrid"],
    ),
    ("w:settings", &["zoom", "defaultTabStop", "evenAndOddHeaders", "compat"]),
    ("w:style", &["name", "basedOn", "next", "link", "uiPriority", "unhideWhenUsed", "qFormat", "pPr", "rPr"]),
];

/// The part with the children of its property elements in order; a child that no order knows comes last.
///
/// Takes what docx-rs writes: escaped text, no comments, no CDATA. What is no element stays where it is.
pub(super) fn in_order(xml: &str) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let order = ORDERS.iter().find(|(name, _)| opens(from, name));
        let Some(((head, inside, tail, after), (_, names))) =
            order.and_then(|order| Some((halves(from, order.0)?, order)))
        else {
            let (tag, after) = from.split_at(from.find('>').map_or(from.len(), |end| end + 1));
            out.push_str(tag);
            rest = after;
            continue;
        };
        let mut children: Vec<(usize, &str)> = Vec::new();
        let mut left = inside;
        while let Some((child, more)) = element(left) {
            let name = name_of(child);
            let local = name.strip_prefix("w:").unwrap_or(name);
            children.push((names.iter().position(|known| *known == local).unwrap_or(names.len()), child));
            left = more;
        }
        children.sort_by_key(|(place, _)| *place);
        out.push_str(head);
        for (_, child) in &children {
            out.push_str(&in_order(child));
        }
        out.push_str(left);
        out.push_str(tail);
        rest = after;
    }
    out.push_str(rest);
    // Why: a column of a grid has a width and no kind of width.
    out.split("<w:gridCol ")
        .enumerate()
        .map(
            |(n, part)| {
                if n == 0 {
                    part.to_owned()
                } else {
                    format!("<w:gridCol {}", part.replacen(r#" w:type="dxa""#, "", 1))
                }
            },
        )
        .collect()
}

/// The name of the element that a text begins with.
fn name_of(text: &str) -> &str {
    text.trim_start_matches('<').split([' ', '/', '>']).next().unwrap_or_default()
}

/// Whether a text begins with an element of that name that has children.
fn opens(text: &str, name: &str) -> bool {
    name_of(text) == name && text.split('>').next().is_some_and(|tag| !tag.ends_with('/'))
}

/// The tag, the inside, the end tag and what follows of the element that a text begins with; such elements do not nest
/// in themselves but by way of others.
fn halves<'x>(text: &'x str, name: &str) -> Option<(&'x str, &'x str, &'x str, &'x str)> {
    let (whole, after) = element(text)?;
    let (head, rest) = whole.split_at(whole.find('>')? + 1);
    let (inside, tail) = rest.split_at(rest.len().checked_sub(name.len() + 3)?);
    Some((head, inside, tail, after))
}

/// The whole element that a text begins with, and what follows it.
fn element(text: &str) -> Option<(&str, &str)> {
    let name = text.starts_with('<').then(|| name_of(text)).filter(|name| !name.is_empty())?;
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        let from = text.get(at..)?;
        let start = at + from.find('<')?;
        let tag = text.get(start..)?;
        let end = start + tag.find('>')? + 1;
        let tag = text.get(start..end)?;
        if tag.strip_prefix("</").is_some_and(|rest| name_of(rest) == name) {
            depth = depth.checked_sub(1)?;
        } else if name_of(tag) == name && !tag.starts_with("</") && !tag.ends_with("/>") {
            depth += 1;
        }
        at = end;
        if depth == 0 {
            return text.split_at_checked(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_come_in_the_order_of_the_schema_and_text_stays_as_it_is() {
        let wild = r#"<w:p w:id="1"><w:pPr><w:rPr><w:sz w:val="32" /><w:rFonts w:ascii="A" /></w:rPr><w:jc w:val="both" /><w:pBdr><w:bottom /><w:top /></w:pBdr><w:spacing w:line="579" /><w:keepNext /></w:pPr><w:r><w:rPr /><w:t xml:space="preserve"> 甲 &lt;w:pPr&gt; 乙 </w:t></w:r></w:p>"#;
        let tame = r#"<w:p w:id="1"><w:pPr><w:keepNext /><w:pBdr><w:top /><w:bottom /></w:pBdr><w:spacing w:line="579" /><w:jc w:val="both" /><w:rPr><w:rFonts w:ascii="A" /><w:sz w:val="32" /></w:rPr></w:pPr><w:r><w:rPr /><w:t xml:space="preserve"> 甲 &lt;w:pPr&gt; 乙 </w:t></w:r></w:p>"#;
        assert_eq!(in_order(wild), tame);
        assert_eq!(in_order(tame), tame);
        assert_eq!(
            in_order(r#"<w:tblGrid><w:gridCol w:w="5" w:type="dxa" /></w:tblGrid>"#),
            r#"<w:tblGrid><w:gridCol w:w="5" /></w:tblGrid>"#
        );
    }

    #[test]
    fn what_is_no_xml_does_not_panic() {
        for text in ["", "<", "<w:pPr>", "<w:pPr><w:jc", "</w:pPr>", "<w:rPr></w:pPr>", "甲<乙>丙", "<w:pPr>甲</w:pPr>"]
        {
            let _ = in_order(text);
        }
        assert_eq!(in_order("<w:pPr>甲</w:pPr>丁"), "<w:pPr>甲</w:pPr>丁");
    }
}
