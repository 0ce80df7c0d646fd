//! `identity`: is the account whose name and certification it bears (名称或认证主体不一致)?

use super::Bench;
use crate::checks::seen::Observed;
use crate::domain::account::{Account, SourceKind};
use crate::domain::finding::{Evidence, Outcome};
use crate::domain::naming::{plain, same_body};
use crate::domain::rule::Indicator;
use crate::store::NewFinding;

/// Source: 国办发〔2018〕123号, 名称规范、公开认证信息中标明主办单位; 变更应备案. What differs is put
/// to a person; `None` where neither registry nor source shows anything to compare.
pub(in crate::checks) fn identity(bench: &Bench<'_>, account: &Account, seen: &Observed) -> Option<NewFinding> {
    let words = bench.words();
    let profile = seen.profile.as_ref();
    let text =
        |text: Option<&String>| text.map(|text| text.trim()).filter(|text| !plain(text).is_empty()).map(str::to_owned);
    let shown_subject = text(profile.and_then(|profile| profile.certified_subject.as_ref()));
    let kept_subject = text(account.certified_subject.as_ref());
    // A feed's title is what its maker called it; only a platform's own answer shows the account's name.
    let shows_name = account.source.is_some_and(shows_its_name);
    let shown_name = text(profile.and_then(|profile| profile.name.as_ref()).filter(|_| shows_name));
    if shown_subject.is_none() && kept_subject.is_none() && shown_name.is_none() {
        return None;
    }
    let is_shown = shown_subject.is_some() || shown_name.is_some();
    let differs = |subject: &String| !same_body(subject, &account.unit);
    let mut reason = None;
    let mut said = Vec::new();
    if let Some(name) = shown_name.filter(|name| !is_same_name(name, &account.name)) {
        said.push(words.renamed(&clip(&name), &account.name));
        reason = Some("renamed");
    }
    if let Some(subject) = shown_subject.filter(differs) {
        said.push(words.certified_as(&clip(&subject), &account.unit));
        reason = Some("subject_differs");
    } else if let Some(subject) = kept_subject.filter(differs) {
        said.push(words.registered_as(&clip(&subject), &account.unit));
        reason = Some("subject_differs");
    }
    let (outcome, reason, summary) = match reason {
        Some(reason) => (Outcome::Suspected, reason, words.joined(&said)),
        None => (Outcome::Pass, "agrees", words.identity_agrees(is_shown)),
    };
    let evidence = if profile.is_some() { seen.evidence.clone() } else { Evidence::default() };
    Some(NewFinding { evidence, ..bench.verdict(Indicator::Identity, outcome, reason, summary, seen.at) })
}

const fn shows_its_name(kind: SourceKind) -> bool {
    matches!(
        kind,
        SourceKind::Weibo
            | SourceKind::Wechat
            | SourceKind::Douyin
            | SourceKind::Kuaishou
            | SourceKind::Bilibili
            | SourceKind::Toutiao
    )
}

/// Names agree where one holds the other: 云溪发布 and 云溪发布官方微博 are one account.
fn is_same_name(shown: &str, registered: &str) -> bool {
    let (shown, registered) = (plain(shown), plain(registered));
    registered.is_empty() || shown.contains(&registered) || registered.contains(&shown)
}

fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::judge::testing::{account, bench, rules, seen};
    use crate::domain::post::Profile;

    #[test]
    fn what_differs_is_put_to_a_person() {
        use SourceKind::{Feed, Weibo};
        let rules = rules();
        let bench = bench(&rules);
        let (pass, doubt) = (Outcome::Pass, Outcome::Suspected);
        // Source, name shown, subject shown, subject registered.
        for (source, name, shown, kept, expected) in [
            (Weibo, Some("云溪水务"), Some("江州市云溪区水务局"), None, Some((pass, "agrees"))),
            (Weibo, Some("云溪水务官方微博"), None, None, Some((pass, "agrees"))),
            (Weibo, Some("云溪河长"), None, None, Some((doubt, "renamed"))),
            (Weibo, Some("云溪水务"), Some("云溪文化传媒有限公司"), None, Some((doubt, "subject_differs"))),
            (Weibo, Some("云溪河长"), Some("云溪文化传媒有限公司"), None, Some((doubt, "subject_differs"))),
            (Feed, Some("某工具生成的订阅"), None, Some("云溪区水务局"), Some((pass, "agrees"))),
            (Feed, Some("某工具生成的订阅"), None, Some("云溪区教育局"), Some((doubt, "subject_differs"))),
            (Feed, Some("某工具生成的订阅"), None, None, None),
            (Weibo, None, None, None, None),
            (Weibo, Some(" "), Some("——"), None, None),
        ] {
            let account = Account { source: Some(source), certified_subject: kept.map(str::to_owned), ..account() };
            let profile = Profile {
                name: name.map(str::to_owned),
                certified_subject: shown.map(str::to_owned),
                ..Profile::default()
            };
            let seen = Observed { profile: Some(profile), ..seen() };
            let finding = identity(&bench, &account, &seen);
            assert_eq!(
                finding.as_ref().map(|f| (f.outcome, f.reason.as_str())),
                expected,
                "{source} {name:?} {shown:?}"
            );
            assert!(finding.is_none_or(|f| f.next_look_at.is_none() && !f.summary.is_empty()));
        }
    }
}
