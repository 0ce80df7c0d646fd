//! Several people in one field, joined by 和, 与, 及 or blanks: 张三 李四, 张三和李四.
//!
//! A name set wide is one person (张 三), a post or an office before a name is none, and a name may
//! hold the word that joins others (李和平): a field is taken apart only where every part is a name.

/// The surnames that nine in ten people bear.
const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁\
魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷\
施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄\
项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边";

/// Surnames of two characters.
const COMPOUND: &[&str] = &[
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "夏侯", "端木", "南宫",
    "百里", "呼延", "长孙", "宇文", "司空", "独孤", "澹台", "拓跋",
];

/// What begins like a name, has its length, and is none.
const NO_NAMES: &[&str] = &[
    "文书", "文员", "文化", "文旅", "文秘", "文宣", "文体", "文广", "文稿", "高级", "高工", "安全", "安监", "安保",
    "党建", "党务", "党政", "金融", "方案", "万能", "林业", "林草", "江南", "石油", "白班", "夏季", "常务", "时政",
    "车管", "管理", "华东", "成稿", "成员", "施工", "单元", "边防", "武警", "武装", "康养", "包村", "包片", "包案",
    "路政", "项目", "卫健", "卫生", "关工", "关系", "查证", "解说", "强制", "方面", "易地", "向上", "游客", "盛世",
    "安置", "房管", "房产", "车辆",
];

/// Longest name.
const LONGEST: usize = 4;

/// Whether a word is a name beyond much doubt: a surname and one or two characters more.
pub(super) fn is_name(word: &str) -> bool {
    let count = word.chars().count();
    let is_han = word.chars().all(|c| ('\u{3400}'..='\u{9FFF}').contains(&c));
    let surname = if COMPOUND.iter().any(|surname| word.starts_with(surname)) { 2 } else { 1 };
    let known = surname == 2 || word.chars().next().is_some_and(|c| SURNAMES.contains(c));
    is_han
        && known
        && (surname + 1..=(surname + 2).min(LONGEST)).contains(&count)
        && !NO_NAMES.iter().any(|no| word.starts_with(no))
}

/// The people whom a field without marks between names speaks of, with no blank left in them.
pub(super) fn apart(field: &str, is_post: impl Fn(&str) -> bool) -> Vec<String> {
    let is_person = |name: &str| is_name(name) && !is_post(name);
    let words: Vec<&str> = field.split_whitespace().collect();
    let whole = vec![words.concat()];
    let mut names = Vec::new();
    for name in by_blanks(&words) {
        names.extend(by_conjunction(&name, &is_person));
    }
    if names.len() > 1 && names.iter().all(|name| is_person(name)) { names } else { whole }
}

/// Words put together to names: a single character is a part of one.
fn by_blanks(words: &[&str]) -> Vec<String> {
    let length = |word: Option<&&str>| word.map_or(0, |word| word.chars().count());
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        if matches!(*word, "和" | "与" | "及" | "以及") {
            continue;
        }
        let mut name = (*word).to_owned();
        let next = length(words.get(at));
        let is_surname = COMPOUND.contains(word);
        // 张 三, 张 三丰, 欧阳 修; and 欧阳修 set as three.
        if (length(Some(word)) == 1 || is_surname) && (1..=2).contains(&next) {
            name.extend(words.get(at).copied());
            at += 1;
            let is_last_of_three = length(words.get(at)) == 1 && words.len() == 3;
            if next == 1 && is_last_of_three {
                name.extend(words.get(at).copied());
                at += 1;
            }
        } else if length(Some(word)) == 2 && next == 1 && words.len() == at + 1 {
            name.extend(words.get(at).copied());
            at += 1;
        }
        names.push(name);
    }
    names
}

/// 张三和李四: two names, where what stands on either side is one.
fn by_conjunction(name: &str, is_person: &impl Fn(&str) -> bool) -> Vec<String> {
    if is_person(name) {
        return vec![name.to_owned()];
    }
    let mut names = Vec::new();
    let mut rest = name;
    'next: loop {
        // What is longer than a name is none: a hostile field is not read again for each of its words.
        let near = rest.char_indices().take(LONGEST + 1);
        for (at, joins) in near.filter(|(_, c)| matches!(c, '和' | '与' | '及')) {
            let (Some(before), Some(after)) = (rest.get(..at), rest.get(at + joins.len_utf8()..)) else { continue };
            if is_person(before) && !after.is_empty() {
                names.push(before.to_owned());
                rest = after;
                continue 'next;
            }
        }
        names.push(rest.to_owned());
        return names;
    }
}
