//! How it ends: in order, within its time, and with its lock let go of.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use opsec_proto::v1;
use opsec_proto::v1::baseline_service_client::BaselineServiceClient;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::process::Daemon;
use crate::{channel, create_baseline, reason, version};

#[tokio::test(flavor = "multi_thread")]
async fn watches_are_ended_and_it_exits_well() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut daemon = Daemon::dev(&data);
    let channel = channel(daemon.address).await;
    create_baseline(&channel, "argo").await.unwrap();
    let mut client = BaselineServiceClient::new(channel.clone());
    let watch = client
        .watch_baselines(v1::WatchBaselinesRequest::default())
        .await;
    let mut watch = watch.unwrap().into_inner();
    assert!(watch.message().await.unwrap().is_some());
    let mut health = HealthClient::new(channel.clone());
    let watched = health.watch(HealthCheckRequest::default()).await;
    let mut watched = watched.unwrap().into_inner();
    let first = watched.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);

    let told = Instant::now();
    daemon.signal(Signal::SIGTERM);
    let ended = loop {
        match watch.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended without a reason"),
            Err(status) => break status,
        }
    };
    assert_eq!(reason(&ended), (Code::Unavailable, "SHUTTING_DOWN".into()));
    let next = watched.message().await.unwrap().unwrap();
    assert_eq!(
        next.status(),
        ServingStatus::NotServing,
        "health says it first"
    );
    assert!(
        daemon.end(Duration::from_secs(10)).success(),
        "{}",
        daemon.log()
    );
    assert!(
        told.elapsed() < Duration::from_secs(5),
        "{:?}",
        told.elapsed()
    );

    let again = Daemon::dev(&data);
    let channel = crate::channel(again.address).await;
    assert_eq!(
        create_baseline(&channel, "argo").await.unwrap_err().code(),
        Code::AlreadyExists
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_taken_for_the_delay_and_health_says_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut daemon = Daemon::dev_with(&data, "[server]\ndrain_delay = \"2s\"\n");
    let channel = channel(daemon.address).await;
    version(&channel, None).await.unwrap();
    daemon.signal(Signal::SIGTERM);
    daemon.says("ending");
    let mut health = HealthClient::new(channel.clone());
    let status = health.check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(status.into_inner().status(), ServingStatus::NotServing);
    version(&channel, None).await.unwrap();
    assert!(daemon.end(Duration::from_secs(10)).success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_skips_the_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut daemon = Daemon::dev_with(&data, "[server]\ndrain_delay = \"8s\"\n");
    let channel = channel(daemon.address).await;
    create_baseline(&channel, "argo").await.unwrap();
    let told = Instant::now();
    daemon.signal(Signal::SIGTERM);
    daemon.says("ending");
    daemon.signal(Signal::SIGINT);
    assert!(daemon.end(Duration::from_secs(7)).success());
    assert!(told.elapsed() < Duration::from_secs(7));
}

/// A client that opened a call and never ends its request holds the drain, and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_is_broken_off() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut daemon = Daemon::dev_with(&data, "[server]\ndrain_timeout = \"1s\"\n");
    let channel = channel(daemon.address).await;
    let request = http::Request::post("/opsec.v1.AdminService/GetVersion")
        .header("content-type", "application/grpc")
        .body(tonic::body::Body::new(http_body_util::StreamBody::new(
            tonic::codegen::tokio_stream::pending::<
                Result<http_body::Frame<tonic::codegen::Bytes>, tonic::Status>,
            >(),
        )))
        .unwrap();
    let mut calling = channel.clone();
    let call = tokio::spawn(async move {
        std::future::poll_fn(|context| tower::Service::poll_ready(&mut calling, context)).await?;
        tower::Service::call(&mut calling, request).await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let told = Instant::now();
    daemon.signal(Signal::SIGTERM);
    assert!(
        daemon.end(Duration::from_secs(10)).success(),
        "{}",
        daemon.log()
    );
    let took = told.elapsed();
    assert!(
        took > Duration::from_millis(900) && took < Duration::from_secs(5),
        "{took:?}"
    );
    call.abort();
}
