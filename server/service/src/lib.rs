//! What every RPC does: `rpc` decodes, `use_case` does, `rpc` encodes. It runs embedded, as tower
//! services in the caller's own process without socket and credential, or in a daemon, which puts
//! into each request who calls.

mod about;
mod call;
mod clock;
mod collector;
mod context;
mod embedded;
mod failure;
mod keeper;
mod page;
mod remembered;
mod rpc;
mod service;
mod signing;
mod stream;
mod trail;
mod use_case;
mod waits;

pub use about::{Abouts, Item};
pub use call::{Call, Noted};
pub use collector::{CollectError, Collector};
pub use embedded::{Embedded, embedded};
pub use opsec_store::outbox::About;
pub use opsec_store::{StoreError, StoreLocation};
pub use service::{Service, ServiceConfig};
pub use signing::{Keys, Signing};
pub use trail::{AuditHead, Trail};
pub use waits::Waits;
