//! Documents point at what is there: every path in backticks exists, and every test that proves an
//! invariant of ARCHITECTURE.md is in its file.

use std::path::Path;

use super::complaint::Complaint;
use crate::workspace::root;

/// Documents for people, below the workspace's folder.
const DOCUMENTS: [&str; 4] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "deploy/demo/README.md",
];

/// Folders that a path in backticks begins with.
const FOLDERS: [&str; 7] = [
    ".ci/",
    "deploy/",
    "kubectl-opsec/",
    "proto/",
    "server/",
    "shared/",
    "tests/",
];

/// Paths and tests that a document names and that are not there.
///
/// # Errors
/// When a document cannot be read.
pub(crate) fn complaints() -> Result<Vec<Complaint>, String> {
    let mut found = Vec::new();
    for document in DOCUMENTS {
        let text = read(document)?;
        for (number, line) in text.lines().enumerate() {
            let place = format!("{document}:{}", number + 1);
            let missing = missing(line, exists, |path| read(path).ok());
            found.extend(missing.into_iter().map(|what| Complaint::of(&place, what)));
        }
    }
    Ok(found)
}

fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(root().join(path))
        .map_err(|error| format!("cannot read {path}: {error}"))
}

fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// What one line points at and is not there. A name in backticks with underscores that follows a
/// path to Rust is a test in that file.
fn missing(
    line: &str,
    exists: impl Fn(&str) -> bool,
    read: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut file = None;
    for quoted in line.split('`').skip(1).step_by(2) {
        if is_path(quoted) {
            if !exists(quoted) {
                found.push(format!("names `{quoted}`, which is not there"));
            }
            file = Path::new(quoted)
                .extension()
                .is_some_and(|extension| extension == "rs")
                .then_some(quoted);
        } else if let Some(path) = file.filter(|_| is_test(quoted)) {
            let there = read(path).is_some_and(|text| text.contains(&format!("fn {quoted}(")));
            if !there {
                found.push(format!("names the test `{quoted}`, which is not in {path}"));
            }
        }
    }
    found
}

/// Whether it is a path of the tree, and not one with a part to fill in.
fn is_path(quoted: &str) -> bool {
    FOLDERS.iter().any(|folder| quoted.starts_with(folder))
        && !quoted.contains(['<', ' ', '*', '…', '{'])
}

fn is_test(quoted: &str) -> bool {
    let word =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    quoted.contains('_') && quoted.chars().all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_a_test_that_are_not_there_are_named() {
        let said = |line: &str| {
            missing(
                line,
                |path| path == "shared/model/src/verdict.rs",
                |_| Some("    fn join_is_total() {".to_owned()),
            )
        };
        let none: [String; 0] = [];
        assert_eq!(said("`shared/model/src/verdict.rs`: `join_is_total`"), none);
        assert_eq!(
            said("`shared/model/src/verdict.rs`: `join_is_odd`").len(),
            1
        );
        assert_eq!(said("`shared/model/src/verdicts.rs`").len(), 1);
        assert_eq!(
            said("`join_is_odd`, `shared/<crate>/src`, `cargo xtask gen`"),
            none
        );
    }
}
