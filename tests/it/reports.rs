//! Six documents from one dataset whose figures are the database's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use calamine::{Data, Reader as _, open_workbook_auto};
use xuncha::domain::Lang;
use xuncha::domain::account::Platform;
use xuncha::domain::bulletin::AccountResult;
use xuncha::domain::rule::Class;
use xuncha::ledger;
use xuncha::reports::{read_dataset, write_all, write_year};

use crate::world::both::on_both;
use crate::world::cli::Cli;
use crate::world::db::Database;
use crate::world::{district, fetcher, findings, inspect, issues, office, round};

on_both! {
    /// Every document is written, and every number agrees with what the tables hold.
    async fn the_documents_say_what_the_database_says(db) {
        let office = office(db, "2026-11-23 09:00").await;
        district(&office).await;
        inspect(&office, &fetcher(), "2026Q4").await;
        let dataset = ledger::dataset(&office, round("2026Q4")).await.unwrap();
        let out = db.folder.path().join("reports");
        let names: BTreeSet<_> = write_all(&dataset, &out)
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        let wanted =
            ["ledger.xlsx", "issues.xlsx", "bulletin.docx", "report.html", "certificate.html", "dataset.json"];
        assert_eq!(names, wanted.map(str::to_owned).into());
        for name in wanted {
            assert!(std::fs::metadata(out.join(name)).unwrap().len() > 500, "{name}");
        }
        assert_eq!(std::fs::read_dir(&out).unwrap().count(), 6, "nothing half-written lies about");
        assert_eq!(read_dataset(&out.join("dataset.json")).unwrap(), dataset);

        let members = db.number("SELECT COUNT(*) FROM member").await;
        let issues = issues(&office).await;
        let json: serde_json::Value =
            serde_json::from_slice(&std::fs::read(out.join("dataset.json")).unwrap()).unwrap();
        let frame = db.number("SELECT COUNT(*) FROM frame").await;
        assert_eq!(json["accounts"].as_array().unwrap().len() as i64, frame);
        let drawn = json["accounts"].as_array().unwrap().iter().filter(|row| !row["member"].is_null()).count();
        assert_eq!(drawn as i64, members);
        assert_eq!(json["issues"].as_array().unwrap().len(), issues.len());
        let verdicts: usize = json["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["member"]["verdicts"].as_array().map_or(0, Vec::len))
            .sum();
        assert_eq!(verdicts, findings(&office, "2026Q4", None).await.len());

        // The workbooks open, and hold a row for each issue and each member.
        let rows = |name: &str| -> Vec<Vec<String>> {
            let mut book = open_workbook_auto(out.join(name)).unwrap();
            let sheets = book.sheet_names();
            let cells = |row: &[Data]| row.iter().map(ToString::to_string).collect::<Vec<_>>();
            sheets.iter().flat_map(|s| book.worksheet_range(s).unwrap().rows().map(cells).collect::<Vec<_>>()).collect()
        };
        let listed = rows("issues.xlsx");
        for issue in &issues {
            let there = listed.iter().any(|row| row.iter().any(|cell| cell.contains(&issue.account)));
            assert!(there, "{} is not in issues.xlsx", issue.account);
        }
        let ledger = rows("ledger.xlsx");
        for row in json["accounts"].as_array().unwrap().iter().filter(|row| !row["member"].is_null()) {
            let id = row["account_id"].as_str().unwrap();
            assert!(ledger.iter().any(|cells| cells.iter().any(|cell| cell == id)), "{id} is not in ledger.xlsx");
        }
        // Personal data stays in the registry.
        let page = std::fs::read_to_string(out.join("report.html")).unwrap();
        assert!(!page.contains("虚构内线") && !page.contains("http://") || !page.contains("<script src"), "self-contained");
        assert!(!std::fs::read_to_string(out.join("dataset.json")).unwrap().contains("虚构内线"));
        // Written again, the same bytes.
        let before = std::fs::read(out.join("ledger.xlsx")).unwrap();
        write_all(&dataset, &out).unwrap();
        assert_eq!(std::fs::read(out.join("ledger.xlsx")).unwrap(), before);
    }
}

/// Every sheet of a workbook as text, by name.
fn sheets(path: &Path) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut book = open_workbook_auto(path).unwrap();
    let cells = |row: &[Data]| row.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut all = BTreeMap::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).unwrap();
        all.insert(name, range.rows().map(cells).collect());
    }
    all
}

/// How often a word stands in the column of that heading.
fn count(rows: &[Vec<String>], heading: &str, word: &str) -> u64 {
    let place = rows[0].iter().position(|cell| cell == heading).unwrap_or_else(|| panic!("{heading}: {:?}", rows[0]));
    rows[1..].iter().filter(|row| row[place] == word).count() as u64
}

/// The file alone makes every document again; what was changed in it, and what it does not have, is refused.
#[tokio::test]
async fn a_dataset_alone_makes_every_document_again_and_explains_itself() {
    let db = Database::sqlite();
    let office = office(&db, "2026-11-23 09:00").await;
    district(&office).await;
    inspect(&office, &fetcher(), "2026Q4").await;
    let dataset = ledger::dataset(&office, round("2026Q4")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("first");
    write_all(&dataset, &out).unwrap();

    // No database, no settings.
    let cli = Cli::bare(folder.path());
    assert_eq!(cli.run(&["report", "--from", "first/dataset.json", "--out", "again"]).code, 0);
    for file in std::fs::read_dir(&out).unwrap() {
        let name = file.unwrap().file_name();
        let (one, two) = (std::fs::read(out.join(&name)), std::fs::read(cli.path("again").join(&name)));
        assert!(one.unwrap() == two.unwrap(), "{name:?}");
    }
    cli.run(&["report", "2026Q3", "--from", "first/dataset.json", "--out", "no"]).refused(2, &["2026Q4", "2026Q3"]);

    // The workbooks, read by another program, say what the dataset says; in both languages.
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("dataset.json")).unwrap()).unwrap();
    let figure = |name: &str| json["figures"][name]["numerator"].as_u64().unwrap_or_else(|| panic!("{name}"));
    assert_eq!(cli.run(&["report", "--from", "first/dataset.json", "--out", "en", "--lang", "en"]).code, 0);
    for (folder, lang) in [("first", Lang::Zh), ("en", Lang::En)] {
        let pick = |zh: &'static str, en: &'static str| if lang == Lang::Zh { zh } else { en };
        let ledger = sheets(&cli.path(folder).join("ledger.xlsx"));
        let rows = &ledger[pick("监管台账", "Ledger")];
        for result in AccountResult::ALL {
            let listed = count(rows, pick("结果", "Result"), result.name(lang));
            assert_eq!(listed, figure(&format!("total.{result}")), "{result}");
        }
        let summary = &ledger[pick("汇总", "Summary")];
        for line in json["breakdowns"]["platform"].as_array().unwrap() {
            let name = Platform::parse(line["key"].as_str().unwrap()).unwrap().name(lang);
            let cells = summary.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("{name}"));
            for (place, column) in ["frame", "drawn", "judged", "qualified", "problem", "failed"].iter().enumerate() {
                assert_eq!(cells[place + 1], line[column].to_string(), "{name} {column}");
            }
        }
        let issues = sheets(&cli.path(folder).join("issues.xlsx"));
        let rows = &issues[pick("问题清单", "Issues")];
        for class in Class::ALL {
            let listed = count(rows, pick("性质", "Class"), class.name(lang));
            assert_eq!(listed, figure(&format!("issues.class.{class}")), "{class}");
        }
        let evidence = &issues[pick("证据", "Evidence")];
        assert_eq!(evidence.len(), rows.len());
        if lang == Lang::En {
            let headings = rows[0].iter().chain(&ledger["Ledger"][0]).chain(&ledger["Summary"][0]);
            assert!(headings.into_iter().all(|heading| heading.is_ascii()), "{:?}", rows[0]);
        }
    }

    // Every figure names its rows, in JSON with numerator and denominator.
    let all = cli.json(&["explain", "2026Q4", "--from", "first/dataset.json"]);
    assert_eq!(all.as_array().unwrap().len(), json["figures"].as_object().unwrap().len());
    let rate = cli.json(&["explain", "--from", "first/dataset.json", "total.pass_rate"]);
    let rows = rate["rows"].as_array().unwrap();
    assert_eq!(rows.len() as u64, rate["denominator"].as_u64().unwrap());
    let counted = rows.iter().filter(|row| row["counted"] == true).count() as u64;
    assert_eq!(
        (counted, rate["value"].clone()),
        (figure("total.pass_rate"), json["figures"]["total.pass_rate"]["value"].clone())
    );
    cli.run(&["explain", "--from", "first/dataset.json", "total.passrate"])
        .refused(2, &["total.passrate", "total.pass_rate"]);
    cli.run(&["explain", "nothing"]).refused(2, &["nothing"]);

    // Tampered with, of another version, or no dataset: one sentence, and no file.
    let text = serde_json::to_string(&json).unwrap();
    let mut changed = json.clone();
    let id = changed["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    changed["accounts"][0]["result"] =
        if json["accounts"][0]["result"] == "failed" { "qualified" } else { "failed" }.into();
    cli.file("changed.json", changed.to_string());
    cli.file("later.json", text.replace("xuncha-dataset/1", "xuncha-dataset/2"));
    cli.file("minor.json", text.replace("xuncha-dataset/1", "xuncha-dataset/1.7"));
    cli.file("other.json", r#"{"format":"xuncha-dataset/9","rows":[]}"#);
    cli.file("none.json", "[1, 2");
    let refused = |file: &str, words: &[&str]| {
        cli.run(&["report", "--from", file, "--out", "no"]).refused(1, words);
        assert!(!cli.path("no").exists(), "{file}");
    };
    refused("changed.json", &[&id, "result"]);
    refused("later.json", &["xuncha-dataset/2", "xuncha-dataset/1"]);
    refused("other.json", &["xuncha-dataset/9"]);
    refused("none.json", &["none.json", "dataset.json"]);
    refused("absent.json", &["absent.json"]);
    assert_eq!(cli.run(&["report", "--from", "minor.json", "--out", "minor"]).code, 0);
}

/// The year's file alone makes its documents again and explains its figures; what was changed in it is refused.
#[tokio::test]
async fn a_year_alone_makes_its_documents_again_and_explains_itself() {
    let db = Database::sqlite();
    let office = office(&db, "2026-11-23 09:00").await;
    district(&office).await;
    inspect(&office, &fetcher(), "2026Q4").await;
    let year = ledger::year(&office, 2026, 1000).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = write_year(&year, &folder.path().join("year"), Lang::Zh, false).unwrap();

    let cli = Cli::bare(folder.path());
    assert_eq!(cli.run(&["report", "2026", "--from", "year/annual.json", "--out", "again"]).code, 0);
    for file in &files {
        let again = cli.path("again").join(file.file_name().unwrap());
        assert!(std::fs::read(file).unwrap() == std::fs::read(&again).unwrap(), "{}", again.display());
    }
    cli.run(&["report", "2025", "--from", "year/annual.json", "--out", "no"]).refused(2, &["2026", "2025"]);
    cli.run(&["report", "2026Q4", "--from", "year/annual.json", "--out", "no"]).refused(2, &["2026", "2026Q4"]);

    let all = cli.json(&["explain", "2026", "--from", "year/annual.json"]);
    let figures = year.figures();
    assert_eq!(all.as_array().unwrap().len(), figures.len());
    for name in ["total.accounts", "total.looks", "total.problems", "round.2026Q4.drawn"] {
        let explained = cli.json(&["explain", "--from", "year/annual.json", name]);
        assert!(figures[name].numerator > 0, "{name}");
        assert_eq!(explained["rows"].as_array().unwrap().len(), figures[name].numerator, "{name}");
    }
    cli.run(&["explain", "2026", "total.look", "--from", "year/annual.json"])
        .refused(2, &["total.look", "total.looks"]);

    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&files[2]).unwrap()).unwrap();
    let mut changed = json.clone();
    changed["total"]["looks"] = (json["total"]["looks"].as_u64().unwrap() + 1).into();
    cli.file("changed.json", changed.to_string());
    cli.run(&["report", "--from", "changed.json", "--out", "no"]).refused(1, &["total.looks", "受检个次", "账号"]);
    cli.file("later.json", json.to_string().replace("xuncha-annual/1", "xuncha-annual/2"));
    cli.run(&["report", "--from", "later.json", "--out", "no"]).refused(1, &["xuncha-annual/2", "xuncha-annual/1"]);
    assert!(!cli.path("no").exists());
}
