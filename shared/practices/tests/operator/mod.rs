//! An operator that holds what an example of a right shows.

use opsec_manifests::{Input, Options, read};
use opsec_model::Snapshot;

/// What an example leaves out: the operator that holds the role.
const OPERATOR: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: example}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: example, namespace: example}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: example, namespace: example}
spec:
  selector: {matchLabels: {app: example}}
  template:
    metadata: {labels: {app: example}}
    spec: {serviceAccountName: example, containers: [{name: example, image: example}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: KINDBinding
metadata: {name: bound, namespace: example}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: KIND, name: example}
subjects: [{kind: ServiceAccount, name: example, namespace: example}]
---
";

/// An operator whose only account holds the role of an example, beside whatever follows it.
#[expect(
    clippy::panic,
    reason = "an example that cannot be read fails the test"
)]
pub(crate) fn holding(id: &str, yaml: &str) -> Snapshot {
    let kind = if yaml.starts_with("kind: Role\n") {
        "Role"
    } else {
        "ClusterRole"
    };
    let yaml: String = yaml
        .lines()
        .map(|line| {
            if line.starts_with("kind: ") {
                format!("apiVersion: rbac.authorization.k8s.io/v1\n{line}\n")
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    let document = OPERATOR.replace("KIND", kind) + &yaml;
    let input = Input {
        name: "example.yaml".to_owned(),
        bytes: document.clone().into_bytes(),
    };
    read(&[input], &Options::default())
        .unwrap_or_else(|e| panic!("{id}: {e}\n{document}"))
        .snapshot
}
