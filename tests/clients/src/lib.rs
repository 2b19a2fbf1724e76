//! Programs that call the service: tools built with Go from pinned modules, a Python environment
//! with generated code, and the service and the plugin as they are installed. Each is made once and
//! kept below the target directory; one that cannot be made is an error and never a skipped test.

mod error;
mod go;
mod programs;
mod python;
mod server;

pub use error::ClientError;
pub use go::{buf, cosign, ghz, grpcurl};
pub use programs::{plugin, proto, repository, service};
pub use python::{Python, python};
pub use server::Server;
