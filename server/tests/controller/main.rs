//! The controller against a real control plane: the program itself, as the ServiceAccount that
//! `deploy/controller/` ships and with exactly its rights.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that fails fails the test, and measurements are printed"
)]

mod cluster;
mod ends;
mod following;
mod guards;
mod irrelevant;
mod operator;
mod permissions;
mod process;
mod replicas;
