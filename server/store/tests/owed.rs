//! What a change owes to an audit is there with it, and not without it.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where what it needs is not there"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use opsec_store::cluster::{self, Cluster};
use opsec_store::outbox::{self, Owed};
use opsec_store::{ChangeContext, SledStore, Store as _, StoreLocation};

fn context(id: &str) -> ChangeContext {
    ChangeContext {
        now: 7,
        owed: Some(Owed {
            id: id.to_owned(),
            at: 7,
            method: "CreateCluster".to_owned(),
            subject: "é".repeat(200),
            ..Owed::default()
        }),
        ..ChangeContext::default()
    }
}

fn create(store: &SledStore, name: &str, context: &ChangeContext) -> Option<Cluster> {
    let uid = format!("uid-of-{name}");
    cluster::create(store, name, &uid, BTreeMap::new(), context).ok()
}

fn owed(store: &SledStore) -> Vec<(String, String, u64)> {
    let rows = outbox::rows(&*store.snapshot().unwrap()).unwrap();
    rows.into_iter()
        .map(|row| (row.owed.id, row.owed.about.resource, row.commit))
        .collect()
}

#[test]
fn a_change_and_what_it_owes_are_one_commit() {
    let directory = tempfile::tempdir().unwrap();
    let location = StoreLocation::new(directory.path());
    let store = Arc::new(SledStore::open(&location).unwrap());
    create(&store, "a", &context("1")).unwrap();
    let commit = store.snapshot().unwrap().cursor().commit;
    assert_eq!(owed(&store), [("1".into(), "clusters/a".into(), commit)]);

    // What changes nothing owes nothing: a refusal, and what only is validated.
    assert!(create(&store, "a", &context("2")).is_none());
    let only = ChangeContext {
        validate_only: true,
        ..context("3")
    };
    create(&store, "b", &only).unwrap();
    assert_eq!(owed(&store).len(), 1);

    // It outlives the process, and goes once it stands elsewhere.
    drop(store);
    let store = SledStore::open(&location).unwrap();
    let rows = outbox::rows_of(&*store.snapshot().unwrap(), "1").unwrap();
    let [row] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    assert_eq!((row.commit, row.owed.subject.len()), (commit, outbox::TEXT));
    for transaction in outbox::settled(["1", "never there"], 8) {
        let _ = store.transact(transaction).wait().unwrap();
    }
    assert_eq!(owed(&store), []);
}

#[test]
fn more_than_a_transaction_holds_goes_in_several() {
    let directory = tempfile::tempdir().unwrap();
    let store = SledStore::open(&StoreLocation::new(directory.path())).unwrap();
    let ids: Vec<String> = (0..150).map(|number| format!("{number:03}")).collect();
    for id in &ids {
        create(&store, &format!("c{id}"), &context(id)).unwrap();
    }
    assert_eq!(owed(&store).len(), ids.len());
    let transactions = outbox::settled(ids.iter().map(String::as_str), 8);
    assert_eq!(transactions.len(), 2);
    for transaction in transactions {
        let _ = store.transact(transaction).wait().unwrap();
    }
    assert_eq!(owed(&store), []);
}
