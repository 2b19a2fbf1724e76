//! Baselines: a document on the wire, because a document can be refused for a field that is not
//! known and a protobuf message cannot.

use opsec_model::Baseline;
use opsec_model::canonical::{self, CanonicalError};

use crate::field::{FieldError, Problem};

/// A baseline as a document: canonical JSON, which is YAML as well.
///
/// # Errors
/// When it holds a number that has no canonical form.
pub fn encode_baseline(baseline: &Baseline) -> Result<Vec<u8>, CanonicalError> {
    canonical::to_canonical_json(baseline)
}

/// A baseline from a document in JSON; strict, so an unknown field is an error with its path.
///
/// # Errors
/// On the first field that is wrong, with its path in the document.
pub fn decode_baseline(document: &[u8]) -> Result<Baseline, FieldError> {
    let value = serde_json::from_slice(document)
        .map_err(|error| FieldError::new("document", Problem::Malformed(error.to_string())))?;
    Baseline::from_value(value).map_err(|error| {
        let opsec_model::baseline::BaselineError::Field(field) = error;
        FieldError {
            field: field.path,
            problem: Problem::Malformed(field.message),
        }
    })
}
