//! 版记: at the foot of the last page, which is an even one, in a section of its own without page number.
//!
//! Decision: the section begins on an even page. Nothing in the file knows how many pages there are once a person
//! has filled in the blanks, and an even page is right however many there are. Where the text itself ends on an even page a blank page comes before it: GB/T
//! 9704-2012, 7.5, knows that case (公文的版记页前有空白页的，空白页和版记页均不编排页码), and so neither bears a number.

use std::fmt::Write as _;

use super::{CHARACTER, FANGSONG, Paper, SIZE_PAGE, TEXT_WIDTH};

/// A line of 版记, in twips.
const LINE: usize = 440;
/// English Metric Units in a twip.
const EMU: usize = 635;

impl Paper {
    /// 版记: lines with something on the left and perhaps on the right, a rule above, between and below them.
    pub(in crate::reports) fn imprint(&mut self, lines: &[(&str, &str)]) {
        self.imprint = Some(frame(lines));
    }
}

/// The document with 版记 in a last section.
///
/// Takes the XML of the document; without a last section nothing is added.
pub(super) fn with_imprint(document: &str, imprint: &str) -> String {
    const END: &str = "</w:sectPr></w:body></w:document>";
    let Some((body, section)) = document.strip_suffix(END).and_then(|rest| rest.rsplit_once("<w:sectPr>")) else {
        return document.to_owned();
    };
    // Header and footers are those of the section before; the first page has a footer of its own, and there is none.
    let size = section.find("<w:pgSz").and_then(|at| section.get(at..)).unwrap_or_default();
    format!(
        r#"{body}<w:p><w:pPr><w:spacing w:line="20" w:lineRule="exact" /><w:sectPr>{section}</w:sectPr></w:pPr></w:p>{imprint}<w:sectPr><w:type w:val="evenPage" />{size}<w:titlePg />{END}"#
    )
}

/// The lines in a frame that stands on the lower margin and grows upward.
///
/// Why no `w:framePr` and no floating table: LibreOffice puts neither at the foot.
fn frame(lines: &[(&str, &str)]) -> String {
    let (width, height) = (TEXT_WIDTH * EMU, (LINE * lines.len() + 40) * EMU);
    let mut text = String::new();
    for (place, (left, right)) in lines.iter().enumerate() {
        let rule =
            |side: &str, size| format!(r#"<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="000000" />"#);
        // 0.35 mm outside, 0.25 mm between.
        let mut rules = rule("top", if place == 0 { 8 } else { 6 });
        if place + 1 == lines.len() {
            rules += &rule("bottom", 8);
        }
        let stop = TEXT_WIDTH - CHARACTER as usize;
        let _ = write!(
            text,
            r#"<w:p><w:pPr><w:pBdr>{rules}</w:pBdr><w:tabs><w:tab w:val="left" w:pos="{CHARACTER}" /><w:tab w:val="right" w:pos="{stop}" /></w:tabs><w:spacing w:line="{LINE}" w:lineRule="exact" /></w:pPr><w:r><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{FANGSONG}" /><w:sz w:val="{SIZE_PAGE}" /><w:szCs w:val="{SIZE_PAGE}" /></w:rPr><w:tab /><w:t xml:space="preserve">{}</w:t>"#,
            escaped(left)
        );
        if !right.is_empty() {
            let _ = write!(text, r#"<w:tab /><w:t xml:space="preserve">{}</w:t>"#, escaped(right));
        }
        text.push_str("</w:r></w:p>");
    }
    format!(
        r#"<w:p><w:pPr><w:spacing w:line="20" w:lineRule="exact" /></w:pPr><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor distT="0" distB="0" distL="0" distR="0" simplePos="0" relativeHeight="2" behindDoc="0" locked="0" layoutInCell="1" allowOverlap="0"><wp:simplePos x="0" y="0" /><wp:positionH relativeFrom="margin"><wp:align>center</wp:align></wp:positionH><wp:positionV relativeFrom="margin"><wp:align>bottom</wp:align></wp:positionV><wp:extent cx="{width}" cy="{height}" /><wp:effectExtent l="0" t="0" r="0" b="0" /><wp:wrapTopAndBottom /><wp:docPr id="900" name="imprint" /><wp:cNvGraphicFramePr /><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp><wps:cNvSpPr txBox="1" /><wps:spPr><a:xfrm><a:off x="0" y="0" /><a:ext cx="{width}" cy="{height}" /></a:xfrm><a:prstGeom prst="rect"><a:avLst /></a:prstGeom><a:noFill /><a:ln><a:noFill /></a:ln></wps:spPr><wps:txbx><w:txbxContent>{text}</w:txbxContent></wps:txbx><wps:bodyPr wrap="square" lIns="0" tIns="0" rIns="0" bIns="0" anchor="b"><a:spAutoFit /></wps:bodyPr></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing></mc:Choice></mc:AlternateContent></w:r></w:p>"#
    )
}

fn escaped(text: &str) -> String {
    super::clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
