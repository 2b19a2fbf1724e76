//! Postures of a fleet: every field of a filter, in a list and in a watch, and what a watch tells of those
//! that the filter leaves no longer.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

use opsec_access::Caller;
use opsec_proto::v1;
use opsec_proto::v1::PostureEventKind::{Changed, Current, Gone, Synced};
use opsec_store::posture::{self, CollectionMode, Posture};
use opsec_store::store::Store as _;
use serde_json::{Value, json};
use tonic::Streaming;

use crate::watch::next;
use crate::{Fixture, fixture, live, reason, recorded, someone};

/// Clusters and their UIDs.
const CLUSTERS: [(&str, &str); 3] = [
    ("dev-1", "11111111-0000-4000-8000-000000000001"),
    ("prod-1", "11111111-0000-4000-8000-000000000002"),
    ("prod-10", "11111111-0000-4000-8000-000000000003"),
];

/// Cluster, operator, the whole, practice 3.
const FLEET: [(&str, &str, &str, &str); 6] = [
    ("dev-1", "a~shop", "PASS", "PASS"),
    ("dev-1", "b~shop", "FAIL", "FAIL"),
    ("prod-1", "a~cart", "FAIL", "PASS"),
    ("prod-1", "a~shop", "UNKNOWN", "UNKNOWN"),
    ("prod-10", "a~cart", "PASS", "NOT_APPLICABLE"),
    ("prod-10", "cart~shop", "FAIL", "UNKNOWN"),
];

/// A service that knows the fleet, and a posture as it is stored.
struct Fleet {
    fixture: Fixture,
    stored: Posture,
}

impl Fleet {
    async fn new() -> Self {
        let fixture = fixture();
        fixture.register().await;
        let mut checks = fixture.dev().checks;
        checks.check(recorded(live(300))).await.unwrap();
        let snapshot = fixture.store.snapshot().unwrap();
        let stored = posture::list(&*snapshot, None, 1).unwrap().remove(0);
        let fleet = Self { fixture, stored };
        fleet.forget("prod-1").await;
        for (id, uid) in CLUSTERS {
            fleet.register(id, uid).await;
        }
        for one in FLEET {
            fleet.record(one, 0);
        }
        fleet
    }

    async fn register(&self, id: &str, uid: &str) {
        let request = v1::CreateClusterRequest {
            cluster: Some(v1::Cluster {
                name: format!("clusters/{id}"),
                uid: uid.to_owned(),
                ..v1::Cluster::default()
            }),
            ..v1::CreateClusterRequest::default()
        };
        let mut clusters = self.fixture.dev().clusters;
        clusters.create_cluster(request).await.unwrap();
    }

    async fn forget(&self, id: &str) {
        let mut clusters = self.fixture.dev().clusters;
        let name = format!("clusters/{id}");
        let request = v1::GetClusterRequest { name: name.clone() };
        let read = clusters.get_cluster(request).await.unwrap().into_inner();
        let request = v1::DeleteClusterRequest {
            name,
            etag: read.cluster.unwrap().etag,
            ..v1::DeleteClusterRequest::default()
        };
        clusters.delete_cluster(request).await.unwrap();
    }

    /// What is recorded of facts that were read so many seconds after the first.
    fn record(&self, one: (&str, &str, &str, &str), seconds: i64) {
        self.record_as(one, seconds, CollectionMode::ClientAsserted);
    }

    fn record_as(&self, one: (&str, &str, &str, &str), seconds: i64, mode: CollectionMode) {
        let (cluster, operator, status, third) = one;
        let mut result: Value = serde_json::from_str(&self.stored.result).unwrap();
        result["status"] = json!(status);
        result["practices"][2] = json!([3, third]);
        let uid = CLUSTERS.iter().find(|(id, _)| *id == cluster).unwrap().1;
        let recorded = Posture {
            cluster_uid: uid.to_owned(),
            operator: operator.to_owned(),
            gathered_at: self.stored.gathered_at + seconds * 1_000,
            mode,
            status: status.to_owned(),
            result: result.to_string(),
            ..self.stored.clone()
        };
        assert!(posture::record(&*self.fixture.store, &recorded, None, None).unwrap());
    }

    async fn list(
        &self,
        caller: Caller,
        request: v1::ListPosturesRequest,
    ) -> Result<v1::ListPosturesResponse, tonic::Status> {
        let mut client = self.fixture.by(Some(caller)).postures;
        client
            .list_postures(request)
            .await
            .map(tonic::Response::into_inner)
    }

    async fn watch(
        &self,
        caller: Caller,
        filter: v1::PostureFilter,
        cursor: &str,
    ) -> Result<Streaming<v1::WatchPostureResponse>, tonic::Status> {
        let mut client = self.fixture.by(Some(caller)).postures;
        let request = v1::WatchPostureRequest {
            filter: Some(filter),
            cursor: cursor.to_owned(),
        };
        let watched = client.watch_posture(request).await;
        watched.map(tonic::Response::into_inner)
    }
}

fn filter(
    cluster: &str,
    operator: &str,
    statuses: &[v1::Status],
    practice: u32,
) -> v1::PostureFilter {
    v1::PostureFilter {
        cluster: cluster.to_owned(),
        operator: operator.to_owned(),
        statuses: statuses.iter().map(|&status| status.into()).collect(),
        practice,
    }
}

fn listing(filter: v1::PostureFilter) -> v1::ListPosturesRequest {
    v1::ListPosturesRequest {
        filter: Some(filter),
        ..v1::ListPosturesRequest::default()
    }
}

/// `CLUSTER OPERATOR`.
fn short(posture: Option<&v1::Posture>) -> String {
    let name = posture.map_or("", |posture| &posture.name);
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        ["clusters", cluster, "operators", operator, "posture"] => format!("{cluster} {operator}"),
        _ => format!("no posture's name: {name}"),
    }
}

/// What a watch tells until everything that is there is told, and the cursor then.
async fn current(stream: &mut Streaming<v1::WatchPostureResponse>) -> (Vec<String>, String) {
    let mut told = Vec::new();
    loop {
        let event = next(stream).await.unwrap().unwrap();
        match event.kind() {
            Current => {
                assert_eq!(
                    event.cursor, "",
                    "nothing can be gone on from before SYNCED"
                );
                told.push(short(event.posture.as_ref()));
            }
            Synced => return (told, event.cursor),
            other => panic!("{other:?}"),
        }
    }
}

async fn told(stream: &mut Streaming<v1::WatchPostureResponse>) -> (v1::PostureEventKind, String) {
    let event = next(stream).await.unwrap().unwrap();
    (event.kind(), short(event.posture.as_ref()))
}

/// Filters, and which of [`FLEET`] each leaves, by place.
fn filters() -> Vec<(v1::PostureFilter, Vec<usize>)> {
    use v1::Status::{Fail, NotApplicable, Pass, Unknown};
    vec![
        (v1::PostureFilter::default(), vec![0, 1, 2, 3, 4, 5]),
        (filter("prod-1", "", &[], 0), vec![2, 3]),
        (filter("prod-1*", "", &[], 0), vec![2, 3, 4, 5]),
        (filter("prod-*", "", &[], 0), vec![2, 3, 4, 5]),
        (filter("*", "", &[], 0), vec![0, 1, 2, 3, 4, 5]),
        (filter("prod", "", &[], 0), vec![]),
        (filter("", "shop", &[], 0), vec![0, 1, 3, 5]),
        (filter("", "a~shop", &[], 0), vec![0, 3]),
        (filter("", "sh*", &[], 0), vec![0, 1, 3, 5]),
        (filter("", "a~*", &[], 0), vec![0, 2, 3, 4]),
        // A prefix of a name is one of an id too, which begins with a namespace.
        (filter("", "cart*", &[], 0), vec![2, 4, 5]),
        (filter("", "sho", &[], 0), vec![]),
        (filter("", "", &[Fail], 0), vec![1, 2, 5]),
        (filter("", "", &[Pass, Unknown], 0), vec![0, 3, 4]),
        (filter("", "", &[NotApplicable], 0), vec![]),
        (filter("", "", &[Fail], 3), vec![1]),
        (filter("", "", &[Unknown, NotApplicable], 3), vec![3, 4, 5]),
        (filter("", "", &[], 3), vec![0, 1, 2, 3, 4, 5]),
        (filter("prod-*", "shop", &[Fail], 0), vec![5]),
        (filter("prod-*", "shop", &[Unknown], 3), vec![3, 5]),
    ]
}

#[tokio::test]
async fn a_list_and_a_watch_hold_what_the_filter_leaves() {
    let fleet = Fleet::new().await;
    for (filter, places) in filters() {
        let expected: Vec<String> = places
            .iter()
            .map(|place| FLEET[*place])
            .map(|(cluster, operator, ..)| format!("{cluster} {operator}"))
            .collect();
        let listed = fleet.list(Caller::dev(), listing(filter.clone())).await;
        let listed = listed.unwrap().postures;
        let listed: Vec<String> = listed.iter().map(|one| short(Some(one))).collect();
        assert_eq!(listed, expected, "{filter:?}");
        let watched = fleet.watch(Caller::dev(), filter.clone(), "").await;
        let (watched, _) = current(&mut watched.unwrap()).await;
        assert_eq!(watched, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn what_is_no_filter_is_refused_by_its_field() {
    let fleet = Fleet::new().await;
    let unspecified = v1::PostureFilter {
        statuses: vec![v1::Status::Fail.into(), 0],
        ..v1::PostureFilter::default()
    };
    let unknown = v1::PostureFilter {
        statuses: vec![99],
        ..v1::PostureFilter::default()
    };
    for (filter, says) in [
        (filter("*prod", "", &[], 0), "filter.cluster: `*prod`"),
        (filter("pro*d", "", &[], 0), "filter.cluster: `pro*d`"),
        (filter("prod-**", "", &[], 0), "filter.cluster: `prod-**`"),
        (filter("prod 1", "", &[], 0), "filter.cluster: `prod 1`"),
        (filter("", "a~*x", &[], 0), "filter.operator: `a~*x`"),
        (filter("", "größe", &[], 0), "filter.operator: `größe`"),
        (filter("", "", &[], 7), "filter.practice: 7"),
        (filter("", "", &[], 259), "filter.practice: 259"),
        (unspecified, "filter.statuses: 0"),
        (unknown, "filter.statuses: 99"),
    ] {
        let listed = fleet.list(Caller::dev(), listing(filter.clone())).await;
        let watched = fleet.watch(Caller::dev(), filter.clone(), "").await;
        for refused in [listed.unwrap_err(), watched.unwrap_err()] {
            assert_eq!(reason(&refused), "FILTER_INVALID", "{filter:?}");
            assert!(refused.message().starts_with(says), "{}", refused.message());
        }
    }
}

#[tokio::test]
async fn pages_under_a_filter_hold_each_once_and_no_other_list_goes_on_from_them() {
    let fleet = Fleet::new().await;
    let failing = filter("", "", &[v1::Status::Fail], 0);
    let asked = |filter: v1::PostureFilter, page_token: &str| v1::ListPosturesRequest {
        page_size: 2,
        page_token: page_token.to_owned(),
        ..listing(filter)
    };
    let first = fleet.list(Caller::dev(), asked(failing.clone(), "")).await;
    let first = first.unwrap();
    let names = |page: &v1::ListPosturesResponse| -> Vec<String> {
        page.postures.iter().map(|one| short(Some(one))).collect()
    };
    assert_eq!(names(&first), ["dev-1 b~shop", "prod-1 a~cart"]);
    assert_ne!(first.cursor, "");
    let token = &first.next_page_token;
    let second = fleet
        .list(Caller::dev(), asked(failing.clone(), token))
        .await;
    let second = second.unwrap();
    assert_eq!(names(&second), ["prod-10 cart~shop"]);
    assert_eq!((&*second.next_page_token, &*second.cursor), ("", ""));
    let passing = filter("", "", &[v1::Status::Pass], 0);
    let joe = || someone("joe", "viewer", ["*", "*", "*"]);
    for refused in [
        fleet.list(Caller::dev(), asked(passing, token)).await,
        fleet.list(joe(), asked(failing.clone(), token)).await,
        fleet
            .list(Caller::dev(), asked(failing.clone(), "00"))
            .await,
    ] {
        assert_eq!(reason(&refused.unwrap_err()), "PAGE_TOKEN_INVALID");
    }
    // A watch from the first page's cursor loses nothing that came after it.
    fleet.record(("prod-1", "a~shop", "FAIL", "FAIL"), 60);
    let watched = fleet.watch(Caller::dev(), failing, &first.cursor).await;
    let changed = told(&mut watched.unwrap()).await;
    assert_eq!(changed, (Changed, "prod-1 a~shop".to_owned()));
}

#[tokio::test]
async fn what_is_out_of_scope_is_neither_listed_nor_told() {
    let fleet = Fleet::new().await;
    for (scope, expected) in [
        (
            ["prod-1", "*", "x"],
            &["prod-1 a~cart", "prod-1 a~shop"] as &[&str],
        ),
        (
            ["prod-*", "cart", "x"],
            &["prod-1 a~cart", "prod-10 a~cart"],
        ),
        (
            ["*", "shop", "x"],
            &[
                "dev-1 a~shop",
                "dev-1 b~shop",
                "prod-1 a~shop",
                "prod-10 cart~shop",
            ],
        ),
        (["test-*", "*", "x"], &[]),
    ] {
        let viewer = || someone("vic", "viewer", scope);
        let listed = fleet
            .list(viewer(), v1::ListPosturesRequest::default())
            .await;
        let listed = listed.unwrap().postures;
        let listed: Vec<String> = listed.iter().map(|one| short(Some(one))).collect();
        assert_eq!(listed, expected, "{scope:?}");
        let mut watched = fleet
            .watch(viewer(), v1::PostureFilter::default(), "")
            .await
            .unwrap();
        assert_eq!(current(&mut watched).await.0, expected, "{scope:?}");
    }
    let viewer = someone("vic", "viewer", ["prod-1", "*", "x"]);
    let watched = fleet.watch(viewer, v1::PostureFilter::default(), "").await;
    let mut watched = watched.unwrap();
    current(&mut watched).await;
    fleet.record(("dev-1", "a~shop", "FAIL", "FAIL"), 60);
    fleet.record(("prod-1", "a~shop", "FAIL", "FAIL"), 60);
    assert_eq!(
        told(&mut watched).await,
        (Changed, "prod-1 a~shop".to_owned())
    );
}

#[tokio::test]
async fn one_that_the_filter_leaves_no_longer_is_gone_once() {
    let fleet = Fleet::new().await;
    let failing = filter("prod-*", "", &[v1::Status::Fail], 0);
    let mut watch = fleet.watch(Caller::dev(), failing, "").await.unwrap();
    assert_eq!(
        current(&mut watch).await.0,
        ["prod-1 a~cart", "prod-10 cart~shop"]
    );
    let cart = |status, seconds| fleet.record(("prod-1", "a~cart", status, "PASS"), seconds);
    cart("PASS", 10);
    let event = next(&mut watch).await.unwrap().unwrap();
    assert_eq!(event.kind(), Gone);
    let posture = event.posture.unwrap();
    assert_eq!(short(Some(&posture)), "prod-1 a~cart");
    assert_eq!(
        posture.status(),
        v1::Status::Pass,
        "it is told as it is now"
    );
    // It is gone: nothing more is told of it until it fails again, nor of what never failed.
    cart("UNKNOWN", 20);
    fleet.record(("prod-10", "a~cart", "UNKNOWN", "PASS"), 20);
    cart("FAIL", 30);
    assert_eq!(
        told(&mut watch).await,
        (Changed, "prod-1 a~cart".to_owned())
    );
}

#[tokio::test]
async fn what_left_while_nobody_watched_is_gone_for_who_goes_on_from_a_cursor() {
    let fleet = Fleet::new().await;
    let failing = filter("prod-*", "", &[v1::Status::Fail], 0);
    let mut watch = fleet
        .watch(Caller::dev(), failing.clone(), "")
        .await
        .unwrap();
    let (_, cursor) = current(&mut watch).await;
    drop(watch);
    fleet.record(("dev-1", "b~shop", "PASS", "PASS"), 10);
    fleet.record(("prod-1", "a~cart", "PASS", "PASS"), 10);
    fleet.record(("prod-1", "a~shop", "FAIL", "PASS"), 10);
    let mut watch = fleet
        .watch(Caller::dev(), failing.clone(), &cursor)
        .await
        .unwrap();
    let first = next(&mut watch).await.unwrap().unwrap();
    let second = next(&mut watch).await.unwrap().unwrap();
    assert_eq!(
        (first.kind(), short(first.posture.as_ref())),
        (Gone, "prod-1 a~cart".to_owned())
    );
    assert_eq!(
        (second.kind(), short(second.posture.as_ref())),
        (Changed, "prod-1 a~shop".to_owned())
    );
    // They came together: who breaks off after the first is told the second again.
    let mut again = fleet
        .watch(Caller::dev(), failing.clone(), &first.cursor)
        .await
        .unwrap();
    let repeated = [told(&mut again).await, told(&mut again).await];
    assert_eq!(repeated[1], (Changed, "prod-1 a~shop".to_owned()));
    let mut after = fleet
        .watch(Caller::dev(), failing, &second.cursor)
        .await
        .unwrap();
    fleet.record(("prod-10", "cart~shop", "PASS", "PASS"), 20);
    assert_eq!(
        told(&mut after).await,
        (Gone, "prod-10 cart~shop".to_owned())
    );
}

#[tokio::test]
async fn a_cluster_that_is_forgotten_takes_its_postures_along_and_brings_them_back() {
    let fleet = Fleet::new().await;
    let of_carts = filter("", "cart", &[], 0);
    let mut watch = fleet
        .watch(Caller::dev(), of_carts.clone(), "")
        .await
        .unwrap();
    let (_, cursor) = current(&mut watch).await;
    fleet.forget("prod-10").await;
    let event = next(&mut watch).await.unwrap().unwrap();
    let expected = v1::Posture {
        name: "clusters/prod-10/operators/a~cart/posture".to_owned(),
        ..v1::Posture::default()
    };
    assert_eq!((event.kind(), event.posture), (Gone, Some(expected)));
    fleet.register("prod-10", CLUSTERS[2].1).await;
    assert_eq!(
        told(&mut watch).await,
        (Changed, "prod-10 a~cart".to_owned())
    );
    // Which clusters there were is not kept: who was away meanwhile lists again.
    let mut away = fleet.watch(Caller::dev(), of_carts, &cursor).await.unwrap();
    let ended = next(&mut away).await.unwrap().unwrap_err();
    assert_eq!(reason(&ended), "CURSOR_EXPIRED");
}

#[tokio::test]
async fn what_a_caller_says_changes_nothing_where_the_service_collected() {
    let fleet = Fleet::new().await;
    let mut watch = fleet
        .watch(Caller::dev(), v1::PostureFilter::default(), "")
        .await
        .unwrap();
    current(&mut watch).await;
    let shop = |status| ("dev-1", "a~shop", status, "PASS");
    fleet.record_as(shop("FAIL"), 10, CollectionMode::ServerCollected);
    let event = next(&mut watch).await.unwrap().unwrap();
    let posture = event.posture.unwrap();
    assert_eq!(posture.mode(), v1::CollectionMode::ServerCollected);
    assert_eq!(posture.status(), v1::Status::Fail);
    fleet.record(shop("PASS"), 20);
    fleet.record(("prod-1", "a~cart", "PASS", "PASS"), 20);
    assert_eq!(
        told(&mut watch).await,
        (Changed, "prod-1 a~cart".to_owned())
    );
}
