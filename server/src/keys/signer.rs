//! The keys as the service uses them: what signs is asked for each time, so that a rotation takes
//! effect at once; a key that was opened once stays open.

use std::sync::{Arc, Mutex, PoisonError};

use opsec_attest::{KeyRing, SigningKey};
use opsec_service::Keys;

use super::{KeyDirectory, KeysError};

/// The keys of a service.
#[derive(Debug)]
pub(crate) struct Signer {
    directory: KeyDirectory,
    opened: Mutex<Option<Arc<SigningKey>>>,
}

impl Signer {
    pub(crate) fn new(directory: KeyDirectory) -> Self {
        Self {
            directory,
            opened: Mutex::new(None),
        }
    }

    /// The key that signs, or why it cannot be used.
    pub(crate) fn try_active(&self) -> Result<Option<Arc<SigningKey>>, KeysError> {
        let ring = self.directory.ring()?;
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(active) = ring.active() else {
            *opened = None;
            return Ok(None);
        };
        let known = opened.as_ref();
        if known.is_none_or(|key| key.public().id() != active.keyid) {
            *opened = self.directory.signing(&ring)?.map(Arc::new);
        }
        Ok(opened.clone())
    }
}

impl Keys for Signer {
    fn ring(&self) -> Option<KeyRing> {
        self.directory.ring().ok()
    }

    fn active(&self) -> Option<Arc<SigningKey>> {
        self.try_active().ok().flatten()
    }
}
