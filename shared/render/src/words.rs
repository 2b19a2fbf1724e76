//! The words that several views share.

use std::collections::BTreeSet;

use opsec_model::report::{BaselineSummary, PracticeReport};
use opsec_model::{Half, Severity, SourceLine, Status};

use crate::page::{GREEN, RED, Span, YELLOW};

/// `1 pod`, `4 pods`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// The first few of a list, and how many more there are.
pub(crate) fn some(items: &[String], most: usize) -> String {
    let shown: Vec<&str> = items.iter().take(most).map(String::as_str).collect();
    let more = items.len().saturating_sub(most);
    if more == 0 {
        shown.join(", ")
    } else {
        format!("{} and {more} more", shown.join(", "))
    }
}

/// Distinct texts in the order of their first appearance.
pub(crate) fn distinct<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    texts
        .into_iter()
        .filter(|text| seen.insert(*text))
        .collect()
}

/// `303` for `OPSEC303`.
pub(crate) fn handle(rule: &str) -> &str {
    rule.strip_prefix("OPSEC").unwrap_or(rule)
}

/// A rule and how many others are meant with it: `303 +6`, kept on one line.
pub(crate) fn handles(rule: &str, others: usize) -> String {
    match others {
        0 => handle(rule).to_owned(),
        _ => format!("{}\u{a0}+{others}", handle(rule)),
    }
}

/// `file.yaml:12`.
pub(crate) fn place(source: &SourceLine) -> String {
    format!("{}:{}", source.file, source.line)
}

/// The release without its patch: `1.36` for `1.36.3`.
pub(crate) fn release(version: &str) -> String {
    version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".")
}

/// The baseline, and whether it is a decision or only the default.
pub(crate) fn baseline(baseline: &BaselineSummary) -> String {
    let origin = if baseline.inline {
        "from a file, for this run".to_owned()
    } else if baseline.revision == 0 {
        "built in".to_owned()
    } else {
        format!("revision {}", baseline.revision)
    };
    format!("baseline {} ({origin})", baseline.name)
}

/// The status of one half of a practice.
pub(crate) fn half_status(practice: &PracticeReport, half: Half) -> Status {
    match half {
        Half::Operator => practice.halves.operator,
        Half::Cluster => practice.halves.cluster,
    }
}

/// A half's status, and whether what fails is more than medium; a dash when nothing was there to
/// judge.
pub(crate) fn half_words(practice: &PracticeReport, half: Half) -> String {
    let status = half_status(practice, half);
    let worst = practice
        .rules
        .iter()
        .filter(|rule| rule.half == half && rule.status == Status::Fail)
        .filter_map(|rule| rule.severity)
        .max();
    match (status, worst) {
        (Status::NotApplicable, _) => "–".to_owned(),
        (Status::Fail, Some(severity)) if severity > Severity::Medium => {
            format!("{status} {severity}")
        }
        _ => status.to_string(),
    }
}

/// A status as one letter, for a table of many.
pub(crate) fn letter(status: Status) -> &'static str {
    match status {
        Status::Pass => "P",
        Status::Fail => "F",
        Status::Unknown => "?",
        Status::NotApplicable => "–",
    }
}

/// A text in the colour of its status.
pub(crate) fn status_span(text: String, status: Status) -> Span {
    match status {
        Status::Fail => Span::styled(text, RED.bold()),
        Status::Unknown => Span::styled(text, YELLOW),
        Status::Pass => Span::styled(text, GREEN),
        Status::NotApplicable => Span::dim(text),
    }
}

/// A text in the colour of a severity.
pub(crate) fn severity_span(text: String, severity: Severity) -> Span {
    match severity {
        Severity::Critical => Span::styled(text, RED.bold()),
        Severity::High => Span::styled(text, RED),
        Severity::Medium => Span::styled(text, YELLOW),
        Severity::Low | Severity::Info => Span::dim(text),
    }
}
