//! Answers in English.

use super::en::{count, day, more, round_name};
use super::page::{Line, Message, Page, clip};
use super::{BindRefusal, Progress, Reply, commands_of, queue_buttons, show_buttons, step_buttons, why_buttons};
use crate::chat::commands::Verb;
use crate::domain::Lang;
use crate::domain::finding::{Finding, Outcome};
use crate::domain::issue::{Issue, IssueStatus, Refusal};
use crate::domain::person::Role;
use crate::store::{Person, StoredIssue};

pub(super) fn reply(reply: &Reply<'_>) -> Message {
    page(reply).finish(more)
}

fn page(reply: &Reply<'_>) -> Page {
    match reply {
        Reply::Welcome => Page::of(Line::of(
            "Hello. This bot brings the findings of the new-media inspection and takes your reports.",
        ))
        .head(Line::of("Send ").code("/bind CODE").text(" first; the supervising office gives you the code.")),
        Reply::Help(roles) => help(roles),
        Reply::Bound(person) => bound(person),
        Reply::NotBound(why) => say(match why {
            BindRefusal::Unknown => "The code is not right; please check it and send it again.",
            BindRefusal::Expired => "The code has expired; please ask the supervising office for a new one.",
            BindRefusal::Used => "The code was used before; please ask the supervising office for a new one.",
            BindRefusal::TooManyTries => "Too many tries; please wait an hour.",
        }),
        Reply::Anonymous => {
            say("You write anonymously, so nobody can tell who acts. Please turn that off and send it again.")
        }
        Reply::Forwarded => say("A forwarded message is not acted upon; please have the person in charge send it."),
        Reply::NotYours => say("Your role does not allow this. Send /help for what it does."),
        Reply::PrivateOnly => say("Please use this command in a private chat with the bot."),
        Reply::NoIssue(id) => say(&format!("There is no problem #{id}. Send /issues for the list.")),
        Reply::NoFinding(id) => say(&format!("There is no doubtful finding #{id}, or somebody has decided it.")),
        Reply::NoRound => say("There is no such round. Write 2026Q4, 2026H2 or 2026-11-23."),
        Reply::NoUnit(unit) => Page::of(
            Line::of("No account of the unit “").text(clip(unit, 100)).text("” is registered; check its full name."),
        ),
        Reply::Refused(id, refusal) => Page::of(Line::strong(format!("#{id}: ")).text(refused(refusal))),
        Reply::Usage(verb) => {
            let (arguments, about) = about(*verb);
            Page::of(Line::of(about)).head(Line::of("Write: ").code(format!("/{verb} {arguments}").trim()))
        }
        Reply::Unknown => say("That was not understood. Send /help for the commands."),
        Reply::Ask(verb, id) => Page::of(Line::strong(format!("〔{verb} {id}〕")).text(match verb {
            Verb::Fix => " Please reply to this message: what was done?",
            Verb::Appeal => " Please reply to this message: why do you appeal?",
            Verb::Extend => {
                " Please reply to this message with a date and the reason, such as: 2026-12-01 system upgrade."
            }
            _ => " Please reply to this message: what is the reason?",
        }))
        .ask(),
        Reply::AskWhy(id) => Page::of(
            Line::strong(format!("〔dismiss {id}〕"))
                .text(" Please choose the reason, or reply to this message with yours."),
        )
        .buttons(why_buttons(*id, Lang::En)),
        Reply::Done { verb, changed, issue } => done(*verb, *changed, issue),
        Reply::AckedAll(0) => say("There is nothing to acknowledge."),
        Reply::AckedAll(n) => {
            say(&format!("Acknowledged {}. Send /issues for the dates.", count(*n, "problem", "problems")))
        }
        Reply::Issue { issue, steps } => issue_in_full(issue).buttons(step_buttons(steps, &issue.issue, Lang::En)),
        Reply::Issues { issues: [], overdue, .. } => {
            say(if *overdue { "Nothing is overdue." } else { "There are no live problems." })
        }
        Reply::Issues { issues, capped, overdue, with_unit } => {
            Page::of(Line::strong(if *overdue { "Overdue problems" } else { "Live problems" }).text(format!(
                ": {}{}",
                if *capped { "the first " } else { "" },
                issues.len()
            )))
            .items(issues.iter().map(|stored| vec![short(&stored.issue, *with_unit)]))
            .tail(Line::of("For details send /issue ID"))
            .buttons(show_buttons(issues, Lang::En))
        }
        Reply::Queue { findings: [], .. } => say("Nothing waits for a decision."),
        Reply::Queue { findings, total } => Page::of(
            Line::strong("To be decided").text(format!(": {total} in all, the first {} follow", findings.len())),
        )
        .loose()
        .items(findings.iter().map(doubtful))
        .tail(Line::of("Please open the link, then confirm or dismiss."))
        .buttons(queue_buttons(findings, Lang::En)),
        Reply::Decided(finding) => {
            Page::of(Line::strong(format!("#{} {}: ", finding.id, finding.account)).text(match finding.outcome {
                Outcome::Fail => "confirmed.",
                _ => "dismissed.",
            }))
        }
        Reply::Status(progress) => status(progress),
        Reply::Invite { code, unit, expires_at } => Page::of(Line::of(format!("The code for {unit}: ")).code(code))
            .head(Line::of(format!("Good for one use until {}.", expires_at.minute())))
            .head(Line::of("To be sent to this bot: ").code(format!("/bind {code}"))),
        Reply::LangSet => say("English it is."),
        Reply::Thanks => say("Passed on to the supervising office, thank you."),
        Reply::Trouble => say("This could not be done just now; please try again later."),
    }
}

fn say(text: &str) -> Page {
    Page::of(Line::of(text))
}

/// Chat readers know no command-line options.
fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoteMissing => "Please say why.".into(),
        Refusal::NothingRequested => "No extension was asked for.".into(),
        other => {
            let text = other.to_string();
            let mut chars = text.chars();
            chars.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
        }
    }
}

fn help(roles: &[Role]) -> Page {
    Page::of(Line::strong("Commands")).items(commands_of(roles).into_iter().map(|verb| {
        let (arguments, about) = about(verb);
        vec![Line::default().code(format!("/{verb} {arguments}").trim()).text(format!(" {about}"))]
    }))
}

fn bound(person: &Person) -> Page {
    let role = person.role.en().to_lowercase();
    let page = Page::of(Line::of("Bound as ").bold(match &person.unit {
        Some(unit) => format!("{role} of {unit}"),
        None => role,
    }));
    match person.role {
        Role::UnitAdmin => page
            .head(Line::of("Notices that waited for you follow. Send /issues for the list, /help for the commands.")),
        Role::Supervisor | Role::Auditor => page.head(Line::of("Send /help for the commands.")),
    }
}

fn done(verb: Verb, changed: bool, stored: &StoredIssue) -> Page {
    let issue = &stored.issue;
    let what = match (verb, changed) {
        (Verb::Ack, true) => "acknowledged",
        (Verb::Ack, false) => "was acknowledged before",
        (Verb::Fix, true) => "your report was received; a recheck follows",
        (Verb::Fix, false) => "your report was received before; the recheck is pending",
        (Verb::Appeal, true) => "your appeal was received; the clock stands still until it is decided",
        (Verb::Appeal, false) => "the appeal is being dealt with",
        (Verb::Extend, true) => "the extension was asked for; the date stands until it is decided",
        (Verb::Extend, false) => "this extension was asked for before",
        (Verb::Uphold, _) => "upheld; the clock runs on",
        (Verb::Revoke, true) => "revoked",
        (Verb::Reject, _) => "returned",
        (Verb::Recheck, _) => "will be rechecked",
        (Verb::Grant, true) => "extension granted",
        (Verb::Refuse, _) => "extension refused",
        (Verb::Escalate, true) => "escalated",
        (Verb::Close, true) => "closed",
        _ => "was done before",
    };
    let line = Line::strong(format!("#{}: ", issue.id)).text(what).text(".");
    let line = match issue.due_at {
        Some(at) if !issue.status.is_final() && !matches!(issue.status, IssueStatus::Appealed) => {
            line.text(format!(" Due {}.", day(at, issue.due_provisional)))
        }
        _ => line,
    };
    Page::of(line)
}

fn short(issue: &Issue, with_unit: bool) -> Line {
    let line = Line::strong(format!("#{}", issue.id)).text(" ");
    let line = if with_unit { line.text(&issue.unit).text(" · ") } else { line };
    let line = line
        .text(format!("{} ({}) {} [{}] ", issue.account, issue.platform.en(), issue.indicator.en(), issue.class.en()))
        .text(issue.status.en().to_lowercase());
    match issue.due_at {
        Some(at) => line.text(format!(", due {}", day(at, issue.due_provisional))),
        None => line,
    }
}

fn issue_in_full(stored: &StoredIssue) -> Page {
    let issue = &stored.issue;
    let mut page = Page::of(
        Line::strong(format!("#{} {} ({})", issue.id, issue.account, issue.platform.en()))
            .text(format!(" {}", issue.status.en().to_lowercase())),
    )
    .head(Line::of("Unit: ").text(&issue.unit))
    .head(Line::of(format!("Indicator: {} [{}]", issue.indicator.en(), issue.class.en())))
    .head(Line::of("Found: ").text(&issue.summary));
    if !issue.subject.is_empty() {
        page = page.head(Line::of("Subject: ").text(clip(&issue.subject, 300)));
    }
    page = page
        .head(Line::of(format!("Basis: {} {}", issue.rule.document, issue.rule.clause)))
        .head(Line::of(format!("Round: {} (monitoring time {})", issue.round, issue.as_of.minute())))
        .head(match issue.due_at {
            Some(at) => Line::of("Due: ").bold(day(at, issue.due_provisional)),
            None => Line::of("Due: counted from the day after the notice is delivered"),
        });
    let recent = issue.events.len().saturating_sub(8);
    page.items(issue.events.iter().skip(recent).map(|event| {
        let line = Line::of(format!("{} {} ({})", event.at.minute(), event.kind.en().to_lowercase(), event.actor));
        vec![if event.note.trim().is_empty() { line } else { line.text(": ").text(clip(&event.note, 200)) }]
    }))
}

fn doubtful(finding: &Finding) -> Vec<Line> {
    let mut lines = vec![
        Line::strong(format!("#{} {}", finding.id, finding.account)).text(format!(
            " {} [{}]",
            finding.indicator.en(),
            finding.class.en()
        )),
        Line::of(clip(&finding.summary, 200)),
    ];
    if let Some(url) = finding.evidence.url.as_ref().filter(|url| !finding.summary.contains(url.as_str())) {
        lines.push(Line::of(clip(url, 200)));
    }
    lines
}

fn status(progress: &Progress) -> Page {
    let count = |outcome: Outcome| -> i64 {
        progress.findings.iter().filter(|(_, o, _)| *o == outcome).map(|(_, _, n)| n).sum()
    };
    let mut page =
        Page::of(Line::strong(round_name(progress.round)).text(format!(": {}", progress.state.en().to_lowercase())))
            .head(Line::of(format!("Monitoring time {}", progress.as_of.minute())))
            .head(Line::of(format!("Looked at {} of {} accounts", progress.looked_at, progress.members)))
            .head(Line::of(format!(
                "Results: compliant {}, violations {}, suspected {}, could not be judged {}",
                count(Outcome::Pass),
                count(Outcome::Fail),
                count(Outcome::Suspected),
                count(Outcome::Unverified)
            )));
    for (indicator, _, number) in progress.findings.iter().filter(|(_, outcome, _)| *outcome == Outcome::Fail) {
        page = page.items([vec![Line::of(format!("· {}: {number}", indicator.en()))]]);
    }
    let issues: Vec<String> =
        progress.issues.iter().map(|(status, n)| format!("{} {n}", status.en().to_lowercase())).collect();
    let page = if issues.is_empty() { page } else { page.tail(Line::of("All problems: ").text(issues.join(", "))) };
    if progress.doubtful > 0 {
        page.tail(Line::of(format!("To be decided by a person: {}; send /queue.", progress.doubtful)))
    } else {
        page
    }
}

pub(super) fn about(verb: Verb) -> (&'static str, &'static str) {
    match verb {
        Verb::Start => ("", "begin"),
        Verb::Bind => ("CODE", "bind to a unit or a role"),
        Verb::Issues => ("", "live problems"),
        Verb::Issue => ("ID", "one problem in full"),
        Verb::Ack => ("ID", "acknowledge"),
        Verb::Fix => ("ID what was done", "report a rectification; a photo or file may come with it"),
        Verb::Appeal => ("ID why", "appeal; the clock stands still meanwhile"),
        Verb::Extend => ("ID DATE why", "ask for more time"),
        Verb::Evidence => ("ID", "the files handed in with an issue"),
        Verb::Template => ("", "the template for review records; send it back filled in"),
        Verb::Selfreport => {
            ("ACCOUNT_ID DATE LINK", "state the last update of an account no machine may read, with a screenshot")
        }
        Verb::Worksheet => ("ROUND", "what a person must look at; send it back filled in"),
        Verb::Feedback => ("TEXT", "write to the supervising office"),
        Verb::Status => ("ROUND", "progress of a round, the latest unless named"),
        Verb::Queue => ("", "decide doubtful findings"),
        Verb::Overdue => ("", "overdue problems"),
        Verb::Close => ("ID", "close"),
        Verb::Reject => ("ID why", "return a report"),
        Verb::Uphold => ("ID", "uphold, in answer to an appeal"),
        Verb::Revoke => ("ID why", "revoke, in answer to an appeal"),
        Verb::Recheck => ("ID", "recheck now"),
        Verb::Escalate => ("ID", "escalate an overdue problem"),
        Verb::Grant => ("ID", "grant an extension"),
        Verb::Refuse => ("ID why", "refuse an extension"),
        Verb::Invite => ("UNIT", "a code for a unit administrator"),
        Verb::Lang => ("zh|en", "change the language"),
        Verb::Help => ("", "the commands"),
    }
}
