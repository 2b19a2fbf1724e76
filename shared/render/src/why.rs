//! One line a practice: its worst finding in plain words, the ids of its rules behind it.

use std::cmp::Reverse;

use opsec_model::report::PracticeReport;
use opsec_model::{Finding, FindingStatus, Report, RuleOutcome, Status};

use crate::words::{count, distinct, handle, handles};

/// The reason that a rule of the half that is not judged carries.
const OTHER_HALF: &str = "half";

/// Why a practice came to its status.
pub(crate) fn why(report: &Report, practice: &PracticeReport) -> String {
    let failing = with_status(practice, Status::Fail);
    let unknown = with_status(practice, Status::Unknown);
    let mut clauses = Vec::new();
    if !failing.is_empty() {
        clauses.push(fails(report, &failing));
    }
    if !unknown.is_empty() {
        let reasons = unknown_reasons(report, &unknown);
        let prefix = if failing.is_empty() { "" } else { "unknown: " };
        clauses.push(format!("{prefix}{reasons}"));
    }
    if clauses.is_empty() {
        clauses.extend(nothing_to_judge(practice));
        clauses.extend(set_aside(practice));
    }
    clauses.join("; ")
}

/// Why rules of a practice had nothing to judge, and how many.
pub(crate) fn nothing_to_judge(practice: &PracticeReport) -> Option<String> {
    let idle: Vec<&RuleOutcome> = idle_rules(practice).collect();
    if idle.is_empty() {
        let other_half = practice.status == Status::NotApplicable && !practice.rules.is_empty();
        return other_half.then(|| "no rule in the half that is judged".to_owned());
    }
    let rules = count(idle.len(), "rule");
    let reasons = distinct(idle.iter().filter_map(|rule| rule.reason.as_deref()));
    Some(if reasons.is_empty() {
        format!("{rules} had nothing to judge")
    } else {
        format!("{}: {rules} had nothing to judge", reasons.join("; "))
    })
}

/// The rules of the judged half that had nothing to judge.
pub(crate) fn idle_rules(practice: &PracticeReport) -> impl Iterator<Item = &RuleOutcome> {
    practice.rules.iter().filter(|rule| {
        rule.status == Status::NotApplicable && rule.reason.as_deref() != Some(OTHER_HALF)
    })
}

/// The finding of that status that is the worst for these rules, wherever it is filed.
pub(crate) fn worst<'a>(
    report: &'a Report,
    rules: &[&RuleOutcome],
    status: FindingStatus,
) -> Option<(&'a Finding, String)> {
    report
        .findings()
        .filter(|finding| finding.status == status)
        .filter_map(|finding| Some((finding, concerned(finding, rules)?)))
        .min_by_key(|(finding, rule)| (Reverse(finding.severity), *rule != finding.rule))
}

fn concerned(finding: &Finding, rules: &[&RuleOutcome]) -> Option<String> {
    std::iter::once(&finding.rule)
        .chain(&finding.also)
        .find(|id| rules.iter().any(|rule| rule.id == **id))
        .cloned()
}

fn with_status(practice: &PracticeReport, status: Status) -> Vec<&RuleOutcome> {
    practice
        .rules
        .iter()
        .filter(|rule| rule.status == status)
        .collect()
}

fn fails(report: &Report, failing: &[&RuleOutcome]) -> String {
    let others = failing.len().saturating_sub(1);
    match worst(report, failing, FindingStatus::Fail) {
        Some((finding, rule)) if rule == finding.rule => {
            format!("{} ({})", finding.title, handles(&rule, others))
        }
        Some((finding, rule)) => format!(
            "{} ({}, see\u{a0}{})",
            finding.title,
            handles(&rule, others),
            handle(&finding.rule)
        ),
        None => {
            let ids: Vec<&str> = failing.iter().map(|rule| handle(&rule.id)).collect();
            format!("({})", ids.join(", "))
        }
    }
}

fn unknown_reasons(report: &Report, unknown: &[&RuleOutcome]) -> String {
    let found = worst(report, unknown, FindingStatus::Unknown);
    let mut reasons = distinct(unknown.iter().filter_map(|rule| rule.reason.as_deref()));
    if let (true, Some((finding, _))) = (reasons.is_empty(), &found) {
        reasons.push(finding.reason.as_deref().unwrap_or(&finding.title));
    }
    let first = unknown.first().map_or("", |rule| rule.id.as_str());
    let ids = handles(first, unknown.len().saturating_sub(1));
    let more = reasons.len().saturating_sub(2);
    let shown: Vec<&str> = reasons.into_iter().take(2).collect();
    match more {
        0 => format!("{} ({ids})", shown.join("; ")),
        _ => format!("{}; {more} more ({ids})", shown.join("; ")),
    }
}

fn set_aside(practice: &PracticeReport) -> Option<String> {
    let number = |status| {
        practice
            .findings
            .iter()
            .filter(|finding| finding.status == status)
            .count()
    };
    let (accepted, noted) = (
        number(FindingStatus::Accepted),
        number(FindingStatus::Noted),
    );
    let mut words = Vec::new();
    if accepted > 0 {
        words.push(format!("{} accepted", count(accepted, "finding")));
    }
    if noted > 0 {
        words.push(format!("{noted} below the bar"));
    }
    (!words.is_empty()).then(|| words.join(", "))
}
