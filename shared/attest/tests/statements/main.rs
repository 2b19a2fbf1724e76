//! Statements as they are signed and verified: what is refused, why, and that nothing else is.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod flips;
mod keys;
mod order;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use opsec_attest::{
    Algorithm, Baseline, BaselineRef, BundleKey, Cluster, Descriptor, Envelope, Facts, Halves,
    ImageRef, KeyState, Operator, PAYLOAD_TYPE, PREDICATE_TYPE, Practice, Predicate,
    STATEMENT_TYPE, SigningKey, Statement, Subject, Target, TrustBundle, Verifier, VerifyPolicy,
    Wanted, WorkloadRef,
};

const UID: &str = "11111111-2222-4333-8444-555555555555";
const VERIFIER: &str = "https://opsec.example/service";

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn key() -> SigningKey {
    SigningKey::from_seed(Algorithm::P256, &[7; 32]).unwrap()
}

fn image() -> String {
    format!("sha256:{}", "ab".repeat(32))
}

fn descriptor() -> Descriptor {
    let workload = WorkloadRef {
        kind: "Deployment".to_owned(),
        namespace: "shop".to_owned(),
        name: "shop".to_owned(),
    };
    Descriptor {
        cluster_uid: UID.to_owned(),
        operator_id: "shop~shop".to_owned(),
        workloads: BTreeSet::from([workload]),
        images: BTreeSet::from([ImageRef::of("manager", &format!("reg/shop:1@{}", image()))]),
    }
}

fn practice(number: u8, status: &str) -> Practice {
    Practice {
        number,
        name: format!("practice {number}"),
        status: status.to_owned(),
        halves: Halves {
            operator: status.to_owned(),
            cluster: status.to_owned(),
        },
    }
}

/// A statement that passes: of facts of ten seconds ago, made two seconds ago, good for a day.
fn statement() -> Statement {
    let baseline = |name: &str| BaselineRef {
        name: name.to_owned(),
        revision: 3,
        digest: "sha256:00".to_owned(),
    };
    Statement {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: Subject::of(&descriptor()).unwrap(),
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate: Predicate {
            verifier: Verifier {
                id: VERIFIER.to_owned(),
                engine_version: "0.1.0".to_owned(),
            },
            time_verified: after(-2).to_string(),
            valid_until: after(86_400).to_string(),
            target: Target {
                cluster: Cluster {
                    id: "prod-1".to_owned(),
                    uid: UID.to_owned(),
                },
                operator: Operator {
                    id: "shop~shop".to_owned(),
                    name: "shop".to_owned(),
                    namespaces: vec!["shop".to_owned()],
                },
                descriptor_digest: descriptor().digest().unwrap(),
                images_complete: true,
            },
            baseline: Baseline {
                own: baseline("shop"),
                parent: Some(baseline("default")),
                effective_digest: "sha256:01".to_owned(),
            },
            approval: None,
            snapshot: Facts {
                digest: "sha256:02".to_owned(),
                facts_digest: "sha256:03".to_owned(),
                gathered_at: after(-10).to_string(),
                mode: "CLIENT_ASSERTED".to_owned(),
                collector: "corp/user:ci".to_owned(),
            },
            result: "PASSED".to_owned(),
            counts: opsec_model::Counts::default(),
            practices: (1..=6)
                .map(|number| {
                    practice(
                        number,
                        if number == 5 {
                            "NOT_APPLICABLE"
                        } else {
                            "PASS"
                        },
                    )
                })
                .collect(),
            exemptions: Vec::new(),
        },
    }
}

fn signed(statement: &Statement) -> Vec<u8> {
    Envelope::sign(statement.bytes().unwrap(), PAYLOAD_TYPE, &key()).write()
}

fn in_bundle(key: &SigningKey, state: KeyState) -> BundleKey {
    BundleKey {
        keyid: key.public().id(),
        algorithm: key.public().algorithm(),
        public_key_pem: key.public().to_pem(),
        state,
        not_before: after(-100_000),
        not_after: None,
    }
}

fn bundle() -> TrustBundle {
    let mut bundle = TrustBundle::new(VERIFIER, after(-1_000), after(600_000));
    let other = SigningKey::from_seed(Algorithm::Ed25519, &[9; 32]).unwrap();
    bundle.keys = vec![
        in_bundle(&other, KeyState::Prepared),
        in_bundle(&key(), KeyState::Active),
    ];
    bundle
}

fn policy() -> VerifyPolicy {
    VerifyPolicy::of(Wanted::Operator {
        cluster_uid: UID.to_owned(),
        operator: "shop".to_owned(),
    })
}
