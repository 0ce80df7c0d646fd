//! When things run by themselves: a row per due slot, catch-up once after downtime.
//!
//! [`tick`] does everything that is due at the office's clock and returns; the service calls
//! it in a loop, the demo and the tests call it after moving their clock.

pub mod digest;
pub mod prune;

use chrono::{DateTime, TimeDelta, Utc};
use cron::Schedule;

use crate::checks::recheck::recheck_due;
use crate::checks::run::{self, RunError};
use crate::checks::second_look::look_again;
use crate::checks::visits::{VisitError, Visitor, visit_all};
use crate::domain::keyed::keyed_enum;
use crate::domain::round::RoundName;
use crate::fetch::Fetcher;
use crate::issues::{IssueError, approval, clock};
use crate::office::Office;
use crate::sampling::{self, RoundError, Wishes};
use crate::store::StoreError;

keyed_enum! {
    /// A job with a cron line in `[schedule]`.
    Job {
        Quarterly = "quarterly", "季度抽查", "Quarterly sample";
        HalfYear = "half_year", "半年检查", "Half-year inspection";
        Patrol = "patrol", "日常巡查", "Daily patrol";
        Reminders = "reminders", "整改提醒", "Reminders";
        Digest = "digest", "每日摘要", "Daily digest";
        Visits = "visits", "网站访问监测", "Visits to websites";
        Prune = "prune", "清理过期记录", "Pruning";
    }
}

/// Why a job did not run to its end; it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// A round.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An issue.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// Visits to websites.
    #[error(transparent)]
    Visit(#[from] VisitError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A slot is held so long; whoever runs it keeps it alive, and a killed run is taken over after it.
const LEASE: TimeDelta = TimeDelta::seconds(60);
const RENEW_EVERY: std::time::Duration = std::time::Duration::from_secs(20);
/// A job that was held back (our own outage) is tried again after this.
const HELD_FOR: TimeDelta = TimeDelta::minutes(30);

/// Does whatever is due now: cron jobs, looks, rechecks, deadlines. Gives what was done, in words.
pub async fn tick(office: &Office, fetcher: &Fetcher) -> Result<Vec<String>, JobError> {
    let mut done = run_jobs(office, fetcher).await?;
    done.extend(run_visits(office, fetcher).await?);
    done.extend(follow_up(office, fetcher).await?);
    Ok(done)
}

/// Runs the cron jobs whose slot has come, but for visits.
pub async fn run_jobs(office: &Office, fetcher: &Fetcher) -> Result<Vec<String>, JobError> {
    let jobs = Job::ALL.iter().copied().filter(|job| *job != Job::Visits);
    run_each(office, fetcher, jobs).await
}

/// Visits the websites when their slot has come.
///
/// Apart from the other jobs: a round may take hours, and a visit each hour must not wait for it.
pub async fn run_visits(office: &Office, fetcher: &Fetcher) -> Result<Vec<String>, JobError> {
    run_each(office, fetcher, std::iter::once(Job::Visits)).await
}

async fn run_each(
    office: &Office,
    fetcher: &Fetcher,
    jobs: impl Iterator<Item = Job>,
) -> Result<Vec<String>, JobError> {
    let mut done = Vec::new();
    for job in jobs {
        if let Some(slot_at) = due_slot(office, job).await?
            && let Some(note) = run_slot(office, fetcher, job, slot_at).await?
        {
            tracing::info!(job = job.key(), %slot_at, note, "scheduled job done");
            done.push(format!("{job}: {note}"));
        }
    }
    Ok(done)
}

/// Looks on later days, rechecks, deadlines that have passed.
pub async fn follow_up(office: &Office, fetcher: &Fetcher) -> Result<Vec<String>, JobError> {
    let mut done = Vec::new();
    let late = clock::pass_deadlines(office).await?;
    if late > 0 {
        done.push(format!("overdue: {late}"));
    }
    approval::review_lapsed(office).await?;
    let looked = look_again(office, fetcher).await?;
    if looked.looked_at > 0 {
        done.push(format!(
            "second looks: {} ({} recovered, {} failed, {} for a person)",
            looked.looked_at, looked.recovered, looked.failed, looked.for_a_person
        ));
    }
    let (closed, rechecked) = recheck_due(office, fetcher).await?;
    if rechecked > 0 {
        done.push(format!("rechecks: {rechecked} ({closed} closed)"));
    }
    Ok(done)
}

/// Joins the rounds that are being run elsewhere, until they have no member left.
pub async fn share(office: &Office, fetcher: &Fetcher) -> Result<(), JobError> {
    for name in run::under_way(office).await? {
        let ran = run::run(office, fetcher, name, run::Wishes::default(), |_| {}).await?;
        tracing::info!(round = %name, ran.looked_at, "shared in a round");
    }
    Ok(())
}

fn cron_line(office: &Office, job: Job) -> Option<&Schedule> {
    let schedule = &office.config.schedule;
    match job {
        Job::Quarterly => schedule.quarterly.as_ref(),
        Job::HalfYear => schedule.half_year.as_ref(),
        Job::Patrol => schedule.patrol.as_ref(),
        Job::Reminders => schedule.reminders.as_ref(),
        Job::Digest => schedule.digest.as_ref(),
        Job::Visits => schedule.visits.as_ref(),
        Job::Prune => schedule.prune.as_ref(),
    }
}

/// The latest slot of a job that has come and is not done; none from before the database was created.
async fn due_slot(office: &Office, job: Job) -> Result<Option<DateTime<Utc>>, StoreError> {
    let Some(line) = cron_line(office, job) else { return Ok(None) };
    let now = office.now();
    let Some(slot_at) = latest_slot(line, now, office.zone()) else { return Ok(None) };
    if slot_at < office.store.created_at().await? {
        return Ok(None);
    }
    let last = office.store.read().await?.last_slot(job.key()).await?;
    Ok(match last {
        Some((at, done)) if at > slot_at || (at == slot_at && done) => None,
        _ => Some(slot_at),
    })
}

/// The latest instant at or before `now` that a cron line names, in the office's zone.
fn latest_slot(line: &Schedule, now: DateTime<Utc>, zone: chrono_tz::Tz) -> Option<DateTime<Utc>> {
    let soon = (now + TimeDelta::seconds(1)).with_timezone(&zone);
    line.after(&soon).rev().map(|at| at.with_timezone(&Utc)).find(|at| *at <= now)
}

/// The next instant at which a job has a slot; what a set clock may jump to.
#[must_use]
pub fn next_slot(office: &Office, job: Job) -> Option<DateTime<Utc>> {
    let line = cron_line(office, job)?;
    line.after(&office.now().with_timezone(&office.zone())).next().map(|at| at.with_timezone(&Utc))
}

async fn run_slot(
    office: &Office,
    fetcher: &Fetcher,
    job: Job,
    slot_at: DateTime<Utc>,
) -> Result<Option<String>, JobError> {
    let now = office.now();
    let mut tx = office.store.write_rows().await?;
    if !tx.take_slot(job.key(), slot_at, now, now + LEASE).await? {
        return Ok(None);
    }
    tx.commit().await?;
    let keeper = keep_lease(office.clone(), job, slot_at);
    let ran = run_job(office, fetcher, job, slot_at).await;
    keeper.abort();
    let mut tx = office.store.write_rows().await?;
    let note = match ran {
        Ok(Some(note)) => {
            tx.finish_slot(job.key(), slot_at, &note, office.now()).await?;
            Some(note)
        }
        Ok(None) => {
            tx.hold_slot(job.key(), slot_at, office.now() + HELD_FOR).await?;
            None
        }
        Err(error) => {
            tx.hold_slot(job.key(), slot_at, office.now() + LEASE).await?;
            tx.commit().await?;
            return Err(error);
        }
    };
    tx.commit().await?;
    Ok(note)
}

fn keep_lease(office: Office, job: Job, slot_at: DateTime<Utc>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            let renewed = async {
                let mut tx = office.store.write_rows().await?;
                tx.hold_slot(job.key(), slot_at, office.now() + LEASE).await?;
                tx.commit().await
            };
            if let Err(error) = renewed.await {
                tracing::warn!(%error, job = job.key(), "the lease of a scheduled job could not be renewed");
            }
        }
    })
}

/// Runs one job; `None` when it was held back and is to be tried again.
async fn run_job(
    office: &Office,
    fetcher: &Fetcher,
    job: Job,
    slot_at: DateTime<Utc>,
) -> Result<Option<String>, JobError> {
    let day = office.date(slot_at);
    let name = match job {
        Job::Quarterly => RoundName::quarter_of(day),
        Job::HalfYear => RoundName::half_of(day),
        Job::Patrol => RoundName::Day(day),
        Job::Reminders => return Ok(Some(format!("{} written", clock::remind(office).await?))),
        Job::Digest => return Ok(Some(digest::write(office).await?)),
        Job::Visits => {
            let came = visit_all(office, &Visitor::new(office, fetcher)?).await?;
            return Ok(Some(format!(
                "{} sites: {} opened, {} failed, {} unclear, {} not counted",
                came.sites, came.opened, came.failed, came.unclear, came.not_counted
            )));
        }
        Job::Prune => return Ok(Some(prune::prune(office).await?.to_string())),
    };
    match sampling::open(office, name, &Wishes::default()).await {
        Err(RoundError::EmptyFrame(_)) => return Ok(Some(format!("{name}: nothing registered"))),
        Err(error @ RoundError::OutsidePeriod { .. }) => return Ok(Some(error.to_string())),
        // Held, and tried again: once the office names another set the round is still due.
        Err(error @ RoundError::RulesNotYetValid { .. }) => {
            tracing::error!(round = %name, %error, "a round that is due cannot be judged");
            return Ok(None);
        }
        opened => opened.map_err(RunError::from)?,
    };
    let ran = run::run(office, fetcher, name, run::Wishes::default(), |_| {}).await?;
    if let Some(held) = ran.held {
        tracing::warn!(round = %name, reason = held.reason, members = held.members, "looks failed alike and are made again");
        return Ok(None);
    }
    if job == Job::Patrol {
        keep_ratio(office, fetcher, RoundName::quarter_of(day)).await?;
    }
    Ok(Some(format!("{name}: {} looked at", ran.counts.looked_at)))
}

/// Draws from the accounts that came since this quarter's frame was frozen, and looks at them:
/// the ratio holds to the last day of the quarter.
async fn keep_ratio(office: &Office, fetcher: &Fetcher, quarter: RoundName) -> Result<(), JobError> {
    let drawn = office.store.read().await?.round(quarter).await?.filter(|round| round.opened_at.is_some());
    if drawn.is_some() && sampling::top_up(office, quarter).await.map_err(RunError::from)? > 0 {
        run::run(office, fetcher, quarter, run::Wishes::default(), |_| {}).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Asia::Shanghai;

    #[test]
    fn the_latest_slot_is_read_in_the_office_s_zone() {
        let line: Schedule = "0 30 6 * * *".parse().unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(latest_slot(&line, at("2026-11-23T01:00:00Z"), Shanghai), Some(at("2026-11-22T22:30:00Z")));
        assert_eq!(latest_slot(&line, at("2026-11-22T22:30:00Z"), Shanghai), Some(at("2026-11-22T22:30:00Z")));
        assert_eq!(latest_slot(&line, at("2026-11-22T22:29:59Z"), Shanghai), Some(at("2026-11-21T22:30:00Z")));
    }
}
