//! Canaries (对照账号): accounts known to post daily, looked at once a run, before anybody is judged.
//!
//! While one is silent or cannot be read, the way to its platform is broken and not the accounts:
//! nobody there is judged silent, warned of silence, or refused a rectification.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::seen::Unread;
use crate::config::CanaryConfig;
use crate::domain::Lang;
use crate::domain::account::Platform;
use crate::domain::post::Coverage;
use crate::fetch::Fetcher;
use crate::office::Office;
use crate::sources::{self, ReadContext};

/// What is wrong with the platforms whose canary does not sing, in the office's language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Canaries {
    silent: BTreeMap<Platform, String>,
}

impl Canaries {
    /// Looks at every canary of the office.
    pub(super) async fn look(office: &Office, fetcher: &Fetcher) -> Self {
        Self::look_at(office, fetcher, |_| true).await
    }

    /// Looks at the canaries of one platform.
    pub(super) async fn look_for(office: &Office, fetcher: &Fetcher, platform: Platform) -> Self {
        Self::look_at(office, fetcher, |canary| canary.platform == platform).await
    }

    async fn look_at(office: &Office, fetcher: &Fetcher, wanted: impl Fn(&CanaryConfig) -> bool) -> Self {
        let canaries = office.config.canaries.iter().filter(|canary| wanted(canary));
        let looks = canaries.map(|canary| async move { (canary, sings(office, fetcher, canary).await) });
        let mut silent = BTreeMap::new();
        for (canary, sung) in futures::future::join_all(looks).await {
            if let Err(why) = sung {
                tracing::warn!(platform = canary.platform.key(), url = canary.url, why, "a canary does not sing");
                silent.entry(canary.platform).or_insert(why);
            }
        }
        Self { silent }
    }

    /// Why nobody on `platform` is judged silent; `None`: nothing speaks against it.
    pub(super) fn silent_on(&self, platform: Platform) -> Option<&str> {
        self.silent.get(&platform).map(String::as_str)
    }
}

async fn sings(office: &Office, fetcher: &Fetcher, canary: &CanaryConfig) -> Result<(), String> {
    let lang = office.lang();
    let now = office.now();
    let unread = |why: &str| match lang {
        Lang::Zh => format!("对照账号读不到（{why}）"),
        Lang::En => format!("the canary cannot be read ({why})"),
    };
    let page = fetcher.get(&canary.url).await.map_err(|failure| unread(failure.kind.name(lang)))?;
    let (kind, options) = (canary.source, canary.options.clone());
    let context = ReadContext::at(now, office.zone());
    let read = tokio::task::spawn_blocking(move || sources::read(kind, &page, &options, &context)).await;
    let reading = match read {
        Ok(Ok(reading)) if reading.coverage != Coverage::Mixed => reading,
        Ok(Ok(_)) => return Err(unread(&super::words::Words(lang).mixed_source())),
        Ok(Err(unreadable)) => return Err(unread(&unreadable.sentence(lang))),
        Err(_) => return Err(unread(&super::words::Words(lang).adapter_failed())),
    };
    // A clock that is a little ahead is no silence.
    let newest = reading.newest_until(now + TimeDelta::hours(14)).map(|at| at.with_timezone(&Utc));
    let max_age = TimeDelta::from_std(canary.max_age).unwrap_or(TimeDelta::MAX);
    match newest {
        Some(at) if now - at <= max_age => Ok(()),
        newest => Err(silent(lang, newest.map(|at| office.local(at).minute()), now - max_age, office)),
    }
}

fn silent(lang: Lang, newest: Option<String>, wanted: DateTime<Utc>, office: &Office) -> String {
    let wanted = office.local(wanted).minute();
    match (lang, newest) {
        (Lang::Zh, Some(at)) => format!("每天更新的对照账号最新内容为{at}，应在{wanted}以后有更新"),
        (Lang::Zh, None) => "每天更新的对照账号没有可识别的内容".to_owned(),
        (Lang::En, Some(at)) => {
            format!("the newest post of the canary, which posts daily, is of {at}; one after {wanted} was due")
        }
        (Lang::En, None) => "the canary, which posts daily, shows nothing that can be dated".to_owned(),
    }
}

impl Unread {
    /// The reason under which a platform with a silent canary is not judged.
    pub(super) fn canary(sentence: String) -> Self {
        Self { reason: CANARY_SILENT.to_owned(), sentence }
    }
}

/// Stands on verdicts that were made while the platform's canary was silent.
pub(super) const CANARY_SILENT: &str = "canary_silent";
