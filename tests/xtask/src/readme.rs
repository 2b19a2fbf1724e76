//! The first command of README.md, run: what the README shows is what a reader will see.

use std::path::Path;
use std::process::Command;

use crate::workspace::{Outcome, cargo, execute, root, target};

/// How the README's first command begins; what follows are the plugin's arguments.
const COMMAND: &str = "cargo run --release -p kubectl-opsec -- ";

/// The README's second command; CI calls the same.
const TESTS: &str = "cargo xtask test";

/// Opens the block that shows the command's output.
const SHOWN: &str = "```text\n$ ";

/// Builds the plugin, runs the command, and puts its output into the README.
///
/// # Errors
/// When the plugin does not build or run, or the README lacks the command or its block.
pub(crate) fn write() -> Outcome {
    build()?;
    let readme = read()?;
    let fresh = refreshed(&readme, &answer(&readme)?)?;
    std::fs::write(path(), fresh).map_err(|error| format!("cannot write README.md: {error}"))
}

/// Builds the plugin, and fails when the README shows another output than it gives.
///
/// # Errors
/// As [`write()`], and when the output differs.
pub(crate) fn check() -> Outcome {
    build()?;
    check_built()
}

/// As [`check()`], with the plugin that the tests have built: the optimised build of the command as
/// it stands takes minutes more and prints the same.
///
/// # Errors
/// As [`check()`].
pub(crate) fn check_built() -> Outcome {
    let readme = read()?;
    if refreshed(&readme, &answer(&readme)?)? != readme {
        return Err(
            "README.md shows another output than its first command gives; \
            run `cargo xtask readme`"
                .to_owned(),
        );
    }
    Ok(())
}

fn build() -> Outcome {
    execute(cargo().args(["build", "--locked", "--package", "kubectl-opsec"]))
}

fn path() -> std::path::PathBuf {
    root().join("README.md")
}

fn read() -> Result<String, String> {
    std::fs::read_to_string(path()).map_err(|error| format!("cannot read README.md: {error}"))
}

/// The arguments of the first command, which stands before the second in the README's first block.
fn arguments(readme: &str) -> Result<Vec<&str>, String> {
    let mut block = readme
        .split("```")
        .nth(1)
        .unwrap_or_default()
        .lines()
        .skip(1)
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    let first = block.next().and_then(|line| line.strip_prefix(COMMAND));
    match (first, block.next()) {
        (Some(arguments), Some(TESTS)) => Ok(arguments.split_whitespace().collect()),
        _ => Err(format!(
            "README.md's first block is not `{COMMAND}…` and `{TESTS}`"
        )),
    }
}

/// What the plugin prints for the README's first command. The demo operator as shipped fails, and
/// the exit status says so.
fn answer(readme: &str) -> Result<String, String> {
    let program = target()
        .join("debug")
        .join(format!("kubectl-opsec{}", std::env::consts::EXE_SUFFIX));
    let said = plugin(&program, &arguments(readme)?)
        .output()
        .map_err(|error| format!("{} does not start: {error}", program.display()))?;
    if said.status.code() != Some(1) {
        return Err(format!(
            "README.md's first command ended with {}, and not with 1, a FAIL: {}",
            said.status,
            String::from_utf8_lossy(&said.stderr)
        ));
    }
    String::from_utf8(said.stdout).map_err(|_| "the plugin printed what is not UTF-8".to_owned())
}

/// The plugin without a trace of this user's data directory: the README shows the built-in
/// baseline.
fn plugin(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(root())
        .args(arguments)
        .env("OPSEC_DATA_DIR", target().join("readme-data"))
        .env("NO_COLOR", "1")
        .env_remove("COLUMNS");
    command
}

/// The README with this output in the block that shows it.
fn refreshed(readme: &str, answer: &str) -> Result<String, String> {
    let missing = || "README.md has no block ```text that begins with `$ `".to_owned();
    let (before, block) = readme.split_once(SHOWN).ok_or_else(missing)?;
    let (command, rest) = block.split_once('\n').ok_or_else(missing)?;
    let (_, after) = rest.split_once("```").ok_or_else(missing)?;
    let answer = answer.trim_end();
    Ok(format!("{before}{SHOWN}{command}\n{answer}\n```{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_heads_with_the_two_commands_and_ci_calls_the_second() {
        let readme = read().unwrap();
        let arguments = arguments(&readme).unwrap();
        assert_eq!(arguments.first(), Some(&"check"));
        let ci = std::fs::read_to_string(root().join(".ci/run")).unwrap();
        assert!(ci.lines().any(|line| line.trim() == TESTS), "{ci}");
    }

    #[test]
    fn the_output_shown_is_replaced_and_nothing_else() {
        let readme = "a\n```text\n$ x\nold\nlines\n```\nb\n```text\n$ y\n```\n";
        let fresh = refreshed(readme, "new\n").unwrap();
        assert_eq!(fresh, "a\n```text\n$ x\nnew\n```\nb\n```text\n$ y\n```\n");
        assert!(refreshed("a\n", "new").is_err());
    }
}
