//! What a check refuses, and the reason that its caller gets.

use opsec_proto::v1;
use opsec_proto::v1::check_request::{BaselineChoice, Input};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{checks, document, documents, metadata, reason, request};

/// A request with one thing wrong, and the code and reason that it gets.
type Refused = (fn(&mut v1::CheckRequest), Code, &'static str);

fn inline(text: &str) -> BaselineChoice {
    BaselineChoice::InlineBaseline(text.to_owned().into())
}

const REFUSED: [Refused; 13] = [
    (|r| r.input = None, Code::InvalidArgument, "FIELD_INVALID"),
    (
        |r| r.operator = "shop-operater".into(),
        Code::NotFound,
        "OPERATOR_NOT_FOUND",
    ),
    (
        |r| (r.operator, r.all) = ("x".into(), true),
        Code::InvalidArgument,
        "FIELD_INVALID",
    ),
    (|r| r.half = 9, Code::InvalidArgument, "ENUM_UNKNOWN"),
    (
        |r| r.baseline_choice = Some(BaselineChoice::Baseline("baselines/none".into())),
        Code::NotFound,
        "BASELINE_NOT_FOUND",
    ),
    (
        |r| r.baseline_choice = Some(BaselineChoice::Baseline("none".into())),
        Code::InvalidArgument,
        "NAME_INVALID",
    ),
    (
        |r| r.baseline_choice = Some(inline(&document("a", "{failsOn: high}"))),
        Code::InvalidArgument,
        "SPEC_INVALID",
    ),
    (
        |r| r.baseline_choice = Some(inline(&document("a", "{extends: b}"))),
        Code::InvalidArgument,
        "EXTENDS_INVALID",
    ),
    (
        |r| r.baseline_choice = Some(inline("{")),
        Code::InvalidArgument,
        "SPEC_INVALID",
    ),
    (
        |r| r.baseline_choice = Some(inline(&"#".repeat(300 << 10))),
        Code::InvalidArgument,
        "SPEC_TOO_LARGE",
    ),
    (
        |r| r.input = Some(Input::Documents(documents("a: [\n"))),
        Code::InvalidArgument,
        "DOCUMENT_MALFORMED",
    ),
    (
        |r| r.input = Some(Input::Documents(documents(&" ".repeat(33 << 20)))),
        Code::InvalidArgument,
        "INPUT_LIMIT",
    ),
    (
        |r| r.input = Some(Input::Snapshot(v1::Snapshot::default())),
        Code::InvalidArgument,
        "SNAPSHOT_MALFORMED",
    ),
];

#[tokio::test]
async fn what_cannot_be_checked_has_a_reason() {
    let directory = tempfile::tempdir().unwrap();
    let mut client = checks(directory.path());
    for (spoil, code, expected) in REFUSED {
        let mut request = request();
        spoil(&mut request);
        let status = client.check(request).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (code, expected),
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_reason_names_what_it_is_about() {
    let directory = tempfile::tempdir().unwrap();
    let mut client = checks(directory.path());
    let misspelt = v1::CheckRequest {
        operator: "shop-operater".to_owned(),
        ..request()
    };
    let status = client.check(misspelt).await.unwrap_err();
    assert_eq!(
        metadata(&status, "candidates"),
        "shop-operator/shop-operator"
    );
    let baseline_choice = Some(inline(&document("a", "{failsOn: high}")));
    let status = client
        .check(v1::CheckRequest {
            baseline_choice,
            ..request()
        })
        .await
        .unwrap_err();
    assert_eq!(metadata(&status, "path"), "spec.failsOn");
    let violations = status
        .get_error_details()
        .bad_request()
        .unwrap()
        .field_violations
        .clone();
    assert_eq!(violations[0].field, "spec.failsOn");
}
