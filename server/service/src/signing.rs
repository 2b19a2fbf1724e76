//! What statements are signed with. Where keys lie is the daemon's business.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use opsec_attest::{KeyRing, Revoked, SigningKey, TrustBundle};
use opsec_store::attestation;
use opsec_store::store::Snapshot;

use crate::context::Context;
use crate::failure::{Failure, Unattestable};
use crate::use_case::clusters::stored;

/// Where keys are. They are asked for each time, since a rotation takes effect at once.
pub trait Keys: fmt::Debug + Send + Sync {
    /// All keys and what each may be used for; absent when that cannot be read.
    fn ring(&self) -> Option<KeyRing>;

    /// The key that signs; absent when there is none, or it cannot be used.
    fn active(&self) -> Option<Arc<SigningKey>>;
}

/// How statements are signed.
#[derive(Debug, Clone)]
pub struct Signing {
    /// The URI that statements name as who verified.
    pub verifier_id: String,
    /// How long a trust bundle is to be relied on.
    pub bundle_lifetime: SignedDuration,
    /// The keys.
    pub keys: Arc<dyn Keys>,
}

impl Context {
    /// How statements are signed, when they are.
    pub(crate) fn signing(&self) -> Result<&Signing, Failure> {
        let signing = self.signing.as_ref();
        signing.ok_or(Failure::Attest(Unattestable::NoActiveKey))
    }

    /// All keys.
    pub(crate) fn ring(&self) -> Result<KeyRing, Failure> {
        let ring = self.signing()?.keys.ring();
        ring.ok_or(Failure::Attest(Unattestable::NoActiveKey))
    }

    /// The trust bundle of now.
    pub(crate) fn bundle(
        &self,
        snapshot: Option<&dyn Snapshot>,
        now: Timestamp,
    ) -> Result<TrustBundle, Failure> {
        let signing = self.signing()?;
        let revoked = match snapshot {
            Some(snapshot) => attestation::revoked(snapshot, now.as_millisecond()),
            None => Ok(Vec::new()),
        };
        let revoked = revoked.map_err(stored)?.into_iter().map(|one| Revoked {
            envelope_digest: one.envelope_digest,
            until: Timestamp::from_millisecond(one.until).unwrap_or(Timestamp::MAX),
        });
        let (verifier, lifetime) = (&signing.verifier_id, signing.bundle_lifetime);
        Ok(self
            .ring()?
            .bundle(verifier, revoked.collect(), now, lifetime))
    }
}
