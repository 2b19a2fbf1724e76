//! A client in Python, from the protos alone: lists, checks, keeps baselines, watches, and reads the
//! reasons of what is refused.

use opsec_clients::{Server, python, repository};

#[test]
fn a_python_client_lists_checks_and_keeps_baselines() {
    let server = Server::start().unwrap();
    let manifest = repository().join("deploy/demo/as-shipped.yaml");
    let manifest = manifest.to_str().unwrap();
    let said = python()
        .unwrap()
        .run("baselines.py", &[server.address(), manifest])
        .unwrap();
    assert_eq!(said.trim(), "all of it held");
}
