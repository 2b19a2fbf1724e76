//! Postures: what operators came to, over clusters.

use jiff::Timestamp;
use opsec_model::posture::{CollectionMode, Posture, PostureBaseline, PracticeStatus};
use opsec_proto::v1;

use crate::field::{FieldError, Problem, each, message};
use crate::report::decode_counts;
use crate::words::{decode_gain, decode_status};

/// A posture from the wire.
///
/// # Errors
/// When a mandatory field is absent or a word is not known to this version.
pub fn decode_posture(posture: v1::Posture) -> Result<Posture, FieldError> {
    let (cluster, operator) = decode_posture_name("name", &posture.name)?;
    let gains = posture
        .gains
        .into_iter()
        .map(|gain| decode_gain("gains", gain));
    Ok(Posture {
        cluster,
        operator,
        status: decode_status("status", posture.status)?,
        status_since_time: message("status_since_time", posture.status_since_time, |time| {
            decode_time(time.seconds, time.nanos)
        })?,
        practices: each("practices", posture.practices, decode_practice)?,
        gains: gains.collect::<Result<_, _>>()?,
        counts: message("counts", posture.counts, decode_counts)?,
        baseline: message("baseline", posture.baseline, |baseline| {
            Ok(decode_judged_by(baseline))
        })?,
        mode: decode_mode("mode", posture.mode)?,
        gather_time: message("gather_time", posture.gather_time, |time| {
            decode_time(time.seconds, time.nanos)
        })?,
        record_time: message("record_time", posture.record_time, |time| {
            decode_time(time.seconds, time.nanos)
        })?,
        check: within("checks/", posture.check),
        snapshot_digest: posture.snapshot_digest,
        facts_digest: posture.facts_digest,
        name: posture.name,
    })
}

/// The cluster and the operator, by id, that a posture's name is of.
///
/// # Errors
/// When it is no posture's name.
pub fn decode_posture_name(field: &str, name: &str) -> Result<(String, String), FieldError> {
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        ["clusters", cluster, "operators", operator, "posture"] => {
            Ok(((*cluster).to_owned(), (*operator).to_owned()))
        }
        _ => Err(FieldError::new(
            field,
            Problem::Malformed(format!("`{name}` is no posture's name")),
        )),
    }
}

fn decode_practice(practice: v1::PracticeStatus) -> Result<PracticeStatus, FieldError> {
    let number = u8::try_from(practice.practice).map_err(|_| {
        let problem = format!("{} is no practice", practice.practice);
        FieldError::new("practice", Problem::Malformed(problem))
    })?;
    Ok(PracticeStatus {
        number,
        status: decode_status("status", practice.status)?,
    })
}

fn decode_judged_by(baseline: v1::ResolvedBaseline) -> PostureBaseline {
    PostureBaseline {
        name: within("baselines/", baseline.name),
        revision: baseline.revision,
        digest: baseline.digest,
        effective_digest: baseline.effective_digest,
    }
}

fn decode_mode(field: &str, number: i32) -> Result<CollectionMode, FieldError> {
    match v1::CollectionMode::try_from(number) {
        Ok(v1::CollectionMode::ClientAsserted) => Ok(CollectionMode::ClientAsserted),
        Ok(v1::CollectionMode::ServerCollected) => Ok(CollectionMode::ServerCollected),
        Ok(v1::CollectionMode::Unspecified) => Err(FieldError::new(field, Problem::Missing)),
        Err(_) => Err(FieldError::new(field, Problem::EnumUnknown(number))),
    }
}

fn decode_time(seconds: i64, nanos: i32) -> Result<Timestamp, FieldError> {
    Timestamp::new(seconds, nanos).map_err(|_| {
        let problem = format!("{seconds} s after 1970 is no time");
        FieldError::new("seconds", Problem::Malformed(problem))
    })
}

/// A resource's id: its name without the collection.
fn within(collection: &str, name: String) -> String {
    name.strip_prefix(collection)
        .map(str::to_owned)
        .unwrap_or(name)
}
