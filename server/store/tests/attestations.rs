//! Statements and the checks that they are made of: none is kept that was signed by a baseline that did
//! not apply at its commit, and what can be attested of a check ends.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opsec_model::Baseline;
use opsec_store::attestation::{self, Attestation};
use opsec_store::kept::{self, Kept};
use opsec_store::posture::{CollectionMode, JudgedBy, Posture, RevisionRef};
use opsec_store::store::{Range, all};
use opsec_store::{
    Catalogue, Change, ChangeContext, ChangeError, SledStore, Store, StoreLocation, key, posture,
};
use serde_json::json;

fn open() -> (tempfile::TempDir, Arc<SledStore>) {
    let directory = tempfile::tempdir().unwrap();
    let store = SledStore::open(&StoreLocation::new(directory.path())).unwrap();
    (directory, Arc::new(store))
}

/// A statement that says by which revision it was signed.
fn signed_by(revision: i64) -> Attestation {
    Attestation {
        id: uuid::Uuid::now_v7().to_string(),
        cluster_uid: "uid-1".to_owned(),
        cluster: "prod-1".to_owned(),
        operator: "ns~shop".to_owned(),
        result: revision.to_string(),
        mode: CollectionMode::ServerCollected,
        author: String::new(),
        verified_at: 0,
        valid_until: i64::MAX,
        key_id: String::new(),
        envelope_digest: String::new(),
        envelope: String::new(),
        target: String::new(),
    }
}

fn default(fail_on: &str) -> Box<Baseline> {
    let document = json!({
        "apiVersion": opsec_model::API_VERSION,
        "kind": "OperatorBaseline",
        "metadata": {"name": "default"},
        "spec": {"failOn": fail_on},
    });
    Box::new(Baseline::from_value(document).unwrap())
}

/// The revision that applies, and its etag.
fn applies(catalogue: &Catalogue) -> (i64, String) {
    let baselines = catalogue.baselines().unwrap();
    let default = baselines.get("default").unwrap();
    (default.revision, default.etag.clone())
}

fn change(catalogue: &Catalogue, times: usize) {
    for index in 0..times {
        let (_, etag) = applies(catalogue);
        let change = Change::Update {
            baseline: default(["low", "high"][index % 2]),
            document: Vec::new(),
            etag,
        };
        catalogue.apply(&change, &ChangeContext::default()).unwrap();
    }
}

#[test]
fn no_statement_is_kept_by_what_did_not_apply_at_its_commit() {
    let (_directory, store) = open();
    let catalogue = Catalogue::new(Arc::<SledStore>::clone(&store)).unwrap();
    let create = Change::Create {
        baseline: default("medium"),
        document: Vec::new(),
    };
    catalogue.apply(&create, &ChangeContext::default()).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let (revision, _) = applies(&catalogue);
                    let context = ChangeContext::default();
                    let stands = || match applies(&catalogue).0 {
                        now if now == revision => Ok(()),
                        _ => Err(ChangeError::RequestIdQuota),
                    };
                    let made = attestation::create(&*store, &signed_by(revision), &context, stands);
                    assert!(matches!(made, Ok(()) | Err(ChangeError::RequestIdQuota)));
                }
            });
        }
        change(&catalogue, 200);
        done.store(true, Ordering::Relaxed);
    });
    let snapshot = store.snapshot().unwrap();
    let revisions = all(&*snapshot, Range::prefix(&[key::REVISION])).unwrap();
    let made_at: BTreeMap<i64, u64> = revisions
        .iter()
        .map(|entry| {
            let number = i64::from_be_bytes(*entry.key.last_chunk().unwrap());
            (number, entry.modified)
        })
        .collect();
    let mut signed = 0;
    for entry in all(&*snapshot, Range::prefix(&[key::ATTESTATION])).unwrap() {
        let Ok(attestation) = serde_json::from_slice::<Attestation>(&entry.value) else {
            continue;
        };
        signed += 1;
        let revision: i64 = attestation.result.parse().unwrap();
        // One group of commits may hold a statement and then the next revision.
        let until = made_at.get(&(revision + 1)).copied().unwrap_or(u64::MAX);
        assert!(made_at[&revision] <= entry.modified && entry.modified <= until);
    }
    assert!(signed > 20, "{signed} statements were kept");
}

#[test]
fn a_statement_that_does_not_stand_is_not_kept() {
    let (_directory, store) = open();
    let context = ChangeContext::default();
    let refused = || Err(ChangeError::RequestIdQuota);
    let made = attestation::create(&*store, &signed_by(1), &context, refused);
    assert!(matches!(made, Err(ChangeError::RequestIdQuota)));
    let list = attestation::list(&*store.snapshot().unwrap()).unwrap();
    assert!(list.is_empty());
}

fn found(operator: &str, check: &str, at: i64) -> Kept {
    let builtin = RevisionRef {
        name: "default".to_owned(),
        revision: 0,
        digest: "sha256:0".to_owned(),
    };
    let posture = Posture {
        cluster_uid: "uid-1".to_owned(),
        operator: operator.to_owned(),
        mode: CollectionMode::ClientAsserted,
        gathered_at: at,
        recorded_at: at,
        snapshot_digest: "sha256:1".to_owned(),
        facts_digest: "sha256:2".to_owned(),
        judged_by: JudgedBy {
            baseline: builtin.clone(),
            parent: builtin,
            effective_digest: "sha256:3".to_owned(),
        },
        check_id: check.to_owned(),
        status: "PASS".to_owned(),
        status_since: at,
        result: "{}".to_owned(),
    };
    Kept {
        posture,
        author: "dev".to_owned(),
        until: at + 10,
        found: "{}".repeat(5_000),
    }
}

fn record(store: &SledStore, kept: &Kept) -> bool {
    posture::record(store, &kept.posture, Some(kept), None).unwrap()
}

#[test]
fn what_a_check_found_is_kept_whole_though_a_newer_posture_is_there() {
    let (_directory, store) = open();
    let of = |check: &str, now| kept::of_check(&*store.snapshot().unwrap(), check, now).unwrap();
    assert!(record(&store, &found("ns~a", "1", 5)));
    assert!(record(&store, &found("ns~b", "1", 5)));
    assert!(!record(&store, &found("ns~a", "2", 4)), "it is older");
    assert_eq!(of("1", 6), [found("ns~a", "1", 5), found("ns~b", "1", 5)]);
    assert_eq!(of("2", 6), [found("ns~a", "2", 4)]);
    assert_eq!(of("3", 6), []);
    assert_eq!((of("2", 13).len(), of("2", 14).len()), (1, 0));
    let posture = posture::get(&*store.snapshot().unwrap(), "uid-1", "ns~a").unwrap();
    assert_eq!(posture.unwrap().check_id, "1");
}

#[test]
fn what_has_ended_goes_with_what_comes() {
    let (_directory, store) = open();
    let count = || {
        let snapshot = store.snapshot().unwrap();
        all(&*snapshot, Range::prefix(&[key::KEPT]).keys_only())
            .unwrap()
            .len()
    };
    for at in 0..9 {
        record(&store, &found("ns~a", &format!("{at:02}"), at));
    }
    assert_eq!(count(), 9);
    record(&store, &found("ns~a", "10", 15));
    assert_eq!(count(), 4, "0 to 5 ended");
    record(&store, &found("ns~a", "11", 100));
    assert_eq!(count(), 1);
}
