//! Where each dangerous right leads a chain, by the role that explains it: to its end, or nowhere,
//! and then why. A right without a line here fails.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod operator;

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::{Explained, PathEnd};
use opsec_practices::{explain, find_paths, topics};

/// The gravest end of the chains in which the right is a hop.
const LEADS: &[(&str, PathEnd)] = &[
    ("ESC-AWSAUTH", PathEnd::ClusterAdmin),
    ("ESC-BIND", PathEnd::ClusterAdmin),
    ("ESC-CSR", PathEnd::ClusterAdmin),
    ("ESC-ESCALATE", PathEnd::ClusterAdmin),
    ("ESC-GHOST", PathEnd::ClusterAdmin),
    ("ESC-IMPERSONATE", PathEnd::ClusterAdmin),
    ("ESC-IMPERSONATE-SA", PathEnd::ClusterAdmin),
    ("ESC-OLM", PathEnd::ClusterAdmin),
    ("ESC-SECRET-CREATE", PathEnd::ClusterAdmin),
    ("ESC-SECRET-READ", PathEnd::Secrets),
    ("ESC-SECRET-REVEAL", PathEnd::Secrets),
    ("ESC-SECRET-WRITE", PathEnd::ClusterAdmin),
    ("ESC-TOKENREQ", PathEnd::ClusterAdmin),
    ("ESC-WILDCARD", PathEnd::ClusterAdmin),
    ("GRD-APISERVICE", PathEnd::Guards),
    ("GRD-CRD", PathEnd::Guards),
    ("GRD-CRD-UPDATE", PathEnd::Guards),
    ("GRD-ENGINE", PathEnd::Guards),
    ("GRD-MAP", PathEnd::Guards),
    ("GRD-NP", PathEnd::Guards),
    ("GRD-NP-CLUSTER", PathEnd::Guards),
    ("GRD-NP-CNI", PathEnd::Guards),
    ("GRD-NS-PATCH", PathEnd::Guards),
    ("GRD-NS-SUB", PathEnd::Guards),
    ("GRD-PSP", PathEnd::Guards),
    ("GRD-VAP", PathEnd::Guards),
    ("GRD-VWEBHOOK", PathEnd::Guards),
    ("GRD-WEBHOOK", PathEnd::Guards),
    ("GRD-WEBHOOK-DEL", PathEnd::Guards),
    ("INF-CM-WRITE", PathEnd::Guards),
    ("RUN-EPHEMERAL", PathEnd::Node),
    ("RUN-EXEC", PathEnd::Workloads),
    ("RUN-NODE-OBJ", PathEnd::Node),
    ("RUN-NODEPROXY", PathEnd::Node),
    ("RUN-PATCH-POD", PathEnd::Workloads),
    ("RUN-POD", PathEnd::ClusterAdmin),
    ("RUN-PV", PathEnd::Node),
    ("RUN-WORKLOAD", PathEnd::ClusterAdmin),
];

/// Rights that are no hop.
const NOWHERE: &[(&str, &str)] = &[
    (
        "ESC-ADMIN-BOUND",
        "the rights that the bound role holds are the hops",
    ),
    ("BOUND-VIEW", "reads, and neither Secrets nor into pods"),
    ("DOS-QUOTA", "an outage makes nobody of anyone"),
    (
        "ESC-CSR-SIGN",
        "a certificate is believed when the cluster's own key signed it, which no right gives",
    ),
    ("ESC-CTB", "whose trust it changes is not known"),
    (
        "ESC-DEPUTY",
        "what a controller does with its custom resource is that controller's to say",
    ),
    (
        "ESC-IMPERSONATE-USER",
        "of that user only the verbs named beside it are held, which are rights of the holder then",
    ),
    ("ESC-RB-WRITE", "hands on what is held"),
    ("ESC-ROLE-WRITE", "hands on what is held"),
    (
        "ESC-SA-ANNOT",
        "what a cloud identity may is outside of the cluster",
    ),
    ("ESC-SECRET-MOD", "who believes the Secret is not known"),
    ("GRD-CRD-DEL", "an outage makes nobody of anyone"),
    ("GRD-CRD-STATUS", "an outage makes nobody of anyone"),
    ("GRD-EVENTS", "hides, and gives nothing"),
    ("GRD-FLOW", "an outage makes nobody of anyone"),
    ("GRD-LEASE", "an outage makes nobody of anyone"),
    (
        "GRD-NS-CREATE",
        "only opens the way for pods, and is shown before their hop",
    ),
    ("GRD-NS-DELETE", "an outage makes nobody of anyone"),
    ("GRD-PODLOG", "what logs hold is not known"),
    ("INF-CM", "reads, and no Secrets"),
    ("INF-NONRES", "reads, and no Secrets"),
    ("INF-REVIEW", "asks, and gives nothing"),
    ("NET-DNS", "who believes the answer is not known"),
    ("NET-EP", "who believes the answer is not known"),
    ("NET-INGRESS", "what is published is not known to be weak"),
    ("NET-PODSTATUS", "who believes the answer is not known"),
    (
        "NET-REFGRANT",
        "what a Gateway does with a Secret is that Gateway's to say",
    ),
    ("NET-SVC", "who believes the answer is not known"),
    ("RUN-ATTACH", "what a volume holds is not known"),
    ("RUN-BIND", "places pods, and starts none"),
    ("RUN-DELETE-POD", "stops pods, and starts none of its own"),
    ("RUN-DRA", "what a device gives is not known"),
    ("RUN-EXEC-GET", "refused by the API server without create"),
    (
        "RUN-NODE",
        "moves pods; a node to move them to must be taken first",
    ),
    (
        "RUN-NODE-STATUS",
        "moves pods; a node to move them to must be taken first",
    ),
    ("RUN-NODESUB", "reads, and no Secrets"),
    ("RUN-PORTFWD", "what listens there is not known to be weak"),
    (
        "RUN-STORAGE",
        "what a provisioner or runtime does is its own to say",
    ),
];

/// What has to be there beside the role of the example for the right to lead anywhere.
fn beside(id: &str) -> String {
    match id {
        "ESC-AWSAUTH" => {
            "---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: aws-auth, namespace: kube-system}\n"
                .to_owned()
        }
        // Whoever joins with a bootstrap token.
        "ESC-SECRET-CREATE" => format!("---\n{JOINING}"),
        // Claims and pods where Pod Security holds pods.
        "RUN-PV" => format!("---\n{HELD_PODS}"),
        "ESC-OLM" => served("clusterextensions", "olm.operatorframework.io"),
        "RUN-NODE-OBJ" => served("machines", "cluster.x-k8s.io"),
        "GRD-PSP" => served("securitycontextconstraints", "security.openshift.io"),
        "GRD-NP-CNI" => served("ciliumnetworkpolicies", "cilium.io"),
        "GRD-NP-CLUSTER" => served("ciliumclusterwidenetworkpolicies", "cilium.io"),
        "GRD-ENGINE" => served("clusterpolicies", "kyverno.io"),
        _ => String::new(),
    }
}

const JOINING: &str = "kind: ClusterRoleBinding
metadata: {name: joining}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {kind: Group, apiGroup: rbac.authorization.k8s.io, name: 'system:bootstrappers:example'}
";

const HELD_PODS: &str = "kind: Namespace
apiVersion: v1
metadata: {name: example, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
kind: Role
metadata: {name: pods, namespace: example}
rules:
- {apiGroups: [''], resources: [persistentvolumeclaims, pods], verbs: [create]}
---
kind: RoleBinding
metadata: {name: pods, namespace: example}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pods}
subjects:
- {kind: ServiceAccount, namespace: example, name: example}
";

/// A role that can make the missing account and nothing else.
const GHOST: &str = "kind: ClusterRole
metadata: {name: example}
rules:
- {apiGroups: [''], resources: [serviceaccounts], verbs: [create]}
- {apiGroups: [''], resources: [serviceaccounts/token], resourceNames: [forgotten], verbs: [create]}
---
kind: ClusterRoleBinding
metadata: {name: forgotten}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {kind: ServiceAccount, namespace: default, name: forgotten}
";

/// The definition of a kind that the API server does not bring.
fn served(plural: &str, group: &str) -> String {
    format!(
        "---
kind: CustomResourceDefinition
apiVersion: apiextensions.k8s.io/v1
metadata: {{name: {plural}.{group}, labels: {{app.kubernetes.io/part-of: other}}}}
spec:
  group: {group}
  scope: Cluster
  names: {{plural: {plural}, singular: one, kind: One, listKind: OneList}}
  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]
"
    )
}

fn bad(id: &str) -> String {
    match id {
        "ESC-GHOST" => GHOST.to_owned(),
        _ => explain(id).unwrap().bad,
    }
}

/// The ends of the chains in which the right is a hop.
fn ends(id: &str, yaml: &str) -> BTreeSet<PathEnd> {
    let snapshot = operator::holding(id, yaml);
    let paths = find_paths(&snapshot, None).unwrap();
    paths
        .items
        .iter()
        .filter(|path| !path.cut)
        .filter(|path| path.hops.iter().any(|hop| hop.right.as_deref() == Some(id)))
        .map(|path| path.end)
        .collect()
}

fn rights() -> Vec<String> {
    let all = topics().into_iter();
    all.filter(|topic| topic.explains == Explained::Right)
        .map(|topic| topic.id)
        .collect()
}

#[test]
fn each_right_leads_to_its_end_or_is_said_to_lead_nowhere() {
    let leads: BTreeMap<&str, PathEnd> = LEADS.iter().copied().collect();
    let nowhere: BTreeMap<&str, &str> = NOWHERE.iter().copied().collect();
    let mut wrong = Vec::new();
    for id in rights() {
        let found = ends(&id, &(bad(&id) + &beside(&id)));
        let told = match (leads.get(&*id), nowhere.get(&*id)) {
            (Some(end), None) => found.first() == Some(end),
            (None, Some(_)) => found.is_empty(),
            _ => false,
        };
        if !told {
            wrong.push(format!("{id} leads to {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(rights().len(), leads.len() + nowhere.len());
}

#[test]
fn what_has_to_be_there_makes_the_difference() {
    for id in rights() {
        if !beside(&id).is_empty() {
            let without = ends(&id, &bad(&id));
            assert!(without.is_empty(), "{id} leads to {without:?} without it");
        }
    }
}
