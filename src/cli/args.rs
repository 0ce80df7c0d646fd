//! The command line as clap reads it; the doc comments are the help.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::audit::AuditCommand;
use super::report::{DraftArgs, Period};
use crate::domain::Lang;
use crate::domain::account::SourceKind;
use crate::domain::finding::Outcome;
use crate::domain::health::SourceState;
use crate::domain::issue::IssueStatus;
use crate::domain::person::Role;
use crate::domain::ratio::Ratio;
use crate::domain::round::RoundName;
use crate::domain::sample::Rotation;

const EXAMPLES: &str = "示例 Examples:
  xuncha demo                                   完整演练一个季度 a whole quarter in front of you
  xuncha init && xuncha accounts import accounts.csv && xuncha doctor
  xuncha round open 2026Q4 && xuncha round run 2026Q4 && xuncha report 2026Q4 --out reports
  xuncha issues list --overdue --format json | jq '.[].id'";

/// 巡查：政务新媒体的登记、抽查、核验与督促整改
/// Register, sample, check and follow up government new-media accounts
#[derive(Debug, Parser)]
#[command(name = "xuncha", version, after_help = EXAMPLES, infer_subcommands = false)]
pub(super) struct Cli {
    /// 配置文件（默认 ./xuncha.toml） Configuration file
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// 输出格式 Output format
    #[arg(long, global = true, value_enum, default_value = "table")]
    pub format: Format,
    /// 语言 Language
    #[arg(long, global = true, value_name = "zh|en")]
    pub lang: Option<Lang>,
    /// 更详细的日志 More log
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// 只输出结果和错误 Result and errors alone
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
    /// For spreadsheets
    Csv,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// 写入配置与模板，不覆盖已有文件 Write a commented xuncha.toml and templates
    Init {
        /// 目录 Directory
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// 在内置的虚构区里演练一个季度 Rehearse a quarter in an embedded, invented district
    #[command(after_help = "示例 Example:\n  xuncha demo --accounts 5000 --seed 2026")]
    Demo(DemoArgs),
    /// 自检：配置、数据库、日历、通道、登记 Check configuration, database, calendar, channels, registry
    Doctor,
    /// 基本信息库 The registry
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// 发布审核记录 Review records
    #[command(subcommand)]
    Reviews(ReviewsCommand),
    /// 检查批次：2026Q4、2026H2 或 2026-11-23 Rounds
    #[command(
        subcommand,
        after_help = "示例 Examples:\n  xuncha round freeze 2026Q4          先公布抽样框 publish the frame first\n  xuncha round open 2026Q4 --seed '4 2 6 1'   再定种子 then name the seed\n  xuncha round verify draw.json       任何人都能复算 anyone can replay it"
    )]
    Round(RoundCommand),
    /// 检查规则集 Rule sets
    #[command(subcommand)]
    Rules(RulesCommand),
    /// 发现 Findings
    #[command(subcommand)]
    Findings(FindingsCommand),
    /// 采集渠道状态 How sources are doing
    #[command(subcommand)]
    Sources(SourcesCommand),
    /// 问题清单与处理 The issue list and its workflow
    #[command(subcommand)]
    Issues(IssuesCommand),
    /// 网站访问监测 Visits to websites
    #[command(
        subcommand,
        after_help = "示例 Examples:\n  xuncha sites visit                        立即访问一遍 visit every registered website now\n  17 * * * *  cd /srv/xuncha && xuncha sites visit -q   未运行 serve 时写入 crontab in a crontab, where serve does not run\n  xuncha sites list --format json | jq '.[] | select(.failed > 0)'"
    )]
    Sites(SitesCommand),
    /// 通知 The outbox
    #[command(subcommand)]
    Notices(NoticesCommand),
    /// 生成台账、清单、通报、网页报告、公证单与数据集 Write all documents of a round
    #[command(
        override_usage = "xuncha report ROUND --out DIR [--form brief|statistics|list] [--notices] [--pdf] [--internal]\n       xuncha report YEAR --out DIR [--pdf]\n       xuncha report --from dataset.json|annual.json --out DIR",
        after_help = "示例 Examples:\n  xuncha report 2026Q4 --out reports\n  xuncha report --from reports/dataset.json --out again   只凭数据集重新生成，无需数据库 from the file alone, no database\n  xuncha report 2026Q4 --out reports --lang en            全部文件用英文 every document in English\n  xuncha report 2026Q4 --out reports --notices --pdf      另写整改通知书和PDF letters and PDF as well\n  xuncha report 2026 --out reports                        年度汇总 the year by unit\n  xuncha report --from reports/annual.json --out again    只凭 annual.json 重新生成年度汇总 the year from its file alone"
    )]
    Report {
        /// 批次，或年份（如 2026，写出年度汇总） Round, or a year for the summary by unit
        #[arg(value_name = "ROUND|YEAR", required_unless_present = "from")]
        round: Option<Period>,
        /// 输出目录 Directory
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// 由已有的 dataset.json 或 annual.json 生成 From a file written before
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        #[command(flatten)]
        drafts: DraftArgs,
    },
    /// 列出某个数字对应的记录；不指明数字则列出全部数字 The rows behind a figure; without one, all figures
    #[command(
        override_usage = "xuncha explain ROUND|YEAR [FIGURE]\n       xuncha explain --from dataset.json|annual.json [FIGURE]",
        after_help = "示例 Examples:\n  xuncha explain 2026Q4                                全部数字 every figure with its value\n  xuncha explain 2026Q4 total.pass_rate                合格率由哪些账号得出 the accounts behind the pass rate\n  xuncha explain 2026 unit.云溪区教育局.overdue         某单位全年哪些问题曾逾期 which issues of a unit were overdue in the year\n  xuncha explain --from dataset.json platform.weibo.failed --format csv > rows.csv"
    )]
    Explain {
        /// 批次（或年份）与数字 Round or year, and figure
        #[arg(value_names = ["ROUND|YEAR", "FIGURE"], num_args = 0..=2)]
        words: Vec<String>,
        /// 由已有的 dataset.json 或 annual.json 查看 From a file written before
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// 人员与绑定码 People and one-time codes
    #[command(subcommand)]
    Users(UsersCommand),
    /// 运行服务：调度、机器人、发送、健康检查 Scheduler, bot, delivery and health in one process
    Serve,
    /// 与其他机器分担检查（共用同一 PostgreSQL） Share the checking on a common PostgreSQL
    #[command(
        after_help = "示例 Example:\n  XUNCHA__DATABASE__URL=postgres://xuncha@db.example/xuncha xuncha worker\n\n只参与正在进行的检查批次；调度、机器人和发送由 serve 负责。\nJoins rounds that are being run; scheduling, the bot and delivery are serve's."
    )]
    Worker,
    /// 事件历史 The event history
    #[command(
        subcommand,
        after_help = "示例 Examples:\n  xuncha audit verify --format json | jq -r .head > head.txt   记下最后一个校验值 note the last hash\n  xuncha audit verify --head \"$(cat head.txt)\"                之后可证明此前记录未被删改 and prove later that nothing before it was changed"
    )]
    Audit(AuditCommand),
    /// 备份整个数据库为一个文件（含联系方式；可在运行中进行） Back everything up, while others work
    #[command(after_help = "示例 Examples:\n  xuncha backup /backup/xuncha-$(date +%F).db
  XUNCHA__DATABASE__URL=postgres://… xuncha restore xuncha.db   迁移到 PostgreSQL move to PostgreSQL")]
    Backup { file: PathBuf },
    /// 从备份恢复到一个新数据库（SQLite 或 PostgreSQL） Restore into a new database
    Restore { file: PathBuf },
    /// 查看一个采集方式能读到什么 What a source adapter sees
    #[command(after_help = "采集方式及其参数 Kinds and their options:
  html                                   item, title, link, date, date_attr
  site                                   columns, home, item, title, link, date, date_attr
  weibo, douyin, kuaishou, bilibili, toutiao, app
                                         user
  feed, wechat                           无 none
示例 Example:
  xuncha probe html https://example.gov.cn/list/ --option item='ul.news li'
  xuncha probe weibo https://m.weibo.cn/api/container/getIndex --option user=1234567890")]
    Probe {
        kind: SourceKind,
        url: String,
        /// 采集参数 Source option
        #[arg(long = "option", value_name = "KEY=VALUE")]
        options: Vec<String>,
    },
    /// 核验链接，一行一个；“-”为标准输入 Verify URLs, one a line
    Links { file: PathBuf },
    /// 查找文本中的错误表述和个人信息；“-”为标准输入 Find wrong wording and personal data in a text
    #[command(
        after_help = "示例 Example:\n  xuncha check-text 稿件.txt\n  xuncha check-text 标题.txt --lines --format csv"
    )]
    CheckText {
        /// 文本、网页、CSV、XLSX 或 DOCX Text, web page, CSV, XLSX or DOCX
        file: PathBuf,
        /// 每行作为一篇 Each line is a text of its own
        #[arg(long)]
        lines: bool,
    },
    /// 升级数据库结构 Bring the database up to date
    Migrate,
    /// 命令补全脚本 Shell completion
    Completions { shell: Shell },
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// 输出目录（须不存在或为空） Directory, new or empty
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// 账号数（至少60） Accounts, at least 60
    #[arg(long, default_value_t = 72, value_parser = clap::value_parser!(u32).range(60..=1_000_000))]
    pub accounts: u32,
    /// 种子，同一种子结果相同 Same seed, same output
    #[arg(long, default_value = "786e6368", value_name = "HEX")]
    pub seed: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum AccountsCommand {
    /// 导入 CSV 或 XLSX；有错则整体不导入 Import; all or nothing
    Import {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// 只检查不写入 Write nothing
        #[arg(long)]
        dry_run: bool,
        /// 跳过有错的行 Leave bad rows out
        #[arg(long)]
        skip_bad: bool,
    },
    /// 列出账号 List accounts
    List {
        /// 主办单位 Unit
        #[arg(long)]
        unit: Option<String>,
    },
    /// 查看一个账号及其变动 One account with its history
    Show { id: String },
    /// 导出 CSV 或 XLSX（含联系方式） Export, contact data included
    Export { file: PathBuf },
    /// 登记核查：无监管、重复、未备案变动 What is wrong in the registry
    Lint,
}

#[derive(Debug, Subcommand)]
pub(super) enum ReviewsCommand {
    /// 导入审核记录 Import review records
    Import {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// 只检查不写入 Write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// 列出审核记录 List review records
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum RoundCommand {
    /// 冻结抽样框与配额（种子未定） Freeze frame and quotas before a seed is known
    Freeze {
        round: RoundName,
        /// 监测时间点 Monitoring time
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
        /// 抽查比例 Ratio
        #[arg(long)]
        ratio: Option<Ratio>,
    },
    /// 冻结（如未冻结）并抽取 Freeze unless done, and draw
    Open {
        round: RoundName,
        /// 监测时间点 Monitoring time
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
        /// 抽查比例 Ratio
        #[arg(long)]
        ratio: Option<Ratio>,
        /// 公开种子，一行文字 Seed, one line of text
        #[arg(long, value_name = "TEXT")]
        seed: Option<String>,
        /// 轮换方式 Rotation
        #[arg(long, value_name = "annual|none")]
        rotation: Option<Rotation>,
        /// 演练批次也发通知 Write notices even in a rehearsal
        #[arg(long)]
        notify: bool,
    },
    /// 检查尚未检查的成员，可随时续跑 Look at every member not yet looked at
    Run {
        round: RoundName,
        /// 监测时间点 Monitoring time
        #[arg(long, value_name = "TIME")]
        as_of: Option<String>,
        /// 至多检查 N 个，批次保持打开 At most N members; the batch stays open
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// 进度与结果 Progress and result
    Status { round: RoundName },
    /// 列出批次 List rounds
    List,
    /// 导出抽取结果（JSON） Export the draw
    Export { round: RoundName, file: PathBuf },
    /// 复算抽取：批次或导出的文件 Replay a draw
    Verify {
        /// 批次或文件 Round or file
        #[arg(value_name = "ROUND|FILE")]
        what: String,
    },
    /// 导出人工核查表（XLSX） Write what a person must look at
    Worksheet { round: RoundName, file: PathBuf },
    /// 导入填好的人工核查表；有错则整体不导入 Record what the person saw; all or nothing
    Record {
        round: RoundName,
        file: PathBuf,
        /// 只检查不写入 Write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// 用另一套规则重新判定，只列出差异 Judge again under other rules, and list what differs
    Judge {
        round: RoundName,
        /// 规则集文件 Rule set
        #[arg(long, value_name = "FILE")]
        rules: Option<PathBuf>,
        /// 只列出，不改动（必需） Change nothing (required)
        #[arg(long)]
        dry_run: bool,
    },
    /// 关闭批次 Close a judged round
    Close { round: RoundName },
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// 列出规则集检查什么、依据什么 What a rule set checks, and by which clause
    Show {
        /// 规则集文件（默认为配置所用） Rule set instead of the one in force
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// 检查规则集文件能否使用 Whether a file is a rule set that can be used
    Check { file: PathBuf },
}

#[derive(Debug, Subcommand)]
pub(super) enum FindingsCommand {
    /// 列出发现 List findings
    List {
        #[arg(long)]
        round: Option<RoundName>,
        /// 账号编号 Account
        #[arg(long, value_name = "ID")]
        account: Option<String>,
        /// pass、fail、suspected、unverified
        #[arg(long)]
        outcome: Option<Outcome>,
    },
    /// 认定疑似发现 Confirm a suspected finding
    Confirm {
        id: i64,
        /// 说明 Why
        #[arg(long, value_name = "TEXT", default_value = "")]
        why: String,
    },
    /// 排除发现 Dismiss a finding
    Dismiss {
        id: i64,
        /// 理由 Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum SourcesCommand {
    /// 列出采集渠道及其状态 List sources and how they are doing
    List {
        /// `working`、`blind`、`blocked`、`wants_authorisation`
        #[arg(long)]
        state: Option<SourceState>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum IssuesCommand {
    /// 列出问题 List issues
    List {
        #[arg(long)]
        round: Option<RoundName>,
        #[arg(long)]
        unit: Option<String>,
        #[arg(long)]
        status: Option<IssueStatus>,
        /// 逾期与已督办 Overdue and escalated
        #[arg(long)]
        overdue: bool,
    },
    /// 查看一个问题及其经过 One issue with its history
    Show { id: i64 },
    /// 签收 Acknowledge
    Ack(Act),
    /// 整改反馈 Report rectification
    Fix {
        #[command(flatten)]
        act: Act,
        /// 附材料，可多次使用 A file to keep with it; may be repeated
        #[arg(long, value_name = "FILE")]
        file: Vec<PathBuf>,
    },
    /// 列出或取出整改材料 The files handed in with an issue
    Evidence {
        id: i64,
        /// 写入文件夹 Folder to write them into
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// 写出证据包（ZIP）：问题、事件链、页面副本、单位材料 Everything that speaks for an issue in one ZIP file
    #[command(
        after_help = "示例 Example:\n  xuncha issues packet 12 12号问题证据包.zip\n\n包内页面副本已遮盖个人号码，不含联系方式；包内说明.txt 写明如何核对。\nPersonal numbers are masked, contact data is not in it; its README says how to compare."
    )]
    Packet {
        id: i64,
        /// 写入的文件 File to write
        #[arg(value_name = "FILE.zip")]
        file: PathBuf,
    },
    /// 立即复查 Recheck now
    Recheck(Act),
    /// 销号 Close
    Close(Act),
    /// 退回 Reject
    Reject(Act),
    /// 申诉 Appeal
    Appeal(Act),
    /// 维持 Uphold
    Uphold(Act),
    /// 撤销 Revoke
    Revoke(Act),
    /// 延期 Extend
    Extend(Act),
    /// 督办 Escalate
    Escalate(Act),
}

#[derive(Debug, Args)]
pub(super) struct Act {
    pub id: i64,
    /// 说明或理由 Reason or account of what was done
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub why: String,
    /// 延期至 Until (extend)
    #[arg(long, value_name = "DATE")]
    pub until: Option<chrono::NaiveDate>,
}

#[derive(Debug, Subcommand)]
pub(super) enum SitesCommand {
    /// 访问一遍全部登记网站并记录 Visit every registered website once
    Visit,
    /// 近期访问统计 Visits of the last days, added up
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum NoticesCommand {
    /// 列出通知 List notices
    List {
        /// waiting、queued、sending、sent、failed、withdrawn
        #[arg(long)]
        status: Option<String>,
    },
    /// 发送到期的通知 Send what is due
    Send {
        /// 只列出不发送 Send nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum UsersCommand {
    /// 列出人员 List people
    List,
    /// 生成一次性绑定码 Make a one-time code for /bind
    Invite {
        /// `supervisor`、`auditor`、`unit_admin`
        #[arg(long)]
        role: Role,
        /// 主办单位（`unit_admin`） Unit
        #[arg(long)]
        unit: Option<String>,
    },
    /// 收回权限 Take a role back
    Revoke { id: i64 },
}
