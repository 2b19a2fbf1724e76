//! The text files of the tree, as a clean clone has them.

use std::path::Path;

use crate::workspace::root;

/// Folders of builds, of the version control, and of editors.
fn is_ours(name: &str) -> bool {
    name != ".git" && name != ".idea" && name != ".vscode" && !name.starts_with("target")
}

/// A text file: its path below the workspace's folder, with `/`, and its content.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every text file, in the order of their paths. What is not UTF-8 is not text.
///
/// # Errors
/// When a folder or file cannot be read.
pub(crate) fn all() -> Result<Vec<Source>, String> {
    let mut found = Vec::new();
    collect(&root(), "", &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<Source>) -> Result<(), String> {
    let failed = |error| format!("cannot read {}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type().map_err(failed)?.is_dir() {
            if is_ours(&name) {
                collect(&entry.path(), &format!("{path}/"), found)?;
            }
            continue;
        }
        let bytes = std::fs::read(entry.path()).map_err(failed)?;
        if let Ok(text) = String::from_utf8(bytes) {
            found.push(Source { path, text });
        }
    }
    Ok(())
}

impl Source {
    /// Whether it is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.extension() == Some("rs")
    }

    /// Whether cargo wrote it, or `cargo xtask gen`, or a test that records what it saw.
    pub(crate) fn is_generated(&self) -> bool {
        self.path.starts_with("proto/gen/")
            || self.path == "Cargo.lock"
            || self.extension() == Some("snap")
    }

    /// What follows the last dot of its name.
    pub(crate) fn extension(&self) -> Option<&str> {
        Path::new(&self.path).extension()?.to_str()
    }
}
