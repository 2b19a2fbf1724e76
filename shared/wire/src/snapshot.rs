//! Snapshots: the typed envelope. The objects themselves are [`crate::facts`].

use std::collections::BTreeMap;

use opsec_model::snapshot::Placement;
use opsec_model::{Completeness, Kind, Snapshot};
use opsec_proto::v1;
use opsec_proto::v1::CompletenessState;

use crate::facts::{decode_facts, encode_facts};
use crate::field::{FieldError, Problem, decode_count, each, encode_count, message};
use crate::object::{
    decode_kind, decode_notices, decode_source, encode_kind, encode_notices, encode_source,
};
use crate::words::{decode_placement_reason, encode_placement_reason};

/// A snapshot for the wire.
///
/// # Errors
/// When an object has no JSON form, naming its list.
pub fn encode_snapshot(snapshot: &Snapshot) -> Result<v1::Snapshot, FieldError> {
    Ok(v1::Snapshot {
        source: Some(encode_source(&snapshot.source)),
        kubernetes_version: snapshot.kubernetes_version.clone(),
        gathered_at: snapshot.gathered_at.clone(),
        cluster_uid: snapshot.cluster_uid.clone(),
        incomplete_kinds: snapshot.incomplete.iter().map(encode_incomplete).collect(),
        served_kinds: snapshot.served.iter().map(encode_kind).collect(),
        placements: snapshot.placements.iter().map(encode_placement).collect(),
        notices: encode_notices(&snapshot.notices),
        facts: encode_facts(snapshot)?,
    })
}

/// A snapshot from the wire.
///
/// # Errors
/// When a field is absent or malformed, a list stands twice, or a list or a word is not known to
/// this version ([`Problem::Newer`], [`Problem::EnumUnknown`]).
pub fn decode_snapshot(snapshot: v1::Snapshot) -> Result<Snapshot, FieldError> {
    let mut decoded = Snapshot {
        source: message("source", snapshot.source, decode_source)?,
        kubernetes_version: snapshot.kubernetes_version,
        gathered_at: snapshot.gathered_at,
        cluster_uid: snapshot.cluster_uid,
        incomplete: decode_incomplete(snapshot.incomplete_kinds)?,
        served: snapshot.served_kinds.into_iter().map(decode_kind).collect(),
        placements: each("placements", snapshot.placements, decode_placement)?,
        notices: decode_notices("notices", snapshot.notices)?,
        ..Snapshot::default()
    };
    decode_facts(snapshot.facts, &mut decoded)?;
    Ok(decoded)
}

fn encode_incomplete((kind, completeness): (&Kind, &Completeness)) -> v1::IncompleteKind {
    let (state, missing, message) = match completeness {
        Completeness::Complete => (CompletenessState::Complete, "", ""),
        Completeness::Forbidden { missing } => (CompletenessState::Forbidden, missing.as_str(), ""),
        Completeness::OutOfScope => (CompletenessState::OutOfScope, "", ""),
        Completeness::Failed { message } => (CompletenessState::Failed, "", message.as_str()),
    };
    v1::IncompleteKind {
        kind: Some(encode_kind(kind)),
        state: state.into(),
        missing: missing.to_owned(),
        message: message.to_owned(),
    }
}

fn decode_incomplete(
    kinds: Vec<v1::IncompleteKind>,
) -> Result<BTreeMap<Kind, Completeness>, FieldError> {
    let decoded = each("incomplete_kinds", kinds, |row| {
        let kind = message("kind", row.kind, |kind| Ok(decode_kind(kind)))?;
        let completeness = match CompletenessState::try_from(row.state) {
            Ok(CompletenessState::Complete) => Completeness::Complete,
            Ok(CompletenessState::Forbidden) => Completeness::Forbidden {
                missing: row.missing,
            },
            Ok(CompletenessState::OutOfScope) => Completeness::OutOfScope,
            Ok(CompletenessState::Failed) => Completeness::Failed {
                message: row.message,
            },
            Ok(CompletenessState::Unspecified) => {
                return Err(FieldError::new("state", Problem::Missing));
            }
            Err(_) => return Err(FieldError::new("state", Problem::EnumUnknown(row.state))),
        };
        Ok((kind, completeness))
    })?;
    let mut kinds = BTreeMap::new();
    for (index, (kind, completeness)) in decoded.into_iter().enumerate() {
        let name = kind.to_string();
        // Of two states the later would hide the earlier, and `complete` an incomplete one.
        if kinds.insert(kind, completeness).is_some() {
            let problem = Problem::Malformed(format!("`{name}` stands twice"));
            return Err(FieldError::new(
                &format!("incomplete_kinds[{index}].kind"),
                problem,
            ));
        }
    }
    Ok(kinds)
}

fn encode_placement(placement: &Placement) -> v1::Placement {
    let Placement {
        namespace,
        reason,
        objects,
    } = placement;
    v1::Placement {
        namespace: namespace.clone(),
        reason: encode_placement_reason(*reason),
        objects: encode_count(*objects),
    }
}

fn decode_placement(placement: v1::Placement) -> Result<Placement, FieldError> {
    Ok(Placement {
        namespace: placement.namespace,
        reason: decode_placement_reason("reason", placement.reason)?,
        objects: decode_count("objects", placement.objects)?,
    })
}
