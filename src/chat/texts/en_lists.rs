//! Lists, doubtful findings and reports in English.

use super::en::{count, day, round_name};
use super::keyboard::{open_queue, queue_buttons, show_buttons};
use super::page::{Line, Page, clip};
use super::press::List;
use super::{Doubt, SeenBefore, looks_told};
use crate::domain::Lang;
use crate::domain::finding::{Finding, Outcome};
use crate::domain::issue::Issue;
use crate::domain::round::RoundName;
use crate::store::StoredIssue;

/// One page of a list of issues.
pub(super) fn issues(list: List, issues: &[StoredIssue], from: usize, total: usize, with_unit: bool) -> Page {
    if issues.is_empty() {
        let none = if list == List::Overdue { "Nothing is overdue." } else { "There are no live problems." };
        return Page::of(Line::of(none));
    }
    let mut title = Line::strong(list.en()).text(format!(": {total}"));
    if issues.len() < total {
        title = title.text(format!(", here {} to {}", from + 1, from + issues.len()));
    }
    Page::of(title)
        .items(issues.iter().map(|stored| vec![short(&stored.issue, with_unit)]))
        .tail(Line::of("For details press a number, or send /issue ID"))
        .buttons(show_buttons(list, issues, from, total, Lang::En))
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

/// A doubtful finding with what is needed to decide it.
pub(super) fn doubt(doubt: &Doubt) -> Page {
    let finding = &doubt.finding.clone().shown();
    let title = Line::strong(List::Queue.en()).text(format!(": {} of {}", doubt.from + 1, doubt.total));
    let mut page = Page::of(title);
    if let Some(before) = &doubt.before {
        page = page.head(decided(before));
    }
    let mut lines = vec![
        Line::strong(format!("#{} {} ({})", finding.id, finding.account, doubt.platform.en())).text(format!(
            " {} [{}]",
            finding.indicator.en(),
            finding.class.en()
        )),
        Line::of("Unit: ").text(&doubt.unit),
        Line::of("Found: ").text(clip(&finding.summary, 500)),
    ];
    let seen = &finding.evidence;
    if let Some(snippet) = seen.snippet.as_ref().filter(|text| !finding.summary.contains(text.as_str())) {
        lines.push(Line::of("Text: ").text(clip(snippet, 400)));
    }
    if let Some(url) = seen.url.as_deref().or(Some(finding.subject.as_str()).filter(|subject| subject.contains("://")))
    {
        lines.push(Line::of("Link: ").text(clip(url, 500)));
    }
    let looks = looks(&doubt.seen);
    if let Some(evidence) = evidence(finding, if looks.is_none() { doubt.looks } else { 1 }) {
        lines.push(Line::of("Evidence: ").text(evidence));
    }
    lines.extend(looks);
    lines.push(Line::of(format!("Basis: {} {}", finding.rule.document, finding.rule.clause)));
    lines.push(Line::of(format!("Round: {} (monitoring time {})", finding.round, finding.as_of.minute())));
    page.loose()
        .items([lines])
        .tail(Line::of(
            "Please open the link. Confirm: a problem is opened and the unit is told. Dismiss: please say why.",
        ))
        .buttons(queue_buttons(doubt, Lang::En))
}

/// What was seen each time; `None` where one look was all.
pub(super) fn looks(looks: &[SeenBefore]) -> Option<Line> {
    let (again, told) = looks_told(looks, "; ")?;
    Some(Line::of(format!("Looked at again {}: ", count(again, "time", "times"))).text(told))
}

fn evidence(finding: &Finding, looks: u32) -> Option<String> {
    let seen = &finding.evidence;
    let mut parts = Vec::new();
    if let Some(status) = seen.status {
        parts.push(format!("HTTP {status}"));
    }
    if !seen.chain.is_empty() {
        parts.push(count(seen.chain.len(), "redirect", "redirects"));
    }
    if let Some(at) = seen.fetched_at {
        parts.push(format!("fetched {}", at.minute()));
    }
    if looks > 1 {
        parts.push(format!("{looks} looks"));
    }
    if let Some(hash) = &seen.sha256 {
        parts.push(format!("SHA-256 {}", hash.chars().take(16).collect::<String>()));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What was decided of a finding.
pub(super) fn decided(finding: &Finding) -> Line {
    Line::strong(format!("#{} {}: ", finding.id, finding.account)).text(match finding.outcome {
        Outcome::Fail => "confirmed.",
        _ => "dismissed.",
    })
}

/// Nothing is left to decide.
pub(super) fn queue_empty(before: Option<&Finding>) -> Page {
    let nothing = Line::of("Nothing waits for a decision.");
    match before {
        Some(finding) => Page::of(decided(finding)).head(nothing),
        None => Page::of(nothing),
    }
}

/// A decision that was taken outside the list.
pub(super) fn decided_apart(finding: &Finding) -> Page {
    Page::of(decided(finding)).buttons(open_queue(Lang::En))
}

/// The documents follow.
pub(super) fn report(round: RoundName) -> Page {
    Page::of(
        Line::of("Ledger, issue list, draft bulletin, report and certificate of the ")
            .bold(round_name(round))
            .text(" follow. Please keep them within the office."),
    )
}

/// Under a file.
pub(super) fn caption(file: &str, round: RoundName) -> String {
    let what = match file {
        "ledger.xlsx" => "ledger",
        "issues.xlsx" => "issue list",
        "bulletin.docx" => "draft bulletin",
        "report.html" => "report",
        "certificate.html" => "certificate of the draw",
        _ => "list",
    };
    format!("{what}, {}", round_name(round))
}
