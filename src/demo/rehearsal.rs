//! The rehearsal: a whole quarter of the real program in front of the user, in seconds.
//!
//! Everything is real but the world around it: the registry files, the draw, the looks over
//! HTTP, the outbox, the bot over the Bot API, the documents. The clock is set and moved.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use secrecy::SecretString;
use tokio::sync::watch;

use super::actors::{Stage, Supervisor, UnitAdmin, at_work};
use super::compare::{Comparison, Verdicts, compare, verdicts};
use super::setting::{RehearsalError, io, prepare_directory, write_config};
use super::telegram::{FakeTelegram, Line};
use super::world::World;
use crate::chat::bot;
use crate::chat::deliver::{deliver_due, next_due};
use crate::chat::telegram::Messenger;
use crate::checks::{by_hand, run};
use crate::clock::Clock;
use crate::domain::Lang;
use crate::domain::bulletin::Dataset;
use crate::domain::by_hand::{HandItem, HandLook, HandOrigin};
use crate::domain::finding::Outcome;
use crate::domain::issue::IssueStatus;
use crate::domain::round::RoundName;
use crate::domain::sample::Reason;
use crate::fetch::Fetcher;
use crate::intake;
use crate::ledger;
use crate::office::Office;
use crate::registry::{WorksheetHead, read_worksheet, write_accounts, write_reviews, write_worksheet};
use crate::reports;
use crate::sampling::{self, Wishes};
use crate::schedule;
use crate::store::{MemberCounts, Store, StoreError};

/// The monitoring time: a Tuesday morning in the middle of a quarter.
const AS_OF: &str = "2026-11-10T09:00:00+08:00";
/// Days that the rehearsal follows the issues.
const DAYS: i64 = 14;
/// Units whose administrators act out their scripts; in a larger district the others stay silent.
const PLAYED_UNITS: usize = 24;

/// What the caller asks for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Where everything is written; new or empty.
    pub out: PathBuf,
    /// Accounts of the district.
    pub accounts: usize,
    /// Same seed, same output.
    pub seed: String,
    /// The language of office and people.
    pub lang: Lang,
}

/// What is told while it goes on.
#[derive(Debug, Clone)]
pub enum Told<'a> {
    /// A stage begins; `total` steps, where they can be counted.
    Stage {
        /// Its name in Chinese.
        zh: &'a str,
        /// In English.
        en: &'a str,
        /// Steps.
        total: u64,
    },
    /// Steps done so far.
    Step(u64),
    /// The stage is over; what came of it.
    Done {
        /// In Chinese.
        zh: String,
        /// In English.
        en: String,
    },
}

/// What the rehearsal came to.
#[derive(Debug)]
pub struct Rehearsed {
    /// Planted against found.
    pub comparison: Comparison,
    /// The chat, in the order it went.
    pub transcript: Vec<Line>,
    /// What the strict Telegram had to object to; empty.
    pub violations: Vec<String>,
    /// Everything written.
    pub files: Vec<PathBuf>,
    /// The half-year round's dataset.
    pub dataset: Dataset,
    /// Issues by status at the end.
    pub issues: Vec<(IssueStatus, i64)>,
}

/// Runs the rehearsal; `told` hears how it goes.
pub async fn rehearse(wish: &Wish, told: &mut (dyn FnMut(Told<'_>) + Send)) -> Result<Rehearsed, RehearsalError> {
    prepare_directory(&wish.out)?;
    let as_of: DateTime<Utc> = AS_OF.parse().unwrap_or_default();
    let clock = Clock::set_at(as_of);
    let config = write_config(&wish.out, wish.lang)?;
    let zone = config.office.timezone;
    let world = Arc::new(World::plan(&wish.seed, wish.accounts, as_of, zone));
    Arc::clone(&world).serve(clock.clone()).await.map_err(io("127.0.0.1"))?;
    let telegram = FakeTelegram::start(clock.clone()).await?;
    telegram.speak_english(wish.lang == Lang::En);
    let messenger = Messenger::new(&SecretString::from(telegram.token()), &telegram.api_url(), None)?;
    let mut settings = crate::app::fetch_settings(&config.http);
    settings.control_urls = vec![world.control_url()];
    let fetcher = Fetcher::new(settings)?;
    let store = Store::open(config.database.url.reveal(), clock.now()).await?;
    let office = Office {
        store,
        clock,
        config: Arc::new(config),
        calendar: Arc::new(crate::domain::workday::Calendar::built_in()),
        rules: Arc::new(crate::app::load_rules(None)?),
    };
    let mut play = Play {
        office,
        fetcher,
        world,
        telegram,
        messenger,
        out: wish.out.clone(),
        seed: wish.seed.clone(),
        codes: Vec::new(),
    };
    Box::pin(play.run(told)).await
}

struct Play {
    office: Office,
    fetcher: Fetcher,
    world: Arc<World>,
    telegram: FakeTelegram,
    messenger: Messenger,
    out: PathBuf,
    seed: String,
    codes: Vec<String>,
}

impl Play {
    async fn run(&mut self, told: &mut (dyn FnMut(Told<'_>) + Send)) -> Result<Rehearsed, RehearsalError> {
        let (sample, everything) = (RoundName::Quarter(2026, 4), RoundName::Half(2026, 2));
        self.import(told).await?;
        self.freeze_and_draw(sample, told).await?;
        self.look(sample, "检查：季度抽查", "run: quarterly sample", told).await?;
        sampling::open(&self.office, everything, &Wishes { seed: Some(self.seed.clone()), ..Wishes::default() })
            .await?;
        self.look_by_hand(everything, told).await?;
        self.look(everything, "检查：半年检查", "run: half-year, everything", told).await?;
        let first = self.verdicts(everything).await?;

        let (stop, stopping) = watch::channel(false);
        let ready = watch::Sender::new(false);
        let bot = tokio::spawn(bot::run(self.office.clone(), self.messenger.clone(), stopping, ready));
        let last = self.follow_issues(everything, told).await;
        stop.send_replace(true);
        let _ = bot.await;
        let comparison = compare(&self.world.planted(), &first, &last?);

        told(Told::Stage { zh: "关闭批次", en: "close", total: 2 });
        for name in [sample, everything] {
            sampling::close(&self.office, name).await?;
        }
        told(Told::Done {
            zh: format!("{sample}、{everything} 已关闭"),
            en: format!("{sample} and {everything} closed"),
        });
        let (dataset, files) = self.report(sample, everything, told).await?;
        let issues = self.office.store.read().await?.issue_counts().await?;
        let transcript = self.transcript();
        self.office.store.close().await;
        Ok(Rehearsed { comparison, transcript, violations: self.telegram.violations(), files, dataset, issues })
    }

    async fn import(&self, told: &mut (dyn FnMut(Told<'_>) + Send)) -> Result<(), RehearsalError> {
        told(Told::Stage { zh: "导入登记与审核记录", en: "import", total: 2 });
        let (accounts, reviews) = (self.out.join("accounts.csv"), self.out.join("reviews.csv"));
        write_accounts(&accounts, &self.world.accounts())?;
        write_reviews(&reviews, &self.world.reviews(), self.office.zone())?;
        let registered = intake::import_accounts(&self.office, &[accounts], intake::Wishes::default()).await?;
        told(Told::Step(1));
        let handed_in = intake::import_reviews(&self.office, &[reviews], intake::Wishes::default()).await?;
        told(Told::Step(2));
        told(Told::Done {
            zh: format!("{}个账号、{}个单位，{}条审核记录", registered.rows, self.world.units(), handed_in.rows),
            en: format!(
                "{} accounts of {} units, {} review records",
                registered.rows,
                self.world.units(),
                handed_in.rows
            ),
        });
        Ok(())
    }

    async fn freeze_and_draw(
        &self,
        name: RoundName,
        told: &mut (dyn FnMut(Told<'_>) + Send),
    ) -> Result<(), RehearsalError> {
        told(Told::Stage { zh: "冻结抽样框", en: "freeze", total: 1 });
        let (frozen, _) = sampling::freeze(&self.office, name, &Wishes::default()).await?;
        told(Told::Done {
            zh: format!("{}个账号，SHA-256 {}", frozen.frame_size, brief(&frozen.frame_sha256)),
            en: format!("{} accounts, SHA-256 {}", frozen.frame_size, brief(&frozen.frame_sha256)),
        });
        told(Told::Stage { zh: "公布种子并抽取", en: "draw", total: 1 });
        sampling::open(&self.office, name, &Wishes { seed: Some(self.seed.clone()), ..Wishes::default() }).await?;
        let draw = sampling::export(&self.office, name).await?;
        draw.verify().map_err(RehearsalError::Replay)?;
        let path = self.out.join(format!("draw-{name}.json"));
        let mut text = serde_json::to_vec_pretty(&draw).map_err(StoreError::Json)?;
        text.push(b'\n');
        reports::write_whole(&path, &text)?;
        let random = draw.members.iter().filter(|member| member.reason == Reason::Random).count();
        let always = draw.members.len() - random;
        told(Told::Done {
            zh: format!("随机{random}个（{}层），必查{always}个，复算一致", draw.strata.len()),
            en: format!("{random} at random in {} strata, {always} always included, replayed", draw.strata.len()),
        });
        Ok(())
    }

    fn worksheet(&self, name: RoundName) -> PathBuf {
        self.out.join(format!("worksheet-{name}.xlsx"))
    }

    /// The worksheet goes out, an inspector fills in what can be seen, and it comes back.
    async fn look_by_hand(
        &self,
        name: RoundName,
        told: &mut (dyn FnMut(Told<'_>) + Send),
    ) -> Result<(), RehearsalError> {
        told(Told::Stage { zh: "人工核查表", en: "worksheet", total: 1 });
        let office = &self.office;
        let round = office.store.read().await?.require_round(name).await?;
        let mut tasks = by_hand::tasks(office, &round).await?;
        for task in &mut tasks {
            let newest = self.world.seen_by_hand(&task.account_id);
            let is_text = HandItem::TEXTS.contains(&task.item);
            if task.item != HandItem::Update && !is_text {
                continue;
            }
            task.answer = newest.map(|at| HandLook {
                account_id: task.account_id.clone(),
                item: task.item,
                newest_at: (!is_text).then(|| at.with_timezone(&office.zone()).fixed_offset()),
                day_only: false,
                content_url: None,
                verdict: is_text.then_some(Outcome::Pass),
                note: String::new(),
                checked_by: "虚构检查员".to_owned(),
                checked_at: office.now(),
                origin: HandOrigin::Inspector,
            });
        }
        let path = self.worksheet(name);
        let head = WorksheetHead { round: name, as_of: round.as_of, zone: office.zone(), lang: office.lang() };
        write_worksheet(&path, head, &tasks)?;
        let filled = read_worksheet(&path, office.zone())?;
        let rows = &filled.sheet.rows;
        let recorded = by_hand::record(office, name, &filled.place, rows, crate::ACTOR, false).await?;
        let (rows, violations, blank) = (recorded.recorded, recorded.violations, filled.blank);
        told(Told::Done {
            zh: format!("人工核查{rows}项，违规{violations}项；待填{blank}项"),
            en: format!("{rows} rows filled in, {violations} violations; {blank} to go"),
        });
        Ok(())
    }

    async fn look(
        &self,
        name: RoundName,
        zh: &str,
        en: &str,
        told: &mut (dyn FnMut(Told<'_>) + Send),
    ) -> Result<(), RehearsalError> {
        let members = {
            let mut tx = self.office.store.read().await?;
            let round = tx.require_round(name).await?;
            tx.member_counts(round.id).await?.members
        };
        told(Told::Stage { zh, en, total: members.unsigned_abs() });
        let (sender, mut heard) = watch::channel(MemberCounts { members, looked_at: 0 });
        let ran = run::run(&self.office, &self.fetcher, name, run::Wishes::default(), |counts| {
            sender.send_replace(counts);
        });
        let mut ran = std::pin::pin!(ran);
        let ran = loop {
            tokio::select! {
                ran = &mut ran => break ran?,
                Ok(()) = heard.changed() => told(Told::Step(heard.borrow_and_update().looked_at.unsigned_abs())),
            }
        };
        let counts = self.verdict_counts(name).await?;
        let opened = ran.opened.unwrap_or_default();
        told(Told::Done {
            zh: format!(
                "{}个账号；违规{}、疑似{}、无法判定{}；立案{}，通知{}",
                ran.looked_at, counts[0], counts[1], counts[2], opened.opened, opened.notices
            ),
            en: format!(
                "{} accounts; {} violations, {} suspected, {} could not be judged; {} issues, {} notices",
                ran.looked_at, counts[0], counts[1], counts[2], opened.opened, opened.notices
            ),
        });
        Ok(())
    }

    async fn verdict_counts(&self, name: RoundName) -> Result<[i64; 3], StoreError> {
        let mut tx = self.office.store.read().await?;
        let round = tx.require_round(name).await?;
        let counts = tx.finding_counts(round.id).await?;
        let sum = |outcome| counts.iter().filter(|count| count.1 == outcome).map(|count| count.2).sum();
        Ok([sum(Outcome::Fail), sum(Outcome::Suspected), sum(Outcome::Unverified)])
    }

    async fn verdicts(&self, name: RoundName) -> Result<Verdicts, StoreError> {
        let round = self.office.store.read().await?.require_round(name).await?;
        verdicts(&self.office, &round).await
    }

    /// Two weeks of chat: notices, acknowledgements, rectification, rechecks, appeals. Gives the
    /// verdicts as they stood before a person first decided one.
    async fn follow_issues(
        &mut self,
        name: RoundName,
        told: &mut (dyn FnMut(Told<'_>) + Send),
    ) -> Result<Verdicts, RehearsalError> {
        let mut scripts = self.world.script();
        scripts.sort_by_key(|script| script.behaviour);
        spread(&mut scripts);
        scripts.truncate(PLAYED_UNITS);
        told(Told::Stage {
            zh: "绑定机器人并送达通知", en: "bind and notify", total: scripts.len() as u64 + 1
        });
        let office = self.office.clone();
        let (world, telegram) = (Arc::clone(&self.world), self.telegram.clone());
        let mut stage = Stage { office: &office, world: &world, telegram: &telegram, codes: &mut self.codes };
        let supervisor = Supervisor::join(&mut stage, "云溪区政府办 监管员").await?;
        let mut admins = Vec::new();
        for (step, script) in scripts.iter().enumerate() {
            admins.push(UnitAdmin::join(&mut stage, script.clone()).await?);
            told(Told::Step(step as u64 + 2));
        }
        let stage = stage;
        let sent = deliver(&office, &self.messenger).await?;
        told(Told::Done { zh: format!("送达{sent}条消息"), en: format!("{sent} messages delivered") });

        told(Told::Stage {
            zh: "签收、整改、申诉、复查",
            en: "acknowledge, rectify, appeal, recheck",
            total: (DAYS * 24).unsigned_abs(),
        });
        let mut last = None;
        for hour in 1..=DAYS * 24 {
            office.clock.advance(TimeDelta::hours(1) - TimeDelta::seconds(i64::from(office.now().second())));
            schedule::tick(&office, &self.fetcher).await?;
            deliver(&office, &self.messenger).await?;
            if at_work(&office) {
                for admin in &mut admins {
                    admin.act(&stage).await?;
                }
                schedule::follow_up(&office, &self.fetcher).await?;
                let local = office.now().with_timezone(&office.zone());
                if hour > 24 && matches!(local.hour(), 10 | 15) {
                    if last.is_none() {
                        let round = office.store.read().await?.require_round(name).await?;
                        last = Some(verdicts(&office, &round).await?);
                    }
                    supervisor.act(&stage).await?;
                }
                deliver(&office, &self.messenger).await?;
            }
            told(Told::Step(hour.unsigned_abs()));
        }
        let counts = office.store.read().await?.issue_counts().await?;
        let list = |lang: Lang, gap: &str| {
            counts.iter().map(|(status, n)| format!("{}{gap}{n}", status.name(lang))).collect::<Vec<_>>()
        };
        told(Told::Done { zh: list(Lang::Zh, "").join("、"), en: list(Lang::En, " ").join(", ") });
        Ok(last.unwrap_or_default())
    }

    async fn report(
        &self,
        sample: RoundName,
        everything: RoundName,
        told: &mut (dyn FnMut(Told<'_>) + Send),
    ) -> Result<(Dataset, Vec<PathBuf>), RehearsalError> {
        told(Told::Stage { zh: "生成通报、台账与清单", en: "report", total: 2 });
        let mut files = Vec::new();
        let first = ledger::dataset(&self.office, sample).await?;
        files.extend(reports::write_in(&first, &self.out.join(sample.to_string()), self.office.lang())?);
        told(Told::Step(1));
        let dataset = ledger::dataset(&self.office, everything).await?;
        files.extend(reports::write_in(&dataset, &self.out.join(everything.to_string()), self.office.lang())?);
        told(Told::Step(2));
        files.push(self.worksheet(everything));
        let transcript = self.out.join("transcript.txt");
        let text: String = self.transcript().iter().map(show_line).collect();
        reports::write_whole(&transcript, text.as_bytes())?;
        files.push(transcript);
        files.push(self.out.join(format!("draw-{sample}.json")));
        told(Told::Done {
            zh: format!("{}个文件，合计数均已核对", files.len()),
            en: format!("{} files, every sum checked", files.len()),
        });
        Ok((dataset, files))
    }

    /// The chat with its one-time codes covered: they are random, and nobody else's business.
    fn transcript(&self) -> Vec<Line> {
        let mut lines = self.telegram.transcript();
        for line in &mut lines {
            for code in &self.codes {
                if line.text.contains(code.as_str()) {
                    line.text = line.text.replace(code.as_str(), "**********");
                }
            }
        }
        lines
    }
}

/// One message as its reader saw it.
#[must_use]
pub fn show_line(line: &Line) -> String {
    let zone = chrono_tz::Asia::Shanghai;
    let at = line.at.with_timezone(&zone).format("%m-%d %H:%M");
    // A private chat bears its person's name: what the bot writes there is shown as written to them.
    let who =
        if line.who == line.chat_title { line.who.clone() } else { format!("{} → {}", line.who, line.chat_title) };
    let mut text = format!("── {at}  {who}{}\n", if line.edited { "（更新）" } else { "" });
    for row in line.text.lines() {
        text.push_str("   ");
        text.push_str(row);
        text.push('\n');
    }
    if !line.buttons.is_empty() {
        text.push_str("   ");
        for button in &line.buttons {
            text.extend(["[", button.as_str(), "] "]);
        }
        text.push('\n');
    }
    text
}

/// Delivers what is due, moving the clock over the pauses that rate limits ask for. Gives the number sent.
async fn deliver(office: &Office, messenger: &Messenger) -> Result<usize, RehearsalError> {
    let mut sent = 0;
    loop {
        let now = office.now();
        let Some(next) = next_due(office).await? else { return Ok(sent) };
        if next > now + TimeDelta::minutes(5) {
            return Ok(sent);
        }
        office.clock.advance_to(next);
        // One after another, so that the same seed tells the same story.
        sent += deliver_due(office, messenger, 1).await?.sent;
    }
}

/// Puts one unit of each behaviour before the second of any.
fn spread(scripts: &mut Vec<super::world::UnitScript>) {
    let mut taken = std::collections::BTreeMap::new();
    let mut keyed: Vec<_> = scripts
        .drain(..)
        .map(|script| {
            let turn = taken.entry(script.behaviour).or_insert(0_usize);
            *turn += 1;
            (*turn, script)
        })
        .collect();
    keyed.sort_by_key(|(turn, script)| (*turn, script.behaviour));
    scripts.extend(keyed.into_iter().map(|(_, script)| script));
}

fn brief(hash: &str) -> String {
    hash.chars().take(16).chain("…".chars()).collect()
}
