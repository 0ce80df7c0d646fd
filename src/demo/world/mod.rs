//! The embedded district: 云溪区, which does not exist, its units, accounts and faults.
//!
//! A [`World`] is planned from a seed: the same seed and arguments give the same world, ports
//! aside. Nothing but a few bytes per account is kept; feeds, pages and posts are made anew at
//! every request. After [`World::serve`] every address it names leads to its own server. It
//! publishes nothing after the monitoring time by itself: what changes later is what
//! [`World::repair`] repairs.

mod names;
mod pages;
mod plan;
mod posts;
mod script;
mod server;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use rand::RngExt;

use crate::clock::Clock;
use crate::domain::account::{Account, AccountId, AccountStatus, Personal, SourceKind};
use crate::domain::review::ReviewRecord;
pub use plan::FaultKind;
use plan::{Plan, Shape, unit_of};
use posts::WorldPost;
pub use script::{Behaviour, Said, UnitScript};

/// What a check must make of a planted fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Expected {
    /// Certain.
    Fail,
    /// A person must decide.
    Suspected,
    /// Could not be judged.
    Unverified,
    /// Suspected at the first looks, passes once it has recovered.
    Recovers,
    /// On the edge, or odd, and in order.
    Pass,
}

/// One planted fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Planted {
    /// Where.
    pub account_id: AccountId,
    /// What was planted.
    pub kind: FaultKind,
    /// The indicator that must show it.
    pub indicator: &'static str,
    /// What it must show.
    pub outcome: Expected,
    /// The link or post in question.
    pub subject: Option<String>,
    /// For the list the demo prints, in Chinese.
    pub note_zh: &'static str,
    /// The same in English.
    pub note_en: &'static str,
}

/// What a unit hands in when it has repaired something.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Repair {
    /// Review records, new or corrected.
    pub reviews: Vec<ReviewRecord>,
    /// The completed registry row.
    pub account: Option<Account>,
}

/// Nothing there to repair.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("account {account_id} has no planted fault of `{indicator}`")]
pub struct NothingToRepair {
    account_id: AccountId,
    indicator: String,
}

/// The district, planned; see the module.
#[derive(Debug)]
pub struct World {
    plan: Plan,
    served: OnceLock<(String, Clock)>,
    repaired: Mutex<BTreeMap<(usize, &'static str), DateTime<Utc>>>,
}

/// The columns of a website, as the registry lists them.
fn site_options(index: usize) -> serde_json::Map<String, serde_json::Value> {
    let column = serde_json::json!({ "name": "工作动态", "url": format!("/w/{index}/news"), "kind": "news" });
    serde_json::Map::from_iter([("columns".to_owned(), serde_json::Value::Array(vec![column]))])
}

/// The indicator that must show a fault, and how.
fn expectation(kind: FaultKind) -> (&'static str, Expected) {
    use FaultKind as K;
    match kind {
        K::Stale | K::ByHandSilent => ("stale", Expected::Fail),
        K::Zombie => ("zombie", Expected::Fail),
        K::JustInside | K::ExactlyFourteenDays | K::Reminder | K::ByHandSeen | K::GbkPage | K::WrongCharset => {
            ("stale", Expected::Pass)
        }
        K::SourceMalformed | K::SourceCaptcha | K::SourceDown | K::ByHand => ("stale", Expected::Unverified),
        K::WrongWord => ("expression", Expected::Suspected),
        K::PersonalData => ("privacy", Expected::Suspected),
        K::OtherSubject => ("identity", Expected::Suspected),
        K::SecondAccount => ("duplicate", Expected::Suspected),
        K::FooterMissing => ("footer", Expected::Fail),
        K::LinkGone | K::LinkCut | K::PostLinkGone => ("link", Expected::Fail),
        K::LinkRecovers => ("link", Expected::Recovers),
        K::LinkDown | K::LinkSoft404 => ("link", Expected::Suspected),
        K::LinkSlow => ("link", Expected::Pass),
        K::LinkBlocked => ("link", Expected::Unverified),
        K::ReviewMissing | K::ReviewLate | K::ReviewSamePerson | K::ReviewDisordered => ("review", Expected::Fail),
        K::ReviewNever => ("review", Expected::Unverified),
        K::NoSupervisor | K::NoAdmin | K::NoFiling => ("registration", Expected::Fail),
    }
}

fn notes(kind: FaultKind) -> (&'static str, &'static str) {
    use FaultKind as K;
    match kind {
        K::Stale => ("连续15天未更新", "silent for 15 days"),
        K::Zombie => ("超过90天未更新的僵尸账号", "zombie: silent for over 90 days"),
        K::JustInside => ("最后更新距监测时间点13天23小时59分，合格", "newest post 13 d 23 h 59 min old: passes"),
        K::ExactlyFourteenDays => ("最后更新距监测时间点恰好14天，合格", "newest post exactly 14 × 24 h old: passes"),
        K::Reminder => ("已11天未更新，仅提醒", "silent for 11 days: a reminder only"),
        K::GbkPage => {
            ("列表页为GBK编码，仅在meta中声明，可正常读取", "list page in GBK, declared in a meta tag alone: readable")
        }
        K::WrongCharset => {
            ("列表页实为UTF-8却声明gb2312，可正常读取", "UTF-8 list page that declares gb2312: readable")
        }
        K::SourceMalformed => ("订阅源XML残缺，无法核实", "malformed feed: cannot be judged"),
        K::SourceCaptcha => ("采集地址出现验证码，无法核实", "captcha instead of the source: cannot be judged"),
        K::SourceDown => ("采集地址返回500，无法核实", "source answers 500: cannot be judged"),
        K::ByHand => ("该平台只能人工查看，核查表尚未填写", "looked at by hand; nobody has filled in its row yet"),
        K::ByHandSeen => ("人工核查近期有更新，合格", "looked at by hand, up to date: passes"),
        K::ByHandSilent => ("人工核查发现20天未更新", "looked at by hand, silent for 20 days"),
        K::WrongWord => ("文章有错别字，待人工判定", "a wrong word in a post: for a person"),
        K::PersonalData => ("文章泄露身份证号，待人工判定", "an identity number in a post: for a person"),
        K::ReviewDisordered => ("最新文章先复审后初审", "newest post: second review before the first"),
        K::OtherSubject => ("认证主体不是主办单位，待人工判定", "certified for somebody else: for a person"),
        K::SecondAccount => ("同平台开设第二个账号，待人工判定", "second account on a platform: for a person"),
        K::FooterMissing => ("网站底部缺党政机关标识", "website without the mark of party and government bodies"),
        K::LinkGone => ("服务链接返回404，单位首次反馈不实", "service link 404; the first claim of repair is false"),
        K::LinkCut => ("服务链接返回404，单位申诉停电", "service link 404; the unit appeals, a power cut"),
        K::PostLinkGone => ("文章内链接返回404", "a link in a post leads to 404"),
        K::LinkRecovers => ("服务链接首日503，次日恢复", "service link 503 on the first day, back on the next"),
        K::LinkDown => ("服务链接持续503，待人工判定", "service link 503 throughout: for a person"),
        K::LinkSoft404 => {
            ("服务链接返回200但页面不存在，待人工判定", "service link 200 saying 页面不存在: for a person")
        }
        K::LinkSlow => ("服务链接响应较慢，合格", "slow service link: passes"),
        K::LinkBlocked => ("服务链接拦截自动访问，无法核实", "service link blocks robots: cannot be judged"),
        K::ReviewMissing => ("最新文章无审核记录", "newest post has no review record"),
        K::ReviewLate => ("最新文章发布后才审核", "newest post was reviewed after publication"),
        K::ReviewSamePerson => ("最新文章初审、复审为同一人", "one person did the first and second review"),
        K::ReviewNever => {
            ("单位从未报送审核记录，无法核实", "the unit never handed in review records: cannot be judged")
        }
        K::NoSupervisor => ("未登记主管单位", "no supervising unit"),
        K::NoAdmin => ("未登记管理员", "no administrator"),
        K::NoFiling => ("未备案", "no filing"),
    }
}

impl World {
    /// Plans a district of `accounts` accounts (at least 60) as of the monitoring time.
    ///
    /// `as_of` should lie some days inside its quarter: posts in the round's window carry the
    /// faults of review and of links.
    #[must_use]
    pub fn plan(seed: &str, accounts: usize, as_of: DateTime<Utc>, tz: Tz) -> Self {
        let plan = Plan::new(seed, accounts, as_of, tz);
        Self { plan, served: OnceLock::new(), repaired: Mutex::new(BTreeMap::new()) }
    }

    /// Serves the world on a free loopback port until the runtime ends; the base URL.
    ///
    /// Whether a link has recovered follows `clock`. Serving twice answers the first address.
    pub async fn serve(self: Arc<Self>, clock: Clock) -> std::io::Result<String> {
        if let Some((base, _)) = self.served.get() {
            return Ok(base.clone());
        }
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let base = self.served.get_or_init(|| (base, clock)).0.clone();
        let router = server::router(self);
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the embedded world stopped");
            }
        });
        Ok(base)
    }

    /// Where the world is served; a name that leads nowhere before that.
    #[must_use]
    pub fn base(&self) -> &str {
        self.served.get().map_or("http://world.invalid", |(base, _)| base)
    }

    /// A page that always answers, for `http.control_urls`.
    #[must_use]
    pub fn control_url(&self) -> String {
        format!("{}/up", self.base())
    }

    fn now(&self) -> DateTime<Utc> {
        self.served.get().map_or(self.plan.as_of, |(_, clock)| clock.now())
    }

    /// When the links that recover do: the small hours after the monitoring time.
    #[must_use]
    pub fn recovers_at(&self) -> DateTime<Utc> {
        self.plan.as_of + Duration::hours(20)
    }

    /// How many units there are.
    #[must_use]
    pub fn units(&self) -> usize {
        self.plan.units
    }

    /// The registry, as it stands after the repairs so far.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        (0..self.plan.accounts.len()).map(|i| self.account(i)).collect()
    }

    fn account(&self, index: usize) -> Account {
        let spec = &self.plan.accounts[index];
        let unit = unit_of(spec);
        let mut rng = self.plan.rng("registry", index);
        let fault = spec.fault.filter(|_| self.repaired(index, "registration").is_none());
        let base = self.base();
        let shape = Shape::of(spec.platform);
        let (source, source_url) = match shape {
            Shape::Rss => (SourceKind::Feed, Some(format!("{base}/f/{index}/rss.xml"))),
            Shape::Atom => (SourceKind::Feed, Some(format!("{base}/f/{index}/atom.xml"))),
            Shape::JsonFeed => (SourceKind::Feed, Some(format!("{base}/f/{index}/feed.json"))),
            Shape::Html => (SourceKind::Html, Some(format!("{base}/l/{index}/index.html"))),
            Shape::Site => (SourceKind::Site, Some(format!("{base}/w/{index}/"))),
            Shape::Manual => (SourceKind::Manual, None),
        };
        let links = if self.plan.accounts.len() > 500 { 1 } else { rng.random_range(1..=2) };
        let supervisor = if spec.unit == 0 { "云溪区人民政府" } else { "云溪区人民政府办公室" };
        let year = if spec.fault == Some(FaultKind::SecondAccount) { 2024 } else { rng.random_range(2018..=2023) };
        let opened = NaiveDate::from_ymd_opt(year, rng.random_range(1..=12), 15);
        let is_merged = spec.fault == Some(FaultKind::SecondAccount) && self.repaired(index, "duplicate").is_some();
        let certified = match spec.fault {
            Some(FaultKind::OtherSubject) if self.repaired(index, "identity").is_none() => "虚构文化传播有限公司",
            _ => &unit.name,
        };
        Account {
            account_id: plan::id(index),
            name: unit.brand,
            platform: spec.platform,
            unit: unit.name.clone(),
            unit_tier: Some(unit.tier),
            supervising_unit: (fault != Some(FaultKind::NoSupervisor)).then(|| supervisor.to_owned()),
            represents_government: spec.unit == 0,
            status: if is_merged { AccountStatus::Closed } else { AccountStatus::Running },
            filing_no: (fault != Some(FaultKind::NoFiling)).then(|| format!("云溪备{:06}", index + 1)),
            opened_on: opened,
            followers: Some(rng.random_range(2_000..60_000)),
            certified_subject: Some(certified.to_owned()),
            admin: (fault != Some(FaultKind::NoAdmin)).then(|| Personal::new(unit.admin)),
            admin_contact: (fault != Some(FaultKind::NoAdmin)).then(|| Personal::new("虚构内线000")),
            source: Some(source),
            source_url,
            source_options: if shape == Shape::Site { site_options(index) } else { serde_json::Map::new() },
            service_links: (1..=links).map(|n| format!("{base}/s/{index}/{n}")).collect(),
            extra: BTreeMap::new(),
        }
    }

    /// The review records the units have handed in, corrected ones included.
    #[must_use]
    pub fn reviews(&self) -> Vec<ReviewRecord> {
        (0..self.plan.accounts.len()).flat_map(|i| self.reviews_of(i)).collect()
    }

    fn reviews_of(&self, index: usize) -> Vec<ReviewRecord> {
        let spec = &self.plan.accounts[index];
        // A website's articles are reviewed where they are published.
        if matches!(Shape::of(spec.platform), Shape::Manual | Shape::Site) {
            return Vec::new();
        }
        let fault = spec.fault.filter(|_| self.repaired(index, "review").is_none());
        if fault == Some(FaultKind::ReviewNever) {
            return Vec::new();
        }
        let posts = self.posts(index);
        let mut records: Vec<ReviewRecord> = posts.iter().map(|post| self.review_of(index, post)).collect();
        if let (Some(post), Some(newest)) = (posts.first(), records.first_mut()) {
            match fault {
                Some(FaultKind::ReviewLate) => newest.last.at = Some(post.at + Duration::hours(3)),
                Some(FaultKind::ReviewDisordered) => {
                    newest.second.at = newest.first.at.map(|at| at - Duration::minutes(40));
                }
                Some(FaultKind::ReviewSamePerson) => newest.second.reviewer = newest.first.reviewer.clone(),
                Some(FaultKind::ReviewMissing) => {
                    records.remove(0);
                }
                _ => {}
            }
        }
        records
    }

    fn review_of(&self, index: usize, post: &WorldPost) -> ReviewRecord {
        self.plan.review(index, format!("{}/p/{index}/{}", self.base(), post.key), post)
    }

    /// The account's posts now: as planned, and the one that a repair published.
    fn posts(&self, index: usize) -> Vec<WorldPost> {
        let mut posts = self.plan.posts(index);
        if let (Some(kind), Some(newest)) = (self.plan.accounts[index].fault, posts.first_mut())
            && let Some(sentence) = posts::harmful(kind)
            && self.repaired(index, expectation(kind).0).is_none()
        {
            newest.sentence = sentence;
        }
        if let Some(post) = self.repair_post(index) {
            posts.insert(0, post);
        }
        posts
    }

    fn repair_post(&self, index: usize) -> Option<WorldPost> {
        let kind = self.plan.accounts[index].fault?;
        let at = posts::minute(self.repaired(index, "stale")?);
        let unit = unit_of(&self.plan.accounts[index]);
        matches!(kind, FaultKind::Stale | FaultKind::Zombie | FaultKind::Reminder).then(|| WorldPost {
            key: at.with_timezone(&self.plan.tz).format("%Y%m%d%H%M").to_string(),
            title: format!("{}恢复更新：近期工作动态", unit.short),
            sentence: "现将近期工作动态整理发布，欢迎关注。",
            at,
            outbound: None,
        })
    }

    fn repaired(&self, index: usize, group: &'static str) -> Option<DateTime<Utc>> {
        self.repaired.lock().unwrap_or_else(PoisonError::into_inner).get(&(index, group)).copied()
    }

    /// When the newest post appeared that an inspector sees where no machine can; `None`: nobody has looked yet.
    #[must_use]
    pub fn seen_by_hand(&self, account_id: &AccountId) -> Option<DateTime<Utc>> {
        let age = match self.plan.accounts[self.plan.index(account_id)?].fault? {
            FaultKind::ByHandSeen => Duration::days(2),
            FaultKind::ByHandSilent => Duration::days(20),
            _ => return None,
        };
        Some(posts::minute(self.plan.as_of - age))
    }

    /// Everything that was planted, by account.
    #[must_use]
    pub fn planted(&self) -> Vec<Planted> {
        let specs = self.plan.accounts.iter().enumerate();
        specs.filter_map(|(index, spec)| spec.fault.map(|kind| self.planted_as(index, kind))).collect()
    }

    fn planted_as(&self, index: usize, kind: FaultKind) -> Planted {
        use FaultKind as K;
        let (indicator, outcome) = expectation(kind);
        let (note_zh, note_en) = notes(kind);
        let base = self.base();
        let subject = match kind {
            K::PostLinkGone => Some(format!("{base}/x/{index}")),
            K::ReviewMissing | K::ReviewLate | K::ReviewSamePerson | K::ReviewDisordered => {
                self.plan.posts(index).first().map(|post| format!("{base}/p/{index}/{}", post.key))
            }
            K::WrongWord | K::PersonalData => self.plan.posts(index).first().map(|post| {
                let url = format!("{base}/p/{index}/{}", post.key);
                if kind == K::WrongWord { format!("{url} “{}”", posts::WRONG_WORD) } else { url }
            }),
            _ if indicator == "link" => Some(format!("{base}/s/{index}/1")),
            _ => None,
        };
        Planted { account_id: plan::id(index), kind, indicator, outcome, subject, note_zh, note_en }
    }

    /// Makes the account's fault go away from now on, and returns what the unit hands in with it.
    ///
    /// `stale` and `zombie` are repaired by a new post, which comes with its review record; an
    /// unreadable source becomes readable. Repairing twice changes nothing.
    pub fn repair(&self, account_id: &AccountId, indicator: &str) -> Result<Repair, NothingToRepair> {
        let nothing = || NothingToRepair { account_id: account_id.clone(), indicator: indicator.to_owned() };
        let index = self.plan.index(account_id).ok_or_else(nothing)?;
        let out_of_sight = |kind: &FaultKind| matches!(kind, FaultKind::ByHand | FaultKind::ByHandSeen);
        let kind = self.plan.accounts[index].fault.filter(|kind| !out_of_sight(kind)).ok_or_else(nothing)?;
        let group = match expectation(kind).0 {
            "zombie" => "stale",
            other => other,
        };
        let asked = if indicator == "zombie" { "stale" } else { indicator };
        if asked != group {
            return Err(nothing());
        }
        let now = self.now();
        self.repaired.lock().unwrap_or_else(PoisonError::into_inner).entry((index, group)).or_insert(now);
        let mut repair = Repair::default();
        match group {
            "stale" => repair.reviews.extend(self.repair_post(index).map(|post| self.review_of(index, &post))),
            "review" if kind == FaultKind::ReviewNever => repair.reviews = self.reviews_of(index),
            "review" => repair.reviews.extend(self.posts(index).first().map(|post| self.review_of(index, post))),
            "registration" | "identity" | "duplicate" => repair.account = Some(self.account(index)),
            _ => {}
        }
        Ok(repair)
    }
}

#[cfg(test)]
mod tests;
