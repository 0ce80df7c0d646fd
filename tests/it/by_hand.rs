//! What no machine may see: a worksheet out, what a person saw back in, and what follows from it.

use chrono::{DateTime, FixedOffset, TimeDelta};
use rust_xlsxwriter::Workbook;
use xuncha::checks::by_hand::{RecordError, Recorded, record, tasks, waiting};
use xuncha::checks::rejudge::Rejudge;
use xuncha::domain::account::{Account, Platform, SourceKind};
use xuncha::domain::by_hand::{FilledRow, HandItem, HandLook, HandOrigin, HandTask};
use xuncha::domain::finding::{Finding, Outcome};
use xuncha::domain::issue::IssueStatus;
use xuncha::domain::round::RoundName;
use xuncha::domain::rule::RuleSet;
use xuncha::office::Office;
use xuncha::registry::{WorksheetHead, read_worksheet, write_worksheet};

use crate::world::both::on_both;
use crate::world::cli::Cli;
use crate::world::db::Database;
use crate::world::site::Site;
use crate::world::{
    account, at, eventually, fed, fetcher, findings, inspect, issues, notices, office, register, round,
};

const UNIT: &str = "云溪区水务局";

fn by_hand(id: &str) -> Account {
    Account {
        source: Some(SourceKind::Manual),
        source_url: Some(format!("https://www.douyin.com/user/{id}")),
        platform: Platform::Douyin,
        ..account(id, UNIT)
    }
}

fn app(id: &str) -> Account {
    Account { platform: Platform::App, ..by_hand(id) }
}

fn shown(local: &str) -> DateTime<FixedOffset> {
    at(local).with_timezone(&chrono_tz::Asia::Shanghai).fixed_offset()
}

/// An answer as an inspector writes it.
fn look(task: &HandTask, office: &Office) -> HandLook {
    HandLook {
        account_id: task.account_id.clone(),
        item: task.item,
        newest_at: None,
        day_only: false,
        content_url: None,
        verdict: None,
        note: String::new(),
        checked_by: "虚构检查员".to_owned(),
        checked_at: office.now(),
        origin: HandOrigin::Inspector,
    }
}

async fn asked(office: &Office, name: &str) -> Vec<HandTask> {
    let round = office.store.read().await.unwrap().require_round(round(name)).await.unwrap();
    tasks(office, &round).await.unwrap()
}

async fn still_waiting(office: &Office, name: &str) -> usize {
    let round = office.store.read().await.unwrap().require_round(round(name)).await.unwrap();
    waiting(office, &round).await.unwrap()
}

/// Writes the worksheet with these answers, reads it back and records it.
async fn hand_in(
    office: &Office,
    db: &Database,
    name: &str,
    answer: impl Fn(&HandTask) -> Option<HandLook>,
) -> Result<Recorded, RecordError> {
    let name: RoundName = round(name);
    let mut rows = asked(office, &name.to_string()).await;
    for task in &mut rows {
        if let Some(look) = answer(task) {
            task.answer = Some(look);
        }
    }
    let as_of = office.store.read().await.unwrap().require_round(name).await.unwrap().as_of;
    let head = WorksheetHead { round: name, as_of, zone: office.zone(), lang: office.lang() };
    let path = db.folder.path().join("核查表.xlsx");
    write_worksheet(&path, head, &rows).unwrap();
    let read = read_worksheet(&path, office.zone()).unwrap();
    assert_eq!(read.sheet.problems, []);
    record(office, name, &read.place, &read.sheet.rows, "cli", false).await
}

async fn of(office: &Office, id: &str, indicator: &str) -> Option<Finding> {
    let all = findings(office, "2026H2", None).await;
    all.into_iter().find(|f| f.account_id.as_str() == id && f.indicator.key() == indicator)
}

on_both! {
    /// The rule counts from what the person saw; before the round is judged its own finish opens the issue.
    async fn what_a_person_saw_is_judged_by_the_rule_with_the_round(db) {
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[by_hand("A1"), by_hand("A2"), by_hand("A3"), account("A4", UNIT)]).await;
        xuncha::sampling::open(&office, round("2026H2"), &xuncha::sampling::Wishes::default()).await.unwrap();
        let rows = asked(&office, "2026H2").await;
        assert_eq!(rows.iter().filter(|task| task.item == HandItem::Update).count(), 4);
        assert_eq!(rows.iter().filter(|task| task.item == HandItem::Interaction).count(), 4);
        assert_eq!(still_waiting(&office, "2026H2").await, 16);
        let recorded = hand_in(&office, db, "2026H2", |task| {
            let newest = match (task.account_id.as_str(), task.item) {
                ("A1", HandItem::Update) => "2026-11-09 09:00", // exactly 14 × 24 h
                ("A2", HandItem::Update) => "2026-11-09 08:59",
                ("A3", HandItem::Update) => "2026-08-01 08:00",
                _ => return None,
            };
            Some(HandLook { newest_at: Some(shown(newest)), ..look(task, &office) })
        })
        .await
        .unwrap();
        assert_eq!((recorded.recorded, recorded.violations, recorded.notices), (3, 2, 0));
        assert!(issues(&office).await.is_empty(), "the round is not judged yet");
        let ran = inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!(ran.opened.unwrap().opened, 2);
        let verdict = async |id, indicator| of(&office, id, indicator).await.map(|found| found.outcome);
        assert_eq!(verdict("A1", "stale").await, Some(Outcome::Pass));
        assert_eq!(verdict("A2", "stale").await, Some(Outcome::Fail));
        assert_eq!((verdict("A3", "stale").await, verdict("A3", "zombie").await), (None, Some(Outcome::Fail)));
        assert_eq!(verdict("A4", "stale").await, Some(Outcome::Unverified));
        assert_eq!(verdict("A4", "interaction").await, None, "nobody looked: nothing is said");
        let differences = async |rules: &RuleSet| {
            let mut rejudge = Rejudge::begin(&office, round("2026H2"), rules).await.unwrap();
            let mut all = Vec::new();
            while let Some(page) = rejudge.next_page().await.unwrap() {
                all.extend(page.into_iter().map(|difference| difference.account_id.to_string()));
            }
            all
        };
        assert_eq!(differences(&office.rules).await, Vec::<String>::new());
        let mut milder = (*office.rules).clone();
        "milder".clone_into(&mut milder.version);
        milder.silence.stale_days = 20;
        assert_eq!(differences(&milder).await, ["A2"], "what a person saw is judged again too");
        let seen = of(&office, "A2", "stale").await.unwrap();
        assert!(seen.summary.contains("人工查看"), "{}", seen.summary);
        assert_eq!(seen.evidence.url.as_deref(), Some("https://www.douyin.com/user/A2"));
    }

    /// After the round was judged a person's verdict opens its issue late, with its notice; the same
    /// worksheet again changes nothing; a corrected answer takes the issue back.
    async fn a_verdict_that_comes_late_opens_its_issue_with_its_notice(db) {
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[by_hand("A1"), app("A2")]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!((issues(&office).await.len(), still_waiting(&office, "2026H2").await), (0, 9));
        office.clock.advance(TimeDelta::hours(3));
        let answers = |verdict: Outcome| move |task: &HandTask, office: &Office| {
            let look = look(task, office);
            match (task.account_id.as_str(), task.item) {
                ("A1", HandItem::Interaction) => Some(HandLook { verdict: Some(verdict), note: "=留言功能无法打开".into(), ..look }),
                ("A2", HandItem::App) => Some(HandLook { verdict: Some(Outcome::Pass), ..look }),
                ("A2", HandItem::Update) => Some(HandLook { verdict: Some(Outcome::Unverified), note: "须登录".into(), ..look }),
                _ => None,
            }
        };
        let first = answers(Outcome::Fail);
        let now = office.now();
        let recorded = hand_in(&office, db, "2026H2", |task| first(task, &office)).await.unwrap();
        assert_eq!((recorded.recorded, recorded.violations, recorded.notices), (3, 1, 1));
        let opened = issues(&office).await;
        assert_eq!((opened.len(), opened[0].indicator.key(), opened[0].class.key()), (1, "interaction", "veto"));
        assert!(opened[0].summary.contains("=留言功能无法打开"), "text stays text: {}", opened[0].summary);
        assert!(office.store.read().await.unwrap().person_judged(opened[0].id).await.unwrap());
        assert_eq!(of(&office, "A2", "app_unavailable").await.unwrap().outcome, Outcome::Pass);
        let update = of(&office, "A2", "stale").await.unwrap();
        assert_eq!((update.outcome, update.reason.as_str()), (Outcome::Unverified, "by_hand"));
        let (told, events) = (notices(&office).await.len(), db.number("SELECT COUNT(*) FROM event").await);
        let again = hand_in(&office, db, "2026H2", |task| {
            first(task, &office).map(|look| HandLook { checked_at: now, ..look })
        })
        .await
        .unwrap();
        assert_eq!((again.unchanged, again.recorded, again.changed, again.notices), (3, 0, 0, 0));
        assert_eq!((notices(&office).await.len(), db.number("SELECT COUNT(*) FROM event").await), (told, events));
        office.clock.advance(TimeDelta::hours(1));
        let corrected = answers(Outcome::Pass);
        let changed = hand_in(&office, db, "2026H2", |task| {
            corrected(task, &office).filter(|look| look.item == HandItem::Interaction)
        })
        .await
        .unwrap();
        assert_eq!((changed.changed, changed.unchanged), (1, 2));
        assert_eq!(issues(&office).await[0].status, IssueStatus::Dismissed);
        assert_eq!(of(&office, "A1", "interaction").await.unwrap().outcome, Outcome::Pass);
        xuncha::sampling::close(&office, round("2026H2")).await.unwrap();
        let late = hand_in(&office, db, "2026H2", |task| first(task, &office)).await;
        assert!(matches!(late, Err(RecordError::Closed(_))));
    }

    /// What no machine reads is looked through by a person: unjudged until then, and a veto when found.
    async fn a_person_looks_through_what_no_machine_reads(db) {
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[by_hand("A1"), by_hand("A2")]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        for (id, indicator) in [("A1", "expression"), ("A1", "privacy"), ("A2", "expression")] {
            let line = of(&office, id, indicator).await.unwrap();
            assert_eq!((line.outcome, line.reason.as_str()), (Outcome::Unverified, "by_hand"), "{id} {indicator}");
        }
        let answered = |task: &HandTask| {
            let look = look(task, &office);
            let link = Some("https://www.douyin.com/video/1".to_owned());
            match (task.account_id.as_str(), task.item) {
                ("A1", HandItem::Expression) => {
                    let note = "视频字幕把“云溪区”写成“云溪曲”".to_owned();
                    Some(HandLook { verdict: Some(Outcome::Fail), content_url: link, note, ..look })
                }
                ("A1", HandItem::Privacy) => {
                    let note = "名单截图露出身份证号510107199001019995".to_owned();
                    Some(HandLook { verdict: Some(Outcome::Fail), content_url: link, note, ..look })
                }
                ("A2", HandItem::Expression | HandItem::Privacy) => {
                    Some(HandLook { verdict: Some(Outcome::Pass), ..look })
                }
                _ => None,
            }
        };
        let recorded = hand_in(&office, db, "2026H2", answered).await.unwrap();
        assert_eq!((recorded.recorded, recorded.violations), (4, 2));
        assert_eq!(of(&office, "A2", "expression").await.unwrap().outcome, Outcome::Pass);
        assert_eq!(of(&office, "A2", "privacy").await.unwrap().outcome, Outcome::Pass);
        let opened = issues(&office).await;
        let kinds: Vec<_> = opened.iter().map(|i| (i.indicator.key(), i.class.key())).collect();
        assert_eq!(kinds, [("expression", "veto"), ("privacy", "prominent")]);
        assert!(opened[0].summary.starts_with("人工查看发现表述错误：视频字幕"), "{}", opened[0].summary);
        assert_eq!(opened[0].evidence.url.as_deref(), Some("https://www.douyin.com/video/1"));
        assert!(!opened[1].summary.contains("199001019995"), "{}", opened[1].summary);
        for issue in &opened {
            assert!(office.store.read().await.unwrap().person_judged(issue.id).await.unwrap());
        }
        // A patrol asks nobody, and says nothing of it.
        inspect(&office, &fetcher(), "2026-11-23").await;
        let patrol = findings(&office, "2026-11-23", None).await;
        assert!(patrol.iter().all(|f| !["expression", "privacy"].contains(&f.indicator.key())), "{patrol:#?}");
    }

    /// What a person records while a run looks is in the run's verdicts; a verdict that was lost comes
    /// back with the same worksheet.
    async fn what_is_recorded_while_a_run_looks_is_not_forgotten(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let old = [at("2026-08-01 08:00")];
        let feeds = ["/a1", "/a2", "/a3"].map(|path| site.slow_feed(path, &old, std::time::Duration::from_secs(6)));
        let [first, second, third] = feeds;
        register(&office, &[fed("A1", UNIT, first), fed("A2", UNIT, second), fed("A3", UNIT, third)]).await;
        xuncha::sampling::open(&office, round("2026H2"), &xuncha::sampling::Wishes::default()).await.unwrap();
        let running = tokio::spawn({
            let office = office.clone();
            async move {
                use xuncha::checks::run;
                run::run(&office, &fetcher(), round("2026H2"), run::Wishes::default(), |_| {}).await.unwrap()
            }
        });
        let asked_for = || async { ["/a1", "/a2", "/a3"].iter().all(|path| site.asked(path) > 0) };
        eventually("the run looks", std::time::Duration::from_secs(10), asked_for).await;
        let update = |id: &str| HandTask {
            account_id: xuncha::domain::account::AccountId::new(id),
            name: String::new(),
            platform: Platform::Wechat,
            unit: String::new(),
            address: None,
            item: HandItem::Update,
            why: String::new(),
            answer: None,
        };
        let fresh = HandLook { newest_at: Some(shown("2026-11-22 08:00")), ..look(&update("A1"), &office) };
        let fine = HandLook { verdict: Some(Outcome::Pass), note: "置顶为旧文".into(), ..look(&update("A2"), &office) };
        let rows = [fresh, fine].map(|look| (3, FilledRow { round: None, look }));
        let record = async || record(&office, round("2026H2"), "表", &rows, "cli", false).await.unwrap();
        let recorded = record().await;
        assert_eq!((recorded.recorded, recorded.violations), (2, 0));
        assert!(!running.is_finished(), "the looks are still under way");
        assert_eq!(running.await.unwrap().opened.unwrap().opened, 1);
        let verdict = async |id, indicator| of(&office, id, indicator).await.map(|found| found.outcome);
        for id in ["A1", "A2"] {
            assert_eq!((verdict(id, "stale").await, verdict(id, "zombie").await), (Some(Outcome::Pass), None), "{id}");
        }
        assert_eq!(verdict("A3", "zombie").await, Some(Outcome::Fail));
        assert_eq!(record().await.unchanged, 2);
        let mut tx = office.store.write().await.unwrap();
        let stored = tx.require_round(round("2026H2")).await.unwrap();
        tx.clear_findings(stored.id, &[&update("A1").account_id]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(verdict("A1", "stale").await, None);
        let again = record().await;
        assert_eq!((again.unchanged, again.changed), (1, 1));
        assert_eq!(verdict("A1", "stale").await, Some(Outcome::Pass));
        assert_eq!(record().await.unchanged, 2);
    }

    /// A later time corrects an earlier one; what a machine read counts where it is newer.
    async fn the_newer_sight_counts(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let blocked = site.page("/a1", 200);
        register(&office, &[fed("A1", UNIT, blocked), by_hand("A2")]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!(of(&office, "A1", "stale").await.unwrap().reason, "not_a_feed");
        let newest = |id: &'static str, time: &'static str| {
            let office = office.clone();
            move |task: &HandTask| {
                let wanted = task.account_id.as_str() == id && task.item == HandItem::Update;
                wanted.then(|| HandLook { newest_at: Some(shown(time)), ..look(task, &office) })
            }
        };
        hand_in(&office, db, "2026H2", newest("A2", "2026-07-01 08:00")).await.unwrap();
        hand_in(&office, db, "2026H2", newest("A1", "2026-11-01 08:00")).await.unwrap();
        assert_eq!(of(&office, "A2", "zombie").await.unwrap().outcome, Outcome::Fail);
        assert_eq!(of(&office, "A1", "stale").await.unwrap().outcome, Outcome::Fail);
        assert_eq!(issues(&office).await.len(), 2);
        // An earlier time was a slip of the pen, and so was a later one.
        hand_in(&office, db, "2026H2", newest("A2", "2026-11-02 08:00")).await.unwrap();
        let (stale, zombie) = (of(&office, "A2", "stale").await, of(&office, "A2", "zombie").await);
        assert_eq!((stale.unwrap().outcome, zombie), (Outcome::Fail, None));
        let open: Vec<_> = issues(&office).await.into_iter().filter(|issue| issue.account_id.as_str() == "A2").collect();
        assert_eq!((open.len(), open[0].indicator.key(), open[0].status), (1, "stale", IssueStatus::Open));
        hand_in(&office, db, "2026H2", newest("A2", "2026-11-22 08:00")).await.unwrap();
        assert_eq!(of(&office, "A2", "stale").await.unwrap().outcome, Outcome::Pass);
        let ended = issues(&office).await.into_iter().find(|issue| issue.account_id.as_str() == "A2").unwrap();
        assert_eq!(ended.status, IssueStatus::Dismissed);
    }

    /// A person who could not judge takes nothing back that a machine saw, before the run or after it.
    async fn who_could_not_judge_takes_nothing_back(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let old = site.feed("/a1", &[at("2026-08-01 08:00")]);
        register(&office, &[fed("A1", UNIT, old.clone()), fed("A2", UNIT, old), by_hand("A3")]).await;
        xuncha::sampling::open(&office, round("2026H2"), &xuncha::sampling::Wishes::default()).await.unwrap();
        let answer = |id: &'static str, verdict: Outcome| {
            let item = HandItem::Update;
            let account_id = xuncha::domain::account::AccountId::new(id);
            let (note, checked_by) = ("页面打不开".to_owned(), "虚构检查员".to_owned());
            let checked_at = at("2026-11-23 08:30");
            let (newest_at, day_only, content_url, verdict) = (None, false, None, Some(verdict));
            HandLook { account_id, item, newest_at, day_only, content_url, verdict, note, checked_by, checked_at, origin: HandOrigin::Inspector }
        };
        let record = async |look: HandLook| {
            let rows = [(3, FilledRow { round: None, look })];
            record(&office, round("2026H2"), "表", &rows, "cli", false).await.unwrap()
        };
        let verdict = async |id, indicator| of(&office, id, indicator).await.map(|found| found.outcome);
        record(answer("A2", Outcome::Unverified)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        record(answer("A1", Outcome::Unverified)).await;
        for id in ["A1", "A2"] {
            assert_eq!((verdict(id, "zombie").await, verdict(id, "stale").await), (Some(Outcome::Fail), None), "{id}");
            assert_eq!(record(answer(id, Outcome::Unverified)).await.unchanged, 1, "{id}");
        }
        let open = issues(&office).await;
        assert_eq!((open.len(), open[0].status, open[1].status), (2, IssueStatus::Open, IssueStatus::Open));
        // What rests on a person alone goes with the person's word.
        record(answer("A3", Outcome::Fail)).await;
        assert_eq!((verdict("A3", "stale").await, issues(&office).await.len()), (Some(Outcome::Fail), 3));
        record(answer("A3", Outcome::Unverified)).await;
        assert_eq!(verdict("A3", "stale").await, Some(Outcome::Unverified));
        let ended: Vec<_> = issues(&office).await.into_iter().filter(|issue| issue.status.is_final()).collect();
        assert_eq!((ended.len(), ended[0].account_id.as_str()), (1, "A3"));
        // A person may well see what a machine misjudged.
        record(answer("A1", Outcome::Pass)).await;
        assert_eq!((verdict("A1", "stale").await, verdict("A1", "zombie").await), (Some(Outcome::Pass), None));
    }

    /// The home page of a website that no machine could date is asked of a person, and judged by its own days.
    async fn a_home_page_without_dates_is_seen_by_a_person(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 09:00").await;
        let website = |id: &str| Account {
            platform: Platform::Website,
            source: Some(SourceKind::Site),
            source_url: Some(site.html(&format!("/{id}"), "<html><body><p>欢迎访问虚构网站</p></body></html>")),
            ..account(id, UNIT)
        };
        register(&office, &[website("W1"), website("W2")]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!(of(&office, "W1", "home_stale").await.unwrap().outcome, Outcome::Unverified);
        let recorded = hand_in(&office, db, "2026H2", |task| {
            let newest = if task.account_id.as_str() == "W1" { "2026-11-22 08:00" } else { "2026-01-05 08:00" };
            let wanted = task.item == HandItem::Update;
            wanted.then(|| HandLook { newest_at: Some(shown(newest)), ..look(task, &office) })
        })
        .await
        .unwrap();
        assert_eq!((recorded.recorded, recorded.violations), (2, 1));
        let verdict = async |id, indicator| of(&office, id, indicator).await.map(|found| found.outcome);
        assert_eq!(verdict("W1", "home_stale").await, Some(Outcome::Pass));
        assert_eq!((verdict("W2", "home_stale").await, verdict("W2", "zombie").await), (Some(Outcome::Fail), None));
        let opened = issues(&office).await;
        assert!(opened.iter().any(|issue| issue.indicator.key() == "home_stale"), "{opened:?}");
    }

    /// Every error with file, sheet, row and column; nothing of such a file is recorded.
    async fn a_worksheet_with_errors_is_refused_as_a_whole(db) {
        let office = office(db, "2026-11-23 09:00").await;
        register(&office, &[by_hand("A1"), by_hand("A2")]).await;
        inspect(&office, &fetcher(), "2026H2").await;
        office.clock.advance(TimeDelta::hours(1));
        let cli = Cli::new(db.folder.path(), &db.url);
        let head = ["批次", "账号编号", "查看事项", "最新发布时间", "最新内容链接", "结论", "说明", "检查人", "检查时间"];
        let write = |rows: &[[&str; 9]]| {
            let mut book = Workbook::new();
            let sheet = book.add_worksheet().set_name("核查").unwrap();
            for (line, row) in [head].iter().chain(rows).enumerate() {
                for (column, text) in row.iter().enumerate() {
                    sheet.write_string(line as u32, column as u16, *text).unwrap();
                }
            }
            book.save(cli.path("a.xlsx")).unwrap();
        };
        let good = ["2026H2", "A1", "内容更新", "2026-11-20 08:00", "", "", "", "虚构", "2026-11-23 09:30"];
        write(&[
            good,
            ["2026H2", "A1", "内容更新", "2026-11-21 08:00", "", "", "", "虚构", "2026-11-23 09:30"],
            ["2026H2", "A2", "内容更新", "昨天", "", "", "", "虚构", "2026-11-23 09:30"],
            ["2026H2", "A2", "互动回应", "", "", "不好", "", "虚构", "2026-11-23 09:30"],
            ["2026H2", "A2", "互动", "", "", "合规", "", "虚构", "2026-11-23 09:30"],
            ["2026H2", "A1", "互动回应", "", "", "违规", "", "虚构", "2026-11-23 09:30"],
            ["2026H2", "A2", "内容更新", "", "www", "违规", "查无此号", "", ""],
            ["", "", "", "", "", "", "", "虚构", "2026-11-23"],
        ]);
        let ended = cli.run(&["round", "record", "2026H2", "a.xlsx"]);
        ended.refused(1, &[
            "a.xlsx [核查]: 第 3 行“账号编号”：“A1”与第 2 行重复",
            "第 4 行“最新发布时间”：“昨天”无法识别为真实存在的时间",
            "第 5 行“结论”：“不好”无法识别，请填写：合规、违规、无法判定",
            "第 6 行“查看事项”：“互动”无法识别",
            "第 7 行“说明”不能为空",
            "第 8 行“最新内容链接”：“www”不是完整的网址",
            "第 8 行“检查人”不能为空",
            "第 8 行“检查时间”不能为空",
            "未导入任何内容",
        ]);
        write(&[
            ["2026H2", "A1", "内容更新", "2026-11-01 08:00", "", "合规", "", "虚构", "2026-11-23 09:30"],
            ["2026H2", "A2", "内容更新", "2026-11-23 09:20", "", "", "", "虚构", "2026-11-23 09:30"],
            ["2026H2", "A9", "互动回应", "", "", "合规", "", "虚构", "2026-11-23 09:30"],
            ["2026H2", "A2", "下载使用", "", "", "合规", "", "虚构", "2026-11-23 09:30"],
            ["2026Q4", "A2", "互动回应", "", "", "合规", "", "虚构", "2026-11-23 09:30"],
        ]);
        let ended = cli.run(&["round", "record", "2026H2", "a.xlsx"]);
        ended.refused(1, &[
            "第 2 行“结论”：“合规”与最新发布时间不符",
            "第 3 行“最新发布时间”：晚于监测时间点 2026-11-23 09:00",
            "第 4 行“账号编号”：“A9”不是本批次抽到的账号",
            "第 5 行“查看事项”：本账号在本批次不需要查看这一项",
            "第 6 行“批次”：本行属于批次2026Q4",
        ]);
        assert_eq!(db.number("SELECT COUNT(*) FROM hand_look").await, 0);
        write(&[good]);
        let tried = cli.json(&["round", "record", "2026H2", "a.xlsx", "--dry-run"]);
        assert_eq!((tried["recorded"].as_u64(), db.number("SELECT COUNT(*) FROM hand_look").await), (Some(1), 0));
        assert_eq!(cli.json(&["round", "status", "2026H2"])["by_hand"], 8);
        let done = cli.json(&["round", "record", "2026H2", "a.xlsx"]);
        assert_eq!((done["recorded"].as_u64(), done["blank"].as_u64()), (Some(1), Some(0)));
        assert_eq!(cli.json(&["round", "status", "2026H2"])["by_hand"], 7);
        let written = cli.json(&["round", "worksheet", "2026H2", "b.xlsx"]);
        assert_eq!((written["rows"].as_u64(), written["waiting"].as_u64()), (Some(8), Some(7)));
        let again = cli.json(&["round", "record", "2026H2", "b.xlsx"]);
        assert_eq!((again["unchanged"].as_u64(), again["blank"].as_u64()), (Some(1), Some(7)));
    }
}
