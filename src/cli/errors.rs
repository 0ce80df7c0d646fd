//! One sentence, its causes, a hint: what a failed command prints, and its exit code.

use std::io::Write as _;
use std::process::ExitCode;

use crate::app::{CalendarError, LexiconError, ListenError, RulesError};
use crate::chat::telegram::MessengerError;
use crate::checks::by_hand::RecordError;
use crate::checks::decide::DecideError;
use crate::checks::run::RunError;
use crate::config::{ConfigError, SecretError};
use crate::domain::Lang;
use crate::domain::issue::Refusal;
use crate::intake::IntakeError;
use crate::issues::IssueError;
use crate::ledger::LedgerError;
use crate::people::InviteError;
use crate::registry::{ExportError, FileError};
use crate::reports::ReportError;
use crate::sampling::RoundError;
use crate::store::{CopyError, StoreError};

/// The command was given wrongly, or the configuration is.
#[derive(Debug, thiserror::Error)]
#[error("{en}")]
pub(crate) struct Usage {
    /// Chinese sentence.
    pub(crate) zh: String,
    /// English sentence.
    pub(crate) en: String,
}

/// A check found something wrong; what, has been printed.
#[derive(Debug, thiserror::Error)]
#[error("{en}")]
pub(crate) struct CheckFailed {
    /// Chinese sentence.
    pub(crate) zh: String,
    /// English sentence.
    pub(crate) en: String,
}

/// Prints an error and gives the exit code.
pub(super) fn report(error: &anyhow::Error, lang: Lang) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let (text, code) = describe(error, lang);
    let head = match lang {
        Lang::Zh => "错误",
        Lang::En => "error",
    };
    let text = if lang == Lang::Zh { in_chinese(text) } else { text };
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "{head}: {text}");
    ExitCode::from(code)
}

/// What operating systems and databases say of files and servers, as they say it and in Chinese.
const OF_FILES: &[(&str, &str)] = &[
    ("No such file or directory (os error 2)", "文件或文件夹不存在"),
    ("Permission denied (os error 13)", "没有权限"),
    ("File exists (os error 17)", "文件已存在"),
    ("Not a directory (os error 20)", "不是文件夹"),
    ("Is a directory (os error 21)", "是文件夹，不是文件"),
    ("No space left on device (os error 28)", "磁盘已满"),
    ("Read-only file system (os error 30)", "文件系统只读"),
    ("Address already in use (os error 98)", "端口已被占用"),
    ("Cannot assign requested address (os error 99)", "本机没有这个地址"),
    ("Connection refused (os error 111)", "拒绝连接"),
    ("not a file of at most 1 MiB", "不是 1 MiB 以内的文件"),
    ("error returned from database: ", ""),
    ("error communicating with database: ", ""),
    ("(code: 14) unable to open database file", "数据库文件无法打开"),
    ("(code: 26) file is not a database", "不是数据库文件"),
    ("(code: 11) database disk image is malformed", "数据库文件已损坏"),
    ("(code: 8) attempt to write a readonly database", "数据库文件只读"),
    ("(code: 13) database or disk is full", "磁盘已满"),
    ("password authentication failed for user", "用户名或口令不正确："),
    ("pool timed out while waiting for an open connection", "等待数据库连接超时"),
];

/// Why here: the reasons reach a sentence from many places, and leave the program only at this one.
pub(super) fn in_chinese(text: String) -> String {
    OF_FILES.iter().fold(text, |text, (said, chinese)| text.replace(said, chinese))
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
            || cause
                .downcast_ref::<serde_json::Error>()
                .is_some_and(|json| json.io_error_kind() == Some(std::io::ErrorKind::BrokenPipe))
    })
}

/// The sentence for the reader, and the exit code.
pub(super) fn describe(error: &anyhow::Error, lang: Lang) -> (String, u8) {
    if let Some(e) = error.downcast_ref::<Usage>() {
        return (pick(lang, &e.zh, &e.en), 2);
    }
    if let Some(e) = error.downcast_ref::<CheckFailed>() {
        return (pick(lang, &e.zh, &e.en), 1);
    }
    if let Some(e) = error.downcast_ref::<ListenError>() {
        let (listen, source) = (e.listen, &e.source);
        return match lang {
            Lang::Zh => (format!("[web] listen = \"{listen}\" 无法监听（{source}），可能已有另一个服务在运行"), 1),
            Lang::En => (format!("{e} ({source})"), 1),
        };
    }
    if let Some(e) = error.downcast_ref::<ConfigError>() {
        return (e.text(lang), 2);
    }
    if let Some(e) = error.downcast_ref::<SecretError>() {
        return (e.text(lang), 2);
    }
    if let Some(e) = error.downcast_ref::<RulesError>() {
        return (rules(e, lang), 2);
    }
    if let Some(LexiconError(e)) = error.downcast_ref::<LexiconError>() {
        return (format!("[rules] lexicon: {}", e.text(lang)), 2);
    }
    if let Some(CalendarError(e)) = error.downcast_ref::<CalendarError>() {
        return (format!("[calendar] file: {}", e.text(lang)), 2);
    }
    if let Some(e) = error.downcast_ref::<MessengerError>() {
        return (messenger(e, lang), 2);
    }
    if let Some(LedgerError::Store(e)) = error.downcast_ref::<LedgerError>() {
        return (store(e, lang), store_code(e));
    }
    if let Some(e) = error.downcast_ref::<CopyError>() {
        return copy(e, lang);
    }
    if let Some(LedgerError::Imbalance(e)) = error.downcast_ref::<LedgerError>() {
        return (documents(&ReportError::Imbalance(e.clone()), lang), 1);
    }
    if let Some(e) = error.downcast_ref::<ReportError>() {
        return (documents(e, lang), 1);
    }
    if let Some(e) = error.downcast_ref::<IntakeError>() {
        return (intake(e, lang), 1);
    }
    if let Some(e) = error.downcast_ref::<FileError>() {
        return (e.text(lang), 1);
    }
    if let Some(e) = error.downcast_ref::<ExportError>() {
        return (e.text(lang), 1);
    }
    if let Some(e) = error.downcast_ref::<RoundError>() {
        return (round(e, lang), if e.is_usage() { 2 } else { 1 });
    }
    if let Some(e) = error.downcast_ref::<RunError>() {
        return match e {
            RunError::Round(e) => (round(e, lang), if e.is_usage() { 2 } else { 1 }),
            RunError::Issue(e) => issue_and_code(e, lang),
            RunError::Start(_) | RunError::Look(_) => (e.to_string(), 1),
            RunError::Store(e) => (store(e, lang), store_code(e)),
        };
    }
    if let Some(e) = error.downcast_ref::<IssueError>() {
        return issue_and_code(e, lang);
    }
    if let Some(e) = error.downcast_ref::<DecideError>() {
        return (decide(e, lang), if matches!(e, DecideError::ReasonMissing) { 2 } else { 1 });
    }
    if let Some(e) = error.downcast_ref::<RecordError>() {
        return (record(e, lang), 1);
    }
    if let Some(e) = error.downcast_ref::<InviteError>() {
        return invite(e, lang);
    }
    if let Some(LedgerError::Store(e)) = error.downcast_ref::<LedgerError>() {
        return (store(e, lang), store_code(e));
    }
    if let Some(e) = error.downcast_ref::<StoreError>() {
        return (store(e, lang), store_code(e));
    }
    (chain(error), 1)
}

fn pick(lang: Lang, zh: &str, en: &str) -> String {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
    .to_owned()
}

/// The sentence and its causes, each once.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if text.contains(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    text
}

fn rules(error: &RulesError, lang: Lang) -> String {
    match (lang, error) {
        (Lang::En, _) => error.to_string(),
        (Lang::Zh, RulesError::Unreadable { path, source }) => {
            format!(
                "{}：无法读取规则集（{source}），请检查路径（配置 [rules] file，或命令行的 --rules）",
                path.display()
            )
        }
        (Lang::Zh, RulesError::Invalid { path, line, zh, .. }) => format!("{path} 第 {line} 行：规则集有误：{zh}"),
    }
}

fn documents(error: &ReportError, lang: Lang) -> String {
    match (lang, error) {
        (_, ReportError::Pdf(e)) => e.text(lang),
        (Lang::En, _) => error.to_string(),
        (Lang::Zh, ReportError::Imbalance(imbalance)) => format!("报告未生成：{}", imbalance.zh()),
        (Lang::Zh, ReportError::File { path, source }) => format!("{}：无法读写（{source}）", path.display()),
        (Lang::Zh, ReportError::NotADataset { path, source }) => {
            format!("{} 不是数据集（{source}）；请指定 report 生成的 dataset.json 或 annual.json", path.display())
        }
        (Lang::Zh, ReportError::Version { path, format, reads }) => {
            format!("{} 的格式为“{format}”，此处只能读取“{reads}”，请用生成它的版本或更新的版本", path.display())
        }
        (Lang::Zh, ReportError::Document { document, reason }) => format!("{document} 未能生成：{reason}"),
    }
}

fn intake(error: &IntakeError, lang: Lang) -> String {
    match error {
        IntakeError::File(e) => e.text(lang),
        IntakeError::Store(e) => store(e, lang),
        IntakeError::Rows(problems) => rows(problems, lang),
    }
}

/// What is wrong in a file: how many, and the first of them.
fn rows(problems: &[String], lang: Lang) -> String {
    const SHOWN: usize = 30;
    let count = problems.len();
    let mut lines: Vec<String> = problems.iter().take(SHOWN).cloned().collect();
    if count > SHOWN {
        let more = count - SHOWN;
        lines.push(pick(lang, &format!("……另有{more}处"), &format!("... and {more} more")));
    }
    let head =
        pick(lang, &format!("{count}处有误，未导入任何内容"), &format!("{count} rows are wrong; nothing was imported"));
    format!("{head}\n{}", lines.join("\n"))
}

fn record(error: &RecordError, lang: Lang) -> String {
    match (lang, error) {
        (_, RecordError::Rows(problems)) => rows(problems, lang),
        (_, RecordError::Store(e)) => store(e, lang),
        (_, RecordError::Issue(e)) => issue(e, lang),
        (Lang::En, _) => error.to_string(),
        (Lang::Zh, RecordError::Closed(round)) => format!("批次{round}已关闭，不能再导入人工核查结果"),
        (Lang::Zh, RecordError::NotDrawn(round)) => {
            format!("批次{round}尚未抽取，请先执行：xuncha round open {round}")
        }
    }
}

fn round(error: &RoundError, lang: Lang) -> String {
    match (lang, error) {
        (_, RoundError::Store(e)) => store(e, lang),
        (Lang::En, _) => error.to_string(),
        (Lang::Zh, RoundError::DiffersFromFreeze { round, what, frozen, wanted }) => {
            format!("批次{round}冻结时 {what} 为 {frozen}，不能改为 {wanted}；冻结后不得更改")
        }
        (Lang::Zh, RoundError::FutureAsOf(at)) => {
            format!("监测时间点 {at} 尚未到来，请届时再检查，或用 --as-of 指定更早的时间")
        }
        (Lang::Zh, RoundError::OutsidePeriod { round, as_of, first, latest }) => format!(
            "批次{round}：监测时间点 {} 不在该批次可检查的时间（{first} 至 {latest}）内，请用 --as-of 另行指定，或改用相应期间的批次",
            as_of.minute()
        ),
        (Lang::Zh, RoundError::RulesNotYetValid { version, from, as_of }) => format!(
            "规则集 {version} 自{from}起用，监测时间点为 {}，不能据以判定；请用 [rules] file 另行指定规则集，或用 --as-of 指定更晚的时间",
            as_of.minute()
        ),
        (Lang::Zh, RoundError::RatioHasNoMeaning(round)) => format!("批次{round}检查全部账号，不适用 --ratio"),
        (Lang::Zh, RoundError::BadSeed) => "--seed：种子须为一行非空文字".to_owned(),
        (Lang::Zh, RoundError::EmptyFrame(on)) => {
            format!("{on}没有正常运行的登记账号，请先导入基本信息库：xuncha accounts import FILE")
        }
        (Lang::Zh, RoundError::NotDrawn(round)) => format!("批次{round}尚未抽取，请先执行：xuncha round open {round}"),
        (Lang::Zh, RoundError::NotJudged(round)) => format!("批次{round}尚未判定，请先执行：xuncha round run {round}"),
        (Lang::Zh, RoundError::Entropy(e)) => format!("操作系统未能提供随机数：{e}"),
    }
}

fn issue(error: &IssueError, lang: Lang) -> String {
    match (lang, error) {
        (_, IssueError::Store(e)) => store(e, lang),
        (Lang::En, _) => error.to_string(),
        (Lang::Zh, IssueError::NotFound(id)) => format!("没有编号为{id}的问题；xuncha issues list 可列出全部问题"),
        (Lang::Zh, IssueError::AwaitsSecond { id, request, others }) => format!(
            "问题{id}：未经复查通过的销号、没有申诉的撤销，须另行取得监管人员同意（申请{request}）；{}",
            if *others {
                "已提请其他监管人员在机器人会话中答复"
            } else {
                "目前绑定的监管人员不足两名，请先邀请"
            }
        ),
        (Lang::Zh, IssueError::Refused { id, refusal }) => format!("问题{id}：{}", refusal.zh()),
    }
}

/// A reason left out is a matter of usage; any other refusal is the workflow's.
fn issue_and_code(error: &IssueError, lang: Lang) -> (String, u8) {
    let code = match error {
        IssueError::Refused { refusal: Refusal::NoteMissing, .. } => 2,
        _ => 1,
    };
    (issue(error, lang), code)
}

fn messenger(error: &MessengerError, lang: Lang) -> String {
    match (lang, error) {
        (Lang::En, _) => error.to_string(),
        (Lang::Zh, MessengerError::ApiUrl) => "[telegram] api_url 不是有效的网址".to_owned(),
        (Lang::Zh, MessengerError::Proxy) => "[telegram] proxy 不是有效的代理地址".to_owned(),
        (Lang::Zh, MessengerError::Client) => "无法建立访问 Telegram 的客户端".to_owned(),
    }
}

fn decide(error: &DecideError, lang: Lang) -> String {
    match (lang, error) {
        (_, DecideError::Store(e)) => store(e, lang),
        (_, DecideError::Issue(e)) => issue(e, lang),
        (Lang::En, _) => error.to_string(),
        (Lang::Zh, DecideError::NotSuspected { id, outcome }) => {
            format!("发现{id}为“{}”，只有疑似发现可以认定", outcome.zh())
        }
        (Lang::Zh, DecideError::NothingToDismiss { id, outcome }) => {
            format!("发现{id}为“{}”，只有疑似或违规的发现可以排除", outcome.zh())
        }
        (Lang::Zh, DecideError::ReasonMissing) => "请用 --why 说明排除理由".to_owned(),
        (Lang::Zh, DecideError::Changed(id)) => format!("发现{id}刚刚已由他人处理"),
    }
}

fn invite(error: &InviteError, lang: Lang) -> (String, u8) {
    match (lang, error) {
        (_, InviteError::Store(e)) => (store(e, lang), store_code(e)),
        (Lang::En, InviteError::UnknownUnit(_)) => (error.to_string(), 1),
        (Lang::En, _) => (error.to_string(), 2),
        (Lang::Zh, InviteError::UnitMissing) => ("单位管理员须用 --unit 指明主办单位".to_owned(), 2),
        (Lang::Zh, InviteError::UnitSurplus) => ("--unit 只用于 --role unit_admin".to_owned(), 2),
        (Lang::Zh, InviteError::UnknownUnit(unit)) => {
            (format!("“{unit}”没有登记账号；xuncha accounts list 可查看主办单位"), 1)
        }
    }
}

fn copy(error: &CopyError, lang: Lang) -> (String, u8) {
    match (lang, error) {
        (_, CopyError::Store(e)) => (store(e, lang), store_code(e)),
        (Lang::En, _) => (error.to_string(), 1),
        (Lang::Zh, CopyError::Occupied(path)) => {
            (format!("{} 已存在且不是备份文件，请换一个文件名", path.display()), 1)
        }
        (Lang::Zh, CopyError::NotABackup(path)) => (format!("{} 不是 xuncha 的备份文件", path.display()), 1),
        (Lang::Zh, CopyError::NotEmpty(place)) => {
            (format!("数据库 {place} 已有数据；请在 [database] url 指定一个新的数据库后再恢复"), 1)
        }
        (Lang::Zh, CopyError::File { path, source }) => (format!("{}：{source}", path.display()), 1),
    }
}

/// A database that cannot be opened is a matter of configuration.
fn store_code(error: &StoreError) -> u8 {
    match error {
        StoreError::Url(_) | StoreError::Open { .. } | StoreError::Lock { .. } => 2,
        _ => 1,
    }
}

fn store(error: &StoreError, lang: Lang) -> String {
    match (lang, error) {
        (Lang::En, StoreError::Open { .. } | StoreError::Lock { .. }) => {
            format!("{error}; check [database] url, the server, and the rights on folder and disk")
        }
        _ if error.is_busy() => pick(
            lang,
            "数据库正被另一条命令占用，请稍后再试",
            "another command has been holding the database for a minute; try again later",
        ),
        (Lang::En, StoreError::Missing { kind, .. }) => match listing(kind) {
            Some((_, command)) => format!("{error}; see xuncha {command} list"),
            None => error.to_string(),
        },
        (Lang::En, _) => error.to_string(),
        (Lang::Zh, StoreError::Url(url)) => {
            format!("[database] url：“{url}”应为 sqlite://文件 或 postgres://用户@主机/库名")
        }
        (Lang::Zh, StoreError::Open { place, source }) => {
            format!("无法打开数据库 {place}（{source}），请检查 [database] url、服务器以及目录权限和磁盘")
        }
        (Lang::Zh, StoreError::Lock { path, source }) => {
            format!("无法写入数据库旁的锁文件 {}（{source}），请检查目录权限和磁盘", path.display())
        }
        (Lang::Zh, StoreError::Migrate { place, source }) => format!("数据库 {place} 升级失败：{source}"),
        (Lang::Zh, StoreError::Sql(source)) => format!("数据库拒绝了操作：{source}"),
        (Lang::Zh, StoreError::Json(_) | StoreError::Word(_)) => {
            format!("数据库中有本版本不认识的内容（{error}），请升级程序")
        }
        (Lang::Zh, StoreError::Missing { kind, id }) => match listing(kind) {
            Some((name, command)) => format!("没有{name} {id}；xuncha {command} list 可查看已有的"),
            None => format!("没有{kind} {id}"),
        },
        (Lang::Zh, StoreError::Changed { id, .. }) => format!("{id} 刚刚已由他人更改，请重试"),
    }
}

/// What a missing thing is called, and the command that lists its kind.
fn listing(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "round" => ("批次", "round"),
        "finding" => ("发现", "findings"),
        "issue" => ("问题", "issues"),
        "account" => ("账号", "accounts"),
        "notice" => ("通知", "notices"),
        "person" => ("人员", "users"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_operating_system_says_is_told_in_chinese() {
        let refused = std::fs::read("/no/such/file").unwrap_err();
        assert_eq!(in_chinese(format!("x.csv：无法读取（{refused}）")), "x.csv：无法读取（文件或文件夹不存在）");
    }

    #[test]
    fn a_missing_thing_says_where_the_present_ones_are_listed() {
        let missing = StoreError::Missing { kind: "round", id: "2026Q4".to_owned() };
        assert!(store(&missing, Lang::Zh).contains("xuncha round list"));
        assert!(store(&missing, Lang::En).contains("xuncha round list"));
    }
}
