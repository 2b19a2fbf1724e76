//! Trying a baseline that is not stored: on the newest recorded snapshots, for every operator that
//! it would apply to or would no longer apply to.

use std::collections::BTreeSet;

use jiff::Timestamp;
use opsec_model::{Baseline, Report, SavedSnapshot, Status};
use opsec_practices::CheckOptions;
use opsec_proto::v1::SimulationOutcome;
use opsec_store::Baselines;
use opsec_store::cluster::Cluster;
use opsec_store::posture::CollectionMode;
use opsec_store::recorded::{self, Recorded};
use opsec_store::store::Snapshot;

use crate::failure::Failure;
use crate::use_case::check::{Facts, check};
use crate::use_case::clusters::stored;
use crate::use_case::posture::clusters;
use crate::use_case::select::{Applying, Choice, Selected, Selector};

/// What a baseline would change for one operator.
#[derive(Debug, Clone)]
pub(crate) struct Simulated {
    pub(crate) cluster: String,
    pub(crate) operator: String,
    pub(crate) mode: CollectionMode,
    pub(crate) gathered_at: i64,
    pub(crate) outcome: SimulationOutcome,
    pub(crate) before: Side,
    pub(crate) after: Side,
    pub(crate) no_longer_covered: bool,
    pub(crate) newly_failing: Vec<String>,
}

/// What an operator comes to under one set of baselines.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    pub(crate) status: Status,
    pub(crate) baseline: Selected,
}

/// What is tried.
#[derive(Debug, Clone)]
pub(crate) struct Candidate<'a> {
    pub(crate) baseline: &'a Baseline,
    pub(crate) before: &'a Baselines,
    pub(crate) after: &'a Baselines,
    pub(crate) now: Timestamp,
}

/// A recorded snapshot of a registered cluster.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) cluster: Cluster,
    pub(crate) recorded: Recorded,
}

/// The snapshots to try on, in the order of clusters: what the service collected, when there is that.
pub(crate) fn kept(snapshot: &dyn Snapshot) -> Result<Vec<Kept>, Failure> {
    let all = recorded::list(snapshot).map_err(stored)?;
    let collected: BTreeSet<&str> = all
        .iter()
        .filter(|one| one.mode == CollectionMode::ServerCollected)
        .map(|one| one.cluster_uid.as_str())
        .collect();
    let stands = |one: &&Recorded| {
        one.mode == CollectionMode::ServerCollected || !collected.contains(one.cluster_uid.as_str())
    };
    let clusters = clusters(snapshot)?;
    let mut kept: Vec<Kept> = all
        .iter()
        .filter(stands)
        .filter_map(|recorded| {
            let cluster = clusters
                .iter()
                .find(|one| one.uid == recorded.cluster_uid)?;
            Some(Kept {
                cluster: cluster.clone(),
                recorded: recorded.clone(),
            })
        })
        .collect();
    kept.sort_by(|one, other| one.cluster.id.cmp(&other.cluster.id));
    Ok(kept)
}

/// What the candidate would change for the operators of one snapshot.
pub(crate) fn simulate(
    kept: &Kept,
    candidate: &Candidate<'_>,
    snapshot: &dyn Snapshot,
) -> Result<Vec<Simulated>, Failure> {
    let content = recorded::content(&kept.recorded, snapshot).map_err(stored)?;
    let saved = SavedSnapshot::read(&content).map_err(|_| Failure::bug())?;
    let facts = Facts {
        snapshot: saved,
        ..Facts::default()
    };
    let options = CheckOptions {
        operator: None,
        all: true,
        half: None,
        fail_on: None,
        now: candidate.now,
    };
    let under = |baselines: &Baselines| {
        let selector = Selector {
            baselines,
            choice: Choice::Applies,
            applying: Applying::On(Some(kept.cluster.id.clone())),
        };
        check(&facts, &options, &selector)
    };
    let (before, after) = (under(candidate.before)?, under(candidate.after)?);
    let name = &candidate.baseline.metadata.name;
    let concerned = |selected: &Selected| {
        let extends = name == "default" && selected.parent.is_some();
        selected.name == *name || extends
    };
    let pairs = before.into_iter().zip(after);
    let concerned_pairs =
        pairs.filter(|(before, after)| concerned(&before.baseline) || concerned(&after.baseline));
    Ok(concerned_pairs
        .map(|(before, after)| Simulated {
            cluster: kept.cluster.id.clone(),
            operator: after.report.operator.id(),
            mode: kept.recorded.mode,
            gathered_at: kept.recorded.gathered_at,
            outcome: outcome(before.report.status, after.report.status),
            no_longer_covered: before.baseline.name == *name && after.baseline.name != *name,
            newly_failing: newly_failing(&before.report, &after.report),
            before: Side {
                status: before.report.status,
                baseline: before.baseline,
            },
            after: Side {
                status: after.report.status,
                baseline: after.baseline,
            },
        })
        .collect())
}

fn outcome(before: Status, after: Status) -> SimulationOutcome {
    match after {
        _ if before == after => SimulationOutcome::Unchanged,
        Status::Fail => SimulationOutcome::NewlyFailing,
        Status::Unknown => SimulationOutcome::NewlyUnknown,
        Status::Pass | Status::NotApplicable => SimulationOutcome::NewlyPassing,
    }
}

/// Findings that fail under one report and not under the other.
fn newly_failing(before: &Report, after: &Report) -> Vec<String> {
    let failing = |report: &Report| -> BTreeSet<String> {
        let findings = report.findings();
        findings
            .filter(|finding| finding.status == opsec_model::FindingStatus::Fail)
            .map(|finding| format!("{} {}", finding.rule, finding.title))
            .collect()
    };
    let old = failing(before);
    failing(after).difference(&old).cloned().collect()
}
