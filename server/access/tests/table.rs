//! The table of RPC and role is complete: every RPC of the contract has its row.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where what it needs is not there"
)]

use std::collections::BTreeSet;

use opsec_access::{Method, Role, roles_of};
use prost::Message as _;

fn paths() -> BTreeSet<String> {
    let set = prost_types::FileDescriptorSet::decode(opsec_proto::FILE_DESCRIPTOR_SET).unwrap();
    let services = set.file.iter().flat_map(|file| {
        let package = file.package();
        file.service.iter().map(move |service| (package, service))
    });
    services
        .flat_map(|(package, service)| {
            let of = move |method: &prost_types::MethodDescriptorProto| {
                format!("/{package}.{}/{}", service.name(), method.name())
            };
            service.method.iter().map(of).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_rpc_of_the_contract_has_its_row() {
    let paths = paths();
    assert!(paths.len() > 25, "{paths:?}");
    let without: Vec<&String> = paths
        .iter()
        .filter(|path| Method::of_path(path).is_none())
        .collect();
    assert!(
        without.is_empty(),
        "no row in the table of server/access/src/method.rs: {without:?}"
    );
}

#[test]
fn a_row_is_of_an_rpc_that_is_there_or_is_named_here() {
    let there: BTreeSet<Method> = paths()
        .iter()
        .filter_map(|path| Method::of_path(path))
        .collect();
    let planned = ["ServerReflectionInfo", "CompareRights", "Check with record"];
    let kept = ["Cluster", "Posture"];
    let others: Vec<&str> = Method::all()
        .filter(|method| !there.contains(method))
        .map(Method::name)
        .filter(|name| !planned.contains(name) && !kept.iter().any(|kept| name.contains(kept)))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

/// The table as the contract has it: a letter a role that may, in the order viewer, checker,
/// attester, editor, approver, admin.
#[test]
fn the_table_is_the_one_of_the_contract() {
    let letters = |method: Method| -> String {
        let letter = |role: &Role| {
            if roles_of(method).contains(role) {
                role.as_str().chars().take(2).collect()
            } else {
                "--".to_owned()
            }
        };
        Role::ALL.iter().map(letter).collect::<Vec<_>>().join(" ")
    };
    for (path, expected) in [
        ("CheckService/ListRules", "vi ch at ed ap ad"),
        ("BaselineService/WatchBaselines", "vi ch at ed ap ad"),
        ("PostureService/GetPosture", "vi ch at ed ap ad"),
        ("CheckService/Check", "-- ch at ed -- ad"),
        ("AnalysisService/FindPaths", "-- ch at ed -- ad"),
        ("AnalysisService/CompareRights", "-- ch at ed -- ad"),
        ("RemediationService/DeclareRights", "-- ch at ed -- ad"),
        ("RemediationService/ValidateRights", "-- ch at ed -- ad"),
        ("RemediationService/CaptureBaseline", "-- ch at ed -- ad"),
        ("RemediationService/Harden", "-- ch at ed -- ad"),
        ("AttestationService/Attest", "-- -- at -- -- --"),
        ("AttestationService/RevokeAttestation", "-- -- -- -- ap ad"),
        ("BaselineService/SimulateBaseline", "-- -- -- ed ap ad"),
        ("BaselineService/CreateBaseline", "-- -- -- ed -- ad"),
        ("BaselineService/UpdateBaseline", "-- -- -- ed -- ad"),
        ("BaselineService/RollbackBaseline", "-- -- -- ed -- ad"),
        ("BaselineService/DeleteBaseline", "-- -- -- ed -- ad"),
        (
            "BaselineService/ApproveBaselineRevision",
            "-- -- -- -- ap --",
        ),
        (
            "BaselineService/RejectBaselineRevision",
            "-- -- -- -- ap ad",
        ),
        ("ClusterService/CreateCluster", "-- -- -- -- -- ad"),
        ("AdminService/ExportStore", "-- -- -- -- -- ad"),
    ] {
        let method = Method::of_path(&format!("/opsec.v1.{path}")).unwrap();
        assert_eq!(letters(method), expected, "{path}");
    }
    assert_eq!(letters(Method::RecordCheck), "-- ch at -- -- --");
}
