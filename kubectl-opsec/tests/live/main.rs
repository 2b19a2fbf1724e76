//! The program against a real API server: what it reads, what it says when it may not, and that
//! files and clusters come to the same verdicts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

mod api_server;
mod cluster;
mod demo;
mod failures;
mod permissions;
mod plugin;
mod proxy;
mod reads;
mod refusals;
mod service_manifests;
