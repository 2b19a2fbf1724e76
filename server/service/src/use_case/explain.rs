//! What a practice, a rule or a right means.

use opsec_model::Explanation;

use crate::failure::Failure;

/// The explanation of what has that name.
pub(crate) fn explain(name: String) -> Result<Explanation, Failure> {
    opsec_practices::explain(&name).ok_or_else(|| Failure::RuleUnknown {
        candidates: opsec_practices::candidates(&name),
        name,
    })
}
