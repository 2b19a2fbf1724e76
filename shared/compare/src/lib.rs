//! Two states of an operator beside each other: what whoever takes it gains by the newer one, and
//! what he loses. A right that is only written otherwise is no change, and a change that fires no
//! rule is one.
//!
//! INVARIANT: both ways are told by the same functions with the states exchanged, so that what is
//! gained one way is lost the other way.

mod connections;
mod findings;
mod known;
mod objects;
mod pairs;
mod paths;
mod pods;
mod rights;
mod unknown;
mod webhooks;
mod written;

use jiff::Timestamp;
use opsec_model::comparison::{ComparedState, Comparison, ComparisonOutcome, Difference};
use opsec_model::report::BaselineSummary;
use opsec_model::{API_VERSION, EffectiveBaseline, Snapshot};
use opsec_practices::{CheckError, Prepared};

use known::Known;
use pairs::{Pairing, Pairs};
use written::Written;

/// One of the two states.
#[derive(Debug, Clone, Copy)]
pub enum State<'a> {
    /// An operator as facts have it.
    Operator {
        /// The facts.
        snapshot: &'a Snapshot,
        /// The operator by any of its names; absent: the only one.
        operator: Option<&'a str>,
    },
    /// What a baseline accepts of the operator of the other state.
    Baseline(&'a EffectiveBaseline),
}

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub struct Comparing<'a> {
    /// The older state.
    pub before: State<'a>,
    /// The newer state.
    pub after: State<'a>,
    /// The baseline that both are judged by, so that facts alone make the difference. A state that
    /// is a baseline takes its place.
    pub baseline: &'a EffectiveBaseline,
    /// The time at which exemptions are looked at.
    pub now: Timestamp,
}

/// Why two states could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The older one has no such operator, or a fact of it has no canonical form.
    #[error("before: {0}")]
    Before(#[source] CheckError),
    /// The newer one has no such operator, or a fact of it has no canonical form.
    #[error("after: {0}")]
    After(#[source] CheckError),
    /// Nothing is there that holds anything.
    #[error(
        "both are baselines: name an operator's files or a snapshot for one of them; kubectl opsec baseline diff compares revisions"
    )]
    TwoBaselines,
}

/// Compares two states.
///
/// # Errors
/// When an operator is not there or ambiguous, or both states are baselines.
pub fn compare(asked: &Comparing<'_>) -> Result<Comparison, CompareError> {
    match (asked.before, asked.after) {
        (State::Baseline(_), State::Baseline(_)) => Err(CompareError::TwoBaselines),
        (State::Operator { snapshot, operator }, State::Baseline(baseline)) => {
            let prepared = Prepared::new(snapshot);
            let known = Known::new(&prepared, operator, baseline, asked.now)
                .map_err(CompareError::Before)?;
            let written = Written::new(&known, baseline);
            let (gained, lost) = (written.unused(), written.beyond());
            let states = (known.state(), written.state());
            Ok(told(states, &known, (gained, lost), written.unknown()))
        }
        (State::Baseline(baseline), State::Operator { snapshot, operator }) => {
            let prepared = Prepared::new(snapshot);
            let known = Known::new(&prepared, operator, baseline, asked.now)
                .map_err(CompareError::After)?;
            let written = Written::new(&known, baseline);
            let (gained, lost) = (written.beyond(), written.unused());
            let states = (written.state(), known.state());
            Ok(told(states, &known, (gained, lost), written.unknown()))
        }
        (
            State::Operator { snapshot, operator },
            State::Operator {
                snapshot: newer,
                operator: newer_operator,
            },
        ) => {
            let (before, after) = (Prepared::new(snapshot), Prepared::new(newer));
            let before = Known::new(&before, operator, asked.baseline, asked.now)
                .map_err(CompareError::Before)?;
            let after = Known::new(&after, newer_operator, asked.baseline, asked.now)
                .map_err(CompareError::After)?;
            Ok(of_two(&before, &after))
        }
    }
}

fn of_two(before: &Known<'_>, after: &Known<'_>) -> Comparison {
    let pairing = Pairing::new(before.operator, after.operator);
    let gained = beyond(after, before, &pairing.seen_from_the_second());
    let lost = beyond(before, after, &pairing.seen_from_the_first());
    let states = (before.state(), after.state());
    let unknown = unknown::of_two(before, after);
    let mut comparison = told(states, after, (gained, lost), unknown);
    comparison.practices = findings::practices(&before.report, &after.report);
    comparison.notes = pairing.notes();
    comparison
}

/// What one state has and another has not.
fn beyond(this: &Known<'_>, other: &Known<'_>, pairs: &Pairs) -> Difference {
    let gains = this.report.gains.iter().copied();
    Difference {
        rights: rights::beyond(this, other, pairs),
        connections: connections::beyond(this, other, pairs),
        pods: pods::beyond(this, other, pairs),
        objects: objects::beyond(this, other, pairs),
        paths: paths::beyond(&this.paths, &other.paths, pairs),
        findings: findings::beyond(this, other, pairs),
        gains: gains
            .filter(|gain| !other.report.gains.contains(gain))
            .collect(),
    }
}

fn told(
    (before, after): (ComparedState, ComparedState),
    judged: &Known<'_>,
    (gained, lost): (Difference, Difference),
    unknown: Vec<String>,
) -> Comparison {
    let outcome = match (gained.is_empty(), unknown.is_empty()) {
        (false, _) => ComparisonOutcome::Gained,
        (true, false) => ComparisonOutcome::Unknown,
        (true, true) => ComparisonOutcome::NothingGained,
    };
    let baseline: BaselineSummary = judged.report.baseline.clone();
    Comparison {
        api_version: API_VERSION.to_owned(),
        kind: "Comparison".to_owned(),
        before,
        after,
        baseline,
        outcome,
        gained,
        lost,
        practices: Vec::new(),
        unknown,
        notes: Vec::new(),
    }
}
