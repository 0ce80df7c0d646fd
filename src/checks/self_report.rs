//! The dated self-report (自查报告) of an account that no machine may read.
//!
//! A unit states when its newest post appeared and where it is to be seen. The rule counts as with
//! an inspector's look, the verdict says whose word it rests on, and it can only say that an account
//! is updated: nobody is convicted by their own statement, and none outweighs what the machine or an
//! inspector saw. A tenth of the statements, at least one, comes up on the worksheet to be looked into.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset};
use sha2::{Digest as _, Sha256};

use super::by_hand::put_verdict;
use super::judge::{SELF_REPORT, by_hand};
use super::run::bench;
use crate::domain::Lang;
use crate::domain::account::{Account, AccountId, Platform};
use crate::domain::by_hand::{HandItem, HandLook, HandOrigin};
use crate::domain::finding::Outcome;
use crate::domain::material::Material;
use crate::domain::privacy::mask_address;
use crate::domain::round::{RoundKind, RoundName, RoundState};
use crate::domain::time::LocalTime;
use crate::office::Office;
use crate::sources;
use crate::store::{NewEvent, Round, SelfReport, StoreError, Tx};

use super::by_hand::RecordError;

/// One statement in so many is looked into.
const ONE_IN: usize = 10;
/// A statement may be made over again so many times in a round.
const RESTATED: i64 = 5;

/// What a unit states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The account.
    pub account_id: AccountId,
    /// When its newest post appeared.
    pub newest_at: DateTime<FixedOffset>,
    /// Only the day is stated.
    pub day_only: bool,
    /// The post.
    pub content_url: String,
}

/// Why a statement was not taken; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// There is none, or it is another unit's.
    #[error("there is no account {0} of your unit")]
    NoAccount(AccountId),
    /// No round that can still take it holds the account.
    #[error("account {0} is in no round that is open")]
    NoRound(AccountId),
    /// It is judged, or an inspector has looked: a statement would say nothing more.
    #[error("account {0} is judged already; no self-report is needed")]
    Judged(AccountId),
    /// The machine reads it: no statement stands in for what it sees, or for what it cannot see just now.
    #[error("account {0} is read by the machine; no self-report is taken for it")]
    MachineRead(AccountId),
    /// What came as a screenshot is something else.
    #[error("the screenshot has to be a picture (JPEG, PNG, WebP or HEIC)")]
    NotAPicture,
    /// Stated over and over.
    #[error("account {0} was stated too often in this round; an inspector looks at it")]
    TooOften(AccountId),
    /// The day has not come.
    #[error("the date lies in the future")]
    Future,
    /// Later than what the round looks at.
    #[error("the date lies after the monitoring time {}", .0.minute())]
    AfterMonitoring(LocalTime),
    /// Too long ago to prove that the account is updated.
    #[error("the date lies too far back to prove that the account is updated")]
    TooOld,
    /// The link does not lie on the account's platform.
    #[error("the link does not lie on the account's platform")]
    ForeignLink,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RecordError> for StatementError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Store(error) | RecordError::Issue(crate::issues::IssueError::Store(error)) => {
                Self::Store(error)
            }
            other => Self::Store(StoreError::Missing { kind: "verdict", id: other.to_string() }),
        }
    }
}

/// Takes a unit's statement on an account of `units` (`None`: any) into the newest round that holds it.
pub async fn state(
    office: &Office,
    statement: &Statement,
    screenshot: Option<&Material>,
    units: Option<&[String]>,
    actor: &str,
) -> Result<RoundName, StatementError> {
    let now = office.now();
    let id = &statement.account_id;
    let mut tx = office.store.write().await?;
    let known = tx.account(id).await?.filter(|account| units.is_none_or(|units| units.contains(&account.unit)));
    let Some(account) = known else { return Err(StatementError::NoAccount(id.clone())) };
    let Some((round, member)) = round_of(&mut tx, id).await? else {
        return Err(StatementError::NoRound(id.clone()));
    };
    tx.lock_hand_looks(round.id).await?;
    let looks = tx.hand_looks_of(round.id, &[id]).await?;
    let earlier = looks.iter().find(|look| look.item == HandItem::Update);
    let verdicts = tx.whole_findings_of(round.id, &[id], office.zone()).await?;
    let family = HandItem::Update.indicator(&account).family();
    let verdict = verdicts.iter().find(|found| found.finding.indicator.family() == family);
    if account.source.is_some_and(sources::is_read_by_machine) {
        return Err(StatementError::MachineRead(id.clone()));
    }
    let is_open =
        verdict.is_none_or(|found| found.finding.outcome == Outcome::Unverified || found.finding.reason == SELF_REPORT);
    if !is_open || earlier.is_some_and(|look| look.origin == HandOrigin::Inspector) {
        return Err(StatementError::Judged(id.clone()));
    }
    if screenshot.is_some_and(|file| !file.kind.is_picture()) {
        return Err(StatementError::NotAPicture);
    }
    if tx.times_self_reported(round.name, id).await? > RESTATED {
        return Err(StatementError::TooOften(id.clone()));
    }
    if statement.newest_at > now {
        return Err(StatementError::Future);
    }
    if statement.newest_at > round.as_of {
        return Err(StatementError::AfterMonitoring(office.local(round.as_of)));
    }
    if !lies_on_platform(&account, &statement.content_url) {
        return Err(StatementError::ForeignLink);
    }
    let look = HandLook {
        account_id: id.clone(),
        item: HandItem::Update,
        newest_at: Some(statement.newest_at),
        day_only: statement.day_only,
        content_url: Some(statement.content_url.clone()),
        verdict: None,
        note: String::new(),
        checked_by: actor.to_owned(),
        checked_at: now,
        origin: HandOrigin::SelfReport,
    };
    let bench = bench(office, round.as_of, round.name.window_from(office.zone()), true);
    if by_hand(&bench, &account, &look).outcome != Outcome::Pass {
        return Err(StatementError::TooOld);
    }
    if let Some(file) = screenshot {
        tx.put_file(file).await?;
    }
    let report = SelfReport {
        account_id: id.clone(),
        newest_at: statement.newest_at,
        day_only: statement.day_only,
        content_url: statement.content_url.clone(),
        sha256: screenshot.map(|file| file.sha256.clone()),
        said_by: actor.to_owned(),
        said_at: now,
    };
    let before = tx.self_report_file(round.id, id).await?;
    tx.put_self_report(round.id, &report).await?;
    if let Some(old) = before.filter(|old| report.sha256.as_ref() != Some(old)) {
        tx.drop_unused_file(&old).await?;
    }
    put_verdict(&mut tx, office, &bench, &round, &account, member, &look, earlier, &verdicts, now).await?;
    tell(&mut tx, office, &round, &report, actor).await?;
    tx.commit().await?;
    Ok(round.name)
}

/// The newest round that can still take a statement and holds the account, with the member's row.
async fn round_of(tx: &mut Tx, account: &AccountId) -> Result<Option<(Round, i64)>, StoreError> {
    let rounds = tx.rounds().await?;
    for round in rounds.into_iter().rev() {
        let takes = matches!(round.state, RoundState::Open | RoundState::Judged) && round.kind != RoundKind::Patrol;
        if !takes {
            continue;
        }
        if let Some((_, member)) = tx.members_of(round.id, &[account]).await?.pop() {
            return Ok(Some((round, member)));
        }
    }
    Ok(None)
}

/// Whether a link lies where the account publishes.
fn lies_on_platform(account: &Account, link: &str) -> bool {
    let host = |url: &str| url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_lowercase));
    let Some(given) = host(link).filter(|_| link.starts_with("http://") || link.starts_with("https://")) else {
        return false;
    };
    let hosts: &[&str] = match account.platform {
        Platform::Wechat | Platform::Channels | Platform::Miniprogram => &["weixin.qq.com"],
        Platform::Weibo => &["weibo.com", "weibo.cn"],
        Platform::Douyin => &["douyin.com", "iesdouyin.com"],
        Platform::Kuaishou => &["kuaishou.com"],
        Platform::Toutiao => &["toutiao.com"],
        Platform::Bilibili => &["bilibili.com", "b23.tv"],
        Platform::Xiaohongshu => &["xiaohongshu.com", "xhslink.com"],
        // What is no platform lies where the registry says.
        Platform::App | Platform::Website | Platform::Other => {
            return account.source_url.as_deref().and_then(host) == Some(given);
        }
    };
    hosts.iter().any(|own| given == *own || given.strip_suffix(own).is_some_and(|rest| rest.ends_with('.')))
}

async fn tell(tx: &mut Tx, office: &Office, round: &Round, report: &SelfReport, actor: &str) -> Result<(), StoreError> {
    let data = serde_json::json!({
        "round": round.name.to_string(),
        "newest_at": report.newest_at.to_rfc3339(),
        // It is opened from the statement itself; the history keeps nobody's number.
        "content_url": mask_address(&report.content_url),
        "screenshot_sha256": report.sha256,
    });
    let note = match office.lang() {
        Lang::Zh => format!("{}单位自查报告：{}有更新", round.name, report.newest_at.format("%Y-%m-%d")),
        Lang::En => {
            format!("{}, self-report of the unit: updated on {}", round.name, report.newest_at.format("%Y-%m-%d"))
        }
    };
    tx.append_event(NewEvent {
        at: report.said_at,
        actor,
        subject_kind: "account",
        subject_id: report.account_id.as_str(),
        kind: "self_reported",
        note: &note,
        data: &data.to_string(),
    })
    .await
}

/// Which statements of a round are to be looked into: a tenth, at least one.
///
/// By a hash of round, account and the moment the statement came, which whoever made it could not choose.
#[must_use]
pub fn spot_checks(round: RoundName, reports: &[SelfReport]) -> BTreeSet<AccountId> {
    let ticket = |report: &SelfReport| {
        let line = format!("{round}\n{}\n{}", report.account_id, report.said_at.timestamp_millis());
        <[u8; 32]>::from(Sha256::digest(line.as_bytes()))
    };
    let mut tickets: Vec<_> = reports.iter().map(|report| (ticket(report), &report.account_id)).collect();
    tickets.sort_unstable();
    tickets.into_iter().take(reports.len().div_ceil(ONE_IN)).map(|(_, account)| account.clone()).collect()
}

/// The screenshots of the statements to be looked into, for whoever looks: account, hash.
pub async fn screenshots(office: &Office, round: &Round) -> Result<Vec<(AccountId, String)>, StoreError> {
    let reports = office.store.read().await?.self_reports(round.id).await?;
    let picked = spot_checks(round.name, &reports);
    let shot = |report: SelfReport| Some((report.account_id, report.sha256?));
    Ok(reports.into_iter().filter(|report| picked.contains(&report.account_id)).filter_map(shot).collect())
}
