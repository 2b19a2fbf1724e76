//! OLM's bundles: of a folder with `manifests/` and `metadata/annotations.yaml` only those are
//! read. What else is in it (tests, a Dockerfile) is applied by nobody.
//!
//! <https://olm.operatorframework.io/docs/tasks/creating-operator-bundle/>

use std::path::{Path, PathBuf};

const MANIFESTS: &str = "manifests";
const ANNOTATIONS: &str = "metadata/annotations.yaml";

/// A bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bundle {
    /// The folder of its manifests.
    pub manifests: PathBuf,
    /// What it says of itself.
    pub annotations: PathBuf,
}

impl Bundle {
    /// The bundle that a directory is, or whose manifests it is.
    pub(crate) fn at(directory: &Path) -> Option<Self> {
        let within = Self {
            manifests: directory.join(MANIFESTS),
            annotations: directory.join(ANNOTATIONS),
        };
        let above = directory
            .parent()
            .filter(|_| directory.file_name().is_some_and(|name| name == MANIFESTS))
            .map(|root| Self {
                manifests: directory.to_owned(),
                annotations: root.join(ANNOTATIONS),
            });
        [Some(within), above]
            .into_iter()
            .flatten()
            .find(|bundle| bundle.manifests.is_dir() && bundle.annotations.is_file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_bundle_is_found_by_its_root_and_by_its_manifests() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for directory in ["b/manifests", "b/metadata", "b/tests", "plain/manifests"] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        fs::write(root.join("b/metadata/annotations.yaml"), "annotations: {}").unwrap();
        let bundle = Some(Bundle {
            manifests: root.join("b/manifests"),
            annotations: root.join("b/metadata/annotations.yaml"),
        });
        for (directory, expected) in [
            ("b", &bundle),
            ("b/manifests", &bundle),
            ("b/tests", &None),
            ("plain", &None),
            ("plain/manifests", &None),
        ] {
            assert_eq!(&Bundle::at(&root.join(directory)), expected, "{directory}");
        }
    }
}
