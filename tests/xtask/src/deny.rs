//! Licences, bans and sources of dependencies, by cargo-deny at one pinned version.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::workspace::{Outcome, cargo, execute, output, root, say, target};

/// A newer version may judge the same tree differently.
const VERSION: &str = "0.20.2";

/// Another cargo-deny than the one below the target folder; must be of the pinned version.
const OVERRIDE: &str = "OPSEC_CARGO_DENY";

/// Judges the dependencies by `deny.toml`. Advisories are not judged: they need a database from
/// the network, and change while the tree does not.
///
/// # Errors
/// When cargo-deny cannot be had, or finds what `deny.toml` does not allow.
pub(crate) fn run() -> Outcome {
    let program = program()?;
    execute(
        Command::new(program)
            .current_dir(root())
            .args(["--locked", "check", "--hide-inclusion-graph"])
            // A skip or a licence that nothing needs any more goes.
            .args(["--deny", "unmatched-skip"])
            .args(["--deny", "license-not-encountered"])
            .args(["--deny", "license-exception-not-encountered"])
            .args(["licenses", "bans", "sources"]),
    )
}

fn program() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os(OVERRIDE) {
        let path = PathBuf::from(path);
        return if is_pinned(&path) {
            Ok(path)
        } else {
            Err(format!("{OVERRIDE} names what is not cargo-deny {VERSION}"))
        };
    }
    let tools = target().join("tools");
    let path = tools
        .join("bin")
        .join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if !is_pinned(&path) {
        install(&tools)?;
    }
    Ok(path)
}

fn is_pinned(program: &Path) -> bool {
    output(Command::new(program).arg("--version"))
        .is_ok_and(|said| said.trim() == format!("cargo-deny {VERSION}"))
}

/// Builds it without optimisation and without what only advisories need: a minute less, and the
/// check itself still takes seconds.
fn install(tools: &Path) -> Outcome {
    let pinned = ["install", "cargo-deny", "--version", VERSION, "--locked"];
    say(&format!("   building cargo-deny {VERSION}, once"));
    execute(
        cargo()
            .args(pinned)
            .args(["--no-default-features", "--debug", "--force", "--root"])
            .arg(tools)
            .env("CARGO_PROFILE_DEV_DEBUG", "0"),
    )
}
