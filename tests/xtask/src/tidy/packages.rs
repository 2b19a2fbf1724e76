//! Crates are those of ARCHITECTURE.md's table, named after a noun, and not empty.

use std::collections::BTreeSet;

use super::complaint::Complaint;
use super::metadata::{self, Member};
use super::sources::{self, Source};
use super::table;
use crate::workspace::root;

/// Crates whose names are what people type.
const PROGRAMS: [&str; 2] = ["kubectl-opsec", "xtask"];

/// Crates that the table lacks, or has elsewhere; rows without a crate; names; empty crates; a
/// missing lock file.
///
/// # Errors
/// When cargo fails or the tree cannot be read.
pub(crate) fn complaints() -> Result<Vec<Complaint>, String> {
    let members = metadata::members()?;
    let files = sources::all()?;
    let mut found = differences(&members)?;
    for member in &members {
        if !PROGRAMS.contains(&member.name.as_str()) && !member.name.starts_with("opsec-") {
            found.push(Complaint::of(&member.name, "is not named `opsec-<noun>`"));
        }
        if !has_code(&member.folder, &files) {
            found.push(Complaint::of(&member.name, "is empty"));
        }
    }
    if !root().join("Cargo.lock").is_file() {
        found.push(Complaint::of("Cargo.lock", "is missing"));
    }
    Ok(found)
}

fn differences(members: &[Member]) -> Result<Vec<Complaint>, String> {
    let place = |folder: &str, name: &str| (folder.to_owned(), name.to_owned());
    let rows: BTreeSet<_> = table::rows()?
        .iter()
        .map(|row| place(&row.folder, &row.name))
        .collect();
    let crates: BTreeSet<_> = members
        .iter()
        .map(|member| place(&member.folder, &member.name))
        .collect();
    let without_row = crates.difference(&rows).map(|(folder, name)| {
        let what = format!("in {folder} has no row in ARCHITECTURE.md's table");
        Complaint::of(name, what)
    });
    let without_crate = rows.difference(&crates).map(|(folder, name)| {
        let what = format!("has a row in ARCHITECTURE.md's table, and is not in {folder}");
        Complaint::of(name, what)
    });
    Ok(without_row.chain(without_crate).collect())
}

/// Whether some Rust file of the crate has a function, a type or a constant, or takes in
/// generated code.
fn has_code(folder: &str, files: &[Source]) -> bool {
    let prefix = format!("{folder}/");
    files
        .iter()
        .filter(|file| file.is_rust() && file.path.starts_with(&prefix))
        .flat_map(|file| file.text.lines())
        .any(is_item)
}

fn is_item(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("pub ");
    ["fn ", "struct ", "enum ", "trait ", "const ", "include!"]
        .iter()
        .any(|item| line.starts_with(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_of_comments_and_modules_alone_is_empty() {
        let files = |text: &str| {
            [Source {
                path: "shared/a/src/lib.rs".to_owned(),
                text: text.to_owned(),
            }]
        };
        assert!(!has_code("shared/a", &files("//! Words.\nmod b;\n")));
        assert!(has_code("shared/a", &files("//! Words.\npub fn b() {}\n")));
        assert!(!has_code("shared", &[]));
    }
}
