//! `app` 应用商店: the answer of an iTunes lookup.
//!
//! A store shows versions, not what is published inside the app: a recent version proves
//! activity, an old one proves nothing. Whether the app can be downloaded is another question.

use serde_json::{Map, Value};

use super::json::{self, Found, Rest};
use super::{ReadContext, Unreadable};
use crate::domain::account::SourceKind;
use crate::domain::post::{Post, Profile, Reading};

pub(super) fn read(
    url: &str,
    text: &str,
    options: &Map<String, Value>,
    context: &ReadContext,
) -> Result<Reading, Unreadable> {
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
    json::finish(SourceKind::App, found, Rest { profile, own, part: true, warnings: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::post::Coverage;
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
    fn no_mutation_makes_it_panic() {
        crate::sources::tests::survives(SourceKind::App, &[LOOKUP]);
    }
}
