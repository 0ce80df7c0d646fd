//! What the tables of the judges begin with.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Asia::Shanghai;

use super::Bench;
use crate::checks::seen::{Newest, Observed, PostSeen};
use crate::config::ReviewRequired;
use crate::domain::Lang;
use crate::domain::account::{Account, AccountId, AccountStatus, Platform};
use crate::domain::finding::Evidence;
use crate::domain::rule::RuleSet;

pub(super) fn rules() -> RuleSet {
    toml::from_str(include_str!("../../../accounts/rules/2019-19.toml")).unwrap()
}

pub(super) fn at(local: &str) -> DateTime<Utc> {
    let local = chrono::NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
    local.and_local_timezone(Shanghai).unwrap().to_utc()
}

/// A quarterly round of 2026Q4, judged on 23 November.
pub(super) fn bench(rules: &RuleSet) -> Bench<'_> {
    Bench {
        rules,
        lang: Lang::Zh,
        zone: Shanghai,
        as_of: at("2026-11-23 09:00"),
        window_from: at("2026-10-01 00:00"),
        full: true,
        review_since: at("2026-10-01 00:00"),
        review_required: ReviewRequired::Always,
        sign_off: false,
    }
}

pub(in crate::checks) fn account() -> Account {
    Account {
        account_id: AccountId::new("A1"),
        name: "云溪水务".to_owned(),
        platform: Platform::Wechat,
        unit: "云溪区水务局".to_owned(),
        unit_tier: None,
        supervising_unit: None,
        represents_government: false,
        status: AccountStatus::Running,
        filing_no: None,
        opened_on: None,
        followers: None,
        certified_subject: None,
        admin: None,
        admin_contact: None,
        source: None,
        source_url: None,
        source_options: serde_json::Map::new(),
        service_links: Vec::new(),
        extra: std::collections::BTreeMap::new(),
    }
}

pub(super) fn post(title: &str, published: DateTime<Utc>) -> PostSeen {
    PostSeen {
        url: None,
        title: title.to_owned(),
        published_at: published.with_timezone(&Shanghai).fixed_offset(),
        day_only: false,
        sign_off: None,
    }
}

pub(super) fn posts(bench: &Bench<'_>, count: usize) -> Vec<PostSeen> {
    (0..count).map(|n| post(&format!("第{n}篇"), bench.as_of - TimeDelta::days(2 + n as i64))).collect()
}

pub(super) fn seen() -> Observed {
    Observed::of_source(at("2026-11-23 09:00"), Ok(Newest::default()), Evidence::default())
}
