//! Who exists and what is wrong with whom, decided once from the seed.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rand::SeedableRng;
use rand::rngs::ChaCha20Rng;
use rand::seq::SliceRandom;
use sha2::{Digest, Sha256};

use super::names;
use crate::domain::account::{AccountId, Platform};

/// One planted fault, or a case on the edge that must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// Silent for fifteen days.
    Stale,
    /// Newest post 13 days 23 hours 59 minutes old: passes.
    JustInside,
    /// Newest post exactly 14 × 24 h old: passes.
    ExactlyFourteenDays,
    /// Silent for over ninety days.
    Zombie,
    /// Silent for eleven days: passes, and the unit is reminded.
    Reminder,
    /// Service link 404; the unit first claims a repair that is none.
    LinkGone,
    /// Service link 404 after a power cut; the appeal is granted.
    LinkCut,
    /// Service link 503 at first, 200 later.
    LinkRecovers,
    /// Service link 503 throughout.
    LinkDown,
    /// Service link that takes its time: passes.
    LinkSlow,
    /// Service link that says 页面不存在 with status 200.
    LinkSoft404,
    /// Service link that blocks robots.
    LinkBlocked,
    /// A link in the newest post leads to 404.
    PostLinkGone,
    /// The newest post has no review record.
    ReviewMissing,
    /// The newest post was reviewed after publication.
    ReviewLate,
    /// One person in two stages of the newest post's review.
    ReviewSamePerson,
    /// The unit never handed in records.
    ReviewNever,
    /// No supervising unit.
    NoSupervisor,
    /// No administrator.
    NoAdmin,
    /// No filing.
    NoFiling,
    /// The feed is not well-formed.
    SourceMalformed,
    /// The source shows a captcha.
    SourceCaptcha,
    /// The source answers 500.
    SourceDown,
    /// No machine can see the platform, and nobody has filled in its row of the worksheet yet.
    ByHand,
    /// No machine can see the platform; the inspector finds it up to date: passes.
    ByHandSeen,
    /// No machine can see the platform; the inspector finds it silent for twenty days.
    ByHandSilent,
    /// The newest post holds a wrong word.
    WrongWord,
    /// The newest post holds somebody's identity number.
    PersonalData,
    /// The second review of the newest post comes before the first.
    ReviewDisordered,
    /// Certified for somebody else.
    OtherSubject,
    /// A unit's second account on a platform.
    SecondAccount,
    /// A website without the mark of party and government bodies at its foot.
    FooterMissing,
    /// A list page in GBK that says so in a meta tag alone: passes.
    GbkPage,
    /// A UTF-8 list page that declares gb2312: passes.
    WrongCharset,
}

/// Faults that end in an issue or in a person's decision, in the order in which units get them.
pub(super) const JUDGED: &[FaultKind] = &[
    FaultKind::Zombie,
    FaultKind::LinkGone,
    FaultKind::LinkCut,
    FaultKind::ReviewLate,
    FaultKind::NoFiling,
    FaultKind::Stale,
    FaultKind::ReviewMissing,
    FaultKind::PostLinkGone,
    FaultKind::ReviewSamePerson,
    FaultKind::NoSupervisor,
    FaultKind::NoAdmin,
    FaultKind::LinkDown,
    FaultKind::LinkSoft404,
    FaultKind::WrongWord,
    FaultKind::PersonalData,
    FaultKind::ReviewDisordered,
    FaultKind::OtherSubject,
];
const UNJUDGED: &[FaultKind] = &[
    FaultKind::GbkPage,
    FaultKind::WrongCharset,
    FaultKind::SourceMalformed,
    FaultKind::JustInside,
    FaultKind::ExactlyFourteenDays,
    FaultKind::Reminder,
    FaultKind::LinkRecovers,
    FaultKind::LinkSlow,
    FaultKind::LinkBlocked,
    FaultKind::SourceCaptcha,
    FaultKind::SourceDown,
];

/// The form in which a platform's posts are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Rss,
    Atom,
    JsonFeed,
    Html,
    Site,
    Manual,
}

impl Shape {
    pub(super) fn of(platform: Platform) -> Self {
        match platform {
            Platform::Weibo => Self::JsonFeed,
            Platform::Bilibili => Self::Atom,
            Platform::Toutiao | Platform::Xiaohongshu => Self::Html,
            Platform::Website => Self::Site,
            Platform::Douyin | Platform::Kuaishou | Platform::Channels => Self::Manual,
            _ => Self::Rss,
        }
    }
}

impl FaultKind {
    fn fits(self, shape: Shape) -> bool {
        let feed = matches!(shape, Shape::Rss | Shape::Atom | Shape::JsonFeed);
        match self {
            Self::ByHand | Self::ByHandSeen | Self::ByHandSilent => shape == Shape::Manual,
            // The number that leaks is found by opening the article, which a feed does not ask for.
            Self::GbkPage | Self::WrongCharset | Self::PersonalData => shape == Shape::Html,
            Self::SourceMalformed => matches!(shape, Shape::Rss | Shape::Atom),
            // Seconds matter, or what the feed itself says.
            Self::JustInside | Self::ExactlyFourteenDays | Self::PostLinkGone | Self::WrongWord => feed,
            _ => !matches!(shape, Shape::Manual | Shape::Site),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spec {
    pub(super) unit: usize,
    pub(super) platform: Platform,
    pub(super) fault: Option<FaultKind>,
}

/// The whole plan: a few bytes per account, everything else is generated on demand.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) seed: [u8; 32],
    pub(super) as_of: DateTime<Utc>,
    pub(super) tz: Tz,
    pub(super) accounts: Vec<Spec>,
    pub(super) units: usize,
}

/// What every district has beside the accounts that its units opened by the rules.
const EXTRA: [Spec; 2] = [
    Spec { unit: 1, platform: Platform::Website, fault: Some(FaultKind::FooterMissing) },
    Spec { unit: 2, platform: Platform::Wechat, fault: Some(FaultKind::SecondAccount) },
];

/// Fewer accounts than this have no room for every fault.
pub(super) const FEWEST: usize = 60;

impl Plan {
    pub(super) fn new(seed: &str, accounts: usize, as_of: DateTime<Utc>, tz: Tz) -> Self {
        let seed = Sha256::digest(seed.as_bytes()).into();
        let accounts = accounts.max(FEWEST);
        let mut plan = Self { seed, as_of, tz, accounts: Vec::with_capacity(accounts), units: 0 };
        while plan.accounts.len() < accounts - EXTRA.len() {
            for platform in platforms(plan.units) {
                if plan.accounts.len() < accounts - EXTRA.len() {
                    plan.accounts.push(Spec { unit: plan.units, platform, fault: None });
                }
            }
            plan.units += 1;
        }
        plan.accounts.extend(EXTRA);
        plan.plant();
        plan
    }

    /// A generator for one purpose and one account.
    pub(super) fn rng(&self, purpose: &str, account: usize) -> ChaCha20Rng {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(purpose.as_bytes());
        hash.update(account.to_be_bytes());
        ChaCha20Rng::from_seed(hash.finalize().into())
    }

    pub(super) fn index(&self, wanted: &AccountId) -> Option<usize> {
        let number: usize = wanted.as_str().strip_prefix("YX")?.parse().ok()?;
        number.checked_sub(1).filter(|i| *i < self.accounts.len() && id(*i) == *wanted)
    }

    fn plant(&mut self) {
        let mut rng = self.rng("faults", 0);
        let times = (self.accounts.len() / 200).max(1);
        let mut by_hand = [FaultKind::ByHandSilent, FaultKind::ByHandSeen, FaultKind::ByHand].into_iter().cycle();
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); self.units];
        for (index, spec) in self.accounts.iter_mut().enumerate() {
            members[spec.unit].push(index);
            if Shape::of(spec.platform) == Shape::Manual {
                spec.fault = by_hand.next();
            }
        }
        // Why: unit 0 is the supervising office; it does not send itself notices.
        let mut units: Vec<usize> = (1..self.units).collect();
        units.shuffle(&mut rng);
        for _ in 0..times {
            let silent = units.iter().position(|u| {
                let all = &members[*u];
                (2..=4).contains(&all.len()) && all.iter().all(|i| self.accounts[*i].fault.is_none())
            });
            let Some(unit) = silent.map(|at| units.remove(at)) else { break };
            for index in &members[unit] {
                self.accounts[*index].fault = Some(FaultKind::ReviewNever);
            }
        }
        for kinds in [JUDGED, UNJUDGED] {
            for kind in std::iter::repeat_n(kinds, times).flatten() {
                for turn in 0..units.len() {
                    let mut free: Vec<usize> = members[units[turn]]
                        .iter()
                        .copied()
                        .filter(|i| {
                            self.accounts[*i].fault.is_none() && kind.fits(Shape::of(self.accounts[*i].platform))
                        })
                        .collect();
                    free.shuffle(&mut rng);
                    if let Some(index) = free.first() {
                        self.accounts[*index].fault = Some(*kind);
                        // The unit goes to the end of the line: faults spread before they pile up.
                        let unit = units.remove(turn);
                        units.push(unit);
                        break;
                    }
                }
            }
        }
    }
}

/// The identifier of the account with this number.
pub(super) fn id(account: usize) -> AccountId {
    AccountId::new(format!("YX{:05}", account + 1))
}

/// The platforms of a unit: never one twice, every fourth unit one that is seen by hand.
fn platforms(unit: usize) -> Vec<Platform> {
    const COUNTS: [usize; 10] = [6, 4, 3, 5, 4, 5, 3, 6, 4, 4];
    const MORE: [Platform; 4] = [Platform::Toutiao, Platform::Bilibili, Platform::Xiaohongshu, Platform::Other];
    const BY_HAND: [Platform; 3] = [Platform::Douyin, Platform::Kuaishou, Platform::Channels];
    let mut list = vec![Platform::Wechat, Platform::Weibo];
    list.extend((0..COUNTS[unit % 10] - 2).map(|n| MORE[(unit + n) % 4]));
    if unit % 4 == 3 {
        list.pop();
        list.push(BY_HAND[unit / 4 % 3]);
    }
    list
}

/// The unit an account belongs to.
pub(super) fn unit_of(spec: &Spec) -> names::Unit {
    names::unit(spec.unit)
}
