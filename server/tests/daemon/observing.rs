//! What is said of a service while it runs: what it counts, as Prometheus reads it, and traces, which a
//! collector gets.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status};

use crate::process::{Daemon, refused};
use crate::{channel, create_baseline, version};

fn get(address: &str, path: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    write!(
        socket,
        "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

/// Where metrics are read.
fn metrics(daemon: &mut Daemon) -> String {
    let line = daemon.says("\"metrics\"");
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    said["address"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_is_read_and_names_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let settings = "[metrics]\nlisten = \"127.0.0.1:0\"\n";
    let mut daemon = Daemon::dev_with(&directory.path().join("data"), settings);
    let address = metrics(&mut daemon);
    let channel = channel(daemon.address).await;
    create_baseline(&channel, "whose-name").await.unwrap();
    create_baseline(&channel, "whose-name").await.unwrap_err();
    let said = get(&address, "/metrics");
    for line in [
        "HTTP/1.1 200 OK",
        "opsec_calls_total{method=\"CreateBaseline\",code=\"Ok\",reason=\"\"} 1",
        "opsec_calls_total{method=\"CreateBaseline\",code=\"AlreadyExists\",reason=\"BASELINE_EXISTS\"} 1",
        "opsec_call_duration_seconds_count{method=\"CreateBaseline\"} 2",
        "opsec_calls_limit ",
        "opsec_calls_shed_total 0",
        "opsec_audit_sequence 3",
        "opsec_store_commit 1",
        "opsec_build_info{version=",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(!said.contains("whose-name"), "{said}");
    assert!(get(&address, "/").starts_with("HTTP/1.1 404"));
}

#[test]
fn metrics_are_read_on_loopback_alone_and_traces_go_where_they_can() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("opsec.toml");
    let path = file.display().to_string();
    for (settings, reason) in [
        ("[metrics]\nlisten = \"0.0.0.0:9464\"\n", "UNSAFE_LISTEN"),
        ("[traces]\nendpoint = \"https://x\"\n", "traces.endpoint"),
        ("[traces]\npercent = 101\n", "traces.percent"),
    ] {
        std::fs::write(&file, settings).unwrap();
        let (status, said) = refused(&["--dev", "--config", &path]);
        assert!(status == Some(4) && said.contains(reason), "{said}");
    }
}

/// A collector that passes on what it gets.
struct Collector(mpsc::UnboundedSender<Span>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        for span in scopes.flat_map(|scope| scope.spans) {
            self.0.send(span).unwrap();
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

async fn collector() -> (String, mpsc::UnboundedReceiver<Span>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, spans) = mpsc::unbounded_channel();
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    let server = tonic::transport::Server::builder()
        .add_service(TraceServiceServer::new(Collector(sender)))
        .serve_with_incoming(incoming);
    tokio::spawn(server);
    (format!("http://{address}"), spans)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_calls_in_the_trace_of_who_called() {
    let (endpoint, mut spans) = collector().await;
    let directory = tempfile::tempdir().unwrap();
    let settings = format!("[traces]\nendpoint = \"{endpoint}\"\npercent = 1\n");
    let mut daemon = Daemon::dev_with(&directory.path().join("data"), &settings);
    let mut client = opsec_proto::v1::baseline_service_client::BaselineServiceClient::new(
        channel(daemon.address).await,
    );
    let mut request = Request::new(opsec_proto::v1::GetBaselineRequest {
        name: "baselines/none".to_owned(),
    });
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let header = parent.parse().unwrap();
    request.metadata_mut().insert("traceparent", header);
    client.get_baseline(request).await.unwrap_err();
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(daemon.end(Duration::from_secs(15)).success());

    let mut got = Vec::new();
    while let Ok(Some(span)) = tokio::time::timeout(Duration::from_secs(1), spans.recv()).await {
        got.push(span);
    }
    let call = got
        .iter()
        .find(|span| span.name == "opsec.v1.BaselineService/GetBaseline")
        .unwrap_or_else(|| panic!("{got:?}"));
    assert_eq!(
        call.trace_id,
        0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes()
    );
    assert_eq!(call.parent_span_id, 0xb7ad_6b71_6920_3331_u64.to_be_bytes());
    let said = format!("{:?}", call.attributes);
    assert!(
        said.contains("NotFound") && said.contains("BASELINE_NOT_FOUND"),
        "{said}"
    );
    let parts: Vec<&str> = got
        .iter()
        .filter(|span| span.parent_span_id == call.span_id)
        .map(|span| span.name.as_str())
        .collect();
    assert_eq!(parts, ["identity", "work", "audit"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_holds_up_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let settings = "[traces]\nendpoint = \"http://127.0.0.1:9\"\npercent = 100\n";
    let mut daemon = Daemon::dev_with(&directory.path().join("data"), settings);
    let channel = channel(daemon.address).await;
    for _ in 0..20 {
        version(&channel, None).await.unwrap();
    }
    let asked = Instant::now();
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(daemon.end(Duration::from_secs(15)).success());
    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "{:?}",
        asked.elapsed()
    );
}
