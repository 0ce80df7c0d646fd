//! Rounds, their frozen frames and their top-ups.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::engine::sql;
use super::{StoreError, Tx, from_json, instant, json, millis, word};
use crate::domain::account::AccountId;
use crate::domain::ratio::Ratio;
use crate::domain::round::{RoundKind, RoundName, RoundState};
use crate::domain::sample::{Always, FrameRow, Member, Reason, Rotation, Stratum};

/// A round as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// Row.
    pub id: i64,
    /// Name.
    pub name: RoundName,
    /// Kind.
    pub kind: RoundKind,
    /// How far it has come.
    pub state: RoundState,
    /// 监测时间点.
    pub as_of: DateTime<Utc>,
    /// 抽查比例.
    pub ratio: Ratio,
    /// Rotation; known once drawn.
    pub rotation: Option<Rotation>,
    /// Seed; known once drawn.
    pub seed: Option<String>,
    /// Strata with their quotas.
    pub strata: Vec<Stratum>,
    /// Accounts in the frozen frame.
    pub frame_size: usize,
    /// SHA-256 of the frozen frame, hex.
    pub frame_sha256: String,
    /// Its monitoring time lay more than seven days back when it was opened.
    pub rehearsal: bool,
    /// Notices are written.
    pub notify: bool,
    /// When the frame was frozen.
    pub frozen_at: DateTime<Utc>,
    /// When it was drawn.
    pub opened_at: Option<DateTime<Utc>>,
    /// When its issues were opened.
    pub judged_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
}

/// How far the looking has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct MemberCounts {
    /// Members.
    pub members: i64,
    /// Looked at.
    pub looked_at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    name: String,
    kind: String,
    state: String,
    as_of: i64,
    ratio: String,
    rotation: Option<String>,
    seed: Option<String>,
    strata_json: String,
    frame_size: i64,
    frame_sha256: String,
    rehearsal: bool,
    notify: bool,
    frozen_at: i64,
    opened_at: Option<i64>,
    judged_at: Option<i64>,
    closed_at: Option<i64>,
}

impl TryFrom<Row> for Round {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let missing = |id: &str| StoreError::Missing { kind: "round", id: id.to_owned() };
        Ok(Self {
            id: row.id,
            name: row.name.parse().map_err(|_| missing(&row.name))?,
            kind: word(&row.kind)?,
            state: word(&row.state)?,
            as_of: instant(row.as_of),
            ratio: row.ratio.parse().map_err(|_| missing(&row.name))?,
            rotation: row.rotation.as_deref().map(word).transpose()?,
            seed: row.seed,
            strata: from_json(&row.strata_json)?,
            frame_size: row.frame_size as usize,
            frame_sha256: row.frame_sha256,
            rehearsal: row.rehearsal,
            notify: row.notify,
            frozen_at: instant(row.frozen_at),
            opened_at: row.opened_at.map(instant),
            judged_at: row.judged_at.map(instant),
            closed_at: row.closed_at.map(instant),
        })
    }
}

#[derive(sqlx::FromRow)]
struct FrameRecord {
    account_id: String,
    stratum: String,
    drawn_this_year: bool,
    always: Option<String>,
}

#[derive(sqlx::FromRow)]
struct MemberRecord {
    account_id: String,
    stratum: String,
    reason: String,
    ticket: String,
}

impl Tx {
    /// The round of a name.
    pub async fn round(&mut self, name: RoundName) -> Result<Option<Round>, StoreError> {
        sql!(self, opt Row, "SELECT * FROM round WHERE name = $1", name.to_string())?.map(Round::try_from).transpose()
    }

    /// The round of a name, which has to exist.
    pub async fn require_round(&mut self, name: RoundName) -> Result<Round, StoreError> {
        self.round(name).await?.ok_or_else(|| StoreError::Missing { kind: "round", id: name.to_string() })
    }

    /// The round of a row number, which has to exist.
    pub async fn round_by_id(&mut self, id: i64) -> Result<Round, StoreError> {
        sql!(self, opt Row, "SELECT * FROM round WHERE id = $1", id)?
            .map(Round::try_from)
            .transpose()?
            .ok_or_else(|| StoreError::Missing { kind: "round", id: id.to_string() })
    }

    /// Every round, by when it was frozen.
    pub async fn rounds(&mut self) -> Result<Vec<Round>, StoreError> {
        sql!(self, all Row, "SELECT * FROM round ORDER BY frozen_at, id")?.into_iter().map(Round::try_from).collect()
    }

    /// Stores a freshly frozen round with its frame; gives its row number.
    pub async fn insert_round(&mut self, round: &Round, frame: &[FrameRow]) -> Result<i64, StoreError> {
        let id = sql!(
            self,
            scalar i64,
            "INSERT INTO round (name, kind, state, as_of, ratio, strata_json, frame_size, frame_sha256, rehearsal,
                 notify, frozen_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
            round.name.to_string(),
            round.kind.key(),
            round.state.key(),
            millis(round.as_of),
            round.ratio.to_string(),
            json(&round.strata)?,
            round.frame_size as i64,
            &round.frame_sha256,
            round.rehearsal,
            round.notify,
            millis(round.frozen_at)
        )?;
        for row in frame {
            self.insert_frame_row(id, row, None).await?;
        }
        Ok(id)
    }

    async fn insert_frame_row(&mut self, round: i64, row: &FrameRow, top_up: Option<i64>) -> Result<(), StoreError> {
        sql!(
            self,
            execute,
            "INSERT INTO frame (round_id, account_id, stratum, drawn_this_year, always, top_up)
             VALUES ($1, $2, $3, $4, $5, $6)",
            round,
            row.account_id.as_str(),
            &row.stratum,
            row.drawn_this_year,
            row.always.map(Always::key),
            top_up
        )?;
        Ok(())
    }

    /// Moves a frozen round to open with its seed and members; `false` when it is no longer frozen.
    #[expect(clippy::too_many_arguments, reason = "a draw and its circumstances, written once")]
    pub async fn open_round(
        &mut self,
        id: i64,
        seed: &str,
        rotation: Rotation,
        rehearsal: bool,
        notify: bool,
        members: &[Member],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let moved = sql!(
            self,
            execute,
            "UPDATE round SET state = 'open', seed = $2, rotation = $3, rehearsal = $4, notify = $5, opened_at = $6
             WHERE id = $1 AND state = 'frozen'",
            id,
            seed,
            rotation.key(),
            rehearsal,
            notify,
            millis(now)
        )?;
        if moved == 1 {
            self.insert_members(id, members).await?;
        }
        Ok(moved == 1)
    }

    async fn insert_members(&mut self, round: i64, members: &[Member]) -> Result<(), StoreError> {
        for member in members {
            sql!(
                self,
                execute,
                "INSERT INTO member (round_id, account_id, stratum, reason, ticket) VALUES ($1, $2, $3, $4, $5)",
                round,
                member.account_id.as_str(),
                &member.stratum,
                member.reason.key(),
                &member.ticket
            )?;
        }
        Ok(())
    }

    /// Adds a top-up draw to an open round.
    pub async fn insert_top_up(
        &mut self,
        round: i64,
        at: DateTime<Utc>,
        frame: &[FrameRow],
        strata: &[Stratum],
        members: &[Member],
    ) -> Result<(), StoreError> {
        let number =
            sql!(self, scalar i64, "SELECT COALESCE(MAX(number), 0) + 1 FROM top_up WHERE round_id = $1", round)?;
        sql!(
            self,
            execute,
            "INSERT INTO top_up (round_id, number, at, strata_json) VALUES ($1, $2, $3, $4)",
            round,
            number,
            millis(at),
            json(&strata)?
        )?;
        for row in frame {
            self.insert_frame_row(round, row, Some(number)).await?;
        }
        self.insert_members(round, members).await
    }

    /// The rows of a frame (`top_up` `None`: those frozen at first), by the bytes of `account_id`.
    pub async fn frame(&mut self, round: i64, top_up: Option<i64>) -> Result<Vec<FrameRow>, StoreError> {
        let mut rows = sql!(
            self,
            all FrameRecord,
            "SELECT account_id, stratum, drawn_this_year, always FROM frame
             WHERE round_id = $1 AND COALESCE(top_up, 0) = $2",
            round,
            top_up.unwrap_or(0)
        )?
        .into_iter()
        .map(|row| {
            Ok(FrameRow {
                account_id: AccountId::new(row.account_id),
                stratum: row.stratum,
                drawn_this_year: row.drawn_this_year,
                always: row.always.as_deref().map(word).transpose()?,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
        crate::domain::sample::sort_frame(&mut rows);
        Ok(rows)
    }

    /// The top-up draws of a round: number, time, strata.
    pub async fn top_ups(&mut self, round: i64) -> Result<Vec<(i64, DateTime<Utc>, Vec<Stratum>)>, StoreError> {
        sql!(
            self,
            all(i64, i64, String),
            "SELECT number, at, strata_json FROM top_up WHERE round_id = $1 ORDER BY number",
            round
        )?
        .into_iter()
        .map(|(number, at, strata)| Ok((number, instant(at), from_json(&strata)?)))
        .collect()
    }

    /// The members of a round in the order they were drawn.
    pub async fn members(&mut self, round: i64) -> Result<Vec<Member>, StoreError> {
        sql!(
            self,
            all MemberRecord,
            "SELECT account_id, stratum, reason, ticket FROM member WHERE round_id = $1 ORDER BY id",
            round
        )?
        .into_iter()
        .map(|row| {
            Ok(Member {
                account_id: AccountId::new(row.account_id),
                stratum: row.stratum,
                reason: word::<Reason>(&row.reason)?,
                ticket: row.ticket,
            })
        })
        .collect()
    }

    /// Accounts that were members of an earlier quarterly round of the calendar year.
    pub async fn drawn_in_year(&mut self, year: i32, before: RoundName) -> Result<HashSet<String>, StoreError> {
        Ok(sql!(
            self,
            scalars String,
            "SELECT DISTINCT m.account_id FROM member m JOIN round r ON r.id = m.round_id
             WHERE r.kind = 'quarterly' AND r.name LIKE $1 AND r.name < $2",
            format!("{year}Q%"),
            before.to_string()
        )?
        .into_iter()
        .collect())
    }

    /// Accounts with a veto issue found in a round of the sampling kinds that was judged last,
    /// or with any issue that has not ended: the watch list (重点关注名单). A rehearsal watches nobody.
    pub async fn watch_list(&mut self) -> Result<HashSet<String>, StoreError> {
        Ok(sql!(
            self,
            scalars String,
            "SELECT DISTINCT i.account_id FROM issue i JOIN issue_round x ON x.issue_id = i.id
             JOIN round r ON r.id = x.round_id WHERE i.closed_at IS NULL AND r.notify
             UNION
             SELECT DISTINCT i.account_id FROM issue i JOIN issue_round x ON x.issue_id = i.id
             WHERE i.status NOT IN ('revoked', 'dismissed') AND x.round_id = (
                 SELECT id FROM round WHERE judged_at IS NOT NULL AND kind <> 'patrol' AND notify
                 ORDER BY judged_at DESC, id DESC LIMIT 1)"
        )?
        .into_iter()
        .collect())
    }

    /// How many members a round has and how many were looked at.
    pub async fn member_counts(&mut self, round: i64) -> Result<MemberCounts, StoreError> {
        let (members, looked_at) =
            sql!(self, one(i64, i64), "SELECT COUNT(*), COUNT(looked_at) FROM member WHERE round_id = $1", round)?;
        Ok(MemberCounts { members, looked_at })
    }

    /// Moves a round on; `false` when it was not in `from`.
    pub async fn move_round(
        &mut self,
        id: i64,
        from: RoundState,
        to: RoundState,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let moved = sql!(
            self,
            execute,
            "UPDATE round SET state = $3,
                 judged_at = CASE WHEN $3 = 'judged' THEN $4 ELSE judged_at END,
                 closed_at = CASE WHEN $3 = 'closed' THEN $4 ELSE closed_at END
             WHERE id = $1 AND state = $2",
            id,
            from.key(),
            to.key(),
            millis(now)
        )?;
        Ok(moved == 1)
    }
}
