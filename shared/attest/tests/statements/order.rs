//! The steps in their order: each fails by its own reason, and the first that fails is named.

use jiff::SignedDuration;
use opsec_attest::{
    Envelope, KeyState, PAYLOAD_TYPE, Revoked, Statement, TrustBundle, VerifyPolicy, Wanted,
    envelope_digest, summary, verify,
};

use crate::{
    VERIFIER, after, bundle, image, in_bundle, key, now, policy, practice, signed, statement,
};

/// What a sound statement, bundle and policy come to once they are changed so.
fn comes_to(
    change: impl Fn(&mut Statement, &mut TrustBundle, &mut VerifyPolicy),
) -> Option<&'static str> {
    let (mut statement, mut bundle, mut policy) = (statement(), bundle(), policy());
    change(&mut statement, &mut bundle, &mut policy);
    let done = verify(&signed(&statement), &bundle, &policy, now());
    done.problem().map(|problem| problem.reason)
}

#[test]
fn a_sound_statement_is_valid() {
    let done = verify(&signed(&statement()), &bundle(), &policy(), now());
    assert!(done.is_valid(), "{:?}", done.problem());
    assert_eq!(done.steps.len(), 19);
    assert_eq!(done.key_id, Some(key().public().id()));
    assert_eq!(done.statement, Some(statement()));
}

#[test]
fn what_the_bundle_says_is_heard() {
    type Change = fn(&mut TrustBundle, &mut VerifyPolicy);
    let cases: [(Change, Option<&str>); 8] = [
        (|one, _| one.expires_at = now(), Some("BUNDLE_EXPIRED")),
        (
            |one, policy| {
                one.expires_at = now();
                policy.allow_stale_bundle = true;
            },
            None,
        ),
        (
            |one, policy| policy.min_sequence = Some(one.sequence + 1),
            Some("BUNDLE_EXPIRED"),
        ),
        (|one, _| one.keys.truncate(1), Some("SIGNATURE_INVALID")),
        (
            |one, _| one.keys[1].state = KeyState::Revoked,
            Some("KEY_REVOKED"),
        ),
        (
            |one, _| {
                one.keys[1].state = KeyState::Retired;
                one.keys[1].not_after = Some(after(-3));
            },
            Some("KEY_RETIRED_BEFORE"),
        ),
        (
            |one, _| {
                one.keys[1].state = KeyState::Retired;
                one.keys[1].not_after = Some(after(-2));
            },
            None,
        ),
        (
            |one, _| one.verifier_id = format!("{VERIFIER}/other"),
            Some("VERIFIER_MISMATCH"),
        ),
    ];
    for (number, (change, expected)) in cases.into_iter().enumerate() {
        let came = comes_to(|_, bundle, policy| change(bundle, policy));
        assert_eq!(came, expected, "case {number}");
    }
    let revoked = comes_to(|statement, bundle, _| {
        bundle.revoked.push(Revoked {
            envelope_digest: envelope_digest(&statement.bytes().unwrap()),
            until: after(86_400),
        });
    });
    assert_eq!(revoked, Some("REVOKED"));
}

#[test]
fn what_the_statement_says_is_heard() {
    type Change = fn(&mut Statement);
    let cases: [(Change, Option<&str>); 9] = [
        (
            |one| one.predicate_type = one.predicate_type.replace("/v1", "/v2"),
            Some("PREDICATE_UNSUPPORTED"),
        ),
        (
            |one| one.predicate.time_verified = "noon".to_owned(),
            Some("PREDICATE_UNSUPPORTED"),
        ),
        (
            |one| one.predicate.time_verified = after(61).to_string(),
            Some("FROM_FUTURE"),
        ),
        (
            |one| one.predicate.time_verified = after(60).to_string(),
            None,
        ),
        (
            |one| one.predicate.valid_until = now().to_string(),
            Some("EXPIRED"),
        ),
        (
            |one| one.predicate.target.operator.id = "other~shop".to_owned(),
            Some("TARGET_MISMATCH"),
        ),
        (|one| one.subject.reverse(), Some("TARGET_MISMATCH")),
        (
            |one| one.predicate.result = "FAILED".to_owned(),
            Some("RESULT_FAILED"),
        ),
        (
            |one| one.predicate.result = "passed".to_owned(),
            Some("RESULT_FAILED"),
        ),
    ];
    for (number, (change, expected)) in cases.into_iter().enumerate() {
        let came = comes_to(|statement, _, _| change(statement));
        assert_eq!(came, expected, "case {number}");
    }
}

fn each_comes_to(cases: Vec<(VerifyPolicy, Option<&str>)>) {
    for (number, (asked, expected)) in cases.into_iter().enumerate() {
        let came = comes_to(|_, _, policy| *policy = asked.clone());
        assert_eq!(came, expected, "case {number}");
    }
}

#[test]
fn a_statement_is_of_the_operator_and_the_image_that_are_asked_for() {
    let of = |operator: &str, uid: &str| {
        VerifyPolicy::of(Wanted::Operator {
            cluster_uid: uid.to_owned(),
            operator: operator.to_owned(),
        })
    };
    let with = |image: String| VerifyPolicy {
        image: Some(image),
        ..policy()
    };
    each_comes_to(vec![
        (VerifyPolicy::of(Wanted::Anything), None),
        (of("shop~shop", crate::UID), None),
        (of("other~shop", crate::UID), Some("TARGET_MISMATCH")),
        (of("shop", "another"), Some("TARGET_MISMATCH")),
        (with(image()), None),
        (with("sha256:00".to_owned()), Some("IMAGE_MISMATCH")),
    ]);
}

#[test]
fn what_is_asked_for_is_heard() {
    let aged = |seconds| VerifyPolicy {
        max_age: Some(SignedDuration::from_secs(seconds)),
        ..policy()
    };
    let collected = VerifyPolicy {
        server_collected: true,
        ..policy()
    };
    let requiring = |practices: &[u8], allow_not_applicable| VerifyPolicy {
        practices: practices.iter().copied().collect(),
        allow_not_applicable,
        ..policy()
    };
    each_comes_to(vec![
        (aged(10), None),
        (aged(9), Some("TOO_OLD")),
        (collected, Some("COLLECTION_TOO_WEAK")),
        (requiring(&[1, 6], false), None),
        (requiring(&[7], false), Some("PRACTICE_MISSING")),
        (requiring(&[5], false), Some("PRACTICE_NOT_PASSED")),
        (requiring(&[5], true), None),
    ]);
}

#[test]
fn an_unknown_status_is_not_pass_and_a_practice_counts_once() {
    for status in ["FAIL", "UNKNOWN", "pass", "GREAT"] {
        let came = comes_to(|statement, _, policy| {
            statement.predicate.practices[2] = practice(3, status);
            policy.practices = [3].into();
        });
        assert_eq!(came, Some("PRACTICE_NOT_PASSED"), "{status}");
    }
    let twice = comes_to(|statement, _, policy| {
        statement.predicate.practices.push(practice(3, "FAIL"));
        policy.practices = [3].into();
    });
    assert_eq!(twice, Some("PRACTICE_NOT_PASSED"));
}

#[test]
fn the_first_step_that_fails_is_named() {
    let came = comes_to(|statement, bundle, policy| {
        statement.predicate.result = "FAILED".to_owned();
        statement.predicate.valid_until = now().to_string();
        bundle.expires_at = now();
        policy.server_collected = true;
    });
    assert_eq!(came, Some("BUNDLE_EXPIRED"));
}

#[test]
fn a_failure_that_is_authentic_says_so() {
    let mut failed = statement();
    failed.predicate.result = "FAILED".to_owned();
    let done = verify(&signed(&failed), &bundle(), &policy(), now());
    assert!(done.is_authentic_failure() && !done.is_valid());
    assert_eq!(done.problem().unwrap().message, "authentic, result FAILED");
}

#[test]
fn a_payload_of_another_type_is_refused_though_it_is_signed() {
    let payload = statement().bytes().unwrap();
    let other = Envelope::sign(payload, "application/json", &key()).write();
    let done = verify(&other, &bundle(), &policy(), now());
    assert_eq!(done.problem().unwrap().reason, "PAYLOAD_TYPE");
    assert_eq!(done.statement, None);
}

#[test]
fn an_id_that_is_not_the_signers_is_refused_and_one_that_is_left_out_is_not() {
    let sound = Envelope::read(&signed(&statement())).unwrap();
    let with = |id: Option<String>| {
        let mut envelope = sound.clone();
        envelope.signatures[0].0 = id;
        let done = verify(&envelope.write(), &bundle(), &policy(), now());
        done.problem().map(|problem| problem.reason)
    };
    assert_eq!(with(None), None);
    assert_eq!(
        with(Some(bundle().keys[0].keyid.clone())),
        Some("KEYID_MISMATCH")
    );
    assert_eq!(with(Some(String::new())), Some("KEYID_MISMATCH"));
}

#[test]
fn a_bundle_whose_keys_are_not_their_ids_is_none() {
    let read = |bundle: &TrustBundle| TrustBundle::read(&bundle.bytes().unwrap());
    assert_eq!(read(&bundle()).unwrap(), bundle());
    let mut renamed = bundle();
    renamed.keys[0].keyid = renamed.keys[1].keyid.clone();
    assert!(read(&renamed).is_err());
    let mut twice = bundle();
    twice.keys.push(in_bundle(&key(), KeyState::Retired));
    assert!(read(&twice).is_err());
}

#[test]
fn a_summary_names_practices_that_pass_and_no_level_of_slsa() {
    let statement = statement();
    let payload = statement.bytes().unwrap();
    let summary = summary(&statement, &payload).bytes().unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
    let predicate = &summary["predicate"];
    assert_eq!(predicate["verificationResult"], "PASSED");
    let levels: Vec<&str> = predicate["verifiedLevels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|level| level.as_str().unwrap())
        .collect();
    assert_eq!(levels.len(), 5);
    assert!(
        levels
            .iter()
            .all(|level| level.starts_with("OPSEC_PRACTICE_")),
        "{levels:?}"
    );
    assert_eq!(summary["subject"], serde_json::json!(statement.subject));
    assert_eq!(PAYLOAD_TYPE, "application/vnd.in-toto+json");
}
