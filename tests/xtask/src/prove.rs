//! `prove`: holds the engines against a real API server and other evaluators, over generated input.
//! It is a program of `tests/prove`, so that this one stays quick to build.

use std::process::ExitCode;

use crate::workspace::cargo;

/// Makes the proof with these options. The exit status is the proof's own: 1 says that something
/// disagrees.
///
/// # Errors
/// When it does not start.
pub(crate) fn run(options: &[&str]) -> Result<ExitCode, String> {
    let run = ["run", "--quiet", "--locked", "-p", "opsec-prove", "--"];
    let status = cargo()
        .args(run)
        .args(options)
        .status()
        .map_err(|error| format!("the proof does not start: {error}"))?;
    // Without a status a signal ended it.
    let status = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(status.map_or(ExitCode::FAILURE, ExitCode::from))
}
