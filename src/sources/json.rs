//! What the adapters of platform answers share: finding values, reading times, telling whose posts they are.
//!
//! Platforms spell one thing in many ways (numbers as text, seconds or milliseconds, `1` for
//! true), so values are read by what they must mean; an error in place of data is a reason.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, FixedOffset};
use serde_json::{Map, Value};
use url::Url;

use super::{Block, ReadContext, Unreadable, dates, markup};
use crate::domain::account::SourceKind;
use crate::domain::oddity::Oddity;
use crate::domain::post::{Coverage, Post, Profile, Reading};

/// Characters of a post's text that stand for the title it does not have.
const HEADLINE: usize = 60;

/// Characters of a platform's own words that are repeated.
const MESSAGE: usize = 120;

/// A post and the names its author goes by; none where the answer does not say.
pub(super) struct Found {
    pub(super) post: Post,
    pub(super) authors: Vec<String>,
}

/// What an adapter found beside the posts.
#[derive(Default)]
pub(super) struct Rest {
    pub(super) profile: Option<Profile>,
    /// The account that was asked for, where option or address name it.
    pub(super) own: Option<String>,
    /// The answer may leave out the newest posts.
    pub(super) part: bool,
    /// The answer says that nothing follows.
    pub(super) complete: bool,
    pub(super) warnings: Vec<Oddity>,
}

impl Found {
    /// An item in no form that is known. It may be the newest post, so it is one: without a date.
    pub(super) fn strange() -> Self {
        let post = Post {
            id: String::new(),
            url: None,
            title: String::new(),
            published_at: None,
            pinned: false,
            text: String::new(),
            links: Vec::new(),
        };
        Self { post, authors: Vec::new() }
    }

    fn is_strange(&self) -> bool {
        self.post.id.is_empty() && self.post.title.is_empty() && self.post.published_at.is_none()
    }
}

/// Every item of a list, those in no known form too; where none is in one, neither is the answer.
pub(super) fn each<'v>(
    kind: SourceKind,
    items: impl IntoIterator<Item = &'v Value>,
    mut read: impl FnMut(&'v Value) -> Option<Found>,
) -> Result<Vec<Found>, Unreadable> {
    let found: Vec<Found> = items.into_iter().map(|item| read(item).unwrap_or_else(Found::strange)).collect();
    known(kind, found)
}

/// What was found, unless none of it is in a known form.
pub(super) fn known(kind: SourceKind, found: Vec<Found>) -> Result<Vec<Found>, Unreadable> {
    let none = !found.is_empty() && found.iter().all(Found::is_strange);
    if none { Err(Unreadable::UnknownShape(kind)) } else { Ok(found) }
}

/// Whether a field says that nothing follows: `has_more`, `can_msg_continue`.
pub(super) fn is_no(value: &Value) -> bool {
    matches!(value, Value::Bool(_) | Value::Number(_)) && !is_set(value)
}

/// Reads JSON, also in a JSONP call.
pub(super) fn parse(text: &str) -> Result<Value, Unreadable> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if text.starts_with('<') {
        return Err(Unreadable::NotData);
    }
    let is_name = |name: &str| {
        name.chars().count() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.$ /*".contains(c))
    };
    let inner = match text.split_once('(') {
        Some((name, call)) if is_name(name) => call.rsplit_once(')').map_or(call, |(inner, _)| inner),
        _ => text,
    };
    if !inner.trim_start().starts_with(['{', '[']) {
        return Err(Unreadable::NotData);
    }
    serde_json::from_str(inner).map_err(|error| Unreadable::Malformed(error.to_string()))
}

/// Reads JSON that an answer carries as text.
pub(super) fn nested(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => serde_json::from_str(text).ok(),
        Value::Object(_) | Value::Array(_) => Some(value.clone()),
        _ => None,
    }
}

/// A list; `None` where there is none, which is not an empty one.
pub(super) fn list(value: &Value) -> Option<&[Value]> {
    value.as_array().map(Vec::as_slice)
}

/// Text or number as text; blank is nothing.
pub(super) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(markup::fold(&text.replace('\u{200B}', ""))).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The first of `names` that holds a word.
pub(super) fn first(value: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| word(&value[*name]))
}

/// Every word under `names`, apart from the zeros that stand for "none".
pub(super) fn words(value: &Value, names: &[&str]) -> Vec<String> {
    names.iter().filter_map(|name| word(&value[*name])).filter(|word| word != "0").collect()
}

/// Whether a flag is set, however it is written.
pub(super) fn is_set(value: &Value) -> bool {
    match value {
        Value::Bool(set) => *set,
        Value::Number(number) => number.as_f64().is_some_and(|number| number > 0.0),
        Value::String(text) => matches!(text.as_str(), "1" | "true"),
        _ => false,
    }
}

/// A count, also as `216.1万`.
pub(super) fn count(value: &Value) -> Option<u64> {
    if let Some(count) = value.as_u64() {
        return Some(count);
    }
    let text = word(value)?.replace(',', "");
    let (number, unit) = match text.strip_suffix(['万', 'w', 'W']) {
        Some(number) => (number, 1e4),
        None => text.strip_suffix('亿').map_or((text.as_str(), 1.0), |number| (number, 1e8)),
    };
    let count = number.trim().parse::<f64>().ok()? * unit;
    (0.0..1e12).contains(&count).then_some(count.round() as u64)
}

/// A moment: seconds, milliseconds or microseconds since 1970, or a date text.
pub(super) fn instant(value: &Value, context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(number) if text.trim().len() >= 9 => number,
            _ => return dates::parse_feed(text, context),
        },
        _ => return None,
    };
    // Why by size: in seconds these limits lie in the years 5138 and 3 million.
    let millis = match number {
        seconds if seconds < 1e11 => seconds * 1000.0,
        millis if millis < 1e14 => millis,
        micros => micros / 1000.0,
    };
    // No platform is older; what lies before is a zero or another kind of number.
    let at = DateTime::from_timestamp_millis(millis.round() as i64)?;
    (2000..2100).contains(&at.year()).then(|| at.with_timezone(&context.timezone).fixed_offset())
}

/// The first of `names` that holds a moment.
pub(super) fn first_instant(value: &Value, names: &[&str], context: &ReadContext) -> Option<DateTime<FixedOffset>> {
    names.iter().find_map(|name| instant(&value[*name], context))
}

/// What stands for the title of a post that has none: the beginning of its text.
pub(super) fn headline(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let mut head: String = line.chars().take(HEADLINE).collect();
    if head.len() < line.len() {
        head.push('…');
    }
    head
}

/// Plain text and links of a body that may be HTML; bare addresses are links too.
pub(super) fn body(html: &str, base: Option<&Url>) -> (String, Vec<String>) {
    let (text, mut links) = markup::read(&html.replace('\u{200B}', ""), base);
    let is_url = |c: char| c.is_ascii_graphic() && !"<>\"'()".contains(c);
    for (at, _) in text.match_indices("http").take(100) {
        let tail = text.get(at..).unwrap_or_default();
        let bare: String = tail.chars().take(2000).take_while(|c| is_url(*c)).collect();
        // What is shown short leads nowhere: its address stands behind it.
        if bare.ends_with("..") || tail.get(bare.len()..).is_some_and(|rest| rest.starts_with('…')) {
            continue;
        }
        // The sentence goes on: see http://a.example/1, then …
        let bare = bare.trim_end_matches(['.', ',', ';', ':', '!', '?', ']', '}', '|', '*']);
        let link = if bare.contains("://") { markup::absolute(bare, None) } else { None };
        // A page below the front page that a known address begins with is that address shown short.
        let is_below = |link: &str| link.matches('/').count() > 3;
        let is_known =
            |link: &String| links.iter().any(|known| known == link || is_below(link) && known.starts_with(link));
        if let Some(link) = link.filter(|link| !is_known(link)) {
            links.push(link);
        }
    }
    (text, links)
}

/// A non-empty parameter of the address.
pub(super) fn query(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let found = url.query_pairs().find(|(key, value)| key == name && !value.is_empty())?;
    Some(found.1.into_owned())
}

/// The account that was asked for: the option `user`, else a parameter of the address.
pub(super) fn own(url: &str, options: &Map<String, Value>, names: &[&str]) -> Option<String> {
    options.get("user").and_then(word).or_else(|| names.iter().find_map(|name| query(url, name)))
}

/// Whether the address asks for a page behind the first one.
pub(super) fn is_later_page(url: &str, names: &[&str]) -> bool {
    names.iter().filter_map(|name| query(url, name)).any(|value| !matches!(value.as_str(), "0" | "1"))
}

/// Whether the address asks for some of the posts by a parameter that has one of `names`.
pub(super) fn is_search(url: &str, names: &[&str]) -> bool {
    names.iter().any(|name| query(url, name).is_some_and(|value| value != "0"))
}

/// What an error answer means; the platform's own words are kept.
pub(super) fn refusal(code: &Value, message: Option<String>) -> Unreadable {
    let message: String = message.unwrap_or_default().chars().take(MESSAGE).collect();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["未登录", "请登录", "请先登录", "登录态", "login required", "invalid session", "no session"])
    {
        return Unreadable::Blocked(Block::Login);
    }
    if says(&["验证码", "安全验证", "人机验证", "captcha"]) {
        return Unreadable::Blocked(Block::Captcha);
    }
    if says(&["风控", "频繁", "操作太快", "请求被拦截", "freq control"]) {
        return Unreadable::Blocked(Block::Firewall);
    }
    let code = word(code).unwrap_or_default();
    let detail = [code, message].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Unreadable::Refused(detail)
}

/// The account a certification names, without the words for the account itself.
pub(super) fn subject(text: Option<String>) -> Option<String> {
    const KINDS: &[&str] = &["微博", "账号", "帐号", "抖音号", "快手号", "头条号", "哔哩哔哩账号", "号"];
    let text = text?;
    let named = KINDS.iter().find_map(|kind| text.strip_suffix(kind)?.strip_suffix("官方")).unwrap_or(&text).trim();
    (!named.is_empty()).then(|| named.to_owned())
}

/// Posts of the account that was asked for, each once, with how much they prove.
pub(super) fn finish(kind: SourceKind, found: Vec<Found>, rest: Rest) -> Result<Reading, Unreadable> {
    let Rest { profile, own, part, complete, mut warnings } = rest;
    let total = found.len();
    let is_own = |item: &Found| own.as_ref().is_none_or(|own| item.authors.is_empty() || item.authors.contains(own));
    let kept: Vec<Found> = found.into_iter().filter(is_own).collect();
    if kept.len() < total && kept.iter().all(Found::is_strange) {
        return Err(Unreadable::OtherAccount);
    }
    if kept.len() < total {
        warnings.push(Oddity::OfOthers(total - kept.len(), total));
    }
    let strange = kept.iter().filter(|item| item.is_strange()).count();
    if strange > 0 {
        warnings.push(Oddity::Strange(strange, total));
    }
    let authors: HashSet<String> = kept.iter().filter_map(|item| item.authors.first().cloned()).collect();
    let mixed = own.is_none() && authors.len() > 1;
    if mixed {
        warnings.push(Oddity::Mixed(authors.len()));
    }
    let mut seen = HashSet::new();
    let posts: Vec<Post> = kept
        .into_iter()
        .map(|item| item.post)
        .filter(|post| post.id.is_empty() || seen.insert(post.id.clone()))
        .collect();
    let undated = posts.iter().filter(|post| post.published_at.is_none()).count();
    if undated > 0 && undated == posts.len() {
        return Err(Unreadable::NoDates);
    }
    if undated > strange {
        warnings.push(Oddity::Undated(undated - strange, posts.len()));
    }
    if posts.is_empty() && part && profile.is_none() {
        return Err(Unreadable::UnknownShape(kind));
    }
    let coverage = match (mixed, part) {
        (true, _) => Coverage::Mixed,
        (false, true) => Coverage::Part,
        (false, false) => Coverage::Whole,
    };
    Ok(Reading { profile, posts, coverage, complete: complete && coverage == Coverage::Whole, warnings })
}

/// An answer that describes the account and lists no posts.
pub(super) fn profile_only(profile: Profile) -> Reading {
    let warnings = vec![Oddity::NoList];
    Reading { profile: Some(profile), coverage: Coverage::Part, warnings, ..Reading::default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn context() -> ReadContext {
        ReadContext::at("2026-08-03T04:00:00Z".parse().unwrap(), chrono_tz::Asia::Shanghai)
    }

    #[test]
    fn moments_are_read_in_every_unit() {
        let wanted = "2026-07-31T10:00:00+08:00";
        for value in [
            json!(1_785_463_200),
            json!("1785463200"),
            json!(1_785_463_200_000_i64),
            json!("1785463200000"),
            json!(1_785_463_200.0),
            json!("2026-07-31 10:00"),
            json!("Fri Jul 31 10:00:00 +0800 2026"),
        ] {
            assert_eq!(instant(&value, &context()).map(|at| at.to_rfc3339()).as_deref(), Some(wanted), "{value}");
        }
        for value in [json!(0), json!(-1), json!(null), json!(""), json!(1e300), json!("abc"), json!([1])] {
            assert_eq!(instant(&value, &context()), None, "{value}");
        }
    }

    #[test]
    fn counts_and_flags_are_read_as_meant() {
        assert_eq!(count(&json!("216.1万")), Some(2_161_000));
        assert_eq!(count(&json!(12)), Some(12));
        assert_eq!(count(&json!("-3")), None);
        assert!(is_set(&json!(1)) && is_set(&json!(true)) && is_set(&json!("1")));
        assert!(!is_set(&json!(0)) && !is_set(&json!(null)) && !is_set(&json!("0")));
    }

    #[test]
    fn a_web_page_is_no_data_and_a_wrapped_answer_is() {
        assert_eq!(parse("<html>登录</html>"), Err(Unreadable::NotData));
        assert_eq!(parse("success"), Err(Unreadable::NotData));
        assert!(matches!(parse("{\"a\":"), Err(Unreadable::Malformed(_))));
        assert_eq!(parse("\u{FEFF} jsonp_1({\"a\":\"(x)\"});"), Ok(json!({"a": "(x)"})));
    }

    #[test]
    fn bare_addresses_in_a_text_are_links() {
        let (text, links) = body("详见http://a.example/x?y=1，或 https://b.example 。", None);
        assert_eq!(links, ["http://a.example/x?y=1", "https://b.example/"]);
        let of = |html: &str| body(html, None).1;
        for marked in [
            "http://a.example/1.html,谢谢",
            "见http://a.example/1.html.",
            "[http://a.example/1.html]",
            "http://a.example/1.html; 完",
        ] {
            assert_eq!(of(marked), ["http://a.example/1.html"], "{marked}");
        }
        let whole = "http://a.example/zwgk/2026/notice.html";
        for shown in ["http://a.example/zwgk/2...", "http://a.example/zwgk/2…", "http://a.example/zwgk/2026/no", whole]
        {
            assert_eq!(of(&format!("<a href='{whole}'>{shown}</a>")), [whole], "{shown}");
        }
        assert_eq!(of(&format!("<a href='{whole}'>详情</a> http://a.example")), [whole, "http://a.example/"]);
        assert!(text.starts_with("详见"));
    }

    #[test]
    fn a_certification_names_its_subject() {
        let named = |text: &str| subject(Some(text.to_owned()));
        assert_eq!(named("某某区卫生健康局官方微博").as_deref(), Some("某某区卫生健康局"));
        assert_eq!(named("某某区融媒体中心").as_deref(), Some("某某区融媒体中心"));
        assert_eq!(named(" "), None);
    }
}
