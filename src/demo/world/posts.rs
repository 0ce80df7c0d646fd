//! What an account has published, generated anew at every request from the seed and the account's number.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveTime, TimeZone, Timelike, Utc, Weekday};
use rand::RngExt;
use rand::seq::SliceRandom;

use super::names;
use super::plan::{self, FaultKind, Plan};
use crate::domain::account::Personal;
use crate::domain::review::{ReviewRecord, ReviewStage};

/// One generated post.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WorldPost {
    /// Names the post within its account, in its URL.
    pub(super) key: String,
    pub(super) title: String,
    pub(super) sentence: &'static str,
    pub(super) at: DateTime<Utc>,
    /// Path of a page it links to.
    pub(super) outbound: Option<String>,
}

/// The wrong word that is planted.
pub(super) const WRONG_WORD: &str = "领导小祖";

/// What the newest post says instead where that is the fault. The number is the specimen of GB 11643.
pub(super) const fn harmful(kind: FaultKind) -> Option<&'static str> {
    match kind {
        FaultKind::WrongWord => Some("会上，领导小祖办公室通报了近期工作进展。"),
        FaultKind::PersonalData => Some("拟入选人员公示：虚构甲，身份证号11010519491231002X，公示期五天。"),
        _ => None,
    }
}

impl Plan {
    /// First day of the quarter of the monitoring time.
    pub(super) fn window_start(&self) -> NaiveDate {
        let day = self.as_of.with_timezone(&self.tz).date_naive();
        NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).unwrap_or(day)
    }

    fn local(&self, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        let naive = day.and_time(time);
        // A time the zone skips is read as UTC: nobody publishes in that hour.
        self.tz.from_local_datetime(&naive).earliest().map_or_else(|| naive.and_utc(), |t| t.to_utc())
    }

    /// The account's posts as planned, newest first.
    pub(super) fn posts(&self, account: usize) -> Vec<WorldPost> {
        let mut rng = self.rng("posts", account);
        let spec = &self.accounts[account];
        let unit = names::unit(spec.unit);
        let newest = self.newest(account, &mut rng);
        let newest_day = newest.with_timezone(&self.tz).date_naive();
        let start = self.window_start();
        let from = if newest_day - start >= Duration::days(21) {
            start
        } else {
            newest_day.checked_sub_days(Days::new(45)).unwrap_or(start)
        };
        let count = if self.accounts.len() > 500 { rng.random_range(4..=6) } else { rng.random_range(6..=12) };
        let days: Vec<NaiveDate> =
            from.iter_days().take_while(|d| *d < newest_day).filter(|d| is_workday(*d)).collect();
        let segments = (count - 1usize).min(days.len());
        let mut times = vec![newest];
        for segment in (0..segments).rev() {
            let (low, high) = (segment * days.len() / segments, (segment + 1) * days.len() / segments);
            times.push(self.local(days[rng.random_range(low..high)], office_hour(&mut rng)));
        }
        let mut texts: Vec<_> = names::POSTS.to_vec();
        texts.shuffle(&mut rng);
        let mut posts: Vec<WorldPost> = times
            .into_iter()
            .zip(texts)
            .map(|(at, (title, sentence))| WorldPost {
                key: at.with_timezone(&self.tz).format("%Y%m%d%H%M").to_string(),
                title: title.replace("{}", &unit.short),
                sentence,
                at,
                outbound: rng.random_bool(0.2).then(|| format!("/n/{}", rng.random_range(1..=40))),
            })
            .collect();
        if spec.fault == Some(FaultKind::PostLinkGone)
            && let Some(first) = posts.first_mut()
        {
            first.outbound = Some(format!("/x/{account}"));
        }
        posts
    }

    fn newest(&self, account: usize, rng: &mut impl RngExt) -> DateTime<Utc> {
        let as_of = self.as_of;
        let back = |age: Duration| as_of - age;
        match self.accounts[account].fault {
            Some(FaultKind::JustInside) => whole_second(back(Duration::minutes(14 * 24 * 60 - 1))),
            Some(FaultKind::ExactlyFourteenDays) => whole_second(back(Duration::days(14))),
            Some(FaultKind::Stale) => minute(back(Duration::days(15))),
            Some(FaultKind::Reminder) => minute(back(Duration::hours(11 * 24 + 2))),
            Some(FaultKind::Zombie) => minute(back(Duration::days(rng.random_range(95..=180)))),
            _ => {
                let today = as_of.with_timezone(&self.tz).date_naive();
                // The last three working days, but never over a week ago: clean accounts are not even reminded.
                let past: Vec<NaiveDate> = (1..=14)
                    .filter_map(|n| today.checked_sub_days(Days::new(n)))
                    .filter(|d| is_workday(*d))
                    .take(3)
                    .collect();
                let fresh = past.iter().filter(|d| today - **d <= Duration::days(7)).count().max(1);
                let day = past.get(rng.random_range(0..fresh)).copied().unwrap_or(today);
                self.local(day, office_hour(rng))
            }
        }
    }

    /// The record of a proper review of `post`: three people, all before publication.
    pub(super) fn review(&self, account: usize, url: String, post: &WorldPost) -> ReviewRecord {
        let mut rng = self.rng(&post.key, account);
        let spec = &self.accounts[account];
        let people = names::reviewers(&names::unit(spec.unit));
        let local = post.at.with_timezone(&self.tz);
        let mut day = local.date_naive();
        let mut hours = [10, 11];
        if local.hour() < 13 {
            hours = [15, 16];
            while let Some(before) = day.pred_opt() {
                day = before;
                if is_workday(day) {
                    break;
                }
            }
        }
        let mut at =
            |hour| self.local(day, NaiveTime::from_hms_opt(hour, rng.random_range(0..60), 0).unwrap_or_default());
        let (first_at, second_at) = (at(hours[0]), at(hours[1]));
        let last_at = minute(post.at) - Duration::minutes(rng.random_range(10..=25));
        let [first, second, last] = people.map(|name| Some(Personal::new(name)));
        ReviewRecord {
            account_id: plan::id(account),
            post_url: Some(url),
            title: Some(post.title.clone()),
            first: ReviewStage { reviewer: first, at: Some(first_at) },
            second: ReviewStage { reviewer: second, at: Some(second_at) },
            last: ReviewStage { reviewer: last, at: Some(last_at) },
        }
    }
}

/// Between 09:30 and 17:29, on the minute.
fn office_hour(rng: &mut impl RngExt) -> NaiveTime {
    let minutes: u32 = rng.random_range(9 * 60 + 30..17 * 60 + 30);
    NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap_or_default()
}

/// Down to the minute, which is what list pages show.
pub(super) fn minute(at: DateTime<Utc>) -> DateTime<Utc> {
    at.with_second(0).and_then(|t| t.with_nanosecond(0)).unwrap_or(at)
}

/// Up to the second: rounding down would push a post over the edge it stands on.
fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    let down = at.with_nanosecond(0).unwrap_or(at);
    if down < at { down + Duration::seconds(1) } else { down }
}

/// Monday to Friday outside the long holidays: plausible, not the State Council's table.
fn is_workday(day: NaiveDate) -> bool {
    let holiday = matches!((day.month(), day.day()), (1, 1) | (5, 1..=5) | (10, 1..=7));
    !holiday && !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}
