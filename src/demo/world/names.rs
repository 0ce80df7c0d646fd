//! Invented names: units, people, titles. Nothing here exists.

use crate::domain::account::UnitTier;

/// The district.
pub(super) const DISTRICT: &str = "云溪区";

const DEPARTMENTS: &[&str] = &[
    "教育局",
    "卫生健康局",
    "人力资源和社会保障局",
    "市场监督管理局",
    "交通运输局",
    "生态环境局",
    "文化和旅游局",
    "民政局",
    "农业农村局",
    "水务局",
    "住房和城乡建设局",
    "应急管理局",
    "行政审批局",
    "商务局",
    "科学技术局",
    "财政局",
    "司法局",
    "统计局",
    "医疗保障局",
    "城市管理局",
    "自然资源局",
    "发展和改革局",
    "退役军人事务局",
    "审计局",
];
const PLACES: &[&str] = &[
    "桃源", "柳溪", "云台", "青竹", "白鹭", "松涛", "杏花", "枫桥", "芦荻", "莲塘", "榴园", "梅岭", "鹤鸣", "月湖",
    "清泉", "翠屏", "兰亭", "荷塘", "稻香", "栖霞",
];
const SIDES: &[&str] = &["", "东", "西", "南", "北", "上", "下", "新", "小"];
const INSTITUTIONS: &[&str] = &[
    "图书馆",
    "文化馆",
    "人民医院",
    "博物馆",
    "疾病预防控制中心",
    "实验小学",
    "不动产登记中心",
    "公共资源交易中心",
    "中医医院",
    "社会保险中心",
    "体育中心",
    "青少年宫",
];
const ADMINS: &[&str] = &[
    "王明", "李华", "张红", "刘强", "陈晨", "杨柳", "赵亮", "黄河", "周全", "吴边", "徐来", "孙晓", "马跃", "朱砂",
    "胡杨", "林木", "何欢", "高山", "罗盘", "郑重",
];
const REVIEWERS: [&str; 3] = ["周一", "陈二", "孙三"];

/// A unit's full name, and the short one that stands in brackets behind its people.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) short: String,
    /// What its accounts are called, the same on every platform.
    pub(super) brand: String,
    pub(super) tier: UnitTier,
    pub(super) admin: String,
}

/// The unit with this number; 0 is the supervising office itself.
pub(super) fn unit(number: usize) -> Unit {
    const TIERS: [UnitTier; 7] = [
        UnitTier::Department,
        UnitTier::Town,
        UnitTier::Department,
        UnitTier::Institution,
        UnitTier::Town,
        UnitTier::Department,
        UnitTier::Institution,
    ];
    let Some(below) = number.checked_sub(1) else {
        return person_of(0, format!("{DISTRICT}人民政府办公室"), "区政府办", "云溪发布", UnitTier::Government);
    };
    let tier = TIERS[below % 7];
    let before = TIERS.iter().take(below % 7).filter(|t| **t == tier).count();
    let nth = below / 7 * TIERS.iter().filter(|t| **t == tier).count() + before;
    match tier {
        UnitTier::Town => {
            let place = PLACES[nth % PLACES.len()];
            let kind = if nth % 2 == 0 { "镇" } else { "街道" };
            let round = nth / PLACES.len();
            let side = SIDES[round % SIDES.len()];
            let part =
                if round < SIDES.len() { String::new() } else { format!("第{}片区", numeral(round / SIDES.len())) };
            let name = format!("{side}{place}{kind}{part}");
            person_of(number, name.clone(), &name, &format!("{name}发布"), tier)
        }
        UnitTier::Institution => {
            let short = INSTITUTIONS
                .get(nth)
                .map_or_else(|| format!("第{}小学", numeral(nth + 1 - INSTITUTIONS.len())), |n| (*n).to_owned());
            person_of(number, format!("{DISTRICT}{short}"), &short, &format!("云溪{short}"), tier)
        }
        _ => {
            let kind = DEPARTMENTS[nth % DEPARTMENTS.len()];
            let round = nth / DEPARTMENTS.len();
            let short = if round == 0 { kind.to_owned() } else { format!("{kind}第{}分局", numeral(round)) };
            let brand = format!("云溪{}", short.strip_suffix('局').unwrap_or(&short));
            person_of(number, format!("{DISTRICT}{short}"), &short, &brand, tier)
        }
    }
}

fn person_of(number: usize, name: String, short: &str, brand: &str, tier: UnitTier) -> Unit {
    let admin = format!("{}({short})", ADMINS[number % ADMINS.len()]);
    Unit { name, short: short.to_owned(), brand: brand.to_owned(), tier, admin }
}

/// Three different reviewers of a unit, first to final.
pub(super) fn reviewers(unit: &Unit) -> [String; 3] {
    REVIEWERS.map(|name| format!("{name}({})", unit.short))
}

/// A number below a hundred thousand in Chinese numerals, digit by digit from ten on (一二 = 12).
fn numeral(number: usize) -> String {
    const DIGITS: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    number.to_string().chars().filter_map(|c| c.to_digit(10)).map(|d| DIGITS[d as usize]).collect()
}

/// Titles and first sentences of posts; `{}` is the unit.
pub(super) const POSTS: &[(&str, &str)] = &[
    ("{}召开本月工作例会", "会议总结了上一阶段的工作，明确了下一步的安排。"),
    ("{}开展便民服务进社区活动", "工作人员现场解答居民提问，发放办事指南。"),
    ("{}调整窗口服务时间的通告", "为方便群众办事，窗口服务时间有所调整，请相互转告。"),
    ("{}组织业务培训", "培训采取集中授课与现场演练相结合的方式。"),
    ("{}走访慰问困难家庭", "走访人员了解了各户的生活情况和实际需要。"),
    ("一图读懂：办事流程再优化", "材料更少、环节更简，请看图解。"),
    ("{}发布冬季安全提示", "天气转冷，请注意用火用电安全。"),
    ("{}举办读书分享会", "参加者交流了各自的阅读心得。"),
    ("{}征集意见建议的公告", "欢迎社会各界提出意见建议，截止日期见附件。"),
    ("{}开展环境卫生整治", "清理道路两侧杂物，修剪绿化带。"),
    ("{}答复群众留言选登", "现选登部分留言及答复，供大家参考。"),
    ("{}志愿服务在行动", "志愿者们走上街头，引导文明出行。"),
    ("{}发布办事服务新指南", "新指南列明了办理条件、材料和时限。"),
    ("{}组织应急演练", "演练检验了预案，锻炼了队伍。"),
    ("{}推进老旧小区改造", "改造内容包括管网、道路和照明。"),
    ("{}开展秋季防火宣传", "宣传车驶入村组，提醒群众注意防火。"),
    ("{}公布年度重点任务进展", "各项任务按计划推进，进展情况予以公布。"),
    ("{}举行开放日活动", "市民代表走进办公场所，了解日常工作。"),
    ("{}发布天气与出行提示", "近期多雾，请减速慢行。"),
    ("{}开展政策宣讲", "宣讲员用通俗的语言解读惠民政策。"),
];
