//! How it starts, and what it answers.

use opsec_proto::v1;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::process::{Daemon, refused, run};
use crate::{channel, create_baseline, reason, version};

#[tokio::test]
async fn for_development_it_serves_on_loopback_and_says_that_it_knows_no_identity() {
    let directory = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::dev(&directory.path().join("data"));
    daemon.says("warning: this service runs without identity");
    daemon.says("\"event\":\"listening\"");
    let channel = channel(daemon.address).await;
    assert_eq!(
        version(&channel, None).await.unwrap(),
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(create_baseline(&channel, "argo").await.unwrap(), 1);

    let mut health = HealthClient::new(channel.clone());
    for service in ["", "opsec.v1.CheckService", "opsec.v1.PostureService"] {
        let service = service.to_owned();
        let status = health.check(HealthCheckRequest { service }).await.unwrap();
        assert_eq!(status.into_inner().status(), ServingStatus::Serving);
    }
    let address = format!("http://{}", daemon.address);
    assert!(run(&["health", "--server", &address]).status.success());
}

#[tokio::test]
async fn reflection_names_every_service() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::dev(&directory.path().join("data"));
    let mut client = ServerReflectionClient::new(channel(daemon.address).await);
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let request = tonic::codegen::tokio_stream::once(request);
    let mut answers = client
        .server_reflection_info(request)
        .await
        .unwrap()
        .into_inner();
    let answer = answers.message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}")
    };
    let names: Vec<&str> = list.service.iter().map(|one| one.name.as_str()).collect();
    for name in [
        "opsec.v1.CheckService",
        "opsec.v1.BaselineService",
        "grpc.health.v1.Health",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_is_said_to_be_unknown() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::dev(&directory.path().join("data"));
    let channel = channel(daemon.address).await;
    for path in [
        "/opsec.v1.CheckService/Nothing",
        "/opsec.v9.CheckService/Check",
        "/x",
    ] {
        let mut client = tonic::client::Grpc::new(channel.clone());
        client.ready().await.unwrap();
        let codec: tonic_prost::ProstCodec<v1::GetVersionRequest, v1::GetVersionResponse> =
            tonic_prost::ProstCodec::default();
        let request = tonic::Request::new(v1::GetVersionRequest {});
        let path = http::uri::PathAndQuery::from_static(path);
        let status = client.unary(request, path, codec).await.unwrap_err();
        assert_eq!(
            reason(&status),
            (Code::Unimplemented, "METHOD_UNKNOWN".into())
        );
    }
}

#[test]
fn a_directory_that_another_one_has_is_refused_with_its_pid() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let daemon = Daemon::dev(&data);
    let data = data.display().to_string();
    let (status, said) = refused(&["--dev", "--listen", "127.0.0.1:0", "--data-dir", &data]);
    assert_eq!(status, Some(4), "{said}");
    assert!(said.contains("\"reason\":\"STORE_LOCKED\""), "{said}");
    assert!(
        said.contains(&format!("\"pid\":\"{}\"", daemon.pid())),
        "{said}"
    );
}

#[test]
fn what_is_not_safe_does_not_start() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data").display().to_string();
    for (arguments, reason) in [
        (vec!["--dev", "--listen", "0.0.0.0:0"], "UNSAFE_LISTEN"),
        (vec!["--listen", "0.0.0.0:0"], "UNSAFE_LISTEN"),
        (vec!["--listen", "127.0.0.1:0"], "CONFIG_INVALID"),
        (vec!["--config", "/nonexistent"], "CONFIG_INVALID"),
    ] {
        let arguments: Vec<&str> = arguments.into_iter().chain(["--data-dir", &data]).collect();
        let (status, said) = refused(&arguments);
        assert_eq!(status, Some(4), "{said}");
        assert!(said.contains(&format!("\"reason\":\"{reason}\"")), "{said}");
    }
    let exists = directory.path().join("data").exists();
    assert!(!exists, "what does not start creates nothing");
}
