//! Clusters are known by the UID of their kube-system namespace, whatever a caller calls them.

use opsec_proto::v1;

use crate::{check, fixture, live, reason};

#[tokio::test]
async fn the_uid_decides_which_baseline_applies_and_not_the_callers_word() {
    let fixture = fixture();
    fixture
        .store(
            "lax",
            "{appliesTo: {operators: [shop-operator], clusters: [dev-1]}, failOn: critical}",
        )
        .await;
    fixture
        .store(
            "strict",
            "{appliesTo: {operators: [shop-operator], clusters: [prod-1]}, failOn: low}",
        )
        .await;
    fixture
        .store("all", "{appliesTo: {operators: [shop-*]}, failOn: info}")
        .await;
    let mut client = fixture.dev().checks;
    let mut judged = async |claimed: &str| {
        let request = v1::CheckRequest {
            cluster: claimed.to_owned(),
            ..check(live(0))
        };
        let answer = client.check(request).await;
        answer.map_or_else(
            |error| reason(&error),
            |answer| {
                answer.into_inner().results[0]
                    .baseline
                    .as_ref()
                    .unwrap()
                    .name
                    .clone()
            },
        )
    };
    assert_eq!(
        judged("").await,
        "baselines/default",
        "it is not registered"
    );
    assert_eq!(judged("dev-1").await, "CLUSTER_MISMATCH");
    fixture.register().await;
    assert_eq!(judged("").await, "baselines/strict");
    assert_eq!(judged("prod-1").await, "baselines/strict");
    assert_eq!(judged("dev-1").await, "CLUSTER_MISMATCH");
}

#[tokio::test]
async fn a_cluster_is_registered_once_and_changed_by_its_etag() {
    let fixture = fixture();
    fixture.register().await;
    let mut client = fixture.dev().clusters;
    let create = |id: &str, uid: &str, request_id: &str| v1::CreateClusterRequest {
        cluster: Some(v1::Cluster {
            name: format!("clusters/{id}"),
            uid: uid.to_owned(),
            ..v1::Cluster::default()
        }),
        request_id: request_id.to_owned(),
        validate_only: false,
    };
    let refused = client
        .create_cluster(create("prod-2", crate::UID, ""))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "CLUSTER_UID_CLAIMED");
    let refused = client
        .create_cluster(create("prod-1", "other", ""))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "CLUSTER_EXISTS");
    let id = "0d6c2f0e-6f4a-4a38-9c0e-1c3f5e9d7a21";
    let first = client
        .create_cluster(create("dev-1", "uid-2", id))
        .await
        .unwrap()
        .into_inner();
    let again = client
        .create_cluster(create("dev-1", "uid-2", id))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, again, "a request that is sent twice");
    let refused = client
        .create_cluster(create("dev-2", "uid-3", id))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    let mut cluster = first.cluster.unwrap();
    cluster.labels.insert("stage".to_owned(), "test".to_owned());
    let update = |cluster: &v1::Cluster| v1::UpdateClusterRequest {
        cluster: Some(cluster.clone()),
        ..v1::UpdateClusterRequest::default()
    };
    let updated = client
        .update_cluster(update(&cluster))
        .await
        .unwrap()
        .into_inner();
    assert_ne!(updated.cluster.unwrap().etag, cluster.etag);
    let refused = client.update_cluster(update(&cluster)).await.unwrap_err();
    assert_eq!(reason(&refused), "ETAG_STALE");
}
