//! Heads that are signed: what is kept elsewhere says by itself who wrote it.

use opsec_attest::{Envelope, KeyState, TrustBundle, pre_authentication_encoding};
use opsec_model::canonical::to_canonical_json;

use super::AuditError;
use super::chain::Head;
use crate::keys::Signer;

/// The type of what is signed of a head.
pub(super) const HEAD_TYPE: &str = "application/vnd.opsec.audit-head+json";

/// A head in an envelope; empty where no key can sign, which an audit does not wait for.
///
/// # Errors
/// When it cannot be written as JSON.
pub(super) fn sign(head: &Head, signer: &Signer) -> Result<String, AuditError> {
    let payload = to_canonical_json(head).map_err(|_| AuditError::Unwritable)?;
    let key = signer.try_active().ok().flatten();
    let envelope = key.map(|key| Envelope::sign(payload, HEAD_TYPE, &key).write());
    let envelope = envelope.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(envelope.unwrap_or_default())
}

/// What an envelope says, by whatever key.
pub(super) fn read(envelope: &[u8]) -> Result<(Head, Envelope), String> {
    let envelope = Envelope::read(envelope).map_err(|error| error.to_string())?;
    if envelope.payload_type != HEAD_TYPE {
        return Err(format!("it is `{}`", envelope.payload_type));
    }
    let head = serde_json::from_slice(&envelope.payload);
    let head = head.map_err(|_| "it says no head of an audit".to_owned())?;
    Ok((head, envelope))
}

/// That a key of a trust bundle, which was not revoked, signed an envelope.
pub(super) fn check(envelope: &Envelope, bundle: &TrustBundle) -> Result<(), String> {
    let message = pre_authentication_encoding(&envelope.payload_type, &envelope.payload);
    let good = bundle
        .keys
        .iter()
        .filter(|key| key.state != KeyState::Revoked);
    let signed = good.filter_map(|key| key.public().ok()).any(|key| {
        let mut signatures = envelope.signatures.iter();
        signatures.any(|(_, signature)| key.verifies(&message, signature))
    });
    if signed {
        Ok(())
    } else {
        Err("no key of the trust bundle that still counts signed it".to_owned())
    }
}
