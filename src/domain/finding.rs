//! A finding (发现): what one indicator says of one subject of an account, with its evidence.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::account::AccountId;
use super::keyed::keyed_enum;
use super::privacy::mask;
use super::round::RoundName;
use super::rule::{Class, Indicator, RuleRef};
use super::time::LocalTime;

keyed_enum! {
    /// The verdict. `Unverified` is neither violation nor compliance: it could not be judged.
    Outcome {
        Pass = "pass", "合规", "Compliant";
        Fail = "fail", "违规", "Violation";
        Suspected = "suspected", "疑似", "Suspected";
        Unverified = "unverified", "无法判定", "Could not be judged";
    }
}

/// The reason of an unverified verdict on texts where the source shows titles alone.
///
/// It tells how far the machine reads, not that something about the account is in doubt.
pub const TITLES_ONLY: &str = "titles_only";

/// One step of a redirect chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainStep {
    /// The address asked.
    pub url: String,
    /// What it answered.
    pub status: u16,
}

/// A page that was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedPage {
    /// The address.
    pub url: String,
    /// HTTP status of the last answer.
    pub status: Option<u16>,
    /// The redirects that led there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<ChainStep>,
    /// SHA-256 of the body, hex.
    pub sha256: Option<String>,
    /// When.
    pub fetched_at: Option<LocalTime>,
}

/// What was seen, so that a stranger can judge the verdict.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// The address looked at.
    pub url: Option<String>,
    /// HTTP status of the last answer.
    pub status: Option<u16>,
    /// The redirects that led there.
    pub chain: Vec<ChainStep>,
    /// A short excerpt, at most 200 characters.
    pub snippet: Option<String>,
    /// SHA-256 of the body, hex.
    pub sha256: Option<String>,
    /// When it was fetched.
    pub fetched_at: Option<LocalTime>,
    /// The personal numbers found, by kind, masked, with how many there are of the kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<String>,
    /// The pages that were fetched, where the verdict rests on others than `url`: the source that
    /// carries a post, the columns of a website.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fetched: Vec<FetchedPage>,
    /// The link stands in the account's custom menu (自定义菜单), and in no list of the registry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_menu: bool,
}

impl Evidence {
    /// As it may be shown: addresses and excerpts with their personal numbers masked.
    ///
    /// What is stored keeps the addresses whole, as they are asked for again.
    #[must_use]
    pub fn shown(mut self) -> Self {
        let steps = self.fetched.iter_mut().flat_map(|page| page.chain.iter_mut()).chain(&mut self.chain);
        steps.for_each(|step| conceal(&mut step.url));
        self.fetched.iter_mut().for_each(|page| conceal(&mut page.url));
        [&mut self.url, &mut self.snippet].into_iter().flatten().for_each(conceal);
        self
    }
}

/// Masks personal numbers in place.
pub(crate) fn conceal(text: &mut String) {
    if let Cow::Owned(masked) = mask(text) {
        *text = masked;
    }
}

impl Finding {
    /// As it may be shown.
    #[must_use]
    pub fn shown(mut self) -> Self {
        conceal(&mut self.subject);
        conceal(&mut self.summary);
        Self { evidence: self.evidence.shown(), ..self }
    }
}

/// One verdict on one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Number.
    pub id: i64,
    /// The round it belongs to.
    pub round: RoundName,
    /// The account.
    pub account_id: AccountId,
    /// The account's name.
    pub account: String,
    /// The indicator.
    pub indicator: Indicator,
    /// The class under the rule that judged it.
    pub class: Class,
    /// The verdict.
    pub outcome: Outcome,
    /// What the verdict is on: a URL for `link`, else empty.
    pub subject: String,
    /// One plain sentence for people, in the office's language.
    pub summary: String,
    /// The monitoring time (监测时间点).
    pub as_of: LocalTime,
    /// When it was looked at.
    pub observed_at: LocalTime,
    /// Publication time of the newest post seen, where the check has one.
    pub newest_at: Option<LocalTime>,
    /// A stable key for why (`silent`, `http_404`, `blocked`, …).
    pub reason: String,
    /// The rule that judged it.
    pub rule: RuleRef,
    /// What was seen.
    pub evidence: Evidence,
}
