//! Two states of an operator beside each other; a panic of the engine fails the call alone.

use opsec_compare::{CompareError, Comparing};
use opsec_model::Comparison;

use crate::failure::Failure;
use crate::use_case::check::guarded;

/// What is gained and what is lost.
pub(crate) fn compare(asked: &Comparing<'_>) -> Result<Comparison, Failure> {
    guarded(|| opsec_compare::compare(asked))?.map_err(|error| match error {
        CompareError::Before(error) => Failure::from(error).of("before"),
        CompareError::After(error) => Failure::from(error).of("after"),
        CompareError::TwoBaselines => Failure::Field {
            field: "after",
            message: error.to_string(),
        },
    })
}
