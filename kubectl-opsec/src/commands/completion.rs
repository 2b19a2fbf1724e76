//! `completion`: scripts that shells and kubectl complete by.

use clap_complete::aot;

use crate::args::{self, CompletionArgs, Shell};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;

/// kubectl runs a program of the name kubectl_complete-opsec with the words so far.
const FOR_KUBECTL: &str = "#!/bin/sh\n\
# Completes `kubectl opsec`: save as kubectl_complete-opsec on the PATH and make it executable.\n\
exec kubectl-opsec __complete \"$@\"\n";

/// Prints the script.
///
/// # Errors
/// When it cannot be printed.
pub(crate) fn run(args: &CompletionArgs) -> Result<Exit, Failure> {
    let shell = match args.shell {
        Shell::Bash => aot::Shell::Bash,
        Shell::Zsh => aot::Shell::Zsh,
        Shell::Fish => aot::Shell::Fish,
        Shell::Powershell => aot::Shell::PowerShell,
        Shell::Kubectl => {
            output::answer(FOR_KUBECTL.as_bytes())?;
            return Ok(Exit::Success);
        }
    };
    let mut out = Vec::new();
    aot::generate(shell, &mut args::definition(), "kubectl-opsec", &mut out);
    output::answer(&out)?;
    Ok(Exit::Success)
}
