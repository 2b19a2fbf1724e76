//! Why there is no control plane, and what to do about it.

use std::path::PathBuf;
use std::time::Duration;

/// Why there is no control plane.
#[derive(Debug, thiserror::Error)]
pub enum TestbedError {
    /// Go is not there.
    #[error(
        "the control plane is built with Go, and there is no `go`: install Go {minimum} or newer (https://go.dev/doc/install), or name a folder with kube-apiserver, kube-controller-manager and etcd in KUBEBUILDER_ASSETS"
    )]
    NoGo {
        /// The least version.
        minimum: &'static str,
    },
    /// Go did not build a program.
    #[error("go did not build {program}: {message}")]
    Build {
        /// The program.
        program: String,
        /// The end of what Go said.
        message: String,
    },
    /// A folder of programs lacks one.
    #[error("KUBEBUILDER_ASSETS names {folder}, which has no `{program}`", folder = .folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The program that is not in it.
        program: &'static str,
    },
    /// A file or folder could not be used.
    #[error("cannot {what} {path}", path = .path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A program could not be started.
    #[error("cannot start {program}")]
    Start {
        /// The program.
        program: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// A key could not be made.
    #[error("cannot make a key for ServiceAccount tokens")]
    Key(#[from] rcgen::Error),
    /// A program did not become ready.
    #[error("{program} is not ready after {} s; the end of its log:\n{log}", .waited.as_secs())]
    NotReady {
        /// The program.
        program: &'static str,
        /// How long was waited.
        waited: Duration,
        /// The last lines that it logged.
        log: String,
    },
    /// A program ended by itself.
    #[error("{program} ended; the end of its log:\n{log}")]
    Ended {
        /// The program.
        program: &'static str,
        /// The last lines that it logged.
        log: String,
    },
    /// There is no free port on loopback.
    #[error("no free port on 127.0.0.1")]
    Port(#[source] std::io::Error),
    /// The API server refused what the control plane itself needs.
    #[error("the control plane does not answer its own client")]
    Client(#[source] Box<kube::Error>),
    /// The kubeconfig could not be used.
    #[error("the kubeconfig of the control plane is wrong")]
    Kubeconfig(#[source] Box<kube::config::KubeconfigError>),
}

impl TestbedError {
    pub(crate) fn file(
        what: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what, path, source }
    }
}

impl From<kube::Error> for TestbedError {
    fn from(error: kube::Error) -> Self {
        Self::Client(Box::new(error))
    }
}

impl From<kube::config::KubeconfigError> for TestbedError {
    fn from(error: kube::config::KubeconfigError) -> Self {
        Self::Kubeconfig(Box::new(error))
    }
}
