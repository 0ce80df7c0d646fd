//! `probe`: what a source adapter sees. Needs no database.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{CheckFailed, Context, Usage};
use crate::app;
use crate::clock::Clock;
use crate::domain::Lang;
use crate::domain::account::SourceKind;
use crate::domain::post::Profile;
use crate::domain::site::{FooterMark, SiteRule};
use crate::domain::time::LocalTime;
use crate::fetch::Page;
use crate::sources::{self, ReadContext, site};

#[derive(Serialize)]
struct View<'a> {
    kind: SourceKind,
    url: &'a str,
    profile: Option<Profile>,
    posts: Vec<PostView>,
    newest: Option<LocalTime>,
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<SiteView>,
}

/// What a website shows beside its posts.
#[derive(Serialize)]
struct SiteView {
    marks: Vec<FooterMark>,
    missing_marks: Vec<FooterMark>,
    foot_seen: bool,
    columns: Vec<site::Column>,
}

#[derive(Serialize)]
struct PostView {
    id: String,
    url: Option<String>,
    title: String,
    published_at: Option<chrono::DateTime<chrono::FixedOffset>>,
    text_chars: usize,
    links: Vec<String>,
}

pub(super) async fn run(context: &mut Context, kind: SourceKind, url: &str, options: &[String]) -> anyhow::Result<()> {
    let config = context.config()?;
    let lang = context.out.lang;
    let zone = config.office.timezone;
    let options = parse_options(options)?;
    kind.check_options(&options)
        .map_err(|fault| Usage { zh: format!("--option：{}", fault.zh()), en: format!("--option: {}", fault.en()) })?;
    let failed = |zh: String, en: String| -> anyhow::Error { CheckFailed { zh, en }.into() };
    if !sources::is_read_by_machine(kind) {
        let why = sources::Unreadable::ByHand;
        let (zh, en) = (why.sentence(Lang::Zh), why.sentence(Lang::En));
        return Err(failed(format!("{}（{kind}）：{zh}", kind.zh()), format!("{kind}: {en}")));
    }
    let fetcher = app::open_fetcher(&config)?;
    let page = fetcher.get(url).await.map_err(|f| {
        failed(format!("{url}：{}（{}）", f.kind.zh(), f.detail), format!("{url}: {} ({})", f.kind.en(), f.detail))
    })?;
    let as_of = Clock::system().now();
    let reading = sources::read(kind, &page, &options, &ReadContext::at(as_of, zone)).map_err(|why| {
        failed(format!("{url}：{}", why.sentence(Lang::Zh)), format!("{url}: {}", why.sentence(Lang::En)))
    })?;
    let site = (kind == SourceKind::Site).then(|| look_at_site(&page, &options, as_of, zone));
    let newest = reading.newest_until(as_of).map(|at| LocalTime::new(at.to_utc(), zone));
    let posts: Vec<PostView> = reading
        .posts
        .into_iter()
        .map(|post| PostView {
            id: post.id,
            url: post.url,
            title: post.title,
            published_at: post.published_at,
            text_chars: post.text.chars().count(),
            links: post.links,
        })
        .collect();
    let name = |zh: &'static str, en: &'static str| match lang {
        Lang::Zh => zh,
        Lang::En => en,
    };
    let mut lines = vec![
        (name("最新发布", "newest"), newest.map_or_else(|| "—".to_owned(), LocalTime::minute)),
        (name("条数", "posts"), posts.len().to_string()),
    ];
    for post in &posts {
        // By the office's clocks, as `newest` is: a source may state another offset.
        let at = post.published_at.map_or_else(|| "—".to_owned(), |at| LocalTime::new(at.to_utc(), zone).minute());
        lines.push((name("内容", "post"), format!("{at}  {}", post.title)));
    }
    let warnings: Vec<String> = reading.warnings.iter().map(|oddity| oddity.sentence(lang)).collect();
    lines.extend(warnings.iter().map(|warning| (name("注意", "warning"), warning.clone())));
    if let Some(site) = &site {
        lines.extend(site.marks_shown(lang));
        let column = |column: &site::Column| format!("{} {} {}", column.name, column.kind.name(lang), column.url);
        lines.extend(site.columns.iter().map(|found| (name("栏目", "column"), column(found))));
    }
    let view = View { kind, url, profile: reading.profile, posts, newest, warnings, site };
    context.out.one(&view, &lines)
}

impl SiteView {
    /// The marks seen and missing; of a foot that was not recognised, no mark can be called missing.
    fn marks_shown(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let pick = |zh: &'static str, en: &'static str| match lang {
            Lang::Zh => zh,
            Lang::En => en,
        };
        let mut lines = Vec::new();
        if !self.foot_seen {
            let text = pick(
                "未能识别网站底部（可能由脚本生成），巡检时不据此认定缺少标识",
                "not recognised (scripts may draw it): a round calls no mark missing",
            );
            lines.push((pick("网站底部", "foot"), text.to_owned()));
        }
        lines.extend(self.marks.iter().map(|mark| (pick("标识", "mark"), mark.name(lang).to_owned())));
        if self.foot_seen {
            let missing = self.missing_marks.iter();
            lines.extend(missing.map(|mark| (pick("未见标识", "missing mark"), mark.name(lang).to_owned())));
        }
        lines
    }
}

/// The marks of the built-in rules, and the columns listed or found.
fn look_at_site(page: &Page, options: &Map<String, Value>, as_of: DateTime<Utc>, timezone: Tz) -> SiteView {
    let context = ReadContext::at(as_of, timezone);
    let rule = SiteRule::default();
    let front = site::examine(page, &context);
    let listed = site::listed_columns(options, &page.url).ok().filter(|listed| !listed.is_empty());
    let columns = listed.unwrap_or_else(|| site::found_columns(page, &rule, &context));
    let missing_marks = rule.footer.into_iter().filter(|mark| !front.marks.contains(mark)).collect();
    SiteView { marks: front.marks, missing_marks, foot_seen: front.foot_seen, columns }
}

fn parse_options(options: &[String]) -> anyhow::Result<Map<String, Value>> {
    options
        .iter()
        .map(|option| match option.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), Value::String(value.to_owned()))),
            _ => Err(Usage {
                zh: format!("--option：“{option}”应写成 KEY=VALUE"),
                en: format!("--option: `{option}` is not KEY=VALUE"),
            }
            .into()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_foot_that_was_not_recognised_no_mark_is_called_missing() {
        let shown = |foot_seen| {
            let missing_marks = FooterMark::ALL.to_vec();
            SiteView { marks: Vec::new(), missing_marks, foot_seen, columns: Vec::new() }.marks_shown(Lang::Zh)
        };
        assert_eq!(shown(true).len(), FooterMark::ALL.len());
        assert_eq!(shown(false).iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["网站底部"]);
    }
}
