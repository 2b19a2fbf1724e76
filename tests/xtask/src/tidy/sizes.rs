//! A Rust file holds one idea: it opens with `//!` and the one thing to know, and it is short.

use super::complaint::Complaint;
use super::sources::{self, Source};

/// Lines from which a file is worth splitting.
const SOFT: usize = 400;

/// Lines that a file never has more of.
const HARD: usize = 600;

/// Files that may be longer, each with its reason.
const LONGER: [(&str, &str); 0] = [];

/// Files without an opening, and files that are too long.
///
/// # Errors
/// When the tree cannot be read.
pub(crate) fn complaints() -> Result<Vec<Complaint>, String> {
    let files = sources::all()?;
    let mut found: Vec<Complaint> = files.iter().filter_map(complaint).collect();
    for (path, _) in LONGER {
        let long = files
            .iter()
            .any(|file| file.path == path && lines(file) > HARD);
        if !long {
            found.push(Complaint::of(
                path,
                "is no longer too long: drop its exception",
            ));
        }
    }
    Ok(found)
}

/// Files that grow long.
///
/// # Errors
/// When the tree cannot be read.
pub(crate) fn warnings() -> Result<Vec<String>, String> {
    Ok(sources::all()?
        .iter()
        .filter(|file| file.is_rust() && !file.is_generated())
        .map(|file| (lines(file), &file.path))
        .filter(|(lines, _)| *lines > SOFT)
        .map(|(lines, path)| {
            format!("{path} has {lines} lines; above {SOFT} it is worth splitting")
        })
        .collect())
}

fn lines(file: &Source) -> usize {
    file.text.lines().count()
}

fn complaint(file: &Source) -> Option<Complaint> {
    if !file.is_rust() || file.is_generated() {
        return None;
    }
    if !file.text.starts_with("//!") {
        return Some(Complaint::of(
            &file.path,
            "does not open with `//!` and the one thing to know",
        ));
    }
    let lines = lines(file);
    let excepted = LONGER.iter().any(|(path, _)| *path == file.path);
    (lines > HARD && !excepted).then(|| {
        Complaint::of(
            &file.path,
            format!("has {lines} lines; {HARD} is the limit"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(path: &str, text: &str) -> Option<String> {
        let file = Source {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        complaint(&file).map(|complaint| complaint.to_string())
    }

    #[test]
    fn a_file_opens_with_what_to_know() {
        assert_eq!(judged("shared/facts/src/a.rs", "//! Words.\n"), None);
        assert!(judged("shared/facts/src/a.rs", "use std::fmt;\n").is_some());
        assert_eq!(judged("proto/gen/opsec.v1.rs", "// @generated\n"), None);
        assert_eq!(judged("README.md", "# Title\n"), None);
    }

    #[test]
    fn a_file_has_at_most_six_hundred_lines() {
        let short = format!("//! Words.\n{}", "\n".repeat(HARD - 1));
        assert_eq!(judged("a.rs", &short), None);
        let long = format!("{short}\n");
        let said = judged("a.rs", &long).unwrap();
        assert_eq!(said, "a.rs: has 601 lines; 600 is the limit");
    }
}
