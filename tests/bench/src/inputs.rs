//! The files that all programs of a race are given.

use std::path::{Path, PathBuf};

use crate::units;

/// The manifests of a folder, in the order of their names.
///
/// # Errors
/// When the folder cannot be read, or has none.
pub(crate) fn manifests(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error| format!("`{}`: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(format!("`{}` has no manifests", folder.display()));
    }
    Ok(files)
}

/// How large files are together.
///
/// # Errors
/// When one is not there.
pub(crate) fn size(files: &[PathBuf]) -> Result<String, String> {
    let mut bytes = 0;
    for file in files {
        let metadata = std::fs::metadata(file);
        bytes += metadata
            .map_err(|error| format!("`{}`: {error}", file.display()))?
            .len();
    }
    Ok(units::memory(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_sorted_and_a_folder_without_any_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("notes.txt"), "a").unwrap();
        assert!(manifests(folder.path()).is_err());
        std::fs::write(path("b.yaml"), vec![b' '; 1_500_000]).unwrap();
        std::fs::write(path("a.yaml"), vec![b' '; 1_500_000]).unwrap();
        let found = manifests(folder.path()).unwrap();
        assert_eq!(found, [path("a.yaml"), path("b.yaml")]);
        assert_eq!(size(&found).unwrap(), "3.0 MB");
        assert!(size(&[path("c.yaml")]).is_err());
        assert!(manifests(&path("none")).is_err());
    }
}
