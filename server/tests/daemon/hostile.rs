//! What clients send that they should not: each gets its documented answer, and the service goes on.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use opsec_proto::v1;
use opsec_proto::v1::check_service_client::CheckServiceClient;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::transport::Channel;
use tower::Service as _;

use crate::process::Daemon;
use crate::{channel, create_baseline, reason, version};

/// Sends bytes as the body of a call.
pub(crate) async fn send(
    channel: &Channel,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Answer {
    let mut request = http::Request::post(path).header("content-type", "application/grpc");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = Body::new(http_body_util::Full::new(Bytes::from(body)));
    let mut channel = channel.clone();
    std::future::poll_fn(|context| channel.poll_ready(context))
        .await
        .unwrap();
    let response = channel.call(request.body(body).unwrap()).await.unwrap();
    let status = tonic::Status::from_header_map(response.headers());
    reason(&status.unwrap_or_else(|| tonic::Status::ok("")))
}

pub(crate) type Answer = (Code, String);

pub(crate) fn frame(compressed: u8, length: u32, bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![compressed];
    frame.extend(length.to_be_bytes());
    frame.extend(bytes);
    frame
}

const CHECK: &str = "/opsec.v1.CheckService/Check";

#[tokio::test]
async fn each_bad_input_has_its_documented_answer_and_the_service_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::dev(&directory.path().join("data"));
    let channel = channel(daemon.address).await;
    version(&channel, None).await.unwrap();
    let bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let length = u32::try_from(bomb.len()).unwrap();
    let too_large = frame(0, 65 << 20, &[0; 64]);
    let malformed = (Code::InvalidArgument, "FIELD_INVALID");
    let compressed = (Code::Unimplemented, "COMPRESSION_UNKNOWN");
    for (what, encoding, body, expected) in [
        (
            "oversize",
            None,
            too_large,
            (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"),
        ),
        ("cut off", None, frame(0, 100, &[0; 10]), malformed),
        ("cut off in its head", None, vec![0, 0], malformed),
        ("empty", None, vec![], malformed),
        ("no message", None, frame(0, 4, &[0xff; 4]), malformed),
        ("a bad flag", None, frame(7, 0, &[]), malformed),
        ("compressed unsaid", None, frame(1, 0, &[]), malformed),
        ("gzip", Some("gzip"), frame(1, length, &bomb), compressed),
        ("zstd", Some("zstd"), frame(1, length, &bomb), compressed),
    ] {
        let headers: Vec<_> = encoding
            .iter()
            .map(|&name| ("grpc-encoding", name))
            .collect();
        let answer = send(&channel, CHECK, &headers, body).await;
        assert_eq!(answer, (expected.0, expected.1.to_owned()), "{what}");
    }
    version(&channel, None).await.unwrap();
    assert_eq!(create_baseline(&channel, "argo").await.unwrap(), 1);
}

#[tokio::test]
async fn a_deadline_is_kept_and_one_that_is_none_is_the_services() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::dev_with(
        &directory.path().join("data"),
        "[limits]\ntimeout = \"1s\"\n",
    );
    let channel = channel(daemon.address).await;
    for (timeout, least, most) in [
        (Some("300m"), 200, 900),
        (Some("9H"), 900, 3_000),
        (None, 900, 3_000),
    ] {
        let mut request = http::Request::post(CHECK).header("content-type", "application/grpc");
        if let Some(timeout) = timeout {
            request = request.header("grpc-timeout", timeout);
        }
        let silent = tonic::codegen::tokio_stream::pending::<
            Result<http_body::Frame<Bytes>, tonic::Status>,
        >();
        let body = Body::new(http_body_util::StreamBody::new(silent));
        let mut channel = channel.clone();
        std::future::poll_fn(|context| channel.poll_ready(context))
            .await
            .unwrap();
        let started = Instant::now();
        let response = channel.call(request.body(body).unwrap()).await.unwrap();
        let status = tonic::Status::from_header_map(response.headers()).unwrap();
        assert_eq!(
            reason(&status),
            (Code::DeadlineExceeded, "DEADLINE".into()),
            "{timeout:?}"
        );
        let took = started.elapsed().as_millis();
        assert!((least..most).contains(&took), "{timeout:?}: {took} ms");
    }
}

#[tokio::test]
async fn who_calls_too_often_is_told_when_to_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let settings = "[limits]\nchanges_per_minute = 2\nrequests_per_second = 50\n";
    let daemon = Daemon::dev_with(&directory.path().join("data"), settings);
    let channel = channel(daemon.address).await;
    for index in 0..4 {
        create_baseline(&channel, &format!("b{index}"))
            .await
            .unwrap();
    }
    let refused = create_baseline(&channel, "b4").await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::ResourceExhausted, "RATE_LIMITED".into())
    );
    let details = tonic_types::StatusExt::get_error_details(&refused);
    let after = details.retry_info().unwrap().retry_delay.unwrap();
    assert!(
        after > Duration::from_secs(20) && after <= Duration::from_secs(30),
        "{after:?}"
    );
    version(&channel, None).await.unwrap();
    let mut limited = false;
    for _ in 0..300 {
        limited |= version(&channel, None).await.is_err();
    }
    assert!(limited);
}

#[tokio::test]
async fn calls_and_bodies_beyond_what_is_held_are_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let settings = "[limits]\ncalls = 2\nbodies = \"1MiB\"\n";
    let daemon = Daemon::dev_with(&directory.path().join("data"), settings);
    let channel = channel(daemon.address).await;
    let mut client = CheckServiceClient::new(channel.clone());
    let documents = v1::RawDocuments {
        files: vec![v1::RawDocument {
            name: "large.yaml".to_owned(),
            content: vec![b'#'; 2 << 20].into(),
        }],
        ..v1::RawDocuments::default()
    };
    let request = v1::CheckRequest {
        input: Some(v1::check_request::Input::Documents(documents)),
        ..v1::CheckRequest::default()
    };
    let refused = client.check(request).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::ResourceExhausted, "OVERLOADED".into())
    );

    let mut open = Vec::new();
    for _ in 0..2 {
        let mut channel = channel.clone();
        open.push(tokio::spawn(async move {
            let silent = tonic::codegen::tokio_stream::pending::<
                Result<http_body::Frame<Bytes>, tonic::Status>,
            >();
            let body = Body::new(http_body_util::StreamBody::new(silent));
            let request = http::Request::post(CHECK).header("content-type", "application/grpc");
            std::future::poll_fn(|context| channel.poll_ready(context)).await?;
            channel.call(request.body(body).unwrap()).await
        }));
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let refused = version(&channel, None).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::ResourceExhausted, "OVERLOADED".into())
    );
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel.clone());
    health
        .check(tonic_health::pb::HealthCheckRequest::default())
        .await
        .unwrap();
    for call in open {
        call.abort();
        let _ = call.await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    version(&channel, None).await.unwrap();
}

/// Connects, sends, and waits for the other side to hang up.
async fn hung_up(address: SocketAddr, bytes: &[u8]) -> Duration {
    let started = Instant::now();
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // Reset or closed, it is over.
    let _ = socket.read_to_end(&mut answer).await;
    started.elapsed()
}

#[tokio::test]
async fn who_says_nothing_or_nonsense_is_hung_up_on() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::dev_with(
        &directory.path().join("data"),
        "[limits]\nconnections = 3\n",
    );
    let address = daemon.address;
    let nonsense = hung_up(address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(nonsense < Duration::from_secs(5), "{nonsense:?}");
    let (one, two, three) = tokio::join!(
        hung_up(address, b""),
        hung_up(address, b"PRI * HTTP"),
        hung_up(address, b"PRI *"),
    );
    for silence in [one, two, three] {
        assert!(silence < Duration::from_secs(15), "{silence:?}");
        assert!(silence > Duration::from_secs(8), "{silence:?}");
    }
    version(&channel(address).await, None).await.unwrap();
    assert!(daemon.peak_memory() < 200 << 20);
}
