//! Attesting: what the service itself found becomes a statement. Nothing that a caller says of an
//! operator is signed, and a check that failed is never signed as one that passed.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use opsec_attest::{
    Descriptor, Envelope, FAILED, ImageRef, PASSED, PAYLOAD_TYPE, PREDICATE_TYPE, Predicate,
    STATEMENT_TYPE, SigningKey, Statement, Subject, WorkloadRef, envelope_digest,
};
use opsec_model::{Counts, OperatorSummary, Report, Snapshot, Status};
use opsec_proto::v1::BaselineMatch;
use opsec_store::attestation::Attestation;
use opsec_store::cluster::Cluster;
use opsec_store::posture::{CollectionMode, Posture};
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Unattestable};
use crate::use_case::record::duration;
use crate::use_case::select::Selected;

/// How long a statement holds where the baseline does not say, and at most.
const VALID: SignedDuration = SignedDuration::from_hours(24);
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a caller asks beside the facts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Demands {
    /// The digest of the baseline that it takes to apply; empty: any.
    pub(crate) effective_digest: String,
    /// Whether a statement that an operator failed does too.
    pub(crate) allow_failed: bool,
}

/// What was found of an operator, as far as a statement says it: made of a report when it is judged,
/// kept with a check that is recorded, and nothing in it is a caller's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    pub(crate) operator: OperatorSummary,
    /// The version of the engine that judged.
    engine_version: String,
    status: Status,
    counts: Counts,
    practices: Vec<opsec_attest::Practice>,
    exemptions: BTreeSet<opsec_attest::Exemption>,
    descriptor: Descriptor,
    images_complete: bool,
}

/// Who and what a statement is of, and by whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) gathered: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) mode: CollectionMode,
    /// Who answers for the facts.
    pub(crate) collector: &'a str,
    /// Who asks for the statement.
    pub(crate) author: &'a str,
    pub(crate) verifier_id: &'a str,
    /// Who approved the baseline.
    pub(crate) approval: Option<&'a opsec_attest::Approval>,
}

/// A statement that may be signed, with the bytes that its target is known by.
#[derive(Debug, Clone)]
pub(crate) struct Statable {
    pub(crate) statement: Statement,
    pub(crate) target: Vec<u8>,
    pub(crate) valid_until: Timestamp,
}

impl Found {
    /// What a report says of an operator of a snapshot.
    pub(crate) fn of(report: &Report, snapshot: &Snapshot, cluster_uid: &str) -> Self {
        let (descriptor, images_complete) = descriptor(snapshot, report, cluster_uid);
        Self {
            operator: report.operator.clone(),
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            status: report.status,
            counts: report.counts.clone(),
            practices: report.practices.iter().map(practice).collect(),
            exemptions: exemptions(report),
            descriptor,
            images_complete,
        }
    }
}

/// The statement of what was found by a baseline, and could be recorded; or why there is none.
pub(crate) fn state(
    found: &Found,
    (baseline, recorded): (&Selected, &Posture),
    of: &Of<'_>,
    demands: &Demands,
) -> Result<Statable, Failure> {
    if !demands.effective_digest.is_empty() && demands.effective_digest != baseline.effective_digest
    {
        return Err(changed(baseline));
    }
    is_trusted(baseline, of.mode)?;
    let result = result(found, demands.allow_failed)?;
    let descriptor = &found.descriptor;
    let bug = |_| Failure::bug();
    let valid_until = valid_until(found, baseline, of.now);
    let target = opsec_attest::Target {
        cluster: opsec_attest::Cluster {
            id: of.cluster.id.clone(),
            uid: of.cluster.uid.clone(),
        },
        operator: opsec_attest::Operator {
            id: found.operator.id(),
            name: found.operator.name.clone(),
            namespaces: found.operator.namespaces.clone(),
        },
        descriptor_digest: descriptor.digest().map_err(bug)?,
        images_complete: found.images_complete,
    };
    let predicate = predicate(found, of, recorded, (target, result, valid_until));
    Ok(Statable {
        statement: Statement {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: Subject::of(descriptor).map_err(bug)?,
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate,
        },
        target: descriptor.bytes().map_err(bug)?,
        valid_until,
    })
}

/// That another baseline applies than was taken to.
pub(crate) fn changed(applies: &Selected) -> Failure {
    Failure::Attest(Unattestable::BaselineChanged {
        baseline: applies.name.clone(),
        effective_digest: applies.effective_digest.clone(),
    })
}

/// Whether the baseline trusts the facts, and is the operator's by more than a name that the
/// operator gives itself. What a baseline does not say asks for the most.
fn is_trusted(baseline: &Selected, mode: CollectionMode) -> Result<(), Failure> {
    let asked = baseline.attestation.minimum_collection.as_deref();
    let accepts_callers = asked == Some(CollectionMode::ClientAsserted.as_str());
    if mode == CollectionMode::ClientAsserted && !accepts_callers {
        return Err(Failure::Attest(Unattestable::CollectionTooWeak {
            mode: mode.as_str(),
            minimum: CollectionMode::ServerCollected.as_str(),
        }));
    }
    if baseline.matched == BaselineMatch::Name && !baseline.attestation.allow_name_match {
        let baseline = baseline.name.clone();
        return Err(Failure::Attest(Unattestable::MatchedByName { baseline }));
    }
    Ok(())
}

fn result(found: &Found, allow_failed: bool) -> Result<&'static str, Failure> {
    let good = [Status::Pass, Status::NotApplicable];
    let is_good = |status: &str| good.iter().any(|one| one.as_str() == status);
    let failing: Vec<String> = found
        .practices
        .iter()
        .filter(|practice| !is_good(&practice.status))
        .map(|practice| format!("{} {}", practice.number, practice.status))
        .collect();
    if failing.is_empty() && good.contains(&found.status) {
        Ok(PASSED)
    } else if allow_failed {
        Ok(FAILED)
    } else {
        Err(Failure::Attest(Unattestable::CheckFailed {
            status: found.status.as_str(),
            practices: failing.join(", "),
        }))
    }
}

/// What exactly runs there, and whether every image of it is known by its digest.
fn descriptor(snapshot: &Snapshot, report: &Report, uid: &str) -> (Descriptor, bool) {
    let mut descriptor = Descriptor {
        cluster_uid: uid.to_owned(),
        operator_id: report.operator.id(),
        ..Descriptor::default()
    };
    let mut complete = true;
    for component in &report.operator.components {
        descriptor.workloads.insert(WorkloadRef {
            kind: component.kind.clone(),
            namespace: component.namespace.clone(),
            name: component.name.clone(),
        });
        let mut found = false;
        for workload in &snapshot.workloads {
            let of = &workload.metadata;
            let same = workload.kind.as_str() == component.kind
                && of.namespace.as_deref().unwrap_or_default() == component.namespace
                && of.name == component.name;
            if same {
                found = true;
                let containers = workload.template.spec.all_containers();
                let images = containers
                    .map(|(_, container)| ImageRef::of(&container.name, &container.image));
                descriptor.images.extend(images);
            }
        }
        complete &= found;
    }
    let complete = complete && descriptor.images_complete();
    (descriptor, complete)
}

/// Until the baseline's time is over, or the first exemption that was needed ends.
fn valid_until(found: &Found, baseline: &Selected, now: Timestamp) -> Timestamp {
    let said = baseline.attestation.valid_for.as_deref();
    let valid = said.and_then(duration).unwrap_or(VALID).min(LONGEST);
    let until = now.checked_add(valid).unwrap_or(Timestamp::MAX);
    let ends = found.exemptions.iter().filter_map(|one| {
        let last: jiff::civil::Date = one.expires.parse().ok()?;
        let end = last.tomorrow().ok()?;
        format!("{end}T00:00:00Z").parse().ok()
    });
    ends.fold(until, Timestamp::min)
}

/// Exemptions without which it would be worse.
fn exemptions(report: &Report) -> BTreeSet<opsec_attest::Exemption> {
    let findings = report
        .practices
        .iter()
        .flat_map(|practice| &practice.findings);
    let used = findings.filter_map(|finding| Some((finding, finding.exemption.as_ref()?)));
    used.flat_map(|(finding, accepted)| {
        let own = std::slice::from_ref(&finding.rule);
        let rules = if accepted.rules.is_empty() {
            own
        } else {
            &accepted.rules
        };
        rules.iter().map(|rule| opsec_attest::Exemption {
            rule: rule.clone(),
            owner: accepted.owner.clone(),
            expires: accepted.expires.clone(),
        })
    })
    .collect()
}

fn predicate(
    found: &Found,
    of: &Of<'_>,
    recorded: &Posture,
    (target, result, valid_until): (opsec_attest::Target, &str, Timestamp),
) -> Predicate {
    let judged_by = &recorded.judged_by;
    let revision = |one: &opsec_store::posture::RevisionRef| opsec_attest::BaselineRef {
        name: one.name.clone(),
        revision: one.revision,
        digest: one.digest.clone(),
    };
    let parent = Some(&judged_by.parent).filter(|parent| !parent.name.is_empty());
    Predicate {
        verifier: opsec_attest::Verifier {
            id: of.verifier_id.to_owned(),
            engine_version: found.engine_version.clone(),
        },
        time_verified: format!("{:.0}", of.now),
        valid_until: format!("{valid_until:.0}"),
        target,
        baseline: opsec_attest::Baseline {
            own: revision(&judged_by.baseline),
            parent: parent.map(revision),
            effective_digest: judged_by.effective_digest.clone(),
        },
        approval: of.approval.cloned(),
        snapshot: opsec_attest::Facts {
            digest: recorded.snapshot_digest.clone(),
            facts_digest: recorded.facts_digest.clone(),
            gathered_at: format!("{:.0}", of.gathered),
            mode: of.mode.as_str().to_owned(),
            collector: of.collector.to_owned(),
        },
        result: result.to_owned(),
        counts: found.counts.clone(),
        practices: found.practices.clone(),
        exemptions: found.exemptions.iter().cloned().collect(),
    }
}

fn practice(one: &opsec_model::PracticeReport) -> opsec_attest::Practice {
    opsec_attest::Practice {
        number: one.number,
        name: one.name.clone(),
        status: one.status.as_str().to_owned(),
        halves: opsec_attest::Halves {
            operator: one.halves.operator.as_str().to_owned(),
            cluster: one.halves.cluster.as_str().to_owned(),
        },
    }
}

/// Signs a statement.
pub(crate) fn sign(
    statable: &Statable,
    of: &Of<'_>,
    key: &SigningKey,
) -> Result<Attestation, Failure> {
    let payload = statable.statement.bytes().map_err(|_| Failure::bug())?;
    let envelope = Envelope::sign(payload, PAYLOAD_TYPE, key);
    let text = |bytes| String::from_utf8(bytes).map_err(|_| Failure::bug());
    let unsigned = unsigned(statable, of)?;
    Ok(Attestation {
        id: uuid::Uuid::now_v7().to_string(),
        key_id: key.public().id(),
        envelope_digest: envelope_digest(&envelope.payload),
        envelope: text(envelope.write())?,
        ..unsigned
    })
}

/// What would be signed, without id, key and envelope.
pub(crate) fn unsigned(statable: &Statable, of: &Of<'_>) -> Result<Attestation, Failure> {
    let said = &statable.statement.predicate;
    Ok(Attestation {
        id: String::new(),
        cluster_uid: of.cluster.uid.clone(),
        cluster: of.cluster.id.clone(),
        operator: said.target.operator.id.clone(),
        result: said.result.clone(),
        mode: of.mode,
        author: of.author.to_owned(),
        verified_at: of.now.as_millisecond(),
        valid_until: statable.valid_until.as_millisecond(),
        key_id: String::new(),
        envelope_digest: String::new(),
        envelope: String::new(),
        target: String::from_utf8(statable.target.clone()).map_err(|_| Failure::bug())?,
    })
}
