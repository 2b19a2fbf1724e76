//! Many checks in one call.

use opsec_proto::v1;
use opsec_proto::v1::batch_check_result::Answer;
use prost::Message as _;
use tonic::Code;

use crate::{check, fixture, live_at, reason};

const GATHERED: &str = "2026-01-02T03:04:05Z";

fn as_of(mut request: v1::CheckRequest) -> v1::CheckRequest {
    request.as_of = Some(prost_types::Timestamp {
        seconds: 1_767_323_045,
        nanos: 0,
    });
    request
}

#[tokio::test]
async fn a_batch_is_as_many_checks_in_order_each_with_its_own_status() {
    let fixture = fixture();
    let mut client = fixture.dev().checks;
    let shared = v1::CheckRequest {
        input: None,
        ..as_of(check(live_at(GATHERED)))
    };
    let operator = |name: &str, index| v1::BatchCheckItem {
        check: Some(v1::CheckRequest {
            operator: name.to_owned(),
            ..shared.clone()
        }),
        snapshot_index: Some(index),
    };
    let request = v1::BatchCheckRequest {
        snapshots: vec![live_at(GATHERED)],
        items: vec![
            operator("shop-operator", 0),
            operator("none", 0),
            operator("shop-operator", 7),
            operator("", 0),
        ],
    };
    let answer = client.batch_check(request).await.unwrap().into_inner();
    let single = client.check(as_of(check(live_at(GATHERED)))).await.unwrap();
    let single = single.into_inner();
    let said: Vec<String> = answer
        .results
        .iter()
        .map(|result| match result.answer.as_ref().unwrap() {
            Answer::Response(response) => {
                assert_eq!(response.results, single.results);
                "judged".to_owned()
            }
            Answer::Error(error) => {
                let details = tonic_types::pb::Status {
                    code: error.code,
                    message: error.message.clone(),
                    details: error.details.clone(),
                };
                let code = Code::from(error.code);
                let details = details.encode_to_vec().into();
                reason(&tonic::Status::with_details(code, &*error.message, details))
            }
        })
        .collect();
    assert_eq!(
        said,
        ["judged", "OPERATOR_NOT_FOUND", "FIELD_INVALID", "judged"]
    );
}

#[tokio::test]
async fn a_batch_holds_one_to_a_hundred_items() {
    let fixture = fixture();
    let mut client = fixture.dev().checks;
    for count in [0, 101] {
        let request = v1::BatchCheckRequest {
            snapshots: Vec::new(),
            items: vec![v1::BatchCheckItem::default(); count],
        };
        let refused = client.batch_check(request).await.unwrap_err();
        assert_eq!(reason(&refused), "BATCH_TOO_LARGE", "{count}");
    }
}
