//! What the API server would refuse: a notice that names object and field, and no object.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

use opsec_manifests::{Input, Manifests, Options, read};
use opsec_model::NoticeCode;

fn manifests(text: &str) -> Manifests {
    let input = Input {
        name: "a.yaml".into(),
        bytes: text.as_bytes().to_vec(),
    };
    read(&[input], &Options::default()).unwrap()
}

fn rbac(kind: &str, rest: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: x, namespace: shop}}\n{rest}\n"
    )
}

fn policy(spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: x, namespace: shop}}\nspec: {spec}\n"
    )
}

fn pod(spec: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: x, namespace: shop}}\nspec: {spec}\n")
}

/// How many objects of any list that this file is about are in the snapshot.
fn count(manifests: &Manifests) -> usize {
    let snapshot = &manifests.snapshot;
    snapshot.roles.len()
        + snapshot.cluster_roles.len()
        + snapshot.role_bindings.len()
        + snapshot.cluster_role_bindings.len()
        + snapshot.network_policies.len()
        + snapshot.workloads.len()
        + snapshot.config_maps.len()
        + snapshot.custom_resource_definitions.len()
        + snapshot.custom_objects.len()
}

fn refused(text: &str, field: &str) {
    let manifests = manifests(text);
    assert_eq!(count(&manifests), 0, "{text}");
    assert_eq!(manifests.objects, 1, "{text}");
    let [notice] = manifests.snapshot.notices.as_slice() else {
        panic!("{text}: {:?}", manifests.snapshot.notices);
    };
    assert_eq!(notice.code, NoticeCode::InvalidObject, "{text}");
    assert!(
        notice.message.contains(&format!(": {field}: ")),
        "{field} is not in `{}`",
        notice.message
    );
    for rust in ["struct", "i32", "i64", "sequence", "Option"] {
        assert!(!notice.message.contains(rust), "{}", notice.message);
    }
    assert!(notice.object.is_some() && notice.source.is_some(), "{text}");
}

fn accepted(text: &str) {
    let manifests = manifests(text);
    assert_eq!(manifests.snapshot.notices, [], "{text}");
    assert_eq!(count(&manifests), 1, "{text}");
}

const ROLE_REF: &str =
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}";

#[test]
fn bindings_are_refused_as_the_api_server_refuses_them() {
    let subject = |subject: &str| format!("{ROLE_REF}\nsubjects: [{subject}]");
    for (kind, rest, field) in [
        (
            "ClusterRoleBinding",
            "roleRef: {kind: Role, name: view}".to_owned(),
            "roleRef.kind",
        ),
        (
            "RoleBinding",
            "roleRef: {kind: Rolle, name: view}".to_owned(),
            "roleRef.kind",
        ),
        (
            "RoleBinding",
            "roleRef: {kind: Role}".to_owned(),
            "roleRef.name",
        ),
        (
            "RoleBinding",
            "roleRef: {kind: Role, name: a/b}".to_owned(),
            "roleRef.name",
        ),
        (
            "RoleBinding",
            "roleRef: {apiGroup: apps, kind: Role, name: view}".to_owned(),
            "roleRef.apiGroup",
        ),
        ("RoleBinding", "subjects: []".to_owned(), "roleRef.kind"),
        (
            "ClusterRoleBinding",
            subject(
                "{kind: ServiceAccount, apiGroup: rbac.authorization.k8s.io, name: a, namespace: b}",
            ),
            "subjects[0].apiGroup",
        ),
        (
            "RoleBinding",
            subject("{kind: User, apiGroup: '', name: a}, {kind: Robot, name: a}"),
            "subjects[1].kind",
        ),
        (
            "RoleBinding",
            subject("{kind: User, apiGroup: apps, name: a}"),
            "subjects[0].apiGroup",
        ),
        ("RoleBinding", subject("{kind: User}"), "subjects[0].name"),
        (
            "RoleBinding",
            subject("{kind: ServiceAccount, name: A_B}"),
            "subjects[0].name",
        ),
        (
            "RoleBinding",
            subject("{kind: User, name: 7}"),
            "subjects[0].name",
        ),
        ("RoleBinding", "roleRef: view".to_owned(), "roleRef"),
    ] {
        refused(&rbac(kind, &rest), field);
    }
}

#[test]
fn groups_of_subjects_and_roles_are_defaulted() {
    let text = rbac(
        "RoleBinding",
        "roleRef: {kind: Role, name: a}\nsubjects: [{kind: User, name: b}, {kind: Group, name: c}, {kind: ServiceAccount, name: d}]",
    );
    accepted(&text);
    let binding = &manifests(&text).snapshot.role_bindings[0];
    assert_eq!(binding.role_ref.api_group, "rbac.authorization.k8s.io");
    let groups: Vec<_> = binding
        .subjects
        .iter()
        .map(|subject| subject.api_group.as_deref())
        .collect();
    let rbac = Some("rbac.authorization.k8s.io");
    assert_eq!(groups, [rbac, rbac, None]);
    assert_eq!(binding.subjects[2].namespace, None, "it has the binding's");
}

#[test]
fn rules_are_refused_as_the_api_server_refuses_them() {
    let good = "{apiGroups: [''], resources: [pods], verbs: [get]}";
    let rules = |rule: &str| format!("rules: [{good}, {rule}]");
    for (kind, rule, field) in [
        (
            "Role",
            "{apiGroups: [''], resources: [pods]}",
            "rules[1].verbs",
        ),
        (
            "ClusterRole",
            "{resources: [pods], verbs: [get]}",
            "rules[1].apiGroups",
        ),
        (
            "ClusterRole",
            "{apiGroups: [''], verbs: [get]}",
            "rules[1].resources",
        ),
        (
            "Role",
            "{nonResourceURLs: [/x], verbs: [get]}",
            "rules[1].nonResourceURLs",
        ),
        (
            "ClusterRole",
            "{nonResourceURLs: [/x], resources: [pods], apiGroups: [''], verbs: [get]}",
            "rules[1].nonResourceURLs",
        ),
        (
            "Role",
            "{apiGroups: '', resources: [pods], verbs: [get]}",
            "rules[1].apiGroups",
        ),
    ] {
        refused(&rbac(kind, &rules(rule)), field);
    }
    accepted(&rbac(
        "ClusterRole",
        &rules("{nonResourceURLs: [/x], verbs: [get]}"),
    ));
    accepted(&rbac(
        "Role",
        &rules("{apiGroups: [apps], resources: [a, b], resourceNames: [c], verbs: [get]}"),
    ));
    refused(
        &rbac("ClusterRole", "aggregationRule: {}"),
        "aggregationRule.clusterRoleSelectors",
    );
    refused(
        &rbac(
            "ClusterRole",
            "aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: a, operator: Like}]}]}",
        ),
        "aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator",
    );
}

/// A spec that the API server refuses, and the field.
const BAD_POLICIES: &[(&str, &str)] = &[
    (
        "{podSelector: {matchExpressions: [{key: a, operator: Equals, values: [b]}]}}",
        "spec.podSelector.matchExpressions[0].operator",
    ),
    (
        "{podSelector: {matchExpressions: [{key: a, operator: In}]}}",
        "spec.podSelector.matchExpressions[0].values",
    ),
    (
        "{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}",
        "spec.podSelector.matchExpressions[0].values",
    ),
    (
        "{podSelector: {matchLabels: {a b: c}}}",
        "spec.podSelector.matchLabels",
    ),
    (
        "{podSelector: {}, ingress: [{from: [{}]}]}",
        "spec.ingress[0].from[0]",
    ),
    (
        "{podSelector: {}, ingress: [{from: [{podSelector: null}]}]}",
        "spec.ingress[0].from[0]",
    ),
    (
        "{podSelector: {}, egress: [{to: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}",
        "spec.egress[0].to[0]",
    ),
    (
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0}}]}]}",
        "spec.egress[0].to[0].ipBlock.cidr",
    ),
    (
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [192.168.0.0/16]}}]}]}",
        "spec.egress[0].to[0].ipBlock.except[0]",
    ),
    (
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}",
        "spec.egress[0].to[0].ipBlock.except[0]",
    ),
    (
        "{podSelector: {}, egress: [{ports: [{port: http, endPort: 90}]}]}",
        "spec.egress[0].ports[0].endPort",
    ),
    (
        "{podSelector: {}, egress: [{ports: [{endPort: 90}]}]}",
        "spec.egress[0].ports[0].endPort",
    ),
    (
        "{podSelector: {}, egress: [{ports: [{port: 90, endPort: 80}]}]}",
        "spec.egress[0].ports[0].endPort",
    ),
    (
        "{podSelector: {}, egress: [{ports: [{port: 0}]}]}",
        "spec.egress[0].ports[0].port",
    ),
    (
        "{podSelector: {}, egress: [{ports: [{port: '80'}]}]}",
        "spec.egress[0].ports[0].port",
    ),
    (
        "{podSelector: {}, egress: [{ports: [{port: true}]}]}",
        "spec.egress[0].ports[0].port",
    ),
    (
        "{podSelector: {}, egress: [{ports: [{protocol: ICMP}]}]}",
        "spec.egress[0].ports[0].protocol",
    ),
    (
        "{podSelector: {}, policyTypes: [egress]}",
        "spec.policyTypes[0]",
    ),
];

#[test]
fn network_policies_are_refused_as_the_api_server_refuses_them() {
    for (spec, field) in BAD_POLICIES {
        refused(&policy(spec), field);
    }
    for spec in [
        "{podSelector: {}}",
        "{podSelector: {}, ingress: [{}], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}], ports: [{port: 80, endPort: 90, protocol: SCTP}, {port: http}, {protocol: UDP}]}], policyTypes: [Ingress, Egress]}",
        "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 'fd00::/8'}}, {podSelector: {}, namespaceSelector: {}}]}]}",
    ] {
        accepted(&policy(spec));
    }
}

#[test]
fn fields_of_the_wrong_type_are_refused_with_their_path() {
    refused(
        &pod("{hostNetwork: 'yes', containers: [{name: a}]}"),
        "spec.hostNetwork",
    );
    refused(
        &pod("{containers: [{name: a, securityContext: {privileged: 1}}]}"),
        "spec.containers[0].securityContext.privileged",
    );
    refused(&pod("{containers: {}}"), "spec.containers");
    refused(&pod("{}"), "spec.containers");
    accepted(&pod(
        "{hostNetwork: yes, automountServiceAccountToken: no, containers: [{name: a}]}",
    ));
    refused(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop, labels: {a: true}}\n",
        "metadata.labels.a",
    );
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: shop}\nspec: {replicas: two, template: {spec: {containers: [{name: a}]}}}\n";
    refused(deployment, "spec.replicas");
}

#[test]
fn names_are_required_and_checked() {
    let map = |metadata: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\n");
    for metadata in [
        "{namespace: shop}",
        "{name: '', namespace: shop}",
        "{name: A, namespace: shop}",
        "{name: a/b, namespace: shop}",
    ] {
        refused(&map(metadata), "metadata.name");
    }
    refused(&map("{name: a, namespace: Shop}"), "metadata.namespace");
    refused(
        &map("{name: a, namespace: shop, labels: {'a b': c}}"),
        "metadata.labels",
    );
    let misspelt = manifests(&pod("{containers: [{name: a}]}").replace("name: x", "name: a_b"));
    assert_eq!(
        (misspelt.snapshot.workloads.len(), misspelt.objects),
        (1, 1)
    );
    assert_eq!(
        misspelt.snapshot.notices[0].message,
        "Pod/shop/a_b: metadata.name: `a_b` is not a name; the API server refuses it, but what it asks for is plain and is judged"
    );
    accepted(&map("{name: a.b-c, namespace: shop}"));
    accepted(&map("{generateName: a-, namespace: shop}"));
    accepted(&rbac("ClusterRole", "").replace("name: x", "name: 'system:controller:a'"));
}

#[test]
fn kinds_that_the_release_does_not_serve_are_refused_in_its_own_groups() {
    for (api_version, kind) in [
        ("apps/v1beta1", "Deployment"),
        ("apps/v1", "Deployment2"),
        ("extensions/v1beta1", "Ingress"),
        ("policy/v1beta1", "PodSecurityPolicy"),
        ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"),
    ] {
        let manifests = manifests(&format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\n"
        ));
        let notices = &manifests.snapshot.notices;
        assert_eq!(notices[0].code, NoticeCode::InvalidObject);
        assert_eq!(
            notices[0].message,
            format!(
                "{kind}/x: `{kind}` of `{api_version}` is not served by Kubernetes 1.36; the API server refuses it, so it counts for nothing"
            )
        );
        assert_eq!(
            (notices.len(), count(&manifests), manifests.objects),
            (1, 0, 1)
        );
    }
}

#[test]
fn kinds_of_other_groups_are_counted() {
    let text = "\
apiVersion: a.io/v1\nkind: A\nmetadata: {name: x}\n---\n\
apiVersion: a.io/v1\nkind: A\nmetadata: {name: y1}\n---\n\
apiVersion: b.io/v1\nkind: B\nmetadata: {name: x}\n---\n\
apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: x, namespace: shop}\n";
    let manifests = manifests(text);
    assert_eq!(manifests.objects, 4);
    assert_eq!(manifests.snapshot.custom_objects.len(), 4);
    let notices: Vec<_> = manifests
        .snapshot
        .notices
        .iter()
        .map(|notice| (notice.code, notice.message.as_str()))
        .collect();
    assert_eq!(
        notices,
        [(
            NoticeCode::UnknownKinds,
            "3 objects are of kinds that these files do not define: A.a.io (2), B.b.io (1)"
        )]
    );
}

#[test]
fn definitions_are_refused_as_the_api_server_refuses_them() {
    let definition = |name: &str, scope: &str, versions: &str| {
        format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: {name}}}\nspec: {{group: x.io, scope: {scope}, names: {{plural: as, kind: A}}, versions: {versions}}}\n"
        )
    };
    let version = "[{name: v1, served: true, storage: true}]";
    accepted(&definition("as.x.io", "Cluster", version));
    refused(&definition("a.x.io", "Cluster", version), "metadata.name");
    refused(&definition("as.x.io", "Everywhere", version), "spec.scope");
    refused(&definition("as.x.io", "Cluster", "[]"), "spec.versions");
}
