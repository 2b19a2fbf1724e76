//! grpcurl, which knows the service by its reflection alone.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::process::{Command, Output};

use opsec_clients::{Server, grpcurl};
use serde_json::Value;

fn called(server: &Server, arguments: &[&str], verb: &[&str]) -> Output {
    Command::new(grpcurl().unwrap())
        .arg("-plaintext")
        .args(arguments)
        .arg(server.address())
        .args(verb)
        .output()
        .unwrap()
}

fn answer(server: &Server, arguments: &[&str], verb: &[&str]) -> String {
    let output = called(server, arguments, verb);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn grpcurl_lists_describes_and_calls() {
    let server = Server::start().unwrap();
    let services = answer(&server, &[], &["list"]);
    for service in [
        "grpc.health.v1.Health",
        "opsec.v1.AdminService",
        "opsec.v1.AnalysisService",
        "opsec.v1.BaselineService",
        "opsec.v1.CheckService",
        "opsec.v1.ClusterService",
        "opsec.v1.PostureService",
        "opsec.v1.RemediationService",
    ] {
        assert!(services.lines().any(|line| line == service), "{services}");
    }
    let described = answer(&server, &[], &["describe", "opsec.v1.CheckService.Check"]);
    assert!(
        described.contains("rpc Check ( .opsec.v1.CheckRequest )"),
        "{described}"
    );
    let explained = answer(
        &server,
        &["-d", r#"{"name": "OPSEC306"}"#],
        &["opsec.v1.CheckService/ExplainRule"],
    );
    let explained: Value = serde_json::from_str(&explained).unwrap();
    assert_eq!(explained["explanation"]["id"], "OPSEC306");
    let health = answer(&server, &[], &["grpc.health.v1.Health/Check"]);
    assert!(health.contains("SERVING"), "{health}");
}

#[test]
fn grpcurl_shows_the_reason_of_what_is_refused() {
    let server = Server::start().unwrap();
    let asked = r#"{"name": "baselines/none"}"#;
    let output = called(
        &server,
        &["-d", asked],
        &["opsec.v1.BaselineService/GetBaseline"],
    );
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("NotFound") && said.contains("BASELINE_NOT_FOUND"),
        "{said}"
    );
}
