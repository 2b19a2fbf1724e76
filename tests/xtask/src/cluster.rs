//! `cluster` and `gen bootstrap`: what needs a control plane. They are programs of `tests/testbed`,
//! so that this one stays quick to build.

use crate::workspace::{Outcome, cargo, execute, root};

/// Starts or ends a control plane to play with.
///
/// # Errors
/// When its programs cannot be built, or it does not start or end.
pub(crate) fn run(arguments: &[&str]) -> Outcome {
    program("cluster", arguments)
}

/// Remakes the data that an empty API server gives.
///
/// # Errors
/// When there is no control plane, or a file cannot be written.
pub(crate) fn bootstrap() -> Outcome {
    let folder = root().join("shared/kubernetes/data");
    program("bootstrap", &[&folder.to_string_lossy()])
}

fn program(name: &str, arguments: &[&str]) -> Outcome {
    let run = [
        "run",
        "--quiet",
        "--locked",
        "-p",
        "opsec-testbed",
        "--bin",
        name,
        "--",
    ];
    execute(cargo().args(run).args(arguments))
}
