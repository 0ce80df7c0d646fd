//! What is said about files: taken, refused, imported; both languages side by side.

use super::page::{Line, Message, Page, clip};
use super::{Press, buttons};
use crate::chat::commands::Verb;
use crate::checks::by_hand::Recorded;
use crate::checks::self_report::StatementError;
use crate::domain::Lang;
use crate::domain::material::MaterialFault;
use crate::domain::person::Role;
use crate::domain::round::RoundName;
use crate::intake::Imported;

/// Problems of a file listed in a message; the rest goes as a file.
pub const MOST_PROBLEMS: usize = 15;

/// What the bot answers about files.
#[derive(Debug)]
pub enum FileReply<'a> {
    /// Files that are not taken, with their names; nothing was changed.
    NotTaken(&'a [(String, MaterialFault)]),
    /// More files than a message may have; nothing was changed.
    TooMany,
    /// The channel does not hand the content out now; nothing was changed.
    NotFetched,
    /// This channel's files cannot be kept; nothing was changed.
    NotHere,
    /// The issue holds as many files as it may.
    Full(i64),
    /// Further pictures of an album were added to an issue, which now has so many files.
    Added(i64, usize),
    /// No files were handed in with the issue.
    NoFiles(i64),
    /// Files of an issue follow.
    Following(i64, usize),
    /// A file without a word about what it is for.
    WhatFor(Role),
    /// A table that is none of those the office takes.
    NoSuchTable(Role),
    /// The registry is not changed by chat.
    NotTheRegistry,
    /// Review records were imported.
    Imported(&'a Imported),
    /// A file with errors; nothing was imported. The first of them, and how many in all.
    Wrong(&'a [String], usize),
    /// The template follows.
    Template,
    /// The worksheet follows: the round, rows, rows that wait.
    Worksheet(RoundName, usize, usize),
    /// Nothing is filled in.
    Blank,
    /// The worksheet's rows name no round, or several.
    WhichRound,
    /// The round is closed, or not drawn yet.
    NotNow(RoundName),
    /// A unit's statement was taken.
    Stated {
        /// The account.
        account: &'a str,
        /// Into which round.
        round: RoundName,
        /// The day it states.
        on: chrono::NaiveDate,
        /// A screenshot came with it.
        screenshot: bool,
    },
    /// A unit's statement was not taken.
    NotStated(&'a str, &'a StatementError),
    /// A worksheet was recorded for a round.
    Recorded(RoundName, &'a Recorded),
}

/// The message of an answer about files.
#[must_use]
pub fn file_reply(reply: &FileReply<'_>, lang: Lang) -> Message {
    let pick = |zh: String, en: String| Page::of(Line::of(if lang == Lang::Zh { zh } else { en }));
    let say = |zh: &str, en: &str| pick(zh.to_owned(), en.to_owned());
    let page = match reply {
        FileReply::NotTaken(files) => say("以下文件未能收存，本次未作任何更改：", "These files were not taken, and nothing was changed:")
            .items(files.iter().map(|(name, fault)| {
                vec![Line::default().bold(clip(name, 80)).text(if lang == Lang::Zh { "　" } else { ": " }).text(fault.text(lang))]
            }))
            .tail(Line::of(if lang == Lang::Zh { "请更换后重新发送。" } else { "Please replace them and send again." })),
        FileReply::TooMany => say(
            "一次最多附 10 份材料，本次未作任何更改，请分批发送。",
            "At most 10 files at a time; nothing was changed. Please send fewer.",
        ),
        FileReply::NotFetched => say(
            "文件暂时未能取得，本次未作任何更改，请稍后重新发送。",
            "The file could not be fetched just now, and nothing was changed. Please send it again later.",
        ),
        FileReply::NotHere => say(
            "文件未收存：本渠道不能收取文件，本次未作任何更改。请不带文件重新发送文字，材料请另行送交监管人员登记。",
            "The file was not kept: none can be taken on this channel, and nothing was changed. Please send the words again without it, and hand the file to the supervisors.",
        ),
        FileReply::Full(id) => pick(
            format!("{id} 号问题的材料已达上限（20 份、60 MB），本次未作任何更改。"),
            format!("Issue {id} holds as many files as it may (20 files, 60 MB); nothing was changed."),
        ),
        FileReply::Added(id, files) => pick(
            format!("材料已附于 {id} 号问题，现共 {files} 份。"),
            format!("Added to issue {id}, which now has {files} files."),
        ),
        FileReply::NoFiles(id) => {
            pick(format!("{id} 号问题没有提交材料。"), format!("No files were handed in with issue {id}."))
        }
        FileReply::Following(id, count) => {
            pick(format!("{id} 号问题的材料共 {count} 份，随后发送。"), format!("Files of issue {id}: {count}, to follow."))
        }
        FileReply::WhatFor(Role::UnitAdmin) => say(
            "文件未保存：未写明用途。整改材料请在发送时写明“整改 编号 情况”；审核记录请用模板填写后发送。",
            "The file was not kept: it does not say what for. For a rectification write “/fix ID what was done” with it; review records go into the template.",
        )
        .tail(Line::default().code("/template").text(if lang == Lang::Zh { "　审核记录模板" } else { " sends the template" })),
        FileReply::WhatFor(_) => say(
            "文件未保存：未写明用途。人工核查表请直接发送 .xlsx 文件；整改材料请写明“整改 编号 情况”。",
            "The file was not kept: it does not say what for. Worksheets are sent as .xlsx; for a rectification write “/fix ID what was done” with it.",
        ),
        FileReply::NoSuchTable(Role::UnitAdmin) => say(
            "文件未导入：表头不是审核记录模板的表头。请用 /template 取得模板，勿改动表头。",
            "Nothing was imported: these are not the headings of the review template. /template sends it; leave its headings as they are.",
        ),
        FileReply::NoSuchTable(_) => say(
            "文件未导入：表头既不是审核记录，也不是人工核查表。",
            "Nothing was imported: the headings are neither those of review records nor of a worksheet.",
        ),
        FileReply::NotTheRegistry => say(
            "账号基本信息不通过聊天导入，请交由管理员执行 xuncha accounts import。",
            "The registry is not changed by chat; an operator imports it by: xuncha accounts import.",
        ),
        FileReply::Imported(imported) => {
            let Imported { rows, added, changed, unchanged, warnings, .. } = imported;
            pick(
                format!("已导入审核记录 {rows} 条：新增 {added}，更新 {changed}，未变动 {unchanged}。"),
                format!("Review records imported: {rows} ({added} new, {changed} changed, {unchanged} known)."),
            )
            .items(warnings.iter().map(|warning| vec![Line::of(clip(warning, 220))]))
        }
        FileReply::Wrong(problems, total) => {
            let page = pick(
                format!("文件有 {total} 处错误，未导入任何内容。请更正后重新发送："),
                format!("Errors in the file: {total}. Nothing of it was imported; please correct it and send it again:"),
            )
            .items(problems.iter().take(MOST_PROBLEMS).map(|problem| vec![Line::of(clip(problem, 220))]));
            match (total.saturating_sub(MOST_PROBLEMS), lang) {
                (0, _) => page,
                (more, Lang::Zh) => page.tail(Line::of(format!("另有 {more} 处，见随后的清单。"))),
                (more, Lang::En) => page.tail(Line::of(format!("{more} more are in the list that follows."))),
            }
        }
        FileReply::Template => say(
            "审核记录模板随后发送。填写后直接发回本聊天即可导入。",
            "The template for review records follows. Fill it in and send it back here.",
        ),
        FileReply::Worksheet(round, rows, waiting) => pick(
            format!("{round} 人工核查表随后发送：{rows} 行，其中 {waiting} 行待查看。填写黄色各栏后直接发回本聊天。"),
            format!("The worksheet of {round} follows: {rows} rows, {waiting} to look at. Fill in the yellow columns and send it back here."),
        ),
        FileReply::Blank => say(
            "表中没有已填写的行，未作任何更改。",
            "No row of the worksheet is filled in; nothing was changed.",
        ),
        FileReply::WhichRound => say(
            "未记录：表中“批次”一栏缺失或不一致，请使用 /worksheet 批次 取得的原表填写。",
            "Nothing was recorded: the rows name no round, or several. Use the file that /worksheet ROUND sends.",
        ),
        FileReply::NotNow(round) => pick(
            format!("批次 {round} 尚未抽取或已经关闭，不能记录。"),
            format!("Round {round} is not drawn yet or closed; nothing can be recorded for it."),
        ),
        FileReply::Stated { account, round, on, screenshot } => {
            let page = pick(
                format!("已收到账号 {account} 的自查报告：{on} 有更新，计入批次 {round}，并注明为单位自查。主管单位将抽查部分自查报告。"),
                format!("Self-report of account {account} taken for {round}: updated on {on}, marked as the unit's own statement. Some of these are looked into by hand."),
            );
            if *screenshot {
                page
            } else {
                page.tail(Line::of(match lang {
                    Lang::Zh => "未附截图；可附截图后重新发送同一命令。",
                    Lang::En => "No screenshot came with it; you may send the same command again with one.",
                }))
            }
        }
        FileReply::NotStated(id, error) => {
            let (zh, en) = refusal(id, error);
            pick(zh, en)
        }
        FileReply::Recorded(round, recorded) => {
            let Recorded { rows, recorded, changed, unchanged, blank, violations, .. } = recorded;
            pick(
                format!("{round} 人工核查结果已记录：填写 {rows} 行（新记录 {recorded}，更正 {changed}，未变动 {unchanged}），尚未填写 {blank} 行；其中违规 {violations} 项。"),
                format!("Recorded for {round}: {rows} rows filled in ({recorded} new, {changed} changed, {unchanged} known), {blank} blank; violations: {violations}."),
            )
        }
    };
    page.finish(|cut| {
        Line::of(match lang {
            Lang::Zh => format!("……另有 {cut} 处，见所附清单。"),
            Lang::En => format!("… and {cut} more, in the list attached."),
        })
    })
}

fn refusal(id: &str, error: &StatementError) -> (String, String) {
    let zh = match error {
        StatementError::NoAccount(_) => format!("本单位没有编号为 {} 的账号，请核对编号。", clip(id, 60)),
        StatementError::NoRound(_) => format!("账号 {id} 不在进行中的检查批次内，无需报送。"),
        StatementError::Judged(_) => format!("账号 {id} 在本批次已有检查结果，无需报送自查报告。"),
        StatementError::MachineRead(_) => format!("账号 {id} 由系统自动读取，不接受自查报告。"),
        StatementError::NotAPicture => "截图须为图片（JPEG、PNG、WebP、HEIC），请更换后重新发送。".to_owned(),
        StatementError::TooOften(_) => format!("账号 {id} 在本批次报送次数已达上限，由人工核查。"),
        StatementError::Future => "所报日期尚未到来，请核对。".to_owned(),
        StatementError::AfterMonitoring(at) => {
            format!("所报日期晚于监测时间点 {}，请报送该时间点以前最新一条内容。", at.minute())
        }
        StatementError::TooOld => {
            "所报日期距监测时间点过久，不能证明按要求更新，未予收存；该账号由人工核查。".to_owned()
        }
        StatementError::ForeignLink => "链接不是该账号所在平台的网址，请核对。".to_owned(),
        StatementError::Store(_) => "暂时未能办理，请稍后再试。".to_owned(),
    };
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    let rest = letters.as_str();
    (zh, format!("{first}{rest}; nothing was changed."))
}

/// The message with a word that the file sent along was not kept, and how files are handed in;
/// `elsewhere`: other commands here take them.
#[must_use]
pub fn without_files(mut message: Message, elsewhere: bool, lang: Lang) -> Message {
    let line = match (lang, elsewhere) {
        (Lang::Zh, true) => "文件未收存：此命令不收文件。材料请随“整改 编号 情况”或“申诉 编号 理由”一并发送。",
        (Lang::En, true) => {
            "The file was not kept: this command takes none. Send files with “/fix ID what was done” or “/appeal ID why”."
        }
        (Lang::Zh, false) => "文件未收存：本渠道不能收取文件，材料请另行送交监管人员登记。",
        (Lang::En, false) => {
            "The file was not kept: none can be taken on this channel; please hand it to the supervisors."
        }
    };
    for text in [&mut message.html, &mut message.plain] {
        text.push('\n');
        text.push_str(line);
    }
    message
}

/// The message with a line more, and with a button that sends the files of an issue.
#[must_use]
pub fn with_files(mut message: Message, id: i64, files: usize, lang: Lang) -> Message {
    let line = match lang {
        Lang::Zh => format!("所附材料：{files} 份"),
        Lang::En => format!("Files: {files}"),
    };
    for text in [&mut message.html, &mut message.plain] {
        text.push('\n');
        text.push_str(&line);
    }
    message.buttons.extend(buttons(&[vec![Press::Do(Verb::Evidence, id)]], lang));
    message
}

/// The name of the file that lists every error of a file, and the file.
#[must_use]
pub fn problem_list(problems: &[String], lang: Lang) -> (String, String) {
    let name = if lang == Lang::Zh { "错误清单.txt" } else { "errors.txt" };
    let lines: String = problems.iter().flat_map(|problem| [problem.as_str(), "\r\n"]).collect();
    (name.to_owned(), format!("\u{feff}{lines}"))
}
