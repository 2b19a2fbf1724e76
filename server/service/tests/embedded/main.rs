//! The services as the plugin calls them: generated clients over generated servers, in memory.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

mod analysis;
mod baselines;
mod explain;
mod olm;
mod probes;
mod reasons;

use std::path::Path;

use opsec_proto::v1::baseline_service_client::BaselineServiceClient;
use opsec_proto::v1::check_request::{BaselineChoice, Input};
use opsec_proto::v1::check_service_client::CheckServiceClient;
use opsec_proto::v1::{self, BaselineMatch};
use opsec_service::{Embedded, StoreLocation, embedded};
use tonic::Status;
use tonic::service::Routes;
use tonic_types::StatusExt as _;

const MANIFEST: &str = include_str!("../shop.yaml");

fn services(directory: &Path) -> Routes {
    embedded(Embedded {
        store: Some(StoreLocation::new(directory)),
    })
    .unwrap()
}

fn checks(directory: &Path) -> CheckServiceClient<Routes> {
    CheckServiceClient::new(services(directory)).max_decoding_message_size(usize::MAX)
}

fn baselines(directory: &Path) -> BaselineServiceClient<Routes> {
    BaselineServiceClient::new(services(directory)).max_decoding_message_size(usize::MAX)
}

fn documents(text: &str) -> v1::RawDocuments {
    let content = text.as_bytes().to_vec().into();
    let files = vec![v1::RawDocument {
        name: "shop.yaml".to_owned(),
        content,
    }];
    v1::RawDocuments {
        files,
        ..v1::RawDocuments::default()
    }
}

fn request() -> v1::CheckRequest {
    v1::CheckRequest {
        input: Some(Input::Documents(documents(MANIFEST))),
        ..Default::default()
    }
}

fn document(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: {}\nkind: OperatorBaseline # kept\nmetadata: {{name: {name}}}\nspec: {spec}\n",
        opsec_model::API_VERSION
    )
}

fn baseline(name: &str, spec: &str) -> v1::Baseline {
    v1::Baseline {
        document: document(name, spec).into(),
        ..v1::Baseline::default()
    }
}

async fn create(directory: &Path, name: &str, spec: &str) -> Result<v1::Baseline, Status> {
    let request = v1::CreateBaselineRequest {
        baseline: Some(baseline(name, spec)),
        ..Default::default()
    };
    let response = baselines(directory).create_baseline(request).await?;
    Ok(response.into_inner().baseline.unwrap())
}

async fn result(directory: &Path, request: v1::CheckRequest) -> v1::CheckResult {
    let response = checks(directory).check(request).await.unwrap().into_inner();
    assert_eq!(response.results.len(), 1);
    response.results.into_iter().next().unwrap()
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(info.domain, "kubectl-opsec.dev");
    info.reason.clone()
}

fn metadata(status: &Status, key: &str) -> String {
    status.get_error_details().error_info().unwrap().metadata[key].clone()
}

#[tokio::test]
async fn a_check_answers_a_report_and_leaves_an_absent_store_absent() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let response = checks(&data).check(request()).await.unwrap().into_inner();
    let result = &response.results[0];
    let report = opsec_wire::decode_report(result.report.clone().unwrap()).unwrap();
    assert_eq!(report.operator.name, "shop-operator");
    assert_eq!(report.practices.len(), 6);
    let secrets = report
        .findings()
        .find(|finding| finding.rule == "OPSEC306")
        .unwrap();
    let located = secrets
        .granted_by
        .iter()
        .filter_map(|grant| grant.source.as_ref());
    assert!(located.clone().count() > 0 && located.clone().all(|line| line.file == "shop.yaml"));
    let baseline = result.baseline.clone().unwrap();
    assert_eq!(
        (baseline.name.as_str(), baseline.revision),
        ("baselines/default", 0)
    );
    assert_eq!(baseline.r#match(), BaselineMatch::Builtin);
    assert_eq!(report.baseline.digest, baseline.effective_digest);
    assert!(!response.as_of && response.evaluate_time.is_some());
    assert_eq!(
        uuid::Uuid::parse_str(&response.check_id)
            .unwrap()
            .get_version_num(),
        7
    );
    assert!(!data.exists());
}

#[tokio::test]
async fn a_snapshot_and_its_documents_give_the_same_report() {
    let directory = tempfile::tempdir().unwrap();
    let input = opsec_manifests::Input {
        name: "shop.yaml".to_owned(),
        bytes: MANIFEST.as_bytes().to_vec(),
    };
    let manifests = opsec_manifests::read(&[input], &opsec_manifests::Options::default()).unwrap();
    let snapshot = opsec_wire::encode_snapshot(&manifests.snapshot).unwrap();
    let from_snapshot = v1::CheckRequest {
        input: Some(Input::Snapshot(snapshot)),
        ..Default::default()
    };
    let report = result(directory.path(), from_snapshot)
        .await
        .report
        .unwrap();
    let mut report = opsec_wire::decode_report(report).unwrap();
    report.locate(&manifests.sources);
    let other = result(directory.path(), request()).await.report.unwrap();
    assert_eq!(report, opsec_wire::decode_report(other).unwrap());
}

#[tokio::test]
async fn the_baseline_that_applies_is_used_and_said() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    create(path, "default", "{failOn: critical}").await.unwrap();
    let fleet = result(path, request()).await.baseline.unwrap();
    assert_eq!(
        (fleet.r#match(), fleet.revision),
        (BaselineMatch::Default, 1)
    );
    create(
        path,
        "shops",
        "{extends: default, appliesTo: {operators: ['shop-*']}}",
    )
    .await
    .unwrap();
    let by_name = result(path, request()).await;
    let resolved = by_name.baseline.unwrap();
    assert_eq!(resolved.r#match(), BaselineMatch::Name);
    assert_eq!(
        (resolved.name.as_str(), resolved.parent_revision),
        ("baselines/shops", 1)
    );
    let report = opsec_wire::decode_report(by_name.report.unwrap()).unwrap();
    assert_eq!(report.fail_on, opsec_model::Severity::Critical);
    let has = |report: &opsec_model::Report, code| report.notices.iter().any(|n| n.code == code);
    assert!(has(&report, opsec_model::NoticeCode::MatchedByName));
    let spec = "{appliesTo: {operators: [shop-operator]}, operatorNamespaces: [elsewhere]}";
    create(path, "elsewhere", spec).await.unwrap();
    let passed_over = result(path, request()).await;
    assert_eq!(passed_over.baseline.unwrap().name, "baselines/shops");
    let report = opsec_wire::decode_report(passed_over.report.unwrap()).unwrap();
    assert!(has(&report, opsec_model::NoticeCode::BaselinePassedOver));
    let spec = "{appliesTo: {operators: ['shop-operator'], clusters: [prod]}, operatorNamespaces: [shop-operator]}";
    create(path, "exact", spec).await.unwrap();
    let on = |cluster: &str| v1::CheckRequest {
        cluster: cluster.to_owned(),
        ..request()
    };
    let resolved = result(path, on("prod")).await.baseline.unwrap();
    assert_eq!(resolved.r#match(), BaselineMatch::NameAndNamespaces);
    assert_eq!(resolved.name, "baselines/exact");
    assert_eq!(
        result(path, on("dev")).await.baseline.unwrap().name,
        "baselines/shops"
    );
}

#[tokio::test]
async fn a_baseline_can_be_named_or_sent() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    create(
        path,
        "strict",
        "{failOn: low, appliesTo: {operators: [other]}}",
    )
    .await
    .unwrap();
    let choose = |choice| v1::CheckRequest {
        baseline_choice: Some(choice),
        ..request()
    };
    let named = choose(BaselineChoice::Baseline("baselines/strict".to_owned()));
    let named = result(path, named).await.baseline.unwrap();
    assert!(named.selected && named.r#match() == BaselineMatch::Selected && named.revision == 1);
    let inline = document("mine", "{failOn: high}");
    let sent = result(path, choose(BaselineChoice::InlineBaseline(inline.into()))).await;
    assert_eq!(sent.baseline.unwrap().r#match(), BaselineMatch::Inline);
    let report = sent.report.unwrap();
    assert_eq!(report.fail_on(), v1::Severity::High);
    assert!(report.baseline.unwrap().inline);
    let strict = v1::CheckRequest {
        fail_on: v1::Severity::Info.into(),
        ..request()
    };
    let report = result(path, strict).await.report.unwrap();
    assert_eq!(report.fail_on(), v1::Severity::Info);
}

#[tokio::test]
async fn operators_and_rules_are_listed_in_pages() {
    let directory = tempfile::tempdir().unwrap();
    let mut client = checks(directory.path());
    let second = MANIFEST.replace("shop", "blog");
    let input = documents(&format!("{MANIFEST}\n---\n{second}"));
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListOperatorsRequest {
            input: Some(v1::list_operators_request::Input::Documents(input.clone())),
            page_size: 1,
            page_token: token,
        };
        let response = client.list_operators(request).await.unwrap().into_inner();
        names.extend(response.operators.into_iter().map(|operator| operator.name));
        token = response.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["blog-operator", "shop-operator"]);
    let all = v1::ListRulesRequest {
        page_size: 1_000,
        ..Default::default()
    };
    let rules = client.list_rules(all).await.unwrap().into_inner().rules;
    assert!(rules.is_sorted_by_key(|rule| rule.id.clone()));
    assert!(
        rules
            .iter()
            .any(|rule| rule.id == "OPSEC306" && rule.practice == 3)
    );
    let forged = v1::ListRulesRequest {
        page_size: 0,
        page_token: "00".to_owned(),
    };
    assert_eq!(
        reason(&client.list_rules(forged).await.unwrap_err()),
        "PAGE_TOKEN_INVALID"
    );
}

#[test]
fn a_damaged_store_is_an_error_and_not_the_built_in_baseline() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime
        .block_on(create(directory.path(), "default", "{failOn: low}"))
        .unwrap();
    std::fs::remove_file(directory.path().join("store/db")).unwrap();
    let store = Some(StoreLocation::new(directory.path()));
    let error = embedded(Embedded { store }).unwrap_err();
    assert!(error.to_string().contains("store"), "{error}");
}
