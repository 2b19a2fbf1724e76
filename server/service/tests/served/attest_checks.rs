//! What a recorded check found is signed as it was found, and nothing is signed by what does not apply
//! any more: not even when that changes between the last look and the commit.

use std::sync::Arc;
use std::time::Duration;

use opsec_attest::{VerifyPolicy, Wanted, verify};
use opsec_model::{Baseline, Snapshot};
use opsec_proto::v1;
use opsec_service::{CollectError, Collector};
use opsec_store::{Catalogue, Change, ChangeContext, Store, cluster};

use crate::attest::{Chain, TRUSTING, attest, bundle, now, refused};
use crate::meddling::Meddler;
use crate::{As, Fixture, check, live, reason, recorded, set_up, someone, written};

/// Reads what [`live`] is.
#[derive(Debug)]
struct Reader;

#[tonic::async_trait]
impl Collector for Reader {
    async fn collect(&self, _: &str) -> Result<Arc<Snapshot>, CollectError> {
        let snapshot = opsec_wire::decode_snapshot(live(0));
        snapshot
            .map(Arc::new)
            .map_err(|error| CollectError::Failed(error.to_string()))
    }
}

/// A service that signs, with the cluster registered and a baseline that believes callers.
async fn trusting() -> (Fixture, Meddler) {
    let meddler = Meddler::default();
    let (_, signing) = Chain::signing();
    let beside = |store| meddler.beside(store);
    let fixture = set_up(false, Some(signing), beside, Some(Arc::new(Reader)));
    fixture.register().await;
    fixture.store("default", TRUSTING).await;
    (fixture, meddler)
}

/// Records a check; its answer.
async fn record(by: &As, snapshot: v1::Snapshot) -> v1::CheckResponse {
    let answer = by.checks.clone().check(recorded(snapshot)).await;
    answer.unwrap().into_inner()
}

fn of(response: &v1::CheckResponse) -> v1::AttestRequest {
    v1::AttestRequest {
        check: format!("checks/{}", response.check_id),
        allow_failed: true,
        ..v1::AttestRequest::default()
    }
}

#[tokio::test]
async fn what_a_recorded_check_found_is_signed_as_it_was_found() {
    let (fixture, _) = trusting().await;
    let by = |name, role| fixture.by(Some(someone(name, role, ["prod-*", "*", "*"])));
    let (records, attester) = (by("checker", "checker"), by("ci", "attester"));
    let checked = record(&records, live(30)).await;
    let made = attest(&attester, of(&checked)).await.unwrap();
    assert_eq!(made.author, "corp/user:ci");
    let policy = VerifyPolicy::of(Wanted::Anything);
    let verification = verify(&made.envelope, &bundle(&attester).await, &policy, now());
    let said = verification.statement.unwrap().predicate;
    assert_eq!(said.snapshot.collector, "corp/user:checker");
    assert_eq!(said.snapshot.mode, "CLIENT_ASSERTED");
    let gathered: jiff::Timestamp = said.snapshot.gathered_at.parse().unwrap();
    assert!((25..60).contains(&now().duration_since(gathered).as_secs()));
    let result = &checked.results[0];
    let report = result.report.as_ref().unwrap();
    assert_eq!(said.snapshot.digest, report.snapshot_digest);
    let found: Vec<_> = report
        .practices
        .iter()
        .map(|one| {
            (
                one.number,
                one.status().as_str_name().replace("STATUS_", ""),
            )
        })
        .collect();
    let signed = said.practices.into_iter();
    let signed: Vec<_> = signed.map(|one| (one.number.into(), one.status)).collect();
    assert_eq!(signed, found);
    let by = result.baseline.as_ref().unwrap();
    assert_eq!(said.baseline.effective_digest, by.effective_digest);
    // The same facts, sent instead, come to the same.
    let sent = v1::AttestRequest {
        snapshot: Some(live(30)),
        allow_failed: true,
        ..v1::AttestRequest::default()
    };
    let sent = attest(&attester, sent).await.unwrap();
    assert_eq!((sent.target, sent.result), (made.target, made.result));
}

#[tokio::test]
async fn a_check_is_named_and_nothing_is_chosen_beside_it() {
    let (fixture, _) = trusting().await;
    let dev = fixture.dev();
    let kept = record(&dev, live(0)).await;
    let answer = dev.checks.clone().check(check(live(0))).await;
    let unkept = answer.unwrap().into_inner();
    let with = |change: fn(&mut v1::AttestRequest)| {
        let mut request = of(&kept);
        change(&mut request);
        request
    };
    for (request, expected) in [
        (with(|_| {}), "OK"),
        (with(|one| one.operator = "shop-operator".to_owned()), "OK"),
        (
            with(|one| one.operator = "shop-operator~shop-operator".to_owned()),
            "OK",
        ),
        (with(|one| one.cluster = "prod-1".to_owned()), "OK"),
        (of(&unkept), "CHECK_NOT_FOUND"),
        (
            with(|one| one.check = "checks/1".to_owned()),
            "NAME_INVALID",
        ),
        (
            with(|one| one.check = one.check.replace("checks/", "")),
            "NAME_INVALID",
        ),
        (
            with(|one| one.check = format!("checks/{}", uuid::Uuid::now_v7())),
            "CHECK_NOT_FOUND",
        ),
        (with(|one| one.snapshot = Some(live(0))), "FIELD_INVALID"),
        (
            with(|one| one.collection = Some(v1::Collection::default())),
            "FIELD_INVALID",
        ),
        (
            with(|one| one.operator = "other".to_owned()),
            "OPERATOR_NOT_FOUND",
        ),
        (
            with(|one| one.cluster = "dev-1".to_owned()),
            "CLUSTER_MISMATCH",
        ),
        (with(|one| one.allow_failed = false), "CHECK_FAILED"),
        (
            with(|one| one.effective_digest = "sha256:00".to_owned()),
            "BASELINE_CHANGED",
        ),
    ] {
        assert_eq!(
            refused(&dev, request.clone()).await,
            expected,
            "{request:?}"
        );
    }
}

#[tokio::test]
async fn a_check_out_of_scope_is_not_found_and_one_is_attested_by_attesters_alone() {
    let (fixture, _) = trusting().await;
    let checked = record(&fixture.dev(), live(0)).await;
    for (role, cluster, expected) in [
        ("attester", "prod-*", "OK"),
        ("attester", "dev-*", "CHECK_NOT_FOUND"),
        ("checker", "prod-*", "ROLE_MISSING"),
        ("admin", "prod-*", "ROLE_MISSING"),
    ] {
        let caller = fixture.by(Some(someone("ci", role, [cluster, "*", "*"])));
        assert_eq!(refused(&caller, of(&checked)).await, expected, "{role}");
    }
}

#[tokio::test]
async fn a_check_ends_with_its_facts_and_a_weak_one_is_not_signed() {
    let (_, signing) = Chain::signing();
    let fixture = crate::signing_with(Some(signing));
    fixture.register().await;
    let dev = fixture.dev();
    // The built-in one believes nobody but the service itself.
    let weak = record(&dev, live(0)).await;
    assert_eq!(refused(&dev, of(&weak)).await, "COLLECTION_TOO_WEAK");
    let short = "{attestation: {minimumCollection: CLIENT_ASSERTED, maxSnapshotAge: 3s}}";
    fixture.store("default", short).await;
    assert_eq!(refused(&dev, of(&weak)).await, "BASELINE_CHANGED");
    let checked = record(&dev, live(0)).await;
    assert_eq!(refused(&dev, of(&checked)).await, "OK");
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    assert_eq!(refused(&dev, of(&checked)).await, "CHECK_NOT_FOUND");
}

#[tokio::test]
async fn a_baseline_that_changed_is_judged_by_again_and_one_that_says_the_same_is_not() {
    let (fixture, _) = trusting().await;
    let mut dev = fixture.dev();
    let checked = record(&dev, live(0)).await;
    let mut current = dev
        .baselines
        .get_baseline(v1::GetBaselineRequest {
            name: "baselines/default".to_owned(),
        })
        .await
        .unwrap()
        .into_inner()
        .baseline
        .unwrap();
    let mut update = async |spec: &str| {
        let request = v1::UpdateBaselineRequest {
            baseline: Some(v1::Baseline {
                etag: current.etag.clone(),
                name: current.name.clone(),
                ..written("default", spec)
            }),
            ..v1::UpdateBaselineRequest::default()
        };
        let answer = dev.baselines.update_baseline(request).await.unwrap();
        current = answer.into_inner().baseline.unwrap();
    };
    update("{failOn: low, attestation: {minimumCollection: CLIENT_ASSERTED}}").await;
    let dev = fixture.dev();
    assert_eq!(refused(&dev, of(&checked)).await, "BASELINE_CHANGED");
    update(TRUSTING).await;
    let made = attest(&dev, of(&checked)).await.unwrap();
    let policy = VerifyPolicy::of(Wanted::Anything);
    let verification = verify(&made.envelope, &bundle(&dev).await, &policy, now());
    let baseline = verification.statement.unwrap().predicate.baseline.own;
    assert_eq!(baseline.revision, 3, "the one that applies is named");
}

/// A baseline of an operator's own.
fn create(operator: &'static str) -> crate::meddling::Change {
    Box::new(move |store: &Arc<dyn Store>| {
        let document = serde_json::json!({
            "apiVersion": opsec_model::API_VERSION,
            "kind": "OperatorBaseline",
            "metadata": {"name": operator},
            "spec": {"appliesTo": {"operators": [operator]}},
        });
        let baseline = Box::new(Baseline::from_value(document).unwrap());
        let document = Vec::new();
        let change = Change::Create { baseline, document };
        let catalogue = Catalogue::new(Arc::clone(store)).unwrap();
        catalogue.apply(&change, &ChangeContext::default()).unwrap();
    })
}

fn forget() -> crate::meddling::Change {
    Box::new(|store: &Arc<dyn Store>| {
        let known = cluster::get(&*store.snapshot().unwrap(), "prod-1").unwrap();
        let etag = known.unwrap().etag();
        cluster::delete(&**store, "prod-1", &etag, &ChangeContext::default()).unwrap();
    })
}

fn relabel() -> crate::meddling::Change {
    Box::new(|store: &Arc<dyn Store>| {
        let known = cluster::get(&*store.snapshot().unwrap(), "prod-1").unwrap();
        let labels = [("env".to_owned(), "prod".to_owned())].into();
        let etag = known.unwrap().etag();
        let context = ChangeContext::default();
        cluster::update(&**store, "prod-1", &labels, &etag, &context).unwrap();
    })
}

#[tokio::test]
async fn what_changes_just_before_the_commit_is_never_passed_over() {
    type Make = fn() -> crate::meddling::Change;
    let changes: [(&str, Make, &str); 4] = [
        ("tightened", || create("shop-operator"), "BASELINE_CHANGED"),
        ("for another operator", || create("other"), "OK"),
        ("forgotten", forget, "CLUSTER_UNREGISTERED"),
        ("relabelled", relabel, "OK"),
    ];
    for (what, change, expected) in changes {
        for source in ["snapshot", "collection", "check"] {
            let (fixture, meddler) = trusting().await;
            let dev = fixture.dev();
            let checked = record(&dev, live(1)).await;
            let mut request = of(&checked);
            if source != "check" {
                request.check.clear();
            }
            request.snapshot = (source == "snapshot").then(|| live(1));
            let cluster = "clusters/prod-1".to_owned();
            request.collection = (source == "collection").then_some(v1::Collection { cluster });
            meddler.before_the_next(change());
            let answer = attest(&dev, request).await;
            let answer = answer.map_or_else(|error| reason(&error), |_| "OK".to_owned());
            assert!(meddler.is_done(), "{what}, {source}");
            assert_eq!(answer, expected, "{what}, {source}");
            let list = v1::ListAttestationsRequest::default();
            let listed = dev.attestations.clone().list_attestations(list).await;
            let count = usize::from(expected == "OK");
            let listed = listed.unwrap().into_inner().attestations;
            assert_eq!(listed.len(), count, "{what}, {source}");
        }
    }
}
