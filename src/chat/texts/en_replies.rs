//! Answers in English.

use super::en::{count, day, more, round_name};
use super::keyboard::{step_buttons, why_buttons};
use super::page::{Line, Message, Page, clip};
use super::{BindRefusal, Progress, Reply, RequestAnswer, commands_of, en_lists, who};
use crate::chat::commands::Verb;
use crate::domain::Lang;
use crate::domain::finding::Outcome;
use crate::domain::issue::{Event, EventKind, IssueStatus, Refusal};
use crate::domain::notice::NoticeItem;
use crate::domain::person::Role;
use crate::domain::rule::Class;
use crate::domain::time::LocalTime;
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
        Reply::Revoked => say(
            "Your role was taken back, so you cannot go on. If you still need it, please ask the supervising office for a new code.",
        ),
        Reply::Bound(person, waits) => bound(person, *waits),
        Reply::NotBound(why) => say(match why {
            BindRefusal::Unknown => "The code is not right; please check it and send it again.",
            BindRefusal::Expired => "The code has expired; please ask the supervising office for a new one.",
            BindRefusal::Used => "The code was used before; please ask the supervising office for a new one.",
            BindRefusal::TooManyTries => "Too many wrong codes; please try again in 15 minutes.",
        }),
        Reply::Anonymous => {
            say("You write anonymously, so nobody can tell who acts. Please turn that off and send it again.")
        }
        Reply::Forwarded => say("A forwarded message is not acted upon; please have the person in charge send it."),
        Reply::NotYours => say("Your role does not allow this. Send /help for what it does."),
        Reply::PrivateOnly => say("This is not for everybody in the group; please use a private chat with the bot."),
        Reply::NoIssue(id) => say(&format!("There is no problem #{id}. Send /issues for the list.")),
        Reply::NoFinding(id) => say(&format!("There is no doubtful finding #{id}. Send /queue for the list.")),
        Reply::DecidedBefore { finding, by, at } => say(&format!(
            "#{} was {} by {} on {}; nothing is left to do.",
            finding.id,
            if finding.outcome == Outcome::Fail { "confirmed" } else { "dismissed" },
            who(by, Lang::En),
            at.minute()
        )),
        Reply::NoRound => say("There is no such round. Write 2026Q4, 2026H2 or 2026-11-23."),
        Reply::NoUnit(unit) => Page::of(
            Line::of("No account of the unit “").text(clip(unit, 100)).text("” is registered; check its full name."),
        ),
        Reply::Refused(id, refusal, issue) => {
            let page = Page::of(Line::strong(format!("#{id}: ")).text(refused(refusal)));
            match issue {
                Some(stored) if matches!(refusal, Refusal::WrongStatus { .. } | Refusal::NothingRequested) => {
                    meanwhile(page, stored, matches!(refusal, Refusal::NothingRequested))
                }
                _ => page,
            }
        }
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
        Reply::AskDate(id, date) => {
            let page = Line::strong(format!("〔extend {id}〕"));
            Page::of(match date {
                Some(date) => page.text(format!(
                    "〔until {date}〕 Please reply to this message: why do you need the extension?"
                )),
                None => page.text(
                    " The date was not understood. Please reply to this message with a date and the reason, such as: 2026-12-01 system upgrade.",
                ),
            })
            .ask()
        }
        Reply::OneNumber(Verb::Ack) => {
            say("At most 30 problems are acknowledged at a time; nothing was changed. Please send fewer.")
        }
        Reply::OneNumber(verb) => {
            say(&format!("/{verb} takes one number at a time; nothing was changed. Please send them one by one."))
        }
        Reply::NotTold(id) => Page::of(
            Line::strong(format!("#{id}: "))
                .text("the notice of it has not been sent yet. Please wait for the notice before you act on it."),
        ),
        Reply::AskWhy(id) => Page::of(
            Line::strong(format!("〔dismiss {id}〕"))
                .text(" Please choose the reason, or reply to this message with yours."),
        )
        .buttons(why_buttons(*id, Lang::En)),
        Reply::AskWhyWords(id) => Page::of(
            Line::strong(format!("〔dismiss {id}〕")).text(" Please reply to this message: why is it dismissed?"),
        )
        .ask(),
        Reply::AskNote(id) => Page::of(
            Line::strong(format!("〔confirm {id}〕"))
                .text(" Please reply to this message with what you saw; your reply confirms the finding."),
        )
        .ask(),
        Reply::AwaitsSecond { issue, request, others } => Page::of(Line::strong(format!("#{issue}: ")).text(format!(
            "closing without a passed recheck, and revoking without an appeal, take another supervisor (request {request}). {}",
            if *others {
                "The others have been asked; it is done once one agrees."
            } else {
                "No other supervisor is bound; please invite one."
            }
        ))),
        Reply::Request(id, answer) => say(&request(*id, answer)),
        Reply::Done { verb, changed, issue } => done(*verb, *changed, issue),
        Reply::AckedAll(0) => say("There is nothing to acknowledge."),
        Reply::AckedAll(n) => {
            say(&format!("Acknowledged {}. Send /issues for the dates.", count(*n, "problem", "problems")))
        }
        Reply::Issue { issue, steps, item, until, untold, looks } => {
            issue_in_full(issue, item, *until, *untold)
                .heads(en_lists::looks(looks))
                .buttons(step_buttons(steps, &issue.issue, Lang::En))
        }
        Reply::Issues { list, issues, from, total, with_unit } => {
            en_lists::issues(*list, issues, *from, *total, *with_unit)
        }
        Reply::Queue(doubt) => en_lists::doubt(doubt),
        Reply::QueueEmpty(before) => en_lists::queue_empty(*before),
        Reply::Decided(finding) => en_lists::decided_apart(finding),
        Reply::Report(round) => en_lists::report(*round),
        Reply::NoReport(round) => say(&format!(
            "The figures of the {} do not sum, so no report was made; please tell the operator.",
            round_name(*round)
        )),
        Reply::Status(progress) => status(progress),
        Reply::Invite { code, unit, expires_at } => Page::of(Line::of(format!("The code for {unit}: ")).code(code))
            .head(Line::of(format!("Good for one use until {}.", expires_at.minute())))
            .head(Line::of("To be sent to this bot: ").code(format!("/bind {code}"))),
        Reply::LangSet => say("Language: English."),
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

fn bound(person: &Person, waits: bool) -> Page {
    let role = person.role.en().to_lowercase();
    let page = Page::of(Line::of("Bound as ").bold(match &person.unit {
        Some(unit) => format!("{role} of {unit}"),
        None => role,
    }));
    match person.role {
        Role::UnitAdmin => {
            let page = if waits { page.head(Line::of("Notices that waited for you follow.")) } else { page };
            page.head(Line::of("Send /issues for the list, /help for the commands."))
        }
        Role::Supervisor | Role::Auditor => page.head(Line::of("Send /help for the commands.")),
    }
}

fn done(verb: Verb, changed: bool, stored: &StoredIssue) -> Page {
    let issue = &stored.issue;
    let what = match (verb, changed) {
        (Verb::Ack, true) => "acknowledged",
        (Verb::Ack, false) => "was acknowledged before",
        (Verb::Fix, _) if issue.class == Class::Advice => "your report was received",
        (Verb::Close, true) if issue.class == Class::Advice => "settled",
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
        (Verb::Hold, true) => "not escalated for now; you will not be asked again until something changes",
        _ => "was done before",
    };
    let line = Line::strong(format!("#{}: ", issue.id)).text(what).text(".");
    let line = match issue.due_at {
        Some(at) if !issue.status.is_final() && !matches!(issue.status, IssueStatus::Appealed) => {
            line.text(format!(" Due {}.", day(at, issue.due_provisional)))
        }
        _ => line,
    };
    let page = Page::of(line);
    if changed || verb == Verb::Recheck { page } else { meanwhile(page, stored, false) }
}

/// What happened last, or how the last request for an extension ended, for a reader who comes too late.
fn meanwhile(page: Page, stored: &StoredIssue, extension: bool) -> Page {
    let answered = |event: &&Event| matches!(event.kind, EventKind::Extended | EventKind::ExtensionRefused);
    // What lapsed did so because somebody acted.
    let acted = |event: &&Event| !matches!(event.kind, EventKind::CloseLapsed | EventKind::RevokeLapsed);
    let mut events = stored.issue.events.iter().rev().filter(acted);
    match events.clone().find(answered).filter(|_| extension).or_else(|| events.next()) {
        Some(event) => page.head(Line::of(format!(
            "Last: {} {} ({}); it is now {}.",
            event.at.minute(),
            event.kind.en().to_lowercase(),
            who(&event.actor, Lang::En),
            stored.issue.status.en().to_lowercase()
        ))),
        None => page,
    }
}

fn request(id: i64, answer: &RequestAnswer) -> String {
    match answer {
        RequestAnswer::Approved => format!("Request {id}: agreed, and done."),
        RequestAnswer::Declined => format!("Request {id}: declined; nothing was done."),
        RequestAnswer::Noted => format!("Request {id}: your agreement is noted; another supervisor's is wanted too."),
        RequestAnswer::Own => format!("Request {id} is your own; another supervisor has to answer it."),
        RequestAnswer::Lapsed => format!("Request {id} has lapsed: its time is over, or things have changed."),
        RequestAnswer::Before(by, at, agreed) => {
            let by = who(by, Lang::En);
            format!("Request {id} was {} by {by} on {}.", if *agreed { "approved" } else { "declined" }, at.minute())
        }
        RequestAnswer::Unknown => format!("There is no request {id}."),
    }
}

fn issue_in_full(stored: &StoredIssue, item: &NoticeItem, until: Option<LocalTime>, untold: bool) -> Page {
    let issue = &stored.issue.clone().shown();
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
        .head(Line::of(if issue.class == Class::Advice { "Suggested: " } else { "To do: " }).text(&item.remedy.en))
        .head(Line::of("Recheck: ").text(&item.recheck.en))
        .head(Line::of(format!("Round: {} (monitoring time {})", issue.round, issue.as_of.minute())))
        .head(match issue.due_at {
            Some(at) => Line::of("Due: ").bold(day(at, issue.due_provisional)),
            None if issue.class == Class::Advice => Line::of("Due: advice, without a deadline"),
            None => Line::of("Due: counted from the day after the notice is delivered"),
        });
    if let Some(url) = issue.evidence.url.as_deref().filter(|url| *url != issue.subject) {
        page = page.head(Line::of("Evidence: ").text(clip(url, 300)));
    }
    if let Some(until) = until {
        page = page.head(Line::of(format!("Extension asked for: until {} (not decided yet)", until.date())));
    }
    if untold {
        page = page.head(Line::strong("The notice of it has not been sent yet; nothing can be done about it for now."));
    }
    let recent = issue.events.len().saturating_sub(8);
    page.items(issue.events.iter().skip(recent).map(|event| {
        let line = Line::of(format!(
            "{} {} ({})",
            event.at.minute(),
            event.kind.en().to_lowercase(),
            who(&event.actor, Lang::En)
        ));
        vec![if event.note.trim().is_empty() { line } else { line.text(": ").text(clip(&event.note, 200)) }]
    }))
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
        Verb::Report => ("ROUND", "ledger, issue list and draft bulletin, of the latest round unless named"),
        Verb::Close => ("ID", "close"),
        Verb::Reject => ("ID why", "return a report"),
        Verb::Uphold => ("ID", "uphold, in answer to an appeal"),
        Verb::Revoke => ("ID why", "revoke, in answer to an appeal"),
        Verb::Recheck => ("ID", "recheck now"),
        Verb::Escalate => ("ID", "escalate an overdue problem"),
        Verb::Hold => ("ID", "do not escalate an overdue problem for now"),
        Verb::Approve => ("REQUEST", "agree to a colleague's request"),
        Verb::Decline => ("REQUEST", "decline a colleague's request"),
        Verb::Grant => ("ID", "grant an extension"),
        Verb::Refuse => ("ID why", "refuse an extension"),
        Verb::Invite => ("UNIT", "a code for a unit administrator"),
        Verb::Lang => ("zh|en", "change the language"),
        Verb::Help => ("", "the commands"),
    }
}
