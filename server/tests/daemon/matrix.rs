//! Every RPC of the contract as every role and as no one, in scope and out of it. For an RPC that is
//! new there is no request here, and the test says so.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use opsec_access::{Method, Role, roles_of};
use opsec_proto::v1;
use prost::Message;
use tonic::Code;
use tonic::transport::Channel;

use crate::certificates::Ca;
use crate::hostile::{Answer, frame, send};
use crate::oidc::{Issuer, daemon_of};
use crate::{BASELINE, channel};

/// What a scope does to an RPC, as it is asked here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Nothing: the input is files, or what the program itself says.
    Open,
    /// Rows that are out of it are left out.
    Cut,
    /// What is out of it is refused.
    Refuses,
}

/// What is asked: always about the baseline `shop`, the cluster `prod` and its operator `shop`.
type Asked = (Scope, Vec<u8>);

fn of(scope: Scope, message: impl Message) -> Asked {
    (scope, message.encode_to_vec())
}

const MANIFEST: &str = include_str!("../../service/tests/shop.yaml");

fn check() -> v1::CheckRequest {
    let file = v1::RawDocument {
        name: "shop.yaml".to_owned(),
        content: MANIFEST.as_bytes().to_vec().into(),
    };
    let documents = v1::RawDocuments {
        files: vec![file],
        ..Default::default()
    };
    v1::CheckRequest {
        input: Some(v1::check_request::Input::Documents(documents)),
        ..Default::default()
    }
}

/// What an empty request does: that it is let through is what counts.
const PLAIN: [Method; 20] = [
    Method::GetVersion,
    Method::ListRules,
    Method::ListTopics,
    Method::ListNeeds,
    Method::ExplainRule,
    Method::ListProbes,
    Method::ListOperators,
    Method::ListRights,
    Method::CanI,
    Method::ListConnections,
    Method::FindPaths,
    Method::CompareRights,
    Method::DeclareRights,
    Method::ValidateRights,
    Method::Attest,
    Method::ListKeys,
    Method::GetTrustBundle,
    Method::VerifyAttestation,
    Method::CaptureBaseline,
    Method::Harden,
];

const ATTESTATION: &str = "attestations/01939b4e-7a6a-7c4e-8a39-3c7c5f2f6d11";

/// What shows what a caller may see.
const CUT: [Method; 6] = [
    Method::ListBaselines,
    Method::WatchBaselines,
    Method::ListClusters,
    Method::ListPostures,
    Method::WatchPosture,
    Method::ListAttestations,
];

/// What reads or judges; absent: another method.
fn reading(method: Method) -> Option<Asked> {
    use Scope::{Cut, Open, Refuses};
    let name = "baselines/shop".to_owned();
    Some(match method {
        Method::Check => of(Open, check()),
        Method::BatchCheck => {
            let item = v1::BatchCheckItem {
                check: Some(check()),
                snapshot_index: None,
            };
            let items = vec![item];
            let snapshots = Vec::new();
            of(Open, v1::BatchCheckRequest { snapshots, items })
        }
        method if PLAIN.contains(&method) => (Open, Vec::new()),
        method if CUT.contains(&method) => (Cut, Vec::new()),
        Method::ExportStore | Method::GetAuditHead => (Refuses, Vec::new()),
        Method::GetBaseline => of(Refuses, v1::GetBaselineRequest { name }),
        Method::GetBaselineRevision => {
            let name = format!("{name}/revisions/1");
            of(Refuses, v1::GetBaselineRevisionRequest { name })
        }
        Method::ListBaselineRevisions => {
            let request = v1::ListBaselineRevisionsRequest {
                parent: name,
                ..Default::default()
            };
            of(Refuses, request)
        }
        Method::DiffBaselineRevisions => {
            let (from, to) = (1, 1);
            of(Refuses, v1::DiffBaselineRevisionsRequest { name, from, to })
        }
        Method::ResolveBaseline => {
            let request = v1::ResolveBaselineRequest {
                operator: "shop".to_owned(),
                cluster: "prod".to_owned(),
                ..Default::default()
            };
            of(Refuses, request)
        }
        Method::GetPosture => {
            let name = "clusters/prod/operators/shop~shop/posture".to_owned();
            of(Refuses, v1::GetPostureRequest { name })
        }
        // What is out of scope is as if it were not there.
        Method::GetAttestation => {
            let name = ATTESTATION.to_owned();
            of(Cut, v1::GetAttestationRequest { name })
        }
        Method::GetCluster => {
            let name = "clusters/prod".to_owned();
            of(Refuses, v1::GetClusterRequest { name })
        }
        _ => return None,
    })
}

/// What changes something, or tries out a change.
fn change(method: Method) -> Option<Asked> {
    use Scope::{Cut, Refuses};
    let (name, etag) = ("baselines/shop".to_owned(), "none".to_owned());
    let document = BASELINE.replace("NAME", "shop");
    let written = |name: String| v1::Baseline {
        name,
        document: document.clone().into(),
        etag: etag.clone(),
        ..Default::default()
    };
    let message = match method {
        Method::CreateBaseline => encoded(1, &written(String::new())),
        Method::UpdateBaseline => encoded(1, &written(name)),
        Method::SimulateBaseline => {
            let request = v1::SimulateBaselineRequest {
                document: document.into(),
                ..Default::default()
            };
            return Some(of(Cut, request));
        }
        Method::RevokeAttestation => {
            let request = v1::RevokeAttestationRequest {
                name: ATTESTATION.to_owned(),
                reason: "it is none".to_owned(),
                ..Default::default()
            };
            return Some(of(Cut, request));
        }
        Method::RollbackBaseline => {
            let request = v1::RollbackBaselineRequest {
                name,
                revision: 1,
                etag,
                ..Default::default()
            };
            request.encode_to_vec()
        }
        Method::DeleteBaseline
        | Method::ApproveBaselineRevision
        | Method::RejectBaselineRevision => {
            let request = v1::DeleteBaselineRequest {
                name: match method {
                    Method::DeleteBaseline => name,
                    _ => format!("{name}/revisions/1"),
                },
                etag,
                ..Default::default()
            };
            request.encode_to_vec()
        }
        _ => return cluster(method),
    };
    Some((Refuses, message))
}

/// What registers a cluster, changes or forgets one.
fn cluster(method: Method) -> Option<Asked> {
    let (name, etag) = ("clusters/prod".to_owned(), "none".to_owned());
    let message = match method {
        Method::CreateCluster | Method::UpdateCluster => {
            let cluster = v1::Cluster {
                name,
                uid: "11111111-2222-4333-8444-555555555555".to_owned(),
                etag,
                ..Default::default()
            };
            encoded(1, &cluster)
        }
        Method::DeleteCluster => {
            let request = v1::DeleteClusterRequest {
                name,
                etag,
                ..Default::default()
            };
            request.encode_to_vec()
        }
        _ => return None,
    };
    Some((Scope::Refuses, message))
}

/// A message that holds another one in a field.
fn encoded(field: u32, message: &impl Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::message::encode(field, message, &mut bytes);
    bytes
}

/// The RPCs of the contract, by path.
fn paths() -> BTreeSet<String> {
    let set = prost_types::FileDescriptorSet::decode(opsec_proto::FILE_DESCRIPTOR_SET).unwrap();
    let mut paths = BTreeSet::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                let (package, service) = (file.package(), service.name());
                paths.insert(format!("/{package}.{service}/{}", method.name()));
            }
        }
    }
    paths
}

/// Every role twice: `viewer-in` may everything that its role may, `viewer-out` elsewhere.
fn bindings() -> String {
    let mut text = String::new();
    for role in Role::ALL.map(Role::as_str) {
        for (place, scope) in [("in", "*"), ("out", "other")] {
            let lists = format!(
                "clusters = [\"{scope}\"]\noperators = [\"{scope}\"]\nbaselines = [\"{scope}\"]\n"
            );
            let subject = format!("corp/user:{role}-{place}");
            writeln!(
                text,
                "[[binding]]\nrole = \"{role}\"\nsubjects = [\"{subject}\"]\n{lists}"
            )
            .unwrap();
        }
    }
    text
}

async fn ask(channel: &Channel, path: &str, token: Option<&str>, message: &[u8]) -> Answer {
    let length = u32::try_from(message.len()).unwrap();
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer
        .iter()
        .map(|bearer| ("authorization", bearer.as_str()))
        .collect();
    send(channel, path, &headers, frame(0, length, message)).await
}

/// What the contract says: a refusal's reason, or that it is let through.
fn expected(method: Method, role: Role, inside: bool, scope: Scope) -> &'static str {
    if !roles_of(method).contains(&role) {
        "ROLE_MISSING"
    } else if scope == Scope::Refuses && !inside {
        "OUT_OF_SCOPE"
    } else {
        ""
    }
}

#[tokio::test]
async fn every_rpc_answers_every_role_and_no_one_as_the_table_says() {
    let (directory, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let issuer = Issuer::start(&ca).await;
    let daemon = daemon_of(&directory, &ca, &issuer, &bindings());
    let channel = channel(daemon.address).await;
    let stranger = issuer.token_of("stranger");
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for path in paths() {
        let method = Method::of_path(&path).unwrap();
        let (scope, message) = reading(method)
            .or_else(|| change(method))
            .unwrap_or_else(|| panic!("there is no request of {path} here"));
        let nobody = ask(&channel, &path, None, &message).await;
        assert_eq!(
            nobody,
            (Code::Unauthenticated, "CREDENTIALS_MISSING".into()),
            "{path}"
        );
        let unbound = ask(&channel, &path, Some(&stranger), &message).await;
        assert_eq!(
            unbound,
            (Code::PermissionDenied, "ROLE_MISSING".into()),
            "{path}"
        );
        for role in Role::ALL {
            // What is someone's own is not known before it is found.
            if matches!(
                (method, role),
                (Method::RejectBaselineRevision, Role::Editor)
                    | (Method::RevokeAttestation, Role::Attester)
            ) {
                continue;
            }
            for (place, inside) in [("in", true), ("out", false)] {
                let token = issuer.token_of(&format!("{}-{place}", role.as_str()));
                let (code, reason) = ask(&channel, &path, Some(&token), &message).await;
                let refused = matches!(code, Code::PermissionDenied | Code::Unauthenticated);
                let said = if refused { reason.as_str() } else { "" };
                asked += 1;
                if said != expected(method, role, inside, scope) || reason == "RATE_LIMITED" {
                    wrong.push(format!(
                        "{path} {} {place}: {code:?} {reason}",
                        role.as_str()
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {asked}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(asked > 400, "{asked}");
}
