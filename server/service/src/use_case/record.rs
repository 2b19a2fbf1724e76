//! Recording a check: it becomes the posture of its operator. Only what the service itself decided
//! on a registered cluster is recorded: no choice of the caller may shine through.

use jiff::{SignedDuration, Timestamp};
use opsec_model::{Counts, Gain, Snapshot, Status};
use opsec_proto::v1::BaselineMatch;
use opsec_store::cluster::Cluster;
use opsec_store::kept::Kept;
use opsec_store::posture::{CollectionMode, JudgedBy, Posture, RevisionRef};
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Unrecordable};
use crate::use_case::attest::Found;
use crate::use_case::check::Judged;
use crate::use_case::clusters::Place;
use crate::use_case::select::Selected;

/// How far a caller's clock may go ahead.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// How old a snapshot may be where the baseline does not say.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// How long a check can be attested at most.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// What a posture says of the result; it is stored as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    pub(crate) practices: Vec<(u8, Status)>,
    pub(crate) counts: Counts,
    pub(crate) gains: Vec<Gain>,
    pub(crate) matched: i32,
}

/// A check that is to be recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToRecord<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) snapshot_digest: &'a str,
    pub(crate) check_id: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) mode: CollectionMode,
}

/// The cluster that a check can be recorded for, and when its facts were gathered.
pub(crate) fn recordable<'a>(
    snapshot: &Snapshot,
    place: &'a Place,
    now: Timestamp,
) -> Result<(&'a Cluster, Timestamp), Failure> {
    let (Some(gathered), Some(_)) = (&snapshot.gathered_at, &snapshot.cluster_uid) else {
        return Err(Failure::NotRecordable(
            "input",
            "it is not of a cluster: only live facts are recorded",
        ));
    };
    let cluster = place
        .registered()
        .ok_or(Failure::Record(Unrecordable::ClusterUnregistered))?;
    let gathered: Timestamp = gathered.parse().map_err(|_| Failure::Field {
        field: "snapshot.gathered_at",
        message: format!("`{gathered}` is not a time (RFC 3339)"),
    })?;
    if gathered.duration_since(now) > AHEAD {
        return Err(Failure::Record(Unrecordable::FromFuture));
    }
    Ok((cluster, gathered))
}

/// The posture of a judged operator.
pub(crate) fn posture(
    judged: &Judged,
    to_record: ToRecord<'_>,
    cluster: &Cluster,
    gathered: Timestamp,
) -> Result<Posture, Failure> {
    match judged.baseline.matched {
        BaselineMatch::Inline => return Err(Failure::Record(Unrecordable::BaselineInline)),
        BaselineMatch::Selected => {
            return Err(Failure::NotRecordable(
                "baseline",
                "it was chosen by the request; what is recorded is judged by what applies",
            ));
        }
        _ => {}
    }
    is_fresh(&judged.baseline, gathered, to_record.now)?;
    let report = &judged.report;
    let rules = report.practices.iter().flat_map(|practice| &practice.rules);
    if rules
        .into_iter()
        .all(|rule| rule.status == Status::NotApplicable)
    {
        return Err(Failure::Record(Unrecordable::NothingJudged));
    }
    let result = Outcome {
        status: report.status,
        practices: report
            .practices
            .iter()
            .map(|practice| (practice.number, practice.status))
            .collect(),
        counts: report.counts.clone(),
        gains: report.gains.clone(),
        matched: judged.baseline.matched.into(),
    };
    let gathered_at = gathered.as_millisecond();
    Ok(Posture {
        cluster_uid: cluster.uid.clone(),
        operator: report.operator.id(),
        mode: to_record.mode,
        gathered_at,
        recorded_at: to_record.now.as_millisecond(),
        snapshot_digest: to_record.snapshot_digest.to_owned(),
        facts_digest: facts_digest(to_record.snapshot)?,
        judged_by: judged_by(&judged.baseline),
        check_id: to_record.check_id.to_owned(),
        status: report.status.as_str().to_owned(),
        status_since: gathered_at,
        result: serde_json::to_string(&result).map_err(|_| Failure::bug())?,
    })
}

/// How old facts may be that are judged by a baseline.
fn fresh(baseline: &Selected) -> SignedDuration {
    let said = baseline.attestation.max_snapshot_age.as_deref();
    said.and_then(duration).unwrap_or(FRESH)
}

/// Refuses facts that are older than a baseline accepts.
pub(crate) fn is_fresh(
    baseline: &Selected,
    gathered: Timestamp,
    now: Timestamp,
) -> Result<(), Failure> {
    let (age, limit) = (now.duration_since(gathered), fresh(baseline));
    if age <= limit {
        return Ok(());
    }
    Err(Failure::Record(Unrecordable::Stale {
        seconds: age.as_secs(),
        limit: limit.as_secs(),
    }))
}

/// What is kept of a recorded check, so that it can be attested for as long as its facts are fresh.
pub(crate) fn kept(
    judged: &Judged,
    posture: &Posture,
    snapshot: &Snapshot,
    author: &str,
) -> Result<Kept, Failure> {
    let found = Found::of(&judged.report, snapshot, &posture.cluster_uid);
    let span = |duration: SignedDuration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let facts_end = posture
        .gathered_at
        .saturating_add(span(fresh(&judged.baseline)));
    Ok(Kept {
        posture: posture.clone(),
        author: author.to_owned(),
        until: facts_end.min(posture.recorded_at.saturating_add(span(KEPT))),
        found: serde_json::to_string(&found).map_err(|_| Failure::bug())?,
    })
}

/// Digest of the facts alone: equal ones are unchanged, whenever they were gathered.
pub(crate) fn facts_digest(snapshot: &Snapshot) -> Result<String, Failure> {
    let facts = Snapshot {
        gathered_at: None,
        cluster_uid: None,
        ..snapshot.clone()
    };
    facts.digest().map_err(|_| Failure::bug())
}

/// A span as baselines write it: `90s`, `10m`, `24h`, `7d`.
pub(crate) fn duration(text: &str) -> Option<SignedDuration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i64 = number.parse().ok().filter(|number| *number >= 0)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    Some(SignedDuration::from_secs(number.checked_mul(seconds)?))
}

/// The baseline that was judged by, as it is written down.
pub(crate) fn judged_by(selected: &Selected) -> JudgedBy {
    let (parent_revision, parent_digest) = selected
        .parent
        .as_ref()
        .map_or((0, String::new()), |parent| {
            (parent.revision, parent.digest.clone())
        });
    JudgedBy {
        baseline: RevisionRef {
            name: selected.name.clone(),
            revision: selected.revision,
            digest: selected.digest.clone(),
        },
        parent: RevisionRef {
            name: selected
                .parent
                .as_ref()
                .map_or_else(String::new, |_| "default".to_owned()),
            revision: parent_revision,
            digest: parent_digest,
        },
        effective_digest: selected.effective_digest.clone(),
    }
}
