//! A real Kubernetes control plane on loopback: etcd, kube-apiserver and kube-controller-manager,
//! built once from Go modules, started in seconds, gone with the process that started it.
//!
//! ```no_run
//! # async fn example() -> Result<(), opsec_testbed::TestbedError> {
//! let cluster = opsec_testbed::ControlPlane::start(opsec_testbed::Options::default()).await?;
//! let version = cluster.client().apiserver_version().await;
//! # drop(version);
//! # Ok(())
//! # }
//! ```
//!
//! A test that needs a control plane and cannot have one fails with what to install; it never
//! skips. Start one for a test binary and keep its tests apart by names: starting takes seconds.

mod arguments;
mod assets;
pub mod bootstrap;
mod control_plane;
mod error;
mod go;
mod keys;
mod kubeconfig;
mod ports;
mod ready;
mod supervised;

pub use assets::{Assets, PROGRAMS, build_directory};
pub use control_plane::{Audit, ControlPlane, Options};
pub use error::TestbedError;
pub use opsec_kubernetes::RELEASE;

/// A line for the person who waits, on standard error.
pub fn say(line: &str) {
    use std::io::Write as _;
    // Nothing is left to do when standard error is gone.
    let _ = writeln!(std::io::stderr(), "{line}");
}
