//! `check --probe` against a real API server: what it settles, what it says where it may not ask, and
//! that it writes nothing.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

mod asked;
#[path = "../live/cluster.rs"]
mod cluster;
mod operator;
mod settled;
mod webhook;
