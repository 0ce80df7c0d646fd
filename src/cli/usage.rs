//! What clap refuses, said in the office's language.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::config::from_process;
use crate::domain::ratio::NotARatio;
use crate::domain::round::NotARound;
use crate::domain::{Lang, UnknownKey};

/// Prints what clap has to say and gives the exit code; help and version go to standard output.
pub(super) fn report(error: &clap::Error) -> u8 {
    match (spoken(std::env::args()), sentence(error)) {
        (Lang::Zh, Some(sentence)) => {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr().lock(), "错误: {sentence}");
        }
        _ => {
            let _ = error.print();
        }
    }
    u8::try_from(error.exit_code()).unwrap_or(2)
}

/// The language of a command line that could not be read: its `--lang`, else the office's.
fn spoken(args: impl Iterator<Item = String>) -> Lang {
    let mut after_lang = false;
    for arg in args {
        let given = if after_lang { Some(arg.as_str()) } else { arg.strip_prefix("--lang=") };
        if let Some(lang) = given.and_then(|given| given.parse().ok()) {
            return lang;
        }
        after_lang = arg == "--lang";
    }
    from_process(None).map_or(Lang::Zh, |found| found.config.office.locale)
}

/// One Chinese sentence and the usage; `None` for what clap says better itself (help, version).
fn sentence(error: &clap::Error) -> Option<String> {
    let get = |kind| error.get(kind).map(text).filter(|text| !text.is_empty());
    let arg = get(ContextKind::InvalidArg).unwrap_or_default();
    let said = match error.kind() {
        ErrorKind::InvalidValue => match get(ContextKind::InvalidValue) {
            None => format!("{arg} 须给出值"),
            Some(value) => {
                let valid = get(ContextKind::ValidValue).map(|valid| format!("，可用：{valid}")).unwrap_or_default();
                format!("{arg}：不能是“{value}”{valid}")
            }
        },
        ErrorKind::ValueValidation => {
            let value = get(ContextKind::InvalidValue).unwrap_or_default();
            format!("{arg}：“{value}”{}", why(error))
        }
        ErrorKind::UnknownArgument => {
            let instead = get(ContextKind::SuggestedArg).map(|arg| format!("，是否为 {arg}？")).unwrap_or_default();
            format!("不认识参数“{arg}”{instead}")
        }
        ErrorKind::InvalidSubcommand => {
            let instead = get(ContextKind::SuggestedSubcommand).map(|c| format!("，是否为 {c}？")).unwrap_or_default();
            format!("没有命令“{}”{instead}", get(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingRequiredArgument => format!("缺少参数 {arg}"),
        ErrorKind::ArgumentConflict => match get(ContextKind::PriorArg) {
            Some(prior) if prior != arg => format!("{arg} 不能与 {prior} 同时使用"),
            _ => format!("{arg} 只能出现一次"),
        },
        ErrorKind::TooManyValues => format!("{arg} 的值过多"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("{arg} 的值个数不对"),
        ErrorKind::InvalidUtf8 => "参数不是 UTF-8 文字".to_owned(),
        _ => return None,
    };
    let usage = get(ContextKind::Usage).unwrap_or_default();
    let usage = usage.trim().trim_start_matches("Usage:").trim();
    Some(if usage.is_empty() {
        format!("{said}；xuncha --help 可查看用法")
    } else {
        format!("{said}\n用法: {usage}")
    })
}

fn text(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(several) => several.join("、"),
        other => other.to_string(),
    }
}

/// Why a value was refused.
fn why(error: &clap::Error) -> String {
    let Some(cause) = error.source() else { return "无效".to_owned() };
    if cause.is::<NotARound>() {
        "不是批次名，应为 2026Q4（季度）、2026H2（半年）或 2026-11-23（巡查）".to_owned()
    } else if cause.is::<NotARatio>() {
        "不是比例，应为大于0、不超过1的小数，如 0.25".to_owned()
    } else if let Some(unknown) = cause.downcast_ref::<UnknownKey>() {
        format!("不可用，可用：{}", unknown.allowed.replace(", ", "、"))
    } else if cause.is::<std::num::ParseIntError>() {
        "不是整数".to_owned()
    } else if cause.is::<chrono::ParseError>() {
        "不是日期，应为 2026-11-23".to_owned()
    } else {
        format!("无效（{cause}）")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::args::Cli;
    use super::*;

    fn refused(line: &str) -> String {
        let error = Cli::command().try_get_matches_from(line.split(' ')).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}");
        sentence(&error).unwrap()
    }

    #[test]
    fn wrong_use_is_told_in_chinese_with_the_way_out() {
        for (line, part) in [
            ("xuncha round open 2026Q5", "“2026Q5”不是批次名"),
            ("xuncha round open 2026Q4 --ratio 2", "“2”不是比例"),
            ("xuncha round open", "缺少参数 <ROUND>"),
            ("xuncha round opne 2026Q4", "没有命令“opne”，是否为 open？"),
            ("xuncha --format yaml doctor", "可用：table、json、csv"),
            ("xuncha issues list --staus open", "是否为 --status？"),
            ("xuncha issues show abc", "“abc”不是整数"),
            ("xuncha issues extend 1 --until 明天", "不是日期"),
            ("xuncha -q -v doctor", "不能与"),
            ("xuncha findings list --outcome bad", "可用：pass、fail"),
        ] {
            let said = refused(line);
            assert!(said.contains(part), "{line}: {said}");
        }
    }

    #[test]
    fn the_language_is_taken_from_a_line_that_cannot_be_read() {
        let line = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>().into_iter();
        assert_eq!(spoken(line("xuncha --lang en rond")), Lang::En);
        assert_eq!(spoken(line("xuncha rond --lang=en")), Lang::En);
        assert_eq!(spoken(line("xuncha rond --lang zh")), Lang::Zh);
    }
}
