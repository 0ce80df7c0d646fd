//! `/selfreport ACCOUNT DATE LINK`: a unit's own statement on an account that no machine may read.

use chrono::{NaiveDate, NaiveTime};

use super::{Desk, Outcome, files, tables};
use crate::chat::attachment::Attachments;
use crate::chat::commands::{Verb, take_date};
use crate::chat::texts::{self, FileReply, Reply};
use crate::checks::self_report::{Statement, StatementError, state};
use crate::domain::account::AccountId;
use crate::domain::time::in_zone;
use crate::store::StoreError;

/// Takes a statement, with a screenshot where one came with it.
pub(super) async fn take(desk: &Desk<'_>, rest: &str, attachments: &Attachments) -> Result<Outcome, StoreError> {
    let Some(said) = Said::read(rest) else { return Ok(desk.say(&Reply::Usage(Verb::Selfreport)).into()) };
    let zone = desk.office.zone();
    let Some(newest_at) = in_zone(said.on.and_time(said.at.unwrap_or_default()), zone) else {
        return Ok(desk.say(&Reply::Usage(Verb::Selfreport)).into());
    };
    let shots = match files::materials(attachments, desk.lang) {
        Ok(shots) => shots,
        Err(message) => return Ok((*message).into()),
    };
    let statement = Statement {
        account_id: AccountId::new(said.account),
        newest_at: newest_at.with_timezone(&zone).fixed_offset(),
        day_only: said.at.is_none(),
        content_url: said.link,
    };
    let units = tables::units(desk);
    let stated = state(desk.office, &statement, shots.first(), units.as_deref(), desk.actor()).await;
    let id = statement.account_id.as_str();
    let reply = match &stated {
        Ok(round) => FileReply::Stated { account: id, round: *round, on: said.on, screenshot: !shots.is_empty() },
        Err(StatementError::Store(_)) => FileReply::NotFetched,
        Err(error) => FileReply::NotStated(id, error),
    };
    let message = texts::file_reply(&reply, desk.lang);
    match stated {
        Err(StatementError::Store(error)) => Err(error),
        _ => Ok(message.into()),
    }
}

/// A statement as typed.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    account: String,
    on: NaiveDate,
    at: Option<NaiveTime>,
    link: String,
}

impl Said {
    fn read(text: &str) -> Option<Self> {
        let (account, rest) = text.trim().split_once(char::is_whitespace)?;
        let (on, rest) = take_date(rest)?;
        let (at, link) = match rest.split_once(char::is_whitespace) {
            Some((time, link)) => {
                (Some(NaiveTime::parse_from_str(&time.replace('：', ":"), "%H:%M").ok()?), link.trim())
            }
            None => (None, rest.as_str()),
        };
        let is_link = (link.starts_with("https://") || link.starts_with("http://"))
            && link.len() <= 2_000
            && !link.contains(char::is_whitespace);
        is_link.then(|| Self { account: account.to_owned(), on, at, link: link.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_read_the_way_people_type_it() {
        let said =
            |text| Said::read(text).map(|said| (said.account, said.on.to_string(), said.at.is_some(), said.link));
        let link = "https://www.douyin.com/video/1".to_owned();
        let wanted = |timed| Some(("DY1".to_owned(), "2026-11-20".to_owned(), timed, link.clone()));
        assert_eq!(said("DY1 2026-11-20 https://www.douyin.com/video/1"), wanted(false));
        assert_eq!(said("DY1　2026年11月20日 09：30 https://www.douyin.com/video/1"), wanted(true));
        for text in [
            "",
            "DY1",
            "DY1 2026-11-20",
            "DY1 明天 https://a.cn/",
            "DY1 2026-11-20 见视频",
            "DY1 2026-11-20 25:00 https://a.cn/",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
    }
}
