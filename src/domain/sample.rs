//! The draw (抽取): frame, strata, quotas, tickets — and its replay from the exported file alone.
//!
//! `ticket = SHA-256(seed LF round LF account_id)` in lower-case hex; within a stratum the
//! first `ceil(ratio × size)` accounts win, those not yet drawn this year before the others
//! where rotation is annual. Ten lines in any language replay it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Lang;
use super::account::AccountId;
use super::keyed::keyed_enum;
use super::ratio::Ratio;
use super::round::{RoundKind, RoundName};
use super::time::LocalTime;

keyed_enum! {
    /// How draws of one calendar year depend on each other (轮换).
    Rotation {
        Annual = "annual", "年度轮换", "Annual";
        None = "none", "不轮换", "None";
    }
}

keyed_enum! {
    /// Why an account is in every round it belongs to.
    Always {
        RepresentsGovernment = "represents_government", "代表主体", "Represents the government";
        WatchList = "watch_list", "重点关注", "Watch list";
    }
}

keyed_enum! {
    /// Why an account is a member of a round.
    Reason {
        Random = "random", "随机抽取", "Random";
        TopUp = "top_up", "补充抽取", "Top-up";
        RepresentsGovernment = "represents_government", "代表主体", "Represents the government";
        WatchList = "watch_list", "重点关注", "Watch list";
    }
}

impl From<Always> for Reason {
    fn from(always: Always) -> Self {
        match always {
            Always::RepresentsGovernment => Self::RepresentsGovernment,
            Always::WatchList => Self::WatchList,
        }
    }
}

/// The format name of an exported draw.
pub const FORMAT: &str = "xuncha-draw/1";

/// One account of the frame (抽样框).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameRow {
    /// The account.
    pub account_id: AccountId,
    /// The stratum it lies in.
    pub stratum: String,
    /// It was a member of an earlier quarterly round of the same calendar year.
    pub drawn_this_year: bool,
    /// It is looked at whatever the draw says.
    pub always: Option<Always>,
}

/// A stratum (层) and how many random members it owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stratum {
    /// Values of `sampling.strata` joined by `/`.
    pub key: String,
    /// Accounts of the frame in it.
    pub size: usize,
    /// `ceil(ratio × size)`.
    pub quota: usize,
}

/// One drawn or added account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The account.
    pub account_id: AccountId,
    /// Its stratum.
    pub stratum: String,
    /// Why it is here.
    pub reason: Reason,
    /// Its ticket, hex.
    pub ticket: String,
}

/// A draw of accounts that were registered after the frame was frozen (补充抽取).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopUp {
    /// When.
    pub at: LocalTime,
    /// The accounts that had come since, with their strata.
    pub frame: Vec<FrameRow>,
    /// How many of them each stratum still owed.
    pub strata: Vec<Stratum>,
}

/// A complete draw, as exported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draw {
    /// [`FORMAT`].
    pub format: String,
    /// The round.
    pub round: RoundName,
    /// Its kind.
    pub kind: RoundKind,
    /// The monitoring time, at which the frame was taken.
    pub as_of: LocalTime,
    /// One line of text, hashed exactly as written.
    pub seed: String,
    /// The ratio.
    pub ratio: Ratio,
    /// Rotation.
    pub rotation: Rotation,
    /// Number of rows in `frame`.
    pub frame_size: usize,
    /// SHA-256 of the frame's canonical text, hex.
    pub frame_sha256: String,
    /// The frame, ordered by the bytes of `account_id`.
    pub frame: Vec<FrameRow>,
    /// The strata, ordered by the bytes of `key`.
    pub strata: Vec<Stratum>,
    /// The members: the random ones stratum by stratum in winning order, then the others.
    pub members: Vec<Member>,
    /// Top-up draws, oldest first; absent where there were none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top_ups: Vec<TopUp>,
}

/// The ticket of an account, lower-case hex.
#[must_use]
pub fn ticket(seed: &str, round: RoundName, account: &AccountId) -> String {
    hex(&Sha256::digest(format!("{seed}\n{round}\n{account}")))
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Orders a frame by the bytes of `account_id`, as its canonical text wants it.
pub fn sort_frame(frame: &mut [FrameRow]) {
    frame.sort_unstable_by(|a, b| a.account_id.cmp(&b.account_id));
}

/// SHA-256 of a sorted frame's canonical text, hex.
#[must_use]
pub fn frame_sha256(frame: &[FrameRow]) -> String {
    frame_sha256_of(frame.iter().map(|row| (&row.account_id, row.stratum.as_str(), row.drawn_this_year)))
}

/// The same of rows `(account, stratum, drawn this year)` in the order of their ids.
pub fn frame_sha256_of<'f>(frame: impl IntoIterator<Item = (&'f AccountId, &'f str, bool)>) -> String {
    let mut hash = Sha256::new();
    for (account_id, stratum, drawn_this_year) in frame {
        hash.update(account_id.as_str());
        hash.update("\t");
        hash.update(stratum);
        hash.update(if drawn_this_year { "\t1\n" } else { "\t0\n" });
    }
    hex(&hash.finalize())
}

/// Sizes and quotas of the strata, ordered by the bytes of the key.
#[must_use]
pub fn allocate(frame: &[FrameRow], ratio: Ratio) -> Vec<Stratum> {
    let mut sizes = BTreeMap::<&str, usize>::new();
    for row in frame {
        *sizes.entry(&row.stratum).or_default() += 1;
    }
    sizes.into_iter().map(|(key, size)| Stratum { key: key.to_owned(), size, quota: ratio.quota(size) }).collect()
}

/// Draws the members of a frame: each stratum's quota, then the accounts that are always looked at.
#[must_use]
pub fn draw(
    round: RoundName,
    seed: &str,
    rotation: Rotation,
    frame: &[FrameRow],
    strata: &[Stratum],
    reason: Reason,
) -> Vec<Member> {
    let mut members = draw_random(round, seed, rotation, frame, strata, reason);
    let taken: BTreeSet<&AccountId> = members.iter().map(|m| &m.account_id).collect();
    let mut added: Vec<Member> = frame
        .iter()
        .filter(|row| !taken.contains(&row.account_id))
        .filter_map(|row| {
            Some(Member {
                account_id: row.account_id.clone(),
                stratum: row.stratum.clone(),
                reason: row.always?.into(),
                ticket: ticket(seed, round, &row.account_id),
            })
        })
        .collect();
    added.sort_by(|a, b| (&a.stratum, &a.account_id).cmp(&(&b.stratum, &b.account_id)));
    members.extend(added);
    members
}

/// Draws each stratum's quota by ticket.
#[must_use]
fn draw_random(
    round: RoundName,
    seed: &str,
    rotation: Rotation,
    frame: &[FrameRow],
    strata: &[Stratum],
    reason: Reason,
) -> Vec<Member> {
    let mut by_stratum = BTreeMap::<&str, Vec<(bool, String, &FrameRow)>>::new();
    for row in frame {
        let again = rotation == Rotation::Annual && row.drawn_this_year;
        let ticket = ticket(seed, round, &row.account_id);
        by_stratum.entry(&row.stratum).or_default().push((again, ticket, row));
    }
    let mut members = Vec::new();
    for stratum in strata {
        let Some(mut rows) = by_stratum.remove(stratum.key.as_str()) else { continue };
        rows.sort_unstable_by(|a, b| (a.0, &a.1, &a.2.account_id).cmp(&(b.0, &b.1, &b.2.account_id)));
        members.extend(rows.into_iter().take(stratum.quota).map(|(_, ticket, row)| Member {
            account_id: row.account_id.clone(),
            stratum: row.stratum.clone(),
            reason,
            ticket,
        }));
    }
    members
}

/// What each stratum still owes after accounts came later: `ceil(ratio × all) − random members so far`.
#[must_use]
pub fn allocate_top_up(drawn: &[(String, usize, usize)], newcomers: &[FrameRow], ratio: Ratio) -> Vec<Stratum> {
    let mut sizes = BTreeMap::<&str, usize>::new();
    for row in newcomers {
        *sizes.entry(&row.stratum).or_default() += 1;
    }
    sizes
        .into_iter()
        .map(|(key, size)| {
            let (before, members) = drawn.iter().find(|d| d.0 == key).map_or((0, 0), |d| (d.1, d.2));
            let quota = ratio.quota(before + size).saturating_sub(members).min(size);
            Stratum { key: key.to_owned(), size, quota }
        })
        .collect()
}

/// The first thing in an exported draw that a replay does not bear out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Not a draw, or one of a later format.
    #[error("format is `{0}`, not `{FORMAT}`")]
    Format(String),
    /// A single value differs.
    #[error("{field}: the file says {stated}, the replay gives {replayed}")]
    Value {
        /// Which value.
        field: String,
        /// What the file says.
        stated: String,
        /// What the replay gives.
        replayed: String,
    },
    /// The frame lists an account twice.
    #[error("frame: account {0} stands in it twice")]
    Repeated(AccountId),
    /// The draw has a member the replay does not have.
    #[error("members: {0} is in the file, but the replay does not draw it")]
    Surplus(AccountId),
    /// The replay has a member the draw does not have.
    #[error("members: the replay draws {0}, but the file leaves it out")]
    Missing(AccountId),
}

impl Mismatch {
    /// The difference in words; fields keep the names they have in the file.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Zh, Self::Format(format)) => format!("format 为“{format}”，应为“{FORMAT}”"),
            (Lang::Zh, Self::Value { field, stated, replayed }) => {
                format!("{field} 在文件中为 {stated}，复算为 {replayed}")
            }
            (Lang::Zh, Self::Repeated(id)) => format!("frame 中账号 {id} 出现两次"),
            (Lang::Zh, Self::Surplus(id)) => format!("members 中有账号 {id}，复算未抽中"),
            (Lang::Zh, Self::Missing(id)) => format!("members 中没有账号 {id}，复算应抽中"),
        }
    }
}

impl Draw {
    /// Replays the draw from what the file says of frame, ratio, seed and rotation.
    ///
    /// Errors: the first difference found, in the order frame → strata → members.
    pub fn verify(&self) -> Result<(), Mismatch> {
        if self.format != FORMAT {
            return Err(Mismatch::Format(self.format.clone()));
        }
        differ("kind", &self.kind, &self.round.kind())?;
        if self.seed.contains('\n') {
            differ("seed", &"more than one line", &"one line")?;
        }
        let mut frame = self.frame.clone();
        sort_frame(&mut frame);
        if let Some(pair) = frame.windows(2).find(|pair| matches!(pair, [a, b] if a.account_id == b.account_id)) {
            return Err(Mismatch::Repeated(
                pair.first().map_or_else(|| AccountId::new(""), |row| row.account_id.clone()),
            ));
        }
        differ("frame_size", &self.frame_size, &frame.len())?;
        differ("frame_sha256", &self.frame_sha256, &frame_sha256(&frame))?;
        verify_strata("strata", &self.strata, &allocate(&frame, self.ratio))?;
        let mut replayed = draw(self.round, &self.seed, self.rotation, &frame, &self.strata, Reason::Random);
        let mut drawn = self.strata.iter().map(|s| (s.key.clone(), s.size, s.quota)).collect::<Vec<_>>();
        for (number, top_up) in self.top_ups.iter().enumerate() {
            let strata = allocate_top_up(&drawn, &top_up.frame, self.ratio);
            verify_strata(&format!("top_ups[{number}].strata"), &top_up.strata, &strata)?;
            replayed.extend(draw(self.round, &self.seed, self.rotation, &top_up.frame, &strata, Reason::TopUp));
            note_top_up(&mut drawn, &strata);
        }
        let stated: BTreeMap<_, _> = self.members.iter().map(|m| (&m.account_id, m)).collect();
        if stated.len() != self.members.len() {
            differ("members", &self.members.len(), &stated.len())?;
        }
        for want in &replayed {
            let have = stated.get(&want.account_id).ok_or_else(|| Mismatch::Missing(want.account_id.clone()))?;
            let field = |name: &str| format!("members[{}].{name}", want.account_id);
            differ(&field("ticket"), &have.ticket, &want.ticket)?;
            differ(&field("reason"), &have.reason, &want.reason)?;
            differ(&field("stratum"), &have.stratum, &want.stratum)?;
        }
        let wanted: BTreeSet<_> = replayed.iter().map(|m| &m.account_id).collect();
        match self.members.iter().find(|m| !wanted.contains(&m.account_id)) {
            Some(surplus) => Err(Mismatch::Surplus(surplus.account_id.clone())),
            None => Ok(()),
        }
    }
}

/// Adds a top-up's sizes and quotas to the running totals of `(stratum, size, random members)`.
pub fn note_top_up(drawn: &mut Vec<(String, usize, usize)>, strata: &[Stratum]) {
    for stratum in strata {
        match drawn.iter_mut().find(|d| d.0 == stratum.key) {
            Some(totals) => {
                totals.1 += stratum.size;
                totals.2 += stratum.quota;
            }
            None => drawn.push((stratum.key.clone(), stratum.size, stratum.quota)),
        }
    }
}

fn verify_strata(field: &str, stated: &[Stratum], replayed: &[Stratum]) -> Result<(), Mismatch> {
    for want in replayed {
        let Some(have) = stated.iter().find(|s| s.key == want.key) else {
            return differ(
                &format!("{field}[{}]", want.key),
                &String::from("nothing"),
                &format!("size {}, quota {}", want.size, want.quota),
            );
        };
        differ(&format!("{field}[{}].size", want.key), &have.size, &want.size)?;
        differ(&format!("{field}[{}].quota", want.key), &have.quota, &want.quota)?;
    }
    differ(&format!("{field} (count)"), &stated.len(), &replayed.len())
}

fn differ<T: PartialEq + ToString>(field: &str, stated: &T, replayed: &T) -> Result<(), Mismatch> {
    if stated == replayed {
        return Ok(());
    }
    Err(Mismatch::Value { field: field.to_owned(), stated: stated.to_string(), replayed: replayed.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(sizes: &[(&str, usize)]) -> Vec<FrameRow> {
        let mut rows: Vec<FrameRow> = sizes
            .iter()
            .flat_map(|(stratum, size)| {
                (0..*size).map(move |n| FrameRow {
                    account_id: AccountId::new(format!("{stratum}-{n:03}")),
                    stratum: (*stratum).to_owned(),
                    drawn_this_year: n % 3 == 0,
                    always: (n == 1).then_some(Always::RepresentsGovernment),
                })
            })
            .collect();
        sort_frame(&mut rows);
        rows
    }

    fn exported(frame: Vec<FrameRow>, ratio: &str, rotation: Rotation, seed: &str) -> Draw {
        let round = RoundName::Quarter(2026, 4);
        let ratio = ratio.parse().unwrap();
        let strata = allocate(&frame, ratio);
        let members = draw(round, seed, rotation, &frame, &strata, Reason::Random);
        Draw {
            format: FORMAT.into(),
            round,
            kind: RoundKind::Quarterly,
            as_of: LocalTime::new("2026-11-23T01:00:00Z".parse().unwrap(), chrono_tz::Asia::Shanghai),
            seed: seed.into(),
            ratio,
            rotation,
            frame_size: frame.len(),
            frame_sha256: frame_sha256(&frame),
            frame,
            strata,
            members,
            top_ups: Vec::new(),
        }
    }

    #[test]
    fn a_ticket_is_what_sha256sum_prints() {
        // printf 'dice 4 2 6\n2026Q4\nA001' | sha256sum
        assert_eq!(
            ticket("dice 4 2 6", RoundName::Quarter(2026, 4), &AccountId::new("A001")),
            hex(&Sha256::digest(b"dice 4 2 6\n2026Q4\nA001"))
        );
    }

    #[test]
    fn accounts_not_yet_drawn_come_first_under_annual_rotation() {
        let draw = exported(frame(&[("weibo/town", 9)]), "0.25", Rotation::Annual, "s");
        let random: Vec<_> = draw.members.iter().filter(|m| m.reason == Reason::Random).collect();
        assert_eq!(random.len(), 3);
        for member in random {
            assert!(!draw.frame.iter().any(|row| row.account_id == member.account_id && row.drawn_this_year));
        }
    }

    #[test]
    fn a_doctored_file_is_named_with_its_first_difference() {
        let sound = exported(frame(&[("wechat/town", 40), ("weibo/-", 3)]), "0.25", Rotation::Annual, "abc");
        assert_eq!(sound.verify(), Ok(()));

        let mut swapped = sound.clone();
        let outsider =
            sound.frame.iter().find(|r| !sound.members.iter().any(|m| m.account_id == r.account_id)).unwrap();
        swapped.members[0].account_id = outsider.account_id.clone();
        assert!(matches!(swapped.verify(), Err(Mismatch::Missing(_))));

        let mut other_frame = sound.clone();
        other_frame.frame[5].drawn_this_year ^= true;
        assert!(matches!(other_frame.verify(), Err(Mismatch::Value { field, .. }) if field == "frame_sha256"));

        let mut fewer = sound.clone();
        fewer.strata[0].quota -= 1;
        assert!(matches!(fewer.verify(), Err(Mismatch::Value { field, .. }) if field.contains(".quota")));

        let mut other_seed = sound;
        other_seed.seed.push('d');
        assert!(other_seed.verify().is_err());
    }

    proptest! {
        #[test]
        fn every_draw_reaches_the_ratio_in_every_stratum_and_replays(
            sizes in prop::collection::vec(1_usize..60, 1..6),
            ratio in "0\\.[0-9]{0,3}[1-9]",
            seed in "[^\n]{1,40}",
        ) {
            let names = ["a/x", "a/y", "b/-", "c/z", "d/q", "e/r"];
            let sized: Vec<_> = names.into_iter().zip(sizes).collect();
            let draw = exported(frame(&sized), &ratio, Rotation::Annual, &seed);
            prop_assert_eq!(draw.verify(), Ok(()));
            for stratum in &draw.strata {
                let random = draw.members.iter().filter(|m| m.stratum == stratum.key && m.reason == Reason::Random).count();
                prop_assert_eq!(random, stratum.quota);
                prop_assert!(random as f64 + 1e-9 >= ratio.parse::<f64>().unwrap() * stratum.size as f64);
            }
            let json = serde_json::to_string(&draw).unwrap();
            let back: Draw = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(back.verify(), Ok(()));
        }
    }
}
