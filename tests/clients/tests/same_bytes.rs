//! Embedded and remote: the same input gives the same bytes and the same exit status.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::process::{Command, Output};

use opsec_clients::{Server, plugin, repository};

fn run(server: Option<&Server>, arguments: &[&str]) -> Output {
    let mut command = Command::new(plugin().unwrap());
    command
        .current_dir(repository())
        .env_remove("OPSEC_SERVER")
        .env("OPSEC_CONFIG", "/dev/null")
        .env("KUBECONFIG", "/dev/null/none")
        .env("OPSEC_DATA_DIR", "/nonexistent/opsec")
        .args(arguments);
    if let Some(server) = server {
        command.args(["--server", &server.url()]);
    }
    command.output().unwrap()
}

#[test]
fn embedded_and_remote_answer_the_same_bytes() {
    let server = Server::start().unwrap();
    let demo = "deploy/demo/as-shipped.yaml";
    for arguments in [
        &["check", "-f", demo, "-o", "json"] as &[&str],
        &["check", "-f", demo],
        &["check", "-f", demo, "-o", "wide"],
        &[
            "check",
            "--all",
            "-f",
            "deploy/demo/hardened.yaml",
            "-o",
            "json",
        ],
        &[
            "check",
            "-f",
            demo,
            "--half",
            "operator",
            "--fail-on",
            "high",
        ],
        &["list", "-f", demo, "-o", "json"],
        &["rights", "-f", demo, "-o", "json"],
        &["reach", "-f", demo, "-o", "json"],
        &["path", "-f", demo, "-o", "json"],
        &["diff", "deploy/demo/hardened.yaml", demo, "-o", "json"],
        &["can-i", "cache-operator", "create", "pods", "-f", demo],
        &["explain", "OPSEC306"],
        &["check", "none", "-f", demo],
        &["baseline", "resolve", "cache-operator", "-o", "json"],
        &["baseline", "list", "-o", "json"],
        &["baseline", "get", "default"],
    ] {
        let (here, there) = (run(None, arguments), run(Some(&server), arguments));
        let said = String::from_utf8_lossy(&there.stderr);
        assert_eq!(
            here.status.code(),
            there.status.code(),
            "{arguments:?} {said}"
        );
        assert!(here.stdout == there.stdout, "{arguments:?} {said}");
        assert_eq!(String::from_utf8_lossy(&here.stderr), said, "{arguments:?}");
    }
}

#[test]
fn a_service_that_is_not_there_is_no_embedded_one() {
    let mut command = Command::new(plugin().unwrap());
    let output = command
        .args(["version", "--server", "http://127.0.0.1:1"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot be reached"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
