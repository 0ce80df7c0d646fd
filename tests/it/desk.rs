//! What a supervisor and a unit administrator do at the bot's desk: who may, who sees, and what takes two.

use chrono::TimeDelta;
use xuncha::chat::attachment::Attachments;
use xuncha::chat::handle::{Incoming, Outcome, Sender, What, handle};
use xuncha::chat::texts::Press;
use xuncha::checks::decide::decide_finding;
use xuncha::domain::Lang;
use xuncha::domain::account::{Account, AccountId};
use xuncha::domain::finding::{Evidence, Outcome as Verdict};
use xuncha::domain::issue::{Action, IssueStatus};
use xuncha::domain::notice::{Alert, NoticeBody, NoticeKind};
use xuncha::domain::person::Role;
use xuncha::domain::rule::{Class, Indicator};
use xuncha::intake::{Wishes, import_accounts};
use xuncha::issues::approval::{self, Answered};
use xuncha::issues::{self as workflow, IssueError, Scope, clock};
use xuncha::office::Office;
use xuncha::people::{self, BindError};
use xuncha::schedule::digest;
use xuncha::store::NewFinding;

use crate::world::both::on_both;
use crate::world::{
    Chat, account, at, config, fetcher, history, inspect, issues, notices, office, office_with, register, round,
    unfiled,
};
use xuncha::demo::telegram::Person;

const WATER: &str = "云溪区水务局";
const ARCHIVE: &str = "云溪区档案馆";

/// What the bot does about a text or a press of a person, in their private chat or in a group.
async fn update(office: &Office, number: i64, person: &Person, chat: i64, what: What) -> Outcome {
    let sender = Sender {
        key: format!("telegram:{}", person.user_id),
        name: person.name.clone(),
        lang: Some(Lang::Zh),
        anonymous: false,
    };
    let incoming = Incoming {
        channel: "telegram",
        update_id: number,
        address: chat.to_string(),
        is_group: chat < 0,
        sender,
        what,
        gathered: Vec::new(),
    };
    handle(office, "xuncha_bot", &incoming).await
}

fn text(words: &str) -> What {
    What::Text { text: words.to_owned(), reply_to: None, attachments: Attachments::default(), forwarded: false }
}

pub(crate) async fn tell(office: &Office, number: i64, person: &Person, words: &str) -> String {
    said(&update(office, number, person, person.chat_id, text(words)).await)
}

/// [`tell`] in a group.
pub(crate) async fn tell_in(office: &Office, number: i64, person: &Person, group: i64, words: &str) -> String {
    said(&update(office, number, person, group, text(words)).await)
}

fn said(outcome: &Outcome) -> String {
    outcome.messages.iter().map(|message| message.plain.clone()).collect::<Vec<_>>().join("\n---\n")
}

pub(crate) fn doubt(office: &Office, indicator: Indicator, class: Class, subject: &str) -> NewFinding {
    NewFinding {
        indicator,
        subject: subject.to_owned(),
        class,
        outcome: Verdict::Suspected,
        reason: "mobile".to_owned(),
        summary: format!("疑似问题 {subject}"),
        as_of: office.now(),
        observed_at: office.now(),
        newest_at: None,
        rule: office.rules.reference(indicator),
        evidence: Evidence { url: Some(subject.to_owned()), status: Some(403), ..Evidence::default() },
        looks: 3,
        next_look_at: None,
    }
}

/// Puts doubtful findings into a judged round; gives their numbers.
pub(crate) async fn doubts(office: &Office, name: &str, id: &str, member: i64, new: &[NewFinding]) -> Vec<i64> {
    let mut tx = office.store.write().await.unwrap();
    let row = tx.require_round(round(name)).await.unwrap().id;
    tx.put_findings(row, member, &AccountId::new(id), new).await.unwrap();
    tx.commit().await.unwrap();
    (1..=new.len() as i64).map(|n| member * 1000 + n).collect()
}

fn rectifications(all: &[xuncha::store::NoticeRow]) -> Vec<usize> {
    all.iter()
        .filter_map(|n| if let NoticeBody::Rectification { items, .. } = &n.body { Some(items.len()) } else { None })
        .collect()
}

async fn refusals(office: &Office, person: &Person) -> Vec<String> {
    let key = format!("telegram:{}", person.user_id);
    let events = office.store.read().await.unwrap().events_of("person", &key).await.unwrap();
    events.into_iter().map(|event| event.kind).filter(|kind| kind.starts_with("refused_")).collect()
}

on_both! {
    /// Three doubts confirmed within minutes are one notice; personal data does not wait for them.
    async fn what_is_confirmed_one_after_another_goes_out_as_one_notice(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[account("A1", WATER), account("A2", WATER), account("B1", ARCHIVE)]).await;
        let water = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let link = |subject| doubt(&office, Indicator::Link, Class::Ordinary, subject);
        let new = [link("http://a.example/1"), link("http://a.example/2"), link("http://a.example/3")];
        let ids = doubts(&office, "2026H2", "A1", 900, &new).await;
        for id in &ids {
            decide_finding(&office, *id, true, "", "监管员").await.unwrap();
            office.clock.advance(TimeDelta::minutes(1));
            assert_eq!(chat.deliver(&office).await.sent, 0, "the next may follow");
        }
        assert_eq!(rectifications(&notices(&office).await), [3]);
        // What cannot wait goes at once, by itself.
        let urgent = doubts(&office, "2026H2", "A2", 901, &[doubt(&office, Indicator::Privacy, Class::Prominent, "http://a.example/p")]).await;
        decide_finding(&office, urgent[0], true, "", "监管员").await.unwrap();
        assert_eq!(chat.deliver(&office).await.sent, 1);
        assert!(chat.telegram.inbox(water.chat_id)[0].text.contains("个人信息泄露"));
        office.clock.advance(TimeDelta::minutes(6));
        assert_eq!(chat.deliver(&office).await.sent, 1);
        let told = chat.telegram.inbox(water.chat_id).remove(0).text;
        assert!(told.contains("以下 3 项问题") && told.contains("http://a.example/2"), "{told}");
        assert!(told.contains("由监管人员确认"), "a person closes what a person judged: {told}");
        assert!(issues(&office).await.iter().all(|issue| issue.status == IssueStatus::Notified));
        // What has left is not written anew.
        let late = doubts(&office, "2026H2", "A1", 902, &[link("http://a.example/4")]).await;
        decide_finding(&office, late[0], true, "", "监管员").await.unwrap();
        assert_eq!(rectifications(&notices(&office).await), [3, 1, 1]);
    }

    /// 未经复查销号: one asks, another agrees; nobody answers themselves.
    async fn closing_without_a_recheck_takes_two(db) {
        let mut config = config();
        config.approval.close_without_recheck = true;
        let office = office_with(db, "2026-11-23 10:00", config).await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER), unfiled("A2", WATER)]).await;
        let chief = chat.bind(&office, "陈监管", Role::Supervisor, None).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let [one, two] = [issues(&office).await[0].id, issues(&office).await[1].id];
        let alone = tell(&office, 1, &chief, &format!("/close {one}")).await;
        assert!(alone.contains("须另一名监管人员同意") && alone.contains("没有其他监管人员"), "{alone}");
        let again = tell(&office, 2, &chief, &format!("/close {one}")).await;
        assert!(again.contains("申请 1"), "asked once: {again}");
        assert!(tell(&office, 3, &chief, "/approve 1").await.contains("由您提出"));
        // The command line asks as well, and cannot answer.
        let by_cli = workflow::act(&office, two, Action::Close, "", "cli", &Scope::All).await;
        assert!(matches!(by_cli, Err(IssueError::AwaitsSecond { request: 2, others: false, .. })), "{by_cli:?}");
        assert!(issues(&office).await.iter().all(|issue| issue.status != IssueStatus::Closed));
        let second = chat.bind(&office, "李监管", Role::Supervisor, None).await;
        let agreed = update(&office, 4, &second, second.chat_id, What::Press {
            id: "1".into(), data: "approve:1".into(), message: Some(1), buttons: vec![vec![Press::parse("approve:1").unwrap()]],
        }).await;
        assert!(agreed.toast.unwrap().contains("已同意并办理"));
        assert_eq!(issues(&office).await[0].status, IssueStatus::Closed);
        assert_eq!(history(&office, one).await, ["opened", "close_requested", "closed"]);
        assert!(tell(&office, 5, &second, "/approve 1").await.contains("已由 李监管"));
        // Declined, asked again, lapsed.
        assert!(tell(&office, 6, &second, "不同意 2").await.contains("不同意"));
        assert!(tell(&office, 7, &chief, &format!("/close {two}")).await.contains("申请 3"));
        office.clock.advance(TimeDelta::days(5));
        assert_eq!(approval::answer(&office, 3, true, "李监管", "telegram:x").await.unwrap(), Answered::Lapsed);
        // A colleague who closes what another asked to close is the second word.
        assert!(tell(&office, 8, &chief, &format!("/close {two}")).await.contains("申请 4"));
        assert!(tell(&office, 9, &second, &format!("/close {two}")).await.contains("已销号"));
    }

    /// 撤销: an appeal is granted by one; what nobody appeals is not undone by one alone.
    async fn revoking_without_an_appeal_takes_two(db) {
        let mut config = config();
        config.approval.close_without_recheck = true;
        let office = office_with(db, "2026-11-23 10:00", config).await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER), unfiled("A2", WATER)]).await;
        let chief = chat.bind(&office, "陈监管", Role::Supervisor, None).await;
        let second = chat.bind(&office, "李监管", Role::Supervisor, None).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let [one, two] = [issues(&office).await[0].id, issues(&office).await[1].id];
        let asked = tell(&office, 1, &chief, &format!("/revoke {one} 登记有误")).await;
        assert!(asked.contains("须另一名监管人员同意（申请 1）"), "{asked}");
        assert!(tell(&office, 2, &second, "/approve 1").await.contains("已同意并办理"));
        assert_eq!(issues(&office).await[0].status, IssueStatus::Revoked);
        assert_eq!(history(&office, one).await, ["opened", "revoke_requested", "revoked"]);
        workflow::act(&office, two, Action::Appeal, "停电", "管理员", &Scope::All).await.unwrap();
        assert!(tell(&office, 3, &chief, &format!("/revoke {two} 属实")).await.contains("已撤销"));
    }

    /// 批量通知: to more units than the machine may write to by itself, two people say yes first.
    async fn notices_to_many_units_wait_for_two(db) {
        let mut config = config();
        config.approval.notices_over = 1;
        let office = office_with(db, "2026-11-23 10:00", config).await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER), unfiled("B1", ARCHIVE)]).await;
        let water = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        let (one, two) = (chat.bind(&office, "陈监管", Role::Supervisor, None).await, chat.bind(&office, "李监管", Role::Supervisor, None).await);
        inspect(&office, &fetcher(), "2026H2").await;
        assert_eq!(rectifications(&notices(&office).await), Vec::<usize>::new());
        let asked = notices(&office).await.into_iter().filter(|n| matches!(n.body, NoticeBody::Alert(Alert::SecondWanted { .. })));
        assert_eq!(asked.count(), 1);
        assert!(tell(&office, 1, &one, "/approve 1").await.contains("尚须另一名"));
        assert!(tell(&office, 2, &one, "/approve 1").await.contains("由您提出"));
        assert!(tell(&office, 3, &two, "/approve 1").await.contains("已同意并办理"));
        assert_eq!(rectifications(&notices(&office).await), [1, 1]);
        for _ in 0..4 {
            chat.deliver(&office).await;
            office.clock.advance(TimeDelta::seconds(5));
        }
        assert!(chat.telegram.inbox(water.chat_id).iter().any(|shown| shown.text.contains("整改通知")));
    }

    /// 更名: all accounts of a unit go to one new name; its people, codes and live issues go along.
    /// 合并: they go to a unit that was there: nobody follows by themselves.
    async fn a_renamed_unit_keeps_its_people_and_a_merged_one_does_not(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER), unfiled("A2", WATER), unfiled("B1", "云溪区园林局"), unfiled("C1", "云溪区文化馆")]).await;
        let water = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        chat.bind(&office, "园林局管理员", Role::UnitAdmin, Some("云溪区园林局")).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let table = |rows: &[(&str, &str, &str)]| {
            let rows: String = rows.iter().map(|(id, name, unit)| format!("{id},{name},wechat,{unit}\n")).collect();
            format!("account_id,name,platform,unit\n{rows}")
        };
        let file = db.folder.path().join("更名.csv");
        let (a1, a2) = (format!("{WATER}发布A1"), format!("{WATER}发布A2"));
        std::fs::write(&file, table(&[("A1", &a1, "云溪区水利局"), ("A2", &a2, "云溪区水利局"), ("B1", "园林", "云溪区文化馆")])).unwrap();
        let done = import_accounts(&office, &[file], Wishes::default()).await.unwrap();
        assert_eq!(done.renamed_units, [(WATER.to_owned(), "云溪区水利局".to_owned())]);
        assert!(tell(&office, 1, &water, "/issues").await.contains("共 2 项"));
        let mut tx = office.store.read().await.unwrap();
        let left: Vec<_> = tx.people_of_no_unit().await.unwrap().into_iter().map(|person| person.name).collect();
        assert_eq!(left, ["园林局管理员"], "whose unit is no more is named to the office");
    }

    /// 交接: the last word, nothing after it, and history keeps the name.
    async fn who_is_revoked_gets_a_last_word_and_no_more(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        let old = chat.bind(&office, "林旧任", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        chat.deliver(&office).await;
        let id = issues(&office).await[0].id;
        assert!(tell(&office, 1, &old, &format!("签收 {id}")).await.contains("已签收"));
        let person = office.store.read().await.unwrap().people().await.unwrap()[0].id;
        assert!(people::revoke(&office, person, "cli").await.unwrap());
        let new = chat.bind(&office, "周新任", Role::UnitAdmin, Some(WATER)).await;
        workflow::act(&office, id, Action::Revoke, "停电属实", "监管员", &Scope::All).await.unwrap();
        let _ = chat.telegram.inbox(old.chat_id);
        for _ in 0..4 {
            office.clock.advance(TimeDelta::seconds(5));
            chat.deliver(&office).await;
        }
        let last = chat.telegram.inbox(old.chat_id);
        assert_eq!(last.len(), 1, "{last:?}");
        assert!(last[0].text.contains("林旧任") && last[0].text.contains("绑定已收回"), "{}", last[0].text);
        let first: Vec<_> = chat.telegram.inbox(new.chat_id).into_iter().map(|shown| shown.text).collect();
        assert!(first.len() == 1 && first[0].contains("撤销"), "{first:?}");
        assert!(tell(&office, 2, &old, "/issues").await.contains("绑定已收回"));
        assert_eq!(refusals(&office, &old).await, ["refused_revoked"]);
        let found = office.store.read().await.unwrap().issue(id, office.zone()).await.unwrap();
        assert!(found.issue.events.iter().any(|event| event.actor == "林旧任"));
    }

    /// Guessing stops after five, for the user and for the chat, and a restart forgets nothing; refusals are bounded.
    async fn guessed_codes_and_refusals_are_bounded(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER), unfiled("B1", ARCHIVE)]).await;
        let stranger = chat.telegram.person("路人");
        let code = people::invite(&office, Role::UnitAdmin, Some(WATER)).await.unwrap().code;
        for n in 1..=5 {
            assert!(tell(&office, n, &stranger, &format!("/bind WRONG{n}")).await.contains("不正确"));
        }
        assert!(tell(&office, 6, &stranger, &format!("/bind {code}")).await.contains("15 分钟"), "the right one too");
        let other = people::bind(&office, &code, "telegram:other", "别人", "telegram", &stranger.chat_id.to_string(), false, Lang::Zh).await;
        assert!(matches!(other, Err(BindError::TooManyTries)), "another user of the same chat");
        office.clock.advance(TimeDelta::minutes(16));
        assert!(tell(&office, 7, &stranger, &format!("/bind {code}")).await.contains("绑定成功"));
        assert_eq!(refusals(&office, &stranger).await, ["refused_guessing"]);

        // Another unit's issue, again and again: one event in ten minutes; answered like one that does not exist.
        inspect(&office, &fetcher(), "2026H2").await;
        let foreign = issues(&office).await.into_iter().find(|issue| issue.unit == ARCHIVE).unwrap().id;
        for n in 10..30 {
            assert!(tell(&office, n, &stranger, &format!("签收 {foreign}")).await.contains("没有编号为"));
        }
        assert!(tell(&office, 30, &stranger, "签收 999").await.contains("没有编号为"));
        assert_eq!(refusals(&office, &stranger).await, ["refused_guessing", "refused_other_unit"]);
        // Many senders: so many an hour in all.
        for n in 0..250 {
            people::note_refusal(&office, &format!("telegram:flood{n}"), people::Refused::Stranger, "").await.unwrap();
        }
        assert_eq!(db.number("SELECT COUNT(*) FROM event WHERE kind LIKE 'refused_%'").await, 200);
    }

    /// 暂不督办: an event, and not proposed again until something changes.
    async fn a_dropped_proposal_is_not_made_again_until_something_changes(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        let chief = chat.bind(&office, "陈监管", Role::Supervisor, None).await;
        inspect(&office, &fetcher(), "2026H2").await;
        chat.deliver(&office).await;
        let id = issues(&office).await[0].id;
        office.clock.advance_to(at("2026-11-30 08:30"));
        clock::pass_deadlines(&office).await.unwrap();
        let proposed = async || {
            digest::write(&office).await.unwrap();
            let all = notices(&office).await;
            let NoticeBody::Digest { overdue, held_off, .. } = &all.iter().rev().find(|n| n.kind == NoticeKind::Digest).unwrap().body else { panic!() };
            (overdue.len(), *held_off)
        };
        assert_eq!(proposed().await, (1, 0));
        let held = update(&office, 1, &chief, chief.chat_id, What::Press {
            id: "1".into(), data: format!("hold:{id}"), message: Some(1),
            buttons: vec![["escalate", "hold", "issue"].map(|verb| Press::parse(&format!("{verb}:{id}")).unwrap()).to_vec()],
        }).await;
        let left: Vec<_> = held.redraw.unwrap().concat().into_iter().map(|button| button.label).collect();
        assert_eq!(left, [format!("督办 {id}"), format!("查看 {id}")]);
        office.clock.advance_to(at("2026-12-01 08:30"));
        assert_eq!(proposed().await, (0, 1));
        assert!(history(&office, id).await.contains(&"not_escalated".to_owned()));
        workflow::act(&office, id, Action::Acknowledge, "", "管理员", &Scope::All).await.unwrap();
        office.clock.advance_to(at("2026-12-02 08:30"));
        assert_eq!(proposed().await, (1, 0));
    }

    /// A unit's group reads nothing of other units, whoever asks there; documents stay with the office.
    async fn a_group_reads_nothing_of_other_units(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        let many: Vec<Account> = (0..30).map(|n| unfiled(&format!("A{n:02}"), WATER)).collect();
        register(&office, &many).await;
        register(&office, &[unfiled("B1", ARCHIVE)]).await;
        let water = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        let chief = chat.bind(&office, "陈监管", Role::Supervisor, None).await;
        let clerk = chat.telegram.person("档案馆管理员");
        let code = people::invite(&office, Role::UnitAdmin, Some(ARCHIVE)).await.unwrap().code;
        let group = -77;
        let bound = update(&office, 1, &clerk, group, text(&format!("/bind {code}"))).await;
        assert!(said(&bound).contains("绑定成功"));
        inspect(&office, &fetcher(), "2026H2").await;
        for (n, words) in (2..).zip(["/report", "/queue", "/overdue", "/status", "/invite 云溪区档案馆"]) {
            let outcome = update(&office, n, &chief, group, text(words)).await;
            assert!(said(&outcome).contains("不宜在本群显示"), "{words}: {}", said(&outcome));
            assert!(outcome.documents.is_empty(), "{words}");
        }
        let listed = said(&update(&office, 10, &chief, group, text("/issues")).await);
        assert!(listed.contains("共 1 项") && !listed.contains(WATER), "{listed}");
        assert!(said(&update(&office, 11, &water, group, text("/issues")).await).contains("不宜在本群显示"));
        assert!(said(&update(&office, 12, &clerk, group, text("/issues")).await).contains("共 1 项"));
        // At home the supervisor gets all of it: a page, the rest as a file, and the documents of the round.
        let listed = update(&office, 13, &chief, chief.chat_id, text("/issues")).await;
        assert!(said(&listed).contains("共 31 项，以下为第 1 至 8 项"), "{}", said(&listed));
        let name = std::path::Path::new(&listed.documents[0].name);
        assert_eq!((listed.documents.len(), name.extension().is_some_and(|it| it == "xlsx")), (1, true));
        assert_eq!(update(&office, 14, &water, water.chat_id, text("/issues")).await.documents.len(), 1);
        let turn = What::Press { id: "1".into(), data: "next:8:issues".into(), message: Some(1), buttons: Vec::new() };
        let page = update(&office, 15, &chief, chief.chat_id, turn).await.rewrite.unwrap();
        assert!(page.plain.contains("第 9 至 16 项"), "{}", page.plain);
        let report = update(&office, 16, &chief, chief.chat_id, text("/report")).await;
        let names: Vec<_> = report.documents.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["2026H2-ledger.xlsx", "2026H2-issues.xlsx", "2026H2-bulletin.docx", "2026H2-report.html", "2026H2-certificate.html"]);
        assert!(report.documents.iter().all(|file| file.content.len() > 500 && !file.caption.is_empty()));
        assert!(tell(&office, 17, &water, "/report").await.contains("没有办理此事项的权限"));
    }
}
