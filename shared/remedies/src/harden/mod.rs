//! From FAIL to PASS: the objects that take an operator to six PASSes, as far as what must stay lets
//! them. The guards are written first, then its rights are narrowed until no finding about rights is
//! left, then what is left is declared; the same evaluation that found the faults judges the result.

mod admission;
mod declaration;
mod edit;
mod exposure;
mod labels;
mod namespaces;
mod network;
mod rights;
mod snapshot;
mod workloads;

use std::collections::BTreeSet;

use jiff::Timestamp;
use opsec_model::declared_rights::NamespaceSet;
use opsec_model::report::{Finding, FindingStatus};
use opsec_model::{EffectiveBaseline, OperatorSummary, Report, Severity, Snapshot};
use opsec_operators::Operator;
use opsec_practices::{CheckError, Prepared};

pub use edit::{ANSWERS, Action, Edit};

use edit::Edits;

/// What is to be mended, and what is to stay.
#[derive(Debug, Clone)]
pub struct Hardening<'a> {
    /// The operator by any of its names; absent: the only one.
    pub operator: Option<&'a str>,
    /// The rules that are to be answered; empty: all.
    pub only: &'a [String],
    /// The namespaces that the operator is meant to work in; empty: the baseline's, or those that
    /// are inferred.
    pub intended: &'a [String],
    /// What must stay for the operator to work: rules and rights by their id, as in `OPSEC314` or
    /// `ESC-SECRET-READ`, for one account as in `ESC-SECRET-READ=shop/cart`.
    pub keep: &'a [String],
    /// What is accepted.
    pub baseline: &'a EffectiveBaseline,
    /// The time at which exemptions are looked at.
    pub now: Timestamp,
}

/// What mends an operator, and what it comes to.
#[derive(Debug, Clone)]
pub struct Hardened {
    /// The changes, in the order in which they are applied.
    pub edits: Vec<Edit>,
    /// The report before.
    pub before: Report,
    /// The report after.
    pub after: Report,
    /// What a person has to know or do besides, each a clause.
    pub notes: Vec<String>,
}

/// What the parts of the work share.
pub(crate) struct Work<'a> {
    pub(crate) asked: &'a Hardening<'a>,
    /// Whom it is about, by a name that only it has.
    pub(crate) name: String,
    pub(crate) operator: Operator,
    /// Where the operator is meant to work.
    pub(crate) intended: BTreeSet<String>,
    pub(crate) fail_on: Severity,
    pub(crate) notes: Vec<String>,
}

impl Work<'_> {
    /// Whether one of these rules is to be answered, and is not kept.
    pub(crate) fn answers(&self, rules: &[&str]) -> bool {
        rules.iter().any(|rule| {
            let asked = self.asked.only.is_empty() || self.asked.only.iter().any(|it| it == rule);
            asked && !self.keeps(rule, "")
        })
    }

    /// Whether a rule or right is kept for an account; for none in particular, when it is empty.
    pub(crate) fn keeps(&self, id: &str, account: &str) -> bool {
        self.asked
            .keep
            .iter()
            .any(|kept| match kept.split_once('=') {
                None => kept == id,
                Some((kept, whose)) => kept == id && whose == account,
            })
    }

    /// Its own namespaces, but for those that every cluster has.
    pub(crate) fn own_namespaces(&self) -> Vec<String> {
        let own = self.operator.namespaces.iter();
        own.filter(|name| !is_of_the_cluster(name))
            .cloned()
            .collect()
    }
}

/// Whether every cluster has the namespace.
pub(crate) fn is_of_the_cluster(namespace: &str) -> bool {
    opsec_kubernetes::NAMESPACES.contains(&namespace)
}

/// Writes what takes an operator to six PASSes under a baseline.
///
/// # Errors
/// When the operator is not there or ambiguous, or a fact has no canonical form.
pub fn harden(snapshot: &Snapshot, asked: &Hardening<'_>) -> Result<Hardened, CheckError> {
    let prepared = Prepared::new(snapshot);
    let operator = prepared.resolve(asked.operator)?.clone();
    let name = operator.unique_name();
    let before = prepared.check_one(Some(&name), asked.baseline, asked.now)?;
    let mut work = Work {
        asked,
        intended: intended(&before.operator, asked, &operator),
        name,
        operator,
        fail_on: asked.baseline.fail_on(),
        notes: Vec::new(),
    };
    if work.intended.is_empty() {
        work.notes.push(
            "no intended namespace is known: rights on what is others' are taken away; name the namespaces that it works in with --intended".to_owned(),
        );
    }
    let mut edits = Edits::default();
    let failing = |rule: &str| fails(&before, rule);
    namespaces::write(&work, prepared.facts(), &mut edits);
    network::write(&mut work, &prepared, &before, &mut edits);
    workloads::write(&work, prepared.facts(), &failing, &mut edits);
    exposure::write(&work, prepared.facts(), &before, &mut edits);
    admission::write(&work, &failing, &mut edits);
    let guarded = snapshot::with(snapshot, &edits);
    let held = Prepared::new(&guarded).check_one(Some(&work.name), &aimed_at(&work), asked.now)?;
    exposure::lift(&work, &guarded, &held, &mut edits);
    let guarded = snapshot::with(snapshot, &edits);
    let narrowed = rights::narrow(&work, &guarded)?;
    let mut after = snapshot::with(&guarded, &narrowed);
    edits.extend(narrowed);
    let labels = labels::missing(&mut work, &prepared, &after);
    after = snapshot::with(&after, &labels);
    edits.patch_all(&labels);
    let mut declared = Edits::default();
    declaration::write(&work, &after, &mut declared)?;
    after = snapshot::with(&after, &declared);
    edits.extend(declared);
    let after = Prepared::new(&after).check_one(Some(&work.name), asked.baseline, asked.now)?;
    Ok(Hardened {
        edits: edits.in_order(),
        before,
        after,
        notes: work.notes,
    })
}

impl Hardened {
    /// What fails still.
    pub fn remaining(&self) -> impl Iterator<Item = &Finding> {
        self.after
            .findings()
            .filter(|finding| finding.status == FindingStatus::Fail)
    }
}

fn intended(
    summary: &OperatorSummary,
    asked: &Hardening<'_>,
    operator: &Operator,
) -> BTreeSet<String> {
    let said: BTreeSet<String> = match asked.intended {
        [] => summary.intended_namespaces.iter().cloned().collect(),
        said => said.iter().cloned().collect(),
    };
    said.into_iter()
        .filter(|name| name != "*" && !operator.namespaces.contains(name))
        .collect()
}

/// The baseline with the intended namespaces that are worked towards.
pub(crate) fn aimed_at(work: &Work<'_>) -> EffectiveBaseline {
    let mut baseline = work.asked.baseline.clone();
    if !work.asked.intended.is_empty() {
        baseline.spec.intended_namespaces = Some(NamespaceSet {
            names: work.intended.iter().cloned().collect(),
            ..NamespaceSet::default()
        });
    }
    baseline
}

/// Whether a finding of a rule fails, filed under it or another.
pub(crate) fn fails(report: &Report, rule: &str) -> bool {
    report.findings().any(|finding| {
        finding.status == FindingStatus::Fail
            && (finding.rule == rule || finding.also.iter().any(|also| also == rule))
    })
}
