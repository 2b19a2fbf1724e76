//! Hand-built chains.

use opsec_model::{Evidence, Hop, ObjectRef, Path, PathEnd, Severity, SourceLine};

fn evidence(role: &str, field: &str, line: u32) -> Evidence {
    Evidence {
        object: ObjectRef::cluster("ClusterRole", role),
        field: field.into(),
        source: Some(SourceLine {
            file: "cert-manager.yaml".into(),
            document: 9,
            line,
        }),
    }
}

/// Two hops that nothing cuts.
pub(crate) fn open() -> Path {
    let account = ObjectRef::namespaced(
        "ServiceAccount",
        "kube-system",
        "clusterrole-aggregation-controller",
    );
    Path {
        end: PathEnd::ClusterAdmin,
        severity: Severity::Critical,
        cut: false,
        hops: vec![
            Hop {
                from: ObjectRef::namespaced("Deployment", "cert-manager", "cert-manager"),
                to: account.clone(),
                right: Some("ESC-SECRET-WRITE".into()),
                action: "writes a token Secret of any ServiceAccount and reads it".into(),
                evidence: vec![
                    evidence("cert-manager-controller-issuers", "rules[2]", 12903),
                    evidence("cert-manager-controller-clusterissuers", "rules[2]", 12955),
                    evidence("cert-manager-controller-certificates", "rules[4]", 12942),
                ],
                practice: Some(3),
                cut: false,
                reason: None,
            },
            Hop {
                from: account,
                to: ObjectRef::cluster("ClusterRole", "cluster-admin"),
                right: None,
                action: "may escalate: gives itself every right".into(),
                evidence: Vec::new(),
                practice: None,
                cut: false,
                reason: None,
            },
        ],
    }
}

/// One hop that a practice cuts.
pub(crate) fn cut() -> Path {
    Path {
        end: PathEnd::Node,
        severity: Severity::Critical,
        cut: true,
        hops: vec![Hop {
            from: ObjectRef::namespaced("Deployment", "cert-manager", "cert-manager"),
            to: ObjectRef::cluster("Node", "*"),
            right: Some("RUN-POD".into()),
            action: "creates a privileged pod beside itself".into(),
            evidence: vec![evidence(
                "cert-manager-controller-challenges",
                "rules[5]",
                13029,
            )],
            practice: Some(4),
            cut: true,
            reason: Some("namespace cert-manager enforces restricted".into()),
        }],
    }
}
