//! Notices in English.

use super::page::{Button, Line, Message, Page, clip};
use super::{Due, Way, ends, who};
use crate::domain::Lang;
use crate::domain::issue::EventKind;
use crate::domain::notice::{
    Alert, BlindLine, IssueLine, NoticeBody, NoticeItem, SecondFor, SilentSoon, SuspicionLine, UndeliveredLine, Undone,
};
use crate::domain::round::RoundName;
use crate::domain::rule::Class;
use crate::domain::time::LocalTime;

/// What of a text somebody typed is repeated in a notice.
const SAID: usize = 400;

pub(super) fn notice(
    body: &NoticeBody,
    number: &str,
    unit: Option<&str>,
    due: Due<'_>,
    buttons: Vec<Vec<Button>>,
) -> Message {
    page(body, number, unit, due, Way::Here).buttons(buttons).finish(more)
}

pub(super) fn page(body: &NoticeBody, number: &str, unit: Option<&str>, due: Due<'_>, way: Way) -> Page {
    let advice = matches!(body, NoticeBody::Rectification { items, .. } if items.iter().all(is_advice));
    let kind = if advice { "Advice" } else { body.kind().en() };
    let page = Page::of(Line::strong(format!("[{kind}]")).text(format!(" No. {number}")));
    let page = match unit {
        // A farewell is to a person.
        Some(unit) if !matches!(body, NoticeBody::Farewell { .. }) => page.head(Line::of(format!("To: {unit}"))),
        _ => page,
    };
    let page = match body {
        NoticeBody::Rectification { round, as_of, items } => {
            let found = format!("The {} (monitoring time {})", round_name(*round), as_of.minute());
            rectifications(page.loose(), &found, items, due, way)
        }
        NoticeBody::Warning { accounts } => page
            .head(Line::of("These accounts come close to the update limit; please publish in time. This warning is not counted against anyone."))
            .items(accounts.iter().map(silent_soon)),
        NoticeBody::Reminder { lines, last_day } => page
            .head(Line::of(if *last_day {
                "At least one of these problems is due today. Please rectify and report; ask for an extension today if you need one."
            } else {
                "Half of the time for these problems is over. Please rectify and report."
            }))
            .items(lines.iter().map(|line| vec![issue_line(line, false)])),
        NoticeBody::Decision { line, what, note } => {
            // A recheck that failed says what it saw just now: the old finding beside it would only confuse.
            let old = *what != EventKind::Rejected || note.trim().is_empty();
            let page = page
                .head(if old { subject(line, false) } else { account(line) })
                .head(Line::of("Decision: ").bold(decision(*what)));
            let said = if old { "Note: " } else { "Reason: " };
            let page = if note.trim().is_empty() { page } else { page.head(Line::of(said).text(clip(note, SAID))) };
            match line.due_at {
                Some(at) if matches!(what, EventKind::Upheld | EventKind::Extended | EventKind::ExtensionRefused | EventKind::Rejected) => {
                    page.head(Line::of("Due: ").text(day(at, line.due_provisional)))
                }
                _ => page,
            }
        }
        NoticeBody::Alert(alert) => self::alert(page, alert),
        NoticeBody::Digest { .. } => digest(page, body),
        NoticeBody::Farewell { name, role, unit } => page
            .head(Line::of(format!("{name}:")))
            .head(Line::of(format!(
                "your role ({}{}) was taken back, and no further notices will come to you here. What you did stays on \
                 record; thank you for your work.",
                role.en().to_lowercase(),
                unit.as_deref().map(|unit| format!(", {unit}")).unwrap_or_default()
            )))
            .head(Line::of("If this is a mistake, please ask the supervising office.")),
    };
    match way {
        Way::Here => page,
        Way::Link => page
            .tail(Line::of("The link is for your unit alone; please do not pass it on. This robot hears no replies.")),
        Way::Elsewhere if unit.is_some() => page.tail(Line::of("This robot hears no replies.")),
        Way::Elsewhere => {
            page.tail(Line::of("This robot hears no commands; please act in your chat with the xuncha bot."))
        }
    }
}

fn is_advice(item: &NoticeItem) -> bool {
    item.class == Class::Advice
}

/// What has to be rectified, and what is no more than advice; only the first is counted.
fn rectifications(page: Page, found: &str, items: &[NoticeItem], due: Due<'_>, way: Way) -> Page {
    let (advice, problems): (Vec<_>, Vec<_>) = items.iter().partition(|item| is_advice(item));
    let repeat = "This notice may come twice; the same number is the same notice.";
    if problems.is_empty() {
        let n = count(advice.len(), "point", "points");
        return page
            .head(Line::of(format!(
                "{found} noticed {n} for your unit to consider: no problem is reported, and there is no deadline."
            )))
            .items(advice.into_iter().map(suggestion))
            .tail(Line::of("Please acknowledge; your opinion, or what you did, is welcome."))
            .tail(Line::of(repeat));
    }
    let page = page.head(Line::of(format!(
        "{found} found {} at your unit. Please rectify and report within the time allowed.{}",
        count(problems.len(), "problem", "problems"),
        if advice.is_empty() {
            String::new()
        } else {
            format!(" Besides, {} of advice to consider.", count(advice.len(), "point", "points"))
        }
    )));
    page.items(problems.into_iter().map(|item| rectification(item, due)))
        .items(advice.into_iter().map(suggestion))
        .tail(Line::of(match way {
            Way::Here => {
                "Please acknowledge, and report once rectified; appeal if you disagree, and ask in \
                 time if you need longer. Use the buttons, or send /ack ID, /fix ID what was done, /appeal ID why, \
                 /extend ID DATE why."
            }
            Way::Link => {
                "Please open the page of this notice to acknowledge, and again to report once rectified; appeal \
                 there if you disagree."
            }
            Way::Elsewhere => {
                "Please tell the supervisors that you received it, and report to them once rectified; appeal in \
                 writing if you disagree."
            }
        }))
        .tail(Line::of(repeat))
}

fn suggestion(item: &NoticeItem) -> Vec<Line> {
    vec![
        Line::strong(format!("#{} {} ({})", item.issue, item.account, item.platform.en())),
        Line::of(format!("Advice: {}", item.indicator.en())),
        Line::of("Seen: ").text(&item.summary),
        Line::of("Basis: ").text(&item.basis),
        Line::of("Suggested: ").text(&item.remedy.en),
    ]
}

fn rectification(item: &NoticeItem, due: Due<'_>) -> Vec<Line> {
    let (on, provisional) = due(item.class);
    vec![
        Line::strong(format!("#{} {} ({})", item.issue, item.account, item.platform.en())),
        Line::of(format!("Indicator: {} [{}]", item.indicator.en(), item.class.en())),
        Line::of("Found: ").text(&item.summary),
        Line::of("Basis: ").text(&item.basis),
        Line::of("To do: ").text(&item.remedy.en),
        Line::of("Due: ").bold(on.to_string()).text(format!(
            " ({}{})",
            count(item.working_days as usize, "working day", "working days"),
            if provisional { ", provisional" } else { "" }
        )),
        Line::of("Recheck: ").text(&item.recheck.en),
    ]
}

fn silent_soon(account: &SilentSoon) -> Vec<Line> {
    vec![
        Line::of("· ")
            .bold(format!("{} ({})", account.account, account.platform.en()))
            .text(format!(": last post {}, {} days ago; ", account.newest_at.minute(), account.days))
            .text(format!("a violation unless updated before {}", account.violation_at.minute())),
    ]
}

/// `#12 account (platform)`.
fn account(line: &IssueLine) -> Line {
    Line::strong(format!("#{}", line.issue)).text(format!(" {} ({})", line.account, line.platform.en()))
}

/// `#12 account (platform): what`.
fn subject(line: &IssueLine, with_unit: bool) -> Line {
    let text = Line::strong(format!("#{}", line.issue)).text(" ");
    let text = if with_unit { text.text(&line.unit).text(" · ") } else { text };
    text.text(format!("{} ({}): ", line.account, line.platform.en())).text(&line.summary)
}

/// The same and the date.
fn issue_line(line: &IssueLine, with_unit: bool) -> Line {
    let text = subject(line, with_unit);
    match line.due_at {
        Some(at) => text.text(format!(" (due {})", day(at, line.due_provisional))),
        None => text,
    }
}

fn suspicion(line: &SuspicionLine) -> Line {
    let text = Line::strong(format!("Finding {}", line.finding)).text(" ").text(&line.account);
    text.text(format!(" ({}): ", line.indicator.en())).text(clip(&line.summary, SAID))
}

fn alert(page: Page, alert: &Alert) -> Page {
    match alert {
        Alert::RoundJudged { round, looked_at, issues, vetoes, veto_count, doubtful, unverified } => {
            let page = page
                .head(Line::of(format!("The {} has been judged.", round_name(*round))))
                .head(Line::of(format!(
                    "Accounts looked at: {looked_at}; problems: {issues}, of these veto: {veto_count}; to be decided by a person: {doubtful}; accounts that could not be judged: {unverified}."
                )))
                .items(vetoes.iter().map(|line| vec![issue_line(line, true)]));
            if *doubtful > 0 { page.tail(Line::of("Send /queue to decide the doubtful ones.")) } else { page }
        }
        Alert::TextsSuspected { round, privacy, expression, lines } => page
            .head(Line::of(format!(
                "The {} newly suspects personal data in {privacy} place(s) and wrong wording in {expression}. Please decide today.",
                round_name(*round)
            )))
            .items(lines.iter().map(|line| vec![suspicion(line)]))
            .tail(Line::of("Send /queue to confirm or dismiss each; the unit is told at once of what is confirmed.")),
        Alert::Appealed { line, why, by, files } => page
            .head(Line::of(format!("{} ({}) appeals; the clock has stopped. Please decide.", line.unit, who(by, Lang::En))))
            .head(subject(line, false))
            .head(Line::of("Reason: ").text(clip(why, SAID)))
            .heads((*files > 0).then(|| Line::of(format!("Files: {files}")))),
        Alert::ExtensionRequested { line, until, why, by } => page
            .head(Line::of(format!(
                "{} ({}) asks for an extension until {}. Please decide.",
                line.unit,
                who(by, Lang::En),
                until.date()
            )))
            .head(issue_line(line, false))
            .head(Line::of("Reason: ").text(clip(why, SAID))),
        Alert::Rectified { line, what, by, .. } => page
            .head(Line::of(format!("{} ({}) reports a rectification that a person has to check.", line.unit, who(by, Lang::En))))
            .head(issue_line(line, false))
            .head(Line::of("What was done: ").text(clip(what, SAID))),
        Alert::Rechecked { line, passed, closed, what, asked_by, .. } => {
            let result = match (passed, closed) {
                (Some(true), true) => "in order now; closed",
                (Some(true), false) => "in order now; please confirm by closing it",
                (Some(false), _) => "still not in order",
                (None, _) => "could not be told; a person has to look",
            };
            let page = match asked_by.as_str() {
                "" => page,
                by => page.head(Line::of(format!("The recheck that {by} asked for has been made."))),
            };
            page.head(issue_line(line, true))
                .head(Line::of("The machine's recheck: ").bold(result))
                .head(Line::of("What was seen: ").text(clip(what, SAID)))
        }
        Alert::Veto { line, by } => page
            .head(Line::of(format!("{} confirmed a veto-class problem; it is opened, and the unit will be told.", who(by, Lang::En))))
            .head(issue_line(line, true)),
        Alert::SecondWanted { request, what, note, by, until } => {
            let page = match what {
                SecondFor::Close { line } => page
                    .head(Line::of(format!(
                        "{} asks to close this problem; no recheck has passed, so another supervisor has to agree (request {request}).",
                        who(by, Lang::En)
                    )))
                    .head(issue_line(line, true)),
                SecondFor::Revoke { line } => page
                    .head(Line::of(format!(
                        "{} asks to revoke this problem; it is not under appeal, so another supervisor has to agree (request {request}).",
                        who(by, Lang::En)
                    )))
                    .head(issue_line(line, true)),
                SecondFor::Notices { round, units, issues } => page.head(Line::of(format!(
                    "The {} is about to send notices to {units} units over {issues} problems; two supervisors have to agree first (request {request}).",
                    round_name(*round)
                ))),
            };
            let page = if note.trim().is_empty() { page } else { page.head(Line::of("Note: ").text(clip(note, SAID))) };
            let page = page.head(Line::of(format!(
                "Please answer before {}, or send /approve {request} or /decline {request}.",
                until.minute()
            )));
            if by.is_empty() { page } else { page.head(Line::of("Nobody agrees to their own request.")) }
        }
        Alert::SecondLapsed { request, what, since } => {
            let why = match since {
                Some(kind) => format!("the problem has moved on since ({})", kind.en().to_lowercase()),
                None => "the agreement it needs did not come in time".to_owned(),
            };
            let (what, line) = match what {
                Undone::Close { line } => ("to close this problem", line),
                Undone::Revoke { line } => ("to revoke this problem", line),
            };
            let page = page
                .head(Line::of(format!("Request {request} ({what}) has lapsed, and nothing was done: {why}.")))
                .head(issue_line(line, true));
            if since.is_some_and(ends) { page } else { page.head(Line::of("Ask again if it is still wanted.")) }
        }
        Alert::Feedback { unit, text, by } => page
            .head(Line::of(format!("Feedback from {} ({}):", unit.as_deref().unwrap_or("no unit"), who(by, Lang::En))))
            .head(Line::of(clip(text, 1_000))),
        Alert::RobotRefuses { robot, unit, why } => page
            .head(Line::of(format!(
                "The {} group robot for {} refuses messages; they are kept and sent again by themselves.",
                robot.en,
                unit.as_deref().unwrap_or("the supervisors")
            )))
            .head(Line::of("The channel says: ").text(clip(why, SAID)))
            .head(Line::of(
                "Compare the robot's security settings (keywords, signing secret, IP list) with the configuration; \
                 `No.` will do as a keyword.",
            )),
        Alert::Undeliverable { unit, number, why } => page
            .head(Line::of(format!(
                "Notice {number} cannot be delivered to {}.",
                unit.as_deref().unwrap_or("the supervisors")
            )))
            .head(Line::of("The channel says: ").text(clip(why, SAID)))
            .head(Line::of("Have them bind again: /invite UNIT makes a new code.")),
    }
}

fn digest(page: Page, body: &NoticeBody) -> Page {
    let NoticeBody::Digest {
        on,
        opened,
        live,
        overdue,
        escalated,
        held_off,
        requests,
        held,
        overdue_count,
        doubtful,
        appeals,
        extensions,
        undelivered,
        blind_count,
        blind,
    } = body
    else {
        return page;
    };
    let mut page = page.head(Line::of(format!("{on}: {opened} opened, {live} live, {overdue_count} overdue.")));
    let settled: Vec<String> = [(*escalated, "escalated"), (*held_off, "not to be escalated for now")]
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    if !settled.is_empty() {
        page = page.head(Line::of(format!("Of the overdue ones not listed again: {}.", settled.join(", "))));
    }
    if !requests.is_empty() {
        let numbers: Vec<String> = requests.iter().map(ToString::to_string).collect();
        page = page.head(Line::of(format!(
            "Waiting for a second supervisor: request {}; send /approve or /decline with its number.",
            numbers.join(", ")
        )));
    }
    if !held.is_empty() {
        let numbers: Vec<String> = held.iter().map(ToString::to_string).collect();
        page = page.head(Line::of(format!(
            "Notices still held (request {}): to send them, two supervisors send /approve with its number.",
            numbers.join(", ")
        )));
    }
    if *doubtful > 0 {
        page = page.head(Line::of(format!("{doubtful} to be decided by a person: send /queue.")));
    }
    let titled = |title: &str, lines: &[IssueLine]| -> Vec<Vec<Line>> {
        let heading = (!lines.is_empty()).then(|| vec![Line::strong(title)]);
        heading.into_iter().chain(lines.iter().map(|line| vec![issue_line(line, true)])).collect()
    };
    page = page
        .items(titled("Overdue: escalate? Please choose for each", overdue))
        .items(titled("Appeals waiting", appeals))
        .items(titled("Extensions waiting", extensions));
    if !undelivered.is_empty() {
        page = page.items([vec![Line::strong("Not delivered")]]).items(undelivered.iter().map(undelivered_line));
    }
    if *blind_count > 0 {
        let title = format!("Sources that cannot be read: {blind_count}");
        page = page.items([vec![Line::strong(title)]]).items(blind.iter().map(blind_line));
    }
    page
}

fn blind_line(line: &BlindLine) -> Vec<Line> {
    let (platform, state, since) = (line.platform.en(), line.state.en(), line.since.minute());
    vec![Line::of(format!("· {} ({platform}): {state} since {since}; ", line.account)).text(&line.why)]
}

fn undelivered_line(line: &UndeliveredLine) -> Vec<Line> {
    vec![
        Line::of(format!("{} {}: ", line.number, line.unit.as_deref().unwrap_or("the supervisors")))
            .text(line.why.as_deref().unwrap_or("nobody is bound")),
    ]
}

fn decision(what: EventKind) -> &'static str {
    match what {
        EventKind::Upheld => "upheld; the clock runs on",
        EventKind::Revoked => "revoked; the problem no longer counts",
        EventKind::Rechecked => "looked at again",
        EventKind::Rejected => "returned; please go on rectifying",
        EventKind::Closed => "closed",
        EventKind::Dismissed => "dismissed; the problem no longer counts",
        EventKind::Extended => "extension granted",
        EventKind::ExtensionRefused => "extension refused",
        EventKind::Overdue => "the deadline has passed",
        EventKind::Escalated => "escalated; please rectify at once",
        other => other.en(),
    }
}

/// `quarterly sample 2026Q4`.
pub(super) fn round_name(round: RoundName) -> String {
    format!("{} {round}", round.kind().en().to_lowercase())
}

pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

pub(super) fn day(at: LocalTime, provisional: bool) -> String {
    format!("{}{}", at.date(), if provisional { " (provisional)" } else { "" })
}

pub(super) fn more(cut: usize) -> Line {
    Line::of(format!("… and {cut} more: send /issues."))
}
