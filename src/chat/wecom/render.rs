//! Messages in WeCom's dress: markdown of whole lines, and a card for the buttons.
//!
//! WeCom documents no way to escape, so what could become a link, a mention, a font or a
//! heading is written with the full-width character that looks like it. The words come from a
//! [`Message`]'s own markup, never from what somebody wrote.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::chat::commands::Verb;
use crate::chat::texts::{self, Button, Message, Press};
use crate::domain::Lang;

/// Bytes of one markdown message; WeCom takes 20,480.
pub(super) const LONGEST: usize = 20_000;
/// Buttons a card takes.
const MOST_BUTTONS: usize = 6;
/// Characters of a button.
const LONGEST_LABEL: usize = 10;
/// Characters of a card's title and of the words beneath it.
const LONGEST_TITLE: usize = 26;
const LONGEST_WORDS: usize = 112;
/// Bytes of a button's key; WeCom takes 1,024.
const LONGEST_KEY: usize = 1_000;
/// The key of a button that only says that all is done.
const DONE: &str = "done";

/// A message's parts: markdown, none longer than the limit.
pub(super) fn parts(message: &Message, is_group: bool, lang: Lang) -> Vec<String> {
    let mut text = markdown(&message.html);
    if let Some(hint) = hint(message, is_group, lang) {
        text.push_str("\n\n");
        text.push_str(&hint);
    }
    split(&text, LONGEST)
}

/// A short text without any markup, for the greeting.
pub(super) fn plain(message: &Message) -> String {
    split(&message.plain, LONGEST).into_iter().next().unwrap_or_default()
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Plain,
    Bold,
    Code,
}

/// Markdown of a message's HTML.
pub(super) fn markdown(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let (mut style, mut run) = (Style::Plain, String::new());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        run.push_str(before);
        if let Some(tag) = from.strip_prefix('<') {
            let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
            write(&mut out, style, &std::mem::take(&mut run));
            style = match tag {
                "b" | "strong" => Style::Bold,
                "code" | "pre" => Style::Code,
                _ => Style::Plain,
            };
            rest = after;
        } else {
            let entities = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"')];
            let known = entities.iter().find_map(|(name, c)| Some((*c, from.strip_prefix(name)?)));
            let (c, after) = known.unwrap_or(('&', from.strip_prefix('&').unwrap_or_default()));
            run.push(c);
            rest = after;
        }
    }
    run.push_str(rest);
    write(&mut out, style, &run);
    out
}

/// Writes a run of words; emphasis hugs letters, since marks beside a space or a bracket are shown as they are.
fn write(out: &mut String, style: Style, run: &str) {
    let safe = harmless(run, out.is_empty() || out.ends_with('\n'));
    let (mark, core) = match style {
        Style::Plain => ("", safe.as_str()),
        Style::Bold => ("**", safe.trim_matches(|c: char| !c.is_alphanumeric())),
        Style::Code => ("`", safe.trim()),
    };
    if core.is_empty() || mark.is_empty() {
        out.push_str(&safe);
        return;
    }
    let (before, after) = safe.split_once(core).unwrap_or(("", ""));
    let _ = write!(out, "{before}{mark}{core}{mark}{after}");
}

/// The same words, unable to be markup.
fn harmless(text: &str, at_line_start: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut line_start = at_line_start;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let twice = chars.peek().is_some_and(|(_, next)| *next == c);
        out.push(match c {
            '<' => '＜',
            '>' => '＞',
            '[' => '［',
            ']' => '］',
            '*' => '＊',
            '`' => '｀',
            '\\' => '＼',
            '#' if line_start => '＃',
            '|' if line_start => '｜',
            '~' if twice => '～',
            '&' if is_entity(text, at) => '＆',
            c => c,
        });
        line_start = c == '\n' || (line_start && c.is_whitespace());
    }
    out
}

/// Whether what stands at the ampersand could be read as a character in disguise.
fn is_entity(text: &str, at: usize) -> bool {
    let name: Vec<char> =
        text.split_at(at).1.chars().skip(1).take_while(|c| c.is_ascii_alphanumeric() || *c == '#').take(12).collect();
    !name.is_empty() && text.split_at(at).1.chars().nth(name.len() + 1) == Some(';')
}

/// Whole lines of at most `most` bytes a part; a line that is longer itself is cut between characters.
pub(super) fn split(text: &str, most: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut add = |piece: &str, newline: bool| {
        let last = parts.last_mut();
        match last {
            Some(last) if last.len() + piece.len() < most => {
                if newline && !last.is_empty() {
                    last.push('\n');
                }
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    };
    for line in text.split('\n') {
        if line.len() < most {
            add(line, true);
            continue;
        }
        let mut piece = String::new();
        for c in line.chars() {
            if piece.len() + c.len_utf8() >= most {
                add(&std::mem::take(&mut piece), true);
            }
            piece.push(c);
        }
        add(&piece, true);
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// What may be typed, where the message wants words or has more buttons than a card.
fn hint(message: &Message, is_group: bool, lang: Lang) -> Option<String> {
    let presses: Vec<Press> = if message.ask {
        texts::asked(&message.plain).into_iter().collect()
    } else if chosen(&message.buttons).len() < message.buttons.iter().map(Vec::len).sum() {
        message.buttons.iter().flatten().map(|button| button.press).collect()
    } else {
        return None;
    };
    let number = match lang {
        Lang::Zh => "编号",
        Lang::En => "NUMBER",
    };
    let one = presses.iter().all(|press| id_of(*press) == presses.first().and_then(|first| id_of(*first)));
    let mut commands: Vec<String> = Vec::new();
    for press in &presses {
        let id = id_of(*press).filter(|_| one).map_or_else(|| number.to_owned(), |id| id.to_string());
        let Some(command) = typed(*press, &id, lang) else { continue };
        if !commands.contains(&command) && !message.plain.contains(&command) {
            commands.push(command);
        }
    }
    if commands.is_empty() {
        return None;
    }
    let list: Vec<String> = commands.iter().map(|command| format!("`{command}`")).collect();
    Some(match (lang, is_group) {
        (Lang::Zh, false) => format!("可直接发送：{}", list.join("、")),
        (Lang::Zh, true) => format!("可 @ 本机器人发送：{}", list.join("、")),
        (Lang::En, false) => format!("You may send: {}", list.join(", ")),
        (Lang::En, true) => format!("You may mention this bot and send: {}", list.join(", ")),
    })
}

fn id_of(press: Press) -> Option<i64> {
    match press {
        Press::Do(_, id) | Press::Confirm(id) | Press::Dismiss(id) => Some(id),
        _ => None,
    }
}

/// A button as a command; `None` where there is no such command.
fn typed(press: Press, id: &str, lang: Lang) -> Option<String> {
    let verb = match press {
        Press::Do(verb, _) => verb,
        Press::Confirm(_) => return Some(format!("属实 {id}")),
        Press::Dismiss(_) => return Some(format!("排除 {id} 理由")),
        _ => return None,
    };
    let (arguments, _) = texts::about(verb, lang);
    let rest = arguments.split_once(' ').map_or("", |(_, rest)| rest);
    Some(match lang {
        Lang::Zh => format!("{} {id} {rest}", verb.zh()),
        Lang::En => format!("/{verb} {id} {rest}"),
    })
    .map(|command| command.trim_end().to_owned())
}

/// The buttons a card takes: all of them, else the first of every row, else none.
fn chosen(rows: &[Vec<Button>]) -> Vec<&Button> {
    let all: Vec<&Button> = rows.iter().flatten().collect();
    if all.len() <= MOST_BUTTONS {
        return all;
    }
    let first: Vec<&Button> = rows.iter().filter_map(|row| row.first()).collect();
    if first.len() <= MOST_BUTTONS { first } else { Vec::new() }
}

/// What a button of a card carries: what it does, what else stands on the card, and the card's title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) press: Press,
    pub(super) rows: Vec<Vec<Press>>,
    pub(super) title: String,
}

impl Key {
    fn encode(&self) -> String {
        let row = |row: &Vec<Press>| row.iter().map(|press| press.encode()).collect::<Vec<_>>().join(",");
        let rows = self.rows.iter().map(row).collect::<Vec<_>>().join(";");
        let whole = format!("{} {rows} {}", self.press.encode(), self.title);
        if whole.len() <= LONGEST_KEY { whole } else { format!("{}  {}", self.press.encode(), self.title) }
    }

    /// The key of an event; `None` for what this program never wrote.
    pub(super) fn parse(key: &str) -> Option<Self> {
        let mut parts = key.splitn(3, ' ');
        let (press, rows, title) = (parts.next()?, parts.next()?, parts.next()?);
        let row = |row: &str| row.split(',').map(Press::parse).collect::<Option<Vec<_>>>();
        let rows = rows.split(';').filter(|row| !row.is_empty()).map(row).collect::<Option<Vec<_>>>()?;
        Some(Self { press: Press::parse(press)?, rows, title: clip(title, LONGEST_TITLE) })
    }
}

/// The card that brings a message's buttons; `None` where there are none, or too many.
pub(super) fn card(message: &Message, task: &str, lang: Lang) -> Option<Value> {
    let title = message.plain.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let words = match lang {
        Lang::Zh => "请点选需要办理的事项",
        Lang::En => "Choose what to do",
    };
    drawn(title, words, &message.buttons, task)
}

/// A pressed card as it stands afterwards: what came of it, and what may be done next.
pub(super) fn card_anew(title: &str, words: &str, buttons: &[Vec<Button>], task: &str, lang: Lang) -> Value {
    drawn(title, words, buttons, task).unwrap_or_else(|| {
        let label = match lang {
            Lang::Zh => "已办理",
            Lang::En => "Done",
        };
        whole(title, words, &json!([{ "text": label, "style": 2, "key": DONE }]), task)
    })
}

/// Whether a key belongs to the button that only says that all is done.
pub(super) fn is_done(key: &str) -> bool {
    key == DONE
}

fn drawn(title: &str, words: &str, buttons: &[Vec<Button>], task: &str) -> Option<Value> {
    let chosen = chosen(buttons);
    if chosen.is_empty() {
        return None;
    }
    // The rows of what the card shows, so that a press can draw them anew.
    let rows: Vec<Vec<Press>> = buttons
        .iter()
        .map(|row| row.iter().filter(|b| chosen.iter().any(|c| c.press == b.press)).map(|b| b.press).collect())
        .filter(|row: &Vec<Press>| !row.is_empty())
        .collect();
    let list: Vec<Value> = chosen
        .iter()
        .map(|button| {
            let key = Key { press: button.press, rows: rows.clone(), title: clip(title, LONGEST_TITLE) };
            let is_first = rows.iter().any(|row| row.first() == Some(&button.press));
            json!({ "text": label(button), "style": if is_first { 1 } else { 2 }, "key": key.encode() })
        })
        .collect();
    Some(whole(title, words, &Value::Array(list), task))
}

fn whole(title: &str, words: &str, buttons: &Value, task: &str) -> Value {
    json!({
        "card_type": "button_interaction",
        "main_title": { "title": clip(title, LONGEST_TITLE) },
        "sub_title_text": clip(words, LONGEST_WORDS),
        "button_list": buttons,
        "task_id": task,
    })
}

/// A button's words within ten characters: its label, else its command, else a beginning.
fn label(button: &Button) -> String {
    if button.label.chars().count() <= LONGEST_LABEL {
        return button.label.clone();
    }
    let short = if let Press::Do(verb, id) = button.press {
        format!("{} {id}", if verb == Verb::Issue { "show" } else { verb.key() })
    } else if let Press::Confirm(id) = button.press {
        format!("yes {id}")
    } else if let Press::Dismiss(id) = button.press {
        format!("no {id}")
    } else if let Press::AckAll(..) = button.press {
        "Ack all".to_owned()
    } else {
        button.label.clone()
    };
    clip(&short, LONGEST_LABEL)
}

/// At most `most` characters on one line, with an ellipsis where there were more.
fn clip(text: &str, most: usize) -> String {
    let text = text.trim().replace(['\n', '\r'], " ");
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::texts::{Reply, buttons};

    fn with(rows: &[Vec<Press>]) -> Message {
        let words = "【整改通知】编号 2026-0001\n说明".to_owned();
        Message { html: words.clone(), plain: words, buttons: buttons(rows, Lang::Zh), ..Message::default() }
    }

    #[test]
    fn nothing_that_somebody_wrote_becomes_markup() {
        let html = "<b>1 号　</b>&lt;@all&gt; &lt;font color=\"warning\"&gt; [a](http://x) **b** `c` &amp;lt;@x&amp;gt;\n# 题 ~~d~~";
        assert_eq!(
            markdown(html),
            "**1 号**　＜@all＞ ＜font color=\"warning\"＞ ［a］(http://x) ＊＊b＊＊ ｀c｀ ＆lt;@x＆gt;\n＃ 题 ～~d～~"
        );
        assert_eq!(markdown("<code>/fix 1</code> a=1&amp;b=2"), "`/fix 1` a=1&b=2");
        assert_eq!(markdown("<b>（甲）</b><a href=\"x\">乙</a>"), "（**甲**）乙");
    }

    #[test]
    fn a_long_text_is_cut_between_lines_and_a_long_line_between_characters() {
        let text = (0..20).map(|n| format!("第{n}行 内容")).collect::<Vec<_>>().join("\n");
        let parts = split(&text, 60);
        assert!(parts.len() > 3 && parts.iter().all(|part| part.len() <= 60));
        assert_eq!(parts.join("\n"), text);
        let parts = split(&"长".repeat(100), 31);
        assert!(parts.len() == 10 && parts.concat() == "长".repeat(100), "{parts:?}");
        assert_eq!(split("", 60), Vec::<String>::new());
    }

    #[test]
    fn a_card_takes_six_buttons_and_carries_what_it_shows() {
        let row = |id| vec![Press::Do(Verb::Ack, id), Press::Do(Verb::Fix, id), Press::Do(Verb::Appeal, id)];
        let shown = card(&with(&[row(1), row(2)]), "t1", Lang::Zh).unwrap();
        let list = shown["button_list"].as_array().unwrap();
        assert_eq!(list.len(), 6);
        assert_eq!((list[0]["text"].as_str(), list[0]["style"].as_i64()), (Some("签收 1"), Some(1)));
        let key = Key::parse(list[4]["key"].as_str().unwrap()).unwrap();
        assert_eq!((key.press, key.rows), (Press::Do(Verb::Fix, 2), vec![row(1), row(2)]));
        assert_eq!(key.title, "【整改通知】编号 2026-0001");
        let three = card(&with(&[row(1), row(2), row(3)]), "t1", Lang::Zh).unwrap();
        assert_eq!(three["button_list"].as_array().unwrap().len(), 3, "the first of every row");
        let seven: Vec<Vec<Press>> = (1..=7).map(row).collect();
        assert_eq!(card(&with(&seven), "t1", Lang::Zh), None);
        let said = parts(&with(&seven), true, Lang::Zh).concat();
        assert!(said.contains("可 @ 本机器人发送：`签收 编号`、`整改 编号 整改情况`、`申诉 编号 理由`"), "{said}");
        assert_eq!(Key::parse("ack:1"), None);
        assert_eq!(card_anew("题", "已签收", &[], "t1", Lang::Zh)["button_list"][0]["key"], DONE);
    }

    #[test]
    fn every_button_and_key_stays_within_wecoms_limits() {
        let big = i64::MAX;
        let row = vec![Press::Do(Verb::Escalate, big), Press::AckAll(big, big), Press::Confirm(big)];
        for lang in [Lang::Zh, Lang::En] {
            let message = Message { buttons: buttons(&[row.clone(), row.clone()], lang), ..with(&[]) };
            let shown = card(&message, "t1", lang).unwrap();
            for button in shown["button_list"].as_array().unwrap() {
                let (text, key) = (button["text"].as_str().unwrap(), button["key"].as_str().unwrap());
                assert!(text.chars().count() <= 10 && key.len() <= 1_024, "{text} {key}");
                assert!(Key::parse(key).is_some(), "{key}");
            }
        }
    }

    #[test]
    fn a_question_names_the_command_that_answers_it() {
        let asked = texts::reply(&Reply::Ask(Verb::Appeal, 12), Lang::Zh);
        assert!(parts(&asked, false, Lang::Zh)[0].ends_with("可直接发送：`申诉 12 理由`"));
        let asked = texts::reply(&Reply::Ask(Verb::Fix, 12), Lang::En);
        assert!(parts(&asked, false, Lang::En)[0].contains("You may send: `/fix 12 "));
    }
}
