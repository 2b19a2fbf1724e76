//! Sentences of a specification and the tests that cover them, wherever these are.

use std::path::Path;

use crate::corpus::workspace;

/// What covers a sentence: a file or folder of the workspace, and in it a test's function or a
/// case's heading.
#[derive(Debug, Clone, Copy)]
pub struct Covered {
    /// The sentence, shortened.
    pub sentence: &'static str,
    /// The file or folder, from the workspace's folder.
    pub file: &'static str,
    /// The function, or the heading of the case.
    pub test: &'static str,
}

/// An entry of a table.
pub const fn covered(sentence: &'static str, file: &'static str, test: &'static str) -> Covered {
    Covered {
        sentence,
        file,
        test,
    }
}

/// The entries whose file or test is not there.
pub fn not_covered(table: &[Covered]) -> Vec<String> {
    table
        .iter()
        .filter(|entry| !holds(&workspace().join(entry.file), entry.test))
        .map(|entry| format!("{}: no {} in {}", entry.sentence, entry.test, entry.file))
        .collect()
}

fn holds(path: &Path, test: &str) -> bool {
    if let Ok(entries) = std::fs::read_dir(path) {
        return entries.flatten().any(|entry| holds(&entry.path(), test));
    }
    let Ok(content) = std::fs::read_to_string(path) else {
        return false;
    };
    let function = format!("fn {test}(");
    let heading = format!("## {test}");
    content.contains(&function) || content.lines().any(|line| line == heading)
}
