//! `bench`: builds the plugin and the benchmarks as users build the plugin, and runs them.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::workspace::{cargo, execute, root, target};

/// Builds, and measures with these options. The exit status is the benchmarks' own: 2 says that
/// there is no corpus to measure over.
///
/// # Errors
/// When something does not build or start.
pub(crate) fn run(options: &[&str]) -> Result<ExitCode, String> {
    if let ["server", options @ ..] = options {
        return server(options);
    }
    if let ["controller"] = options {
        return controller();
    }
    let both = ["--package", "kubectl-opsec", "--package", "opsec-bench"];
    execute(cargo().args(["build", "--release", "--locked"]).args(both))?;
    let mut bench = Command::new(built("opsec-bench"));
    bench
        .arg("--plugin")
        .arg(built("kubectl-opsec"))
        .arg("--tools")
        .arg(root().join(target()).join("tools"))
        .args(options);
    ended(bench)
}

/// Builds the service and what asks it, and measures with these options.
fn server(options: &[&str]) -> Result<ExitCode, String> {
    let both = ["--package", "opsec-server", "--package", "opsec-load"];
    execute(cargo().args(["build", "--release", "--locked"]).args(both))?;
    let mut load = Command::new(built("opsec-load"));
    load.arg("--server")
        .arg(built("opsec-server"))
        .args(options);
    ended(load)
}

/// Builds the service, whose controller is watched, and measures it over a large cluster.
fn controller() -> Result<ExitCode, String> {
    let both = ["--package", "opsec-server", "--package", "opsec-bench"];
    execute(cargo().args(["build", "--release", "--locked"]).args(both))?;
    let mut bench = Command::new(built("opsec-bench"));
    bench.arg("controller").arg(built("opsec-server"));
    ended(bench)
}

fn built(name: &str) -> PathBuf {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    root().join(target()).join("release").join(name)
}

fn ended(mut bench: Command) -> Result<ExitCode, String> {
    let status = bench
        .status()
        .map_err(|error| format!("the benchmarks do not start: {error}"))?;
    // Without a status a signal ended them.
    let status = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(status.map_or(ExitCode::FAILURE, ExitCode::from))
}
