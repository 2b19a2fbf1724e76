//! The keys of a verifier and what becomes of them: prepared, active, retired, revoked. It holds
//! public keys and states alone; where private keys lie is its owner's business.

use jiff::{SignedDuration, Timestamp};
use opsec_model::canonical::{CanonicalError, to_canonical_json};
use serde::{Deserialize, Serialize};

use crate::bundle::{BundleError, BundleKey, KeyState, Revoked, TrustBundle, read_keys};
use crate::key::PublicKey;

const KIND: &str = "KeyRing";

/// Why keys do not change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// The same key again.
    #[error("key {0} is there already")]
    Known(String),
    /// No key of that id.
    #[error("there is no key {0}")]
    Unknown(String),
    /// Nothing can take over.
    #[error("no key is prepared; generate one first")]
    NothingPrepared,
    /// Whoever has a bundle does not know the key yet.
    #[error(
        "key {id} is prepared since {since}, and a trust bundle without it may be relied on until {until}"
    )]
    TooEarly {
        /// The key.
        id: String,
        /// Since when it is prepared.
        since: Timestamp,
        /// When every bundle has it.
        until: Timestamp,
    },
    /// It was revoked before.
    #[error("key {0} is revoked already")]
    Revoked(String),
}

/// The keys of a verifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRing {
    api_version: String,
    kind: String,
    keys: Vec<BundleKey>,
}

impl Default for KeyRing {
    fn default() -> Self {
        Self {
            api_version: opsec_model::API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            keys: Vec::new(),
        }
    }
}

impl KeyRing {
    /// Reads a ring: each key is one, has its own id, and one at most is active.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        let malformed = |problem: String| BundleError::Malformed(problem);
        let ring: Self =
            serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        if ring.kind != KIND || ring.api_version != opsec_model::API_VERSION {
            return Err(malformed(format!(
                "it is a {} of {}",
                ring.kind, ring.api_version
            )));
        }
        read_keys(&ring.keys)?;
        if ring.of(KeyState::Active).count() > 1 {
            return Err(malformed("two of its keys are active".to_owned()));
        }
        Ok(ring)
    }

    /// The ring as it is stored.
    ///
    /// # Errors
    /// Never, for keys alone.
    pub fn bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        let mut bytes = to_canonical_json(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Its keys, in the order in which they came.
    pub fn keys(&self) -> &[BundleKey] {
        &self.keys
    }

    /// The key that signs.
    pub fn active(&self) -> Option<&BundleKey> {
        self.of(KeyState::Active).next()
    }

    fn of(&self, state: KeyState) -> impl Iterator<Item = &BundleKey> {
        self.keys.iter().filter(move |key| key.state == state)
    }

    /// Takes a key in. The first one signs at once; any other is prepared, to be known before it
    /// signs.
    ///
    /// # Errors
    /// When it is there already.
    pub fn add(&mut self, key: &PublicKey, now: Timestamp) -> Result<&BundleKey, KeyRingError> {
        let keyid = key.id();
        if self.keys.iter().any(|known| known.keyid == keyid) {
            return Err(KeyRingError::Known(keyid));
        }
        let state = if self.keys.is_empty() {
            KeyState::Active
        } else {
            KeyState::Prepared
        };
        let added = BundleKey {
            keyid,
            algorithm: key.algorithm(),
            public_key_pem: key.to_pem(),
            state,
            not_before: now,
            not_after: None,
        };
        self.keys.push(added);
        // INVARIANT: it was pushed just now.
        self.keys.last().ok_or(KeyRingError::NothingPrepared)
    }

    /// Lets the key that was prepared first take over, and retires the one that signed. Until every
    /// bundle that was handed out before it was prepared has ended, that is too early.
    ///
    /// # Errors
    /// When none is prepared, or not for long enough: `lifetime` is a bundle's; zero asks nothing.
    pub fn rotate(
        &mut self,
        now: Timestamp,
        lifetime: SignedDuration,
    ) -> Result<Rotated, KeyRingError> {
        let next = self.of(KeyState::Prepared).next();
        let next = next.ok_or(KeyRingError::NothingPrepared)?;
        let (id, since) = (next.keyid.clone(), next.not_before);
        let until = since.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        if now < until {
            return Err(KeyRingError::TooEarly { id, since, until });
        }
        let mut retired = None;
        for key in &mut self.keys {
            if key.state == KeyState::Active {
                key.state = KeyState::Retired;
                key.not_after = Some(now);
                retired = Some(key.keyid.clone());
            } else if key.keyid == id {
                key.state = KeyState::Active;
            }
        }
        Ok(Rotated {
            active: id,
            retired,
        })
    }

    /// Revokes a key: nothing that it signed holds any more, whenever that was.
    ///
    /// # Errors
    /// When there is none of that id, or it is revoked.
    pub fn revoke(&mut self, id: &str, now: Timestamp) -> Result<(), KeyRingError> {
        let mut keys = self.keys.iter_mut();
        let found = keys.find(|key| key.keyid == id);
        let key = found.ok_or_else(|| KeyRingError::Unknown(id.to_owned()))?;
        if key.state == KeyState::Revoked {
            return Err(KeyRingError::Revoked(id.to_owned()));
        }
        key.state = KeyState::Revoked;
        key.not_after = Some(key.not_after.unwrap_or(now));
        Ok(())
    }

    /// The bundle to hand out now.
    pub fn bundle(
        &self,
        verifier_id: &str,
        revoked: Vec<Revoked>,
        now: Timestamp,
        lifetime: SignedDuration,
    ) -> TrustBundle {
        let expires = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        TrustBundle {
            keys: self.keys.clone(),
            revoked,
            ..TrustBundle::new(verifier_id, now, expires)
        }
    }
}

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The key that signs now.
    pub active: String,
    /// The key that signed; its private half is to be deleted.
    pub retired: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Algorithm;
    use crate::private::SigningKey;

    const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

    fn key(seed: u8) -> PublicKey {
        let key = SigningKey::from_seed(Algorithm::Ed25519, &[seed; 32]).unwrap();
        key.public().clone()
    }

    fn day(day: i64) -> Timestamp {
        Timestamp::from_second(day * 24 * 60 * 60).unwrap()
    }

    fn states(ring: &KeyRing) -> Vec<KeyState> {
        ring.keys().iter().map(|key| key.state).collect()
    }

    #[test]
    fn a_key_is_known_for_a_bundles_lifetime_before_it_signs() {
        let mut ring = KeyRing::default();
        ring.add(&key(1), day(0)).unwrap();
        assert_eq!(
            ring.rotate(day(1), WEEK),
            Err(KeyRingError::NothingPrepared)
        );
        ring.add(&key(2), day(1)).unwrap();
        assert_eq!(states(&ring), [KeyState::Active, KeyState::Prepared]);
        let early = ring.rotate(day(7), WEEK);
        assert!(
            matches!(early, Err(KeyRingError::TooEarly { .. })),
            "{early:?}"
        );
        let rotated = ring.rotate(day(8), WEEK).unwrap();
        assert_eq!(rotated.active, key(2).id());
        assert_eq!(rotated.retired, Some(key(1).id()));
        assert_eq!(states(&ring), [KeyState::Retired, KeyState::Active]);
        assert_eq!(ring.keys()[0].not_after, Some(day(8)));
    }

    #[test]
    fn a_revoked_key_stays_to_be_named() {
        let mut ring = KeyRing::default();
        ring.add(&key(1), day(0)).unwrap();
        assert_eq!(
            ring.add(&key(1), day(0)).unwrap_err(),
            KeyRingError::Known(key(1).id())
        );
        ring.revoke(&key(1).id(), day(1)).unwrap();
        assert_eq!(
            ring.revoke(&key(1).id(), day(1)),
            Err(KeyRingError::Revoked(key(1).id()))
        );
        let unknown = ring.revoke("0", day(1));
        assert_eq!(unknown, Err(KeyRingError::Unknown("0".to_owned())));
        assert!(ring.active().is_none());
        let bundle = ring.bundle("https://v", Vec::new(), day(2), WEEK);
        assert_eq!(bundle.keys[0].state, KeyState::Revoked);
        assert_eq!(bundle.expires_at, day(9));
    }

    #[test]
    fn a_ring_reads_as_it_was_written_and_with_one_active_key_at_most() {
        let mut ring = KeyRing::default();
        ring.add(&key(1), day(0)).unwrap();
        ring.add(&key(2), day(0)).unwrap();
        assert_eq!(KeyRing::read(&ring.bytes().unwrap()).unwrap(), ring);
        ring.keys[1].state = KeyState::Active;
        assert!(KeyRing::read(&ring.bytes().unwrap()).is_err());
        ring.keys[1] = ring.keys[0].clone();
        assert!(KeyRing::read(&ring.bytes().unwrap()).is_err());
    }
}
