//! Escalation chains.

use opsec_model::{Hop, Path, PathEnd};
use opsec_proto::v1;

use crate::field::{FieldError, Problem, each, message};
use crate::finding::{decode_evidence, encode_evidence};
use crate::object::{decode_object, encode_object};
use crate::words::{decode_path_end, decode_severity, encode_path_end, encode_severity};

/// A chain for the wire.
pub fn encode_path(path: &Path) -> v1::Path {
    let Path {
        end,
        severity,
        cut,
        hops,
    } = path;
    v1::Path {
        end: encode_path_end(*end),
        severity: encode_severity(*severity),
        cut: *cut,
        hops: hops.iter().map(encode_hop).collect(),
    }
}

/// A chain from the wire.
///
/// # Errors
/// When a mandatory field is absent or a word is not known to this version.
pub fn decode_path(path: v1::Path) -> Result<Path, FieldError> {
    let end: PathEnd = decode_path_end("end", path.end)?;
    Ok(Path {
        end,
        severity: decode_severity("severity", path.severity)?,
        cut: path.cut,
        hops: each("hops", path.hops, decode_hop)?,
    })
}

fn encode_hop(hop: &Hop) -> v1::Hop {
    let Hop {
        from,
        to,
        right,
        action,
        evidence,
        practice,
        cut,
        reason,
    } = hop;
    v1::Hop {
        from: Some(encode_object(from)),
        to: Some(encode_object(to)),
        right: right.clone(),
        action: action.clone(),
        evidence: evidence.iter().map(encode_evidence).collect(),
        practice: practice.map_or(0, u32::from),
        cut: *cut,
        reason: reason.clone(),
    }
}

fn decode_hop(hop: v1::Hop) -> Result<Hop, FieldError> {
    let practice = match hop.practice {
        0 => None,
        number => Some(u8::try_from(number).map_err(|_| {
            FieldError::new(
                "practice",
                Problem::Malformed(format!("{number} is no practice")),
            )
        })?),
    };
    Ok(Hop {
        from: message("from", hop.from, |object| Ok(decode_object(object)))?,
        to: message("to", hop.to, |object| Ok(decode_object(object)))?,
        right: hop.right,
        action: hop.action,
        evidence: each("evidence", hop.evidence, decode_evidence)?,
        practice,
        cut: hop.cut,
        reason: hop.reason,
    })
}
