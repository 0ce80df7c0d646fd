//! What every message reads like, in both languages.

use super::*;
use crate::domain::account::Platform;
use crate::domain::health::SourceState;
use crate::domain::issue::EventKind;
use crate::domain::notice::{
    Alert, Bilingual, BlindLine, IssueLine, NoticeItem, SecondFor, SilentSoon, UndeliveredLine, Undone,
};
use chrono_tz::Asia::Shanghai;

fn local(text: &str) -> LocalTime {
    LocalTime::new(text.parse().unwrap(), Shanghai)
}

fn due(class: Class) -> (NaiveDate, bool) {
    match class {
        Class::Veto => (NaiveDate::from_ymd_opt(2026, 11, 26).unwrap(), false),
        _ => (NaiveDate::from_ymd_opt(2027, 1, 4).unwrap(), true),
    }
}

fn item(issue: i64, class: Class) -> NoticeItem {
    NoticeItem {
        issue,
        account: "测试<区>发布".into(),
        platform: Platform::Wechat,
        indicator: Indicator::Stale,
        class,
        summary: "最近一次更新为 2026-11-01 08:00，距监测时间点已 22 天".into(),
        basis: "国办秘函〔2019〕19号 单项否决 & 内容不更新".into(),
        remedy: Bilingual { zh: "恢复更新。".into(), en: "Update again.".into() },
        recheck: Bilingual { zh: "反馈后自动复查。".into(), en: "Rechecked after your report.".into() },
        working_days: 3,
    }
}

fn rectification(count: i64) -> NoticeBody {
    let items = (1..=count).map(|n| item(n, if n % 2 == 1 { Class::Veto } else { Class::Ordinary })).collect();
    NoticeBody::Rectification { round: RoundName::Quarter(2026, 4), as_of: local("2026-11-23T01:00:00Z"), items }
}

fn line(issue: i64) -> IssueLine {
    IssueLine {
        issue,
        account: "测试发布".into(),
        platform: Platform::Weibo,
        unit: "测试区卫生局".into(),
        summary: "22 天未更新".into(),
        due_at: Some(local("2026-11-26T15:59:59Z")),
        due_provisional: false,
        unacknowledged: issue == 1,
    }
}

fn labels(message: &Message) -> Vec<Vec<&str>> {
    message.buttons.iter().map(|row| row.iter().map(|button| button.label.as_str()).collect()).collect()
}

#[test]
fn a_rectification_notice_reads_like_this_in_chinese() {
    let message = render(&rectification(2), "2026-0007", Some("测试区卫生局"), Lang::Zh, &due);
    insta::assert_snapshot!(message.plain);
    assert!(message.html.contains("测试&lt;区&gt;发布") && message.html.contains("单项否决 &amp; 内容"));
    assert_eq!(labels(&message), [["签收 1", "整改 1", "申诉 1"], ["签收 2", "整改 2", "申诉 2"]]);
}

#[test]
fn a_rectification_notice_reads_like_this_in_english() {
    let message = render(&rectification(2), "2026-0007", Some("测试区卫生局"), Lang::En, &due);
    insta::assert_snapshot!(message.plain);
    assert_eq!(labels(&message)[0], ["Acknowledge 1", "Rectified 1", "Appeal 1"]);
}

#[test]
fn a_long_notice_is_cut_and_has_one_button() {
    let message = render(&rectification(60), "2026-0007", Some("测试区卫生局"), Lang::Zh, &due);
    assert!(message.plain.encode_utf16().count() <= 4_000);
    assert!(message.plain.contains("60 项问题") && message.plain.contains("未列出，请发送 /issues"));
    assert_eq!(labels(&message), [["全部签收"]]);
    assert_eq!(message.buttons[0][0].press, Press::AckAll(1, 60));
}

#[test]
fn the_other_notices_read_like_this() {
    let bodies = [
        NoticeBody::Warning {
            accounts: vec![SilentSoon {
                account: "测试发布".into(),
                platform: Platform::Wechat,
                newest_at: local("2026-11-11T02:00:00Z"),
                days: 12,
                violation_at: local("2026-11-25T02:00:00Z"),
            }],
        },
        NoticeBody::Reminder { lines: vec![line(1)], last_day: true },
        NoticeBody::Decision { line: line(1), what: EventKind::Upheld, note: "证据充分".into() },
        NoticeBody::Alert(Alert::RoundJudged {
            round: RoundName::Quarter(2026, 4),
            looked_at: 60,
            issues: 9,
            vetoes: vec![line(1)],
            veto_count: 1,
            doubtful: 2,
            unverified: 3,
        }),
        NoticeBody::Alert(Alert::Appealed { line: line(1), why: "已注销".into(), by: "林测试".into(), files: 1 }),
        NoticeBody::Alert(Alert::ExtensionRequested {
            line: line(1),
            until: local("2026-12-04T15:59:59Z"),
            why: "机房施工".into(),
            by: "林测试".into(),
        }),
        NoticeBody::Alert(Alert::Rectified {
            line: line(1), what: "已更新".into(), by: "林测试".into(), files: 1
        }),
        NoticeBody::Decision {
            line: line(1),
            what: EventKind::Rejected,
            note: "最近一次更新为 2026-11-03 08:00".into(),
        },
        NoticeBody::Alert(Alert::Veto { line: line(1), by: "陈测试".into() }),
        NoticeBody::Alert(Alert::SecondWanted {
            request: 4,
            what: SecondFor::Close { line: line(1) },
            note: "已电话核实".into(),
            by: "陈测试".into(),
            until: local("2026-11-25T15:59:59Z"),
        }),
        NoticeBody::Alert(Alert::SecondWanted {
            request: 5,
            what: SecondFor::Notices { round: RoundName::Quarter(2026, 4), units: 58, issues: 97 },
            note: String::new(),
            by: String::new(),
            until: local("2026-11-25T15:59:59Z"),
        }),
        NoticeBody::Alert(Alert::SecondLapsed {
            request: 4,
            what: Undone::Close { line: line(1) },
            since: Some(EventKind::Rejected),
        }),
        NoticeBody::Alert(Alert::SecondLapsed { request: 6, what: Undone::Revoke { line: line(2) }, since: None }),
        NoticeBody::Farewell {
            name: "林测试".into(), role: Role::UnitAdmin, unit: Some("测试区卫生局".into())
        },
        NoticeBody::Rectification {
            round: RoundName::Quarter(2026, 4),
            as_of: local("2026-11-23T01:00:00Z"),
            items: vec![item(7, Class::Advice)],
        },
        NoticeBody::Rectification {
            round: RoundName::Quarter(2026, 4),
            as_of: local("2026-11-23T01:00:00Z"),
            items: vec![item(6, Class::Veto), item(7, Class::Advice)],
        },
        NoticeBody::Alert(Alert::Feedback { unit: None, text: "您好".into(), by: "林测试".into() }),
        NoticeBody::Alert(Alert::Undeliverable {
            unit: Some("测试区卫生局".into()),
            number: "2026-0007".into(),
            why: "Forbidden: bot was blocked by the user".into(),
        }),
        NoticeBody::Digest {
            on: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
            opened: 3,
            live: 9,
            overdue: vec![line(1)],
            overdue_count: 3,
            escalated: 1,
            held_off: 1,
            requests: vec![4],
            held: vec![],
            doubtful: 2,
            appeals: vec![line(2)],
            extensions: vec![],
            undelivered: vec![UndeliveredLine {
                number: "2026-0007".into(),
                unit: Some("测试区卫生局".into()),
                why: None,
            }],
            blind_count: 1,
            blind: vec![BlindLine {
                account: "测试发布".into(),
                platform: Platform::Weibo,
                state: SourceState::Blind,
                since: local("2026-11-20T01:00:00Z"),
                why: "采集地址返回状态码 503".into(),
            }],
        },
    ];
    for lang in [Lang::Zh, Lang::En] {
        let texts: Vec<String> = bodies.iter().map(|body| render(body, "2026-0008", None, lang, &due).plain).collect();
        insta::assert_snapshot!(format!("others_{lang}"), texts.join("\n=====\n"));
    }
}

#[test]
fn every_command_is_explained_in_both_languages() {
    for verb in Verb::ALL {
        for lang in [Lang::Zh, Lang::En] {
            let (arguments, about) = about(*verb, lang);
            assert!((2..200).contains(&about.chars().count()), "{verb} {arguments}");
        }
    }
    let unit = reply(&Reply::Help(&[Role::UnitAdmin]), Lang::Zh).plain;
    assert!(unit.contains("/ack 编号") && !unit.contains("/close"));
    let chief = reply(&Reply::Help(&[Role::Supervisor]), Lang::En).plain;
    assert!(chief.contains("/close ID") && chief.contains("/queue"));
    assert!(reply(&Reply::Help(&[]), Lang::Zh).plain.contains("/bind"));
}

#[test]
fn a_question_is_recognised_by_its_mark_in_either_language() {
    for lang in [Lang::Zh, Lang::En] {
        for verb in [Verb::Fix, Verb::Appeal, Verb::Extend, Verb::Reject, Verb::Revoke, Verb::Refuse] {
            let question = reply(&Reply::Ask(verb, 12), lang);
            assert!(question.ask);
            assert_eq!(asked(&question.plain), Some(Press::Do(verb, 12)));
        }
        assert_eq!(asked(&reply(&Reply::AskWhy(5), lang).plain), Some(Press::DismissWords(5)));
        assert_eq!(asked(&reply(&Reply::AskWhyWords(5), lang).plain), Some(Press::DismissWords(5)));
        assert_eq!(asked(&reply(&Reply::AskNote(5), lang).plain), Some(Press::ConfirmWords(5)));
    }
    for text in [
        "〔整改 x〕",
        "整改 12",
        "国办发〔2019〕19号",
        "〔帮助 1〕",
        "〕〔",
        "申诉理由：升级〔撤销 2〕",
        "〔销号 2〕",
        "〔准予 2〕",
    ] {
        assert_eq!(asked(text), None, "{text}");
    }
}
