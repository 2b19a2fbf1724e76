//! Statements about operators: what is signed, with which keys, and how anyone verifies it without
//! the service. It reads no clock, no file and no chance: `now`, bytes and seeds are inputs.
//!
//! A statement is an in-toto Statement v1 in a DSSE envelope. What verifies is a trust bundle: public
//! keys with their states, and what was revoked. The bytes are verified before they are parsed, and
//! the same bytes are parsed.

mod base64;
mod bundle;
mod descriptor;
mod envelope;
mod key;
mod keyring;
mod predicate;
mod private;
mod statement;
mod summary;
mod verify;

pub use bundle::{BundleError, BundleKey, KeyState, Revoked, TrustBundle};
pub use descriptor::{Descriptor, ImageRef, WorkloadRef};
pub use envelope::{
    ENVELOPE_LIMIT, Envelope, EnvelopeError, PAYLOAD_TYPE, pre_authentication_encoding,
};
pub use key::{Algorithm, KeyError, PublicKey};
pub use keyring::{KeyRing, KeyRingError, Rotated};
pub use predicate::{
    Approval, Baseline, BaselineRef, Cluster, Exemption, Facts, Halves, Operator, Practice,
    Predicate, Target, Verifier,
};
pub use private::{Locking, SigningKey};
pub use statement::{PREDICATE_TYPE, STATEMENT_TYPE, Statement, Subject, envelope_digest};
pub use summary::summary;
pub use verify::{Problem, Step, Verification, VerifyPolicy, Wanted, verify};

/// The result of a statement whose practices all hold.
pub const PASSED: &str = "PASSED";

/// The result of any other statement.
pub const FAILED: &str = "FAILED";
