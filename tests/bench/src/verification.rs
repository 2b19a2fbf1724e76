//! Verifying a statement offline within the process: the trust bundle and the envelope are bytes in
//! memory, and both are read anew each time, as a command reads its files.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use opsec_attest::{
    Algorithm, BundleKey, Descriptor, Envelope, ImageRef, KeyState, PAYLOAD_TYPE, PREDICATE_TYPE,
    Revoked, STATEMENT_TYPE, SigningKey, Statement, Subject, TrustBundle, VerifyPolicy, Wanted,
    verify,
};
use serde_json::{Value, json};

use crate::evaluation::repeated;
use crate::figures::{Figure, Measured, Outcome};

/// What a name is given to each figure.
const WHAT: &str = "offline verify, in process";

const UID: &str = "11111111-2222-4333-8444-555555555555";
const VERIFIER: &str = "https://opsec.example.org";

/// Statements that are revoked, beside the one that is verified.
const REVOKED: usize = 100;

/// Verifies a statement that passes again and again, by each algorithm.
pub(crate) fn figures() -> Vec<Figure> {
    let algorithms = [Algorithm::Ed25519, Algorithm::P256];
    let figure = |algorithm: Algorithm| Figure {
        what: WHAT.to_owned(),
        by: algorithm.as_str().to_owned(),
        outcome: measured(algorithm)
            .map_or_else(|reason| Outcome::Wrong { reason }, Outcome::Measured),
    };
    algorithms.map(figure).into()
}

fn measured(algorithm: Algorithm) -> Result<Measured, String> {
    let now = now()?;
    let (envelope, bundle) = signed(algorithm, now)?;
    let policy = VerifyPolicy::of(Wanted::Operator {
        cluster_uid: UID.to_owned(),
        operator: "shop".to_owned(),
    });
    let time = repeated(|| {
        let bundle = TrustBundle::read(&bundle).map_err(|error| error.to_string())?;
        let verification = verify(&envelope, &bundle, &policy, now);
        match verification.problem() {
            None if verification.is_valid() => Ok(verification),
            None => Err("it is not valid, and no step says why".to_owned()),
            Some(problem) => Err(format!("{}: {}", problem.reason, problem.message)),
        }
    })?;
    Ok(Measured {
        time,
        peak_bytes: None,
        result: format!(
            "valid; {} bytes, a bundle of {} bytes",
            envelope.len(),
            bundle.len()
        ),
    })
}

/// The time that it is verified at.
fn now() -> Result<Timestamp, String> {
    let now = "2026-06-01T00:00:00Z".parse();
    now.map_err(|error: jiff::Error| error.to_string())
}

/// An envelope, and a trust bundle that has its key between others.
fn signed(algorithm: Algorithm, now: Timestamp) -> Result<(Vec<u8>, Vec<u8>), String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let of = |algorithm, seed: u8| {
        SigningKey::from_seed(algorithm, &[seed; 32]).map_err(|error| failed(&error))
    };
    let key = of(algorithm, 1)?;
    let statement = statement(now).map_err(|error| failed(&error))?;
    let payload = statement.bytes().map_err(|error| failed(&error))?;
    let envelope = Envelope::sign(payload, PAYLOAD_TYPE, &key).write();
    let hour = SignedDuration::from_hours(1);
    let mut bundle = TrustBundle::new(VERIFIER, now - hour, now + hour);
    let known = |key: &SigningKey, state| BundleKey {
        keyid: key.public().id(),
        algorithm: key.public().algorithm(),
        public_key_pem: key.public().to_pem(),
        state,
        not_before: now - hour * 24,
        not_after: None,
    };
    // The one that signed is the last that is tried.
    bundle.keys = vec![
        known(&of(Algorithm::Ed25519, 2)?, KeyState::Prepared),
        known(&of(Algorithm::P256, 3)?, KeyState::Prepared),
        known(&key, KeyState::Active),
    ];
    bundle.revoked = (0..REVOKED)
        .map(|number| Revoked {
            envelope_digest: format!("sha256:{number:064x}"),
            until: now + hour,
        })
        .collect();
    let bundle = bundle.bytes().map_err(|error| failed(&error))?;
    Ok((envelope, bundle))
}

/// Three workloads and six images.
fn descriptor() -> Result<Descriptor, serde_json::Error> {
    let image = |number: u8| {
        let digest = format!("{number:02x}").repeat(32);
        let reference = format!("registry.example.org/shop/part-{number}:1.0@sha256:{digest}");
        ImageRef::of("manager", &reference)
    };
    let workload = |name: &str| json!({"kind": "Deployment", "namespace": "shop", "name": name});
    let names = ["shop", "shop-webhook", "shop-metrics"];
    let workloads: Vec<Value> = names.map(workload).into();
    Ok(Descriptor {
        cluster_uid: UID.to_owned(),
        operator_id: "shop~shop".to_owned(),
        workloads: serde_json::from_value(workloads.into())?,
        images: (0..6).map(image).collect::<BTreeSet<_>>(),
    })
}

/// What an operator comes to that passes.
fn statement(now: Timestamp) -> Result<Statement, Box<dyn std::error::Error>> {
    let descriptor = descriptor()?;
    let digest = format!("sha256:{}", "0f".repeat(32));
    let baseline = |name: &str| json!({"name": name, "revision": 3, "digest": digest});
    let mut judged_by = baseline("shop");
    if let Some(fields) = judged_by.as_object_mut() {
        fields.insert("parent".to_owned(), baseline("default"));
        fields.insert("effectiveDigest".to_owned(), digest.clone().into());
    }
    let practice = |number: u8| {
        json!({
            "number": number,
            "name": format!("practice {number}"),
            "status": "PASS",
            "halves": {"operator": "PASS", "cluster": "PASS"},
        })
    };
    let at = |seconds: i64| (now + SignedDuration::from_secs(seconds)).to_string();
    let predicate = json!({
        "verifier": {"id": VERIFIER, "engineVersion": env!("CARGO_PKG_VERSION")},
        "timeVerified": at(-2),
        "validUntil": at(86_400),
        "target": {
            "cluster": {"id": "prod-1", "uid": UID},
            "operator": {"id": "shop~shop", "name": "shop", "namespaces": ["shop"]},
            "descriptorDigest": descriptor.digest()?,
            "imagesComplete": true,
        },
        "baseline": judged_by,
        "snapshot": {
            "digest": digest,
            "factsDigest": digest,
            "gatheredAt": at(-10),
            "mode": "SERVER_COLLECTED",
            "collector": "corp/user:ci",
        },
        "result": "PASSED",
        "counts": opsec_model::Counts::default(),
        "practices": (1..=6).map(practice).collect::<Vec<_>>(),
        "exemptions": [],
    });
    Ok(Statement {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: Subject::of(&descriptor)?,
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate: serde_json::from_value(predicate)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_timed_is_valid_by_its_own_key_alone() {
        let now = now().unwrap();
        let policy = VerifyPolicy::of(Wanted::Anything);
        for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
            let (envelope, bundle) = signed(algorithm, now).unwrap();
            let mut bundle = TrustBundle::read(&bundle).unwrap();
            assert!(verify(&envelope, &bundle, &policy, now).is_valid());
            bundle.keys.pop();
            let refused = verify(&envelope, &bundle, &policy, now);
            assert_eq!(refused.problem().unwrap().reason, "SIGNATURE_INVALID");
        }
    }
}
