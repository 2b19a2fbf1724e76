//! Following what changes.

use std::time::Duration;

use opsec_proto::v1;
use tonic::codegen::tokio_stream::StreamExt as _;

use crate::{fixture, live, reason, recorded, written};

pub(crate) async fn next<T>(stream: &mut tonic::Streaming<T>) -> Option<Result<T, tonic::Status>> {
    tokio::time::timeout(Duration::from_secs(20), stream.next())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_watch_tells_what_is_there_then_each_change_and_goes_on_from_its_cursor() {
    let fixture = fixture();
    let stored = fixture
        .store(
            "shop",
            "{extends: default, appliesTo: {operators: [shop-operator]}}",
        )
        .await;
    let mut client = fixture.dev().baselines;
    let request = v1::WatchBaselinesRequest::default();
    let mut watch = client.watch_baselines(request).await.unwrap().into_inner();
    let current = next(&mut watch).await.unwrap().unwrap();
    assert_eq!(current.kind(), v1::WatchKind::Current);
    assert_eq!(current.effective_digest, stored.effective_digest);
    // To go on from here would lose what is there and was not told yet.
    assert_eq!(current.cursor, "");
    let synced = next(&mut watch).await.unwrap().unwrap();
    assert_eq!(synced.kind(), v1::WatchKind::Synced);

    let default = fixture.store("default", "{failOn: low}").await;
    let changed = next(&mut watch).await.unwrap().unwrap();
    assert_eq!(
        (changed.baseline.as_str(), changed.inherited),
        ("baselines/default", false)
    );
    let inherited = next(&mut watch).await.unwrap().unwrap();
    assert_eq!(
        (inherited.baseline.as_str(), inherited.inherited),
        ("baselines/shop", true)
    );
    assert_ne!(inherited.effective_digest, stored.effective_digest);

    let request = v1::WatchBaselinesRequest {
        cursor: synced.cursor,
    };
    let mut again = client.watch_baselines(request).await.unwrap().into_inner();
    let first = next(&mut again).await.unwrap().unwrap();
    assert_eq!(
        (first.baseline.as_str(), first.revision),
        ("baselines/default", default.revision)
    );

    fixture.service.end_streams();
    let mut last = next(&mut watch).await.unwrap();
    while last.is_ok() {
        last = next(&mut watch).await.unwrap();
    }
    assert_eq!(reason(&last.unwrap_err()), "SHUTTING_DOWN");
}

#[tokio::test]
async fn a_cursor_of_no_history_has_expired() {
    let fixture = fixture();
    let mut client = fixture.dev().baselines;
    for cursor in ["x", "00000000000000ff0000000000000001"] {
        let request = v1::WatchBaselinesRequest {
            cursor: cursor.to_owned(),
        };
        let refused = match client.watch_baselines(request).await {
            Err(refused) => refused,
            Ok(stream) => next(&mut stream.into_inner()).await.unwrap().unwrap_err(),
        };
        assert_eq!(reason(&refused), "CURSOR_EXPIRED", "{cursor}");
    }
}

#[tokio::test]
async fn one_subject_has_eight_streams_at_most() {
    let fixture = fixture();
    let mut client = fixture.dev().baselines;
    let mut open = Vec::new();
    for _ in 0..8 {
        let request = v1::WatchBaselinesRequest::default();
        open.push(client.watch_baselines(request).await.unwrap());
    }
    let request = v1::WatchBaselinesRequest::default();
    let refused = client.watch_baselines(request).await.unwrap_err();
    assert_eq!(reason(&refused), "TOO_MANY_STREAMS");
}

#[tokio::test]
async fn a_posture_is_followed_as_it_is_recorded() {
    let fixture = fixture();
    fixture.register().await;
    let mut client = fixture.dev().postures;
    let request = v1::WatchPostureRequest::default();
    let mut watch = client.watch_posture(request).await.unwrap().into_inner();
    let synced = next(&mut watch).await.unwrap().unwrap();
    assert_eq!(synced.kind(), v1::PostureEventKind::Synced);
    let mut checks = fixture.dev().checks;
    checks.check(recorded(live(0))).await.unwrap();
    let changed = next(&mut watch).await.unwrap().unwrap();
    assert_eq!(changed.kind(), v1::PostureEventKind::Changed);
    let posture = changed.posture.unwrap();
    assert_eq!(
        posture.name,
        "clusters/prod-1/operators/shop-operator~shop-operator/posture"
    );
}

#[tokio::test]
async fn a_list_and_a_watch_from_its_cursor_lose_nothing() {
    let fixture = fixture();
    let mut client = fixture.dev().baselines;
    let listed = client
        .list_baselines(v1::ListBaselinesRequest::default())
        .await
        .unwrap();
    let cursor = listed.into_inner().cursor;
    let request = v1::CreateBaselineRequest {
        baseline: Some(written("shop", "{appliesTo: {operators: [shop-operator]}}")),
        ..v1::CreateBaselineRequest::default()
    };
    client.create_baseline(request).await.unwrap();
    let request = v1::WatchBaselinesRequest { cursor };
    let mut watch = client.watch_baselines(request).await.unwrap().into_inner();
    let changed = next(&mut watch).await.unwrap().unwrap();
    assert_eq!(changed.baseline, "baselines/shop");
}
