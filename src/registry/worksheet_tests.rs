//! A worksheet out and back in.

use proptest::prelude::*;

use super::*;
use crate::domain::account::Platform;

fn head(lang: Lang) -> WorksheetHead {
    let as_of = "2026-11-23T01:00:00Z".parse().unwrap();
    WorksheetHead { round: "2026Q4".parse().unwrap(), as_of, zone: Tz::Asia__Shanghai, lang }
}

fn task(id: &str, item: HandItem, answer: Option<HandLook>) -> HandTask {
    HandTask {
        account_id: AccountId::new(id),
        name: "=1+1".to_owned(),
        platform: Platform::Douyin,
        unit: "@测试区水务局".to_owned(),
        address: Some("https://www.example.cn/+a".to_owned()),
        item,
        why: "-看看".to_owned(),
        answer,
    }
}

fn look(id: &str, item: HandItem) -> HandLook {
    HandLook {
        account_id: AccountId::new(id),
        item,
        newest_at: None,
        day_only: false,
        content_url: None,
        verdict: Some(Outcome::Fail),
        note: "=HYPERLINK(\"http://x\")，无法打开".to_owned(),
        checked_by: "+虚构".to_owned(),
        checked_at: "2026-11-23T02:03:04Z".parse().unwrap(),
        origin: HandOrigin::Inspector,
    }
}

fn there_and_back(lang: Lang, tasks: &[HandTask]) -> Worksheets {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("表.xlsx");
    write_worksheet(&path, head(lang), tasks).unwrap();
    read_worksheet(&path, Tz::Asia__Shanghai).unwrap()
}

#[test]
fn answers_come_back_as_they_were_given_and_text_stays_text() {
    let seen = |text: &str| Some(DateTime::parse_from_rfc3339(text).unwrap());
    let update = HandLook {
        newest_at: seen("2026-11-20T09:30:00+08:00"),
        content_url: Some("https://www.example.cn/1".to_owned()),
        verdict: None,
        ..look("A1", HandItem::Update)
    };
    let day = HandLook { newest_at: seen("2026-11-19T00:00:00+08:00"), day_only: true, ..look("A2", HandItem::Update) };
    let answers = [update, day, look("=A3", HandItem::Interaction), look("A3", HandItem::App)];
    for lang in [Lang::Zh, Lang::En] {
        let mut tasks: Vec<HandTask> =
            answers.iter().map(|look| task(look.account_id.as_str(), look.item, Some(look.clone()))).collect();
        tasks.push(task("A9", HandItem::App, None));
        let read = there_and_back(lang, &tasks);
        assert_eq!((read.sheet.problems.clone(), read.blank), (Vec::new(), 1), "{lang:?}");
        let back: Vec<_> = read.sheet.rows.into_iter().map(|(_, row)| (row.round.unwrap(), row.look)).collect();
        assert_eq!(back, answers.clone().map(|look| (head(lang).round, look)));
    }
}

#[test]
fn no_cell_of_a_written_worksheet_is_a_formula() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    write_worksheet(&path, head(Lang::Zh), &[task("=1", HandItem::App, Some(look("=1", HandItem::App)))]).unwrap();
    let mut rows = 0;
    table::read_rows(&path, |row| {
        rows += 1;
        assert_eq!(row.faults, []);
    })
    .unwrap();
    assert_eq!(rows, 3);
    assert_eq!(table::first_sheet(&path).as_deref(), Some("人工核查表"));
    let bad = write_worksheet(&folder.path().join("a.csv"), head(Lang::Zh), &[]);
    assert!(bad.unwrap_err().text(Lang::Zh).ends_with("人工核查表须为 .xlsx 文件"));
}

#[test]
fn personal_numbers_in_a_note_are_masked_as_it_is_read() {
    let note = "评论区有群众留言，手机13800001234，未回复".to_owned();
    let read = there_and_back(
        Lang::Zh,
        &[task("A1", HandItem::Interaction, Some(HandLook { note, ..look("A1", HandItem::Interaction) }))],
    );
    let note = &read.sheet.rows[0].1.look.note;
    assert!(!note.contains("13800001234") && note.contains("评论区有群众留言"), "{note}");
}

#[test]
fn a_day_is_seen_at_its_end() {
    let text = "2026-11-23";
    let at = values::time(text, Tz::Asia__Shanghai).unwrap();
    assert_eq!(at_end_of_day(text, at).to_rfc3339(), "2026-11-23T15:59:59+00:00");
    assert_eq!(at_end_of_day("2026-11-23 00:00:01", at), at);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn no_text_in_a_cell_makes_reading_panic(cells in proptest::collection::vec("\\PC{0,20}", 15)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xlsx");
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (place, column) in WorksheetColumn::ALL.iter().enumerate() {
            sheet.write_string(0, place as u16, column.zh()).unwrap();
            sheet.write_string(1, place as u16, &cells[place]).unwrap();
        }
        book.save(&path).unwrap();
        let _ = read_worksheet(&path, Tz::Asia__Shanghai);
    }
}
