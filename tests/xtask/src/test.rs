//! `test`: everything there is to prove, in the order in which it fails soonest.

use crate::steps::Steps;
use crate::workspace::{Outcome, cargo, execute, say};
use crate::{check, readme};

/// Does every step.
///
/// # Errors
/// When a step fails, naming those that did.
pub(crate) fn run() -> Outcome {
    let mut steps = Steps::new(say);
    check::add(&mut steps);
    steps.step("tests", tests);
    steps.step("README.md", readme::check_built);
    steps.finish()
}

fn tests() -> Outcome {
    execute(cargo().args(["test", "--workspace", "--locked", "--no-fail-fast"]))
}
