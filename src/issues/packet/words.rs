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
    let text = match lang {
        Lang::Zh => chinese(packet),
        Lang::En => english(packet),
    };
    // Why: it is opened on Windows more often than not.
    text.replace('\n', "\r\n")
}

fn chinese(packet: &Packet) -> String {
    let issue = &packet.issue;
    let mut text = format!(
        "证据包：{}号问题\n{} {}（{}） {}\n{}\n依据：{} {} [{}]\n监测时间点：{}\n本包生成时间：{}\n\n",
        issue.id,
        issue.account_id,
        issue.account,
        issue.platform.zh(),
        issue.unit,
        issue.summary,
        issue.rule.document,
        issue.rule.clause,
        issue.rule.version,
        issue.as_of.minute(),
        packet.made_at.minute()
    );
    text.push_str(
        "一、文件\n\
         issue.json     问题全部内容，与 xuncha issues show --format json 相同\n\
         findings.json  各批次中认定该问题的发现，含每次的证据\n\
         events.json    该问题及其发现的全部事件，含事件链校验值\n\
         history.txt    同上，便于阅读\n\
         copies/        证据页面的副本（含复核、复查时所见），文件名为取得内容的 SHA-256\n\
         files/         主办单位提交的材料，原样\n\n",
    );
    text.push_str("二、页面副本\n");
    for stored in &packet.copies {
        let copy = &stored.copy;
        let cut = if copy.is_cut { "，未取全" } else { "" };
        let _ = writeln!(
            text,
            "{}\n    网址 {}\n    {}，原内容{}字节{cut}，最近取得时间 {}",
            name_of(copy),
            copy.url,
            copy.kind.zh(),
            copy.size,
            stored.kept_at.minute()
        );
    }
    for sha256 in &packet.not_kept {
        let _ =
            writeln!(text, "{sha256}  未留副本（内容不是文本，由较早版本的程序取得，或仅日常巡查见过、已按期清理）");
    }
    if packet.copies.is_empty() && packet.not_kept.is_empty() {
        text.push_str("无：该问题不由网页内容认定，或对方没有应答。\n");
    }
    text.push_str(
        "\n副本是解码为 UTF-8 的文本，其中的身份证号、银行卡号、手机号码已以星号遮盖；被标签隔断的号码会使页面\
         只保留文字。因此副本自身的 SHA-256 可能与文件名不同：文件名和 evidence.sha256 是遮盖前收到的原始字节的校验值。\
         持有原始字节的人（如主办单位从网站日志、备份中取出）对其计算 SHA-256，与文件名一致，即为当时的页面；\
         再与副本逐行对照，除遮盖处外应相同。表格、文档等附件（.rows.txt）无法在原文件中遮盖，\
         只留从中逐行取出、已遮盖的文字，一行对应表格一行，单元格以制表符分隔，发现中的行号即此行号。文章中的问题由列表或订阅源读到时，副本是该列表或订阅源。\n",
    );
    text.push_str("\n三、单位材料\n");
    if packet.files.is_empty() {
        text.push_str("无。\n");
    }
    for file in &packet.files {
        let _ = writeln!(text, "{}\n    SHA-256 {}，{} 提交", name_of_file(file), file.sha256, file.at.minute());
    }
    let _ = write!(
        text,
        "\n四、事件链\n每个事件的 hash 由前一事件的 hash（prev_hash）和本事件内容算出：依次取 prev_hash、at_ms、actor、\
         subject_kind、subject_id、kind、note、data，每项先写其 UTF-8 字节数（8字节，低位在前），再写内容，对全部字节\
         计算 SHA-256。全库事件共用一条链，故本包相邻事件之间可能隔有其他对象的事件。用 Python 复算：\n\n{REPLAY}\n\
         生成本包时全链末尾的校验值为：\n{}\n监管单位运行 xuncha audit verify --head 该值，可证明此前的记录未被删改。\n",
        packet.head
    );
    text
}

fn english(packet: &Packet) -> String {
    let issue = &packet.issue;
    let mut text = format!(
        "Evidence packet of issue {}\n{} {} ({}) {}\n{}\nBasis: {} {} [{}]\nMonitoring time: {}\nMade: {}\n\n",
        issue.id,
        issue.account_id,
        issue.account,
        issue.platform.en(),
        issue.unit,
        issue.summary,
        issue.rule.document,
        issue.rule.clause,
        issue.rule.version,
        issue.as_of.minute(),
        packet.made_at.minute()
    );
    text.push_str(
        "1. Files\n\
         issue.json     the issue, as xuncha issues show --format json prints it\n\
         findings.json  the findings it rests on, one a round, each with its evidence\n\
         events.json    every event of the issue and its findings, with the hashes of the chain\n\
         history.txt    the same for readers\n\
         copies/        copies of the pages, also of later looks and rechecks, each named by the SHA-256 of the body as fetched\n\
         files/         what the unit handed in, untouched\n\n",
    );
    text.push_str("2. Copies of pages\n");
    for stored in &packet.copies {
        let copy = &stored.copy;
        let cut = if copy.is_cut { ", cut" } else { "" };
        let _ = writeln!(
            text,
            "{}\n    from {}\n    {}, body of {} bytes{cut}, last fetched {}",
            name_of(copy),
            copy.url,
            copy.kind.en(),
            copy.size,
            stored.kept_at.minute()
        );
    }
    for sha256 in &packet.not_kept {
        let _ = writeln!(
            text,
            "{sha256}  no copy kept (no text, fetched by an earlier version of the program, or seen by patrols alone and thrown away in time)"
        );
    }
    if packet.copies.is_empty() && packet.not_kept.is_empty() {
        text.push_str("None: no page decided this issue, or nothing answered.\n");
    }
    text.push_str(
        "\nA copy is the text in UTF-8 with identity, card and mobile numbers masked by asterisks; a page where tags cut \
         such a number in two is kept as its words alone. The SHA-256 of a copy may therefore not be its name: the name, \
         and evidence.sha256, are those of the bytes as received, before masking. Whoever holds these bytes (the unit, \
         from its logs or backups) computes their SHA-256; where it is the name, they are the page that was seen, and \
         line by line the copy is the same but for the masks. Of a table or another file (.rows.txt), in which nothing can be \
         masked, the text alone is kept as it was read: a line is a row, its cells apart by tabs, and the rows that a \
         finding counts are these. Where an article was read through a list or a feed, the \
         copy is that list or feed.\n",
    );
    text.push_str("\n3. Files of the unit\n");
    if packet.files.is_empty() {
        text.push_str("None.\n");
    }
    for file in &packet.files {
        let _ = writeln!(text, "{}\n    SHA-256 {}, handed in {}", name_of_file(file), file.sha256, file.at.minute());
    }
    let _ = write!(
        text,
        "\n4. The chain of events\nAn event's hash is made of the hash before it (prev_hash) and of what it says: \
         prev_hash, at_ms, actor, subject_kind, subject_id, kind, note, data; before each its length in UTF-8 bytes \
         (8 bytes, little-endian); SHA-256 over all of it. The whole database has one chain, so events of other \
         subjects may stand between two of this packet. To recompute them with Python:\n\n{REPLAY}\n\
         The last hash of the chain when this packet was made:\n{}\n`xuncha audit verify --head` with it proves that \
         nothing before it was changed or removed.\n",
        packet.head
    );
    text
}
