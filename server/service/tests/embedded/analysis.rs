//! Questions about an operator: its rights, whether it may, and who reaches whom.

use std::collections::BTreeMap;

use opsec_model::{Allowed, Connection, Peer, Right};
use opsec_proto::v1;
use opsec_proto::v1::access_question::Attributes;
use opsec_proto::v1::analysis_service_client::AnalysisServiceClient;
use opsec_service::{Embedded, embedded};
use tonic::service::Routes;
use tonic::{Code, Status};

use super::{MANIFEST, documents, metadata, reason};

fn client() -> AnalysisServiceClient<Routes> {
    AnalysisServiceClient::new(embedded(Embedded::default()).unwrap())
        .max_decoding_message_size(usize::MAX)
        .max_encoding_message_size(usize::MAX)
}

fn rights_request() -> v1::ListRightsRequest {
    v1::ListRightsRequest {
        input: Some(v1::list_rights_request::Input::Documents(documents(
            MANIFEST,
        ))),
        ..Default::default()
    }
}

fn connections_request(manifest: &str) -> v1::ListConnectionsRequest {
    let documents = documents(manifest);
    v1::ListConnectionsRequest {
        input: Some(v1::list_connections_request::Input::Documents(documents)),
        ..Default::default()
    }
}

fn can_i_request(questions: Vec<v1::AccessQuestion>) -> v1::CanIRequest {
    v1::CanIRequest {
        input: Some(v1::can_i_request::Input::Documents(documents(MANIFEST))),
        questions,
        ..Default::default()
    }
}

fn written(verb: &str, resource: &str, namespace: Option<&str>) -> v1::AccessQuestion {
    v1::AccessQuestion {
        service_account: None,
        attributes: Some(Attributes::Written(v1::WrittenAttributes {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            name: String::new(),
            namespace: namespace.map(ToOwned::to_owned),
        })),
    }
}

fn asked_by(namespace: &str, name: &str, question: v1::AccessQuestion) -> v1::AccessQuestion {
    v1::AccessQuestion {
        service_account: Some(v1::ServiceAccountRef {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }),
        ..question
    }
}

async fn can_i(request: v1::CanIRequest) -> Result<v1::CanIResponse, Status> {
    Ok(client().can_i(request).await?.into_inner())
}

#[tokio::test]
async fn rights_come_with_what_grants_them_and_what_is_dangerous() {
    let response = client()
        .list_rights(rights_request())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(response.operator.unwrap().name, "shop-operator");
    assert_eq!(response.next_page_token, "");
    let rights: Vec<Right> = response
        .rights
        .into_iter()
        .map(|right| opsec_wire::decode_right(right).unwrap())
        .collect();
    // What it was given comes before what everyone has.
    assert!(rights.is_sorted_by_key(|right| right.bootstrap));
    assert!(rights.iter().any(|right| right.bootstrap));
    let secrets = rights
        .iter()
        .find(|right| right.resources == ["secrets"])
        .unwrap();
    assert_eq!(secrets.dangers[0].right, "ESC-SECRET-READ");
    assert_eq!(secrets.granted_by.rule, "rules[1]");
    assert_eq!(secrets.granted_by.right, "get, list, watch secrets");
    let source = secrets.granted_by.source.clone().unwrap();
    assert_eq!((source.file.as_str(), source.line), ("shop.yaml", 24));
    assert!(!secrets.unusable && secrets.ineffective.is_empty());
}

#[tokio::test]
async fn pages_of_rights_hold_each_once() {
    let mut client = client();
    let whole = client
        .list_rights(rights_request())
        .await
        .unwrap()
        .into_inner()
        .rights;
    let (mut paged, mut request) = (Vec::new(), rights_request());
    request.page_size = 2;
    loop {
        let response = client
            .list_rights(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert!(response.rights.len() <= 2);
        paged.extend(response.rights);
        request.page_token = response.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, whole);
    request.page_size = -1;
    let error = client.list_rights(request).await.unwrap_err();
    assert_eq!(reason(&error), "PAGE_SIZE_INVALID");
}

#[tokio::test]
async fn a_page_token_is_bound_to_its_list_its_facts_and_its_operator() {
    let mut client = client();
    let first = v1::ListRightsRequest {
        page_size: 2,
        ..rights_request()
    };
    let response = client.list_rights(first.clone()).await.unwrap();
    let page_token = response.into_inner().next_page_token;
    let other = MANIFEST.replace("watch, update]", "watch]");
    let changes: [fn(&mut v1::ListRightsRequest, v1::RawDocuments); 2] = [
        |request, _| request.operator = "shop-operator".to_owned(),
        |request, other| {
            request.input = Some(v1::list_rights_request::Input::Documents(other));
        },
    ];
    for change in changes {
        let mut request = first.clone();
        request.page_token.clone_from(&page_token);
        change(&mut request, documents(&other));
        let error = client.list_rights(request).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert_eq!(reason(&error), "PAGE_TOKEN_INVALID");
    }
    let listed = v1::ListConnectionsRequest {
        page_token,
        ..connections_request(MANIFEST)
    };
    let error = client.list_connections(listed).await.unwrap_err();
    assert_eq!(reason(&error), "PAGE_TOKEN_INVALID");
}

#[tokio::test]
async fn a_written_question_is_read_as_kubectl_reads_it() {
    let response = can_i(can_i_request(vec![
        written("get", "Secret", Some("kube-system")),
        written("update", "cart", None),
        written("delete", "carts.shop.example.com", Some("")),
        written("get", "/version", None),
        written("list", "no", None),
    ]))
    .await
    .unwrap();
    assert_eq!(response.operator.unwrap().name, "shop-operator");
    let read: Vec<(String, String, Option<String>, String)> = response
        .results
        .iter()
        .map(|result| result.read.clone().unwrap())
        .map(|read| (read.resource, read.group, read.namespace, read.path))
        .collect();
    let read_as = |resource: &str, group: &str, namespace: Option<&str>, path: &str| {
        let namespace = namespace.map(ToOwned::to_owned);
        (
            resource.to_owned(),
            group.to_owned(),
            namespace,
            path.to_owned(),
        )
    };
    assert_eq!(
        read,
        [
            read_as("secrets", "", Some("kube-system"), ""),
            read_as("carts", "shop.example.com", None, ""),
            read_as("carts", "shop.example.com", Some(""), ""),
            read_as("", "", Some(""), "/version"),
            read_as("nodes", "", Some(""), ""),
        ]
    );
    let allowed: Vec<Allowed> = response
        .results
        .iter()
        .map(|result| opsec_wire::decode_allowed("allowed", result.allowed).unwrap())
        .collect();
    assert_eq!(
        allowed,
        [
            Allowed::Yes,
            Allowed::Yes,
            Allowed::No,
            Allowed::Yes,
            Allowed::No
        ]
    );
    let update = &response.results[1].accounts[0];
    assert_eq!(update.namespace.as_deref(), Some("shop-operator"));
    assert_eq!(
        update.granted_by.as_ref().unwrap().right,
        "update carts.shop.example.com"
    );
    // Everyone may ask for the version, by the API server's own binding.
    assert!(response.results[3].accounts[0].bootstrap);
}

#[tokio::test]
async fn questions_that_name_accounts_need_no_operator_and_a_bad_one_spoils_no_other() {
    let manifest = "apiVersion: v1\nkind: Namespace\nmetadata: {name: empty}\n";
    let questions = vec![
        asked_by("shop", "cart", written("get", "secrets", Some("shop"))),
        asked_by("shop", "cart", v1::AccessQuestion::default()),
        asked_by("shop", "cart", written("", "secrets", None)),
        asked_by("shop", "cart", written("get", "/healthz", None)),
    ];
    let mut request = can_i_request(questions);
    request.input = Some(v1::can_i_request::Input::Documents(documents(manifest)));
    request.answer_only = true;
    let response = can_i(request.clone()).await.unwrap();
    assert!(response.operator.is_none());
    let results = &response.results;
    assert_eq!(results[0].allowed(), v1::Allowed::No);
    assert!(results[0].accounts.is_empty() && results[0].read.is_none());
    for bad in &results[1..3] {
        assert_eq!(bad.allowed(), v1::Allowed::Unspecified);
        assert_ne!(bad.error, "");
    }
    assert_eq!(results[3].allowed(), v1::Allowed::Yes);
    // One question without an account needs the operator that is not there.
    request.questions.push(written("get", "secrets", None));
    assert_eq!(
        reason(&can_i(request).await.unwrap_err()),
        "OPERATOR_NOT_FOUND"
    );
}

#[tokio::test]
async fn a_no_is_unknown_where_a_role_could_not_be_read() {
    let response = client()
        .list_rights(rights_request())
        .await
        .unwrap()
        .into_inner();
    assert!(!response.rights.is_empty());
    let mut snapshot = opsec_model::Snapshot::default();
    snapshot.source.kind = opsec_model::SourceKind::Cluster;
    let kind = opsec_model::Kind::new("roles", "rbac.authorization.k8s.io");
    let missing = "list roles".to_owned();
    snapshot.incomplete =
        BTreeMap::from([(kind, opsec_model::Completeness::Forbidden { missing })]);
    let questions = vec![
        asked_by("shop", "cart", written("get", "secrets", Some("shop"))),
        asked_by("shop", "cart", written("get", "secrets", Some(""))),
    ];
    let mut request = can_i_request(questions);
    let snapshot = opsec_wire::encode_snapshot(&snapshot).unwrap();
    request.input = Some(v1::can_i_request::Input::Snapshot(snapshot));
    for answer_only in [false, true] {
        request.answer_only = answer_only;
        let results = can_i(request.clone()).await.unwrap().results;
        assert_eq!(results[0].allowed(), v1::Allowed::Unknown);
        assert_eq!(results[0].accounts[0].reason(), "may not list roles");
        // No Role grants anything in all namespaces.
        assert_eq!(results[1].allowed(), v1::Allowed::No);
    }
}

#[tokio::test]
async fn what_cannot_be_asked_has_a_reason() {
    let too_many = vec![written("get", "secrets", None); 100_001];
    let error = can_i(can_i_request(too_many)).await.unwrap_err();
    assert_eq!(
        (error.code(), reason(&error)),
        (Code::InvalidArgument, "BATCH_TOO_LARGE".into())
    );
    assert_eq!(metadata(&error, "limit"), "100000");
    let mut request = can_i_request(vec![written("get", "secrets", None)]);
    request.component = "shop-oprator".to_owned();
    let error = can_i(request.clone()).await.unwrap_err();
    assert_eq!(
        (error.code(), reason(&error)),
        (Code::NotFound, "COMPONENT_NOT_FOUND".into())
    );
    assert_eq!(metadata(&error, "candidates"), "shop-operator");
    request.component = "Deployment/shop-operator".to_owned();
    assert_eq!(
        can_i(request).await.unwrap().results[0].allowed(),
        v1::Allowed::Yes
    );
    let error = can_i(v1::CanIRequest::default()).await.unwrap_err();
    assert_eq!(reason(&error), "FIELD_INVALID");
    let mut request = rights_request();
    request.operator = "shop-operater".to_owned();
    let error = client().list_rights(request).await.unwrap_err();
    assert_eq!(
        (error.code(), reason(&error)),
        (Code::NotFound, "OPERATOR_NOT_FOUND".into())
    );
}

#[tokio::test]
async fn chains_begin_in_the_operators_pods_and_say_where_each_hop_stands() {
    let input = v1::find_paths_request::Input::Documents(documents(MANIFEST));
    let request = v1::FindPathsRequest {
        input: Some(input),
        operator: String::new(),
    };
    let response = client()
        .find_paths(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(response.operator.unwrap().name, "shop-operator");
    let paths: Vec<opsec_model::Path> = response
        .paths
        .into_iter()
        .map(|path| opsec_wire::decode_path(path).unwrap())
        .collect();
    // It reads every Secret: tokens of others among them.
    let worst = paths.first().unwrap();
    assert!(!worst.cut, "{worst:?}");
    assert_eq!(worst.hops[0].from.name, "shop-operator");
    let evidence = paths
        .iter()
        .flat_map(|path| &path.hops)
        .flat_map(|hop| &hop.evidence);
    let sources: Vec<_> = evidence
        .filter_map(|evidence| evidence.source.clone())
        .collect();
    assert!(
        sources.iter().any(|source| source.file == "shop.yaml"),
        "{sources:?}"
    );
    let unknown = v1::FindPathsRequest {
        operator: "shop-operater".to_owned(),
        ..request
    };
    let error = client().find_paths(unknown).await.unwrap_err();
    assert_eq!(reason(&error), "OPERATOR_NOT_FOUND");
}

/// Two workloads, the second of which takes connections from the first alone.
const CLOSED: &str = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: a}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: a, image: a}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
";

fn decoded(response: v1::ListConnectionsResponse) -> Vec<Connection> {
    let tables = opsec_wire::ConnectionTables {
        peers: response.peers,
        port_sets: response.port_sets,
        connections: response.connections,
    };
    opsec_wire::decode_connections(tables).unwrap()
}

#[tokio::test]
async fn connections_are_what_policies_leave_open() {
    let mut client = client();
    let request = connections_request(CLOSED);
    let response = client
        .list_connections(request.clone())
        .await
        .unwrap()
        .into_inner();
    let whole = decoded(response);
    let db = Peer::Workload("shop/Deployment/db".to_owned());
    let web = Peer::Workload("shop/Deployment/web".to_owned());
    let to_db: Vec<&Connection> = whole.iter().filter(|one| one.to == db).collect();
    assert_eq!(to_db.len(), 1);
    assert_eq!(to_db[0].from, web);
    let ports = &to_db[0].ports[0];
    assert_eq!(
        (ports.protocol.as_str(), ports.first, ports.last),
        ("TCP", 5432, 5432)
    );
    assert!(whole.iter().all(|one| one.from != db));
    let (mut paged, mut request) = (Vec::new(), request);
    request.page_size = 2;
    loop {
        let response = client
            .list_connections(request.clone())
            .await
            .unwrap()
            .into_inner();
        request.page_token.clone_from(&response.next_page_token);
        paged.extend(decoded(response));
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, whole);
    let mut named = connections_request(CLOSED);
    named.operator = "web".to_owned();
    let of_web = decoded(client.list_connections(named).await.unwrap().into_inner());
    assert!(of_web.iter().all(|one| one.from == web || one.to == web));
    assert_eq!(of_web.len(), whole.len());
}
