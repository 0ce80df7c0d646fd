//! Six documents from one dataset whose figures are the database's.

use std::collections::BTreeSet;

use calamine::{Data, Reader as _, open_workbook_auto};
use xuncha::ledger;
use xuncha::reports::{read_dataset, write_all};

use crate::world::both::on_both;
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
