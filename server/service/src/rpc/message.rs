//! Statements, keys and what verifying came to, as messages.

use opsec_attest::{BundleKey, Verification};
use opsec_proto::v1;
use opsec_store::attestation::{Kept, Revocation};

use super::encode::{milliseconds, mode};
use crate::clock;

pub(crate) fn attestation((attestation, revoked): Kept) -> v1::Attestation {
    let name = match attestation.id.as_str() {
        "" => String::new(),
        id => format!("attestations/{id}"),
    };
    v1::Attestation {
        name,
        envelope: attestation.envelope.into_bytes().into(),
        envelope_digest: attestation.envelope_digest,
        target: attestation.target.into_bytes().into(),
        key_id: attestation.key_id,
        cluster: format!("clusters/{}", attestation.cluster),
        operator: attestation.operator,
        result: attestation.result,
        mode: mode(attestation.mode).into(),
        author: attestation.author,
        verify_time: milliseconds(attestation.verified_at),
        expire_time: milliseconds(attestation.valid_until),
        revocation: revoked.map(revocation),
    }
}

fn revocation(revoked: Revocation) -> v1::Revocation {
    v1::Revocation {
        revoke_time: milliseconds(revoked.revoked_at),
        author: revoked.author,
        reason: revoked.reason,
    }
}

pub(crate) fn verification(verification: Verification) -> v1::VerifyAttestationResponse {
    let valid = verification.is_valid();
    let steps = verification.steps.into_iter().map(|step| {
        let (reason, message) = step.problem.map_or_else(Default::default, |problem| {
            (problem.reason.to_owned(), problem.message)
        });
        v1::VerificationStep {
            name: step.name.to_owned(),
            reason,
            message,
        }
    });
    v1::VerifyAttestationResponse {
        valid,
        steps: steps.collect(),
    }
}

pub(crate) fn key(key: BundleKey) -> v1::AttestationKey {
    v1::AttestationKey {
        key_id: key.keyid,
        algorithm: key.algorithm.as_str().to_owned(),
        public_key_pem: key.public_key_pem,
        state: key.state.as_str().to_owned(),
        start_time: Some(clock::encode(key.not_before)),
        end_time: key.not_after.map(clock::encode),
    }
}
