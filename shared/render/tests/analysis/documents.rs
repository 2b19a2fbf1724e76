//! Hand-built documents, one thing of each that a view must show.

use opsec_model::{
    API_VERSION, AccessAnswer, AccessQuestion, AccountAnswer, Allowed, Connection, ConnectionList,
    Danger, GrantedBy, ObjectRef, OperatorSummary, Peer, PortRange, Reach, Right, RightList,
    ServiceAccountRef, Severity, Source, SourceLine,
};

fn operator() -> OperatorSummary {
    OperatorSummary {
        name: "cart".into(),
        namespaces: vec!["shop".into()],
        ..OperatorSummary::default()
    }
}

fn grant(role: &str, index: usize) -> GrantedBy {
    GrantedBy {
        subject: ObjectRef::namespaced("ServiceAccount", "shop", "cart"),
        binding: ObjectRef::cluster("ClusterRoleBinding", role),
        role: ObjectRef::cluster("ClusterRole", role),
        rule: format!("rules[{index}]"),
        right: "get secrets".into(),
        source: Some(SourceLine {
            file: "cart.yaml".into(),
            document: 2,
            line: 20,
        }),
    }
}

fn of_everyone() -> GrantedBy {
    GrantedBy {
        subject: ObjectRef::cluster("Group", "system:authenticated"),
        source: None,
        ..grant("system:discovery", 0)
    }
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

fn right(account: &str, verbs: &[&str], groups: &[&str], resources: &[&str]) -> Right {
    Right {
        service_account: ServiceAccountRef::new("shop", account),
        namespace: None,
        verbs: list(verbs),
        api_groups: list(groups),
        resources: list(resources),
        resource_names: Vec::new(),
        non_resource_urls: Vec::new(),
        bootstrap: false,
        ineffective: Vec::new(),
        unusable: false,
        dangers: Vec::new(),
        granted_by: grant("cart", 1),
    }
}

fn danger(right: &str, severity: Severity, reach: Reach) -> Danger {
    Danger {
        right: right.into(),
        severity,
        reach,
    }
}

/// Rights that are dangerous, limited to names, in a namespace, unusable and everyone's.
pub(crate) fn rights() -> RightList {
    let secrets = Right {
        dangers: vec![
            danger("ESC-SECRET-READ", Severity::Critical, Reach::Cluster),
            danger("ESC-SECRET-MOD", Severity::High, Reach::Cluster),
            danger("INF-REVIEW", Severity::Info, Reach::Own),
        ],
        ..right(
            "cart",
            &["get", "list", "watch", "delete"],
            &[""],
            &["secrets"],
        )
    };
    let events = right(
        "cart",
        &["create", "patch"],
        &["", "events.k8s.io"],
        &["events"],
    );
    let items = vec![
        secrets,
        events.clone(),
        Right {
            granted_by: grant("cart-events", 0),
            ..events
        },
        Right {
            resource_names: list(&["a", "b", "c", "d", "e", "f", "g", ""]),
            ..right(
                "cart",
                &["update", "patch"],
                &["admissionregistration.k8s.io"],
                &[
                    "validatingwebhookconfigurations",
                    "mutatingwebhookconfigurations",
                ],
            )
        },
        Right {
            non_resource_urls: list(&["/metrics", "/logs/*"]),
            ..right("cart", &["get"], &[], &[])
        },
        Right {
            namespace: Some("kube-system".into()),
            ineffective: list(&["a RoleBinding grants nothing that lives in no namespace: nodes"]),
            unusable: true,
            ..right("cart", &["get"], &[""], &["nodes"])
        },
        Right {
            namespace: Some("kube-system".into()),
            ineffective: list(&["nothing here serves carts.shop.example"]),
            ..right(
                "cart",
                &["get"],
                &["", "shop.example"],
                &["pods/log", "carts"],
            )
        },
        Right {
            bootstrap: true,
            non_resource_urls: list(&["/api", "/healthz"]),
            granted_by: of_everyone(),
            ..right("cart", &["get"], &[], &[])
        },
        Right {
            bootstrap: true,
            non_resource_urls: list(&["/api", "/healthz"]),
            granted_by: of_everyone(),
            ..right("idle", &["get"], &[], &[])
        },
    ];
    RightList {
        api_version: API_VERSION.into(),
        kind: "RightList".into(),
        source: Source::default(),
        kubernetes_version: "1.36.3".into(),
        operator: operator(),
        items,
        notices: Vec::new(),
    }
}

fn account(name: &str, allowed: Allowed) -> AccountAnswer {
    AccountAnswer {
        service_account: ServiceAccountRef::new("shop", name),
        namespace: Some("shop".into()),
        allowed,
        granted_by: None,
        bootstrap: false,
        reason: None,
    }
}

/// Two accounts may, by different grants, and others may not.
pub(crate) fn answer() -> AccessAnswer {
    AccessAnswer {
        api_version: API_VERSION.into(),
        kind: "AccessAnswer".into(),
        operator: operator(),
        question: AccessQuestion {
            verb: "create".into(),
            group: "apps".into(),
            resource: "deployments".into(),
            subresource: "scale".into(),
            name: "web".into(),
            namespace: None,
            path: String::new(),
        },
        allowed: Allowed::Yes,
        items: vec![
            account("admission", Allowed::No),
            AccountAnswer {
                granted_by: Some(grant("cart", 3)),
                reason: Some("a creation carries a name only when it is applied".into()),
                ..account("cart", Allowed::Yes)
            },
            account("webhook", Allowed::No),
            AccountAnswer {
                granted_by: Some(of_everyone()),
                bootstrap: true,
                ..account("zeal", Allowed::Yes)
            },
        ],
        notices: Vec::new(),
    }
}

/// Nobody may, or nobody knows.
pub(crate) fn no_answer(allowed: Allowed) -> AccessAnswer {
    let item = |name: &str| AccountAnswer {
        namespace: None,
        reason: Some("nothing here serves deployments.apps".into()),
        ..account(name, allowed)
    };
    let answer = answer();
    AccessAnswer {
        question: AccessQuestion {
            namespace: Some("default".into()),
            ..answer.question
        },
        allowed,
        items: vec![item("cart"), item("webhook")],
        ..answer
    }
}

fn workload(name: &str) -> Peer {
    Peer::Workload(format!("shop/Deployment/{name}"))
}

fn range(range: &str) -> Peer {
    Peer::Range(range.into())
}

fn ports(protocol: &str, first: u16, last: u16) -> PortRange {
    PortRange {
        protocol: protocol.into(),
        first,
        last,
    }
}

/// Everyone in the shop reaches the database; the web alone reaches outside, and is reached.
pub(crate) fn connections() -> ConnectionList {
    let all = ["TCP", "UDP", "SCTP"].map(|protocol| ports(protocol, 1, 65535));
    let link = |from: Peer, to: Peer, ports: &[PortRange]| Connection {
        from,
        to,
        ports: ports.to_vec(),
    };
    let web = || workload("web");
    let mut connections = vec![
        link(
            range("0.0.0.0-9.255.255.255"),
            web(),
            &[ports("TCP", 443, 443)],
        ),
        link(
            range("10.0.0.0-10.255.255.255"),
            web(),
            &[ports("TCP", 443, 443)],
        ),
        link(web(), range("0.0.0.0-9.255.255.255"), &all),
        link(web(), range("11.0.0.0-255.255.255.255"), &all),
    ];
    let names = ["cart", "mail", "news", "pay", "search", "web"];
    for from in names {
        let database = [ports("TCP", 5432, 5432), ports("TCP", 6000, 6010)];
        connections.push(link(workload(from), workload("db"), &database));
        for to in names.into_iter().filter(|to| *to != from) {
            connections.push(link(workload(from), workload(to), &[ports("UDP", 53, 53)]));
        }
    }
    connections.sort();
    ConnectionList {
        api_version: API_VERSION.into(),
        kind: "ConnectionList".into(),
        source: Source::default(),
        connections,
        unknown: list(&["CiliumNetworkPolicy/shop/web may allow or deny traffic"]),
        notices: Vec::new(),
    }
}
