//! How statements are signed: where keys are, and what the service calls itself in statements.

use std::path::PathBuf;
use std::time::Duration;

use super::{ConfigError, Resolved, value};
use crate::keys::KeyDirectory;

/// How statements are signed.
#[derive(Debug, Clone)]
pub(crate) struct Attestation {
    /// The directory of keys.
    pub(crate) keys: PathBuf,
    /// A file with the password of keys.
    pub(crate) password_file: Option<PathBuf>,
    /// The URI that statements name as who verified.
    pub(crate) verifier_id: Option<String>,
    /// How long a trust bundle is to be relied on.
    pub(crate) bundle_lifetime: Duration,
}

impl Attestation {
    /// The directory of keys.
    pub(crate) fn directory(&self) -> KeyDirectory {
        KeyDirectory::new(self.keys.clone(), self.password_file.clone())
    }
}

impl Resolved {
    /// How statements are signed.
    ///
    /// # Errors
    /// When a value is none.
    pub(crate) fn attestation(&self) -> Result<Attestation, ConfigError> {
        let keys = self.path("attestation.keys");
        let verifier = self.read("attestation.verifier_id", value::uri)?;
        Ok(Attestation {
            keys: keys.unwrap_or_else(|| self.data_directory().join("keys")),
            password_file: self.path("attestation.password_file"),
            verifier_id: Some(verifier).filter(|uri| !uri.is_empty()),
            bundle_lifetime: self.read("attestation.bundle_lifetime", value::duration)?,
        })
    }
}
