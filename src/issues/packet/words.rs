//! What the page beside the evidence says (说明), in both languages.

use std::fmt::Write as _;

use super::{Packet, name_of, name_of_file};
use crate::domain::Lang;

/// Recomputes each event's hash; anyone can run it, and read it.
const REPLAY: &str = "import json, hashlib, struct
for e in json.load(open('events.json', encoding='utf-8')):
    h = hashlib.sha256()
    for part in (e['prev_hash'], str(e['at_ms']), e['actor'], e['subject_kind'], e['subject_id'], e['kind'], e['note'], e['data']):
        part = part.encode('utf-8')
        h.update(struct.pack('<Q', len(part)) + part)
    print(e['id'], 'ok' if h.hexdigest() == e['hash'] else 'CHANGED')
";

pub(super) fn read_me(packet: &Packet, lang: Lang) -> String {
    let mut text = Text { lang, written: String::new() };
    text.about(packet);
    text.files();
    text.copies(packet);
    text.materials(packet);
    text.chain(packet);
    // Why: it is opened on Windows more often than not.
    text.written.replace('\n', "\r\n")
}

/// The page as far as it is written: its frame once, the words of it in either language.
struct Text {
    lang: Lang,
    written: String,
}

impl Text {
    fn pick<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    fn put(&mut self, zh: &str, en: &str) {
        let words = self.pick(zh, en).to_owned();
        self.written.push_str(&words);
    }

    /// A line of a word and what it is.
    fn labelled(&mut self, zh: &str, en: &str, what: &str) {
        self.put(zh, en);
        let colon = self.pick("：", ": ");
        let _ = writeln!(self.written, "{colon}{what}");
    }

    fn about(&mut self, packet: &Packet) {
        let issue = &packet.issue;
        let (id, rule) = (issue.id, &issue.rule);
        self.put(&format!("证据包：{id}号问题\n"), &format!("Evidence packet of issue {id}\n"));
        let (open, close) = (self.pick("（", " ("), self.pick("）", ")"));
        let (name, platform) = (&issue.account, issue.platform.name(self.lang));
        let whose = format!("{} {name}{open}{platform}{close} {}\n{}\n", issue.account_id, issue.unit, issue.summary);
        self.written.push_str(&whose);
        self.labelled("依据", "Basis", &format!("{} {} [{}]", rule.document, rule.clause, rule.version));
        self.labelled("监测时间点", "Monitoring time", &issue.as_of.minute());
        if !packet.looks.is_empty() {
            let count = packet.looks.len();
            self.labelled("认定前查看", "Looks before it was believed", &count.to_string());
        }
        for look in &packet.looks {
            let _ = writeln!(self.written, "    {} {}", look.at.minute(), look.note);
        }
        self.labelled("本包生成时间", "Made", &packet.made_at.minute());
        self.written.push('\n');
    }

    fn files(&mut self) {
        self.put("一、文件\n", "1. Files\n");
        for (name, zh, en) in FILES {
            let what = self.pick(zh, en);
            let _ = writeln!(self.written, "{name:<15}{what}");
        }
        self.written.push('\n');
    }

    fn copies(&mut self, packet: &Packet) {
        self.put("二、页面副本\n", "2. Copies of pages\n");
        for stored in &packet.copies {
            let (copy, at) = (&stored.copy, stored.kept_at.minute());
            let (name, url, kind, size) = (name_of(copy), &copy.url, copy.kind.name(self.lang), copy.size);
            let cut = if copy.is_cut { self.pick("，未取全", ", cut") } else { "" };
            self.put(
                &format!("{name}\n    网址 {url}\n    {kind}，原内容{size}字节{cut}，最近取得时间 {at}\n"),
                &format!("{name}\n    from {url}\n    {kind}, body of {size} bytes{cut}, last fetched {at}\n"),
            );
        }
        for sha256 in &packet.not_kept {
            let why = self.pick(
                "未留副本（内容不是文本，由较早版本的程序取得，或仅日常巡查见过、已按期清理）",
                "no copy kept (no text, fetched by an earlier version of the program, or seen by patrols alone and thrown away in time)",
            );
            let _ = writeln!(self.written, "{sha256}  {why}");
        }
        if packet.copies.is_empty() && packet.not_kept.is_empty() {
            self.put(
                "无：该问题不由网页内容认定，或对方没有应答。\n",
                "None: no page decided this issue, or nothing answered.\n",
            );
        }
        self.put(
            "\n副本是解码为 UTF-8 的文本，其中的身份证号、银行卡号、手机号码已以星号遮盖；被标签隔断的号码会使页面\
             只保留文字。因此副本自身的 SHA-256 可能与文件名不同：文件名和 evidence.sha256 是遮盖前收到的原始字节的校验值。\
             持有原始字节的人（如主办单位从网站日志、备份中取出）对其计算 SHA-256，与文件名一致，即为当时的页面；\
             再与副本逐行对照，除遮盖处外应相同。表格、文档等附件（.rows.txt）无法在原文件中遮盖，\
             只留从中逐行取出、已遮盖的文字，一行对应表格一行，单元格以制表符分隔，发现中的行号即此行号。文章中的问题由列表或订阅源读到时，副本是该列表或订阅源。\n",
            "\nA copy is the text in UTF-8 with identity, card and mobile numbers masked by asterisks; a page where tags cut \
             such a number in two is kept as its words alone. The SHA-256 of a copy may therefore not be its name: the name, \
             and evidence.sha256, are those of the bytes as received, before masking. Whoever holds these bytes (the unit, \
             from its logs or backups) computes their SHA-256; where it is the name, they are the page that was seen, and \
             line by line the copy is the same but for the masks. Of a table or another file (.rows.txt), in which nothing \
             can be masked, the text alone is kept as it was read: a line is a row, its cells apart by tabs, and the rows \
             that a finding counts are these. Where an article was read through a list or a feed, the copy is that list \
             or feed.\n",
        );
    }

    fn materials(&mut self, packet: &Packet) {
        self.put("\n三、单位材料\n", "\n3. Files of the unit\n");
        if packet.files.is_empty() {
            self.put("无。\n", "None.\n");
        }
        for file in &packet.files {
            let (name, sha256, at) = (name_of_file(file), &file.sha256, file.at.minute());
            self.put(
                &format!("{name}\n    SHA-256 {sha256}，{at} 提交\n"),
                &format!("{name}\n    SHA-256 {sha256}, handed in {at}\n"),
            );
        }
    }

    fn chain(&mut self, packet: &Packet) {
        self.put(
            "\n四、事件链\n每个事件的 hash 由前一事件的 hash（prev_hash）和本事件内容算出：依次取 prev_hash、at_ms、actor、\
             subject_kind、subject_id、kind、note、data，每项先写其 UTF-8 字节数（8字节，低位在前），再写内容，对全部字节\
             计算 SHA-256。全库事件共用一条链，故本包相邻事件之间可能隔有其他对象的事件。用 Python 复算：\n\n",
            "\n4. The chain of events\nAn event's hash is made of the hash before it (prev_hash) and of what it says: \
             prev_hash, at_ms, actor, subject_kind, subject_id, kind, note, data; before each its length in UTF-8 bytes \
             (8 bytes, little-endian); SHA-256 over all of it. The whole database has one chain, so events of other \
             subjects may stand between two of this packet. To recompute them with Python:\n\n",
        );
        self.written.push_str(REPLAY);
        self.put("\n生成本包时全链末尾的校验值为：\n", "\nThe last hash of the chain when this packet was made:\n");
        self.written.push_str(&packet.head);
        self.put(
            "\n监管单位运行 xuncha audit verify --head 该值，可证明此前的记录未被删改。\n",
            "\n`xuncha audit verify --head` with it proves that nothing before it was changed or removed.\n",
        );
    }
}

/// What each file is.
const FILES: [(&str, &str, &str); 6] = [
    (
        "issue.json",
        "问题全部内容，与 xuncha issues show --format json 相同",
        "the issue, as xuncha issues show --format json prints it",
    ),
    (
        "findings.json",
        "各批次中认定该问题的发现，含每次的证据",
        "the findings it rests on, one a round, each with its evidence",
    ),
    (
        "events.json",
        "该问题及其发现的全部事件，含事件链校验值",
        "every event of the issue and its findings, with the hashes of the chain",
    ),
    ("history.txt", "同上，便于阅读", "the same for readers"),
    (
        "copies/",
        "证据页面的副本（含复核、复查时所见），文件名为取得内容的 SHA-256",
        "copies of the pages, also of later looks and rechecks, each named by the SHA-256 of the body as fetched",
    ),
    ("files/", "主办单位提交的材料，原样", "what the unit handed in, untouched"),
];
