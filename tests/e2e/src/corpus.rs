//! Where the corpus is, and what is read of it.

use std::io;
use std::path::{Path, PathBuf};

use opsec_manifests::Input;

/// The folder that the workspace is in.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The manifests of a folder, by name; the name of each input is that of its file.
///
/// # Errors
/// When the folder or a file of it cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<Input>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            files.push(Input {
                name: path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                bytes: std::fs::read(&path)?,
            });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// The two forms of the operator that the project ships to be tried.
///
/// # Errors
/// When its files cannot be read.
pub fn demo() -> io::Result<Vec<Input>> {
    let mut files = files(&workspace().join("deploy/demo"))?;
    files.retain(|input| {
        Path::new(&input.name)
            .extension()
            .is_some_and(|extension| extension == "yaml")
    });
    Ok(files)
}
