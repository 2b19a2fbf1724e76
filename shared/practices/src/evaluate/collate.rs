//! From what the rules found to the statuses of rules, halves and practices.

use std::collections::BTreeMap;

use opsec_model::report::{Counts, Halves};
use opsec_model::{Finding, FindingStatus, Half, PracticeReport, RuleOutcome, Severity, Status};

use super::needs;
use super::{Context, Exemptions, PRACTICES};
use crate::contract::{Judgement, Rule};
use crate::registry;

/// The practices and the counts over their findings.
#[derive(Debug)]
pub(crate) struct Collated {
    pub(crate) practices: Vec<PracticeReport>,
    pub(crate) counts: Counts,
}

/// What a rule judged, with what it could not know.
struct Judged {
    rule: &'static Rule,
    judgement: Judgement,
    missing: Vec<String>,
}

/// Judges every rule and joins what they come to.
pub(crate) fn collate(
    context: &Context<'_>,
    fail_on: Severity,
    half: Option<Half>,
    exemptions: &mut Exemptions<'_>,
) -> Collated {
    let mut judged: Vec<Judged> = registry::rules()
        .map(|rule| Judged {
            rule,
            judgement: (rule.judge)(context),
            missing: needs::missing(context, rule),
        })
        .collect();
    let mut findings = findings(&mut judged, fail_on, exemptions);
    if let Some(half) = half {
        findings.retain(|finding| concerns(finding, half));
        for finding in &mut findings {
            weigh_for_half(finding, half, fail_on);
        }
    }
    let counts = count(&findings);
    let mut practices: Vec<PracticeReport> = PRACTICES
        .iter()
        .map(|practice| {
            let rules: Vec<RuleOutcome> = judged
                .iter()
                .filter(|entry| practice.rules.iter().any(|rule| rule.id == entry.rule.id))
                .map(|entry| outcome(entry, &findings, fail_on, half))
                .collect();
            let of = |wanted: Half| {
                rules
                    .iter()
                    .filter(|rule| rule.half == wanted)
                    .map(|rule| rule.status)
                    .fold(Status::NotApplicable, Status::join)
            };
            let halves = Halves {
                operator: of(Half::Operator),
                cluster: of(Half::Cluster),
            };
            PracticeReport {
                number: practice.number,
                name: practice.name.to_owned(),
                status: halves.operator.join(halves.cluster),
                halves,
                findings: Vec::new(),
                rules,
            }
        })
        .collect();
    for finding in findings {
        let number = practice_of(&finding);
        let practice = practices.iter_mut().find(|it| Some(it.number) == number);
        if let Some(practice) = practice {
            practice.findings.push(finding);
        }
    }
    Collated { practices, counts }
}

/// Every finding with its status, the worst first.
fn findings(
    judged: &mut [Judged],
    fail_on: Severity,
    exemptions: &mut Exemptions<'_>,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for entry in judged {
        for draft in std::mem::take(&mut entry.judgement.findings) {
            let rule = draft
                .filed_under
                .and_then(registry::find)
                .unwrap_or(entry.rule);
            let mut finding = draft.into_finding(rule.id, rule.half);
            finding.exemption = exemptions.accept(&finding);
            finding.status = status(&finding, fail_on);
            findings.push(finding);
        }
    }
    findings.sort_by(|a, b| {
        let Finding {
            severity,
            rule,
            right,
            service_accounts,
            components,
            title,
            ..
        } = a;
        let graver = b.severity.cmp(severity);
        graver
            .then_with(|| rule.cmp(&b.rule))
            .then_with(|| right.cmp(&b.right))
            .then_with(|| service_accounts.cmp(&b.service_accounts))
            .then_with(|| components.cmp(&b.components))
            .then_with(|| title.cmp(&b.title))
    });
    findings.dedup();
    findings
}

/// A finding fails while one of its rules is not accepted.
fn status(finding: &Finding, fail_on: Severity) -> FindingStatus {
    let rules = std::iter::once(&finding.rule).chain(&finding.also);
    let accepted = finding
        .exemption
        .as_ref()
        .is_some_and(|by| rules.into_iter().all(|rule| by.rules.contains(rule)));
    if accepted {
        FindingStatus::Accepted
    } else if finding.severity < fail_on {
        FindingStatus::Noted
    } else if finding.reason.is_some() {
        FindingStatus::Unknown
    } else {
        FindingStatus::Fail
    }
}

/// Whether any rule of a finding is of a half.
fn concerns(finding: &Finding, half: Half) -> bool {
    std::iter::once(&finding.rule)
        .chain(&finding.also)
        .filter_map(|rule| registry::find(rule))
        .any(|rule| rule.half == half)
}

/// Under one half a finding is accepted when its rules of that half are.
fn weigh_for_half(finding: &mut Finding, half: Half, fail_on: Severity) {
    let accepted = finding.exemption.as_ref().is_some_and(|by| {
        std::iter::once(&finding.rule)
            .chain(&finding.also)
            .filter(|rule| registry::find(rule).is_some_and(|rule| rule.half == half))
            .all(|rule| by.rules.contains(rule))
    });
    finding.status = if accepted {
        FindingStatus::Accepted
    } else {
        status(finding, fail_on)
    };
}

fn outcome(
    entry: &Judged,
    findings: &[Finding],
    fail_on: Severity,
    half: Option<Half>,
) -> RuleOutcome {
    let rule = entry.rule;
    let mut outcome = RuleOutcome {
        id: rule.id.to_owned(),
        half: rule.half,
        status: Status::NotApplicable,
        severity: None,
        filed_under: None,
        reason: None,
    };
    if half.is_some_and(|half| half != rule.half) {
        outcome.reason = Some("half".to_owned());
        return outcome;
    }
    let concerning: Vec<&Finding> = findings
        .iter()
        .filter(|f| f.rule == rule.id || f.also.iter().any(|also| also == rule.id))
        .collect();
    let standing = |finding: &&&Finding| {
        finding.severity >= fail_on
            && !finding
                .exemption
                .as_ref()
                .is_some_and(|by| by.rules.iter().any(|r| r == rule.id))
    };
    let failing = concerning
        .iter()
        .filter(standing)
        .find(|finding| finding.reason.is_none());
    let doubtful = concerning
        .iter()
        .filter(standing)
        .find(|finding| finding.reason.is_some());
    outcome.severity = concerning.iter().map(|finding| finding.severity).max();
    outcome.filed_under = filed_under(rule, &concerning);
    let unknown = entry
        .judgement
        .unknown
        .iter()
        .chain(&entry.missing)
        .next()
        .cloned();
    (outcome.status, outcome.reason) = if failing.is_some() {
        (Status::Fail, None)
    } else if let Some(finding) = doubtful {
        (Status::Unknown, finding.reason.clone())
    } else if unknown.is_some() {
        (Status::Unknown, unknown)
    } else if entry.judgement.subjects > 0 || !concerning.is_empty() {
        (Status::Pass, None)
    } else {
        (
            Status::NotApplicable,
            entry.judgement.nothing.map(str::to_owned),
        )
    };
    outcome
}

/// The rule that the findings of this one are filed under, when none is its own.
fn filed_under(rule: &Rule, concerning: &[&Finding]) -> Option<String> {
    let own = concerning.iter().any(|finding| finding.rule == rule.id);
    if own {
        None
    } else {
        concerning.first().map(|finding| finding.rule.clone())
    }
}

/// The number of the practice that a finding's rule is of: the first digit of its id.
fn practice_of(finding: &Finding) -> Option<u8> {
    let digit = finding.rule.strip_prefix("OPSEC")?.bytes().next()?;
    digit.checked_sub(b'0')
}

fn count(findings: &[Finding]) -> Counts {
    let mut by_severity: BTreeMap<Severity, usize> = BTreeMap::new();
    let mut by_status: BTreeMap<FindingStatus, usize> = BTreeMap::new();
    for finding in findings {
        *by_status.entry(finding.status).or_default() += 1;
        if finding.status == FindingStatus::Fail {
            *by_severity.entry(finding.severity).or_default() += 1;
        }
    }
    let of = |status| by_status.get(&status).copied().unwrap_or_default();
    Counts {
        below_fail_on: of(FindingStatus::Noted),
        exempted: of(FindingStatus::Accepted),
        by_severity,
        by_status,
    }
}
