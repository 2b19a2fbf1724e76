//! A report as lines that can be compared: one a rule, one a finding.

use std::collections::BTreeSet;

use opsec_model::Report;
use opsec_model::report::Finding;
use serde::Serialize;

/// What each rule came to, and each finding.
pub(crate) fn lines(report: &Report) -> BTreeSet<String> {
    let rules = report.practices.iter().flat_map(|p| &p.rules).map(|rule| {
        let severity = rule.severity.map(|s| format!(" {s}")).unwrap_or_default();
        format!("{} {}{severity}", rule.id, rule.status)
    });
    rules.chain(report.findings().map(finding)).collect()
}

/// Status, severity, right, reach, accounts, and the rules that fail with it.
fn finding(finding: &Finding) -> String {
    let mut words = vec![format!(
        "{} finding {} {}",
        finding.rule,
        finding.severity,
        word(&finding.status)
    )];
    words.extend(finding.right.clone());
    words.extend(finding.reach.as_ref().map(word));
    let accounts = finding.service_accounts.iter().map(ToString::to_string);
    words.extend(accounts);
    if !finding.also.is_empty() {
        words.push(format!("also {}", finding.also.join(" ")));
    }
    words.join(" ")
}

/// As programs read it.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap();
    value.as_str().unwrap().to_owned()
}

/// What a rule came to, as in `FAIL medium`.
pub(crate) fn of_rule(report: &Report, id: &str) -> String {
    let line = lines(report)
        .into_iter()
        .find(|line| line.starts_with(id) && !line.contains(" finding "));
    let line = line.unwrap();
    line.trim_start_matches(id).trim_start().to_owned()
}
