//! What a button does, as it travels through Telegram: at most 64 bytes of callback data.

use crate::chat::commands::Verb;
use crate::domain::keyed::keyed_enum;

keyed_enum! {
    /// Why a doubtful finding is set aside, for a supervisor who does not want to type.
    Why {
        Works = "works", "经人工查看，访问正常", "Opened by a person and found working";
        Mistaken = "mistaken", "系统误判", "A misjudgement of the machine";
        Passing = "passing", "临时故障，现已恢复", "A passing fault, now over";
    }
}

keyed_enum! {
    /// A list that is read page by page.
    List {
        Issues = "issues", "未办结问题", "Live problems";
        Overdue = "overdue", "逾期问题", "Overdue problems";
        Queue = "queue", "待核实事项", "To be decided";
    }
}

/// What a button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// A command on one issue, [`Verb::Issue`] (show it) included.
    Do(Verb, i64),
    /// Acknowledge every notified issue of the reader's unit between two numbers.
    AckAll(i64, i64),
    /// Confirm a doubtful finding.
    Confirm(i64),
    /// Set a doubtful finding aside; asks why.
    Dismiss(i64),
    /// Set a doubtful finding aside for a ready-made reason.
    DismissFor(i64, Why),
    /// Set a doubtful finding aside for a reason still to be typed.
    DismissWords(i64),
    /// Confirm a doubtful finding with a note still to be typed.
    ConfirmWords(i64),
    /// Show a list in a message of its own.
    Open(List),
    /// Turn a list to the page before, which begins with this entry.
    Back(List, i64),
    /// Turn a list to the page after, which begins with this entry.
    Next(List, i64),
}

impl Press {
    /// The callback data.
    #[must_use]
    pub fn encode(self) -> String {
        match self {
            Self::Do(verb, id) => format!("{verb}:{id}"),
            Self::AckAll(first, last) => format!("ackall:{first}:{last}"),
            Self::Confirm(id) => format!("confirm:{id}"),
            Self::Dismiss(id) => format!("dismiss:{id}"),
            Self::DismissFor(id, why) => format!("dismiss:{id}:{why}"),
            Self::DismissWords(id) => format!("dismiss-words:{id}"),
            Self::ConfirmWords(id) => format!("confirm-words:{id}"),
            Self::Open(list) => format!("open:0:{list}"),
            Self::Back(list, from) => format!("back:{from}:{list}"),
            Self::Next(list, from) => format!("next:{from}:{list}"),
        }
    }

    /// The button behind callback data; `None` for what this program never wrote.
    #[must_use]
    pub fn parse(data: &str) -> Option<Self> {
        let mut parts = data.split(':');
        let (word, id) = (parts.next()?, parts.next()?.parse::<i64>().ok().filter(|id| *id >= 0)?);
        let press = match (word, parts.next()) {
            ("ackall", Some(last)) => Self::AckAll(id, last.parse().ok().filter(|last| *last >= id)?),
            ("confirm", None) => Self::Confirm(id),
            ("dismiss", None) => Self::Dismiss(id),
            ("dismiss", Some(why)) => Self::DismissFor(id, Why::ALL.iter().copied().find(|w| w.key() == why)?),
            ("dismiss-words", None) => Self::DismissWords(id),
            ("confirm-words", None) => Self::ConfirmWords(id),
            ("open" | "back" | "next", Some(list)) => {
                let list = List::ALL.iter().copied().find(|l| l.key() == list)?;
                match word {
                    "open" => Self::Open(list),
                    "back" => Self::Back(list, id),
                    _ => Self::Next(list, id),
                }
            }
            (word, None) => {
                Self::Do(Verb::ALL.iter().copied().find(|verb| verb.key() == word && verb.takes_number())?, id)
            }
            _ => return None,
        };
        parts.next().is_none().then_some(press)
    }

    /// The issue it is about.
    #[must_use]
    pub fn issue(self) -> Option<i64> {
        match self {
            Self::Do(verb, id) if verb.takes_issue() => Some(id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_fits_and_comes_back() {
        let big = i64::MAX;
        let verbs = Verb::ALL.iter().filter(|verb| verb.takes_number()).map(|verb| Press::Do(*verb, big));
        let whys = Why::ALL.iter().map(|why| Press::DismissFor(big, *why));
        let rest = [Press::AckAll(big, big), Press::Confirm(big), Press::Dismiss(big)];
        let lists =
            List::ALL.iter().flat_map(|list| [Press::Open(*list), Press::Back(*list, big), Press::Next(*list, big)]);
        let words = [Press::DismissWords(big), Press::ConfirmWords(big)];
        for press in verbs.chain(whys).chain(rest).chain(lists).chain(words) {
            let data = press.encode();
            assert!((1..=64).contains(&data.len()), "{data}");
            assert_eq!(Press::parse(&data), Some(press), "{data}");
        }
    }

    #[test]
    fn what_was_never_written_is_no_button() {
        for data in [
            "",
            "ack",
            "ack:",
            "ack:x",
            "ack:-1",
            "ack:1:2",
            "help:1",
            "dismiss:1:because",
            "ackall:9:1",
            "ackall:1:2:3",
        ] {
            assert_eq!(Press::parse(data), None, "{data}");
        }
    }
}
