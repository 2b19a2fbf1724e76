//! Writing what mends an operator; a panic of the engine fails the call alone.

use std::collections::BTreeSet;

use opsec_model::validation::ValidationList;
use opsec_model::{OperatorSummary, Snapshot};
use opsec_practices::{CheckError, Prepared};
use opsec_remedies::harden::{Hardened, Hardening};
use opsec_remedies::{Captured, Capturing, Declared, Declaring, ValidateError};

use crate::failure::Failure;
use crate::use_case::check::{Facts, guarded};

/// What an operator holds, written down.
pub(crate) fn declare(facts: &Facts, asked: &Declaring<'_>) -> Result<Declared, Failure> {
    let declared = guarded(|| opsec_remedies::declare(&Prepared::new(&facts.snapshot), asked))?;
    Ok(declared.map_err(CheckError::from)?)
}

/// Whether rights stay within what is declared.
pub(crate) fn validate(facts: &Facts, operator: Option<&str>) -> Result<ValidationList, Failure> {
    let validated =
        guarded(|| opsec_remedies::validate_all(&Prepared::new(&facts.snapshot), operator))?;
    validated.map_err(|error| match error {
        ValidateError::Resolve(error) => CheckError::from(error).into(),
        ValidateError::Digest(error) => CheckError::from(error).into(),
        ValidateError::NothingDeclared { .. } => Failure::NothingDeclared(error.to_string()),
    })
}

/// The operator of one of its names, as baselines are chosen by it.
pub(crate) fn operator(
    snapshot: &Snapshot,
    name: Option<&str>,
) -> Result<OperatorSummary, Failure> {
    let found = guarded(|| {
        let prepared = Prepared::new(snapshot);
        let nowhere = BTreeSet::new();
        prepared
            .resolve(name)
            .map(|operator| operator.summary(&nowhere))
    })?;
    Ok(found.map_err(CheckError::from)?)
}

/// A draft of a baseline.
pub(crate) fn capture(facts: &Facts, asked: &Capturing<'_>) -> Result<Captured, Failure> {
    Ok(guarded(|| {
        opsec_remedies::capture(&Prepared::new(&facts.snapshot), asked)
    })??)
}

/// What mends an operator, with where the findings of both reports stand.
pub(crate) fn harden(facts: &Facts, asked: &Hardening<'_>) -> Result<Hardened, Failure> {
    let mut hardened = guarded(|| opsec_remedies::harden::harden(&facts.snapshot, asked))??;
    hardened.before.locate(&facts.sources);
    hardened.after.locate(&facts.sources);
    Ok(hardened)
}
