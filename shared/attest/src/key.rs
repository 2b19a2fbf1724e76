//! Public keys: what a signature is verified with, and the id that a key has everywhere.

use std::fmt;

use ed25519_dalek::pkcs8::DecodePublicKey as _;
use opsec_model::canonical::digest_bytes;
use p256::ecdsa::signature::Verifier as _;
use pkcs8::der::Document;
use pkcs8::der::pem::PemLabel as _;
use pkcs8::{LineEnding, SubjectPublicKeyInfoRef};
use serde::{Deserialize, Serialize};

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// Ed25519, pure.
    #[serde(rename = "ed25519")]
    Ed25519,
    /// ECDSA on P-256 over SHA-256, signatures in ASN.1 DER.
    #[serde(rename = "ecdsa-p256-sha256")]
    P256,
}

impl Algorithm {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P256 => "ecdsa-p256-sha256",
        }
    }
}

/// Why a key is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no PEM, or of something else.
    #[error("it is no key in PEM: {0}")]
    Malformed(String),
    /// Its algorithm is another one.
    #[error("its algorithm is neither Ed25519 nor ECDSA on P-256")]
    Algorithm,
    /// It is encrypted, and nothing opens it.
    #[error("it is encrypted; name a file with its password")]
    Locked,
    /// The password does not open it.
    #[error("the password does not open it")]
    Password,
}

#[derive(Clone, PartialEq, Eq)]
enum Inner {
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    P256(Box<p256::ecdsa::VerifyingKey>),
}

/// A public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    inner: Inner,
    /// Its SubjectPublicKeyInfo.
    der: Document,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("PublicKey")
            .field(&self.id())
            .finish()
    }
}

impl PublicKey {
    pub(crate) fn ed25519(key: ed25519_dalek::VerifyingKey) -> Result<Self, KeyError> {
        use ed25519_dalek::pkcs8::EncodePublicKey as _;
        let der = key.to_public_key_der().map_err(malformed)?;
        let inner = Inner::Ed25519(Box::new(key));
        Ok(Self { inner, der })
    }

    pub(crate) fn p256(key: p256::ecdsa::VerifyingKey) -> Result<Self, KeyError> {
        use p256::pkcs8::EncodePublicKey as _;
        let der = key.to_public_key_der().map_err(malformed)?;
        let inner = Inner::P256(Box::new(key));
        Ok(Self { inner, der })
    }

    /// A key from its SubjectPublicKeyInfo in PEM.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let (label, der) = Document::from_pem(pem).map_err(malformed)?;
        if label != SubjectPublicKeyInfoRef::PEM_LABEL {
            return Err(KeyError::Malformed(format!("it holds a {label}")));
        }
        if let Ok(key) = ed25519_dalek::VerifyingKey::from_public_key_der(der.as_bytes()) {
            return Self::ed25519(key);
        }
        let key = p256::ecdsa::VerifyingKey::from_public_key_der(der.as_bytes());
        Self::p256(key.map_err(|_| KeyError::Algorithm)?)
    }

    /// Its SubjectPublicKeyInfo in PEM.
    pub fn to_pem(&self) -> String {
        let pem = self
            .der
            .to_pem(SubjectPublicKeyInfoRef::PEM_LABEL, LineEnding::LF);
        // INVARIANT: the label is PEM's own, and the DER is that of a key.
        pem.unwrap_or_default()
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        match self.inner {
            Inner::Ed25519(_) => Algorithm::Ed25519,
            Inner::P256(_) => Algorithm::P256,
        }
    }

    /// Its id: lower-case hex of the SHA-256 of its SubjectPublicKeyInfo in DER.
    pub fn id(&self) -> String {
        let named = digest_bytes(self.der.as_bytes());
        named.trim_start_matches("sha256:").to_owned()
    }

    /// Whether it made this signature of these bytes.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.inner {
            Inner::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Inner::P256(key) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }
}

pub(crate) fn malformed(error: impl fmt::Display) -> KeyError {
    KeyError::Malformed(error.to_string())
}
