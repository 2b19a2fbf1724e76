//! What the service keeps: the [`Store`] that everything above rests on, its engine on sled, and
//! the records of baselines on it.
//!
//! What sled alone does not give is added in `sled_store`: one owner at a time, durability past a
//! power cut, detection of a log that ends early, and records that know their own key and checksum.
//! A store that is absent is no store: reading creates nothing.

pub mod attestation;
mod baseline;
mod batch;
mod blob;
mod catalogue;
mod change;
pub mod cluster;
mod error;
mod follow;
pub mod fsck;
mod head;
pub mod kept;
pub mod key;
mod location;
mod lock;
pub mod outbox;
mod pending;
pub mod posture;
mod record;
pub mod recorded;
mod replay;
mod reserve;
mod resolve;
mod scope;
mod sled_store;
mod state;
pub mod store;
pub mod transfer;

pub use baseline::{Deletion, State, StoredBaseline};
pub use catalogue::{Catalogue, Revision, apply};
pub use change::{Change, ChangeContext, Outcome};
pub use error::{ChangeError, StoreError};
pub use follow::{BaselineEvent, BaselineWatch};
pub use location::StoreLocation;
pub use pending::{Answer, Pending};
pub use replay::Replay;
pub use resolve::{Match, Resolution};
pub use scope::Scope;
pub use sled_store::SledStore;
pub use state::Baselines;
pub use store::Store;

/// The most bytes of a baseline, as a document and in its canonical form.
pub const BASELINE_LIMIT: usize = 256 << 10;

/// The most revisions of one baseline.
pub const REVISION_LIMIT: i64 = 1_000;

/// The most (operator, cluster) pairs that one baseline is for.
pub const SCOPE_LIMIT: usize = 200;

/// The most (operator, cluster) pairs that one change takes up and gives up: a transaction has a
/// hundred operations, and a baseline's content and answer need some.
pub const CLAIM_LIMIT: usize = 75;
