//! Private keys: PKCS#8 of version 1, which every OpenSSL reads, encrypted when there is a password.

use std::fmt;

use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, KeypairBytes};
use pkcs8::der::SecretDocument;
use pkcs8::der::pem::PemLabel as _;
use pkcs8::der::zeroize::Zeroizing;
use pkcs8::pkcs5::pbes2;
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef};

use crate::key::{Algorithm, KeyError, PublicKey, malformed};

/// What locks a key: chance is the caller's.
#[derive(Clone, Copy)]
pub struct Locking<'a> {
    /// The password.
    pub password: &'a [u8],
    /// Random bytes, for this file alone.
    pub salt: [u8; 16],
    /// Random bytes, for this file alone.
    pub iv: [u8; 16],
}

impl fmt::Debug for Locking<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Locking")
    }
}

enum Inner {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Box<p256::ecdsa::SigningKey>),
}

/// A key that signs.
pub struct SigningKey {
    inner: Inner,
    public: PublicKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is secret of it is never shown.
        formatter
            .debug_tuple("SigningKey")
            .field(&self.public.id())
            .finish()
    }
}

impl SigningKey {
    /// The key of a random seed.
    ///
    /// # Errors
    /// When the seed is none of P-256, which chance does not bring about.
    pub fn from_seed(algorithm: Algorithm, seed: &[u8; 32]) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::Ed25519 => Self::ed25519(ed25519_dalek::SigningKey::from_bytes(seed)),
            Algorithm::P256 => {
                Self::p256(p256::ecdsa::SigningKey::from_slice(seed).map_err(malformed)?)
            }
        }
    }

    fn ed25519(key: ed25519_dalek::SigningKey) -> Result<Self, KeyError> {
        let public = PublicKey::ed25519(key.verifying_key())?;
        let inner = Inner::Ed25519(Box::new(key));
        Ok(Self { inner, public })
    }

    fn p256(key: p256::ecdsa::SigningKey) -> Result<Self, KeyError> {
        let public = PublicKey::p256(*key.verifying_key())?;
        let inner = Inner::P256(Box::new(key));
        Ok(Self { inner, public })
    }

    /// Reads a key from PEM.
    ///
    /// # Errors
    /// When it is none, or is locked otherwise.
    pub fn from_pem(pem: &str, password: Option<&[u8]>) -> Result<Self, KeyError> {
        let (label, document) = SecretDocument::from_pem(pem).map_err(malformed)?;
        if label == PrivateKeyInfoRef::PEM_LABEL {
            return Self::from_der(&document);
        }
        if label != EncryptedPrivateKeyInfoRef::PEM_LABEL {
            return Err(KeyError::Malformed(format!("it holds a {label}")));
        }
        let password = password.ok_or(KeyError::Locked)?;
        let locked = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes());
        let opened = locked.map_err(malformed)?.decrypt(password);
        Self::from_der(&opened.map_err(|_| KeyError::Password)?)
    }

    fn from_der(document: &SecretDocument) -> Result<Self, KeyError> {
        let info = || PrivateKeyInfoRef::try_from(document.as_bytes()).map_err(malformed);
        if let Ok(key) = ed25519_dalek::SigningKey::try_from(info()?) {
            return Self::ed25519(key);
        }
        let key = p256::ecdsa::SigningKey::try_from(info()?);
        Self::p256(key.map_err(|_| KeyError::Algorithm)?)
    }

    /// The key in PEM.
    ///
    /// # Errors
    /// When it cannot be encrypted.
    pub fn to_pem(&self, locking: Option<&Locking<'_>>) -> Result<Zeroizing<String>, KeyError> {
        let document = match &self.inner {
            Inner::Ed25519(key) => KeypairBytes {
                secret_key: key.to_bytes(),
                // With it the file would be of version 2, which OpenSSL 3.0 does not read.
                public_key: None,
            }
            .to_pkcs8_der(),
            Inner::P256(key) => p256::SecretKey::from(key.as_nonzero_scalar()).to_pkcs8_der(),
        }
        .map_err(malformed)?;
        let Some(locking) = locking else {
            let pem = document.to_pem(PrivateKeyInfoRef::PEM_LABEL, LineEnding::LF);
            return pem.map_err(malformed);
        };
        let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(
            pkcs8::pkcs5::scrypt::Params::default(),
            &locking.salt,
            locking.iv,
        )
        .map_err(malformed)?;
        let info = PrivateKeyInfoRef::try_from(document.as_bytes()).map_err(malformed)?;
        let locked = info.encrypt_with_params(parameters, locking.password);
        let pem = locked
            .map_err(malformed)?
            .to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF);
        pem.map_err(malformed)
    }

    /// The key that verifies what it signs.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs bytes; the same bytes have the same signature.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.inner {
            Inner::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Inner::P256(key) => {
                let signature: p256::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
        }
    }
}
