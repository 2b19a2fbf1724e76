//! Sentences of a specification and the tests that cover them, wherever these are.

use crate::corpus::workspace;

/// What covers a sentence: a file of the workspace, and in it a test's function or a case's
/// heading.
#[derive(Debug, Clone, Copy)]
pub struct Covered {
    /// The sentence, shortened.
    pub sentence: &'static str,
    /// The file, from the workspace's folder.
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
    let there = |entry: &&Covered| {
        let Ok(text) = std::fs::read_to_string(workspace().join(entry.file)) else {
            return false;
        };
        let function = format!("fn {}(", entry.test);
        let heading = format!("## {}", entry.test);
        text.contains(&function) || text.lines().any(|line| line == heading)
    };
    table
        .iter()
        .filter(|entry| !there(entry))
        .map(|entry| format!("{}: no {} in {}", entry.sentence, entry.test, entry.file))
        .collect()
}
