//! What is recorded: what the service itself decided on a registered cluster, and nothing newer is
//! overwritten.

use opsec_proto::v1;
use opsec_proto::v1::check_request::BaselineChoice;

use crate::{Fixture, fixture, live, live_at, reason, recorded};

async fn refused(fixture: &Fixture, request: v1::CheckRequest) -> String {
    let mut client = fixture.dev().checks;
    let answer = client.check(request).await;
    answer.map_or_else(|error| reason(&error), |_| "OK".to_owned())
}

#[tokio::test]
async fn a_recorded_check_is_the_posture_until_a_newer_one_is() {
    let fixture = fixture();
    fixture.register().await;
    let mut client = fixture.dev().checks;
    let mut record = async |seconds_ago| {
        let answer = client.check(recorded(live(seconds_ago))).await.unwrap();
        answer.into_inner()
    };
    let first = record(60).await;
    assert!(first.results[0].recorded && first.registered);
    assert_eq!(first.mode(), v1::CollectionMode::ClientAsserted);
    assert!(!record(120).await.results[0].recorded, "it is older");
    let second = record(1).await;
    assert!(second.results[0].recorded);
    let mut postures = fixture.dev().postures;
    let name = "clusters/prod-1/operators/shop-operator~shop-operator/posture";
    let request = v1::GetPostureRequest {
        name: name.to_owned(),
    };
    let posture = postures.get_posture(request).await.unwrap().into_inner();
    let posture = posture.posture.unwrap();
    assert_eq!(posture.name, name);
    assert_eq!(posture.check, format!("checks/{}", second.check_id));
    let report = second.results[0].report.as_ref().unwrap();
    assert_eq!(posture.status, report.status);
    assert_eq!(posture.practices.len(), 6);
    assert!(posture.status_since_time.unwrap().seconds < posture.gather_time.unwrap().seconds);
    let filter = |cluster: &str, statuses: Vec<i32>| v1::ListPosturesRequest {
        filter: Some(v1::PostureFilter {
            cluster: cluster.to_owned(),
            statuses,
            ..v1::PostureFilter::default()
        }),
        ..v1::ListPosturesRequest::default()
    };
    let (fail, pass) = (v1::Status::Fail.into(), v1::Status::Pass.into());
    for (request, count) in [
        (filter("", vec![]), 1),
        (filter("prod-*", vec![fail]), 1),
        (filter("dev-*", vec![]), 0),
        (filter("", vec![pass]), 0),
    ] {
        let listed = postures.list_postures(request).await.unwrap().into_inner();
        assert_eq!(listed.postures.len(), count);
    }
}

#[tokio::test]
async fn nothing_that_a_caller_chooses_is_recorded() {
    let fixture = fixture();
    assert_eq!(
        refused(&fixture, recorded(live(0))).await,
        "CLUSTER_UNREGISTERED"
    );
    fixture.register().await;
    assert_eq!(refused(&fixture, recorded(live(0))).await, "OK");
    let chosen = |change: fn(&mut v1::CheckRequest)| {
        let mut request = recorded(live(0));
        change(&mut request);
        request
    };
    for (request, expected) in [
        (
            chosen(|one| one.half = v1::Half::Operator.into()),
            "NOT_RECORDABLE",
        ),
        (
            chosen(|one| one.fail_on = v1::Severity::High.into()),
            "NOT_RECORDABLE",
        ),
        (
            chosen(|one| one.as_of = Some(prost_types::Timestamp::default())),
            "NOT_RECORDABLE",
        ),
        (
            chosen(|one| {
                one.baseline_choice =
                    Some(BaselineChoice::Baseline("baselines/default".to_owned()));
            }),
            "NOT_RECORDABLE",
        ),
        (
            chosen(|one| one.baseline_choice = Some(BaselineChoice::InlineBaseline(vec![].into()))),
            "BASELINE_INLINE",
        ),
        (recorded(live(-120)), "SNAPSHOT_FROM_FUTURE"),
        (recorded(live(700)), "SNAPSHOT_STALE"),
        (recorded(live_at("yesterday")), "FIELD_INVALID"),
    ] {
        assert_eq!(refused(&fixture, request).await, expected);
    }
}
