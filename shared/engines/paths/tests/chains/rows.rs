//! Each right that is a hop: whom one becomes by it, or what one comes to.

use opsec_model::PathEnd;
use opsec_model::PathEnd::{ClusterAdmin, Guards, Node, Secrets, Workloads};

use crate::world::World;

/// A row of a table: where a right is held (nothing is everywhere), the rules, the end, the chain.
type Row = (&'static str, &'static str, PathEnd, &'static str);

fn holds(rows: &[Row]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(place, rules, end, expected)| {
            let world = match *place {
                "" => World::new().everywhere(rules),
                namespace => World::new().within(namespace, rules),
            };
            let world = world.meant_for("tenant");
            let found = world.line(*end);
            (found != *expected).then(|| {
                format!("{rules} in {place:?} to {end:?}\n  is     {found}\n  not    {expected}")
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_right_in_the_cluster_is_the_end() {
    holds(&[
        ("", "* *.*", ClusterAdmin, "ESC-WILDCARD cluster-admin"),
        (
            "",
            "bind clusterroles.rbac.authorization.k8s.io; create clusterrolebindings.rbac.authorization.k8s.io",
            ClusterAdmin,
            "ESC-BIND cluster-admin",
        ),
        (
            "",
            "bind clusterroles.rbac.authorization.k8s.io",
            ClusterAdmin,
            "no chain",
        ),
        (
            "",
            "bind clusterroles.rbac.authorization.k8s.io view; create clusterrolebindings.rbac.authorization.k8s.io",
            ClusterAdmin,
            "no chain",
        ),
        (
            "",
            "escalate,update clusterroles.rbac.authorization.k8s.io",
            ClusterAdmin,
            "ESC-ESCALATE cluster-admin",
        ),
        (
            "",
            "escalate,update clusterroles.rbac.authorization.k8s.io other",
            ClusterAdmin,
            "no chain",
        ),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, one row an idea")]
fn an_account_is_become_in_each_way_that_gives_one() {
    holds(&[
        (
            "core",
            "create serviceaccounts/token",
            ClusterAdmin,
            "ESC-TOKENREQ core/root, ESC-WILDCARD cluster-admin",
        ),
        (
            "core",
            "create serviceaccounts/token root",
            ClusterAdmin,
            "ESC-TOKENREQ core/root, ESC-WILDCARD cluster-admin",
        ),
        (
            "core",
            "create serviceaccounts/token other",
            ClusterAdmin,
            "no chain",
        ),
        (
            "shop",
            "create serviceaccounts/token",
            ClusterAdmin,
            "no chain",
        ),
        (
            "core",
            "impersonate serviceaccounts",
            ClusterAdmin,
            "ESC-IMPERSONATE-SA core/root, ESC-WILDCARD cluster-admin",
        ),
        (
            "core",
            "create,get secrets",
            ClusterAdmin,
            "ESC-SECRET-WRITE core/root, ESC-WILDCARD cluster-admin",
        ),
        ("core", "create secrets", ClusterAdmin, "no chain"),
        ("core", "get secrets", ClusterAdmin, "no chain"),
        (
            "core",
            "create pods",
            ClusterAdmin,
            "RUN-POD core/root, ESC-WILDCARD cluster-admin",
        ),
        (
            "core",
            "create jobs.batch",
            ClusterAdmin,
            "RUN-WORKLOAD core/root, ESC-WILDCARD cluster-admin",
        ),
        (
            "core",
            "patch deployments.apps root",
            ClusterAdmin,
            "RUN-WORKLOAD core/root, ESC-WILDCARD cluster-admin",
        ),
        (
            "core",
            "patch deployments.apps other",
            ClusterAdmin,
            "no chain",
        ),
        ("core", "patch statefulsets.apps", ClusterAdmin, "no chain"),
        (
            "core",
            "create pods/exec",
            ClusterAdmin,
            "RUN-EXEC core/root, ESC-WILDCARD cluster-admin",
        ),
        (
            "core",
            "patch pods",
            ClusterAdmin,
            "RUN-PATCH-POD core/root, ESC-WILDCARD cluster-admin",
        ),
        (
            "core",
            "patch pods/ephemeralcontainers",
            ClusterAdmin,
            "RUN-EPHEMERAL core/root, ESC-WILDCARD cluster-admin",
        ),
        (
            "",
            "create certificatesigningrequests.certificates.k8s.io; update certificatesigningrequests/approval.certificates.k8s.io; approve signers.certificates.k8s.io kubernetes.io/kube-apiserver-client",
            ClusterAdmin,
            "ESC-CSR core/root, ESC-WILDCARD cluster-admin",
        ),
    ]);
}

#[test]
fn a_node_is_reached_through_the_kubelet_or_a_certificate_whatever_holds_pods() {
    holds(&[
        ("", "get nodes/proxy", Node, "RUN-NODEPROXY node"),
        (
            "",
            "create certificatesigningrequests.certificates.k8s.io; update certificatesigningrequests/approval.certificates.k8s.io; approve signers.certificates.k8s.io kubernetes.io/kube-apiserver-client-kubelet",
            Node,
            "ESC-CSR node",
        ),
        // Though every namespace would refuse a pod with hostPath.
        (
            "",
            "create persistentvolumes,persistentvolumeclaims,pods",
            Node,
            "RUN-PV node",
        ),
        ("", "create persistentvolumes", Node, "no chain"),
        // From the node come the tokens of the pods there.
        (
            "",
            "get nodes/proxy",
            ClusterAdmin,
            "RUN-NODEPROXY node, - core/root, ESC-WILDCARD cluster-admin",
        ),
    ]);
}

#[test]
fn a_volume_is_claimed_and_mounted_in_one_namespace() {
    let apart = World::new()
        .everywhere("create persistentvolumes")
        .within("shop", "create persistentvolumeclaims")
        .within("app", "create pods");
    assert!(
        !apart.line(Node).starts_with("RUN-PV"),
        "{}",
        apart.line(Node)
    );
    let together = World::new()
        .everywhere("create persistentvolumes")
        .within("shop", "create persistentvolumeclaims,pods");
    assert_eq!(together.line(Node), "RUN-PV node");
}

#[test]
fn secrets_workloads_and_guards_of_others_are_ends_themselves() {
    holds(&[
        ("", "get secrets", Secrets, "ESC-SECRET-READ secret"),
        ("", "patch secrets", Secrets, "ESC-SECRET-REVEAL secret"),
        ("shop", "list secrets", Secrets, "ESC-SECRET-READ shop/*"),
        ("shop", "create pods/exec", Workloads, "RUN-EXEC shop/*"),
        (
            "shop",
            "create serviceaccounts/token",
            Workloads,
            "ESC-TOKENREQ shop/*",
        ),
        (
            "",
            "patch mutatingwebhookconfigurations.admissionregistration.k8s.io",
            Guards,
            "GRD-WEBHOOK mutatingwebhookconfiguration",
        ),
        (
            "",
            "create customresourcedefinitions.apiextensions.k8s.io",
            Guards,
            "GRD-CRD customresourcedefinition",
        ),
        ("", "get pods,nodes,services", Guards, "no chain"),
    ]);
}

#[test]
fn a_token_secret_is_its_account_for_whoever_reads_it() {
    let token = "kind: Secret
apiVersion: v1
type: kubernetes.io/service-account-token
metadata: {name: old, namespace: core, annotations: {kubernetes.io/service-account.name: root}}";
    let reads = |rules| World::new().within("core", rules).beside(token);
    let expected = "ESC-SECRET-READ core/root, ESC-WILDCARD cluster-admin";
    assert_eq!(reads("get secrets").line(ClusterAdmin), expected);
    assert_eq!(reads("get secrets old").line(ClusterAdmin), expected);
    assert_eq!(reads("get secrets new").line(ClusterAdmin), "no chain");
}

#[test]
fn a_missing_account_is_made_only_where_its_token_can_be_taken() {
    let dangling = "kind: ClusterRoleBinding
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: gone}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, namespace: shop, name: gone}]";
    let world = |rules| World::new().within("shop", rules).beside(dangling);
    assert_eq!(
        world("create serviceaccounts,serviceaccounts/token").line(ClusterAdmin),
        "ESC-GHOST shop/gone, ESC-WILDCARD cluster-admin"
    );
    assert_eq!(
        world("create serviceaccounts").line(ClusterAdmin),
        "no chain"
    );
    assert_eq!(
        world("create serviceaccounts/token").line(ClusterAdmin),
        "no chain"
    );
}

#[test]
fn a_pod_that_leaves_for_its_node_is_a_hop_without_a_right() {
    let privileged = "containers: [{name: c, image: c, securityContext: {privileged: true}}]";
    let world = World::with_pods(privileged).unlabelled("app");
    assert_eq!(world.line(Node), "OPSEC314 node");
    assert_eq!(
        world.line(ClusterAdmin),
        "OPSEC314 node, - core/root, ESC-WILDCARD cluster-admin"
    );
}
