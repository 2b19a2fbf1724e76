//! `test`: everything there is to prove, in the order in which it fails soonest.

use crate::workspace::{Outcome, cargo, execute, step};
use crate::{check, readme};

/// Runs it; the first step that fails ends it.
///
/// # Errors
/// The step's own.
pub(crate) fn run() -> Outcome {
    check::run()?;
    execute("tests", cargo().args(["test", "--workspace", "--locked"]))?;
    step("README.md", readme::check_built)
}
