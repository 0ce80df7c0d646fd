//! Drafts read back from the XML of their files.

use std::io::{Cursor, Read as _};

use super::annual;
use super::bulletin::draft;
use super::letters::letters;
use super::*;
use crate::domain::Lang;
use crate::domain::account::{AccountId, Personal};
use crate::domain::annual::{UNIT_COLUMNS, Year};
use crate::domain::bulletin::settle::settle;
use crate::domain::bulletin::tests::{at, example};
use crate::domain::bulletin::{
    AccountResult, Contact, Contacts, EarlierRound, Facts, Figure, Form, PreviousIssue, PreviousRound,
};
use crate::domain::issue::IssueStatus;
use crate::domain::round::{RoundKind, RoundName};
use crate::domain::rule::{Class, Indicator};

pub(super) fn dataset(change: impl FnOnce(&mut Facts)) -> Dataset {
    let mut facts = example();
    change(&mut facts);
    settle(&mut facts);
    Dataset::build(facts).unwrap()
}

pub(super) fn part(docx: &[u8], name: &str) -> Option<String> {
    let mut parts = zip::ZipArchive::new(Cursor::new(docx)).unwrap();
    let mut text = String::new();
    parts.by_name(name).ok()?.read_to_string(&mut text).unwrap();
    Some(text)
}

/// Every paragraph of the body, those in cells included, a line each.
fn lines(docx: &[u8]) -> Vec<String> {
    let xml = part(docx, "word/document.xml").unwrap();
    let text = |paragraph: &str| -> String {
        let runs = paragraph.split("<w:t ").skip(1);
        let text = runs
            .filter_map(|run| run.split_once('>')?.1.split_once("</w:t>").map(|(text, _)| text))
            .collect::<String>();
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&amp;", "&")
            .replace('\u{200b}', "")
    };
    xml.split("</w:p>").map(text).filter(|line| !line.is_empty()).collect()
}

pub(super) fn text(docx: &[u8]) -> String {
    lines(docx).join("\n")
}

fn has_chinese(text: &str) -> bool {
    text.chars().any(|c| {
        ('\u{4e00}'..='\u{9fff}').contains(&c) || ('\u{3000}'..='\u{303f}').contains(&c) || "：；，（）".contains(c)
    })
}

/// The example in Latin letters alone, so that every Chinese character left is the program's own.
fn latin(facts: &mut Facts) {
    facts.office = "Yunxi Office".into();
    facts.round.rule_documents = vec!["Circular 19 of 2019".into()];
    facts.round.seed = Some("dice 4 2 6".into());
    for (n, account) in facts.accounts.iter_mut().enumerate() {
        (account.name, account.unit) = (format!("Example {n}"), format!("Bureau {}", n % 9));
        account.supervising_unit = None;
        for verdict in account.member.iter_mut().flat_map(|member| &mut member.verdicts) {
            "seen".clone_into(&mut verdict.summary);
        }
    }
    for issue in &mut facts.issues {
        (issue.account, issue.unit, issue.summary) = ("Example".into(), "Bureau".into(), "seen".into());
        (issue.rule.document, issue.rule.clause) = ("Circular".into(), "1".into());
    }
    for issue in facts.previous.iter_mut().flat_map(|previous| &mut previous.issues) {
        (issue.account, issue.unit) = ("Example".into(), "Bureau".into());
    }
}

#[test]
fn every_figure_of_every_form_stands_in_the_document_in_both_languages() {
    let dataset = dataset(|facts| {
        facts.earlier = vec![EarlierRound {
            name: RoundName::Quarter(2026, 3),
            as_of: at("2026-08-10T01:00:00Z"),
            drawn: 40,
            qualified: 30,
            problem: 9,
            failed: 1,
            unjudged: 0,
            pending: 0,
            pass_rate: Figure::rate(39, 40),
            random_pass_rate: Figure::rate(30, 30),
            standing: 5,
            closed: 4,
        }];
    });
    for (form, lang) in Form::ALL.iter().flat_map(|form| [(*form, Lang::Zh), (*form, Lang::En)]) {
        let docx = draft(&dataset, lang, form, None).unwrap();
        let (lines, text) = (lines(&docx), text(&docx));
        for figure in ["total.pass_rate", "total.coverage", "reason.random.pass_rate", "previous.closed_rate"] {
            let printed = dataset.figure(figure).with_parts(lang);
            assert!(text.contains(&printed), "{form} {lang} {figure} {printed}\n{text}");
        }
        let tables = &dataset.breakdowns;
        for tally in tables.platform.iter().chain(&tables.unit_tier).chain(&tables.reason).chain([&tables.total]) {
            let label = super::tongue::Tongue(lang).line(tally);
            let cells = [tally.judged, tally.qualified, tally.problem, tally.failed, tally.unjudged];
            let mut row = vec![tally.drawn.to_string()];
            row.extend(cells.map(|n| n.to_string()));
            row.push(tally.pass_rate.with_parts(lang));
            let found = lines.windows(2 + row.len()).any(|w| w[0] == label && w[2..] == row[..]);
            assert!(found, "{form} {lang} {label} {row:?}\n{text}");
        }
        let points = if lang == Lang::Zh { "个百分点" } else { "percentage points" };
        assert!(
            text.contains(points)
                && text.contains(if lang == Lang::Zh { "97.50%（39/40）" } else { "97.50% (39/40)" }),
            "{text}"
        );
        for row in dataset.accounts.iter().filter(|row| row.result == Some(AccountResult::Failed)) {
            assert!(text.contains(&row.facts.name), "{form} {lang} {}", row.facts.name);
        }
        let mark =
            if lang == Lang::Zh { if form == Form::Brief { "报：" } else { "抄送：" } } else { "Copies to:" };
        assert!(text.contains(mark), "版记");
    }
}

#[test]
fn a_circular_has_its_red_head_and_ends_on_the_foot_of_an_even_page() {
    let dataset = dataset(|_| {});
    let xml = |form, contacts| part(&draft(&dataset, Lang::Zh, form, contacts).unwrap(), "word/document.xml").unwrap();
    let (list, brief) = (xml(Form::List, None), xml(Form::Brief, None));
    let head = list.split("现将有关情况通报如下").next().unwrap();
    let red = |text: &str| text.contains(r#"<w:color w:val="E60012" />"#);
    assert!(
        red(head) && head.contains(&dataset.office) && head.contains("签发：") && head.contains("〔主送机关〕"),
        "{head}"
    );
    assert!(brief.contains("政务新媒体监管简报") && brief.contains("编印") && brief.contains("报：") && red(&brief));
    assert!(!brief.contains("主送机关") && !brief.contains("署　　名"));
    for xml in [&list, &brief] {
        let (body, last) = xml.rsplit_once("<w:sectPr>").unwrap();
        assert!(last.contains(r#"<w:type w:val="evenPage" />"#) && last.contains("<w:titlePg />"), "{last}");
        assert!(!last.contains("Reference") && body.contains("<w:footerReference "), "the page of 版记 has no number");
        let foot = body.rsplit_once("</w:sectPr>").unwrap().1;
        assert!(foot.contains(r#"<wp:positionV relativeFrom="margin"><wp:align>bottom</wp:align>"#), "{foot}");
        assert!(foot.contains("报：") || foot.contains("抄送："), "{foot}");
        // The schema's order: `w:rPr` and the like last in their parent, fonts before sizes.
        for wrong in [
            r"<w:pPr><w:rPr",
            r#"<w:szCs w:val="32" /><w:rFonts"#,
            r"<w:tblPr><w:jc ",
            r#"w:type="dxa" /></w:tblGrid>"#,
        ] {
            assert!(!xml.contains(wrong), "{wrong}");
        }
    }
    let contacts = Contacts::new();
    let internal = draft(&dataset, Lang::Zh, Form::List, Some(&contacts)).unwrap();
    let xml = part(&internal, "word/document.xml").unwrap();
    assert!(xml.contains(r#"<w:headerReference w:type="first""#), "内部 stands on the page of 版记 as well");
}

#[test]
fn websites_are_counted_apart_from_new_media_and_the_title_says_what_was_looked_at() {
    use crate::domain::account::Platform;
    let of = |platform: fn(usize) -> Platform| {
        let dataset = dataset(|facts| {
            for (n, account) in facts.accounts.iter_mut().enumerate() {
                account.platform = platform(n);
            }
        });
        dataset.check().unwrap();
        let text = text(&draft(&dataset, Lang::Zh, Form::Statistics, None).unwrap());
        (dataset, text)
    };
    let (both, text) = of(|n| if n % 7 == 0 { Platform::Website } else { Platform::Weibo });
    let title = "关于2026年第四季度政府网站与政务新媒体";
    assert!(text.contains(title), "{text}");
    let [site, media] = ["website", "media"].map(|kind| both.figure(&format!("kind.{kind}.pass_rate")));
    assert_eq!(site.denominator.unwrap() + media.denominator.unwrap(), both.count("total.judged"));
    let sentence = format!("政府网站{}，政务新媒体{}", site.with_parts(Lang::Zh), media.with_parts(Lang::Zh));
    assert!(text.contains(&sentence), "{sentence}\n{text}");
    let drawn = ["website", "media"].map(|kind| both.count(&format!("kind.{kind}.drawn")));
    assert!(text.contains(&format!("政府网站{}个、政务新媒体账号{}个", drawn[0], drawn[1])), "{text}");
    assert!(text.contains("新媒体小计"), "the platforms add up to it");
    let (_, text) = of(|_| Platform::Website);
    assert!(
        text.contains("关于2026年第四季度政府网站") && !text.contains("季度政务新媒体") && !text.contains("个账号"),
        "{text}"
    );
    let (_, text) = of(|_| Platform::Weibo);
    assert!(text.contains("关于2026年第四季度政务新媒体") && !text.contains("季度政府网站"), "{text}");
}

#[test]
fn brackets_in_chinese_papers_are_of_full_width() {
    let dataset = dataset(|facts| facts.round.rule_documents = vec!["《检查指标》（国办秘函〔2019〕19号）".into()]);
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    for form in Form::ALL {
        let text = text(&draft(&dataset, Lang::Zh, *form, None).unwrap());
        let half = text.lines().find(|line| line.contains(['(', ')']) && line.chars().any(is_han));
        assert_eq!(half, None, "{form}");
        assert!(!text.contains("%("), "{text}");
    }
}

#[test]
fn the_english_documents_hold_no_chinese_of_their_own() {
    let dataset = dataset(latin);
    for form in Form::ALL {
        let text = text(&draft(&dataset, Lang::En, *form, None).unwrap());
        let chinese: Vec<_> = text.lines().filter(|line| has_chinese(line)).collect();
        assert!(chinese.is_empty(), "{form} {chinese:?}");
    }
    for (_, letter) in letters(&dataset, Lang::En).unwrap() {
        let text = text(&letter);
        assert!(text.lines().all(|line| !has_chinese(line)), "{text}");
    }
    let page = String::from_utf8(certificate::render_in(&dataset, Lang::En).unwrap()).unwrap();
    assert!(page.lines().all(|line| !has_chinese(line)), "{page}");
    let paper = text(&certificate::paper(&dataset, Lang::En).unwrap());
    assert!(!has_chinese(&paper), "{paper}");
}

#[test]
fn a_sentence_kept_in_chinese_is_said_in_english_and_what_a_person_typed_is_marked() {
    let dataset = dataset(|facts| {
        latin(facts);
        for (n, issue) in facts.issues.iter_mut().enumerate() {
            issue.status = IssueStatus::Notified;
            issue.summary = if n % 2 == 0 {
                "基本信息库中缺少：管理员、备案编号"
            } else {
                "办公室来电反映"
            }
            .to_owned();
        }
    });
    let folder = tempfile::tempdir().unwrap();
    write_in(&dataset, folder.path(), Lang::En).unwrap();
    let wish = Wish { lang: Lang::En, form: Some(Form::List), letters: true, internal: None, pdf: false };
    let written = write_drafts(&dataset, folder.path(), &wish).unwrap();
    let mut papers: Vec<String> = written.iter().map(|path| text(&std::fs::read(path).unwrap())).collect();
    papers.push(text(&std::fs::read(folder.path().join("bulletin.docx")).unwrap()));
    papers.push(std::fs::read_to_string(folder.path().join("report.html")).unwrap());
    for paper in papers {
        assert!(paper.contains("missing in the registry: administrator, filing number"), "{paper}");
        assert!(paper.contains("[original] 办公室来电反映") && !paper.contains("基本信息库"), "{paper}");
    }
    let kept = read_dataset(&folder.path().join("dataset.json")).unwrap();
    assert!(kept.issues.iter().any(|issue| issue.summary.starts_with("基本信息库")), "the dataset keeps what was said");
}

#[test]
fn what_fell_and_what_is_advice_are_no_problems() {
    let dataset = dataset(|facts| {
        for (n, issue) in facts.issues.iter_mut().enumerate() {
            issue.status = match n % 3 {
                0 => IssueStatus::Dismissed,
                _ => IssueStatus::Open,
            };
            if n % 3 == 1 {
                issue.class = Class::Advice;
            }
            issue.summary = format!("说明{n}结束");
        }
    });
    let (problems, advice) = (dataset.count("issues.problems"), dataset.count("issues.advice"));
    assert!(problems > 0 && advice > 0 && dataset.count("issues.fallen") > 0);
    for form in Form::ALL {
        let text = text(&draft(&dataset, Lang::Zh, *form, None).unwrap());
        assert!(text.contains(&format!("共认定问题{problems}个")), "{text}");
        assert!(text.contains(&format!("另提出工作建议{advice}条")), "{text}");
        for issue in dataset.issues.iter().filter(|issue| issue.status == IssueStatus::Dismissed) {
            assert!(!text.contains(&issue.summary), "{form}: {} was dismissed\n{text}", issue.summary);
        }
    }
}

#[test]
fn an_office_without_a_name_a_long_address_and_a_round_without_problems_read_well() {
    let link = format!("https://www.example.test/{}", "a/".repeat(400));
    let named = dataset(|facts| {
        facts.office = String::new();
        for issue in &mut facts.issues {
            issue.summary = format!("{link}返回404");
        }
    });
    let text_of = |dataset: &Dataset, form| text(&draft(dataset, Lang::Zh, form, None).unwrap());
    let list = text_of(&named, Form::List);
    assert!(!list.contains(&link) && list.contains("https://www.example.test/a/a"), "{list}");
    assert!(list.contains("〔发文机关〕") && !list.contains("，组织开展了"), "{list}");
    let clean = dataset(|facts| {
        facts.issues.clear();
        facts.previous = None;
        for member in facts.accounts.iter_mut().filter_map(|account| account.member.as_mut()) {
            member.verdicts.retain(|verdict| verdict.indicator == Indicator::Stale);
            member.verdicts.iter_mut().for_each(|v| v.outcome = crate::domain::finding::Outcome::Pass);
        }
    });
    for form in Form::ALL {
        let text = text_of(&clean, *form);
        assert!(text.contains("本期检查未发现问题。") && text.contains("100.00%"), "{text}");
        assert!(!text.contains("个问题，") && letters(&clean, Lang::Zh).unwrap().is_empty());
    }
    clean.check_units().unwrap();
    assert!(clean.units().iter().filter(|unit| unit.drawn > 0).all(|unit| unit.is_clean() || unit.unjudged > 0));
}

#[test]
fn a_half_year_tells_what_became_of_both_its_quarters() {
    let dataset = dataset(|facts| {
        facts.round.name = RoundName::Half(2026, 2);
        facts.round.kind = RoundKind::HalfYear;
        facts.previous = None;
        let issue = |id, status, found_again| PreviousIssue {
            id,
            account: "云溪县示例账号".into(),
            platform: crate::domain::account::Platform::Weibo,
            unit: "云溪县示例单位".into(),
            indicator: Indicator::Stale,
            class: Class::Veto,
            status,
            found_again,
        };
        facts.context.quarters = vec![
            PreviousRound {
                name: RoundName::Quarter(2026, 3),
                issues: vec![issue(2, IssueStatus::Closed, false), issue(1, IssueStatus::Dismissed, true)],
            },
            PreviousRound {
                name: RoundName::Quarter(2026, 4),
                issues: vec![issue(3, IssueStatus::Overdue, true), issue(4, IssueStatus::Closed, false)],
            },
        ];
    });
    assert_eq!(dataset.count("quarter.2026Q3.found_again"), 0, "what fell was found nowhere");
    let text = text(&draft(&dataset, Lang::Zh, Form::Statistics, None).unwrap());
    for sentence in [
        "2026年第三季度检查共发现问题2个",
        "已销号1个，销号率100.00%（1/1），另有1个经申诉或核实后撤销",
        "2026年第四季度检查共发现问题2个",
        "销号率50.00%（1/2）；尚未办结1个，其中逾期或已督办1个。本期检查再次发现1个",
    ] {
        assert!(text.contains(sentence), "{sentence}\n{text}");
    }
    assert!(!text.contains("无上期问题"));
}

#[test]
fn a_round_that_looks_at_everything_confirms_its_accounts_and_draws_nothing() {
    let dataset = dataset(|facts| {
        facts.round.name = RoundName::Half(2026, 2);
        facts.round.kind = RoundKind::HalfYear;
        facts.previous = None;
    });
    let page = String::from_utf8(certificate::render_in(&dataset, Lang::Zh).unwrap()).unwrap();
    for text in [page, text(&certificate::paper(&dataset, Lang::Zh).unwrap())] {
        assert!(text.contains("检查范围确认单") && text.contains("全覆盖，未抽取"), "{text}");
        assert!(!text.contains("公证单") && !text.contains("配额") && !text.contains("种子"), "{text}");
    }
}

#[test]
fn personal_data_stands_in_the_internal_version_alone_which_says_so_on_every_page() {
    let number = "11010519491231002X";
    let dataset = dataset(|facts| {
        for issue in &mut facts.issues {
            issue.summary = format!("身份证号{number}");
        }
    });
    let personal = |text: &str| Some(Personal::new(text));
    let contact = || Contact { admin: personal("虚构甲"), contact: personal("13800000000") };
    let contacts: Contacts = dataset.accounts.iter().map(|row| (row.facts.account_id.clone(), contact())).collect();
    for form in Form::ALL {
        let public = draft(&dataset, Lang::Zh, *form, None).unwrap();
        assert!(!text(&public).contains(number) && !text(&public).contains("虚构甲"));
        assert!(part(&public, "word/header1.xml").is_none());
        let internal = draft(&dataset, Lang::Zh, *form, Some(&contacts)).unwrap();
        assert!(text(&internal).contains("虚构甲") && text(&internal).contains("13800000000"));
        for header in ["word/header1.xml", "word/header2.xml"] {
            assert!(part(&internal, header).is_some_and(|header| header.contains("内部")));
        }
    }
    for (_, letter) in letters(&dataset, Lang::Zh).unwrap() {
        assert!(!text(&letter).contains(number));
    }
    let folder = tempfile::tempdir().unwrap();
    let wish = Wish { lang: Lang::Zh, form: None, letters: true, internal: Some(contacts), pdf: false };
    let written = write_drafts(&dataset, folder.path(), &wish).unwrap();
    assert_eq!(write_drafts(&dataset, folder.path(), &wish).unwrap(), written, "safe to repeat");
    assert!(written.iter().any(|path| path.ends_with("bulletin-internal.docx")));
    let unknown = AccountId::new("nobody");
    assert!(!dataset.accounts.iter().any(|row| row.facts.account_id == unknown));
}

#[test]
fn the_year_prints_every_count_of_every_unit() {
    let year = Year::build(crate::domain::annual::tests::example()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = annual::write_year(&year, folder.path(), Lang::Zh, false).unwrap();
    let docx = std::fs::read(&files[0]).unwrap();
    let lines = lines(&docx);
    for unit in year.units.iter().chain([&year.total]) {
        let name = if unit.unit.is_empty() { "合计" } else { &unit.unit };
        let row: Vec<String> = [unit.accounts, unit.looks, unit.qualified, unit.problem, unit.failed, unit.unjudged]
            .map(|n| n.to_string())
            .to_vec();
        assert!(lines.windows(7).any(|w| w[0] == name && w[1..] == row[..]), "{name} {row:?}\n{lines:#?}");
    }
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(&files[1]).unwrap();
    let rows = calamine::Reader::worksheet_range(&mut book, "各单位年度情况").unwrap();
    for (line, unit) in year.units.iter().chain([&year.total]).enumerate() {
        for (place, (_, heading, _, value)) in UNIT_COLUMNS.iter().enumerate() {
            let at = |line: usize| rows.get((line, place + 2)).unwrap().to_string();
            assert_eq!((at(0).as_str(), at(line + 1)), (*heading, value(unit).to_string()), "{} {heading}", unit.unit);
        }
    }
    let json: Year = serde_json::from_slice(&std::fs::read(&files[2]).unwrap()).unwrap();
    assert_eq!(json, year);
}
