//! `bench`: builds the plugin and the benchmarks as users build the plugin, and runs them.

use std::process::{Command, ExitCode};

use crate::workspace::{cargo, execute, root, target};

/// Builds, and measures with these options. The exit status is the benchmarks' own: 2 says that
/// there is no corpus to measure over.
///
/// # Errors
/// When something does not build or start.
pub(crate) fn run(options: &[&str]) -> Result<ExitCode, String> {
    let both = ["--package", "kubectl-opsec", "--package", "opsec-bench"];
    execute(cargo().args(["build", "--release", "--locked"]).args(both))?;
    let target = root().join(target());
    let built = |name: &str| {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        target.join("release").join(name)
    };
    let status = Command::new(built("opsec-bench"))
        .arg("--plugin")
        .arg(built("kubectl-opsec"))
        .arg("--tools")
        .arg(target.join("tools"))
        .args(options)
        .status()
        .map_err(|error| format!("the benchmarks do not start: {error}"))?;
    // Without a status a signal ended them.
    let status = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(status.map_or(ExitCode::FAILURE, ExitCode::from))
}
