//! Baselines on sled, for programs that come and go: every use locks, opens, works, syncs, closes.
//!
//! What sled alone does not give is added here: one owner at a time ([`lock`]), durability past a
//! power cut and detection of a log that ends early ([`head`]), and records that know their own
//! key and checksum ([`record`]). A store that is absent is no store: reading creates nothing.

mod baseline;
mod batch;
mod blob;
mod change;
mod error;
mod head;
mod key;
mod location;
mod lock;
mod record;
mod replay;
mod resolve;
mod scope;
mod session;
mod state;

pub use baseline::StoredBaseline;
pub use change::{Change, ChangeContext, Outcome, apply};
pub use error::{ChangeError, StoreError};
pub use location::StoreLocation;
pub use replay::Replay;
pub use resolve::{Match, Resolution};
pub use scope::Scope;
pub use state::Baselines;

/// The most bytes of a baseline, as a document and in its canonical form.
pub const BASELINE_LIMIT: usize = 256 << 10;

/// The most revisions of one baseline.
pub const REVISION_LIMIT: i64 = 1_000;

/// The most (operator, cluster) pairs that one baseline is for.
pub const SCOPE_LIMIT: usize = 200;
