//! Operators as they ship, applied to a real control plane and judged from there and from their
//! files: what differs stands in a table with its reason, and nothing else does.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

mod agreement;
mod apply;
mod facts;
mod operators;
mod outcome;
mod service;
mod world;
