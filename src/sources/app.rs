//! `app` 应用商店: the answer of an iTunes lookup, or a store's or download page.
//!
//! A store shows versions, not what is published inside the app: a recent version proves
//! activity, an old one proves nothing. Whether the app can be downloaded is another question.

use serde_json::{Map, Value};

use super::json::{self, Found, Rest};
use super::{ReadContext, Unreadable, skim};
use crate::domain::account::SourceKind;
use crate::domain::oddity::Oddity;
use crate::domain::post::{Coverage, Post, Profile, Reading};

pub(super) fn read(
    url: &str,
    text: &str,
    options: &Map<String, Value>,
    context: &ReadContext,
) -> Result<Reading, Unreadable> {
    if text.trim_start().starts_with('<') {
        return read_page(text);
    }
    let answer = json::parse(text)?;
    if let Some(message) = json::first(&answer, &["errorMessage", "error"]) {
        return Err(json::refusal(&answer["errorCode"], Some(message)));
    }
    let results = json::list(&answer["results"]).ok_or(Unreadable::UnknownShape(SourceKind::App))?;
    if results.is_empty() {
        // Why the count too: a list that was cut off is not a store that has no such app.
        return Err(match answer["resultCount"].as_u64() {
            Some(0) => Unreadable::NoSuchApp,
            _ => Unreadable::UnknownShape(SourceKind::App),
        });
    }
    let own = json::own(url, options, &["id", "bundleId"]);
    let mut profile = None;
    let mut found = Vec::new();
    for app in results {
        let Some(name) = json::word(&app["trackName"]) else { continue };
        let ids = json::words(app, &["trackId", "bundleId"]);
        if own.as_ref().is_none_or(|own| ids.contains(own)) && profile.is_none() {
            profile = Some(Profile {
                name: Some(name.clone()),
                description: json::word(&app["description"]),
                certified_subject: json::first(app, &["sellerName", "artistName"]),
                followers: None,
            });
        }
        let version = json::word(&app["version"]).unwrap_or_default();
        let (text, links) = json::body(app["releaseNotes"].as_str().unwrap_or_default(), None);
        let id = ids.first().cloned().unwrap_or_else(|| name.clone());
        let post = Post {
            id: format!("{id}@{version}"),
            url: app["trackViewUrl"].as_str().map(str::to_owned),
            title: format!("{name} {version}").trim_end().to_owned(),
            published_at: json::first_instant(app, &["currentVersionReleaseDate", "releaseDate"], context),
            pinned: false,
            text,
            links,
        };
        found.push(Found { post, authors: ids });
    }
    if found.is_empty() {
        return Err(Unreadable::UnknownShape(SourceKind::App));
    }
    json::finish(SourceKind::App, found, Rest { profile, own, part: true, ..Rest::default() })
}

/// Visible characters of a page looked at.
const LOOKED_AT: usize = 3_000;
/// A page that shows more than this is more than a notice.
const NOTICE: usize = 600;

/// How stores and download pages say that an app is gone; in the title or heading, or a short page.
const REMOVED: &[&str] = &[
    "应用已下架",
    "应用已被下架",
    "该应用已下架",
    "该应用不存在",
    "应用不存在",
    "应用未找到",
    "没有找到该应用",
    "该应用暂不提供下载",
    "暂不提供下载",
    "已停止下载",
    "停止下载服务",
    "客户端已停止服务",
    "应用已停止服务",
    "已停止运营",
    "app not available",
    "this app is no longer available",
    "this app is currently not available",
    "the page you're looking for can't be found",
    "we're sorry, the requested url was not found",
];

/// A page proves that the app is offered, or says that it is not; it shows no versions.
fn read_page(text: &str) -> Result<Reading, Unreadable> {
    let skim = skim::skim(text, LOOKED_AT);
    let says = |words: &str| {
        let words = words.to_lowercase().replace('\u{2019}', "'");
        REMOVED.iter().any(|removed| words.contains(removed))
    };
    if says(&skim.title) || says(&skim.heading) || (skim.is_short(NOTICE) && says(&skim.visible)) {
        return Err(Unreadable::AppRemoved);
    }
    if skim.chars == 0 {
        // A page that a script fills shows nobody anything yet.
        return Err(Unreadable::NotData);
    }
    let name = Some(skim.title).filter(|title| !title.is_empty());
    let warnings = vec![Oddity::NoVersions];
    let profile = Profile { name, ..Profile::default() };
    Ok(Reading { profile: Some(profile), coverage: Coverage::Part, warnings, ..Reading::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::tests::{context, read_as};

    const LOOKUP: &str = r#"{"resultCount":1,"results":[{"trackId":700000001,"bundleId":"cn.example.fuwu","trackName":"某某掌上办",
        "sellerName":"某某区政务服务局","version":"3.2.0","releaseDate":"2020-01-01T00:00:00Z",
        "currentVersionReleaseDate":"2026-07-30T08:15:22Z","releaseNotes":"修复若干问题\n详见 https://www.example.cn/a",
        "trackViewUrl":"https://apps.example/cn/app/id700000001"}]}"#;

    #[test]
    fn the_version_is_a_post_and_proves_no_silence() {
        let reading = read_as(SourceKind::App, "https://itunes.example/lookup?id=700000001", LOOKUP).unwrap();
        assert_eq!(reading.coverage, Coverage::Part);
        assert_eq!(reading.posts.len(), 1);
        assert_eq!(reading.posts[0].title, "某某掌上办 3.2.0");
        assert_eq!(reading.newest_until(context().as_of).unwrap().to_rfc3339(), "2026-07-30T08:15:22+00:00");
        assert_eq!(reading.posts[0].links, ["https://www.example.cn/a"]);
        assert_eq!(reading.profile.unwrap().certified_subject.as_deref(), Some("某某区政务服务局"));
    }

    #[test]
    fn a_store_without_the_app_is_a_reason_of_its_own() {
        let read = |text| read_as(SourceKind::App, "https://itunes.example/lookup?id=1", text);
        assert_eq!(read(r#"{"resultCount":0,"results":[]}"#), Err(Unreadable::NoSuchApp));
        assert_eq!(read(r#"{"results":[]}"#), Err(Unreadable::UnknownShape(SourceKind::App)));
        assert_eq!(read(r#"{"resultCount":3}"#), Err(Unreadable::UnknownShape(SourceKind::App)));
        assert_eq!(read(LOOKUP), Err(Unreadable::OtherAccount));
        assert!(matches!(read(r#"{"errorMessage":"Invalid value"}"#), Err(Unreadable::Refused(_))));
    }

    #[test]
    fn a_download_page_offers_the_app_or_says_that_it_is_gone() {
        let read = |text: &str| read_as(SourceKind::App, "https://down.example.cn/app", text);
        let offered = "<html><head><title>某某掌上办 下载</title></head><body><p>扫码下载</p></body></html>";
        let reading = read(offered).unwrap();
        assert_eq!((reading.posts.len(), reading.coverage), (0, Coverage::Part));
        for gone in [
            "<html><title>应用已下架</title><body>…</body></html>",
            "<html><title>应用商店</title><body><p>很抱歉，该应用暂不提供下载</p></body></html>",
            "<html><title>App Store</title><body><h1>The page you’re looking for can’t be found.</h1></body></html>",
        ] {
            assert_eq!(read(gone), Err(Unreadable::AppRemoved), "{gone}");
        }
        assert_eq!(read("<html><body><script>go()</script></body></html>"), Err(Unreadable::NotData));
    }

    #[test]
    fn no_mutation_makes_it_panic() {
        crate::sources::tests::survives(SourceKind::App, &[LOOKUP]);
    }
}
