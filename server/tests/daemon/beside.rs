//! A store and its audit beside each other: `fsck` says which of the two has what the other lacks.

use std::path::Path;
use std::sync::Arc;

use opsec_model::Baseline;
use opsec_store::outbox::{About, Owed};
use opsec_store::{Catalogue, Change, ChangeContext, SledStore, StoreLocation};

use crate::audit::Data;
use crate::process::run;

/// What `fsck` ends with and prints.
fn fsck(data: &Path) -> (Option<i32>, String) {
    let output = run(&["fsck", "--data-dir", &data.display().to_string()]);
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// A change as a process makes it that is killed before it writes the event.
fn change_without_event(data: &Path) {
    let store = SledStore::open(&StoreLocation::new(data)).unwrap();
    let catalogue = Catalogue::new(Arc::new(store)).unwrap();
    let document = serde_json::json!({
        "apiVersion": opsec_model::API_VERSION,
        "kind": "OperatorBaseline",
        "metadata": {"name": "late"},
        "spec": {"appliesTo": {"operators": ["late"]}},
    });
    let create = Change::Create {
        baseline: Box::new(Baseline::from_value(document).unwrap()),
        document: Vec::new(),
    };
    let owed = Owed {
        id: uuid::Uuid::now_v7().to_string(),
        method: "CreateBaseline".to_owned(),
        about: About::default(),
        ..Owed::default()
    };
    let context = ChangeContext {
        owed: Some(owed),
        ..ChangeContext::default()
    };
    catalogue.apply(&create, &context).unwrap();
}

/// Copies the files of a store, and nothing of its audit.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == "audit" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_without_its_event_is_behind_until_the_next_start() {
    let data = Data::new();
    data.used(0..2).await;
    assert_eq!(fsck(&data.data()), (Some(0), "clean\n".to_owned()));
    change_without_event(&data.data());
    let (status, said) = fsck(&data.data());
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.starts_with("AUDIT_BEHIND: `CreateBaseline` of `baselines/late`"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    data.used(2..3).await;
    assert_eq!(fsck(&data.data()), (Some(0), "clean\n".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_that_tells_of_more_than_the_store_has_is_ahead() {
    let data = Data::new();
    data.used(0..2).await;
    let older = tempfile::tempdir().unwrap();
    copy(&data.data(), older.path());
    data.used(2..4).await;
    assert_eq!(fsck(&data.data()), (Some(0), "clean\n".to_owned()));
    // An older copy is whole in itself: the audit alone tells that more was there.
    copy(older.path(), &data.data());
    let (status, said) = fsck(&data.data());
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.starts_with("AUDIT_AHEAD: ") && said.contains("`baselines/b3`"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_that_cannot_be_followed_could_not_be_compared() {
    let data = Data::new();
    data.used(0..2).await;
    let file = &data.files()[0];
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, text.replacen("baselines/b0", "baselines/b9", 1)).unwrap();
    let (status, said) = fsck(&data.data());
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("AUDIT_DAMAGED"), "{said}");
}
