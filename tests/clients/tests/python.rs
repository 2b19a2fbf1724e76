//! A client in Python, from the protos alone: lists, checks, keeps baselines, watches, and reads the
//! reasons of what is refused. Another has an operator attested, and a DSSE library that is not the
//! service's own verifies the statement.

use opsec_clients::{Server, plugin, python, repository};

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

#[test]
fn a_statement_is_verified_by_another_implementation() {
    let server = Server::signing().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (plugin, folder) = (plugin().unwrap(), folder.path());
    let arguments = [
        server.address(),
        plugin.to_str().unwrap(),
        folder.to_str().unwrap(),
    ];
    let said = python().unwrap().run("attest.py", &arguments).unwrap();
    assert_eq!(said.trim(), "all of it held");
}
