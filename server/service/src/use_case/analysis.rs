//! Single questions about operators; a panic of the engine fails the call alone.

use opsec_model::{PathList, RightList};
use opsec_practices::analysis::{AccessAnswers, AccessRequest, Connections};

use crate::failure::Failure;
use crate::use_case::check::{Facts, guarded};

/// The rights of an operator, with where they stand.
pub(crate) fn list_rights(facts: &Facts, operator: Option<&str>) -> Result<RightList, Failure> {
    let mut list = guarded(|| opsec_practices::list_rights(&facts.snapshot, operator))??;
    list.locate(&facts.sources);
    Ok(list)
}

/// Answers to questions, with where what allows it stands.
pub(crate) fn can_i(facts: &Facts, request: &AccessRequest<'_>) -> Result<AccessAnswers, Failure> {
    let mut answers = guarded(|| opsec_practices::can_i(&facts.snapshot, request))??;
    let answered = answers.results.iter_mut().flatten();
    for answer in answered.flat_map(|answered| &mut answered.accounts) {
        answer.locate(&facts.sources);
    }
    Ok(answers)
}

/// The connections of the facts.
pub(crate) fn list_connections(
    facts: &Facts,
    operator: Option<&str>,
) -> Result<Connections, Failure> {
    Ok(guarded(|| {
        opsec_practices::list_connections(&facts.snapshot, operator)
    })??)
}

/// The chains of an operator, with where what allows each hop stands.
pub(crate) fn find_paths(facts: &Facts, operator: Option<&str>) -> Result<PathList, Failure> {
    let mut list = guarded(|| opsec_practices::find_paths(&facts.snapshot, operator))??;
    list.locate(&facts.sources);
    Ok(list)
}
