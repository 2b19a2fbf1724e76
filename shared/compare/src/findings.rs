//! Findings that one state has and the other has not, or lighter. A finding that names several
//! components or accounts is told of those alone of which the other state has it not.

use std::collections::BTreeMap;

use opsec_model::comparison::{FindingDifference, PracticeChange};
use opsec_model::report::{Finding, FindingStatus};
use opsec_model::{ObjectRef, Report, ServiceAccountRef, Severity};

use crate::known::Known;
use crate::pairs::Pairs;

/// A finding of one subject: rule, right, and whom or what it is about.
type Unit = (String, Option<String>, Option<ObjectRef>);
/// How much it weighs.
type Weight = (u8, Severity);

pub(crate) fn beyond(this: &Known<'_>, other: &Known<'_>, pairs: &Pairs) -> Vec<FindingDifference> {
    let known = Other {
        weights: weights(&other.report),
        rows: other.rows(),
    };
    let findings = this.report.findings();
    findings
        .filter_map(|finding| one(finding, &known, pairs))
        .collect()
}

/// What the other state is found to have.
struct Other {
    weights: BTreeMap<Unit, (Weight, FindingStatus)>,
    rows: BTreeMap<(ServiceAccountRef, &'static str), Severity>,
}

impl Other {
    /// Whether its account holds a row as gravely, whichever finding tells of it: of rights that one
    /// grant gives, and that another contains, the containing one alone is a finding.
    fn holds(&self, finding: &Finding, subject: Option<&ObjectRef>) -> bool {
        let (Some(right), Some(subject)) = (finding.right.as_deref(), subject) else {
            return false;
        };
        let account = account(subject.clone());
        let mut rows = self.rows.iter();
        rows.any(|((holder, row), severity)| {
            *holder == account && *row == right && *severity >= finding.severity
        })
    }
}

/// Practices whose status is another.
pub(crate) fn practices(before: &Report, after: &Report) -> Vec<PracticeChange> {
    let pairs = before.practices.iter().zip(&after.practices);
    pairs
        .filter(|(before, after)| before.status != after.status)
        .map(|(before, after)| PracticeChange {
            number: after.number,
            name: after.name.clone(),
            before: before.status,
            after: after.status,
        })
        .collect()
}

fn one(finding: &Finding, known: &Other, pairs: &Pairs) -> Option<FindingDifference> {
    let mine = weight(finding);
    let mut subjects = Vec::new();
    let mut heaviest: Option<(Weight, FindingStatus)> = None;
    for subject in subjects_of(finding) {
        let called = subject.as_ref().map(|object| pairs.object(object));
        let theirs = known.weights.get(&unit(finding, called.clone()));
        let newly = !known.holds(finding, called.as_ref());
        let heavier = match theirs {
            Some(((_, severity), _)) if mine.1 > *severity => newly,
            Some(((status, _), _)) => mine.0 > *status,
            None => newly,
        };
        if heavier {
            subjects.push(subject);
            heaviest = heaviest.max(theirs.copied());
        }
    }
    (!subjects.is_empty()).then(|| {
        let is_account = |object: &ObjectRef| object.kind == "ServiceAccount";
        let (accounts, components): (Vec<ObjectRef>, Vec<ObjectRef>) =
            subjects.into_iter().flatten().partition(is_account);
        FindingDifference {
            rule: finding.rule.clone(),
            also: finding.also.clone(),
            right: finding.right.clone(),
            severity: finding.severity,
            status: finding.status,
            other_severity: heaviest.map(|((_, severity), _)| severity),
            other_status: heaviest.map(|(_, status)| status),
            title: finding.title.clone(),
            components,
            service_accounts: accounts.into_iter().map(account).collect(),
        }
    })
}

/// Every finding of a report, subject by subject, as it weighs most.
fn weights(report: &Report) -> BTreeMap<Unit, (Weight, FindingStatus)> {
    let mut weights: BTreeMap<Unit, (Weight, FindingStatus)> = BTreeMap::new();
    for finding in report.findings() {
        let mine = (weight(finding), finding.status);
        for subject in subjects_of(finding) {
            let known = weights.entry(unit(finding, subject)).or_insert(mine);
            *known = (*known).max(mine);
        }
    }
    weights
}

fn unit(finding: &Finding, subject: Option<ObjectRef>) -> Unit {
    (finding.rule.clone(), finding.right.clone(), subject)
}

/// Whom or what a finding is about: accounts, else components, else the objects that cause it.
fn subjects_of(finding: &Finding) -> Vec<Option<ObjectRef>> {
    if !finding.service_accounts.is_empty() {
        let accounts = finding.service_accounts.iter();
        return accounts
            .map(|account| {
                let (namespace, name) = (&account.namespace, &account.name);
                Some(ObjectRef::namespaced("ServiceAccount", namespace, name))
            })
            .collect();
    }
    if !finding.components.is_empty() {
        return finding.components.iter().cloned().map(Some).collect();
    }
    let mut causes: Vec<Option<ObjectRef>> = finding
        .evidence
        .iter()
        .map(|evidence| Some(evidence.object.clone()))
        .collect();
    causes.sort();
    causes.dedup();
    if causes.is_empty() {
        causes.push(None);
    }
    causes
}

fn account(object: ObjectRef) -> ServiceAccountRef {
    ServiceAccountRef::new(object.namespace.unwrap_or_default(), object.name)
}

fn weight(finding: &Finding) -> Weight {
    let status = match finding.status {
        FindingStatus::Fail => 3,
        FindingStatus::Unknown => 2,
        FindingStatus::Noted => 1,
        FindingStatus::Accepted => 0,
    };
    (status, finding.severity)
}
