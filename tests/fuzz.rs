//! No input makes a parser panic: mutated examples, a few hundred of each kind in the suite.
//!
//! By hand as many as wanted, of one target, from more examples (files in `FOLDER/feed/`):
//!
//! ```sh
//! XUNCHA_FUZZ=feed XUNCHA_FUZZ_RUNS=1000000 XUNCHA_FUZZ_SEEDS=FOLDER \
//!     cargo test --test fuzz -- --nocapture
//! ```
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a guard that finds something fails")]

#[path = "fuzz/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use targets::{TARGETS, Target};

/// Inputs of a target in the suite.
const RUNS: usize = 150;

/// Longest input.
const LONGEST: usize = 64 * 1024;

/// One input may take this long in an unoptimised build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Examples of what the targets read; one in four inputs is made of another target's.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "feed",
        "<?xml version=\"1.0\" encoding=\"gbk\"?><rss version=\"2.0\"><channel><title>例</title><item><title>一&amp;&lt;b&gt;</title><link>/a</link><guid>1</guid><pubDate>Fri, 31 Jul 2026 10:00:00 +0800</pubDate><description><![CDATA[<a href='x'>y</a>]]></description></item></channel></rss>",
    ),
    (
        "feed",
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>例</title><entry><id>1</id><link rel='alternate' href='/a'/><updated>2026-07-31T10:00:00.5Z</updated><content type='html'>&lt;p&gt;x</content></entry></feed>",
    ),
    (
        "feed",
        "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"例\",\"items\":[{\"id\":\"1\",\"url\":\"https://a.example/1\",\"date_published\":\"2026-07-31T10:00:00+08:00\",\"content_html\":\"<p>x\"}]}",
    ),
    (
        "html",
        "<title>通知公告</title><ul class='l'><li><a href='/202607/t20260731_1.html' title='关于道路施工的公告'>关于道路…</a><span>2026-07-31</span></li><li><a href='b'>关于停水的公告</a><span>昨天 10:30</span></li><li class='top'><a href=c>【置顶】办事指南</a><time datetime='2026-07-30'>3天前</time></li></ul>",
    ),
    (
        "html",
        "<title>停水公告_某某区</title><meta name='PubDate' content='2026-07-31 10:00'><script type='application/ld+json'>{\"datePublished\":\"2026-07-31\"}</script><h1>停水公告</h1><p>发布时间：2026年7月31日 10时30分</p><div><p>请沿线用户提前储水。</p></div>",
    ),
    (
        "menu",
        "{\"is_menu_open\":1,\"selfmenu_info\":{\"button\":[{\"type\":\"view\",\"name\":\"办事\",\"url\":\"https://www.example.cn/a\"},{\"name\":\"更多\",\"sub_button\":{\"list\":[{\"type\":\"text\",\"name\":\"答\",\"value\":\"<a href=\\\"https://www.example.cn/b\\\">点此</a>\"},{\"type\":\"miniprogram\",\"name\":\"小程序\",\"appid\":\"x\"}]}}]}}",
    ),
    (
        "selectors",
        "{\"item\":\"li\",\"title\":\"a\",\"date\":\"span\",\"date_attr\":\"datetime\"}\n<ul><li><a href='a'>公告</a><span>2026-07-31</span></li></ul>",
    ),
    (
        "weibo",
        "{\"ok\":1,\"data\":{\"userInfo\":{\"id\":7000000001,\"screen_name\":\"某某区发布\",\"followers_count\":\"12.5万\"},\"cards\":[{\"card_type\":9,\"mblog\":{\"created_at\":\"15小时前\",\"id\":\"5002\",\"bid\":\"Mb\",\"isTop\":1,\"text\":\"停水<br /><a href='https://weibo.cn/sinaurl?u=https%3A%2F%2Fa.example'>x</a>\",\"user\":{\"id\":7000000001},\"retweeted_status\":{\"text\":\"原文\",\"user\":{\"screen_name\":\"某\"}}}}]}}",
    ),
    (
        "weibo",
        "<html><head><title>某某区发布的微博</title></head><body><div class='c' id='M_Aa'><div><span class='kt'>[置顶]</span><span class='ctt'>一</span><a href='https://weibo.cn/comment/Aa'>评论[0]</a><span class='ct'>07月27日 17:39&nbsp;来自客户端</span></div></div></body></html>",
    ),
    (
        "wechat",
        "{\"total_count\":2,\"item_count\":1,\"item\":[{\"article_id\":\"a\",\"update_time\":1785463200,\"content\":{\"create_time\":1785463200,\"news_item\":[{\"title\":\"停水\",\"url\":\"https://mp.weixin.qq.com/s/2\",\"is_deleted\":false,\"content\":\"<p>x\"}]}}]}",
    ),
    (
        "wechat",
        "{\"ret\":0,\"general_msg_list\":\"{\\\"list\\\":[{\\\"comm_msg_info\\\":{\\\"id\\\":1,\\\"datetime\\\":1785463200},\\\"app_msg_ext_info\\\":{\\\"title\\\":\\\"一\\\",\\\"content_url\\\":\\\"/s?a=1&amp;b=2\\\"}}]}\"}",
    ),
    (
        "wechat",
        "<html><script>window.cgiDataNew = { nick_name: JsDecode('某某区发布'), title: JsDecode('公告\\x26amp;说明'), content_noencode: JsDecode('一\\x0a\\x3ca\\u4e00'), create_time: JsDecode('2026-07-31 10:00'), ori_create_time: '1785463200' * 1 };var transferTargetLink = '';</script><div id='js_content'>x</div></html>",
    ),
    (
        "douyin",
        "{\"status_code\":0,\"aweme_list\":[{\"aweme_id\":\"7300000000000000001\",\"desc\":\"短视频\",\"create_time\":1785463200,\"is_top\":1,\"author\":{\"uid\":\"7\",\"sec_uid\":\"s\",\"nickname\":\"某某区发布\"}}],\"max_cursor\":1,\"has_more\":1}",
    ),
    (
        "kuaishou",
        "{\"data\":{\"visionProfilePhotoList\":{\"result\":1,\"feeds\":[{\"author\":{\"id\":\"7\",\"name\":\"某\"},\"photo\":{\"id\":\"3x\",\"caption\":\"视频\",\"timestamp\":1785463200000}}]}}}",
    ),
    (
        "bilibili",
        "{\"code\":0,\"data\":{\"list\":{\"vlist\":[{\"bvid\":\"BV1\",\"title\":\"视频\",\"created\":1785463200,\"mid\":7,\"author\":\"某\"}]},\"items\":[{\"id_str\":\"1\",\"modules\":{\"module_author\":{\"pub_ts\":1785463200,\"mid\":7}}}]}}",
    ),
    (
        "toutiao",
        "{\"message\":\"success\",\"data\":[{\"item_id\":\"1\",\"title\":\"文章\",\"publish_time\":1785463200,\"user_info\":{\"user_id\":7,\"name\":\"某\"}}]}",
    ),
    (
        "app",
        "{\"resultCount\":1,\"results\":[{\"trackId\":7,\"trackName\":\"某\",\"currentVersionReleaseDate\":\"2026-07-31T08:15:22Z\",\"releaseNotes\":\"x\",\"sellerName\":\"某某\"}]}",
    ),
    (
        "site",
        "{\"columns\":[{\"name\":\"要闻\",\"url\":\"/news/\",\"kind\":\"news\",\"days\":14}]}\n<title>某某区人民政府</title><a href='/gk/'>政务公开</a><a href='/news/'>要闻动态</a><ul><li><a href='/1'>关于停水的公告</a><span>2026-07-31</span></li></ul><div class='footer'>网站标识码：3301000001 某公网安备 33010002000001号 联系电话：0571-00000000</div>",
    ),
    (
        "attachment",
        "姓名,身份证号,手机号码\n某甲,11010519491231002X,13800138000\n某乙,440304199001018888,13900139000\n",
    ),
    ("attachment", "<html><table><tr><td>某甲<td>6222020200000000000<tr></table>"),
    (
        "text",
        "某某区政府部置工作，请联系王某某，身份证号11010519491231002X，电话138-0013-8000，卡号6222 0212 3456 7890 128。",
    ),
    ("lexicon", "类别,写法,规范写法,语境,依据\n错词,云溪曲,云溪区,,地名\n停用,部置,,,\n"),
    ("charset", "text/html; charset=gb2312\n<meta charset=utf-8>关于开展检查的通知"),
    ("url", "https://user:pw@www.Example.CN:80/a/../b//?b=2&a=%e4%b8%80&utm_source=x&spm=1#top"),
    ("url", "https://mp.weixin.qq.com/s?__biz=MzA=&mid=1&idx=1&sn=ab&chksm=x&scene=27#wechat_redirect"),
    ("title", "【通知】关于２０２６年“五一”假期安排　（第1号）…"),
    (
        "registry",
        "account_id,name,platform,unit,opened_on,source,source_options,service_links\nA1,某某发布,wechat,某某局,2020-01-31,html,\"{\"\"item\"\":\"\"li\"\"}\",https://a.example|https://b.example\n",
    ),
    ("reviews", "账号编号;文章链接;标题;初审人;初审时间\nA1;https://a.example/1;停水;张某;2026-07-31 10:00\n"),
    (
        "rules",
        "format = 1\nversion = \"2019-09\"\n[stale]\ndays = 14\n[[rule]]\nindicator = \"link\"\nclass = \"ordinary\"\n",
    ),
    (
        "config",
        "[office]\nname = \"某某\"\ntimezone = \"Asia/Shanghai\"\n[http]\ntimeout = \"15s\"\nmax_body = \"4MiB\"\nallow_hosts = [\"10.1.2.0/24\"]\n[schedule]\npatrol = \"0 30 6 * * Mon-Fri\"\n[[channel]]\nkind = \"wecom\"\nwebhook_file = \"x\"\nfor = \"supervisors\"\n",
    ),
    (
        "draw",
        "{\"format\":\"xuncha-draw/1\",\"round\":\"2026Q4\",\"kind\":\"quarterly\",\"as_of\":\"2026-11-23T09:00:00+08:00\",\"seed\":\"7\",\"ratio\":0.25,\"rotation\":\"annual\",\"frame_size\":1,\"frame_sha256\":\"x\",\"frame\":[{\"account_id\":\"A1\",\"stratum\":\"wechat/town\",\"drawn_this_year\":false,\"always\":null}],\"strata\":[{\"key\":\"wechat/town\",\"size\":1,\"quota\":1}],\"members\":[{\"account_id\":\"A1\",\"stratum\":\"wechat/town\",\"reason\":\"random\",\"ticket\":\"x\"}]}",
    ),
    ("chat", "/extend１２@xuncha_bot until 2026-12-01 改版中，请准予延期"),
    ("chat", "整改 #12 已更换链接"),
];

/// Words that parsers look for.
const WORDS: &[&str] = &[
    "2026-07-31",
    "07-31",
    "昨天",
    "15小时前",
    "1785463200",
    "1785463200000",
    "-1",
    "18446744073709551616",
    "1e999",
    "null",
    "true",
    "[]",
    "{}",
    "\"",
    "'",
    "<",
    ">",
    "</",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "&amp;",
    "&#x110000;",
    "&#xD800;",
    "<script>",
    "<a href=",
    "<div>",
    "<b>",
    "</b>",
    "<table><td>",
    "<svg><title>",
    "<title>",
    "\\u",
    "\\x",
    "\u{0}",
    "\u{feff}",
    "\u{3000}",
    "\u{1F600}",
    "２０２６",
    "：",
    "%",
    "%E4",
    "charset=",
    "utf-16",
    "iso-2022-jp",
    "24:00",
    "+24:00",
    "Z",
    "年",
    "月",
    "9999-12-31",
    "0000-00-00",
    "\r\n",
    "\t",
    ",",
    ";",
    "=",
    "[[",
    "\"\"\"",
];

fn mutate(data: &mut Vec<u8>, examples: &[Vec<u8>], rng: &mut StdRng) {
    let at = if data.is_empty() { 0 } else { rng.random_range(0..data.len()) };
    let to = (at + rng.random_range(0..64)).min(data.len());
    match rng.random_range(0..10) {
        0 if !data.is_empty() => data[at] ^= 1 << rng.random_range(0..8),
        1 if !data.is_empty() => data[at] = rng.random(),
        2 => drop(data.splice(at..at, (0..rng.random_range(1..8)).map(|_| rng.random::<u8>()).collect::<Vec<_>>())),
        3 => drop(data.drain(at..to)),
        4 => {
            let piece = data[at..to].repeat(rng.random_range(1..40));
            data.splice(at..at, piece);
        }
        5 | 6 => {
            let word = WORDS[rng.random_range(0..WORDS.len())];
            data.splice(at..at, word.bytes());
        }
        7 => {
            let word = WORDS[rng.random_range(0..WORDS.len())];
            data.splice(at..to, word.bytes());
        }
        8 => {
            let other = &examples[rng.random_range(0..examples.len())];
            let from = rng.random_range(0..=other.len());
            let until = (from + rng.random_range(0..400)).min(other.len());
            data.splice(at..to, other[from..until].iter().copied());
        }
        _ => data.truncate(to),
    }
    data.truncate(LONGEST);
}

/// The target's own examples, those of a folder among them, and everybody's.
fn examples(name: &str) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let all: Vec<Vec<u8>> = EXAMPLES.iter().map(|(_, text)| text.as_bytes().to_vec()).collect();
    let mut own: Vec<Vec<u8>> =
        EXAMPLES.iter().filter(|(of, _)| *of == name).map(|(_, text)| text.as_bytes().to_vec()).collect();
    let folder = Path::new(&std::env::var("XUNCHA_FUZZ_SEEDS").unwrap_or_default()).join(name);
    for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if let Ok(bytes) = std::fs::read(file.path()) {
            own.push(bytes.into_iter().take(LONGEST).collect());
        }
    }
    if own.is_empty() { (all.clone(), all) } else { (own, all) }
}

/// Runs one target; what it found is written into a file and named.
fn run(name: &str, target: Target, runs: usize) {
    let (own, all) = examples(name);
    let seed = std::env::var("XUNCHA_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let mut rng = StdRng::seed_from_u64(seed);
    let (started, mut slowest) = (Instant::now(), Duration::ZERO);
    for n in 0..runs {
        let from = if n % 4 == 3 { &all } else { &own };
        let mut data = from[n % from.len()].clone();
        for _ in 0..rng.random_range(0..8) {
            mutate(&mut data, from, &mut rng);
        }
        let began = Instant::now();
        let survived = catch_unwind(AssertUnwindSafe(|| target(&data))).is_ok();
        let took = began.elapsed();
        slowest = slowest.max(took);
        if !survived || took > PATIENCE {
            let path = std::env::temp_dir().join(format!("xuncha-fuzz-{name}-{n}"));
            std::fs::write(&path, &data).unwrap();
            panic!("{name}: input {n} {} in {took:?}: {}", if survived { "ended" } else { "panicked" }, path.display());
        }
    }
    if runs > RUNS {
        eprintln!("{name}\t{runs} inputs\t{:.0} s\tslowest {slowest:?}", started.elapsed().as_secs_f64());
    }
}

#[test]
fn no_input_makes_a_parser_panic() {
    let wanted = std::env::var("XUNCHA_FUZZ").ok();
    let runs = std::env::var("XUNCHA_FUZZ_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let chosen: Vec<_> =
        TARGETS.iter().filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == name)).collect();
    assert!(!chosen.is_empty(), "XUNCHA_FUZZ names none of the targets");
    for (name, target) in chosen {
        run(name, *target, runs);
    }
}
