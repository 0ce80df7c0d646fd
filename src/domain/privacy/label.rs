//! What a text calls a number, just before it: an identity number, a card, a contact, or a body's code.

use super::scan::Sign;

/// What a number is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Called {
    Identity,
    /// Numbers of bodies, licences, orders and files, which may pass for a person's.
    Code,
}

const IDENTITY_WORDS: &[&str] = &["身份证", "证件号", "身份号", "公民身份"];

const CODE_WORDS: &[&str] = &[
    "信用代码",
    "机构代码",
    "许可证",
    "注册号",
    "税号",
    "批准文号",
    "代码",
    "订单",
    "流水",
    "文号",
    "单号",
    "备案号",
    "案号",
    "票号",
];

const REACHED_BY: &[&str] = &["电话", "手机", "联系", "热线"];

/// Names of the numbers of bodies, which have eighteen digits as well.
const CODE_NAMES: &[&str] = &["信用代码", "机构代码", "注册号", "税号", "识别号", "批准文号", "许可证", "许可证号"];

/// What is said of a number just before it.
pub(super) struct Label {
    /// In its own clause, as far as a label reaches.
    said: String,
    /// The same from farther away: two labels of one number are long.
    phrase: String,
}

impl Label {
    pub(super) fn before(signs: &[Sign], start: usize) -> Self {
        const NEAR: usize = 14;
        const FAR: usize = 28;
        let clause = |far: usize| {
            let said: String =
                signs.get(start.saturating_sub(far)..start).unwrap_or_default().iter().map(|s| s.c).collect();
            // A label says something of the number in its own clause.
            said.rsplit(['。', '；', ';', '\n', '！', '？', '，']).next().unwrap_or_default().to_owned()
        };
        Self { said: clause(NEAR), phrase: clause(FAR) }
    }

    /// What the nearest label calls the number.
    pub(super) fn called(&self) -> Option<Called> {
        let last = |words: &[&str]| words.iter().filter_map(|word| Some(self.said.rfind(word)? + word.len())).max();
        // 订单联系人 names a person to call.
        let code = last(CODE_WORDS).filter(|code| last(REACHED_BY).is_none_or(|reached| reached < *code));
        match (last(IDENTITY_WORDS), code) {
            (Some(identity), code) if code.is_none_or(|code| code < identity) => Some(Called::Identity),
            (_, Some(_)) => Some(Called::Code),
            _ => None,
        }
    }

    /// The number itself is called a body's code, in its own cell and by no other name.
    ///
    /// Why so strict: 18 digits that check, begin with a place and hold a birthday are a person's,
    /// whatever licence is spoken of before them; 统一社会信用代码/身份证号码 asks for either.
    pub(super) fn is_code_itself(&self) -> bool {
        let before = self.phrase.trim_end_matches(|c: char| is_blank(c) || matches!(c, ':' | '：' | '为' | '是'));
        let label = before.rsplit(|c: char| is_blank(c) || matches!(c, '\t' | '|' | '｜' | ',')).next();
        let label = label.unwrap_or_default().trim_end_matches(['）', ')', '”', '"', '】']);
        let name = ["号码", "编号", "号", ""].iter().find_map(|end| {
            let name = label.strip_suffix(end)?;
            CODE_NAMES.iter().find(|code| name.ends_with(**code))
        });
        // A licence is a paper before it is a number: 许可证 张三 is one thing, 许可证：… another.
        let is_paper = name == Some(&"许可证") && label.ends_with("许可证") && self.phrase.ends_with(is_blank);
        name.is_some() && !is_paper && !IDENTITY_WORDS.iter().any(|word| label.contains(word))
    }

    fn has(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.said.contains(word))
    }

    pub(super) fn is_card(&self) -> bool {
        self.has(&["卡号", "银行卡", "开户", "储蓄卡", "借记卡", "信用卡", "社保卡", "一卡通"])
    }

    pub(super) fn is_account(&self) -> bool {
        self.has(&["账号", "帐号", "账户", "帐户"])
    }

    /// The way to reach an office, or whoever answers for a matter.
    pub(super) fn is_contact(&self) -> bool {
        const SAID: &[&str] = &[
            "联系",
            "咨询",
            "热线",
            "举报",
            "监督电话",
            "投诉",
            "值班",
            "报名",
            "客服",
            "预约",
            "受理",
            "求助",
            "征集",
            "业务电话",
            "办公电话",
            "服务电话",
            "报警",
            "救援",
            "采购",
            "招标",
            "代理",
            "同微信",
            "微信同号",
        ];
        self.has(SAID)
    }
}

/// A blank within a line: a tab stands between cells.
fn is_blank(c: char) -> bool {
    c != '\t' && c.is_whitespace()
}
