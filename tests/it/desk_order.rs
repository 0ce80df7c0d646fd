//! What must not overtake, return or be done alone at the desk.

use chrono::TimeDelta;
use xuncha::checks::decide::decide_finding;
use xuncha::checks::run;
use xuncha::domain::issue::{Action, IssueStatus};
use xuncha::domain::person::Role;
use xuncha::domain::rule::{Class, Indicator};
use xuncha::intake::{Wishes, import_accounts};
use xuncha::issues::approval::{self, Answered};
use xuncha::issues::{self as workflow, IssueError, Scope};
use xuncha::people;
use xuncha::sampling;

use crate::desk::{doubt, doubts, tell, tell_in};
use crate::world::both::on_both;
use crate::world::{
    Chat, account, at, config, fetcher, inspect, issues, office, office_with, register, round, unfiled,
};

const WATER: &str = "云溪区水务局";

on_both! {
    /// Revoked while its notice is still gathered: the decision comes behind the notice.
    async fn a_decision_does_not_overtake_the_notice_it_is_about(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[account("A1", WATER)]).await;
        let water = chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let ids = doubts(&office, "2026H2", "A1", 900, &[doubt(&office, Indicator::Link, Class::Ordinary, "http://a.example/1")]).await;
        decide_finding(&office, ids[0], true, "", "监管员").await.unwrap();
        office.clock.advance(TimeDelta::minutes(1));
        workflow::act(&office, issues(&office).await[0].id, Action::Revoke, "误判", "监管员", &Scope::All).await.unwrap();
        assert_eq!(chat.deliver(&office).await.sent, 0);
        for _ in 0..4 {
            office.clock.advance(TimeDelta::minutes(2));
            chat.deliver(&office).await;
        }
        let told: Vec<_> = chat.telegram.inbox(water.chat_id).into_iter().map(|shown| shown.text).collect();
        assert!(told.len() == 2 && told[0].contains("整改通知") && told[1].contains("撤销"), "{told:?}");
    }

    /// 双人复核 takes two people: not one at the command line and in chat, not one on two channels.
    async fn one_person_is_not_two(db) {
        let mut config = config();
        config.approval.close_without_recheck = true;
        let office = office_with(db, "2026-11-23 10:00", config).await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        let chief = chat.bind(&office, "陈监管", Role::Supervisor, None).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let id = issues(&office).await[0].id;
        let by_cli = async || workflow::act(&office, id, Action::Close, "", "cli", &Scope::All).await;
        assert!(matches!(by_cli().await, Err(IssueError::AwaitsSecond { others: false, .. })));
        assert!(tell(&office, 1, &chief, "/approve 1").await.contains("尚须另一名"));
        assert!(matches!(by_cli().await, Err(IssueError::AwaitsSecond { .. })), "the command line is no second word");
        assert_eq!(approval::answer(&office, 1, true, "陈监管", "wecom:chen").await.unwrap(), Answered::Own);
        assert_ne!(issues(&office).await[0].status, IssueStatus::Closed);
        assert_eq!(approval::answer(&office, 1, true, "李监管", "wecom:li").await.unwrap(), Answered::Approved);
        let events = issues(&office).await.remove(0).events;
        let words: Vec<_> = events.iter().map(|event| (event.kind.key(), event.actor.as_str())).collect();
        let both = [("close_requested", "cli"), ("close_requested", "陈监管"), ("closed", "李监管")];
        assert_eq!(words[1..], both, "history names both words");
    }

    /// A becomes B while B becomes C: everybody stays with the accounts they had.
    async fn units_renamed_in_a_chain_keep_their_own_people(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", "云溪区甲局"), unfiled("B1", "云溪区乙局")]).await;
        chat.bind(&office, "甲", Role::UnitAdmin, Some("云溪区甲局")).await;
        chat.bind(&office, "乙", Role::UnitAdmin, Some("云溪区乙局")).await;
        let file = db.folder.path().join("更名.csv");
        std::fs::write(&file, "account_id,name,platform,unit\nA1,甲,wechat,云溪区乙局\nB1,乙,wechat,云溪区丙局\n").unwrap();
        import_accounts(&office, &[file], Wishes::default()).await.unwrap();
        let people = office.store.read().await.unwrap().people().await.unwrap();
        let units: Vec<_> = people.iter().map(|person| person.unit.as_deref().unwrap_or_default()).collect();
        assert_eq!(units, ["云溪区乙局", "云溪区丙局"]);
    }

    /// Revoked in the evening and bound again before the last word went out: it does not go out.
    async fn who_is_bound_again_is_not_taken_leave_of(db) {
        let office = office(db, "2026-11-23 23:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[account("A1", WATER)]).await;
        let lin = chat.bind(&office, "林测试", Role::UnitAdmin, Some(WATER)).await;
        assert!(people::revoke(&office, 1, "cli").await.unwrap());
        let code = people::invite(&office, Role::UnitAdmin, Some(WATER)).await.unwrap().code;
        tell(&office, 1, &lin, &format!("/bind {code}")).await;
        let _ = chat.telegram.inbox(lin.chat_id);
        office.clock.advance_to(at("2026-11-24 10:00"));
        assert_eq!(chat.deliver(&office).await.sent, 0);
    }

    /// 交接: who is bound before the predecessor's binding is taken back receives what waited for that one.
    async fn a_notice_that_waited_for_the_predecessor_goes_to_who_is_bound(db) {
        let office = office(db, "2026-11-23 22:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        let old = chat.bind(&office, "林旧任", Role::UnitAdmin, Some(WATER)).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let new = chat.bind(&office, "周新任", Role::UnitAdmin, Some(WATER)).await;
        assert!(people::revoke(&office, 1, "cli").await.unwrap());
        let _ = (chat.telegram.inbox(old.chat_id), chat.telegram.inbox(new.chat_id));
        office.clock.advance_to(at("2026-11-24 10:00"));
        chat.deliver(&office).await;
        let told: Vec<_> = chat.telegram.inbox(new.chat_id).into_iter().map(|shown| shown.text).collect();
        assert!(told.len() == 1 && told[0].contains("整改通知"), "{told:?}");
        assert!(chat.telegram.inbox(old.chat_id).iter().all(|shown| !shown.text.contains("整改通知")));
        assert_eq!(issues(&office).await[0].status, IssueStatus::Notified);
    }

    /// `/bind` comes twice, as after a crash behind the binding: the same person is bound once and told so; nobody else
    /// gets in by the used code.
    async fn a_code_that_comes_twice_from_one_person_binds_once(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[account("A1", WATER)]).await;
        let (lin, other) = (chat.telegram.person("林测试"), chat.telegram.person("路人"));
        let code = people::invite(&office, Role::UnitAdmin, Some(WATER)).await.unwrap().code;
        for number in [1, 2] {
            assert!(tell(&office, number, &lin, &format!("/bind {code}")).await.contains("绑定成功"), "{number}");
        }
        assert!(tell(&office, 3, &other, &format!("/bind {code}")).await.contains("已被使用"));
        let group = chat.telegram.group("水务局工作群", std::slice::from_ref(&lin));
        let said = tell_in(&office, 5, &lin, group, &format!("/bind {code}")).await;
        assert!(said.contains("已被使用") && !said.contains("绑定成功"), "the group is not bound: {said}");
        let bound = office.store.read().await.unwrap().people().await.unwrap();
        assert_eq!(bound.len(), 1);
        assert!(people::revoke(&office, bound[0].id, "cli").await.unwrap());
        assert!(tell(&office, 4, &lin, &format!("/bind {code}")).await.contains("已被使用"), "not after the binding was taken back");
    }

    /// What a rehearsal found is nobody's business outside, whatever becomes of it.
    async fn a_decision_on_what_nobody_was_told_of_is_told_to_nobody(db) {
        let office = office(db, "2026-11-23 10:00").await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        chat.bind(&office, "水务局管理员", Role::UnitAdmin, Some(WATER)).await;
        let wishes = sampling::Wishes { as_of: Some(at("2026-11-10 10:00")), ..sampling::Wishes::default() };
        sampling::open(&office, round("2026H2"), &wishes).await.unwrap();
        run::run(&office, &fetcher(), round("2026H2"), run::Wishes::default(), |_| {}).await.unwrap();
        let id = issues(&office).await[0].id;
        workflow::act(&office, id, Action::Revoke, "演练", "监管员", &Scope::All).await.unwrap();
        assert_eq!(chat.deliver(&office).await.sent, 0);
    }

    /// Who appeals in a unit's stead does not grant the appeal alone.
    async fn ones_own_appeal_is_no_second_word(db) {
        let mut config = config();
        config.approval.close_without_recheck = true;
        let office = office_with(db, "2026-11-23 10:00", config).await;
        let chat = Chat::start(&office).await;
        register(&office, &[unfiled("A1", WATER)]).await;
        let chief = chat.bind(&office, "陈监管", Role::Supervisor, None).await;
        chat.bind(&office, "李监管", Role::Supervisor, None).await;
        inspect(&office, &fetcher(), "2026H2").await;
        let id = issues(&office).await[0].id;
        tell(&office, 1, &chief, &format!("/appeal {id} 代为提出")).await;
        assert_eq!(issues(&office).await[0].status, IssueStatus::Appealed);
        assert!(tell(&office, 2, &chief, &format!("/revoke {id} 同意")).await.contains("另一名"));
        assert_eq!(issues(&office).await[0].status, IssueStatus::Appealed);
    }
}
