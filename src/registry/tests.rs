//! Whole files in, values and problems out.

use std::path::{Path, PathBuf};
use std::time::Instant;

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use tempfile::TempDir;

use super::*;
use crate::domain::Lang;
use crate::domain::account::{Account, AccountId, AccountStatus, Personal, Platform, SourceKind, UnitTier};
use crate::registry::table::FileErrorKind;

/// A complete, plainly fictitious account.
pub(super) fn account(id: &str, name: &str) -> Account {
    Account {
        account_id: AccountId::new(id),
        name: name.to_owned(),
        platform: Platform::Wechat,
        unit: "云溪区政府办公室".to_owned(),
        unit_tier: Some(UnitTier::Department),
        supervising_unit: Some("云溪区网络理政办".to_owned()),
        represents_government: false,
        status: AccountStatus::Running,
        filing_no: Some("云备2026001".to_owned()),
        opened_on: "2020-03-01".parse().ok(),
        followers: Some(1200),
        certified_subject: Some("云溪区政府办公室".to_owned()),
        admin: Some(Personal::new("张示例")),
        admin_contact: Some(Personal::new("000-0000001")),
        source: Some(SourceKind::Feed),
        source_url: Some("https://feeds.example/yx".to_owned()),
        source_options: serde_json::Map::new(),
        service_links: vec!["https://yunxi.example/ban".to_owned()],
        extra: std::collections::BTreeMap::new(),
    }
}

pub(super) struct Folder(pub(super) TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn workbook(&self, name: &str, fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> PathBuf {
        let path = self.0.path().join(name);
        let mut workbook = Workbook::new();
        fill(workbook.add_worksheet());
        workbook.save(&path).unwrap();
        path
    }
}

pub(super) fn texts<T>(sheet: &Sheet<T>, lang: Lang) -> Vec<String> {
    sheet.problems.iter().map(|p| Problem { file: PathBuf::from("f"), ..p.clone() }.text(lang)).collect()
}

const HEADINGS: &str = "账号编号,账号名称,平台,主办单位";

#[test]
fn the_example_files_are_clean() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("accounts");
    let accounts = read_accounts(&folder.join("registry.example.csv")).unwrap();
    assert_eq!(texts(&accounts, Lang::Zh), Vec::<String>::new());
    assert_eq!(accounts.rows.len(), 12);
    let reviews = read_reviews(&folder.join("reviews.example.csv"), chrono_tz::Asia::Shanghai).unwrap();
    assert_eq!(texts(&reviews, Lang::Zh), Vec::<String>::new());
    for (_, record) in &reviews.rows {
        assert!(accounts.rows.iter().any(|(_, account)| account.account_id == record.account_id), "{record:?}");
    }
}

#[test]
fn headings_may_be_english_or_chinese_in_any_order_under_a_title() {
    let folder = Folder::new();
    let text = "云溪区政务新媒体基本信息库,,,,\n\nunit,*账号编号, 平  台 ,name,备注\n云溪区民政局,A1,公众号,云溪民政,\"第一行\n第二行\"\n";
    let sheet = read_accounts(&folder.file("a.csv", text)).unwrap();
    assert_eq!(texts(&sheet, Lang::Zh), Vec::<String>::new());
    let (line, account) = &sheet.rows[0];
    assert_eq!((*line, account.platform, account.status), (4, Platform::Wechat, AccountStatus::Running));
    assert_eq!(account.extra["备注"], "第一行\n第二行");
}

#[test]
fn an_option_that_the_adapter_does_not_know_is_a_problem_of_its_row() {
    let folder = Folder::new();
    let text = "账号编号,账号名称,平台,主办单位,采集方式,采集地址,采集参数\n\
                A1,甲,网站,区府办,html,https://a.example/,\"{\"\"itm\"\":\"\"li\"\"}\"\n\
                A2,乙,网站,区府办,html,https://a.example/,\"{\"\"item\"\":5}\"\n\
                A3,丙,网站,区府办,site,https://a.example/,\"{\"\"columns\"\":\"\"x\"\"}\"\n\
                A4,丁,网站,区府办,html,https://a.example/,\"{\"\"item\"\":\"\"li\"\"}\"\n";
    let sheet = read_accounts(&folder.file("a.csv", text)).unwrap();
    let found = texts(&sheet, Lang::Zh);
    assert_eq!((sheet.rows.len(), found.len()), (1, 3), "{found:?}");
    assert_eq!(
        found[0],
        "f: 第 2 行“采集参数”：“{\"itm\":\"li\"}”有误：html 没有参数“itm”，可用：item、title、link、date、date_attr"
    );
    assert!(found[1].starts_with("f: 第 3 行“采集参数”") && found[2].starts_with("f: 第 4 行“采集参数”"), "{found:?}");
}

#[test]
fn every_problem_of_every_row_is_named() {
    let folder = Folder::new();
    let text = "account_id,name,platform,unit,unit_tier,status,opened_on,represents_government,followers,source,source_url,\
                source_options,service_links,admin_contact\n\
                A1,云溪发布,微信,区府办,,,,,,,,,,\n\
                A1,,人人网,区府办,村,停,2026-02-30,也许,许多,猫,a.example,[1],https://a.example/ ftp://b,13\u{200b}8\n";
    let sheet = read_accounts(&folder.file("a.csv", text)).unwrap();
    assert_eq!(sheet.rows.len(), 1);
    assert_eq!(
        texts(&sheet, Lang::Zh),
        [
            "f: 第 3 行“name”不能为空，请填写（合并的单元格请先拆分）",
            "f: 第 3 行“platform”：“人人网”无法识别，请填写：微信公众号、视频号、微博、抖音、快手、今日头条、哔哩哔哩、小红书、移动客户端、小程序、网站、其他",
            "f: 第 3 行“unit_tier”：“村”无法识别，请填写：政府、部门、镇街、事业单位",
            "f: 第 3 行“represents_government”：“也许”应为“是”或“否”",
            "f: 第 3 行“status”：“停”无法识别，请填写：正常运行、拟开设、关停中、已注销",
            "f: 第 3 行“opened_on”：“2026-02-30”无法识别为真实存在的日期，请写作 2026-11-20",
            "f: 第 3 行“followers”：“许多”应为非负整数，如 12000",
            "f: 第 3 行“admin_contact”：“***”含有换行或不可见字符，请删除后重新填写（也可能是引号没有闭合）",
            "f: 第 3 行“source”：“猫”无法识别，请填写：订阅源、网页列表、微博接口、微信接口、抖音接口、快手接口、哔哩哔哩接口、头条接口、应用商店、网站巡检、人工查看",
            "f: 第 3 行“source_url”：“a.example”不是完整的网址，应以 http:// 或 https:// 开头",
            "f: 第 3 行“source_options”：“[1]”应为 JSON 对象，如 {\"item\": \"li.news\"}",
            "f: 第 3 行“service_links”：“https://a.example/ ftp://b”不是完整的网址，应以 http:// 或 https:// 开头",
            "f: 第 3 行“account_id”：“A1”与第 2 行重复，编号必须唯一，请修改或删除其中一行",
        ]
    );
    assert!(texts(&sheet, Lang::En)[5].ends_with("`2026-02-30` cannot be read as a real date; write it as 2026-11-20"));
}

#[test]
fn missing_and_double_headings_stop_the_file() {
    let folder = Folder::new();
    let sheet = read_accounts(&folder.file("a.csv", "账号编号,name,账号名称,备注,备注\nA1,a,b,,\n")).unwrap();
    assert!(sheet.rows.is_empty());
    let kinds: Vec<_> = sheet.problems.iter().map(|p| (p.column.as_str(), p.kind.clone())).collect();
    assert_eq!(
        kinds,
        [
            ("账号名称", ProblemKind::DuplicateHeading),
            ("备注", ProblemKind::DuplicateHeading),
            (
                "",
                ProblemKind::MissingHeadings {
                    missing: vec![vec!["平台"], vec!["主办单位"]],
                    found: ["账号编号", "name", "账号名称", "备注", "备注"].map(str::to_owned).into(),
                    looks_like: None,
                }
            ),
        ]
    );
    let sheet = read_accounts(&folder.file("b.csv", "some,other,file\n1,2,3\n")).unwrap();
    assert_eq!(
        texts(&sheet, Lang::Zh),
        [
            "f: 第 1 行表头缺少：账号编号、账号名称、平台、主办单位；现有：some、other、file。请补上所缺的列，或核对是否选错了文件"
        ]
    );
}

#[test]
fn a_file_of_another_kind_is_told_by_its_headings() {
    let folder = Folder::new();
    let reviews = |name: &str, text: &str| {
        texts(&read_reviews(&folder.file(name, text), chrono_tz::Asia::Shanghai).unwrap(), Lang::Zh)
    };
    let stages = "账号编号、文章链接或标题、初审人等";
    assert_eq!(
        reviews("r.csv", "账号编号,文章网址,文章标题,初审\nA1,https://a.example/1,甲,李示例\n"),
        [
            "f: 第 1 行“文章网址”不是规定的列名，是否应为“文章链接”？请改正列名".to_owned(),
            "f: 第 1 行“文章标题”不是规定的列名，是否应为“标题”？请改正列名".to_owned(),
            "f: 第 1 行“初审”不是规定的列名，是否应为“初审人”？请改正列名".to_owned(),
            format!(
                "f: 第 1 行表头缺少：{}；现有：账号编号、文章网址、文章标题、初审。请补上所缺的列，或核对是否选错了文件",
                stages.replace("账号编号、", "")
            ),
        ]
    );
    let registry = reviews("a.csv", &format!("{HEADINGS},服务链接\nA1,云溪发布,微博,云溪区政府办公室,\n"));
    assert_eq!(registry.len(), 1, "{registry:?}");
    assert!(registry[0].ends_with("这像是基本信息库，请用 xuncha accounts import 导入"), "{registry:?}");
    let worksheet = reviews("w.csv", "2026Q4人工核查表,,,,\n批次,账号编号,项目,结论,说明\n2026Q4,A1,互动回应,合规,\n");
    assert!(
        worksheet[0].starts_with("f: 第 2 行表头缺少：文章链接或标题、初审人等；现有：批次、账号编号、"),
        "{worksheet:?}"
    );
    assert!(worksheet[0].ends_with("请用 xuncha round record 导入"), "{worksheet:?}");
    let data = reviews("d.csv", "A1,https://a.example/1,张示例,13800000000,2026-11-20\n");
    assert!(!data[0].contains("13800000000") && data[0].contains(stages), "{data:?}");
}

#[test]
fn a_heading_that_only_looks_like_a_stage_stops_the_file_and_others_are_named() {
    let folder = Folder::new();
    let read = |text: &str| read_reviews(&folder.file("r.csv", text), chrono_tz::Asia::Shanghai).unwrap();
    let head = "账号编号,标题,初审人,初审时间,复审人,复审时间,终审人";
    let sheet = read(&format!("{head},终审日期\nA1,甲,李示例,2026-11-20,王示例,2026-11-20,赵示例,2026-11-20\n"));
    assert_eq!(texts(&sheet, Lang::Zh), ["f: 第 1 行“终审日期”不是规定的列名，是否应为“终审时间”？请改正列名"]);
    let sheet = read(&format!(
        "{head},终审时间,终审意见,序号\nA1,甲,李示例,2026-11-20,王示例,2026-11-20,赵示例,2026-11-20,同意,1\n"
    ));
    assert_eq!((sheet.rows.len(), sheet.is_clean()), (1, true), "{:?}", sheet.problems);
    let file = Path::new("r.csv");
    assert_eq!(
        reviews::heading_warnings(&sheet.headings, file, Lang::Zh),
        ["r.csv：这些列无法识别，其内容未导入：终审意见、序号"]
    );
    let sheet = read("账号编号,标题,初审人,初审时间\nA1,甲,李示例,2026-11-20\n");
    let said = reviews::heading_warnings(&sheet.headings, file, Lang::Zh);
    assert!(said.len() == 1 && said[0].contains("复审人、复审时间、终审人、终审时间"), "{said:?}");
}

#[test]
fn gb18030_and_utf16_files_are_read() {
    let folder = Folder::new();
    let text = format!("{HEADINGS}\nA1,云溪发布𠀀,微博,云溪区政府办公室\n");
    let (bytes, _, lossy) = encoding_rs::GB18030.encode(&text);
    assert!(!lossy);
    let mut utf16 = vec![0xFF, 0xFE];
    utf16.extend(text.replace(',', "\t").encode_utf16().flat_map(u16::to_le_bytes));
    for (name, bytes) in [("gb.csv", bytes.into_owned()), ("u.txt", utf16), ("b.csv", format!("\u{feff}{text}").into())]
    {
        let sheet = read_accounts(&folder.file(name, bytes)).unwrap();
        assert_eq!(sheet.rows[0].1.name, "云溪发布𠀀", "{name}");
    }
}

#[test]
fn a_file_that_is_no_text_names_the_byte_and_the_line() {
    let folder = Folder::new();
    let mut bytes = format!("{HEADINGS}\nA1,").into_bytes();
    let offset = bytes.len() as u64;
    bytes.extend([0xFF, 0xFF, 0xFF, b'\n']);
    let error = read_accounts(&folder.file("a.csv", bytes)).unwrap_err();
    assert!(matches!(error.kind, FileErrorKind::NotText { offset: at, line: 2 } if at == offset), "{error:?}");
    assert!(error.text(Lang::Zh).contains("第 2 行"));
}

#[test]
fn files_of_the_wrong_kind_say_what_they_are() {
    let folder = Folder::new();
    let kind = |name: &str, bytes: &[u8]| read_accounts(&folder.file(name, bytes)).unwrap_err().kind;
    assert!(matches!(kind("a.xlsx", b"account_id,name\n"), FileErrorKind::NotWorkbook(_)));
    assert!(matches!(kind("a.xlsx", b"PK\x03\x04junk"), FileErrorKind::NotWorkbook(_)));
    assert!(matches!(kind("a.csv", b"PK\x03\x04junk"), FileErrorKind::WorkbookByOtherName));
    assert!(matches!(kind("a.xls", b"\xD0\xCF\x11\xE0\xA1\xB1"), FileErrorKind::OldExcel));
    assert!(matches!(kind("a.csv", b""), FileErrorKind::Empty));
    assert!(matches!(kind("a.csv", b"\n , \n"), FileErrorKind::Empty));
    assert!(matches!(read_accounts(Path::new("/nowhere.csv")).unwrap_err().kind, FileErrorKind::Io(_)));
    assert!(matches!(read_accounts(folder.0.path()).unwrap_err().kind, FileErrorKind::TooLarge));
}

#[test]
fn an_unclosed_quote_is_not_swallowed() {
    let folder = Folder::new();
    let text = format!("{HEADINGS},备注\nA1,甲,微博,乙,\"没有闭合\nA2,丙,微博,丁,\nA3,戊,微博,己,\n");
    let error = read_accounts(&folder.file("a.csv", text)).unwrap_err();
    assert!(matches!(error.kind, FileErrorKind::UnclosedQuote(2)), "{error:?}");
}

#[test]
fn lines_are_those_an_editor_shows() {
    let folder = Folder::new();
    let row = |id: &str, note: &str| format!("{id},甲,微博,乙,{note}");
    for end in ["\n", "\r\n"] {
        let lines = [
            &format!("{HEADINGS},备注"),
            &row("A1", ""),
            "",
            "",
            &row("A2", &format!("\"一{end}{end}二\"")),
            &row("A3", ""),
            "",
            &row("A4", ""),
        ];
        let sheet = read_accounts(&folder.file("a.csv", lines.join(end))).unwrap();
        assert_eq!(sheet.rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 5, 8, 10], "{end:?}");
    }
}

#[test]
fn a_comma_too_many_and_an_overlong_cell_are_problems_of_their_row() {
    let folder = Folder::new();
    let long = "长".repeat(table::LONGEST_CELL);
    let text = format!("{HEADINGS}\nA1,甲,微博,乙,丙\nA2,{long},微博,乙\nA3,{},微博,乙\n", "名".repeat(201));
    let sheet = read_accounts(&folder.file("a.csv", text)).unwrap();
    let kinds: Vec<_> = sheet.problems.iter().map(|p| (p.line, p.kind.clone())).collect();
    let expected =
        [(2, ProblemKind::NoHeading), (3, ProblemKind::TooLong(table::LONGEST_CELL)), (4, ProblemKind::TooLong(200))];
    assert_eq!(kinds, expected);
}

#[test]
fn a_workbook_is_read_as_a_person_sees_it() {
    let folder = Folder::new();
    let path = folder.workbook("a.xlsx", |sheet| {
        for (column, heading) in
            (0..).zip(["账号编号", "账号名称", "平台", "主办单位", "开设日期", "粉丝数", "代表主体"])
        {
            sheet.write_string(1, column, heading).unwrap();
        }
        sheet.write_string(0, 0, "基本信息库").unwrap();
        sheet.write_number(2, 0, 1001).unwrap();
        sheet.write_string(2, 1, "云溪发布").unwrap();
        sheet.write_string(2, 2, "微博").unwrap();
        sheet.write_string(2, 3, "云溪区政府办公室").unwrap();
        let date = Format::new().set_num_format("yyyy/m/d");
        sheet.write_datetime_with_format(2, 4, ExcelDateTime::from_ymd(2020, 3, 1).unwrap(), &date).unwrap();
        sheet.write_number(2, 5, 12345).unwrap();
        sheet.write_boolean(2, 6, true).unwrap();
        sheet.write_number(3, 0, 123_456_789_012_345_680.0).unwrap();
        sheet.write_string(3, 1, "甲").unwrap();
        sheet.write_string(3, 2, "微博").unwrap();
        sheet.write_formula(3, 3, Formula::new("=A1").set_result("乙")).unwrap();
    });
    let sheet = read_accounts(&path).unwrap();
    let (line, account) = &sheet.rows[0];
    assert_eq!((*line, account.account_id.as_str(), account.followers), (3, "1001", Some(12345)));
    assert_eq!(account.opened_on, "2020-03-01".parse().ok());
    assert!(account.represents_government);
    let kinds: Vec<_> = sheet.problems.iter().map(|p| (p.line, p.kind.clone())).collect();
    let (id, unit) = (ProblemKind::LostDigits("A4".to_owned()), ProblemKind::Formula("D4".to_owned()));
    assert_eq!(kinds, [(4, id), (4, unit)]);
}

#[test]
fn a_workbook_that_lies_about_its_size_is_refused() {
    use std::io::{Read, Write};
    let folder = Folder::new();
    let path = folder.0.path().join("a.xlsx");
    write_accounts(&path, &[account("A1", "云溪发布")]).unwrap();
    let with = |row: &str| {
        let mut original = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
        let mut changed = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for index in 0..original.len() {
            let mut entry = original.by_index(index).unwrap();
            let name = entry.name().unwrap().into_owned();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            changed.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            changed.write_all(text.replace("</sheetData>", &format!("{row}</sheetData>")).as_bytes()).unwrap();
        }
        read_accounts(&folder.file("b.xlsx", changed.finish().unwrap().into_inner())).map_err(|error| error.kind)
    };
    let cell = |at: &str, text: &str| format!("<row><c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c></row>");
    assert!(with("").unwrap().is_clean());
    assert!(matches!(with(&cell("A9", &"a".repeat(2 << 20))), Err(FileErrorKind::Bomb)));
    assert!(matches!(with(&cell("A4000000000", "a")), Err(FileErrorKind::TooManyRows(_))));
    assert!(matches!(with(&cell("XFD9", "a")), Err(FileErrorKind::TooManyColumns(9))));
    let _ = with(&cell("ZZZZZZZZZ9", "a")); // the workbook reader overflows on this in debug builds
    assert!(matches!(with(&cell("A1", "a")), Err(FileErrorKind::NotWorkbook(_))), "rows out of order");
}

#[test]
fn an_id_may_stand_in_one_file_of_an_import_only() {
    let folder = Folder::new();
    let one = folder.file("one.csv", format!("{HEADINGS}\nA1,甲,微博,乙\n"));
    let two = folder.file("two.csv", format!("{HEADINGS}\nA2,甲,微博,乙\nA1,甲,微博,乙\n"));
    let sheets = read_all_accounts(&[one.clone(), two]).unwrap();
    assert_eq!((sheets[0].rows.len(), sheets[1].rows.len()), (1, 1));
    assert_eq!(sheets[1].problems[0].kind, ProblemKind::DuplicateId { first: 2, file: Some(one) });
    assert!(sheets[1].problems[0].text(Lang::En).contains("one.csv line 2 already"));
}

#[test]
fn copied_text_may_hold_invisible_characters_where_nothing_depends_on_it() {
    let folder = Folder::new();
    let text = format!("{HEADINGS},简介\nA1,甲,微博,乙,零宽\u{200b}字符\nA2,甲\u{200b},微博,乙,\n");
    let sheet = read_accounts(&folder.file("a.csv", text)).unwrap();
    assert_eq!((sheet.rows.len(), &sheet.problems[0].kind), (1, &ProblemKind::Control));
}

#[test]
fn review_times_of_a_workbook_keep_their_minute() {
    let folder = Folder::new();
    let path = folder.workbook("r.xlsx", |sheet| {
        for (column, heading) in (0..).zip(["账号编号", "标题", "初审人", "初审时间"]) {
            sheet.write_string(0, column, heading).unwrap();
        }
        sheet.write_string(1, 0, "A1").unwrap();
        sheet.write_string(1, 1, "通知").unwrap();
        sheet.write_string(1, 2, "李示例").unwrap();
        let format = Format::new().set_num_format("yyyy-mm-dd hh:mm");
        let at = ExcelDateTime::from_ymd(2026, 11, 20).unwrap().and_hms(9, 30, 0).unwrap();
        sheet.write_datetime_with_format(1, 3, at, &format).unwrap();
    });
    let sheet = read_reviews(&path, chrono_tz::Asia::Shanghai).unwrap();
    assert_eq!(sheet.rows[0].1.first.at.unwrap().to_rfc3339(), "2026-11-20T01:30:00+00:00");
}

#[test]
fn a_review_record_needs_a_post_and_hides_its_people() {
    let folder = Folder::new();
    let text = "account_id,post_url,title,first_reviewer,first_at\nA1,,,李示例,2026-11-20 09:30\nA1,https://a.example/1,,李\u{200b}四,9:30\n";
    let sheet = read_reviews(&folder.file("r.csv", text), chrono_tz::Asia::Shanghai).unwrap();
    assert_eq!(
        texts(&sheet, Lang::En),
        [
            "f: line 2, post_url: and the title must not both be empty; fill in one",
            "f: line 3, first_reviewer: `***` contains a line break or an invisible character; remove it (or close an open quotation mark)",
            "f: line 3, first_at: `9:30` cannot be read as a real time; write it as 2026-11-20 09:30",
        ]
    );
}

#[test]
fn templates_are_registries_without_accounts() {
    let folder = Folder::new();
    let accounts = read_accounts(&folder.file("a.csv", template::accounts_csv())).unwrap();
    assert!(accounts.is_clean() && accounts.rows.is_empty());
    let reviews = read_reviews(&folder.file("r.csv", template::reviews_csv()), chrono_tz::UTC).unwrap();
    assert!(reviews.is_clean() && reviews.rows.is_empty());
}

#[test]
fn a_hundred_thousand_rows_are_read_in_reasonable_time() {
    use std::fmt::Write;
    let folder = Folder::new();
    let mut text = format!("{HEADINGS},单位层级,开设日期,服务链接\n");
    for n in 0..100_000 {
        writeln!(text, "A{n},云溪示例{n},微博,第{n}办,部门,2020-01-02,https://a.example/{n}").unwrap();
    }
    let path = folder.file("a.csv", text);
    let start = Instant::now();
    assert_eq!(read_accounts(&path).unwrap().rows.len(), 100_000);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn an_export_leaves_the_old_file_when_it_fails_and_refuses_other_endings() {
    let folder = Folder::new();
    let error = write_accounts(&folder.0.path().join("a.ods"), &[]).unwrap_err();
    assert!(matches!(error, ExportError::UnknownEnding(_)));
    assert!(error.text(Lang::Zh).contains(".xlsx"));
    assert!(write_accounts(&folder.0.path().join("no/such/a.csv"), &[]).is_err());
}

#[test]
fn a_formula_in_a_csv_cell_is_refused_and_its_protected_text_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("accounts.csv");
    let text = "账号编号,账号名称,平台,主办单位\nA1,=1+1,weibo,云溪区教育局\nA2,'=等号开头,weibo,云溪区教育局\n";
    std::fs::write(&path, text).unwrap();
    let sheet = read_accounts(&path).unwrap();
    let ids: Vec<_> = sheet.rows.iter().map(|(_, account)| account.name.as_str()).collect();
    assert_eq!(ids, ["=等号开头"]);
    assert_eq!(
        sheet.problems.iter().map(|p| (p.line, p.kind.clone())).collect::<Vec<_>>(),
        [(2, ProblemKind::Formula("B2".to_owned()))]
    );
}
