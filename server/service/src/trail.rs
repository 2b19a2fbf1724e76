//! The audit as the service tells of it. Writing it is the daemon's business.

use std::fmt;

/// Where an audit ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// Its chain.
    pub chain: String,
    /// The number of its last event, from 1.
    pub seq: u64,
    /// The hash of that.
    pub hash: String,
    /// The same, signed: a DSSE envelope; empty where no key can sign.
    pub envelope: Vec<u8>,
}

/// An audit that is written.
pub trait Trail: fmt::Debug + Send + Sync {
    /// Where it ends; absent: it cannot be written any more.
    fn head(&self) -> Option<AuditHead>;
}
