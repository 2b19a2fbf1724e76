//! `check`: everything but the tests, the quick steps first.

use crate::workspace::{Outcome, cargo, execute, step};
use crate::{deny, generated, tidy};

/// Runs every step; the first that fails ends it.
///
/// # Errors
/// The step's own, or the component of the toolchain that is missing.
pub(crate) fn run() -> Outcome {
    component("fmt", "rustfmt")?;
    component("clippy", "clippy")?;
    execute("format", cargo().args(["fmt", "--all", "--check"]))?;
    step("tidy", tidy::run)?;
    step("gen --check", generated::check)?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked"];
    execute(
        "clippy",
        cargo().args(clippy).args(["--", "-D", "warnings"]),
    )?;
    let documentation = ["doc", "--workspace", "--no-deps", "--locked"];
    execute(
        "documentation",
        cargo()
            .args(documentation)
            .arg("--document-private-items")
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    deny::run()
}

/// Toolchains come with and without their components; say which one to add.
fn component(subcommand: &str, name: &str) -> Outcome {
    let present = cargo()
        .args([subcommand, "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if present {
        Ok(())
    } else {
        Err(format!(
            "`cargo {subcommand}` is missing; add it with `rustup component add {name}`"
        ))
    }
}
