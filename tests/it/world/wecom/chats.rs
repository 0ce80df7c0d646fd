//! What may stand in a chat of the pretended WeCom: texts, files and cards within its limits.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Shown, State};

impl State {
    /// Notes fields that WeCom does not know.
    pub(super) fn only(&mut self, value: &Value, what: &str, known: &[&str]) {
        let fields = value.as_object().into_iter().flat_map(|object| object.keys());
        let unknown: Vec<String> = fields.filter(|field| !known.contains(&field.as_str())).cloned().collect();
        if !unknown.is_empty() {
            self.violations.push(format!("{what}: unknown fields {unknown:?}"));
        }
    }

    /// Puts a message into a chat, if it may stand there.
    pub(super) fn show(&mut self, chat: &str, body: &Value, kinds: &[&str]) -> (i64, &'static str) {
        let kind = body["msgtype"].as_str().unwrap_or_default().to_owned();
        if !kinds.contains(&kind.as_str()) {
            self.violations.push(format!("msgtype {kind}"));
            return (40_008, "invalid message type");
        }
        let minute = self.minute.unwrap_or(Duration::from_mins(1));
        let sent = self.sent.entry(chat.to_owned()).or_default();
        if sent.iter().filter(|at| at.elapsed() < minute).count() >= 30 {
            self.violations.push(format!("more than 30 messages a minute to {chat}"));
            return (846_607, "aibot send msg frequency limit exceeded");
        }
        sent.push(Instant::now());
        let shown = if kind == "template_card" {
            let task = body["template_card"]["task_id"].as_str().unwrap_or_default();
            if !self.tasks.insert(task.to_owned()) {
                self.violations.push(format!("task_id used twice: {task}"));
            }
            self.card(&body["template_card"])
        } else if kind == "file" {
            self.only(&body["file"], "file", &["media_id"]);
            let told = self.uploads.get(body["file"]["media_id"].as_str().unwrap_or_default());
            told.map(|(told, _)| Shown {
                kind: kind.clone(),
                text: told["filename"].as_str().unwrap_or_default().to_owned(),
                buttons: Vec::new(),
                task: String::new(),
            })
        } else {
            self.words(&kind, &body[&kind])
        };
        let Some(shown) = shown else { return (40_058, "invalid parameter") };
        self.shown.entry(chat.to_owned()).or_default().push(shown);
        (0, "ok")
    }

    fn words(&mut self, kind: &str, content: &Value) -> Option<Shown> {
        if kind == "stream" {
            self.only(content, "stream", &["id", "finish", "content"]);
            if content["finish"] != true || content["id"].as_str().is_none_or(str::is_empty) {
                self.violations.push(format!("a stream that does not end: {content}"));
            }
        } else {
            self.only(content, kind, &["content"]);
        }
        let text = content["content"].as_str().unwrap_or_default().to_owned();
        if text.trim().is_empty() || text.len() > 20_480 {
            self.violations.push(format!("{kind} of {} bytes", text.len()));
            return None;
        }
        Some(Shown { kind: kind.to_owned(), text, buttons: Vec::new(), task: String::new() })
    }

    pub(super) fn card(&mut self, card: &Value) -> Option<Shown> {
        let before = self.violations.len();
        self.only(card, "card", &["card_type", "main_title", "sub_title_text", "button_list", "task_id"]);
        self.only(&card["main_title"], "main_title", &["title", "desc"]);
        let mut need = |ok: bool, what: &str| {
            if !ok {
                self.violations.push(format!("card: {what}: {card}"));
            }
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (title, words) = (text(&card["main_title"]["title"]), text(&card["sub_title_text"]));
        let task = text(&card["task_id"]);
        let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@');
        need(card["card_type"] == "button_interaction", "card_type");
        need(!title.is_empty() && title.chars().count() <= 26, "title");
        need(words.chars().count() <= 112, "subtitle");
        need((1..=128).contains(&task.len()) && task.chars().all(is_id), "task_id");
        let list = card["button_list"].as_array().cloned().unwrap_or_default();
        need((1..=6).contains(&list.len()), "buttons");
        let mut buttons = Vec::new();
        for button in &list {
            let (label, key) = (text(&button["text"]), text(&button["key"]));
            need((1..=10).contains(&label.chars().count()), "button text");
            need((1..=1_024).contains(&key.len()), "button key");
            need((1..=4).contains(&button["style"].as_i64().unwrap_or_default()), "button style");
            buttons.push((label, key));
        }
        let shown = Shown { kind: "template_card".into(), text: format!("{title}\n{words}"), buttons, task };
        (self.violations.len() == before).then_some(shown)
    }
}
