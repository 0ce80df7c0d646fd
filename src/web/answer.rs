//! The page behind a link (办理页面): a notice and its issues for the unit it went to, and 签收, 整改反馈, 申诉.
//!
//! Decisions that bind this module:
//! - Looking changes nothing: servers of chat products open links to preview them. Acts are posted.
//! - The address is the secret, so no other site can post in its reader's name; it is sent on to
//!   nobody (`Referrer-Policy`), kept by no cache, and never logged.
//! - No script, nothing from elsewhere, not to be framed. No name of a person.
//! - A wrong address costs its sender's next ones an answer; a right one is always answered, so nobody
//!   behind the same gateway is locked out by somebody else's guesses.

mod words;

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use self::words::{Words, words};
use super::Shared;
use crate::domain::Lang;
use crate::domain::issue::{Decision, EventKind, IssueStatus, decide};
use crate::domain::rule::Class;
use crate::domain::time::LocalTime;
use crate::issues::IssueError;
use crate::office::Office;
use crate::passes::{self, Act, Opened, PassError};
use crate::store::{PassAct, StoredIssue};

/// The style sheet, which stands in the page.
const STYLE: &str = include_str!("../../reports/templates/answer.css");
/// Bytes of a posted form.
const LARGEST_FORM: usize = 32 * 1024;
/// Characters of what somebody writes.
const LONGEST_TEXT: usize = 1_000;
/// Wrong addresses a minute, over all visitors, before they are no longer told so.
const GUESSES: u32 = 60;

static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
});

/// How many wrong addresses came in this minute.
#[derive(Debug, Default)]
pub(super) struct Guesses(Mutex<Option<(Instant, u32)>>);

impl Guesses {
    /// Counts one; `false` when there were too many.
    fn count(&self) -> bool {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) =
            counted.take().filter(|(since, _)| since.elapsed() < Duration::from_mins(1)).unwrap_or((Instant::now(), 0));
        *counted = Some((since, count.saturating_add(1)));
        count < GUESSES
    }
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    lang: String,
    /// The issue whose act has just been done, or `all`.
    #[serde(default)]
    done: String,
}

#[derive(Debug, Deserialize)]
struct Wish {
    /// `all`: every issue, to be acknowledged.
    issue: String,
    act: String,
    #[serde(default)]
    text: String,
}

#[derive(Template)]
#[template(path = "answer.html", config = "reports/askama.toml")]
struct Page<'a> {
    w: &'static Words,
    style: &'static str,
    title: String,
    office: &'a str,
    /// A sentence above everything else, and whether it tells of something done.
    banner: Option<(bool, String)>,
    notice: Option<Sheet>,
    longest: usize,
}

/// A notice as the page shows it.
struct Sheet {
    unit: String,
    kind: &'static str,
    number: String,
    written_at: String,
    valid_until: String,
    can_ack_all: bool,
    items: Vec<Item>,
}

/// One issue.
struct Item {
    id: i64,
    account: String,
    platform: &'static str,
    indicator: &'static str,
    class: &'static str,
    status: &'static str,
    tone: &'static str,
    summary: String,
    basis: String,
    remedy: String,
    recheck: String,
    due: String,
    done: Vec<String>,
    history: Vec<(String, &'static str, String)>,
    can_ack: bool,
    can_fix: bool,
    can_appeal: bool,
}

/// The routes of the page.
pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/a/{token}", get(show).post(act)).layer(DefaultBodyLimit::max(LARGEST_FORM))
}

async fn show(State(shared): State<Shared>, Path(token): Path<String>, Query(asked): Query<Asked>) -> Response {
    let lang = lang(&shared.office, &asked.lang);
    match passes::open(&shared.office, &token).await {
        Ok(opened) => {
            let banner = banner(&opened, &asked.done, lang);
            page(&shared.office, lang, StatusCode::OK, banner, Some(&opened))
        }
        Err(error) => refused(&shared, lang, &token, &error).await,
    }
}

async fn act(
    State(shared): State<Shared>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    form: Result<Form<Wish>, FormRejection>,
) -> Response {
    let (office, lang) = (&shared.office, lang(&shared.office, &asked.lang));
    let Ok(Form(wish)) = form else {
        return again(office, lang, &token, StatusCode::BAD_REQUEST, words(lang).no_form.to_owned()).await;
    };
    let text = wish.text.trim();
    if text.chars().count() > LONGEST_TEXT {
        return again(office, lang, &token, StatusCode::UNPROCESSABLE_ENTITY, words(lang).too_long.to_owned()).await;
    }
    let done = match (wish.issue.as_str(), Act::parse(&wish.act)) {
        ("all", Some(Act::Acknowledge)) => passes::acknowledge_all(office, &token).await.map(|_| "all".to_owned()),
        (issue, Some(act)) if issue.parse::<i64>().is_ok_and(|id| id > 0) => {
            let id = issue.parse().unwrap_or_default();
            passes::act(office, &token, id, act, text).await.map(|_| issue.to_owned())
        }
        _ => return again(office, lang, &token, StatusCode::BAD_REQUEST, words(lang).no_form.to_owned()).await,
    };
    match done {
        Ok(done) => {
            let mark = if done == "all" { String::new() } else { format!("#i{done}") };
            let location = format!("?lang={}&done={done}{mark}", lang.key());
            let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
            guard(response.headers_mut());
            response
        }
        Err(error) => refused(&shared, lang, &token, &error).await,
    }
}

/// The page of an act or a look that came to nothing.
async fn refused(shared: &Shared, lang: Lang, token: &str, error: &PassError) -> Response {
    let (office, w) = (&shared.office, words(lang));
    let closed = |status, text: &str| page(office, lang, status, Some((false, text.to_owned())), None);
    let (status, text) = match error {
        PassError::Invalid if !shared.guesses.count() => return closed(StatusCode::TOO_MANY_REQUESTS, w.too_many),
        PassError::Invalid => return closed(StatusCode::NOT_FOUND, w.invalid),
        PassError::Expired => return closed(StatusCode::GONE, w.expired),
        PassError::Used => (StatusCode::CONFLICT, w.used.to_owned()),
        PassError::OtherIssue(_) | PassError::Issue(IssueError::NotFound(_)) => {
            (StatusCode::NOT_FOUND, w.no_issue.to_owned())
        }
        PassError::Issue(IssueError::Refused { refusal, .. }) => {
            let text = match lang {
                Lang::Zh => refusal.zh(),
                Lang::En => refusal.to_string(),
            };
            (StatusCode::CONFLICT, text)
        }
        PassError::Issue(_) | PassError::Key(_) | PassError::Store(_) => {
            tracing::error!(%error, "a page of a notice could not be made");
            return closed(StatusCode::SERVICE_UNAVAILABLE, w.trouble);
        }
    };
    let note_missing = matches!(
        error,
        PassError::Issue(IssueError::Refused { refusal: crate::domain::issue::Refusal::NoteMissing, .. })
    );
    let status = if note_missing { StatusCode::UNPROCESSABLE_ENTITY } else { status };
    let text = if note_missing { w.say_what.to_owned() } else { text };
    again(office, lang, token, status, text).await
}

/// The notice once more, with what was wrong above it.
async fn again(office: &Office, lang: Lang, token: &str, status: StatusCode, text: String) -> Response {
    let opened = passes::open(office, token).await.ok();
    page(office, lang, status, Some((false, text)), opened.as_ref())
}

fn lang(office: &Office, asked: &str) -> Lang {
    asked.parse().unwrap_or_else(|_| office.lang())
}

/// What has just been done, as far as it was.
fn banner(opened: &Opened, done: &str, lang: Lang) -> Option<(bool, String)> {
    let w = words(lang);
    if done == "all" {
        return opened.acts.iter().any(|act| act.act == Act::Acknowledge.key()).then(|| (true, w.done_all.to_owned()));
    }
    let id: i64 = done.parse().ok()?;
    let last = opened.acts.iter().rfind(|act| act.issue == id)?;
    Some((true, format!("{}{}", said(last, lang), w.recorded)))
}

fn said(act: &PassAct, lang: Lang) -> String {
    let name = Act::parse(&act.act).map_or("", |act| act.name(lang));
    match lang {
        Lang::Zh => format!("{} 号问题{name}", act.issue),
        Lang::En => format!("#{}: {}", act.issue, name.to_lowercase()),
    }
}

fn page(
    office: &Office,
    lang: Lang,
    status: StatusCode,
    banner: Option<(bool, String)>,
    opened: Option<&Opened>,
) -> Response {
    let w = words(lang);
    let notice = opened.map(|opened| sheet(office, opened, lang));
    let title = notice.as_ref().map_or_else(|| w.title.to_owned(), |n| format!("{} {}", n.kind, n.number));
    let page =
        Page { w, style: STYLE, title, office: &office.config.office.name, banner, notice, longest: LONGEST_TEXT };
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    guard(response.headers_mut());
    response
}

/// What keeps the page and its address to its reader.
fn guard(headers: &mut HeaderMap) {
    let fixed: [(HeaderName, &'static str); 5] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(policy) = &*POLICY {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    }
}

fn sheet(office: &Office, opened: &Opened, lang: Lang) -> Sheet {
    let items: Vec<Item> = opened.issues.iter().map(|found| item(office, found, &opened.acts, lang)).collect();
    Sheet {
        unit: opened.pass.unit.clone(),
        kind: opened.notice.kind.name(lang),
        number: opened.notice.number.clone(),
        written_at: office.local(opened.notice.created_at).minute(),
        valid_until: office.local(opened.pass.expires_at).date(),
        can_ack_all: items.iter().filter(|item| item.can_ack).count() > 1,
        items,
    }
}

fn item(office: &Office, found: &StoredIssue, acts: &[PassAct], lang: Lang) -> Item {
    let (issue, state, w, now) = (&found.issue, &found.state, words(lang), office.now());
    let rule = office.rules.indicators.get(&issue.indicator);
    let pick = |zh: Option<&String>, en: Option<&String>| {
        let text = match lang {
            Lang::Zh => zh,
            Lang::En => en,
        };
        text.cloned().unwrap_or_default()
    };
    let is_used = |act: Act| acts.iter().any(|done| done.issue == issue.id && done.act == act.key());
    let can = |act: Act| !is_used(act) && matches!(decide(state, &act.action(), "…", now), Ok(Decision::Change(..)));
    // Advice wants neither; and what is reported as rectified waits for its recheck.
    let is_advice = issue.class == Class::Advice;
    let mine = acts.iter().filter(|act| act.issue == issue.id);
    Item {
        id: issue.id,
        account: issue.account.clone(),
        platform: issue.platform.name(lang),
        indicator: issue.indicator.name(lang),
        class: issue.class.name(lang),
        status: issue.status.name(lang),
        tone: tone(issue.status),
        summary: issue.summary.clone(),
        basis: format!("{} {}", issue.rule.document, issue.rule.clause).trim().to_owned(),
        remedy: pick(rule.map(|r| &r.remedy_zh), rule.map(|r| &r.remedy_en)),
        recheck: pick(rule.map(|r| &r.recheck_zh), rule.map(|r| &r.recheck_en)),
        due: due(issue.due_at, issue.due_provisional, w),
        done: mine
            .map(|act| {
                let name = Act::parse(&act.act).map_or("", |act| act.name(lang));
                format!("{name}：{}", office.local(act.at).minute()).replace('：', w.colon)
            })
            .collect(),
        history: issue
            .events
            .iter()
            .map(|event| {
                let note = if is_decision(event.kind) { event.note.chars().take(200).collect() } else { String::new() };
                (event.at.minute(), event.kind.name(lang), note)
            })
            .collect(),
        can_ack: can(Act::Acknowledge),
        can_fix: can(Act::Fix) && !is_advice,
        can_appeal: can(Act::Appeal) && !is_advice && issue.status != IssueStatus::Rectified,
    }
}

fn due(at: Option<LocalTime>, provisional: bool, w: &Words) -> String {
    match at {
        Some(at) if provisional => format!("{}{}", at.date(), w.provisional),
        Some(at) => at.date(),
        None => "—".to_owned(),
    }
}

/// What the office said to the unit; what others wrote is nobody's to read here.
const fn is_decision(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Rejected
            | EventKind::Upheld
            | EventKind::Revoked
            | EventKind::Closed
            | EventKind::Dismissed
            | EventKind::Extended
            | EventKind::ExtensionRefused
            | EventKind::Escalated
    )
}

const fn tone(status: IssueStatus) -> &'static str {
    match status {
        IssueStatus::Closed | IssueStatus::Revoked | IssueStatus::Dismissed => "ok",
        IssueStatus::Overdue | IssueStatus::Escalated => "bad",
        IssueStatus::Rectified | IssueStatus::Appealed => "wait",
        IssueStatus::Open | IssueStatus::Notified | IssueStatus::Acknowledged => "open",
    }
}
