//! What runs by itself: slots, caught up once after downtime, none from before the database was created.

use chrono::TimeDelta;
use xuncha::domain::account::Account;
use xuncha::domain::issue::Action;
use xuncha::domain::notice::{NoticeBody, NoticeKind};
use xuncha::domain::person::Role;
use xuncha::domain::round::RoundState;
use xuncha::issues::{Scope, act};
use xuncha::office::Office;
use xuncha::schedule::{follow_up, run_jobs, tick};

use crate::world::both::on_both;
use crate::world::site::Site;
use crate::world::{
    Chat, account, at, config, fed, fetcher, history, inspect, issues, notices, office, office_with, open, register,
    unfiled,
};

const UNIT: &str = "云溪区水务局";

/// What the jobs that ran say of themselves, at a moment.
async fn run_at(office: &Office, moment: &str) -> Vec<String> {
    office.clock.advance_to(at(moment));
    run_jobs(office, &fetcher()).await.unwrap()
}

async fn rounds(office: &Office) -> Vec<String> {
    let rounds = office.store.read().await.unwrap().rounds().await.unwrap();
    rounds.iter().map(|round| round.name.to_string()).collect()
}

async fn of_kind(office: &Office, kind: NoticeKind) -> usize {
    notices(office).await.iter().filter(|notice| notice.kind == kind).count()
}

on_both! {
    /// A service that is new has missed nothing.
    async fn no_slot_from_before_the_database_was_created_is_run(db) {
        let office = office(db, "2026-11-10 09:30").await;
        register(&office, &[account("A1", UNIT)]).await;
        assert_eq!(run_at(&office, "2026-11-10 09:30").await, Vec::<String>::new());
        assert_eq!(rounds(&office).await, Vec::<String>::new());
        // Tomorrow's patrol is its first.
        run_at(&office, "2026-11-11 06:30").await;
        assert_eq!(rounds(&office).await, ["2026-11-11"]);
    }

    /// Three weeks of darkness: one patrol, one digest, one quarter — not twenty-one of each.
    async fn what_was_missed_is_caught_up_once(db) {
        let office = office(db, "2026-11-01 12:00").await;
        register(&office, &[account("A1", UNIT), unfiled("A2", UNIT)]).await;
        let chat = Chat::start(&office).await;
        chat.bind(&office, "监管员", Role::Supervisor, None).await;
        let done = run_at(&office, "2026-11-23 10:00").await;
        assert_eq!(done.len(), 5, "{done:?}");
        let mut names = rounds(&office).await;
        names.sort();
        assert_eq!(names, ["2026-11-23", "2026Q4"]);
        assert_eq!(of_kind(&office, NoticeKind::Digest).await, 1);
        for _ in 0..3 {
            office.clock.advance(TimeDelta::minutes(1));
            assert_eq!(run_jobs(&office, &fetcher()).await.unwrap(), Vec::<String>::new());
        }
        // The same by another process with the same database: nothing is left to do.
        let other = open(&db.url, office.clock.clone(), config()).await;
        assert_eq!(run_jobs(&other, &fetcher()).await.unwrap(), Vec::<String>::new());
        assert_eq!(rounds(&office).await.len(), 2);
    }

    /// The quarter opens, runs and is judged by itself.
    async fn a_quarter_is_opened_run_and_judged_by_itself(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-09 12:00").await;
        let accounts: Vec<Account> = (0..8)
            .map(|n| fed(&format!("A{n}"), UNIT, site.feed(&format!("/{n}"), &[at("2026-11-09 08:00")])))
            .collect();
        register(&office, &accounts).await;
        let done = run_at(&office, "2026-11-10 09:00").await;
        assert!(done.iter().any(|line| line.contains("2026Q4") && line.contains("2 looked at")), "{done:?}");
        let rounds = office.store.read().await.unwrap().rounds().await.unwrap();
        let quarter = rounds.iter().find(|round| round.name.to_string() == "2026Q4").unwrap();
        assert_eq!(quarter.state, RoundState::Judged);
        assert!(!quarter.rehearsal && quarter.notify);
        assert_eq!(quarter.as_of, at("2026-11-10 09:00"));
        // The half year is its own job, in June and December.
        let done = run_at(&office, "2026-12-10 09:00").await;
        assert!(done.iter().any(|line| line.contains("2026H2") && line.contains("8 looked at")), "{done:?}");
    }

    /// A patrol every day; the digest on working days alone.
    async fn the_patrol_runs_daily_and_the_digest_on_working_days(db) {
        let office = office(db, "2026-11-19 12:00").await;
        register(&office, &[account("A1", UNIT)]).await;
        let chat = Chat::start(&office).await;
        chat.bind(&office, "监管员", Role::Supervisor, None).await;
        let mut digests = Vec::new();
        for day in 20..=24 {
            run_at(&office, &format!("2026-11-{day} 06:30")).await;
            run_at(&office, &format!("2026-11-{day} 08:30")).await;
            digests.push(of_kind(&office, NoticeKind::Digest).await);
        }
        assert_eq!(rounds(&office).await, ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24"]);
        // Friday, Saturday, Sunday, Monday, Tuesday.
        assert_eq!(digests, [1, 1, 1, 2, 3]);
    }

    /// Nobody supervises yet: no digest is written that nobody reads.
    async fn no_digest_is_written_for_nobody(db) {
        let office = office(db, "2026-11-22 12:00").await;
        register(&office, &[account("A1", UNIT)]).await;
        run_at(&office, "2026-11-23 08:30").await;
        assert_eq!(of_kind(&office, NoticeKind::Digest).await, 0);
    }

    /// Five working days: a reminder on the third and on the last, one message a unit, then it is late.
    async fn a_unit_is_reminded_at_half_time_and_on_the_last_day(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        chat_is_bound(&office, &chat, &site).await;
        let issue = issues(&office).await.remove(0);
        assert_eq!(issue.due_at.unwrap().date(), "2026-11-30");
        let mut reminded = Vec::new();
        for day in 24..=30 {
            run_at(&office, &format!("2026-11-{day} 09:00")).await;
            reminded.push(of_kind(&office, NoticeKind::Reminder).await);
        }
        // Tuesday to Monday: half time is Thursday, the last day the Monday after.
        assert_eq!(reminded, [0, 0, 1, 1, 1, 1, 2]);
        let all = notices(&office).await;
        let last_days: Vec<bool> = all
            .iter()
            .filter_map(|notice| match &notice.body {
                NoticeBody::Reminder { last_day, lines } => {
                    assert_eq!(lines.len(), 2, "one message tells of both");
                    Some(*last_day)
                }
                _ => None,
            })
            .collect();
        assert_eq!(last_days, [false, true]);
        assert!(history(&office, issue.id).await.iter().filter(|kind| *kind == "reminded").count() == 2);
        office.clock.advance_to(at("2026-12-01 00:00"));
        follow_up(&office, &fetcher()).await.unwrap();
        assert!(issues(&office).await.iter().all(|issue| issue.status.key() == "overdue"));
    }

    /// Three working days: the recheck of the second morning fails, and leaves that morning's reminder alone.
    async fn a_recheck_that_fails_does_not_take_the_reminder_at_half_time(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", UNIT)]).await;
        chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(UNIT)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        chat.deliver(&office).await;
        assert_eq!(issues(&office).await[0].due_at.unwrap().date(), "2026-11-26");
        let mut reminded = Vec::new();
        for day in 24..=26 {
            office.clock.advance_to(at(&format!("2026-11-{day} 00:10")));
            follow_up(&office, &fetcher()).await.unwrap();
            run_at(&office, &format!("2026-11-{day} 09:00")).await;
            reminded.push(of_kind(&office, NoticeKind::Reminder).await);
        }
        assert_eq!(reminded, [0, 1, 2]);
        let id = issues(&office).await[0].id;
        assert!(history(&office, id).await.contains(&"rechecked".to_owned()));
    }

    /// What is rectified or appealed is not reminded of.
    async fn who_has_answered_is_not_reminded(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        chat_is_bound(&office, &chat, &site).await;
        let all = issues(&office).await;
        act(&office, all[0].id, Action::Appeal, "停电", "水务局", &Scope::All).await.unwrap();
        act(&office, all[1].id, Action::Fix, "已修复", "水务局", &Scope::All).await.unwrap();
        run_at(&office, "2026-11-26 09:00").await;
        assert_eq!(of_kind(&office, NoticeKind::Reminder).await, 0);
    }

    /// Rechecked when reported, and again on the day before the deadline.
    async fn a_repair_nobody_reported_is_seen_on_the_day_before_the_deadline(db) {
        let site = Site::start().await;
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        chat_is_bound(&office, &chat, &site).await;
        site.page("/s1", 200);
        site.page("/s2", 200);
        office.clock.advance_to(at("2026-11-28 12:00"));
        follow_up(&office, &fetcher()).await.unwrap();
        assert!(issues(&office).await.iter().all(|issue| issue.status.key() == "notified"));
        office.clock.advance_to(at("2026-11-29 12:00"));
        follow_up(&office, &fetcher()).await.unwrap();
        assert!(issues(&office).await.iter().all(|issue| issue.status.key() == "closed"));
    }

    /// A job that is switched off never runs.
    async fn a_job_that_is_switched_off_never_runs(db) {
        let mut settings = config();
        settings.schedule.patrol = None;
        settings.schedule.digest = None;
        let office = office_with(db, "2026-11-19 12:00", settings).await;
        register(&office, &[account("A1", UNIT)]).await;
        for day in 20..=24 {
            run_at(&office, &format!("2026-11-{day} 10:00")).await;
        }
        assert_eq!(rounds(&office).await, Vec::<String>::new());
    }

    /// Two services on one database: every slot runs once.
    async fn two_services_do_every_slot_once(db) {
        let first = office(db, "2026-11-19 12:00").await;
        register(&first, &[unfiled("A1", UNIT), account("A2", UNIT)]).await;
        let chat = Chat::start(&first).await;
        chat.bind(&first, "监管员", Role::Supervisor, None).await;
        let second = open(&db.url, first.clock.clone(), config()).await;
        first.clock.advance_to(at("2026-11-20 10:00"));
        let (clients, other) = (fetcher(), fetcher());
        let (a, b) = tokio::join!(tick(&first, &clients), tick(&second, &other));
        let done = [a.unwrap(), b.unwrap()].concat();
        assert_eq!(done.iter().filter(|line| line.contains("2026-11-20: ")).count(), 1, "{done:?}");
        assert_eq!(of_kind(&first, NoticeKind::Digest).await, 1);
        assert_eq!(issues(&first).await.len(), 1);
        assert_eq!(history(&first, issues(&first).await[0].id).await, ["opened"]);
    }
}

/// Two broken service links of one account, notified on the spot.
async fn chat_is_bound(office: &Office, chat: &Chat, site: &Site) {
    let mut broken = fed("A1", UNIT, site.feed("/a1", &[at("2026-11-23 08:00")]));
    broken.service_links = vec![site.page("/s1", 404), site.page("/s2", 404)];
    register(office, &[broken]).await;
    chat.bind(office, "水务局管理员", Role::UnitAdmin, Some(UNIT)).await;
    inspect(office, &fetcher(), "2026H2").await;
    assert_eq!(issues(office).await.len(), 2);
    assert_eq!(chat.deliver(office).await.sent, 1);
}
