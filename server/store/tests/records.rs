//! Revisions, events, clusters and postures on a store that stays open.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use opsec_model::{Baseline, EffectiveBaseline};
use opsec_store::posture::{CollectionMode, JudgedBy, Posture, RevisionRef};
use opsec_store::{
    BaselineWatch, CLAIM_LIMIT, Catalogue, Change, ChangeContext, ChangeError, Outcome, SledStore,
    State, Store, StoreLocation, StoredBaseline, cluster, posture, recorded,
};
use serde_json::{Value, json};

const CONTEXT: ChangeContext = ChangeContext {
    now: 0,
    replay: None,
    validate_only: false,
    author: String::new(),
    needs_approval: false,
    owed: None,
};

struct Fixture {
    _directory: tempfile::TempDir,
    store: Arc<SledStore>,
    catalogue: Catalogue,
}

fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(SledStore::open(&StoreLocation::new(directory.path())).unwrap());
    let catalogue = Catalogue::new(Arc::<SledStore>::clone(&store)).unwrap();
    Fixture {
        _directory: directory,
        store,
        catalogue,
    }
}

fn baseline(name: &str, mut spec: Value) -> Box<Baseline> {
    if name != "default" && spec.get("appliesTo").is_none() {
        spec["appliesTo"] = json!({"operators": [name]});
    }
    let document = json!({
        "apiVersion": opsec_model::API_VERSION,
        "kind": "OperatorBaseline",
        "metadata": {"name": name},
        "spec": spec,
    });
    Box::new(Baseline::from_value(document).unwrap())
}

impl Fixture {
    fn apply(&self, change: &Change) -> Result<Outcome, ChangeError> {
        self.catalogue.apply(change, &ChangeContext::default())
    }

    fn create(&self, name: &str, spec: Value) -> Result<StoredBaseline, ChangeError> {
        let document = format!("# {name}").into_bytes();
        let baseline = baseline(name, spec);
        Ok(self
            .apply(&Change::Create { baseline, document })?
            .baseline
            .unwrap())
    }

    fn update(&self, name: &str, spec: Value) -> StoredBaseline {
        let etag = self
            .catalogue
            .baselines()
            .unwrap()
            .get(name)
            .unwrap()
            .etag
            .clone();
        let (baseline, document) = (baseline(name, spec), Vec::new());
        let change = Change::Update {
            baseline,
            document,
            etag,
        };
        self.apply(&change).unwrap().baseline.unwrap()
    }

    fn delete(&self, name: &str) {
        let etag = self
            .catalogue
            .baselines()
            .unwrap()
            .get(name)
            .unwrap()
            .etag
            .clone();
        let name = name.to_owned();
        self.apply(&Change::Delete { name, etag }).unwrap();
    }

    fn rollback(&self, name: &str, revision: i64, etag: &str) -> Result<Outcome, ChangeError> {
        self.apply(&Change::Rollback {
            name: name.to_owned(),
            revision,
            etag: etag.to_owned(),
        })
    }
}

#[test]
fn a_rollback_is_a_new_revision_with_old_content() {
    let fixture = fixture();
    let first = fixture.create("a", json!({"failOn": "high"})).unwrap();
    let second = fixture.update("a", json!({"failOn": "low"}));
    let back = fixture
        .rollback("a", 1, &second.etag)
        .unwrap()
        .baseline
        .unwrap();
    assert_eq!((back.revision, back.rolled_back_from), (3, Some(1)));
    assert_eq!(
        (&back.digest, &back.document),
        (&first.digest, &first.document)
    );
    let again = fixture.rollback("a", 3, &back.etag).unwrap();
    assert_eq!((again.revision, again.unchanged), (3, true));
    for (revision, etag, reason) in [
        (1, second.etag.as_str(), "ETAG_STALE"),
        (1, "", "ETAG_REQUIRED"),
        (9, back.etag.as_str(), "REVISION_NOT_FOUND"),
    ] {
        assert_eq!(
            fixture.rollback("a", revision, etag).unwrap_err().reason(),
            reason
        );
    }
    assert_eq!(
        fixture.rollback("b", 1, "x").unwrap_err().reason(),
        "BASELINE_NOT_FOUND"
    );
}

#[test]
fn revisions_stay_and_a_deletion_is_one() {
    let fixture = fixture();
    fixture.create("a", json!({"failOn": "high"})).unwrap();
    fixture.delete("a");
    let again = fixture.create("a", json!({"failOn": "low"})).unwrap();
    fixture.create("a-other", json!({})).unwrap();
    let revisions = fixture.catalogue.revisions("a", 0, 100).unwrap();
    let states: Vec<_> = revisions
        .iter()
        .map(|one| (one.number, one.state))
        .collect();
    let expected = [
        (1, State::Approved),
        (2, State::Tombstone),
        (3, State::Approved),
    ];
    assert_eq!(states, expected);
    assert_eq!(revisions[2].content.as_ref(), Ok(&again));
    assert_eq!(
        fixture.catalogue.revisions("a", 1, 1).unwrap(),
        revisions[1..2]
    );
    assert_eq!(fixture.catalogue.revision("a", 1).unwrap(), revisions[0]);
    let error = fixture.rollback("a", 2, &again.etag).unwrap_err();
    assert_eq!(error.reason(), "ROLLBACK_TO_TOMBSTONE");
}

#[test]
fn of_two_that_saw_the_same_state_one_is_stale() {
    let fixture = fixture();
    let first = fixture.create("a", json!({})).unwrap();
    let wins = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for index in 0..8 {
            let (fixture, etag, wins) = (&fixture, first.etag.clone(), &wins);
            scope.spawn(move || {
                let change = Change::Update {
                    baseline: baseline("a", json!({"ownedKinds": [format!("k{index}.x")]})),
                    document: Vec::new(),
                    etag,
                };
                match fixture.apply(&change) {
                    Ok(_) => {
                        wins.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    }
                    Err(error) => assert_eq!(error.reason(), "ETAG_STALE"),
                }
            });
        }
    });
    assert_eq!(wins.into_inner(), 1);
    assert_eq!(
        fixture
            .catalogue
            .baselines()
            .unwrap()
            .get("a")
            .unwrap()
            .revision,
        2
    );
}

#[test]
fn of_two_that_claim_the_same_scope_at_once_one_has_it() {
    let fixture = fixture();
    let spec = json!({"appliesTo": {"operators": ["cert-manager"]}});
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|index| {
                let (fixture, spec) = (&fixture, spec.clone());
                scope.spawn(move || fixture.create(&format!("b{index}"), spec))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let refused = results.iter().filter_map(|one| one.as_ref().err());
    let refused: Vec<_> = refused.map(ChangeError::reason).collect();
    assert_eq!(refused, ["SCOPE_CLAIMED"; 7]);
    assert_eq!(fixture.catalogue.baselines().unwrap().iter().count(), 1);
}

#[test]
fn a_change_of_more_scopes_than_a_transaction_holds_is_refused() {
    let fixture = fixture();
    let of = |count: usize| {
        let operators: Vec<_> = (0..count).map(|index| format!("o{index}")).collect();
        json!({"appliesTo": {"operators": operators}})
    };
    let error = fixture.create("a", of(CLAIM_LIMIT + 1)).unwrap_err();
    assert_eq!(error.reason(), "SPEC_INVALID");
    fixture.create("a", of(CLAIM_LIMIT)).unwrap();
}

#[test]
fn events_tell_each_change_and_what_default_changes_for_others() {
    let fixture = fixture();
    fixture.create("own", json!({"failOn": "high"})).unwrap();
    let cursor = fixture.catalogue.baselines().unwrap().cursor();
    let child = fixture
        .create("child", json!({"extends": "default"}))
        .unwrap();
    let default = fixture.create("default", json!({"failOn": "low"})).unwrap();
    let changed = fixture.update("default", json!({"failOn": "critical"}));
    fixture.delete("child");
    let digest = |stored: &StoredBaseline, default: Option<&StoredBaseline>| {
        let default = default.map(|default| &default.baseline);
        let effective = EffectiveBaseline::new(&stored.baseline, 1, false, default);
        Some(effective.unwrap().digest)
    };
    let store: Arc<dyn Store> = Arc::<SledStore>::clone(&fixture.store);
    let mut watch = BaselineWatch::new(Arc::clone(&store), cursor).unwrap();
    let events = watch.take().unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|one| {
            (
                one.name.as_str(),
                one.revision,
                one.inherited,
                one.effective_digest.clone(),
            )
        })
        .collect();
    let expected = [
        ("child", 1, false, digest(&child, None)),
        ("default", 1, false, digest(&default, None)),
        ("child", 1, true, digest(&child, Some(&default))),
        ("default", 2, false, digest(&changed, None)),
        ("child", 1, true, digest(&child, Some(&changed))),
        ("child", 2, false, None),
    ];
    assert_eq!(told, expected);
    assert_eq!(watch.take().unwrap(), []);
    // From the cursor of any event nothing is left out.
    for (index, event) in events.iter().enumerate() {
        let mut watch = BaselineWatch::new(Arc::clone(&store), event.cursor).unwrap();
        let rest = watch.take().unwrap();
        assert!(rest.ends_with(&events[index + 1..]), "{index}");
    }
    assert_eq!(events[5].cursor, watch.cursor());
}

#[test]
fn a_cluster_has_one_id_and_one_uid() {
    let fixture = fixture();
    let store = &*fixture.store;
    let labels = BTreeMap::from([("tier".to_owned(), "prod".to_owned())]);
    let one = cluster::create(store, "prod-1", "uid-1", labels.clone(), &CONTEXT).unwrap();
    cluster::create(store, "prod-2", "uid-2", BTreeMap::new(), &CONTEXT).unwrap();
    let refused = |id, uid| cluster::create(store, id, uid, BTreeMap::new(), &CONTEXT).unwrap_err();
    assert_eq!(refused("prod-1", "uid-3").reason(), "CLUSTER_EXISTS");
    assert_eq!(refused("prod-3", "uid-1").reason(), "CLUSTER_UID_CLAIMED");
    assert_eq!(refused("Prod", "uid-3").reason(), "NAME_INVALID");
    assert_eq!(refused("prod-3", "u\0d").reason(), "NAME_INVALID");
    let snapshot = store.snapshot().unwrap();
    assert_eq!(
        cluster::of_uid(&*snapshot, "uid-1").unwrap(),
        Some(one.clone())
    );
    let ids = |after: &str, limit| {
        let found = cluster::list(&*store.snapshot().unwrap(), after, limit).unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(ids("", 10), ["prod-1", "prod-2"]);
    assert_eq!(ids("prod-1", 10), ["prod-2"]);
    let changed =
        cluster::update(store, "prod-1", &BTreeMap::new(), &one.etag(), &CONTEXT).unwrap();
    assert_eq!(changed.generation, 2);
    let stale = cluster::update(store, "prod-1", &labels, &one.etag(), &CONTEXT).unwrap_err();
    assert_eq!(stale.reason(), "ETAG_STALE");
    assert_eq!(
        cluster::delete(store, "prod-1", "", &CONTEXT)
            .unwrap_err()
            .reason(),
        "ETAG_REQUIRED"
    );
    cluster::delete(store, "prod-1", &changed.etag(), &CONTEXT).unwrap();
    assert_eq!(
        cluster::of_uid(&*store.snapshot().unwrap(), "uid-1").unwrap(),
        None
    );
    let gone = cluster::delete(store, "prod-1", "x", &CONTEXT).unwrap_err();
    assert_eq!(gone.reason(), "CLUSTER_NOT_FOUND");
    cluster::create(store, "prod-3", "uid-1", BTreeMap::new(), &CONTEXT).unwrap();
}

fn checked(operator: &str, mode: CollectionMode, gathered_at: i64) -> Posture {
    let builtin = RevisionRef {
        name: "default".to_owned(),
        revision: 0,
        digest: "sha256:0".to_owned(),
    };
    Posture {
        cluster_uid: "uid-1".to_owned(),
        operator: operator.to_owned(),
        mode,
        gathered_at,
        recorded_at: gathered_at + 1,
        snapshot_digest: format!("sha256:{gathered_at}"),
        facts_digest: "sha256:1".to_owned(),
        judged_by: JudgedBy {
            baseline: builtin.clone(),
            parent: builtin,
            effective_digest: "sha256:2".to_owned(),
        },
        check_id: gathered_at.to_string(),
        status: "PASS".to_owned(),
        status_since: gathered_at,
        result: "{}".to_owned(),
    }
}

#[test]
fn an_older_snapshot_changes_no_posture_and_modes_stand_beside_each_other() {
    let fixture = fixture();
    let store = &*fixture.store;
    let client = |at| checked("ns~cert-manager", CollectionMode::ClientAsserted, at);
    let server = checked("ns~cert-manager", CollectionMode::ServerCollected, 5);
    assert!(posture::record(store, &client(10), None, None).unwrap());
    assert!(!posture::record(store, &client(10), None, None).unwrap());
    assert!(!posture::record(store, &client(9), None, None).unwrap());
    let get = || posture::get(&*store.snapshot().unwrap(), "uid-1", "ns~cert-manager").unwrap();
    assert_eq!(get(), Some(client(10)));
    assert!(posture::record(store, &server, None, None).unwrap());
    assert_eq!(get(), Some(server.clone()));
    let all = posture::list(&*store.snapshot().unwrap(), None, 10).unwrap();
    assert_eq!(all, [client(10), server.clone()]);
    let rest = posture::list(&*store.snapshot().unwrap(), Some(&all[0]), 10).unwrap();
    assert_eq!(rest, [server]);
}

#[test]
fn since_when_a_status_holds_is_kept_until_it_changes() {
    let fixture = fixture();
    let store = &*fixture.store;
    let of = |at, status: &str| Posture {
        status: status.to_owned(),
        ..checked("ns~cert-manager", CollectionMode::ClientAsserted, at)
    };
    let since = || {
        let snapshot = store.snapshot().unwrap();
        let posture = posture::get(&*snapshot, "uid-1", "ns~cert-manager").unwrap();
        posture.unwrap().status_since
    };
    for (at, status, expected) in [
        (1, "FAIL", 1),
        (5, "FAIL", 1),
        (7, "PASS", 7),
        (9, "PASS", 7),
    ] {
        assert!(posture::record(store, &of(at, status), None, None).unwrap());
        assert_eq!(since(), expected, "{at}");
    }
}

#[test]
fn the_newest_snapshot_of_a_cluster_replaces_an_older_one_whole() {
    let fixture = fixture();
    let store = &*fixture.store;
    let of = ("uid-1", CollectionMode::ClientAsserted);
    // Two megabytes that no compression makes small.
    let noise = |seed: u64| -> Vec<u8> {
        let next = |state: &u64| {
            Some(
                state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1),
            )
        };
        let words = std::iter::successors(Some(seed), next).take(250_000);
        words.flat_map(|word| (word >> 7).to_be_bytes()).collect()
    };
    let keep =
        |at, content: &[u8]| recorded::keep(store, of, (at, "sha256:1"), content, at).unwrap();
    assert!(keep(5, &noise(1)));
    assert!(!keep(5, &noise(2)), "it is not newer");
    assert!(keep(7, &noise(3)));
    let snapshot = store.snapshot().unwrap();
    let all = recorded::list(&*snapshot).unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].gathered_at, 7);
    assert!(recorded::content(&all[0], &*snapshot).unwrap() == noise(3));
    let pieces = opsec_store::store::all(
        &*snapshot,
        opsec_store::store::Range::prefix(&[opsec_store::key::PIECE]).keys_only(),
    );
    assert_eq!(pieces.unwrap().len(), all[0].bytes.div_ceil(60 << 10));
}
