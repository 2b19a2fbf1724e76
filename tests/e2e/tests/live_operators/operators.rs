//! Which operators of the corpus are applied, and where.

use std::path::Path;

use opsec_manifests::Input;

/// An operator of the corpus.
#[derive(Debug)]
pub(crate) struct Shipped {
    /// Its file, without the ending.
    pub(crate) file: &'static str,
    /// What it is called by.
    pub(crate) name: &'static str,
    /// Where its objects go that name no namespace (`kubectl apply -n`).
    pub(crate) namespace: &'static str,
    /// What it makes for its custom resources: a file beside this one.
    pub(crate) payload: Option<&'static str>,
    /// The kind that the payload is made for, where no label of its definition says whose it is.
    pub(crate) unmarked: Option<&'static str>,
}

const fn shipped(file: &'static str, name: &'static str, namespace: &'static str) -> Shipped {
    Shipped {
        file,
        name,
        namespace,
        payload: None,
        unmarked: None,
    }
}

const fn with(payload: &'static str, shipped: Shipped) -> Shipped {
    Shipped {
        payload: Some(payload),
        ..shipped
    }
}

const fn unmarked(kind: &'static str, shipped: Shipped) -> Shipped {
    Shipped {
        unmarked: Some(kind),
        ..shipped
    }
}

/// Those whose namespaces differ and whose objects do not clash.
pub(crate) const OPERATORS: [Shipped; 13] = [
    shipped("argo-cd", "argocd", "argocd"),
    with(
        include_str!("payload/cert-manager.yaml"),
        shipped("cert-manager", "cert-manager", "cert-manager"),
    ),
    unmarked(
        "clusters.postgresql.cnpg.io",
        with(
            include_str!("payload/cloudnative-pg.yaml"),
            shipped("cloudnative-pg", "cloudnative-pg", "cnpg-system"),
        ),
    ),
    shipped(
        "cockroach-operator",
        "cockroach-operator",
        "cockroach-operator-system",
    ),
    shipped("crossplane", "crossplane", "crossplane-system"),
    shipped("external-secrets", "external-secrets", "external-secrets"),
    shipped(
        "flink-kubernetes-operator",
        "flink-kubernetes-operator",
        "flink",
    ),
    unmarked(
        "grafanas.grafana.integreatly.org",
        with(
            include_str!("payload/grafana-operator.yaml"),
            shipped("grafana-operator", "grafana-operator", "grafana"),
        ),
    ),
    shipped("keda", "keda", "keda"),
    shipped("longhorn", "longhorn", "longhorn-system"),
    shipped("metallb", "metallb", "metallb-system"),
    unmarked(
        "rabbitmqclusters.rabbitmq.com",
        with(
            include_str!("payload/rabbitmq-cluster-operator.yaml"),
            shipped(
                "rabbitmq-cluster-operator",
                "rabbitmq-cluster-operator",
                "rabbitmq-system",
            ),
        ),
    ),
    unmarked(
        "strimzipodsets.core.strimzi.io",
        with(
            include_str!("payload/strimzi-kafka-operator.yaml"),
            shipped(
                "strimzi-kafka-operator",
                "strimzi-cluster-operator",
                "myproject",
            ),
        ),
    ),
];

impl Shipped {
    /// Its file, and what it makes.
    pub(crate) fn inputs(&self, corpus: &Path) -> Vec<Input> {
        let path = corpus.join("operators").join(format!("{}.yaml", self.file));
        let mut inputs = vec![Input {
            name: format!("{}.yaml", self.file),
            bytes: std::fs::read(path).unwrap(),
        }];
        inputs.extend(self.payload.map(|text| Input {
            name: "payload.yaml".to_owned(),
            bytes: text.as_bytes().to_vec(),
        }));
        inputs
    }
}
