//! Rights, answers and connections survive the wire; what does not decode names its field.

use opsec_model::{
    AccessQuestion, AccountAnswer, Allowed, Connection, Danger, GrantedBy, ObjectRef, Peer,
    PortRange, Reach, Right, ServiceAccountRef, Severity, SourceLine,
};
use opsec_wire::{
    ConnectionTables, decode_account_answer, decode_connections, decode_question, decode_right,
    encode_account_answer, encode_connections, encode_question, encode_right,
};
use proptest::prelude::*;

fn grant() -> GrantedBy {
    GrantedBy {
        subject: ObjectRef::namespaced("ServiceAccount", "shop", "cart"),
        binding: ObjectRef::cluster("ClusterRoleBinding", "cart"),
        role: ObjectRef::cluster("ClusterRole", "cart"),
        rule: "rules[2]".to_owned(),
        right: "get secrets".to_owned(),
        source: Some(SourceLine {
            file: "shop.yaml".to_owned(),
            document: 3,
            line: 14,
        }),
    }
}

fn right() -> Right {
    let list = |items: &[&str]| items.iter().map(ToString::to_string).collect();
    Right {
        service_account: ServiceAccountRef::new("shop", "cart"),
        namespace: Some("shop".to_owned()),
        verbs: list(&["get", "create"]),
        api_groups: list(&["", "apps"]),
        resources: list(&["secrets"]),
        resource_names: list(&["a"]),
        non_resource_urls: list(&["/metrics"]),
        bootstrap: true,
        ineffective: list(&["no request carries a name"]),
        unusable: true,
        dangers: vec![Danger {
            right: "ESC-SECRET-READ".to_owned(),
            severity: Severity::High,
            reach: Reach::Cluster,
        }],
        granted_by: grant(),
    }
}

#[test]
fn a_right_survives_the_wire() {
    let bare = Right {
        namespace: None,
        bootstrap: false,
        ineffective: Vec::new(),
        unusable: false,
        dangers: Vec::new(),
        ..right()
    };
    for right in [right(), bare] {
        assert_eq!(decode_right(encode_right(&right)), Ok(right));
    }
}

#[test]
fn an_answer_and_its_question_survive_the_wire() {
    for allowed in [Allowed::Yes, Allowed::No, Allowed::Unknown] {
        let answer = AccountAnswer {
            service_account: ServiceAccountRef::new("shop", "cart"),
            namespace: Some("shop".to_owned()),
            allowed,
            granted_by: (allowed == Allowed::Yes).then(grant),
            bootstrap: allowed == Allowed::Yes,
            reason: (allowed == Allowed::Unknown).then(|| "may not list roles".to_owned()),
        };
        assert_eq!(
            decode_account_answer(encode_account_answer(&answer)),
            Ok(answer)
        );
    }
    for namespace in [None, Some(String::new()), Some("shop".to_owned())] {
        let question = AccessQuestion {
            verb: "get".to_owned(),
            group: "apps".to_owned(),
            resource: "deployments".to_owned(),
            subresource: "scale".to_owned(),
            name: "cart".to_owned(),
            namespace,
            path: "/metrics".to_owned(),
        };
        assert_eq!(decode_question(encode_question(question.clone())), question);
    }
}

fn any_peer() -> impl Strategy<Value = Peer> {
    prop_oneof![
        (0..4u8).prop_map(|number| Peer::Workload(format!("shop/Deployment/w{number}"))),
        (0..3u8).prop_map(|number| Peer::Range(format!("10.0.{number}.0-10.0.{number}.255"))),
    ]
}

fn any_ports() -> impl Strategy<Value = Vec<PortRange>> {
    let range =
        (prop_oneof![Just("TCP"), Just("UDP")], 1..4u16).prop_map(|(protocol, first)| PortRange {
            protocol: protocol.to_owned(),
            first,
            last: first + 1,
        });
    proptest::collection::vec(range, 1..3)
}

proptest! {
    #[test]
    fn connections_survive_the_wire_each_end_sent_once(
        all in proptest::collection::vec((any_peer(), any_peer(), any_ports()), 0..40)
    ) {
        let all: Vec<Connection> = all
            .into_iter()
            .map(|(from, to, ports)| Connection { from, to, ports })
            .collect();
        let tables = encode_connections(&all);
        prop_assert!(tables.peers.len() <= 7);
        prop_assert_eq!(decode_connections(tables), Ok(all));
    }
}

type Breaks = fn(&mut ConnectionTables);

#[test]
fn what_does_not_decode_names_its_field() {
    let mut broken = encode_right(&right());
    broken.dangers[0].severity = 99;
    assert_eq!(
        decode_right(broken).map_err(|e| e.field),
        Err("dangers[0].severity".to_owned())
    );
    let mut broken = encode_right(&right());
    broken.granted_by = None;
    assert_eq!(
        decode_right(broken).map_err(|e| e.field),
        Err("granted_by".to_owned())
    );
    let connection = Connection {
        from: Peer::Range("10.0.0.0-10.0.0.1".to_owned()),
        to: Peer::Workload("shop/Deployment/cart".to_owned()),
        ports: Vec::new(),
    };
    let cases: [(Breaks, &str); 3] = [
        (|tables| tables.connections[0].to = 2, "connections[0].to"),
        (|tables| tables.peers[1].peer = None, "peers[1].peer"),
        (|tables| tables.port_sets.clear(), "connections[0].ports"),
    ];
    for (breaks, field) in cases {
        let mut tables = encode_connections(std::slice::from_ref(&connection));
        breaks(&mut tables);
        assert_eq!(
            decode_connections(tables).map_err(|e| e.field),
            Err(field.to_owned())
        );
    }
}
