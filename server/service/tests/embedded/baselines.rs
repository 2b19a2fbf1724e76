//! BaselineService: create, change, list, delete.

use opsec_proto::v1;
use opsec_proto::v1::baseline_service_client::BaselineServiceClient;
use opsec_service::{Embedded, embedded};
use tonic::Code;

use super::{baseline, baselines, create, document, metadata, reason};

const SPEC: &str = "{failOn: high, appliesTo: {operators: [shop-operator]}}";

fn get(name: &str) -> v1::GetBaselineRequest {
    v1::GetBaselineRequest {
        name: name.to_owned(),
    }
}

fn update(spec: &str, etag: &str) -> v1::UpdateBaselineRequest {
    let (name, etag) = ("baselines/shop".to_owned(), etag.to_owned());
    let baseline = v1::Baseline {
        name,
        etag,
        ..baseline("shop", spec)
    };
    v1::UpdateBaselineRequest {
        baseline: Some(baseline),
        ..Default::default()
    }
}

fn delete(name: &str, etag: &str) -> v1::DeleteBaselineRequest {
    let (name, etag) = (name.to_owned(), etag.to_owned());
    v1::DeleteBaselineRequest {
        name,
        etag,
        ..Default::default()
    }
}

#[tokio::test]
async fn a_baseline_is_created_once_however_often_the_request_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    let mut client = baselines(directory.path());
    let request = v1::CreateBaselineRequest {
        baseline: Some(baseline("shop", SPEC)),
        request_id: "0190a5f0-7e3b-7cc0-8000-000000000001".to_owned(),
        validate_only: false,
    };
    let dry = v1::CreateBaselineRequest {
        validate_only: true,
        ..request.clone()
    };
    client.create_baseline(dry).await.unwrap();
    assert!(!directory.path().join("store").exists());
    let created = client
        .create_baseline(request.clone())
        .await
        .unwrap()
        .into_inner();
    let again = client
        .create_baseline(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, created);
    let created = created.baseline.unwrap();
    assert_eq!(
        (created.revision, &created.document),
        (1, &document("shop", SPEC).into())
    );
    let other = v1::CreateBaselineRequest {
        baseline: Some(baseline("b", SPEC)),
        ..request
    };
    assert_eq!(
        reason(&client.create_baseline(other.clone()).await.unwrap_err()),
        "REQUEST_ID_REUSED"
    );
    let no_id = v1::CreateBaselineRequest {
        request_id: "1".to_owned(),
        ..other
    };
    assert_eq!(
        reason(&client.create_baseline(no_id).await.unwrap_err()),
        "REQUEST_ID_INVALID"
    );
    let status = create(directory.path(), "shop", SPEC).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::AlreadyExists, "BASELINE_EXISTS")
    );
}

#[tokio::test]
async fn a_change_names_the_state_that_it_changes() {
    let directory = tempfile::tempdir().unwrap();
    let created = create(directory.path(), "shop", SPEC).await.unwrap();
    let mut client = baselines(directory.path());
    let same = client
        .update_baseline(update(SPEC, &created.etag))
        .await
        .unwrap()
        .into_inner();
    assert!(same.unchanged);
    let other = "{failOn: low, appliesTo: {operators: [shop-operator]}}";
    let changed = client
        .update_baseline(update(other, &created.etag))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (changed.unchanged, changed.baseline.unwrap().revision),
        (false, 2)
    );
    let status = client
        .update_baseline(update(SPEC, &created.etag))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Aborted, "ETAG_STALE")
    );
    assert_eq!(metadata(&status, "revision"), "2");
    let status = client.update_baseline(update(SPEC, "")).await.unwrap_err();
    assert_eq!(reason(&status), "ETAG_REQUIRED");
}

#[tokio::test]
async fn default_is_there_without_being_stored_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let mut client = baselines(directory.path());
    let builtin = client
        .get_baseline(get("baselines/default"))
        .await
        .unwrap()
        .into_inner();
    let builtin = builtin.baseline.unwrap();
    assert_eq!((builtin.revision, builtin.etag.as_str()), (0, ""));
    create(directory.path(), "shop", SPEC).await.unwrap();
    let mut client = baselines(directory.path());
    let listed = client
        .list_baselines(v1::ListBaselinesRequest::default())
        .await
        .unwrap();
    let listed = listed.into_inner().baselines;
    let names: Vec<&str> = listed.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["baselines/default", "baselines/shop"]);
    let status = client
        .delete_baseline(delete("baselines/default", "x"))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "DEFAULT_UNDELETABLE");
    let deleted = client
        .delete_baseline(delete("baselines/shop", &listed[1].etag))
        .await
        .unwrap();
    assert_eq!(deleted.into_inner().revision, 2);
    let status = client
        .get_baseline(get("baselines/shop"))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::NotFound, "BASELINE_NOT_FOUND")
    );
}

#[tokio::test]
async fn without_a_store_nothing_can_be_stored() {
    let services = embedded(Embedded::default()).unwrap();
    let mut client = BaselineServiceClient::new(services);
    let request = v1::CreateBaselineRequest {
        baseline: Some(baseline("default", "{}")),
        ..Default::default()
    };
    let status = client.create_baseline(request).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::FailedPrecondition, "STORE_ABSENT")
    );
}
