//! Writing what mends an operator; a panic of the engine fails the call alone.

use opsec_model::validation::ValidationList;
use opsec_practices::{CheckError, Prepared};
use opsec_remedies::{Declared, Declaring, ValidateError};

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
