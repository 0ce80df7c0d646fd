//! Commands and buttons, as people send them.

use super::*;
use crate::chat::deliver::deliver_due;
use crate::chat::testing::{HEALTH, PARKS, World};
use crate::chat::texts::List;
use crate::demo::telegram::Person as User;
use crate::domain::issue::IssueStatus;

async fn world() -> (World, User, User, User) {
    let world = World::new().await;
    for (id, unit) in [("A1", HEALTH), ("A2", HEALTH), ("B1", PARKS)] {
        world.account(id, unit).await;
    }
    let health = world.bound("林测试", Role::UnitAdmin, Some(HEALTH)).await;
    let parks = world.bound("周测试", Role::UnitAdmin, Some(PARKS)).await;
    let chief = world.bound("陈测试", Role::Supervisor, None).await;
    world.judge(&["A1", "A2"], &["B1"]).await;
    deliver_due(&world.office, &world.messenger, 100).await.unwrap();
    (world, health, parks, chief)
}

/// What the bot would answer to a text in the person's private chat.
async fn tell(world: &World, update: i64, user: &User, text: &str, reply_to: Option<&str>) -> String {
    let incoming = Incoming {
        channel: "telegram",
        update_id: update,
        address: user.chat_id.to_string(),
        is_group: false,
        sender: Sender {
            key: format!("telegram:{}", user.user_id),
            name: user.name.clone(),
            lang: Some(Lang::Zh),
            anonymous: false,
        },
        what: What::Text {
            text: text.into(),
            reply_to: reply_to.map(str::to_owned),
            attachments: Attachments::default(),
            forwarded: false,
        },
        gathered: Vec::new(),
    };
    let outcome = handle(&world.office, "xuncha_bot", &incoming).await;
    outcome.messages.iter().map(|message| message.plain.clone()).collect::<Vec<_>>().join("\n---\n")
}

/// What the bot would do about a button pressed in the person's private chat.
async fn press(world: &World, update: i64, user: &User, press: Press, buttons: &[Vec<Press>]) -> Outcome {
    let incoming = Incoming {
        channel: "telegram",
        update_id: update,
        address: user.chat_id.to_string(),
        is_group: false,
        sender: Sender {
            key: format!("telegram:{}", user.user_id),
            name: user.name.clone(),
            lang: Some(Lang::Zh),
            anonymous: false,
        },
        what: What::Press { id: "1".into(), data: press.encode(), message: Some(1), buttons: buttons.to_vec() },
        gathered: Vec::new(),
    };
    handle(&world.office, "xuncha_bot", &incoming).await
}

#[tokio::test]
async fn an_old_button_says_what_happened_meanwhile() {
    let (world, health, _, chief) = world().await;
    assert!(tell(&world, 1, &chief, "/close 1", None).await.contains("已销号"));
    let row = [Press::Do(Verb::Ack, 1), Press::Do(Verb::Fix, 1), Press::Do(Verb::Appeal, 1)];
    for (update, pressed) in (2..).zip(row) {
        let outcome = press(&world, update, &health, pressed, &[row.to_vec()]).await;
        let toast = outcome.toast.unwrap();
        for words in ["已销号", "陈测试", "2026-11-23"] {
            assert!(toast.contains(words), "{pressed:?}: {toast}");
        }
        assert!(outcome.messages.is_empty(), "nobody is asked for words in vain");
        assert_eq!(outcome.redraw, Some(Vec::new()), "the buttons go");
    }
    // A finding that a colleague has settled; the list goes on to what still waits.
    let shown = [vec![Press::Confirm(3001), Press::Dismiss(3001)]];
    assert!(
        press(&world, 10, &chief, Press::Confirm(3001), &shown).await.rewrite.unwrap().plain.contains("已确认属实")
    );
    for (update, pressed) in (11..).zip([Press::Confirm(3001), Press::Dismiss(3001), Press::ConfirmWords(3001)]) {
        let outcome = press(&world, update, &chief, pressed, &shown).await;
        let toast = outcome.toast.unwrap();
        assert!(toast.contains("陈测试") && toast.contains("确认属实"), "{toast}");
        assert!(outcome.rewrite.unwrap().plain.contains("没有待核实"));
    }
}

async fn status(world: &World, id: i64) -> IssueStatus {
    world.office.store.read().await.unwrap().issue(id, world.office.zone()).await.unwrap().issue.status
}

#[tokio::test]
async fn an_issue_goes_its_way_by_chat() {
    let (world, health, _, chief) = world().await;
    assert!(tell(&world, 1, &health, "问题", None).await.contains("共 2 项"));
    assert!(tell(&world, 2, &health, "签收 1", None).await.contains("已签收"));
    assert_eq!(status(&world, 1).await, IssueStatus::Acknowledged);
    let question = tell(&world, 3, &health, "整改 1", None).await;
    assert!(question.contains("〔整改 1〕"), "{question}");
    let answer = tell(&world, 4, &health, "链接已修复", Some(&question)).await;
    assert!(answer.contains("已收到整改反馈"), "{answer}");
    assert_eq!(status(&world, 1).await, IssueStatus::Rectified);
    assert!(tell(&world, 5, &chief, "/reject 1", None).await.contains("〔退回 1〕"));
    assert!(tell(&world, 6, &chief, "/reject 1 仍打不开", None).await.contains("已退回"));
    assert!(tell(&world, 7, &health, "延期 1 2026-11-25 机房施工", None).await.contains("须晚于"));
    assert!(tell(&world, 8, &health, "延期 1 2026-12-04 机房施工", None).await.contains("已提交延期申请"));
    assert!(tell(&world, 9, &chief, "/grant 1", None).await.contains("整改时限 2026-12-04"));
    assert!(tell(&world, 10, &health, "申诉 1 链接属于其他单位", None).await.contains("时限停止计算"));
    assert!(tell(&world, 11, &chief, "/uphold 1", None).await.contains("已维持"));
    assert!(tell(&world, 12, &chief, "/close 1", None).await.contains("已销号"));
    assert!(tell(&world, 13, &chief, "/close 1", None).await.contains("无需重复"));
    assert!(tell(&world, 14, &health, "/issue 1", None).await.contains("已销号"));
}

#[tokio::test]
async fn another_units_issue_is_answered_like_one_that_does_not_exist() {
    let (world, _, parks, _) = world().await;
    let mut update = 0;
    for command in ["签收", "整改", "申诉", "延期", "/issue", "/fix", "/appeal"] {
        for rest in ["", " 因为", " 2026-12-04 因为"] {
            update += 2;
            let other = tell(&world, update, &parks, &format!("{command} 1{rest}"), None).await;
            let none = tell(&world, update + 1, &parks, &format!("{command} 999{rest}"), None).await;
            assert_eq!(other.replace('1', "N"), none.replace("999", "N"), "{command}{rest}");
        }
    }
    assert_eq!(status(&world, 1).await, IssueStatus::Notified);
    assert!(tell(&world, 900, &parks, "/issues", None).await.contains("没有未办结"));
    assert!(tell(&world, 901, &parks, "/close 1", None).await.contains("没有办理此事项的权限"));
}

#[tokio::test]
async fn strangers_forwards_and_anonymous_readers_are_refused_courteously() {
    let (world, health, ..) = world().await;
    let stranger = world.telegram.person("路人");
    for (update, text) in (100..).zip(["你好", "/issues", "签收 1", "/status"]) {
        assert!(tell(&world, update, &stranger, text, None).await.contains("/bind"), "{text}");
    }
    let mut incoming = Incoming {
        channel: "telegram",
        update_id: 200,
        address: "-5".into(),
        is_group: true,
        sender: Sender {
            key: format!("telegram:{}", health.user_id),
            name: "林测试".into(),
            lang: None,
            anonymous: false,
        },
        what: What::Text {
            text: "/ack 1".into(),
            reply_to: None,
            attachments: Attachments::default(),
            forwarded: true,
        },
        gathered: Vec::new(),
    };
    let said = |outcome: Outcome| outcome.messages.into_iter().map(|m| m.plain).collect::<String>();
    assert!(said(handle(&world.office, "xuncha_bot", &incoming).await).contains("转发"));
    incoming.update_id = 201;
    incoming.sender.anonymous = true;
    assert!(said(handle(&world.office, "xuncha_bot", &incoming).await).contains("匿名"));
    incoming.update_id = 202;
    incoming.what =
        What::Text { text: "大家好".into(), reply_to: None, attachments: Attachments::default(), forwarded: false };
    assert_eq!(handle(&world.office, "xuncha_bot", &incoming).await, Outcome::default());
    assert_eq!(status(&world, 1).await, IssueStatus::Notified);
}

#[tokio::test]
async fn an_update_is_handled_once() {
    let (world, health, ..) = world().await;
    assert!(tell(&world, 7, &health, "签收 1", None).await.contains("已签收"));
    assert_eq!(tell(&world, 7, &health, "签收 1", None).await, "");
    assert!(tell(&world, 8, &health, "签收 1", None).await.contains("此前已签收"));
}

#[tokio::test]
async fn what_cannot_wait_stands_first_in_the_queue() {
    use crate::domain::finding::{Evidence, Outcome};
    use crate::domain::rule::{Class, Indicator};
    let (world, _, _, chief) = world().await;
    let now = world.office.now();
    let doubt = |indicator, class, summary: &str| crate::store::NewFinding {
        indicator,
        subject: summary.to_owned(),
        class,
        outcome: Outcome::Suspected,
        reason: "mobile".to_owned(),
        summary: summary.to_owned(),
        as_of: now,
        observed_at: now,
        newest_at: None,
        rule: world.office.rules.reference(indicator),
        evidence: Evidence::default(),
        looks: 1,
        next_look_at: None,
    };
    let later = [
        doubt(Indicator::Expression, Class::Ordinary, "寻常错词"),
        doubt(Indicator::Expression, Class::Veto, "严重错词"),
        doubt(Indicator::Privacy, Class::Veto, "个人信息"),
    ];
    let mut tx = world.office.store.write().await.unwrap();
    tx.put_findings(1, 9, &crate::domain::account::AccountId::new("A1"), &later).await.unwrap();
    tx.commit().await.unwrap();
    let mut queue = tell(&world, 1, &chief, "/queue", None).await;
    for (place, said) in (1..).zip(["个人信息", "严重错词", "测试发布B1", "寻常错词"]) {
        assert!(queue.contains(said) && queue.contains(&format!("第 {place} / 4 条")), "{said}: {queue}");
        let turned = press(&world, 10 + place, &chief, Press::Next(List::Queue, place), &[]).await;
        queue = turned.rewrite.unwrap().plain;
    }
}

#[tokio::test]
async fn a_supervisor_settles_the_queue_and_invites() {
    let (world, _, parks, chief) = world().await;
    assert!(tell(&world, 1, &parks, "/queue", None).await.contains("权限"));
    let queue = tell(&world, 2, &chief, "/queue", None).await;
    assert!(queue.contains("第 1 / 1 条") && queue.contains("测试发布B1"), "{queue}");
    let asked = tell(&world, 3, &chief, "说不清", Some("〔排除 3001〕请选择理由")).await;
    assert!(asked.contains("已排除"), "{asked}");
    assert!(tell(&world, 4, &chief, "/queue", None).await.contains("没有待核实"));
    assert!(tell(&world, 5, &chief, "/status 2026Q4", None).await.contains("第四季度"));
    assert!(tell(&world, 6, &chief, "/status", None).await.contains("第四季度"));
    assert!(tell(&world, 7, &chief, "/status 2020Q1", None).await.contains("没有这一检查批次"));
    assert!(tell(&world, 8, &chief, &format!("/invite {PARKS}"), None).await.contains("/bind "));
    assert!(tell(&world, 9, &chief, "/invite 没有的局", None).await.contains("没有的局"));
    assert!(tell(&world, 10, &parks, "/lang en", None).await.contains("English"));
    assert!(tell(&world, 11, &parks, "/issues", None).await.contains("no live problems"));
    assert!(tell(&world, 12, &parks, "/feedback 请尽快", None).await.contains("Passed on"));
}

#[tokio::test]
async fn whoever_decides_is_told_of_the_looks_and_a_unit_is_not() {
    use crate::issues::looks::LOOKED;
    use crate::store::NewEvent;
    let (world, health, _, chief) = world().await;
    let mut tx = world.office.store.write().await.unwrap();
    let behind = tx.latest_finding_of(1, world.office.zone()).await.unwrap().unwrap().finding.id;
    for id in [3001, behind] {
        let id = id.to_string();
        for (hours, reason) in [(0, "dns"), (6, "timeout"), (12, "server_error"), (25, "no_such_app")] {
            tx.append_event(NewEvent {
                at: world.office.now() + chrono::TimeDelta::hours(hours),
                actor: "",
                subject_kind: "finding",
                subject_id: &id,
                kind: LOOKED,
                note: "无法下载：未登记采集方式",
                data: &format!(r#"{{"outcome":"suspected","reason":"{reason}","status":null}}"#),
            })
            .await
            .unwrap();
        }
    }
    tx.commit().await.unwrap();
    let at = |hours| world.office.local(world.office.now() + chrono::TimeDelta::hours(hours)).minute();
    let (second, third, fourth) = (at(6), at(12), at(25));
    let told =
        format!("已复看 3 次：…；{second} 访问超时；{third} 服务器出错（5xx）；{fourth} 无法下载：未登记采集方式\n");
    let queue = tell(&world, 1, &chief, "/queue", None).await;
    assert!(queue.contains(&told) && !queue.contains("已查看"), "{queue}");
    assert!(tell(&world, 2, &chief, "/issue 1", None).await.contains(told.trim_end()));
    let own = tell(&world, 3, &health, "/issue 1", None).await;
    assert!(own.contains("1 号") && !own.contains("复看") && !own.contains("访问超时"), "{own}");
    tell(&world, 4, &chief, "/lang en", None).await;
    let queue = tell(&world, 5, &chief, "/queue", None).await;
    let told = format!(
        "Looked at again 3 times: …; {second} no complete answer in time; {third} server error (5xx); \
         {fourth} cannot be downloaded: no source is registered\n"
    );
    assert!(queue.contains(&told), "{queue}");
}

#[tokio::test]
async fn one_button_acknowledges_a_units_own_issues_and_no_others() {
    let (world, health, parks, chief) = world().await;
    for (update, user, count) in [(1, &parks, 0), (2, &chief, 0), (3, &health, 2), (4, &health, 0)] {
        let all = Press::AckAll(1, 99);
        let toast = press(&world, update, user, all, &[vec![all]]).await.toast.unwrap();
        let wanted = if count == 0 { "没有需要签收".to_owned() } else { format!("已签收 {count} 项") };
        assert!(toast.contains(&wanted), "{update}: {toast}");
    }
    assert_eq!(status(&world, 2).await, IssueStatus::Acknowledged);
}

#[tokio::test]
async fn buttons_work_end_to_end() {
    let (mut world, health, _, chief) = world().await;
    let mut ready = world.listen();
    ready.wait_for(|ready| *ready).await.unwrap();
    assert!(world.telegram.commands().iter().any(|(name, _)| name == "ack"));
    let notice = world.telegram.inbox(health.chat_id).remove(0);
    assert_eq!(notice.buttons, ["签收 1", "整改 1", "申诉 1", "签收 2", "整改 2", "申诉 2"]);
    world.telegram.press(health.chat_id, &health, notice.message_id, "签收 1").await.unwrap();
    let shown = world.telegram.inbox(health.chat_id);
    assert!(shown.iter().any(|s| s.toast && s.text.contains("已签收")), "{shown:?}");
    let now = world.telegram.message(health.chat_id, notice.message_id).unwrap();
    assert_eq!(now.buttons, ["整改 1", "申诉 1", "延期 1", "签收 2", "整改 2", "申诉 2", "延期 2"]);
    world.telegram.press(health.chat_id, &health, notice.message_id, "整改 1").await.unwrap();
    assert!(world.telegram.inbox(health.chat_id).iter().any(|s| s.text.contains("〔整改 1〕")));
    world.telegram.say(health.chat_id, &health, "整改 1 已修复").await.unwrap();
    assert!(world.telegram.inbox(health.chat_id)[0].text.contains("已收到整改反馈"));

    world.telegram.say(chief.chat_id, &chief, "/queue").await.unwrap();
    let queue = world.telegram.inbox(chief.chat_id).pop().unwrap();
    assert_eq!(queue.buttons, ["属实 3001", "排除 3001", "属实并说明 3001"]);
    world.telegram.press(chief.chat_id, &chief, queue.message_id, "排除 3001").await.unwrap();
    let why = world.telegram.inbox(chief.chat_id).pop().unwrap();
    world.telegram.press(chief.chat_id, &chief, why.message_id, "系统误判").await.unwrap();
    assert!(world.telegram.inbox(chief.chat_id).iter().any(|s| s.text.contains("已排除")));

    let newcomer = world.telegram.stranger("吴测试");
    world.telegram.say(newcomer.chat_id, &newcomer, "/start").await.unwrap();
    assert!(world.telegram.inbox(newcomer.chat_id)[0].text.contains("/bind"));
    let code = world.code(Role::UnitAdmin, Some(PARKS)).await;
    world.telegram.say(newcomer.chat_id, &newcomer, &format!("/bind {}", code.to_lowercase())).await.unwrap();
    assert!(world.telegram.inbox(newcomer.chat_id)[0].text.contains(PARKS));
    assert_eq!(world.close().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_bot_outlives_an_outage() {
    let (mut world, health, ..) = world().await;
    let _ = world.telegram.inbox(health.chat_id);
    world.telegram.go_down(true);
    let mut ready = world.listen();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!*ready.borrow());
    world.telegram.go_down(false);
    ready.wait_for(|ready| *ready).await.unwrap();
    world.telegram.say(health.chat_id, &health, "/issues").await.unwrap();
    assert!(world.telegram.inbox(health.chat_id)[0].text.contains("共 2 项"));
    world.close().await;
}

#[tokio::test]
async fn another_units_press_leaves_the_message_as_it_is() {
    let (world, health, parks, _) = world().await;
    let row = vec![Press::Do(Verb::Ack, 1), Press::Do(Verb::Fix, 1), Press::Do(Verb::Appeal, 1)];
    for (update, pressed) in (1..).zip([Press::Do(Verb::Ack, 1), Press::Do(Verb::Fix, 1)]) {
        let outcome = press(&world, update, &parks, pressed, std::slice::from_ref(&row)).await;
        assert_eq!((outcome.redraw, outcome.messages), (None, Vec::new()), "{pressed:?}");
    }
    let all = [vec![Press::AckAll(1, 2)]];
    assert_eq!(press(&world, 5, &parks, Press::AckAll(1, 2), &all).await.redraw, None);
    let outcome = press(&world, 6, &health, Press::Do(Verb::Ack, 1), &[row]).await;
    let left: Vec<Press> = outcome.redraw.unwrap().into_iter().flatten().map(|button| button.press).collect();
    assert_eq!(left, [Press::Do(Verb::Fix, 1), Press::Do(Verb::Appeal, 1), Press::Do(Verb::Extend, 1)]);
}

#[tokio::test]
async fn several_numbers_and_half_a_request_are_answered_plainly() {
    let (world, health, _, chief) = world().await;
    let both = tell(&world, 1, &health, "签收1、2、999", None).await;
    assert!(both.contains("1 号　已签收") && both.contains("2 号　已签收") && both.contains("999"), "{both}");
    assert_eq!(status(&world, 2).await, IssueStatus::Acknowledged);
    assert!(tell(&world, 2, &health, "整改 1、2 已更新", None).await.contains("一个编号"));
    assert_eq!(status(&world, 1).await, IssueStatus::Acknowledged);
    assert!(tell(&world, 3, &health, "延期 1 下周五 机房施工", None).await.contains("日期未能识别"));
    let why = tell(&world, 4, &health, "延期 1 2026-12-04", None).await;
    assert!(why.contains("2026-12-04") && why.contains("理由"), "{why}");
    assert!(tell(&world, 5, &health, "机房施工", Some(&why)).await.contains("已提交延期申请"));
    let shown = tell(&world, 6, &chief, "/issue 1", None).await;
    for words in ["申请延期至：2026-12-04", "要求：", "复查：", "（系统）"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    tell(&world, 7, &chief, "/refuse 1 可按期完成", None).await;
    let row = [vec![Press::Do(Verb::Grant, 1), Press::Do(Verb::Refuse, 1)]];
    for (update, pressed) in (8..).zip([Press::Do(Verb::Grant, 1), Press::Do(Verb::Refuse, 1)]) {
        let toast = press(&world, update, &chief, pressed, &row).await.toast.unwrap();
        assert!(toast.contains("不予延期") && toast.contains("陈测试"), "{toast}");
    }
}

#[tokio::test]
async fn a_unit_reads_but_does_not_touch_what_it_was_not_told_of() {
    let world = World::new().await;
    world.account("A1", HEALTH).await;
    let health = world.bound("林测试", Role::UnitAdmin, Some(HEALTH)).await;
    world.judge(&["A1"], &[]).await;
    let mut tx = world.office.store.write().await.unwrap();
    let held = tx.is_told(1).await.unwrap();
    drop(tx);
    let shown = press(&world, 1, &health, Press::Do(Verb::Issue, 1), &[]).await.messages.remove(0);
    assert!(shown.buttons.is_empty(), "{shown:?}");
    assert_eq!(shown.plain.contains("通知尚未发出"), !held);
    assert_eq!(tell(&world, 2, &health, "签收 1", None).await.contains("通知尚未发出"), !held);
}
