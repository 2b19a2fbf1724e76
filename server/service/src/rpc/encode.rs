//! Results of the use cases as messages.

use opsec_model::canonical::{CanonicalError, to_canonical_json};
use opsec_model::{Baseline, EffectiveBaseline};
use opsec_practices::contract::{Practice, Rule};
use opsec_proto::v1;
use opsec_store::cluster::Cluster;
use opsec_store::posture::CollectionMode;
use opsec_store::{Baselines, Outcome, Revision, State, StoredBaseline};
use prost::Message as _;

use crate::clock;
use crate::failure::Failure;
use crate::use_case::check::Judged;
use crate::use_case::difference::Difference;
use crate::use_case::posture::Shown;
use crate::use_case::select::Selected;
use crate::use_case::simulate::Simulated;

pub(crate) fn judged(judged: Judged) -> v1::CheckResult {
    v1::CheckResult {
        report: Some(opsec_wire::encode_report(&judged.report)),
        baseline: Some(resolved(judged.baseline)),
        recorded: false,
    }
}

pub(crate) fn resolved(selected: Selected) -> v1::ResolvedBaseline {
    let (parent, parent_revision, parent_digest) =
        selected.parent.map_or_else(Default::default, |parent| {
            (resource("default"), parent.revision, parent.digest)
        });
    v1::ResolvedBaseline {
        name: resource(&selected.name),
        revision: selected.revision,
        digest: selected.digest,
        parent,
        parent_revision,
        parent_digest,
        effective_digest: selected.effective_digest,
        r#match: selected.matched.into(),
        selected: selected.matched == v1::BaselineMatch::Selected,
    }
}

pub(crate) fn topic(topic: opsec_model::Topic) -> v1::Topic {
    v1::Topic {
        kind: opsec_wire::encode_explained(topic.explains),
        id: topic.id,
        title: topic.title,
    }
}

pub(crate) fn rule((practice, rule): (&Practice, &Rule)) -> v1::Rule {
    v1::Rule {
        id: rule.id.to_owned(),
        practice: practice.number.into(),
        practice_name: practice.name.to_owned(),
        half: opsec_wire::encode_half(rule.half),
        summary: rule.summary.to_owned(),
        slug: rule.slug.to_owned(),
    }
}

/// A baseline among all that are stored.
pub(crate) fn stored(
    stored: &StoredBaseline,
    baselines: &Baselines,
) -> Result<v1::Baseline, Failure> {
    let name = stored.name();
    Ok(v1::Baseline {
        name: resource(name),
        document: stored.document.clone().into(),
        canonical_json: stored.canonical.clone().into(),
        revision: stored.revision,
        digest: stored.digest.clone(),
        etag: baselines.etag(name).unwrap_or_default(),
        revision_create_time: milliseconds(stored.created_at),
        author: stored.author.clone(),
        effective_digest: effective_digest(stored, baselines)?,
        proposed_revision: baselines.proposed(name).unwrap_or_default(),
    })
}

/// Digest of a baseline with what it extends filled in.
pub(crate) fn effective_digest(
    stored: &StoredBaseline,
    baselines: &Baselines,
) -> Result<String, Failure> {
    let effective = baselines.effective(stored).map_err(|_| Failure::bug())?;
    Ok(effective.digest)
}

/// The baseline that a change made, or would make.
pub(crate) fn changed(outcome: &Outcome) -> Result<Option<v1::Baseline>, Failure> {
    let changed = outcome.baseline.as_ref();
    changed
        .map(|baseline| stored(baseline, &outcome.after))
        .transpose()
}

/// A revision, with or without its documents.
pub(crate) fn revision(name: &str, revision: &Revision, whole: bool) -> v1::BaselineRevision {
    let message = v1::BaselineRevision {
        name: format!("baselines/{name}/revisions/{}", revision.number),
        revision: revision.number,
        state: state(revision.state).into(),
        etag: revision.etag.clone(),
        ..v1::BaselineRevision::default()
    };
    match &revision.content {
        Err(deletion) => v1::BaselineRevision {
            author: deletion.author.clone(),
            decider: deletion.decider.clone(),
            create_time: milliseconds(deletion.created_at),
            ..message
        },
        Ok(stored) => {
            let document = |bytes: &[u8]| if whole { bytes.to_vec() } else { Vec::new() };
            v1::BaselineRevision {
                author: stored.author.clone(),
                decider: stored.decider.clone(),
                create_time: milliseconds(stored.created_at),
                document: document(&stored.document).into(),
                canonical_json: document(&stored.canonical).into(),
                digest: stored.digest.clone(),
                rolled_back_from: stored.rolled_back_from.unwrap_or_default(),
                ..message
            }
        }
    }
}

pub(crate) fn state(state: State) -> v1::RevisionState {
    match state {
        State::Approved => v1::RevisionState::Approved,
        State::Tombstone => v1::RevisionState::Tombstone,
        State::Proposed => v1::RevisionState::Proposed,
        State::Rejected => v1::RevisionState::Rejected,
    }
}

/// A failure as a message.
pub(crate) fn rpc_status(failure: Failure) -> v1::RpcStatus {
    let status = tonic::Status::from(failure);
    let decoded = tonic_types::pb::Status::decode(status.details());
    let details = decoded.map_or_else(|_| Vec::new(), |decoded| decoded.details);
    v1::RpcStatus {
        code: status.code().into(),
        message: status.message().to_owned(),
        details,
    }
}

pub(crate) fn difference(difference: Difference) -> v1::FieldDifference {
    let json = |value: Option<serde_json::Value>| value.map_or_else(String::new, |v| v.to_string());
    v1::FieldDifference {
        path: difference.path,
        before: json(difference.before),
        after: json(difference.after),
    }
}

pub(crate) fn simulated(one: Simulated) -> v1::SimulatedOperator {
    v1::SimulatedOperator {
        cluster: one.cluster,
        operator: one.operator,
        mode: mode(one.mode).into(),
        gather_time: milliseconds(one.gathered_at),
        outcome: one.outcome.into(),
        status_before: opsec_wire::encode_status(one.before.status),
        status_after: opsec_wire::encode_status(one.after.status),
        baseline_before: Some(resolved(one.before.baseline)),
        baseline_after: Some(resolved(one.after.baseline)),
        no_longer_covered: one.no_longer_covered,
        newly_failing_findings: one.newly_failing,
    }
}

pub(crate) fn mode(mode: CollectionMode) -> v1::CollectionMode {
    match mode {
        CollectionMode::ClientAsserted => v1::CollectionMode::ClientAsserted,
        CollectionMode::ServerCollected => v1::CollectionMode::ServerCollected,
    }
}

pub(crate) fn cluster(cluster: Cluster) -> v1::Cluster {
    v1::Cluster {
        name: format!("clusters/{}", cluster.id),
        etag: cluster.etag(),
        create_time: milliseconds(cluster.created_at),
        uid: cluster.uid,
        labels: cluster.labels.into_iter().collect(),
    }
}

pub(crate) fn posture(shown: &Shown) -> v1::Posture {
    let Shown {
        cluster,
        posture,
        outcome,
    } = shown;
    let judged_by = &posture.judged_by;
    let parent = &judged_by.parent;
    let practices = outcome.practices.iter();
    v1::Posture {
        name: posture_name(&cluster.id, &posture.operator),
        mode: mode(posture.mode).into(),
        gather_time: milliseconds(posture.gathered_at),
        record_time: milliseconds(posture.recorded_at),
        status_since_time: milliseconds(posture.status_since),
        check: format!("checks/{}", posture.check_id),
        status: opsec_wire::encode_status(outcome.status),
        practices: practices
            .map(|&(number, status)| v1::PracticeStatus {
                practice: number.into(),
                status: opsec_wire::encode_status(status),
            })
            .collect(),
        counts: Some(opsec_wire::encode_counts(&outcome.counts)),
        gains: outcome
            .gains
            .iter()
            .map(|&gain| opsec_wire::encode_gain(gain))
            .collect(),
        baseline: Some(v1::ResolvedBaseline {
            name: resource(&judged_by.baseline.name),
            revision: judged_by.baseline.revision,
            digest: judged_by.baseline.digest.clone(),
            parent: if parent.name.is_empty() {
                String::new()
            } else {
                resource(&parent.name)
            },
            parent_revision: parent.revision,
            parent_digest: parent.digest.clone(),
            effective_digest: judged_by.effective_digest.clone(),
            r#match: outcome.matched,
            selected: false,
        }),
        snapshot_digest: posture.snapshot_digest.clone(),
        facts_digest: posture.facts_digest.clone(),
    }
}

pub(crate) fn posture_name(cluster: &str, operator: &str) -> String {
    format!("clusters/{cluster}/operators/{operator}/posture")
}

pub(crate) fn milliseconds(since: i64) -> Option<prost_types::Timestamp> {
    jiff::Timestamp::from_millisecond(since)
        .ok()
        .map(clock::encode)
}

/// The built-in baseline: revision 0 of `default`, without an etag.
pub(crate) fn builtin() -> Result<v1::Baseline, CanonicalError> {
    let baseline = Baseline::builtin();
    let name = &baseline.metadata.name;
    let canonical = to_canonical_json(&serde_json::json!({"name": name, "spec": baseline.spec}))?;
    Ok(v1::Baseline {
        name: resource(name),
        document: opsec_wire::encode_baseline(&baseline)?.into(),
        canonical_json: canonical.into(),
        revision: 0,
        digest: baseline.digest()?,
        etag: String::new(),
        revision_create_time: None,
        author: String::new(),
        effective_digest: EffectiveBaseline::new(&baseline, 0, false, None)?.digest,
        proposed_revision: 0,
    })
}

pub(crate) fn resource(name: &str) -> String {
    format!("baselines/{name}")
}
