//! The in-toto Statement that holds a predicate and names what it is of.

use std::collections::BTreeMap;

use opsec_model::canonical::{CanonicalError, digest_bytes, to_canonical_json};
use serde::{Deserialize, Serialize};

use crate::descriptor::Descriptor;
use crate::predicate::Predicate;

/// The type of every statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The type of what ours say.
pub const PREDICATE_TYPE: &str = "https://kubectl-opsec.dev/attestation/operator-check/v1";

/// A statement with its predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement<P = Predicate> {
    /// [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// What it is of: the operator on its cluster first, then its images.
    pub subject: Vec<Subject>,
    /// What it says is of this type.
    pub predicate_type: String,
    /// What it says.
    pub predicate: P,
}

/// What a statement is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// What it is called.
    pub name: String,
    /// What it is known by.
    pub digest: BTreeMap<String, String>,
}

impl Subject {
    fn new(name: String, digest: &str) -> Self {
        let hex = digest.trim_start_matches("sha256:").to_owned();
        let digest = BTreeMap::from([("sha256".to_owned(), hex)]);
        Self { name, digest }
    }

    /// Subjects of a target: the descriptor, then each distinct image that is known by its digest.
    ///
    /// # Errors
    /// Never, for strings alone.
    pub fn of(descriptor: &Descriptor) -> Result<Vec<Self>, CanonicalError> {
        let name = format!(
            "opsec:{}/{}",
            descriptor.cluster_uid, descriptor.operator_id
        );
        let mut subjects = vec![Self::new(name, &descriptor.digest()?)];
        let images = descriptor.images.iter().filter_map(|image| {
            let name = image.reference.split('@').next().unwrap_or_default();
            Some((image.digest.clone()?, name.to_owned()))
        });
        // One digest is one subject, whatever it is called.
        let images: BTreeMap<String, String> = images.collect();
        let images = images.into_iter();
        subjects.extend(images.map(|(digest, name)| Self::new(name, &digest)));
        Ok(subjects)
    }

    /// Its SHA-256 in hex.
    pub fn sha256(&self) -> &str {
        self.digest.get("sha256").map_or("", String::as_str)
    }
}

impl<P: Serialize> Statement<P> {
    /// The bytes that are signed.
    ///
    /// # Errors
    /// When a number is no integer.
    pub fn bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        to_canonical_json(self)
    }
}

/// What a revocation names: the digest of the signed bytes.
pub fn envelope_digest(payload: &[u8]) -> String {
    digest_bytes(payload)
}
