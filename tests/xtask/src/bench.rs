//! `bench`: builds the plugin and the benchmarks as users build the plugin, and runs them.

use std::process::Command;

use crate::workspace::{Outcome, cargo, execute, root, target};

/// Builds, and measures with these options.
///
/// # Errors
/// When something does not build or run, or came to something else than it was timed for.
pub(crate) fn run(options: &[&str]) -> Outcome {
    let both = ["--package", "kubectl-opsec", "--package", "opsec-bench"];
    execute(cargo().args(["build", "--release", "--locked"]).args(both))?;
    let target = root().join(target());
    let built = |name: &str| {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        target.join("release").join(name)
    };
    execute(
        Command::new(built("opsec-bench"))
            .arg("--plugin")
            .arg(built("kubectl-opsec"))
            .arg("--tools")
            .arg(target.join("tools"))
            .args(options),
    )
}
