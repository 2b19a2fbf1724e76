//! Findings as short lines, which tables of tests compare.

use opsec_model::{Finding, Half, Report, Severity, Status};

/// `critical OPSEC303 ESC-BIND`, without the right where the finding is none.
pub fn line(finding: &Finding) -> String {
    let right = finding.right.as_deref();
    let right = right.map(|id| format!(" {id}")).unwrap_or_default();
    format!("{} {}{right}", finding.severity, finding.rule)
}

/// The findings of the operator's half at or above a severity, each line once, sorted.
pub fn own_lines(report: &Report, at_least: Severity) -> Vec<String> {
    let mut lines: Vec<String> = report
        .findings()
        .filter(|finding| finding.half == Half::Operator && finding.severity >= at_least)
        .map(line)
        .collect();
    lines.sort();
    lines.dedup();
    lines
}

/// What a rule came to; none when it is no rule of this build.
pub fn status_of(report: &Report, rule: &str) -> Option<Status> {
    report
        .practices
        .iter()
        .flat_map(|practice| &practice.rules)
        .find(|outcome| outcome.id == rule)
        .map(|outcome| outcome.status)
}

/// The findings about a right, of one account or of any.
pub fn of_right<'a>(report: &'a Report, right: &str, account: Option<&str>) -> Vec<&'a Finding> {
    report
        .findings()
        .filter(|finding| finding.right.as_deref() == Some(right))
        .filter(|finding| {
            account.is_none_or(|name| finding.service_accounts.iter().any(|a| a.name == name))
        })
        .collect()
}
