//! Is what the engines say true? Generated input is given to them and to whoever decides it really:
//! the API server of a control plane on loopback. The answers are compared one by one.
//!
//! A part of the proof is a row of [`parts::PARTS`]. Everything that it generates follows from one
//! seed, which is printed; a case in which the answers differ is made as small as it can be and
//! written to a file that `cargo xtask prove --replay FILE` asks again.

mod admission;
mod chance;
mod error;
mod network;
mod operators;
pub mod parts;
mod pod_security;
mod replay;
mod rights;
mod run;
mod server;
mod table;

pub use error::ProveError;
pub use pod_security::fixtures as pod_security_fixtures;
pub use replay::replay;
pub use run::Run;
pub use table::{Broken, Row, Tally, table};
