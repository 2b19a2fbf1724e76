//! The operators of an input, by id.

use opsec_model::{OperatorSummary, Snapshot};

use crate::failure::Failure;
use crate::use_case::check::guarded;

/// The operators, each with its id, in the order of the ids.
pub(crate) fn list_operators(
    snapshot: &Snapshot,
) -> Result<Vec<(String, OperatorSummary)>, Failure> {
    let operators = guarded(|| opsec_practices::list_operators(snapshot))?;
    let mut identified: Vec<_> = operators
        .into_iter()
        .map(|operator| (operator.id(), operator))
        .collect();
    identified.sort();
    Ok(identified)
}
