//! When two names mean one body, one account or one person: pure comparisons of what people write differently.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization;

use super::account::{Account, AccountId, AccountStatus, Platform};
use super::joined;
use super::normal::is_invisible;

/// A name without what people write differently: width, case, blanks, punctuation.
#[must_use]
pub fn plain(name: &str) -> String {
    name.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether two names mean one body: certification spells out the province and city before it, and
/// the full name of what people call shorter; in brackets stands what the body is as well.
#[must_use]
pub fn same_body(subject: &str, unit: &str) -> bool {
    let agree = |subject: &str, unit: &str| subject.ends_with(unit) || unit.ends_with(subject);
    if agree(&plain(subject), &plain(unit)) {
        return true;
    }
    let (subject, unit) = (body(subject), body(unit));
    !subject.is_empty() && !unit.is_empty() && agree(&subject, &unit)
}

/// The name of a body as it is called for short, without what stands in brackets.
fn body(name: &str) -> String {
    let mut depth = 0_u32;
    let outside = |c: &char| match c {
        '(' | '（' | '[' | '【' | '〔' => {
            depth += 1;
            false
        }
        ')' | '）' | ']' | '】' | '〕' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    };
    let outside: String = name.chars().filter(outside).collect();
    let mut short = plain(&outside);
    for (full, called) in [("人民政府", "政府"), ("委员会", "委"), ("中国共产党", ""), ("中共", "")] {
        short = short.replace(full, called);
    }
    short
}

/// The people a field names, as they are compared: width folded, no white space, without the post or
/// the office in brackets behind a name; several are separated by commas, 、, /, lines, blanks or 和.
#[must_use]
pub fn people(field: &str) -> BTreeSet<String> {
    let folded: String = field.nfkc().flat_map(char::to_lowercase).collect();
    without_posts(&folded)
        .split(['、', ',', ';', '/', '，', '；', '|', '丨', '&', '+', '\\', '\n', '\r', '\t'])
        .map(|names| names.chars().filter(|c| c.is_whitespace() || !c.is_control() && !is_invisible(*c)).collect())
        .flat_map(|names: String| joined::apart(&names, is_post))
        .map(|name| bare_name(&name).to_owned())
        .filter(|name| name.contains(char::is_alphabetic) && !NO_PERSON.contains(&name.as_str()))
        .collect()
}

/// A name without what the stage is called before it and the day of the signature behind it: 初审：张三 2026-11-20.
fn bare_name(name: &str) -> &str {
    let behind = name.rsplit_once(':').map(|(_, behind)| behind.trim());
    let name = behind.filter(|behind| is_name(behind)).unwrap_or(name);
    let Some(at) = name.find(|c: char| c.is_ascii_digit()) else { return name };
    let (before, day) = name.split_at(at);
    let figures = day.chars().take_while(char::is_ascii_digit).count();
    let is_day = figures >= 4 || day.get(figures..).is_some_and(|rest| rest.starts_with(['年', '月', '-', '.']));
    if is_day && is_name(before.trim()) { before.trim() } else { name }
}

/// What a cell for a person holds that names none.
const NO_PERSON: &[&str] =
    &["无", "暂无", "空", "空缺", "略", "是", "否", "同意", "已审", "已审核", "已阅", "通过", "已通过", "审核通过"];

/// Whether what stands for a person may be anybody: an office, a post, or whoever the row above names.
///
/// 王局 is somebody.
#[must_use]
pub fn may_be_anybody(name: &str) -> bool {
    matches!(name, "同上" | "同前" | "同左" | "仝上" | "详见附件" | "见附件")
        || (is_post(name) && !joined::is_name(name))
}

/// Whether a word is a person's name beyond much doubt.
#[must_use]
pub fn is_name(word: &str) -> bool {
    joined::is_name(word) && !is_post(word)
}

fn is_post(words: &str) -> bool {
    words.chars().count() > 1 && POSTS.iter().any(|post| words.trim_end().ends_with(post))
}

/// How posts, and the bodies in which they are, end.
const POSTS: &[&str] = &[
    "局",
    "科",
    "室",
    "处",
    "厅",
    "股",
    "部",
    "办",
    "中心",
    "单位",
    "小组",
    "委员会",
    "委",
    "院",
    "所",
    "站",
    "队",
    "会",
    "长",
    "主任",
    "书记",
    "员",
    "编辑",
    "审核",
    "校对",
    "签发",
    "领导",
    "经理",
    "岗",
    "负责人",
    "秘书",
    "编",
    "审",
    "职务",
];

/// A list of names without the posts in brackets behind them: 张三（局长）.
///
/// Why only what ends like a post: 李伟（大） and 李伟（小） are namesakes told apart, and behind
/// 办公室 the brackets hold who it was.
fn without_posts(folded: &str) -> String {
    let mut left = String::with_capacity(folded.len());
    let mut rest = folded;
    while let Some((before, after)) = rest.split_once(['(', '[', '【', '〔']) {
        let Some((within, behind)) = after.split_once([')', ']', '】', '〕']) else { break };
        let name = before.rsplit(['、', ',', ';', '/']).next().unwrap_or_default().trim();
        left.push_str(before);
        if name.is_empty() || is_post(name) || !is_post(within) {
            left.extend(["(", within, ")"]);
        }
        rest = behind;
    }
    left + rest
}

/// Whether a unit is held to one account on the platform (国办发〔2018〕123号): the rule speaks of
/// other people's platforms, not of sites and apps.
#[must_use]
pub const fn is_one_a_unit(platform: Platform) -> bool {
    !matches!(platform, Platform::Website | Platform::App | Platform::Other)
}

/// An account as it is compared with its unit's others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub account_id: AccountId,
    /// Its name.
    pub name: String,
    /// Its platform.
    pub platform: Platform,
    /// Its unit.
    pub unit: String,
    /// When it was opened.
    pub opened_on: Option<NaiveDate>,
}

impl Named {
    /// An account as far as it is compared; `None` when it is closed.
    #[must_use]
    pub fn of(account: &Account) -> Option<Self> {
        (account.status != AccountStatus::Closed).then(|| Self {
            account_id: account.account_id.clone(),
            name: account.name.clone(),
            platform: account.platform,
            unit: account.unit.clone(),
            opened_on: account.opened_on,
        })
    }
}

/// What makes two accounts those of one unit on one platform; `None` where the rule does not apply.
fn unit_key(platform: Platform, unit: &str) -> Option<(Platform, String)> {
    is_one_a_unit(platform).then(|| (platform, plain(unit)))
}

/// At most three accounts by name and id, and how many more there are; `None` when there are none.
#[must_use]
pub fn listed(others: &[&Named]) -> Option<String> {
    const LISTED: usize = 3;
    let named: Vec<String> =
        others.iter().take(LISTED).map(|other| format!("{}({})", other.name, other.account_id)).collect();
    let more = others.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" +{more}") } else { String::new() };
    (!named.is_empty()).then(|| named.join("、") + &more)
}

/// The groups of accounts that one unit runs on one platform (同平台重复开设).
///
/// Built in two passes over the accounts that are not closed, so that a large registry costs a
/// number an account and the names of those alone that share a unit: [`Twins::count`] every one,
/// then [`Twins::keep`] every one.
#[derive(Debug, Clone, Default)]
pub struct Twins {
    counts: HashMap<u64, u32>,
    groups: HashMap<(Platform, String), Vec<Named>>,
}

impl Twins {
    /// The groups of a registry that is at hand as a whole.
    #[must_use]
    pub fn of(accounts: &[Account]) -> Self {
        let mut twins = Self::default();
        accounts.iter().filter_map(Named::of).for_each(|named| twins.count(&named));
        accounts.iter().filter_map(Named::of).for_each(|named| twins.keep(named));
        twins
    }

    /// First pass.
    pub fn count(&mut self, named: &Named) {
        if let Some(key) = unit_key(named.platform, &named.unit) {
            *self.counts.entry(hash(&key)).or_default() += 1;
        }
    }

    /// Second pass.
    pub fn keep(&mut self, named: Named) {
        let Some(key) = unit_key(named.platform, &named.unit) else { return };
        if self.counts.get(&hash(&key)).is_some_and(|count| *count > 1) {
            self.groups.entry(key).or_default().push(named);
        }
    }

    /// Forgets what only the passes needed.
    pub fn settle(&mut self) {
        self.counts = HashMap::new();
    }

    /// The other accounts of the account's unit on its platform, in the order of the registry.
    #[must_use]
    pub fn others(&self, account: &Account) -> Vec<&Named> {
        if account.status == AccountStatus::Closed {
            return Vec::new();
        }
        let group = unit_key(account.platform, &account.unit).and_then(|key| self.groups.get(&key));
        let group = group.map_or(&[][..], Vec::as_slice);
        group.iter().filter(|other| other.account_id != account.account_id).collect()
    }

    /// Whether the account is the one its unit had first on the platform: by day of opening, one
    /// without a day after those that have it, then by id.
    #[must_use]
    pub fn is_first(&self, account: &Account) -> bool {
        let own = (account.opened_on.is_none(), account.opened_on, &account.account_id);
        self.others(account).iter().all(|o| own < (o.opened_on.is_none(), o.opened_on, &o.account_id))
    }
}

/// Why a hash: the first pass keeps a number of each account, not its unit's name.
fn hash(key: &(Platform, String)) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_are_compared_without_blanks_and_width() {
        for (a, b) in [
            ("张 三", "张三"),
            ("张\u{3000}三", "张三"),
            ("Ｌｉ Ming", "li ming"),
            ("张\u{FE0F}三\u{202C}", "张三"),
            ("张三、李四", "李四,张三"),
            ("张三(办)", "张三（办）"),
            ("张三（办公室）", "张三(局长)"),
            ("张三【审核】、李四（科长、主任）", "李四，张三"),
        ] {
            assert_eq!(people(a), people(b), "{a}");
        }
        for signed in
            ["初审：张三", "审核人:张三", "张三 2026-11-20", "张三2026年11月20日", "张三 11月20日", "张三20261120"]
        {
            assert_eq!(people(signed), people("张三"), "{signed}");
        }
        assert_eq!(people("无").len() + people("√").len() + people("同意").len(), 0);
        assert_ne!(people("张三"), people("张山"));
        assert_ne!(people("李伟（大）"), people("李伟（小）"));
        assert_ne!(people("王芳(1)"), people("王芳(2)"));
        assert_ne!(people("办公室（张三）"), people("办公室（李四）"));
        assert_ne!(people("副局长(王五)"), people("副局长(赵六)"));
        assert_ne!(people("(张三)"), people("(李四)"));
        assert_ne!(people("张三（办"), people("李四（办"));
        assert!(people(" 、 ").is_empty());
    }

    #[test]
    fn several_people_in_a_field_are_told_apart_however_they_are_joined() {
        let two = people("张三、李四");
        for field in [
            "张三和李四",
            "张三与李四",
            "张三及李四",
            "张三 李四",
            "张三\u{3000}李四",
            "张三  李四",
            "张三/李四",
            "张三\n李四",
            "张三 和 李四",
            "张 三 李 四",
            "张 三 李四",
            "张三 李 四",
            "张 三、李 四",
            "张三（局长） 李四",
            "张三|李四",
            "张三+李四",
            "张三＆李四",
        ] {
            assert_eq!(people(field), two, "{field}");
        }
        assert_eq!(people("李和平和王与之"), people("李和平、王与之"));
        assert_eq!(people("欧阳 建国 王五"), people("欧阳建国、王五"));
        assert_eq!(people("张三 李四和王五").len(), 3);
        // One person, and one of a post or an office before whom nobody else stands.
        for field in [
            "张 三",
            "张 三丰",
            "张 三 丰",
            "欧阳 修",
            "欧阳 建国",
            "李和平",
            "和珍",
            "王与和",
            "区委宣传部 张三",
            "科长 张三",
            "文书 张三",
            "张三 科长",
            "Zhang San",
            "阿依古丽·买买提",
            "党建 李四",
            "宣传和安全 张三",
            "高级编辑 张三",
        ] {
            assert_eq!(people(field).len(), 1, "{field}");
        }
        assert_eq!(people("欧阳 建国"), people("欧阳建国"));
        assert!(people("科长 张三").is_disjoint(&people("科长 李四")));
        assert!(people("欧阳 建国").is_disjoint(&people("欧阳 文山")));
    }

    #[test]
    fn a_body_may_spell_out_its_city() {
        assert!(same_body("江州市云溪区水务局", "云溪区水务局"));
        assert!(same_body("云溪区 水务局", "云溪区水务局"));
        assert!(same_body("江州市云溪区水务局", "云溪区水务局（区河长办公室）"));
        assert!(same_body("云溪区政府办公室", "云溪区人民政府办公室"));
        assert!(same_body("江州市云溪区卫生健康委员会", "云溪区卫生健康委"));
        assert!(same_body("中国共产党云溪区委员会宣传部", "中共云溪区委宣传部"));
        assert!(!same_body("（云溪区水务局）", "云溪区教育局") && !same_body("云溪区教育局（水务）", "云溪区水务局"));
        assert!(!same_body("云溪文化传媒有限公司", "云溪区水务局"));
    }
}
