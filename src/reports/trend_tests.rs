//! Four rounds and more side by side: in the page's chart, in the workbook's, in the bulletin's sentence; and that a
//! chart of a workbook lands whole on a sheet of paper.

use std::io::{Cursor, Read as _};

use super::words::Words;
use super::*;
use crate::domain::bulletin::settle::settle;
use crate::domain::bulletin::tests::example;
use crate::domain::bulletin::{EarlierRound, Facts, Figure};

/// A round with so many of its kind before it, each a little worse than the one before.
fn after(earlier: usize, change: impl FnOnce(&mut Facts)) -> Dataset {
    let mut facts = example();
    let like = facts.earlier.first().cloned().unwrap();
    let mut name = facts.round.name;
    facts.earlier.clear();
    for n in 0..earlier {
        name = name.previous();
        facts.earlier.push(EarlierRound {
            name,
            drawn: 40,
            qualified: 20,
            problem: 10,
            failed: 5 + n % 5,
            unjudged: 5 - n % 5,
            pending: 0,
            pass_rate: Figure::rate(30, 35 + n % 5),
            random_pass_rate: Figure::rate(20, 23),
            ..like.clone()
        });
    }
    change(&mut facts);
    settle(&mut facts);
    Dataset::build(facts).unwrap()
}

type Make = fn(&Dataset, Lang, &mut dyn Sink) -> Result<(), ReportError>;

fn book(render: Make, dataset: &Dataset, lang: Lang) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    render(dataset, lang, &mut out).unwrap();
    out.into_inner()
}

fn part(file: &[u8], name: &str) -> String {
    let mut parts = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut text = String::new();
    parts.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The numbers in every `<tag …>number</tag>` or `tag="number"` of a part.
fn numbers(xml: &str, before: &str, after: char) -> Vec<u32> {
    xml.split(before).skip(1).map(|rest| rest.split(after).next().unwrap().parse().unwrap()).collect()
}

#[test]
fn rounds_stand_side_by_side_within_the_chart_and_the_present_one_is_last() {
    for (earlier, shown) in [(0, 0), (1, 2), (3, 4), (11, 7)] {
        let dataset = after(earlier, |_| {});
        let columns = chart::trend(&dataset, Words(Lang::Zh)).map_or(Vec::new(), |chart| chart.columns);
        assert_eq!(columns.len(), shown, "{earlier}");
        for pair in columns.windows(2) {
            assert!(pair[0].label < pair[1].label && !pair[0].is_now);
            let room = pair[1].middle - pair[0].middle;
            assert!(
                room > pair[0].label.len() * 6 && room > (pair[0].middle - pair[0].x) * 2,
                "labels and columns part"
            );
        }
        if let Some(last) = columns.last() {
            assert!(last.is_now && last.label == dataset.round.name.to_string());
            assert_eq!(last.rate, dataset.figure("total.pass_rate").text());
        }
        assert!(columns.iter().all(|c| c.y >= 28 && c.y + c.height == 172 && c.middle < 345));
    }
}

#[test]
fn the_workbook_and_the_bulletin_say_the_same_of_the_rounds_before() {
    let dataset = after(3, |_| {});
    let file = book(ledger::render, &dataset, Lang::Zh);
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file)).unwrap();
    let rows = calamine::Reader::worksheet_range(&mut book, "汇总").unwrap();
    let rows: Vec<Vec<String>> = rows.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    let at = rows.iter().position(|row| row[0] == "近期各批次").unwrap();
    assert_eq!(rows[at + 1][0], dataset.earlier[2].name.zh(), "the oldest first");
    let now = &rows[at + 4];
    let rate = dataset.figure("total.pass_rate");
    assert_eq!(now[0], dataset.round.name.zh());
    assert_eq!((now[2].clone(), now[3].clone()), (rate.denominator.unwrap().to_string(), rate.numerator.to_string()));
    assert!(
        (now[6].parse::<f64>().unwrap() * 100.0 - rate.numerator as f64 * 100.0 / rate.denominator.unwrap() as f64)
            .abs()
            < 0.01
    );
    let bulletin = part(&bulletin::render(&dataset).unwrap(), "word/document.xml").replace('\u{200b}', "");
    let then = &dataset.earlier[0];
    let said = format!("{}的{}", then.name.zh(), then.pass_rate.with_parts(Lang::Zh));
    assert!(bulletin.contains(&format!("较{said}")) || bulletin.contains(&format!("与{said}持平")), "{said}");
}

#[test]
fn every_chart_lands_whole_on_a_page_wherever_the_tables_end() {
    // A3 landscape within its margins, in pixels of 1/96 inch.
    let (across, down) = (1511.0, 969.0);
    for lang in [Lang::Zh, Lang::En] {
        for earlier in [0, 3, 11] {
            let dataset = after(earlier, |_| {});
            let books: [(Make, usize); 2] = [(ledger::render, 3 + usize::from(earlier > 0)), (issue_list::render, 3)];
            for (render, charts) in books {
                let file = book(render, &dataset, lang);
                let sheets: Vec<String> = (2..=3)
                    .map(|n| part(&file, &format!("xl/worksheets/sheet{n}.xml")))
                    .filter(|sheet| sheet.contains("<drawing"))
                    .collect();
                let [sheet] = sheets.as_slice() else { panic!("one sheet has charts") };
                assert!(!sheet.contains("fitToPage"), "a program that fits pages leaves breaks out");
                let scale = f64::from(numbers(sheet, "scale=\"", '"')[0]) / 100.0;
                let mut heights = vec![20.0; 400];
                for row in sheet.split("<row r=\"").skip(1) {
                    let number: usize = row.split('"').next().unwrap().parse().unwrap();
                    if let Some(height) = row.split('>').next().unwrap().split(" ht=\"").nth(1) {
                        heights[number - 1] = height.split('"').next().unwrap().parse::<f64>().unwrap() * 4.0 / 3.0;
                    }
                }
                let breaks = numbers(sheet, "<brk id=\"", '"');
                let drawing = part(&file, "xl/drawings/drawing1.xml");
                let rows = numbers(&drawing, "<xdr:row>", '<');
                assert_eq!(rows.len(), charts * 2);
                let last = rows.iter().copied().max().unwrap();
                for pair in rows.chunks(2) {
                    let (from, to) = (pair[0], pair[1]);
                    assert!(breaks.iter().all(|cut| *cut <= from || *cut > to), "{from}..{to} {breaks:?}");
                }
                let cuts: Vec<u32> = [0].into_iter().chain(breaks).chain([last + 1]).collect();
                for page in cuts.windows(2).filter(|page| page[0] < page[1]) {
                    let high: f64 = heights[page[0] as usize..page[1] as usize].iter().sum();
                    assert!(high * scale <= down, "{page:?} {high}");
                }
                let widths = sheet.split("<col min=\"").skip(1).map(|col| {
                    let min: f64 = col.split('"').next().unwrap().parse().unwrap();
                    let max: f64 = col.split("max=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
                    let width: f64 = col.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
                    (max - min + 1.0) * width * 7.0
                });
                // A machine without the workbook's font takes one a third wider.
                assert!((widths.sum::<f64>() + 600.0) * scale * 1.33 <= across, "{lang:?}");
            }
        }
    }
}
