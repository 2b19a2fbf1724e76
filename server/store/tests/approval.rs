//! Changes that need approval: what is proposed applies once another subject approves it.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::sync::Arc;

use opsec_model::Baseline;
use opsec_store::fsck::{FsckOptions, fsck};
use opsec_store::{
    Catalogue, Change, ChangeContext, ChangeError, Outcome, SledStore, State, StoreLocation,
};
use serde_json::json;

struct Fixture {
    directory: tempfile::TempDir,
    catalogue: Catalogue,
}

fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let store = SledStore::open(&StoreLocation::new(directory.path())).unwrap();
    let catalogue = Catalogue::new(Arc::new(store)).unwrap();
    Fixture {
        directory,
        catalogue,
    }
}

fn content(fail_on: &str) -> Box<Baseline> {
    let document = json!({
        "apiVersion": opsec_model::API_VERSION,
        "kind": "OperatorBaseline",
        "metadata": {"name": "cert-manager"},
        "spec": {"appliesTo": {"operators": ["cert-manager"]}, "failOn": fail_on},
    });
    Box::new(Baseline::from_value(document).unwrap())
}

impl Fixture {
    fn by(&self, author: &str, change: &Change) -> Result<Outcome, ChangeError> {
        let context = ChangeContext {
            author: author.to_owned(),
            needs_approval: true,
            ..ChangeContext::default()
        };
        self.catalogue.apply(change, &context)
    }

    fn decide(&self, by: &str, revision: i64, approve: bool) -> Result<Outcome, ChangeError> {
        let found = self.catalogue.revision("cert-manager", revision)?;
        let change = Change::Decide {
            name: "cert-manager".to_owned(),
            revision,
            etag: found.etag,
            approve,
        };
        self.by(by, &change)
    }

    fn applies(&self) -> Option<i64> {
        let baselines = self.catalogue.baselines().unwrap();
        baselines.get("cert-manager").map(|stored| stored.revision)
    }

    fn create(&self) -> Result<Outcome, ChangeError> {
        let change = Change::Create {
            baseline: content("high"),
            document: Vec::new(),
        };
        self.by("corp/user:editor", &change)
    }

    fn etag(&self) -> String {
        self.catalogue
            .baselines()
            .unwrap()
            .etag("cert-manager")
            .unwrap()
    }

    fn update(&self) -> Result<Outcome, ChangeError> {
        let change = Change::Update {
            baseline: content("low"),
            document: Vec::new(),
            etag: self.etag(),
        };
        self.by("corp/user:editor", &change)
    }

    fn delete(&self) -> Result<Outcome, ChangeError> {
        let name = "cert-manager".to_owned();
        let etag = self.etag();
        self.by("corp/user:editor", &Change::Delete { name, etag })
    }
}

#[test]
fn what_is_proposed_applies_once_another_approves_it() {
    let fixture = fixture();
    let proposed = fixture.create().unwrap();
    assert!(proposed.proposed);
    assert_eq!((proposed.revision, fixture.applies()), (1, None));
    let itself = fixture.decide("corp/user:editor", 1, true).unwrap_err();
    assert!(matches!(itself, ChangeError::SelfApproval { .. }));
    assert_eq!(fixture.applies(), None);
    let approved = fixture.decide("corp/user:approver", 1, true).unwrap();
    assert!(!approved.proposed);
    assert_eq!(fixture.applies(), Some(1));
    let revision = fixture.catalogue.revision("cert-manager", 1).unwrap();
    assert_eq!(revision.state, State::Approved);
    let stored = revision.content.unwrap();
    assert_eq!(stored.author, "corp/user:editor");
    assert_eq!(stored.decider, "corp/user:approver");
    let again = fixture.decide("corp/user:approver", 1, true).unwrap_err();
    assert!(matches!(again, ChangeError::NotProposed { .. }));
}

#[test]
fn what_applied_applies_until_the_decision_and_after_a_rejection() {
    let fixture = fixture();
    fixture.create().unwrap();
    fixture.decide("corp/user:approver", 1, true).unwrap();
    assert_eq!(fixture.update().unwrap().revision, 2);
    assert_eq!(fixture.applies(), Some(1));
    let pending = fixture.delete().unwrap_err();
    assert!(matches!(
        pending,
        ChangeError::ProposalPending { revision: 2, .. }
    ));
    // Its own author may withdraw it.
    fixture.decide("corp/user:editor", 2, false).unwrap();
    assert_eq!(fixture.applies(), Some(1));
    assert_eq!(
        fixture.update().unwrap().revision,
        3,
        "no number is used twice"
    );
    fixture.decide("corp/user:approver", 3, true).unwrap();
    assert_eq!(fixture.applies(), Some(3));
    let back = Change::Rollback {
        name: "cert-manager".to_owned(),
        revision: 2,
        etag: fixture.etag(),
    };
    let rejected = fixture.by("corp/user:editor", &back).unwrap_err();
    assert!(matches!(rejected, ChangeError::RollbackToTombstone { .. }));
}

#[test]
fn a_deletion_is_proposed_like_any_change() {
    let fixture = fixture();
    fixture.create().unwrap();
    fixture.decide("corp/user:approver", 1, true).unwrap();
    assert!(fixture.delete().unwrap().proposed);
    assert_eq!(fixture.applies(), Some(1));
    fixture.decide("corp/user:approver", 2, true).unwrap();
    assert_eq!(fixture.applies(), None);
    assert_eq!(fixture.create().unwrap().revision, 3);
}

#[test]
fn a_decision_on_a_proposal_that_was_not_seen_is_refused() {
    let fixture = fixture();
    fixture.create().unwrap();
    let decide = |etag: &str| {
        let change = Change::Decide {
            name: "cert-manager".to_owned(),
            revision: 1,
            etag: etag.to_owned(),
            approve: true,
        };
        fixture.by("corp/user:approver", &change).unwrap_err()
    };
    assert!(matches!(decide(""), ChangeError::EtagRequired { .. }));
    assert!(matches!(decide("0"), ChangeError::EtagStale { .. }));
}

#[test]
fn a_store_with_proposals_opens_again_and_is_found_whole() {
    let fixture = fixture();
    fixture.create().unwrap();
    let Fixture {
        directory,
        catalogue,
    } = fixture;
    drop(catalogue);
    let location = StoreLocation::new(directory.path());
    let report = fsck(&location, &FsckOptions::default()).unwrap();
    assert_eq!(report.findings, []);
    let store = SledStore::open(&location).unwrap();
    let catalogue = Catalogue::new(Arc::new(store)).unwrap();
    let baselines = catalogue.baselines().unwrap();
    assert_eq!(baselines.proposed("cert-manager"), Some(1));
    assert!(baselines.get("cert-manager").is_none());
}
