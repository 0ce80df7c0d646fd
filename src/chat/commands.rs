//! What a reader may ask for: one enum of verbs, and how they are read from what was typed.
//!
//! Commands are parsed here, not by the bot library: ids may stick to the verb, digits and
//! spaces may be full width, and Chinese words do as well as `/commands`. Help, the command
//! menu and the buttons all come from [`Verb`].

use std::borrow::Cow;

use crate::domain::keyed::keyed_enum;
use crate::domain::person::Role;

keyed_enum! {
    /// A command; its key follows the slash, its Chinese name works alone.
    Verb {
        Start = "start", "开始", "Start";
        Bind = "bind", "绑定", "Bind";
        Issues = "issues", "问题", "Issues";
        Issue = "issue", "查看", "Show";
        Ack = "ack", "签收", "Acknowledge";
        Fix = "fix", "整改", "Rectified";
        Appeal = "appeal", "申诉", "Appeal";
        Extend = "extend", "延期", "Extension";
        Evidence = "evidence", "材料", "Files";
        Template = "template", "模板", "Template";
        Selfreport = "selfreport", "自报", "Self-report";
        Feedback = "feedback", "反馈", "Feedback";
        Status = "status", "进度", "Status";
        Queue = "queue", "待核", "Queue";
        Worksheet = "worksheet", "核查表", "Worksheet";
        Overdue = "overdue", "逾期", "Overdue";
        Report = "report", "报告", "Report";
        Close = "close", "销号", "Close";
        Reject = "reject", "退回", "Reject";
        Uphold = "uphold", "维持", "Uphold";
        Revoke = "revoke", "撤销", "Revoke";
        Recheck = "recheck", "复查", "Recheck";
        Escalate = "escalate", "督办", "Escalate";
        Hold = "hold", "暂不督办", "Not now";
        Grant = "grant", "准予", "Grant";
        Refuse = "refuse", "不予", "Refuse";
        Approve = "approve", "同意", "Approve";
        Decline = "decline", "不同意", "Decline";
        Invite = "invite", "邀请", "Invite";
        Lang = "lang", "语言", "Language";
        Help = "help", "帮助", "Help";
    }
}

impl Verb {
    /// Whether the command is about one issue, named by its number.
    #[must_use]
    pub const fn takes_issue(self) -> bool {
        use Verb as V;
        matches!(
            self,
            V::Issue
                | V::Evidence
                | V::Ack
                | V::Fix
                | V::Appeal
                | V::Extend
                | V::Close
                | V::Reject
                | V::Uphold
                | V::Revoke
                | V::Recheck
                | V::Escalate
                | V::Hold
                | V::Grant
                | V::Refuse
        )
    }

    /// Whether the command names something by its number: an issue, or a request of a colleague's.
    #[must_use]
    pub const fn takes_number(self) -> bool {
        self.takes_issue() || matches!(self, Self::Approve | Self::Decline)
    }

    /// Whether the answer tells of more than one unit, so that no unit's group may read it.
    #[must_use]
    pub const fn is_office_wide(self) -> bool {
        use Verb as V;
        matches!(self, V::Status | V::Queue | V::Overdue | V::Report | V::Approve | V::Decline | V::Invite)
    }

    /// Whether a person in `role` may use it. What concerns a unit is bounded by scope besides.
    #[must_use]
    pub const fn is_for(self, role: Role) -> bool {
        use Verb as V;
        match self {
            V::Start | V::Bind | V::Help | V::Lang | V::Feedback | V::Issues | V::Issue => true,
            V::Ack | V::Fix | V::Appeal | V::Extend | V::Evidence | V::Template | V::Selfreport => {
                matches!(role, Role::UnitAdmin | Role::Supervisor)
            }
            V::Status | V::Overdue | V::Report => matches!(role, Role::Supervisor | Role::Auditor),
            V::Queue
            | V::Worksheet
            | V::Close
            | V::Reject
            | V::Uphold
            | V::Revoke
            | V::Recheck
            | V::Escalate
            | V::Hold
            | V::Grant
            | V::Refuse
            | V::Approve
            | V::Decline
            | V::Invite => matches!(role, Role::Supervisor),
        }
    }
}

/// A command as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// Which one.
    pub verb: Verb,
    /// The issue it names, where it takes one.
    pub id: Option<i64>,
    /// What follows, trimmed.
    pub rest: String,
    /// Further numbers that came with the first.
    pub others: Vec<i64>,
}

/// What a text turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// A command.
    Command(Typed),
    /// Looks like a command, but there is none of that name.
    Unknown,
    /// Meant for another bot in the same group.
    NotForUs,
    /// Plain words.
    Words,
}

/// Reads what was typed; `bot` is this bot's user name.
#[must_use]
pub fn read(text: &str, bot: &str) -> Read {
    let text = without_mention(text, bot);
    let text = text.trim();
    if let Some(line) = text.strip_prefix(['/', '／']) {
        let name_end = line.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(line.len());
        let (name, mut rest) = line.split_at(name_end);
        let mut glued = None;
        if let Some((number, after)) = take_number(rest) {
            glued = Some(number);
            rest = after;
        }
        if let Some(addressed) = rest.strip_prefix('@') {
            let end = addressed.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(addressed.len());
            let (to, after) = addressed.split_at(end);
            if !to.eq_ignore_ascii_case(bot) {
                return Read::NotForUs;
            }
            rest = after;
        }
        let verb = Verb::ALL.iter().copied().find(|verb| verb.key().eq_ignore_ascii_case(name));
        return verb.map_or(Read::Unknown, |verb| Read::Command(arguments(verb, glued, rest)));
    }
    let spoken = Verb::ALL.iter().copied().find_map(|verb| {
        let rest = text.strip_prefix(verb.zh())?;
        let ends = rest.chars().next().is_none_or(|c| is_gap(c) || digit(c).is_some() || c == '#');
        ends.then(|| arguments(verb, None, rest))
    });
    spoken.map_or(Read::Words, Read::Command)
}

/// The text without `@bot`, by which people address it in a group, wherever they put it.
fn without_mention<'a>(text: &'a str, bot: &str) -> Cow<'a, str> {
    if bot.is_empty() || !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let mut left = String::with_capacity(text.len());
    let mut parts = text.split('@');
    left.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(part.len());
        let (name, after) = part.split_at(end);
        if name.eq_ignore_ascii_case(bot) {
            left.push(' ');
            left.push_str(after);
        } else {
            left.push('@');
            left.push_str(part);
        }
    }
    Cow::Owned(left)
}

/// The numbers behind the first one, where there is nothing else: `30` of `28 30`, `24、29` and `24, 29号`.
fn further(mut rest: &str) -> Vec<i64> {
    let mut numbers = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c| is_gap(c) || matches!(c, '#' | '＃' | '号' | '和' | '及'));
        if rest.is_empty() {
            return numbers;
        }
        let Some((number, after)) = take_number(rest) else { return Vec::new() };
        numbers.push(number);
        rest = after;
    }
}

/// The same before words: of `、30 已更新` only where the sign says that the list goes on.
fn listed(rest: &str) -> Vec<i64> {
    let Some(next) = rest.trim_start().strip_prefix(['、', '和', '及']) else { return Vec::new() };
    let number = take_number(next.trim_start_matches(is_gap))
        .filter(|(_, after)| after.starts_with([' ', '　', '、', '，', '：', ':', '号']));
    number.map(|(number, _)| number).into_iter().collect()
}

fn arguments(verb: Verb, glued: Option<i64>, rest: &str) -> Typed {
    let mut rest = rest.trim_start_matches(is_gap);
    let mut id = glued;
    if id.is_none()
        && (verb.takes_number() || verb == Verb::Issues)
        && let Some((number, after)) = take_number(rest.trim_start_matches(['#', '＃']))
    {
        id = Some(number);
        rest = after;
    }
    // 问题 12 asks for one issue, not for the list.
    let verb = if verb == Verb::Issues && id.is_some() { Verb::Issue } else { verb };
    // A date is made of numbers as well.
    let others = match verb {
        Verb::Extend | Verb::Grant => Vec::new(),
        _ if id.is_none() || !verb.takes_number() => Vec::new(),
        _ => Some(further(rest)).filter(|numbers| !numbers.is_empty()).unwrap_or_else(|| listed(rest)),
    };
    Typed { verb, id, rest: rest.trim_matches(is_gap).to_owned(), others }
}

/// Takes a number off the front, full-width digits included; `None` when there is none or it is too long.
fn take_number(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c| digit(c).is_none()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() || digits.chars().count() > 12 {
        return None;
    }
    Some((digits.chars().filter_map(digit).fold(0_i64, |n, d| n * 10 + i64::from(d)), rest))
}

fn digit(c: char) -> Option<u32> {
    match c {
        '０'..='９' => Some(c as u32 - '０' as u32),
        _ => c.to_digit(10),
    }
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '，' | ':' | '：' | '、' | '。' | ';' | '；')
}

/// Splits `2026-12-01 理由` into the date and what follows; full-width digits and `2026年12月1日` do too.
#[must_use]
pub fn take_date(text: &str) -> Option<(chrono::NaiveDate, String)> {
    let mut rest = text.trim_start_matches(is_gap);
    let mut parts = [0_i64; 3];
    for (n, part) in parts.iter_mut().enumerate() {
        let (number, after) = take_number(rest)?;
        *part = number;
        rest = match n {
            0 | 1 => after.strip_prefix(['-', '－', '/', '.', '年', '月'])?,
            _ => after.strip_prefix('日').unwrap_or(after),
        };
    }
    let [year, month, day] = parts;
    let date = chrono::NaiveDate::from_ymd_opt(
        i32::try_from(year).ok().filter(|y| (2000..=9999).contains(y))?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )?;
    Some((date, rest.trim_matches(is_gap).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Typed {
        match read(text, "xuncha_bot") {
            Read::Command(typed) => typed,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn commands_are_read_the_way_people_type_them() {
        for (text, verb, id, rest) in [
            ("/ack 12", Verb::Ack, Some(12), ""),
            ("/ack12", Verb::Ack, Some(12), ""),
            ("/ACK@Xuncha_Bot 12", Verb::Ack, Some(12), ""),
            ("／ack　１２", Verb::Ack, Some(12), ""),
            ("签收 12", Verb::Ack, Some(12), ""),
            ("签收１２", Verb::Ack, Some(12), ""),
            ("签收 #12", Verb::Ack, Some(12), ""),
            ("整改 12 已更新，请复查", Verb::Fix, Some(12), "已更新，请复查"),
            ("整改12：已更新", Verb::Fix, Some(12), "已更新"),
            ("申诉 12\n理由 3 条", Verb::Appeal, Some(12), "理由 3 条"),
            ("延期 12 2026-12-01 假期", Verb::Extend, Some(12), "2026-12-01 假期"),
            ("问题", Verb::Issues, None, ""),
            ("问题 12", Verb::Issue, Some(12), ""),
            ("/issues 12", Verb::Issue, Some(12), ""),
            ("帮助", Verb::Help, None, ""),
            ("/fix 已更新", Verb::Fix, None, "已更新"),
            ("/status 2026Q4", Verb::Status, None, "2026Q4"),
            ("/invite 测试区卫生健康局", Verb::Invite, None, "测试区卫生健康局"),
            ("/bind AB-12", Verb::Bind, None, "AB-12"),
        ] {
            assert_eq!(command(text), Typed { verb, id, rest: rest.to_owned(), others: Vec::new() }, "{text}");
        }
    }

    #[test]
    fn several_numbers_are_noticed_and_the_bots_own_name_is_no_note() {
        for (text, id, others) in [
            ("签收 28 30", 28, vec![30]),
            ("签收24、29", 24, vec![29]),
            ("/ack 24,29，31号", 24, vec![29, 31]),
            ("/ack24 29", 24, vec![29]),
            ("整改 28、30 已更新", 28, vec![30]),
            ("整改 28 3 条链接已修复", 28, vec![]),
            ("延期 28 2026-12-01 假期", 28, vec![]),
        ] {
            let typed = command(text);
            assert_eq!((typed.id, typed.others), (Some(id), others), "{text}");
        }
        for text in ["/ack 34@xuncha_bot", "/ack@xuncha_bot 34", "@Xuncha_bot 签收 34", "签收 34 @xuncha_bot"] {
            let typed = command(text);
            assert_eq!((typed.verb, typed.id, typed.rest.as_str()), (Verb::Ack, Some(34), ""), "{text}");
        }
        assert_eq!(command("/feedback 请联系 a@example.cn").rest, "请联系 a@example.cn");
    }

    #[test]
    fn words_are_words_and_other_bots_are_left_alone() {
        assert_eq!(read("整改已经完成了", "xuncha_bot"), Read::Words);
        assert_eq!(read("你好", "xuncha_bot"), Read::Words);
        assert_eq!(read("", "xuncha_bot"), Read::Words);
        assert_eq!(read("/ack@other_bot 12", "xuncha_bot"), Read::NotForUs);
        assert_eq!(read("/rank", "xuncha_bot"), Read::Unknown);
        assert_eq!(read("/", "xuncha_bot"), Read::Unknown);
        assert_eq!(command("/ack 1234567890123").id, None);
    }

    #[test]
    fn dates_are_read_in_the_usual_forms() {
        for text in ["2026-12-01 理由", "２０２６－１２－０１　理由", "2026年12月1日，理由", "2026/12/1 理由"]
        {
            let (date, rest) = take_date(text).unwrap();
            assert_eq!((date.to_string().as_str(), rest.as_str()), ("2026-12-01", "理由"), "{text}");
        }
        for text in ["", "明天", "2026-13-01 理由", "12 理由"] {
            assert_eq!(take_date(text), None, "{text}");
        }
    }
}
