//! Parts, signatures and what the codes in an answer mean, robot by robot.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::domain::Lang;
use crate::domain::account::Platform;
use crate::domain::notice::{NoticeBody, NoticeItem};
use crate::domain::rule::{Class, Indicator};

const KINDS: [ChannelKind; 3] = [ChannelKind::Wecom, ChannelKind::Dingtalk, ChannelKind::Feishu];

fn notice(items: usize, said: &str) -> NoticeBody {
    let item = |issue| NoticeItem {
        issue,
        account: format!("云溪发布{issue}"),
        platform: Platform::Wechat,
        indicator: Indicator::Link,
        class: Class::Ordinary,
        summary: said.to_owned(),
        basis: "国办秘函〔2019〕19号 附件2".into(),
        remedy: Bilingual { zh: "请修复链接。".into(), en: "Repair the link.".into() },
        recheck: Bilingual { zh: "反馈后自动复查。".into(), en: "Looked at again after your report.".into() },
        working_days: 5,
    };
    let as_of = crate::domain::time::LocalTime::new("2026-11-23T01:00:00Z".parse().unwrap(), chrono_tz::Asia::Shanghai);
    NoticeBody::Rectification { round: "2026Q4".parse().unwrap(), as_of, items: (1..=items as i64).map(item).collect() }
}

fn parts(kind: ChannelKind, items: usize, said: &str, lang: Lang) -> Vec<Part> {
    let due = |_| (NaiveDate::from_ymd_opt(2026, 11, 30).unwrap(), false);
    let sheet = texts::sheet(&notice(items, said), "2026-0007", Some("云溪区水务局"), lang, &due, true);
    split::split(kind, &sheet, Some("https://xuncha.example.gov.cn/a/TOKEN"), lang)
}

fn sent(kind: ChannelKind, part: &Part) -> (Value, usize) {
    let body = match kind {
        ChannelKind::Wecom => wecom::body(part),
        ChannelKind::Dingtalk => dingtalk::body(part),
        ChannelKind::Feishu => feishu::body(part, Some("secret"), "2026-11-23T01:00:00Z".parse().unwrap()),
    };
    let bytes = match kind {
        ChannelKind::Wecom => body["markdown"]["content"].as_str().unwrap().len(),
        _ => body.to_string().len(),
    };
    (body, bytes)
}

const fn limit(kind: ChannelKind) -> usize {
    match kind {
        ChannelKind::Wecom => 4_096,
        ChannelKind::Dingtalk => 20_000,
        ChannelKind::Feishu => 20_480,
    }
}

#[test]
fn sixty_issues_are_all_told_in_parts_that_fit_each_with_number_and_link() {
    for kind in KINDS {
        let parts = parts(kind, 60, "链接 https://www.yunxi.example/a_b?c=d&e=f 无法打开（404）", Lang::Zh);
        assert!(parts.len() > 1, "{kind}");
        let mut all = String::new();
        for (n, part) in parts.iter().enumerate() {
            let (body, bytes) = sent(kind, part);
            assert!(bytes <= limit(kind), "{kind}: {bytes}");
            let text = body.to_string();
            assert!(text.contains(&format!("2026-0007（{}/{}）", n + 1, parts.len())), "{text}");
            assert!(text.contains("https://xuncha.example.gov.cn/a/TOKEN"));
            all += &text;
        }
        for issue in 1..=60 {
            assert_eq!(all.matches(&format!("云溪发布{issue}（")).count(), 1, "{kind} {issue}");
        }
        assert!(all.contains("https://www.yunxi.example/a_b?c=d&e=f"), "addresses stay whole");
    }
}

#[test]
fn a_short_notice_is_one_part_without_a_mark() {
    for kind in KINDS {
        let parts = parts(kind, 1, "已 15 天未更新", Lang::Zh);
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].title, "【整改通知】编号 2026-0007");
    }
}

#[test]
fn what_somebody_wrote_becomes_neither_link_nor_mention_nor_colour() {
    let said = "[点此领奖](https://evil.example) <@all> <font color=\"warning\">急</font> &lt;@all&gt; &#60;@x&#62; **粗** `码` \\[x\\] ![i](u)\n# 题\n> 引";
    for kind in [ChannelKind::Wecom, ChannelKind::Dingtalk] {
        let text = parts(kind, 1, said, Lang::Zh)[0].lines.join("\n");
        for mark in ["](", "<", ">", "`", "&lt;", "&#", "\n#", "\\"] {
            assert!(!text.contains(mark), "{mark}: {text}");
        }
        let (body, _) = sent(kind, &parts(kind, 1, said, Lang::Zh)[0]);
        assert_ne!(body["at"]["isAtAll"], true);
    }
    let (body, _) = sent(ChannelKind::Feishu, &parts(ChannelKind::Feishu, 1, said, Lang::En)[0]);
    let content = body["content"]["post"]["en_us"]["content"].as_array().unwrap();
    let tags: Vec<_> = content.iter().flat_map(|p| p.as_array().unwrap()).map(|s| s["tag"].as_str().unwrap()).collect();
    assert_eq!(tags.iter().filter(|tag| **tag == "a").count(), 1, "our own link alone");
    assert!(tags.iter().all(|tag| ["a", "text"].contains(tag)));
}

#[test]
fn the_two_signatures_take_key_and_message_the_other_way_round() {
    let now = "2026-11-23T01:00:00Z".parse().unwrap();
    let url = dingtalk::signed("https://oapi.dingtalk.com/robot/send?access_token=t", Some("SECabc"), now);
    let sign = signature("SECabc", "1795395600000\nSECabc");
    let query: Vec<_> = url::Url::parse(&url).unwrap().query_pairs().into_owned().collect();
    assert_eq!(query[1..], [("timestamp".into(), "1795395600000".into()), ("sign".into(), sign)]);
    let body = feishu::body(&parts(ChannelKind::Feishu, 1, "x", Lang::Zh)[0], Some("abc"), now);
    assert_eq!(body["timestamp"], "1795395600");
    assert_eq!(body["sign"], signature("1795395600\nabc", ""));
    // HMAC-SHA256 of nothing under `key`, as any other program computes it.
    assert_eq!(signature("key", ""), "XV0TlWPJW1lnub2ajJsjOp3ttFByeUzSMtwbdIMmB9A=");
}

#[test]
fn a_code_in_the_body_counts_and_the_status_does_not() {
    use ChannelKind as K;
    let judge = |kind, status, body: &str| {
        super::judge(kind, &HookAnswer { status, retry_after: None, body: body.as_bytes().to_vec().into() })
    };
    for (kind, body) in [
        (K::Wecom, r#"{"errcode":0,"errmsg":"ok"}"#),
        (K::Dingtalk, r#"{"errcode":0,"errmsg":"ok"}"#),
        (K::Feishu, r#"{"code":0,"msg":"success","data":{}}"#),
        (K::Feishu, r#"{"StatusCode":0,"StatusMessage":"success"}"#),
    ] {
        assert_eq!(judge(kind, 200, body), Ok(()), "{body}");
    }
    let wait = |seconds| Fault::Send(SendError::Wait(Duration::from_secs(seconds)));
    assert_eq!(judge(K::Wecom, 200, r#"{"errcode":45009,"errmsg":"freq"}"#), Err(wait(60)));
    assert_eq!(judge(K::Dingtalk, 200, r#"{"errcode":130101,"errmsg":"send too fast"}"#), Err(wait(600)));
    assert_eq!(judge(K::Feishu, 200, r#"{"code":11232,"msg":"limit"}"#), Err(wait(60)));
    assert_eq!(judge(K::Feishu, 400, r#"{"code":9499,"msg":"too many request"}"#), Err(wait(60)));
    for (kind, body) in [
        (K::Wecom, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#),
        (K::Dingtalk, r#"{"errcode":300001,"errmsg":"token is not exist"}"#),
        (K::Feishu, r#"{"code":19001,"msg":"invalid token"}"#),
    ] {
        assert!(matches!(judge(kind, 200, body), Err(Fault::Send(SendError::Gone(_)))), "{body}");
    }
    for (kind, body) in [
        (K::Dingtalk, r#"{"errcode":310000,"errmsg":"keywords not in content"}"#),
        (K::Feishu, r#"{"code":19021,"msg":"sign match fail"}"#),
        (K::Feishu, r#"{"code":19024,"msg":"Key Words Not Found"}"#),
    ] {
        assert!(matches!(judge(kind, 200, body), Err(Fault::Settings(_))), "{body}");
    }
    // What nobody knows is tried again.
    assert!(matches!(judge(K::Wecom, 200, r#"{"errcode":77777}"#), Err(Fault::Send(SendError::Later(_)))));
    assert!(matches!(judge(K::Wecom, 200, "{}"), Err(Fault::Send(SendError::Unknown(_)))));
    assert!(matches!(judge(K::Wecom, 200, "<html>"), Err(Fault::Send(SendError::Later(_)))));
    assert!(matches!(judge(K::Wecom, 502, ""), Err(Fault::Send(SendError::Unknown(_)))));
    assert!(matches!(judge(K::Wecom, 302, ""), Err(Fault::Send(SendError::Later(_)))));
    assert_eq!(judge(K::Wecom, 429, ""), Err(wait(60)));
}

proptest! {
    #[test]
    fn whatever_a_notice_says_its_parts_fit_and_lose_nothing(
        items in 1_usize..40,
        said in prop::collection::vec(prop::sample::select(vec!["字", "a", "😀", "<", "&", "\"", "\\", "\u{1}", " ", "长长长长长长长长"]), 0..900),
    ) {
        let said = said.concat();
        for kind in KINDS {
            let parts = parts(kind, items, &said, Lang::Zh);
            let mut all = String::new();
            for part in &parts {
                let (body, bytes) = sent(kind, part);
                prop_assert!(bytes <= limit(kind), "{kind}: {bytes}");
                all += &body.to_string();
            }
            for issue in 1..=items {
                prop_assert_eq!(all.matches(&format!("云溪发布{issue}（")).count(), 1);
            }
        }
    }
}
