//! What an operator is, sentence by sentence: small manifests, and what is found in them.

mod harness;

use std::collections::BTreeSet;

use harness::{find, snapshot};
use opsec_facts::Facts;
use opsec_model::objects::Metadata;
use opsec_model::{Snapshot, SourceKind};
use opsec_operators::{Operator, namespaces_of_others};

/// A workload; `labels` and `more` are lines of its metadata and of its pods' spec.
fn workload(kind: &str, namespace: &str, name: &str, metadata: &str, pods: &str) -> String {
    let version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    format!(
        "
apiVersion: {version}
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}{metadata}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{{pods}containers: [{{name: main, image: example.com/{name}:1}}]}}
---"
    )
}

fn deployment(namespace: &str, name: &str) -> String {
    workload("Deployment", namespace, name, "", &format!("serviceAccountName: {name}, "))
}

fn labelled(namespace: &str, name: &str, labels: &str) -> String {
    workload(
        "Deployment",
        namespace,
        name,
        &format!(", labels: {{{labels}}}"),
        &format!("serviceAccountName: {name}, "),
    )
}

fn account(namespace: &str, name: &str) -> String {
    format!(
        "
apiVersion: v1
kind: ServiceAccount
metadata: {{name: {name}, namespace: {namespace}}}
---"
    )
}

fn subjects(accounts: &[(&str, &str)]) -> String {
    let subjects: Vec<String> = accounts
        .iter()
        .map(|(namespace, name)| {
            format!("{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}")
        })
        .collect();
    format!("[{}]", subjects.join(", "))
}

fn role_binding(namespace: &str, role: &str, accounts: &[(&str, &str)]) -> String {
    format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {role}, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: {}
---",
        subjects(accounts)
    )
}

fn cluster_role_binding(role: &str, accounts: &[(&str, &str)]) -> String {
    format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {role}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: {}
---",
        subjects(accounts)
    )
}

fn cluster_role(name: &str, groups: &str, resources: &str, verbs: &str) -> String {
    format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}}}
rules: [{{apiGroups: [{groups}], resources: [{resources}], verbs: [{verbs}]}}]
---"
    )
}

fn definition(plural: &str, group: &str, kind: &str, labels: &str) -> String {
    format!(
        "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.{group}, labels: {{{labels}}}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{plural: {plural}, singular: x{plural}, kind: {kind}, listKind: {kind}List}}
  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]
---"
    )
}

const PART_OF: &str = "app.kubernetes.io/part-of";
const INSTANCE: &str = "app.kubernetes.io/instance";
const NAME: &str = "app.kubernetes.io/name";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

fn operators(files: &[(&str, &str)]) -> Vec<Operator> {
    find(&snapshot(files))
}

/// The operators of one file.
fn of(text: &str) -> Vec<Operator> {
    operators(&[("install.yaml", text)])
}

fn only(text: &str) -> Operator {
    let mut found = of(text);
    assert_eq!(found.len(), 1, "{:?}", components(&found));
    found.remove(0)
}

/// The components of each operator, as `namespace/name`.
fn components(operators: &[Operator]) -> Vec<Vec<String>> {
    let name = |operator: &Operator| {
        let components = operator.components.iter();
        components
            .map(|c| format!("{}/{}", c.account.namespace, c.object.name))
            .collect()
    };
    operators.iter().map(name).collect()
}

/// The accounts of an operator; those without a workload in parentheses, absent ones with `?`.
fn accounts(operator: &Operator) -> Vec<String> {
    let accounts = operator.accounts.iter();
    accounts
        .map(|account| {
            let absent = if account.exists { "" } else { "?" };
            let name = format!("{}{absent}", account.account);
            if account.workload { name } else { format!("({name})") }
        })
        .collect()
}

fn owned(operator: &Operator) -> Vec<String> {
    operator.owned_kinds.iter().map(ToString::to_string).collect()
}

#[test]
fn every_kind_of_workload_is_a_component_and_tests_are_not() {
    let kinds = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"];
    let mut text: String = kinds
        .iter()
        .map(|kind| workload(kind, "o", &kind.to_lowercase(), "", ""))
        .collect();
    text += "
apiVersion: batch/v1
kind: CronJob
metadata: {name: cronjob, namespace: o}
spec:
  schedule: '* * * * *'
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: a}]}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: pod, namespace: o}
spec: {containers: [{name: main, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: test, namespace: o, annotations: {helm.sh/hook: test}}
spec: {containers: [{name: main, image: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: test-success, namespace: o, annotations: {helm.sh/hook: test-success}}
spec: {containers: [{name: main, image: a}]}
---";
    let found: BTreeSet<String> =
        only(&text).components.into_iter().map(|c| c.object.kind).collect();
    let expected = kinds.into_iter().chain(["CronJob", "Pod"]).map(str::to_owned);
    assert_eq!(found, expected.collect());
    assert_eq!(only(&text).components.len(), 7);
}

#[test]
fn hook_jobs_are_components_marked_as_hooks() {
    let hook = ", annotations: {helm.sh/hook: 'post-install,post-upgrade'}";
    let text = workload("Job", "o", "setup", hook, "") + &deployment("o", "controller");
    let hooks: Vec<(String, bool)> = only(&text)
        .components
        .into_iter()
        .map(|component| (component.object.name, component.hook))
        .collect();
    assert_eq!(hooks, [("controller".to_owned(), false), ("setup".to_owned(), true)]);
}

#[test]
fn workloads_of_one_namespace_are_one_operator_unless_their_labels_differ() {
    let part = |value: &str| format!("{PART_OF}: {value}");
    let instance = |value: &str| format!("{INSTANCE}: {value}");
    let one: [Vec<String>; 5] = [
        vec![deployment("o", "a"), deployment("o", "b")],
        vec![labelled("o", "a", &part("x")), labelled("o", "b", &part("x"))],
        // Nothing said is nothing different.
        vec![labelled("o", "a", &part("x")), deployment("o", "b")],
        vec![labelled("o", "a", &part("x")), labelled("o", "b", &instance("y"))],
        // The name alone tells the parts of one operator apart.
        vec![
            labelled("o", "a", &format!("{NAME}: a")),
            labelled("o", "b", &format!("{NAME}: b")),
        ],
    ];
    for texts in one {
        assert_eq!(components(&of(&texts.concat())), [["o/a", "o/b"]], "{texts:?}");
    }
    let two: [Vec<String>; 4] = [
        vec![labelled("o", "a", &part("x")), labelled("o", "b", &part("y"))],
        vec![labelled("o", "a", &instance("x")), labelled("o", "b", &instance("y"))],
        vec![
            labelled("o", "a", &format!("{}, {}", part("x"), instance("i"))),
            labelled("o", "b", &format!("{}, {}", part("x"), instance("j"))),
        ],
        vec![deployment("n", "a"), deployment("o", "b")],
    ];
    for texts in two {
        assert_eq!(of(&texts.concat()).len(), 2, "{texts:?}");
    }
}

#[test]
fn what_has_no_labels_beside_two_operators_goes_where_it_belongs() {
    let two = labelled("o", "a", &format!("{PART_OF}: x"))
        + &labelled("o", "b", &format!("{PART_OF}: y"));
    // It runs as the account of one of them.
    let helper = workload("Job", "o", "helper", "", "serviceAccountName: a, ");
    let found = of(&format!("{two}{helper}"));
    assert_eq!(components(&found), [vec!["o/a", "o/helper"], vec!["o/b"]]);
    // Nothing says whose it is.
    let stray = workload("Job", "o", "stray", "", "");
    assert_eq!(of(&format!("{two}{stray}")).len(), 3);
    // It stands in the file of one of them.
    let found = operators(&[
        ("x.yaml", &(labelled("o", "a", &format!("{PART_OF}: x")) + &stray)),
        ("y.yaml", &labelled("o", "b", &format!("{PART_OF}: y"))),
    ]);
    assert_eq!(components(&found), [vec!["o/a", "o/stray"], vec!["o/b"]]);
}

#[test]
fn one_file_may_put_one_operator_into_several_namespaces() {
    let part = format!("{PART_OF}: x");
    let spread = labelled("n", "a", &part) + &labelled("o", "b", &part);
    assert_eq!(components(&of(&spread)), [["n/a", "o/b"]]);
    let bound = deployment("n", "a")
        + &deployment("o", "b")
        + &cluster_role_binding("view", &[("n", "a"), ("o", "b")]);
    assert_eq!(components(&of(&bound)), [["n/a", "o/b"]]);
    // The same thing twice is two installations.
    let twice = labelled("n", "a", &part) + &labelled("o", "a", &part);
    assert_eq!(of(&twice).len(), 2);
    // And so are two files.
    let found = operators(&[
        ("a.yaml", &labelled("n", "a", &part)),
        ("b.yaml", &labelled("o", "b", &part)),
    ]);
    assert_eq!(found.len(), 2);
}

#[test]
fn an_account_that_a_binding_names_is_the_operators_when_it_is_in_the_files_or_absent_in_its_namespace()
{
    let base = deployment("o", "controller") + &account("o", "controller");
    for (bound, expected) in [
        // In the files, without a workload.
        (account("o", "helper") + &cluster_role_binding("view", &[("o", "helper")]), vec!["o/controller", "(o/helper)"]),
        (account("far", "helper") + &cluster_role_binding("view", &[("far", "helper")]), vec!["(far/helper)", "o/controller"]),
        // Absent, in the operator's namespace.
        (cluster_role_binding("view", &[("o", "ghost")]), vec!["o/controller", "(o/ghost?)"]),
        (role_binding("shop", "view", &[("o", "default")]), vec!["o/controller", "(o/default)"]),
        // Absent, elsewhere: somebody else's.
        (role_binding("o", "view", &[("openshift-monitoring", "prometheus-k8s")]), vec!["o/controller"]),
        // The API server's own.
        (cluster_role_binding("view", &[("kube-system", "horizontal-pod-autoscaler")]), vec!["o/controller"]),
        // In the files, but no binding names it.
        (account("o", "idle"), vec!["o/controller"]),
    ] {
        assert_eq!(accounts(&only(&format!("{base}{bound}"))), expected, "{bound}");
    }
}

#[test]
fn a_subject_may_name_an_account_by_its_user_name() {
    let text = deployment("o", "controller")
        + "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: 'system:serviceaccount:o:ghost'}]
---";
    assert_eq!(accounts(&only(&text)), ["o/controller?", "(o/ghost?)"]);
}

#[test]
fn an_account_that_another_installation_runs_as_stays_that_ones() {
    let text = deployment("n", "a")
        + &deployment("o", "b")
        + &account("n", "a")
        + &account("o", "b")
        + &role_binding("n", "view", &[("o", "b")])
        + &cluster_role_binding("view", &[("n", "a")]);
    let found = of(&text);
    let accounts: Vec<_> = found.iter().map(accounts).collect();
    assert_eq!(accounts, [["n/a"], ["o/b"]]);
}

#[test]
fn an_installation_without_workloads_is_its_accounts() {
    let absent = only(&cluster_role_binding("cluster-admin", &[("system", "manager")]));
    assert_eq!(accounts(&absent), ["(system/manager?)"]);
    assert_eq!(absent.namespaces, BTreeSet::from(["system".to_owned()]));
    assert!(absent.components.is_empty());
    let there = only(&account("tools", "robot"));
    assert_eq!(accounts(&there), ["(tools/robot)"]);
    // A role alone is no installation, nor is a definition.
    assert!(of(&cluster_role("r", "''", "pods", "get")).is_empty());
    assert!(of(&definition("things", "example.com", "Thing", "")).is_empty());
    // A file of its own beside an operator elsewhere.
    let found = operators(&[
        ("a.yaml", &deployment("o", "controller")),
        ("b.yaml", &(account("tools", "robot") + &cluster_role_binding("view", &[("tools", "robot")]))),
    ]);
    assert_eq!(found.len(), 2);
    // Bindings in a file of their own are those of the workloads whose accounts they name.
    let found = operators(&[
        ("deployment.yaml", &deployment("o", "controller")),
        ("rbac.yaml", &cluster_role_binding("view", &[("o", "controller"), ("o", "ghost")])),
    ]);
    assert_eq!(found.len(), 1);
    assert_eq!(accounts(&found[0]), ["o/controller?", "(o/ghost?)"]);
}

#[test]
fn the_display_name_is_a_shared_label_else_the_only_workload_else_the_namespace() {
    let all = |part: &str, instance: &str, name: &str| {
        format!("{PART_OF}: {part}, {INSTANCE}: {instance}, {NAME}: {name}")
    };
    for (text, expected) in [
        (labelled("o", "a", &all("p", "i", "n")) + &labelled("o", "b", &all("p", "i", "m")), "p"),
        // Part-of is not shared by all.
        (labelled("o", "a", &format!("{PART_OF}: p, {INSTANCE}: i")) + &labelled("o", "b", &format!("{INSTANCE}: i")), "i"),
        (labelled("o", "a", &format!("{NAME}: n")) + &labelled("o", "b", &format!("{NAME}: n")), "n"),
        (deployment("o", "a"), "a"),
        (deployment("foo-system", "a") + &deployment("foo-system", "b"), "foo"),
        (deployment("foo-operator", "a") + &deployment("foo-operator", "b"), "foo"),
        (cluster_role_binding("view", &[("foo-system", "a")]), "foo"),
    ] {
        assert_eq!(only(&text).name, expected, "{text}");
    }
}

#[test]
fn it_is_an_operator_when_an_account_may_watch_a_kind_outside_the_built_in_groups() {
    for (groups, resources, verbs, expected) in [
        ("example.com", "things", "watch", true),
        ("example.com", "'*'", "watch", true),
        ("'*'", "'*'", "'*'", true),
        ("'*'", "things", "watch", true),
        ("gateway.networking.k8s.io", "httproutes", "watch", true),
        ("example.com", "things", "'get, list'", false),
        ("example.com", "things/status", "watch", false),
        ("'', apps, extensions", "'*'", "watch", false),
        ("'*'", "pods", "watch", false),
    ] {
        let text = deployment("o", "controller")
            + &account("o", "controller")
            + &cluster_role("r", groups, resources, verbs)
            + &cluster_role_binding("r", &[("o", "controller")]);
        let operator = only(&text);
        assert_eq!(operator.is_operator, expected, "{groups} {resources} {verbs}");
        assert_eq!(operator.why.contains("may watch a kind outside"), !expected);
    }
    let named = deployment("o", "controller")
        + &cluster_role("r", "example.com", "things", "watch")
        + &role_binding("o", "r", &[("o", "controller")]);
    assert_eq!(only(&named).why, "ServiceAccount o/controller may watch things.example.com");
}

#[test]
fn definitions_are_owned_by_file_and_label_and_a_file_of_definitions_by_all() {
    let things = definition("things", "example.com", "Thing", "");
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    for (files, expected) in [
        // The same file.
        (vec![file("a.yaml", &(deployment("n", "a") + &things)), file("b.yaml", &deployment("o", "b"))], [1, 0]),
        // A file of definitions alone.
        (vec![file("a.yaml", &deployment("n", "a")), file("b.yaml", &deployment("o", "b")), file("crds.yaml", &things)], [1, 1]),
        // A label, wherever it stands.
        (vec![
            file("a.yaml", &labelled("n", "a", &format!("{INSTANCE}: x"))),
            file("b.yaml", &deployment("o", "b")),
            file("crds.yaml", &definition("things", "example.com", "Thing", &format!("{INSTANCE}: x"))),
        ], [1, 0]),
        // One file of two: the label tells.
        (vec![file("all.yaml", &(labelled("n", "a", &format!("{PART_OF}: x"))
            + &deployment("o", "b")
            + &definition("things", "example.com", "Thing", &format!("{PART_OF}: x"))))], [1, 0]),
        // One file of two, and nothing tells.
        (vec![file("all.yaml", &(deployment("n", "a") + &deployment("o", "b") + &things))], [1, 1]),
        // Our own declarations are no operator's.
        (vec![file("a.yaml", &(deployment("n", "a") + &definition("operatorrights", "kubectl-opsec.dev", "OperatorRights", ""))), file("b.yaml", &deployment("o", "b"))], [0, 0]),
    ] {
        let borrowed: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let found = operators(&borrowed);
        let counts: Vec<usize> = found.iter().map(|o| o.owned_kinds.len()).collect();
        assert_eq!(counts, expected, "{files:?}");
    }
}

#[test]
fn a_baselines_kinds_are_added() {
    let text = deployment("o", "a") + &definition("things", "example.com", "Thing", "");
    let snapshot = snapshot(&[("a.yaml", &text)]);
    let operator = find(&snapshot).remove(0);
    let said = ["others.example.org".to_owned(), "operatorrights.kubectl-opsec.dev".to_owned()];
    let operator = operator.with_owned_kinds(&Facts::new(&snapshot), &said);
    assert_eq!(owned(&operator), ["others.example.org", "things.example.com"]);
}

#[test]
fn a_group_whose_status_it_may_write_is_presumed_own() {
    let with = |groups: &str, resources: &str, verbs: &str, more: &str| {
        let text = deployment("o", "controller")
            + &account("o", "controller")
            + &cluster_role("r", groups, resources, verbs)
            + &cluster_role_binding("r", &[("o", "controller")])
            + more;
        only(&text).presumed_own_groups.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(with("example.com", "things/status", "patch", ""), ["example.com"]);
    assert_eq!(with("example.com", "things/finalizers", "update", ""), ["example.com"]);
    assert_eq!(with("example.com", "'*/status'", "update", ""), ["example.com"]);
    assert_eq!(with("example.com", "'*'", "'*'", ""), ["example.com"]);
    let none: [&str; 0] = [];
    assert_eq!(with("example.com", "things/status", "get", ""), none);
    assert_eq!(with("example.com", "things", "update", ""), none);
    assert_eq!(with("'*'", "'*'", "'*'", ""), none);
    let own = definition("things", "example.com", "Thing", "");
    assert_eq!(with("example.com", "things/status", "patch", &own), none);
    assert_eq!(with("sub.example.com", "things/status", "patch", &own), ["sub.example.com"]);
    assert_eq!(with("example.org", "things/status", "patch", &own), none);
    assert_eq!(with("metrics.k8s.io", "things/status", "patch", ""), none);
}

fn owned_by(kind: &str, group: &str) -> String {
    format!(", ownerReferences: [{{apiVersion: {group}/v1, kind: {kind}, name: it, uid: u, controller: true}}]")
}

#[test]
fn payload_is_what_a_custom_resource_of_an_owned_kind_owns() {
    let things = definition("things", "example.com", "Thing", "");
    let install = deployment("o", "controller") + &things;
    let names = |text: &str| {
        let snapshot = snapshot(&[("a.yaml", text)]);
        let found = find(&snapshot);
        assert_eq!(components(&found)[0], ["o/controller"], "{text}");
        let payload = found[0].payload_workloads(&Facts::new(&snapshot));
        let names = payload.into_iter().map(|workload| workload.metadata.name.clone());
        (found.len(), names.collect::<Vec<_>>())
    };
    let payload = |metadata: &str, namespace: &str| {
        format!("{install}{}", workload("StatefulSet", namespace, "db", metadata, ""))
    };
    // In the operator's namespace as elsewhere; what is deployed is no operator.
    for namespace in ["o", "shop"] {
        let text = payload(&owned_by("Thing", "example.com"), namespace);
        assert_eq!(names(&text), (1, vec!["db".to_owned()]));
        let managed = format!(", labels: {{{MANAGED_BY}: controller}}");
        assert_eq!(names(&payload(&managed, namespace)), (1, vec!["db".to_owned()]));
    }
    // A kind of nobody, an installer, an owner that is not there.
    for metadata in [
        owned_by("Thing", "example.org"),
        format!(", labels: {{{MANAGED_BY}: Helm}}"),
        format!(", labels: {{{MANAGED_BY}: kustomize}}"),
        owned_by("Deployment", "apps"),
    ] {
        assert_eq!(names(&payload(&metadata, "shop")).1, Vec::<String>::new(), "{metadata}");
    }
    // A custom resource in files does not invent pods.
    let resource = "
apiVersion: example.com/v1
kind: Thing
metadata: {name: it, namespace: shop}
---";
    assert_eq!(names(&format!("{install}{resource}")), (1, vec![]));
}

#[test]
fn what_components_and_payload_made_follows_them() {
    let owner = |kind: &str, version: &str, name: &str| {
        format!(", ownerReferences: [{{apiVersion: {version}, kind: {kind}, name: {name}, uid: u, controller: true}}]")
    };
    let text = deployment("o", "controller")
        + &definition("things", "example.com", "Thing", "")
        + &workload("ReplicaSet", "o", "controller-1", &owner("Deployment", "apps/v1", "controller"), "")
        + &workload("StatefulSet", "o", "db", &owned_by("Thing", "example.com"), "")
        + "
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: o, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: u, controller: true}]}
spec: {containers: [{name: main, image: a}]}
---";
    let snapshot = snapshot(&[("a.yaml", &text)]);
    let found = find(&snapshot);
    assert_eq!(components(&found), [["o/controller"]]);
    let payload = found[0].payload_workloads(&Facts::new(&snapshot));
    let names: BTreeSet<&str> = payload.iter().map(|w| w.metadata.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["db", "db-0"]));
}

#[test]
fn owners_in_a_circle_hide_nothing() {
    let owner = |name: &str| {
        format!(", ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: {name}, uid: u, controller: true}}]")
    };
    let text = workload("Deployment", "o", "a", &owner("b"), "")
        + &workload("Deployment", "o", "b", &owner("a"), "");
    assert_eq!(components(&of(&text)), [["o/a", "o/b"]]);
}

#[test]
fn intended_namespaces_come_from_watch_settings_payload_and_role_bindings() {
    let watching = |value: &str| {
        format!(
            "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: controller, namespace: o}}
spec:
  selector: {{matchLabels: {{app: a}}}}
  template:
    metadata: {{labels: {{app: a}}}}
    spec:
      serviceAccountName: controller
      containers: [{{name: main, image: a, env: [{{name: WATCH_NAMESPACE, {value}}}]}}]
---"
        )
    };
    let bound = role_binding("shop", "edit", &[("o", "controller")]);
    let found = |text: &str| {
        let intended = only(text).intended;
        (intended.namespaces.into_iter().collect::<Vec<_>>(), intended.all, intended.unknown)
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for (text, expected) in [
        (watching("value: 'a, b'"), (names(&["a", "b"]), false, false)),
        (watching("value: ''"), (names(&[]), true, false)),
        (watching("value: '*'"), (names(&[]), true, false)),
        (
            watching("valueFrom: {fieldRef: {fieldPath: metadata.namespace}}"),
            (names(&["o"]), false, false),
        ),
        (
            watching("valueFrom: {configMapKeyRef: {name: c, key: k}}"),
            (names(&[]), false, true),
        ),
        (deployment("o", "controller") + &bound, (names(&["shop"]), false, false)),
        (watching("value: ''") + &bound, (names(&["shop"]), true, false)),
        // A RoleBinding for somebody else says nothing.
        (
            deployment("o", "controller") + &role_binding("shop", "edit", &[("x", "y")]),
            (names(&[]), false, false),
        ),
        (
            deployment("o", "controller")
                + &definition("things", "example.com", "Thing", "")
                + &workload("StatefulSet", "shop", "db", &owned_by("Thing", "example.com"), ""),
            (names(&["shop"]), false, false),
        ),
    ] {
        assert_eq!(found(&text), expected, "{text}");
    }
}

#[test]
fn an_operator_groups_targets_are_intended() {
    let group = |spec: &str| {
        format!(
            "{}
apiVersion: operators.coreos.com/v1
kind: OperatorGroup
metadata: {{name: g, namespace: o}}
spec: {spec}
---",
            deployment("o", "controller")
        )
    };
    let named = only(&group("{targetNamespaces: [a, b]}")).intended;
    assert_eq!(named.namespaces, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    assert!(!named.all);
    let all = only(&group("{}")).intended;
    assert!(all.all && all.namespaces.is_empty());
}

#[test]
fn another_operators_namespaces_are_those_of_operators_and_of_guardians() {
    let watcher = |namespace: &str, name: &str| {
        deployment(namespace, name) + &cluster_role_binding("w", &[(namespace, name)])
    };
    let text = cluster_role("w", "example.com", "things", "watch")
        + &watcher("mine", "me")
        // An application is no operator.
        + &deployment("shop", "cart")
        + &deployment("flux-system", "source-controller")
        + &workload("DaemonSet", "kube-system", "cilium", "", "");
    let other = watcher("theirs", "them").replace("name: w}", "name: w2}");
    let snapshot = snapshot(&[("a.yaml", &text), ("b.yaml", &other)]);
    let found = find(&snapshot);
    let mine = found.iter().find(|operator| operator.name == "me").unwrap();
    let namespaces = namespaces_of_others(&Facts::new(&snapshot), &found, mine);
    let expected = ["flux-system", "kube-system", "theirs"].map(str::to_owned);
    assert_eq!(namespaces, BTreeSet::from(expected));
}

#[test]
fn live_the_namespace_alone_joins_nothing_and_what_is_shared_does() {
    let live = |text: &str| {
        let mut snapshot: Snapshot = snapshot(&[("a.yaml", text)]);
        snapshot.source.kind = SourceKind::Cluster;
        let forget = |metadata: &mut Metadata| metadata.input_file = None;
        snapshot.workloads.iter_mut().for_each(|w| forget(&mut w.metadata));
        components(&find(&snapshot)).len()
    };
    let release = |name: &str| {
        format!(", annotations: {{meta.helm.sh/release-name: {name}, meta.helm.sh/release-namespace: o}}")
    };
    let version = |name: &str| format!(", labels: {{olm.owner: {name}}}");
    let with = |namespace: &str, name: &str, metadata: &str| {
        workload("Deployment", namespace, name, metadata, &format!("serviceAccountName: {name}, "))
    };
    let same_account = |name: &str| workload("Deployment", "o", name, "", "serviceAccountName: s, ");
    let default_account = |name: &str| workload("Deployment", "o", name, "", "");
    let part = format!("{PART_OF}: x");
    for (text, expected) in [
        (deployment("o", "a") + &deployment("o", "b"), 2),
        (labelled("n", "a", &part) + &labelled("o", "b", &part), 1),
        (with("n", "a", &release("r")) + &with("o", "b", &release("r")), 1),
        (with("n", "a", &release("r")) + &with("o", "b", &release("s")), 2),
        (with("o", "a", &version("v")) + &with("o", "b", &version("v")), 1),
        (
            deployment("n", "a")
                + &deployment("o", "b")
                + &cluster_role_binding("view", &[("n", "a"), ("o", "b")]),
            1,
        ),
        (same_account("a") + &same_account("b"), 1),
        (default_account("a") + &default_account("b"), 2),
        (
            labelled("n", "a", &format!("{INSTANCE}: default, {PART_OF}: x"))
                + &labelled("o", "b", &format!("{INSTANCE}: default, {PART_OF}: y")),
            2,
        ),
    ] {
        assert_eq!(live(&text), expected, "{text}");
    }
}
