//! The sentences of `expression` and `privacy`, in both languages.

use std::fmt::Write as _;

use super::texts::{Part, TextHit, TextsRead};
use crate::domain::Lang;
use crate::domain::rule::Indicator;

/// The sentences in one language.
#[derive(Debug, Clone, Copy)]
pub(in crate::checks) struct TextWords(pub Lang);

impl TextWords {
    fn pick(self, zh: String, en: String) -> String {
        match self.0 {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// What was found at one subject: the fact alone, which reads the same before a person decides and after.
    pub(in crate::checks) fn found(self, hits: &[&TextHit]) -> String {
        let Some(first) = hits.first() else { return String::new() };
        let place = self.place(first);
        let sentence = &first.sentence;
        if first.indicator == Indicator::Privacy {
            let kinds: Vec<String> = hits
                .iter()
                .map(|hit| {
                    let (kind, count, word) = (hit.kind.name(self.0), hit.count, &hit.word);
                    self.pick(format!("{kind}{count}个（如{word}）"), format!("{count} {kind}(s), such as {word}"))
                })
                .collect();
            return self.pick(
                format!("{place}出现个人信息：{}。原文：{sentence}", kinds.join("、")),
                format!("{place}: personal data: {}. It reads: {sentence}", kinds.join(", ")),
            );
        }
        let (word, right, kind) = (&first.word, &first.suggestion, first.kind.name(self.0));
        let times = match first.count {
            0 | 1 => String::new(),
            count => self.pick(format!("，共{count}处"), format!(", {count} times")),
        };
        let basis = match (first.basis.as_str(), self.0) {
            ("", _) => String::new(),
            (basis, Lang::Zh) => format!("（{basis}）"),
            (basis, Lang::En) => format!(" ({basis})"),
        };
        self.pick(
            format!("{place}{kind}：“{word}”{times}，规范写法：{right}{basis}。原文：{sentence}"),
            format!("{place}: {kind}: \"{word}\"{times}; right: {right}{basis}. It reads: {sentence}"),
        )
    }

    fn place(self, hit: &TextHit) -> String {
        let title: String = hit.title.chars().take(40).collect();
        let part = hit.part.name(self.0);
        let (line, at) = (hit.line, hit.position);
        match hit.part {
            Part::Table => self
                .pick(format!("《{title}》所附表格第{line}行"), format!("table linked from \"{title}\", row {line}")),
            Part::Title | Part::Text => {
                self.pick(format!("《{title}》{part}第{at}字"), format!("\"{title}\", {part}, character {at}"))
            }
        }
    }

    /// Not everything is listed.
    pub(in crate::checks) fn and_more(self, more: usize) -> String {
        self.pick(format!("（另有{more}处未逐条列出）"), format!(" (and {more} more that are not listed)"))
    }

    /// What a recheck saw.
    pub(in crate::checks) fn again(self, there: bool) -> String {
        if there {
            self.pick("所列内容仍在，尚未更正".to_owned(), "it is still there, uncorrected".to_owned())
        } else {
            self.pick(
                "所列内容已更正或撤下，请人工确认".to_owned(),
                "it has been corrected or withdrawn; a person confirms".to_owned(),
            )
        }
    }

    /// A recheck could not see it.
    pub(in crate::checks) fn not_readable(self) -> String {
        self.pick("所列内容暂时无法读取".to_owned(), "the content cannot be read at present".to_owned())
    }

    /// Nothing was found; and how much was looked through.
    pub(in crate::checks) fn clean(self, indicator: Indicator, read: &TextsRead, dismissed: usize) -> String {
        let TextsRead { posts, with_text, tables, tables_unread, tables_left_out, documents, .. } = read;
        let titles = posts - with_text.min(posts);
        let what = match indicator {
            Indicator::Privacy => self.pick("个人信息".to_owned(), "personal data".to_owned()),
            _ => self.pick("错误表述".to_owned(), "wrong wording".to_owned()),
        };
        let mut zh = format!("所查{posts}篇内容未发现{what}");
        let mut en = format!("no {what} found in {posts} posts");
        if titles > 0 {
            let _ = write!(zh, "，其中{titles}篇未取得正文，仅核对标题");
            let _ = write!(en, "; of {titles} the title alone was read");
        }
        if indicator == Indicator::Privacy && tables + tables_unread > 0 {
            let _ = write!(zh, "；所附表格读取{tables}个，未能读取{tables_unread}个");
            let _ = write!(en, "; {tables} linked tables read, {tables_unread} not readable");
        }
        if indicator == Indicator::Privacy && *tables_left_out > 0 {
            let _ = write!(zh, "；另有{tables_left_out}个表格超出查看上限或格式不支持，未读取");
            let _ = write!(en, "; {tables_left_out} more tables not read: too many, or of a kind that cannot be read");
        }
        if indicator == Indicator::Privacy && *documents > 0 {
            let _ = write!(zh, "；另有{documents}个PDF、DOC等附件，程序不读取其内容");
            let _ = write!(en, "; {documents} documents (PDF, DOC and the like) linked, which are not read");
        }
        if dismissed > 0 {
            let _ = write!(zh, "；此前已由人工排除{dismissed}处");
            let _ = write!(en, "; {dismissed} dismissed by a person before");
        }
        self.pick(zh, en)
    }
}
