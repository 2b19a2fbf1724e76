//! The trust bundle: all that is needed to verify offline. It is not signed; it is trusted by the
//! way in which it came, and for as long as it says.

use std::collections::BTreeSet;

use jiff::Timestamp;
use opsec_model::canonical::{CanonicalError, to_canonical_json};
use serde::{Deserialize, Serialize};

use crate::key::{Algorithm, KeyError, PublicKey};

const KIND: &str = "TrustBundle";

/// The most bytes of a bundle.
const LIMIT: usize = 16 << 20;

/// Why bytes are no trust bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// They are something else.
    #[error("it is no trust bundle: {0}")]
    Malformed(String),
    /// One of its keys is none.
    #[error("key {id}: {source}")]
    Key {
        /// The key.
        id: String,
        /// Why.
        source: KeyError,
    },
    /// The id of a key is another key's.
    #[error("key {id} is not the key of that id, or stands twice")]
    KeyId {
        /// The id.
        id: String,
    },
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// To be known before it signs.
    Prepared,
    /// It signs.
    Active,
    /// It does not sign any more; what it signed until then holds.
    Retired,
    /// Nothing that it signed holds, whenever that was.
    Revoked,
}

impl KeyState {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }
}

/// Keys, and what was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustBundle {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `TrustBundle`.
    pub kind: String,
    /// Whose keys these are.
    pub verifier_id: String,
    /// Grows from bundle to bundle.
    pub sequence: i64,
    /// When it was written.
    pub issued_at: Timestamp,
    /// Until when it is to be relied on.
    pub expires_at: Timestamp,
    /// The keys.
    pub keys: Vec<BundleKey>,
    /// Statements that do not hold any more.
    pub revoked: Vec<Revoked>,
}

/// A key in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleKey {
    /// Its id.
    pub keyid: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The key.
    pub public_key_pem: String,
    /// What it may be used for.
    pub state: KeyState,
    /// Since when it is known.
    pub not_before: Timestamp,
    /// When it was retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
}

/// A statement that was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revoked {
    /// Digest of the signed bytes.
    pub envelope_digest: String,
    /// When it would have ended anyway.
    pub until: Timestamp,
}

impl TrustBundle {
    /// An empty bundle.
    pub fn new(verifier_id: &str, issued_at: Timestamp, expires_at: Timestamp) -> Self {
        Self {
            api_version: opsec_model::API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            verifier_id: verifier_id.to_owned(),
            sequence: issued_at.as_millisecond(),
            issued_at,
            expires_at,
            keys: Vec::new(),
            revoked: Vec::new(),
        }
    }

    /// Reads a bundle: every key of it is a key, and has its own id.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > LIMIT {
            let problem = format!("it holds {} bytes; the limit is {LIMIT}", bytes.len());
            return Err(BundleError::Malformed(problem));
        }
        let bundle: Self = serde_json::from_slice(bytes)
            .map_err(|error| BundleError::Malformed(error.to_string()))?;
        if bundle.kind != KIND || bundle.api_version != opsec_model::API_VERSION {
            let problem = format!("it is a {} of {}", bundle.kind, bundle.api_version);
            return Err(BundleError::Malformed(problem));
        }
        read_keys(&bundle.keys)?;
        Ok(bundle)
    }

    /// The bundle as it is handed out.
    ///
    /// # Errors
    /// When its sequence is beyond what JSON holds.
    pub fn bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        let mut bytes = to_canonical_json(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// Refuses keys that are none, that have another's id, or that stand twice.
pub(crate) fn read_keys(keys: &[BundleKey]) -> Result<(), BundleError> {
    let mut ids = BTreeSet::new();
    for key in keys {
        let id = key.keyid.clone();
        let public = key.public().map_err(|source| BundleError::Key {
            id: id.clone(),
            source,
        })?;
        if public.id() != id || public.algorithm() != key.algorithm || !ids.insert(&key.keyid) {
            return Err(BundleError::KeyId { id });
        }
    }
    Ok(())
}

impl BundleKey {
    /// The key itself.
    ///
    /// # Errors
    /// When it is none.
    pub fn public(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_pem(&self.public_key_pem)
    }
}
