//! Where the workspace is, and running cargo in it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a task comes to: nothing, or the one sentence that says what is wrong and what to do.
pub(crate) type Outcome = Result<(), String>;

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// The folder that builds go to.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The cargo that runs this task, in the workspace's folder.
pub(crate) fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root());
    command
}

/// Runs a command and shows its output as it comes.
///
/// # Errors
/// When it cannot be started or fails.
pub(crate) fn execute(command: &mut Command) -> Outcome {
    let status = command
        .status()
        .map_err(|error| format!("{command:?} does not start: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} ended with {status}"))
    }
}

/// What a command prints on standard output.
///
/// # Errors
/// When it cannot be started, fails, or prints what is not UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?} does not start: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?} ended with {}: {said}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{command:?} printed what is not UTF-8"))
}

/// A line for the person who waits.
pub(crate) fn say(line: &str) {
    // Nothing is left to do when standard error is gone.
    let _ = writeln!(std::io::stderr(), "{line}");
}
