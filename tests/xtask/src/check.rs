//! `check`: everything but the tests, the quick steps first.

use crate::steps::Steps;
use crate::workspace::{Outcome, cargo, execute, say};
use crate::{deny, generated, tidy};

/// Does every step.
///
/// # Errors
/// When a step fails, naming those that did.
pub(crate) fn run() -> Outcome {
    let mut steps = Steps::new(say);
    add(&mut steps);
    steps.finish()
}

/// Does every step of `check`, as a part of a task.
pub(crate) fn add(steps: &mut Steps) {
    steps.step("format", format);
    steps.step("tidy", tidy::run);
    steps.step("gen --check", generated::check);
    steps.step("clippy", clippy);
    steps.step("documentation", documentation);
    steps.step("cargo-deny", deny::run);
}

fn format() -> Outcome {
    component("fmt", "rustfmt")?;
    execute(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Outcome {
    component("clippy", "clippy")?;
    let everything = ["clippy", "--workspace", "--all-targets", "--locked"];
    let strictly = ["--keep-going", "--", "-D", "warnings"];
    execute(cargo().args(everything).args(strictly))
}

fn documentation() -> Outcome {
    let ours = ["doc", "--workspace", "--no-deps", "--locked"];
    execute(
        cargo()
            .args(ours)
            .args(["--document-private-items", "--keep-going"])
            // Readers of this documentation are contributors: links to private items lead somewhere.
            .env(
                "RUSTDOCFLAGS",
                "-D warnings -A rustdoc::private_intra_doc_links",
            ),
    )
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
