//! Where the programs of a control plane are: in `KUBEBUILDER_ASSETS` (the convention of
//! envtest), else in the build directory, where they are built on first use.

use std::path::{Path, PathBuf};

use crate::error::TestbedError;
use crate::go;

/// The programs of a control plane.
pub const PROGRAMS: [&str; 3] = ["etcd", "kube-apiserver", "kube-controller-manager"];

/// The client that people have.
pub(crate) const KUBECTL: &str = "kubectl";

/// The programs of a control plane of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    folder: PathBuf,
    release: String,
}

impl Assets {
    /// The programs of a release, as in `1.36.3`. The first call on a machine builds them, which
    /// takes minutes; processes that ask at the same time wait for one another.
    ///
    /// # Errors
    /// When they are not there and cannot be built, saying what to install.
    pub fn of(release: &str) -> Result<Self, TestbedError> {
        if let Some(folder) = std::env::var_os("KUBEBUILDER_ASSETS") {
            return Self::given(PathBuf::from(folder), release);
        }
        let folder = build_directory().join("testbed").join(release);
        go::build_missing(&folder, release)?;
        Ok(Self {
            folder,
            release: release.to_owned(),
        })
    }

    fn given(folder: PathBuf, release: &str) -> Result<Self, TestbedError> {
        for program in PROGRAMS {
            if !folder.join(program).is_file() {
                return Err(TestbedError::Missing { folder, program });
            }
        }
        Ok(Self {
            folder,
            release: release.to_owned(),
        })
    }

    /// kubectl of that release, built on first use: it is no part of a control plane, so only who
    /// asks for it waits for it.
    ///
    /// # Errors
    /// When it is not there and cannot be built, saying what to install.
    pub fn kubectl(&self) -> Result<PathBuf, TestbedError> {
        let given = self.program(KUBECTL);
        if given.is_file() {
            return Ok(given);
        }
        let folder = build_directory().join("testbed").join(&self.release);
        go::build_kubectl(&folder, &self.release)?;
        Ok(folder.join(KUBECTL))
    }

    /// The release that was asked for.
    pub fn release(&self) -> &str {
        &self.release
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of one of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The directory that cargo builds into, which outlives a test run and is nobody's to commit.
pub fn build_directory() -> PathBuf {
    if let Some(given) = std::env::var_os("CARGO_TARGET_DIR") {
        return PathBuf::from(given);
    }
    // A test binary lies in TARGET/PROFILE/deps, any other in TARGET/PROFILE.
    let running = std::env::current_exe().unwrap_or_default();
    let above_profile = running
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    above_profile.map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        Path::to_owned,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_program_is_named_with_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("etcd"), "").unwrap();
        let error = Assets::given(folder.path().to_owned(), "1.36.3").unwrap_err();
        let message = error.to_string();
        assert!(message.contains("no `kube-apiserver`"), "{message}");
        for program in PROGRAMS {
            std::fs::write(folder.path().join(program), "").unwrap();
        }
        let assets = Assets::given(folder.path().to_owned(), "1.36.3").unwrap();
        assert_eq!(assets.program("etcd"), folder.path().join("etcd"));
    }
}
