//! The checking service: `rpc` decodes, `use_case` does, `rpc` encodes. Here it runs embedded, as
//! tower services in the caller's own process: no socket, no credential.

mod clock;
mod embedded;
mod failure;
mod page;
mod rpc;
mod use_case;
mod view;

pub use embedded::{Embedded, embedded};
pub use opsec_store::{StoreError, StoreLocation};
