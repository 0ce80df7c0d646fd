//! Letters to units read back from the XML of their files, and what they have in common with the circular.

use std::collections::BTreeSet;

use super::bulletin::draft;
use super::drafts_tests::{dataset, part, text};
use super::letters::letters;
use crate::domain::Lang;
use crate::domain::bulletin::tests::at;
use crate::domain::bulletin::{Form, Remedy, SentNotice};
use crate::domain::issue::IssueStatus;
use crate::domain::notice::Bilingual;
use crate::domain::rule::Class;

#[test]
fn a_unit_with_open_issues_gets_one_letter_and_others_none() {
    let dataset = dataset(|facts| {
        for (n, issue) in facts.issues.iter_mut().enumerate() {
            issue.unit = ["甲局", "乙/局", "丙局"][n % 3].to_owned();
            issue.status = if n % 3 == 2 { IssueStatus::Closed } else { IssueStatus::Notified };
            issue.summary = format!("第{n}处");
            facts.context.remedies.insert(
                issue.indicator,
                Remedy {
                    remedy: Bilingual { zh: "请恢复更新。".into(), en: "Publish again.".into() },
                    recheck: Bilingual::default(),
                },
            );
        }
        facts.context.sent.push(SentNotice {
            number: "2026-0007".into(),
            unit: "甲局".into(),
            written_at: facts.round.generated_at,
            delivered_at: None,
            issues: vec![facts.issues[0].id],
        });
    });
    let letters = letters(&dataset, Lang::Zh).unwrap();
    let names: BTreeSet<&str> = letters.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["整改通知书-乙_局.docx", "整改通知书-甲局.docx"]));
    for (name, letter) in &letters {
        let (text, unit) = (text(letter), if name.contains('甲') { "甲局" } else { "乙/局" });
        for issue in &dataset.issues {
            let mine = issue.unit == unit;
            let named = text.lines().any(|line| line.ends_with(&format!("：{}", issue.summary)));
            assert_eq!(named, mine, "{unit} {}\n{text}", issue.summary);
        }
        assert_eq!(text.contains("2026-0007"), unit == "甲局");
        for part in ["请恢复更新", "/fix", "/appeal", "/extend", "〔　　署　　名　　〕"] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(part(letter, "word/header1.xml").is_some_and(|header| header.contains(&dataset.office)));
        // GB/T 9704-2012, 10.1: the upper red line thick over thin, the lower one thin over thick.
        let lines = |kind: &str| format!(r#"<w:bottom w:val="{kind}""#);
        assert!(part(letter, "word/header1.xml").is_some_and(|header| header.contains(&lines("thickThinSmallGap"))));
        let feet = (1..=3).filter_map(|n| part(letter, &format!("word/footer{n}.xml")));
        assert!(feet.into_iter().any(|foot| foot.contains(&lines("thinThickSmallGap"))));
    }
}

#[test]
fn a_letter_and_a_circular_after_every_deadline_ask_by_a_date_to_be_filled_in() {
    let dataset = dataset(|facts| {
        for issue in &mut facts.issues {
            issue.status = IssueStatus::Escalated;
            issue.class = Class::Veto;
            issue.due_at = Some(at("2020-01-06T01:00:00Z"));
        }
    });
    for (_, letter) in letters(&dataset, Lang::Zh).unwrap() {
        let text = text(&letter);
        assert!(text.contains("（已逾期，已督办）") && text.contains("限于〔　　　　〕年"), "{text}");
        assert!(!text.contains("在整改时限内") && !text.contains("“/"), "{text}");
        assert!(!text.contains("1.已逾期"), "what stands alone has no number: {text}");
        let body = part(&letter, "word/document.xml").unwrap();
        let after: Vec<_> = body.rsplit("<w:p ").skip(1).take_while(|p| !p.contains("联系人")).collect();
        assert!(after.len() > 2 && after.iter().all(|p| p.contains("<w:keepNext")), "署名 stands alone: {body}");
    }
    let circular = draft(&dataset, Lang::Zh, Form::Brief, None).unwrap();
    let text = text(&circular);
    assert!(text.contains("继续督办") && !text.contains("予以督办"), "escalated already: {text}");
    assert!(text.contains("日前将整改结果书面反馈") && !text.contains("依规申诉"), "{text}");
    assert!(part(&circular, "word/styles.xml").unwrap().contains(r#"w:eastAsia="zh-CN""#));
}
