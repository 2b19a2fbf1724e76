//! What is attested: what the service itself found of an operator on a registered cluster, and never
//! what a caller says of it.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use opsec_attest::{Algorithm, KeyRing, SigningKey, TrustBundle, VerifyPolicy, Wanted, verify};
use opsec_proto::v1;
use opsec_service::{Keys, Signing};
use tonic::Status;

use crate::{As, Fixture, UID, fixture, live, live_at, reason, signing_with, someone};

pub(crate) const TRUSTING: &str = "{attestation: {minimumCollection: CLIENT_ASSERTED}}";
const VERIFIER: &str = "https://opsec.example.org";

/// Keys in memory.
#[derive(Debug)]
pub(crate) struct Chain(Mutex<KeyRing>);

impl Chain {
    pub(crate) fn signing() -> (Arc<Self>, Signing) {
        let mut ring = KeyRing::default();
        ring.add(key(1).public(), Timestamp::UNIX_EPOCH).unwrap();
        let chain = Arc::new(Self(Mutex::new(ring)));
        let signing = Signing {
            verifier_id: VERIFIER.to_owned(),
            bundle_lifetime: SignedDuration::from_hours(1),
            keys: chain.clone(),
        };
        (chain, signing)
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(Algorithm::Ed25519, &[seed; 32]).unwrap()
}

impl Keys for Chain {
    fn ring(&self) -> Option<KeyRing> {
        Some(self.0.lock().unwrap().clone())
    }

    fn active(&self) -> Option<Arc<SigningKey>> {
        let id = self.ring()?.active()?.keyid.clone();
        let key = key(1);
        (key.public().id() == id).then(|| Arc::new(key))
    }
}

pub(crate) fn now() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    Timestamp::from_second(i64::try_from(since).unwrap()).unwrap()
}

fn request(seconds_ago: i64) -> v1::AttestRequest {
    v1::AttestRequest {
        snapshot: Some(live(seconds_ago)),
        allow_failed: true,
        ..v1::AttestRequest::default()
    }
}

pub(crate) async fn attest(by: &As, request: v1::AttestRequest) -> Result<v1::Attestation, Status> {
    let answer = by.attestations.clone().attest(request).await?;
    Ok(answer.into_inner().attestation.unwrap())
}

pub(crate) async fn refused(by: &As, request: v1::AttestRequest) -> String {
    let answer = attest(by, request).await;
    answer.map_or_else(|error| reason(&error), |_| "OK".to_owned())
}

pub(crate) async fn bundle(by: &As) -> TrustBundle {
    let request = v1::GetTrustBundleRequest {};
    let answer = by.attestations.clone().get_trust_bundle(request).await;
    TrustBundle::read(&answer.unwrap().into_inner().trust_bundle).unwrap()
}

/// A service that signs, with the cluster registered and a baseline that believes callers.
async fn trusting() -> (Fixture, Arc<Chain>) {
    let (chain, signing) = Chain::signing();
    let fixture = signing_with(Some(signing));
    fixture.register().await;
    fixture.store("default", TRUSTING).await;
    (fixture, chain)
}

#[tokio::test]
async fn what_was_found_is_signed_and_verified_offline() {
    let (fixture, _) = trusting().await;
    let dev = fixture.dev();
    let made = attest(&dev, request(5)).await.unwrap();
    let policy = VerifyPolicy::of(Wanted::Operator {
        cluster_uid: UID.to_owned(),
        operator: "shop-operator".to_owned(),
    });
    let verification = verify(&made.envelope, &bundle(&dev).await, &policy, now());
    let said = verification.statement.clone().unwrap().predicate;
    assert_eq!(said.result, made.result);
    assert_eq!(verification.is_valid(), made.result == "PASSED");
    assert!(verification.is_valid() || verification.is_authentic_failure());
    assert_eq!(said.verifier.id, VERIFIER);
    assert_eq!(
        (said.target.cluster.id.as_str(), said.snapshot.mode.as_str()),
        ("prod-1", "CLIENT_ASSERTED")
    );
    assert_eq!(said.snapshot.collector, "dev");
    assert_eq!(said.practices.len(), 6);
    assert!(
        !said.target.images_complete,
        "its image is known by a tag alone"
    );
    let target: opsec_attest::Descriptor = serde_json::from_slice(&made.target).unwrap();
    assert_eq!(target.digest().unwrap(), said.target.descriptor_digest);
    assert_eq!(target.workloads.len(), 1);

    let name = made.name.clone();
    let get = v1::GetAttestationRequest { name };
    let got = dev.attestations.clone().get_attestation(get).await.unwrap();
    assert_eq!(got.into_inner().attestation.unwrap(), made);
    let list = v1::ListAttestationsRequest::default();
    let listed = dev
        .attestations
        .clone()
        .list_attestations(list)
        .await
        .unwrap();
    assert_eq!(listed.into_inner().attestations, [made]);
}

#[tokio::test]
async fn nothing_that_a_caller_chooses_is_attested() {
    let (fixture, _) = trusting().await;
    let dev = fixture.dev();
    let with = |change: fn(&mut v1::AttestRequest)| {
        let mut request = request(0);
        change(&mut request);
        request
    };
    for (request, expected) in [
        (request(0), "OK"),
        (request(700), "SNAPSHOT_STALE"),
        (request(-120), "SNAPSHOT_FROM_FUTURE"),
        (
            with(|one| one.snapshot = Some(live_at("yesterday"))),
            "FIELD_INVALID",
        ),
        (with(|one| one.snapshot = None), "FIELD_INVALID"),
        (
            with(|one| one.cluster = "dev-1".to_owned()),
            "CLUSTER_MISMATCH",
        ),
        (
            with(|one| one.operator = "other".to_owned()),
            "OPERATOR_NOT_FOUND",
        ),
        (
            with(|one| one.effective_digest = "sha256:00".to_owned()),
            "BASELINE_CHANGED",
        ),
        (with(|one| one.allow_failed = false), "CHECK_FAILED"),
        (
            with(|one| {
                let mut snapshot = live(0);
                snapshot.cluster_uid = None;
                one.snapshot = Some(snapshot);
            }),
            "NOT_RECORDABLE",
        ),
        (
            with(|one| {
                let mut snapshot = live(0);
                snapshot.cluster_uid = Some("66666666-2222-4333-8444-555555555555".to_owned());
                one.snapshot = Some(snapshot);
            }),
            "CLUSTER_UNREGISTERED",
        ),
    ] {
        assert_eq!(refused(&dev, request).await, expected);
    }
}

#[tokio::test]
async fn a_baseline_that_asks_for_more_or_fits_by_name_alone_gets_none() {
    let (_, signing) = Chain::signing();
    let fixture = signing_with(Some(signing));
    fixture.register().await;
    let dev = fixture.dev();
    // The built-in one believes nobody but the service itself.
    assert_eq!(refused(&dev, request(0)).await, "COLLECTION_TOO_WEAK");
    let by_name = "{extends: default, appliesTo: {operators: [shop-operator]}, \
                   attestation: {minimumCollection: CLIENT_ASSERTED}}";
    fixture.store("shop", by_name).await;
    assert_eq!(refused(&dev, request(0)).await, "MATCHED_BY_NAME");
}

#[tokio::test]
async fn a_request_that_is_sent_twice_has_one_envelope_and_an_id_is_of_one_request() {
    let (fixture, _) = trusting().await;
    let dev = fixture.dev();
    let id = uuid::Uuid::new_v4().to_string();
    let asked = v1::AttestRequest {
        request_id: id.clone(),
        ..request(5)
    };
    let first = attest(&dev, asked.clone()).await.unwrap();
    let again = attest(&dev, asked.clone()).await.unwrap();
    assert_eq!(first, again);
    let other = v1::AttestRequest {
        allow_failed: false,
        ..asked
    };
    assert_eq!(refused(&dev, other).await, "REQUEST_ID_REUSED");
    let tried = v1::AttestRequest {
        validate_only: true,
        ..request(5)
    };
    let tried = attest(&dev, tried).await.unwrap();
    assert!(tried.name.is_empty() && tried.envelope.is_empty());
    let list = v1::ListAttestationsRequest::default();
    let listed = dev.attestations.clone().list_attestations(list).await;
    assert_eq!(listed.unwrap().into_inner().attestations.len(), 1);
}

async fn revoke(by: &As, name: &str) -> String {
    let request = v1::RevokeAttestationRequest {
        name: name.to_owned(),
        reason: "the image was replaced".to_owned(),
        ..v1::RevokeAttestationRequest::default()
    };
    let answer = by.attestations.clone().revoke_attestation(request).await;
    answer.map_or_else(|error| reason(&error), |_| "OK".to_owned())
}

#[tokio::test]
async fn what_is_revoked_stands_in_the_bundle_and_does_not_verify() {
    let (fixture, _) = trusting().await;
    let dev = fixture.dev();
    let made = attest(&dev, request(5)).await.unwrap();
    let check = async |expected: &str| {
        let envelope = made.envelope.clone();
        let request = v1::VerifyAttestationRequest {
            envelope,
            ..v1::VerifyAttestationRequest::default()
        };
        let mut client = dev.attestations.clone();
        let answer = client.verify_attestation(request).await.unwrap();
        let last = answer.into_inner().steps.pop().unwrap();
        assert_eq!(last.reason, expected);
    };
    check("RESULT_FAILED").await;
    assert_eq!(revoke(&dev, &made.name).await, "OK");
    assert_eq!(revoke(&dev, &made.name).await, "ALREADY_REVOKED");
    check("REVOKED").await;
    let revoked = bundle(&dev).await.revoked;
    assert_eq!(revoked.len(), 1);
    assert_eq!(revoked[0].envelope_digest, made.envelope_digest);
    let unknown = format!("attestations/{}", uuid::Uuid::now_v7());
    assert_eq!(revoke(&dev, &unknown).await, "ATTESTATION_NOT_FOUND");
}

#[tokio::test]
async fn an_attester_revokes_its_own_and_out_of_scope_is_not_found() {
    let (fixture, _) = trusting().await;
    let by = |name, role, cluster| fixture.by(Some(someone(name, role, [cluster, "*", "*"])));
    let own = by("ci", "attester", "prod-*");
    let other = by("other", "attester", "prod-*");
    let outside = by("outside", "attester", "dev-*");
    let viewer = by("viewer", "viewer", "prod-*");
    assert_eq!(refused(&outside, request(1)).await, "OUT_OF_SCOPE");
    assert_eq!(refused(&viewer, request(1)).await, "ROLE_MISSING");
    let made = attest(&own, request(1)).await.unwrap();
    assert_eq!(made.author, "corp/user:ci");
    assert_eq!(revoke(&outside, &made.name).await, "ATTESTATION_NOT_FOUND");
    assert_eq!(revoke(&other, &made.name).await, "ROLE_MISSING");
    let list = v1::ListAttestationsRequest::default();
    let listed = outside.attestations.clone().list_attestations(list).await;
    assert!(listed.unwrap().into_inner().attestations.is_empty());
    assert_eq!(revoke(&own, &made.name).await, "OK");
}

#[tokio::test]
async fn without_a_key_nothing_is_signed_and_a_revoked_one_takes_all_with_it() {
    let fixture = fixture();
    fixture.register().await;
    fixture.store("default", TRUSTING).await;
    assert_eq!(refused(&fixture.dev(), request(0)).await, "NO_ACTIVE_KEY");

    let (fixture, chain) = trusting().await;
    let dev = fixture.dev();
    let made = attest(&dev, request(0)).await.unwrap();
    let id = key(1).public().id();
    chain.0.lock().unwrap().revoke(&id, now()).unwrap();
    assert_eq!(refused(&dev, request(0)).await, "NO_ACTIVE_KEY");
    let policy = VerifyPolicy::of(Wanted::Anything);
    let verification = verify(&made.envelope, &bundle(&dev).await, &policy, now());
    assert_eq!(verification.problem().unwrap().reason, "KEY_REVOKED");
}
