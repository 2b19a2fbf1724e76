//! The service as the plugin calls it: the generated client over the server, in memory.

use opsec_model::{Report, Snapshot};
use opsec_proto::v1;
use opsec_proto::v1::check_request::{BaselineChoice, Input};
use opsec_proto::v1::check_service_client::CheckServiceClient;
use opsec_service::{Embedded, embedded};
use opsec_wire::{decode_report, encode_snapshot};

/// The report on the operator of that name, by a baseline document or, when that is empty, by the
/// one that is built in.
pub(crate) async fn check(snapshot: &Snapshot, operator: &str, baseline: &str) -> Report {
    let document = (!baseline.is_empty()).then(|| baseline.to_owned().into_bytes());
    let request = v1::CheckRequest {
        operator: operator.to_owned(),
        baseline_choice: document.map(|bytes| BaselineChoice::InlineBaseline(bytes.into())),
        ..v1::CheckRequest::default()
    };
    let mut reports = answer(snapshot, request).await;
    assert_eq!(reports.len(), 1, "{operator}");
    reports.remove(0)
}

/// The reports on every operator.
pub(crate) async fn check_all(snapshot: &Snapshot) -> Vec<Report> {
    let request = v1::CheckRequest {
        all: true,
        ..v1::CheckRequest::default()
    };
    answer(snapshot, request).await
}

async fn answer(snapshot: &Snapshot, mut request: v1::CheckRequest) -> Vec<Report> {
    request.input = Some(Input::Snapshot(encode_snapshot(snapshot).unwrap()));
    let services = embedded(Embedded::default()).unwrap();
    let mut client = CheckServiceClient::new(services).max_decoding_message_size(usize::MAX);
    let response = client.check(request).await.unwrap().into_inner();
    let reports = response.results.into_iter();
    reports
        .map(|result| decode_report(result.report.unwrap()).unwrap())
        .collect()
}
