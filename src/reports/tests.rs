//! Documents opened again by another reader.

use std::io::Cursor;

use calamine::{Data, DataType as _, Reader, Xlsx};

use super::*;
use crate::domain::bulletin::settle::settle;
use crate::domain::bulletin::tests::example;
use crate::domain::bulletin::{AccountResult, Facts};
use crate::domain::finding::Outcome;
use crate::domain::round::{RoundKind, RoundName};

fn dataset(change: impl FnOnce(&mut Facts)) -> Dataset {
    let mut facts = example();
    change(&mut facts);
    settle(&mut facts);
    Dataset::build(facts).unwrap()
}

/// A streamed document's bytes.
fn bytes(render: fn(&Dataset, Lang, &mut dyn Sink) -> Result<(), ReportError>, dataset: &Dataset) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    render(dataset, Lang::Zh, &mut out).unwrap();
    out.into_inner()
}

fn cells(bytes: Vec<u8>, sheet: &str) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
    book.worksheet_range(sheet).unwrap().rows().map(<[Data]>::to_vec).collect()
}

fn column(rows: &[Vec<Data>], heading: &str) -> Vec<String> {
    let place = rows[0].iter().position(|cell| cell.get_string() == Some(heading)).unwrap();
    rows[1..].iter().map(|row| row[place].to_string()).collect()
}

/// The text of a .docx, paragraphs and cells a line each.
fn docx_text(bytes: &[u8]) -> String {
    let paragraph = |p: &docx_rs::Paragraph, out: &mut String| {
        out.push_str(&p.raw_text().replace('\u{200b}', ""));
        out.push('\n');
    };
    let docx = docx_rs::read_docx(bytes).unwrap();
    let mut out = String::new();
    for child in &docx.document.children {
        match child {
            docx_rs::DocumentChild::Paragraph(p) => paragraph(p, &mut out),
            docx_rs::DocumentChild::Table(table) => {
                for docx_rs::TableChild::TableRow(row) in &table.rows {
                    for docx_rs::TableRowChild::TableCell(cell) in &row.cells {
                        for content in &cell.children {
                            if let docx_rs::TableCellContent::Paragraph(p) = content {
                                paragraph(p, &mut out);
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    out
}

#[test]
fn every_document_is_written_and_the_same_dataset_gives_the_same_bytes() {
    let dataset = dataset(|_| {});
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = write_all(&dataset, &one.path().join("新 目录")).unwrap();
    let names: Vec<_> = files.iter().map(|p| p.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, DOCUMENTS.map(|(name, _)| name));
    let again = write_all(&read_dataset(&files[5]).unwrap(), two.path()).unwrap();
    for (a, b) in files.iter().zip(&again) {
        assert!(std::fs::read(a).unwrap() == std::fs::read(b).unwrap(), "{}", a.display());
    }
    assert_eq!(std::fs::read_dir(two.path()).unwrap().count(), DOCUMENTS.len(), "no unfinished file is left");
}

#[test]
fn nothing_is_written_while_a_sum_is_wrong() {
    let mut dataset = dataset(|_| {});
    dataset.figures.get_mut("total.failed").unwrap().numerator += 1;
    let folder = tempfile::tempdir().unwrap();
    let error = write_all(&dataset, folder.path()).unwrap_err();
    assert!(matches!(&error, ReportError::Imbalance(i) if i.figure == "total.failed" && !i.rows.is_empty()), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_ledger_counts_what_the_dataset_counts() {
    let dataset = dataset(|_| {});
    let rows = cells(bytes(ledger::render, &dataset), "监管台账");
    assert_eq!(rows.len() - 1, dataset.accounts.len());
    let results = column(&rows, "结果");
    for result in AccountResult::ALL {
        let count = results.iter().filter(|r| *r == result.zh()).count();
        assert_eq!(count, dataset.count(&format!("total.{result}")), "{result}");
    }
    let drawn = column(&rows, "本期是否抽中").iter().filter(|c| *c == "是").count();
    assert_eq!(drawn, dataset.count("total.drawn"));
    let issues: f64 = column(&rows, "问题数").iter().map(|n| n.parse::<f64>().unwrap()).sum();
    assert_eq!(issues as usize, dataset.count("issues.total"));
    assert!(rows[0].iter().all(|heading| !heading.to_string().contains("联系")));
}

#[test]
fn the_issue_list_counts_what_the_dataset_counts() {
    let dataset = dataset(|_| {});
    let rows = cells(bytes(issue_list::render, &dataset), "问题清单");
    assert_eq!(rows.len() - 1, dataset.count("issues.total"));
    let classes = column(&rows, "性质");
    for tally in &dataset.breakdowns.classes {
        assert_eq!(classes.iter().filter(|c| **c == tally.label).count(), tally.issues, "{}", tally.key);
    }
    let evidence = cells(bytes(issue_list::render, &dataset), "证据");
    assert!(column(&evidence, "证据链接").iter().all(|link| link == "https://example.test/list?a=1&b=2"));
}

#[test]
fn text_that_looks_like_a_formula_stays_text() {
    let names = ["=HYPERLINK(\"http://example.test\")", "+1", "-1", "@SUM(A1)", "\u{0}=1"];
    let dataset = dataset(|facts| {
        for (account, name) in facts.accounts.iter_mut().zip(names) {
            account.name = name.to_owned();
        }
    });
    let rows = cells(bytes(ledger::render, &dataset), "监管台账");
    let place = rows[0].iter().position(|cell| cell.get_string() == Some("账号名称")).unwrap();
    for (row, name) in rows[1..].iter().zip(names) {
        assert_eq!(row[place], Data::String(name.trim_start_matches('\u{0}').to_owned()));
    }
}

#[test]
fn the_bulletin_prints_the_figures_and_leaves_the_office_its_blanks() {
    let dataset = dataset(|_| {});
    let text = docx_text(&bulletin::render(&dataset).unwrap());
    for figure in ["total.pass_rate", "reason.random.pass_rate", "total.coverage", "previous.closed_rate"] {
        let printed = dataset.figure(figure).with_parts(Lang::Zh);
        assert!(text.contains(&printed), "{figure} {printed}\n{text}");
    }
    for part in ["〔　　　　〕", "一、上期问题整改情况", "二、总体情况", "三、发现的主要问题", "四、工作要求", "附件3"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    for row in dataset.accounts.iter().filter(|row| row.result == Some(AccountResult::Failed)) {
        assert!(text.contains(&row.label()), "{}", row.label());
    }
}

#[test]
fn what_is_only_suspected_is_named_nowhere_in_the_bulletin() {
    let dataset = dataset(|facts| {
        for (n, account) in facts.accounts.iter_mut().enumerate() {
            for verdict in account.member.iter_mut().flat_map(|m| &mut m.verdicts) {
                if verdict.outcome == Outcome::Unverified {
                    verdict.outcome = Outcome::Suspected;
                    account.name = format!("疑似账号{n}");
                }
            }
        }
    });
    let text = docx_text(&bulletin::render(&dataset).unwrap());
    assert!(dataset.count("total.unjudged") > 0 && !text.contains("疑似账号"), "{text}");
    assert!(!text.contains("example.test/疑"));
    assert!(text.contains("核实前不作认定"));
}

#[test]
fn names_from_outside_cannot_inject_markup() {
    let evil = "<script>alert('x')</script>\"><img src=x>&amp;]]>";
    let dataset = dataset(|facts| {
        facts.office = evil.to_owned();
        facts.round.seed = Some(evil.to_owned());
        for account in &mut facts.accounts {
            account.name = evil.to_owned();
            account.unit = evil.to_owned();
        }
        for issue in &mut facts.issues {
            (issue.account, issue.summary) = (evil.to_owned(), evil.to_owned());
        }
    });
    for html in [bytes(page::render, &dataset), certificate::render(&dataset).unwrap()] {
        let html = String::from_utf8(html).unwrap();
        let scripts = html.matches("<script").count();
        assert!(scripts <= 1 && !html.contains("<img") && html.contains("&#60;script&#62;"), "{html}");
        assert!(scripts == 0 || html.contains("default-src 'none'"), "what a script may do is stated");
        assert!(!html.contains("://"), "self-contained");
    }
    assert!(docx_text(&bulletin::render(&dataset).unwrap()).contains("<script>alert('x')</script>"));
}

#[test]
fn an_empty_frozen_and_an_unfinished_round_have_documents_too() {
    let nothing = dataset(|facts| {
        facts.accounts.clear();
        facts.issues.clear();
        facts.previous = None;
        facts.round.strata.clear();
        (facts.round.frame_size, facts.round.seed) = (0, None);
        facts.round.state = crate::domain::round::RoundState::Frozen;
    });
    let unfinished = dataset(|facts| {
        facts.issues.clear();
        facts.round.state = crate::domain::round::RoundState::Open;
        for member in facts.accounts.iter_mut().filter_map(|a| a.member.as_mut()) {
            member.looked_at = None;
            member.verdicts.clear();
        }
    });
    for dataset in [nothing, unfinished] {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(write_all(&dataset, folder.path()).unwrap().len(), DOCUMENTS.len());
    }
}

#[test]
fn a_round_that_looks_at_every_account_says_nowhere_in_its_ledger_that_it_drew() {
    let dataset = dataset(|facts| {
        facts.round.name = RoundName::Half(2026, 2);
        facts.round.kind = RoundKind::HalfYear;
        facts.previous = None;
    });
    let book = bytes(ledger::render, &dataset);
    let reasons = column(&cells(book.clone(), "监管台账"), "入选原因");
    assert!(reasons.contains(&"全部检查".to_owned()) && !reasons.contains(&"随机抽取".to_owned()), "{reasons:?}");
    for sheet in ["汇总", "说明"] {
        let said: Vec<String> = cells(book.clone(), sheet).into_iter().flatten().map(|cell| cell.to_string()).collect();
        assert!(said.iter().all(|text| !text.contains("随机抽取") && text != "抽取种子"), "{sheet} {said:?}");
    }
}

#[test]
fn evidence_names_the_kind_of_a_number_and_not_its_key() {
    let dataset = dataset(|facts| {
        for issue in &mut facts.issues {
            issue.evidence.numbers = vec!["id_card×1".to_owned()];
        }
    });
    let excerpts = column(&cells(bytes(issue_list::render, &dataset), "证据"), "页面摘录");
    assert!(excerpts.iter().all(|text| text.contains("身份证号×1") && !text.contains("id_card")), "{excerpts:?}");
}
