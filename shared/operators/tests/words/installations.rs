//! Which workloads are one operator.

use std::collections::BTreeSet;

use opsec_model::objects::Metadata;
use opsec_model::{Snapshot, SourceKind};

use crate::harness::{find, snapshot};
use crate::manifests::{
    INSTANCE, NAME, PART_OF, cluster_role_binding, components, deployment, labelled, of, only,
    operators, workload,
};

#[test]
fn every_kind_of_workload_is_a_component_and_tests_are_not() {
    let kinds = [
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "Job",
    ];
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
    let found: BTreeSet<String> = only(&text)
        .components
        .into_iter()
        .map(|c| c.object.kind)
        .collect();
    let expected = kinds
        .into_iter()
        .chain(["CronJob", "Pod"])
        .map(str::to_owned);
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
    assert_eq!(
        hooks,
        [("controller".to_owned(), false), ("setup".to_owned(), true)]
    );
}

#[test]
fn workloads_of_one_namespace_are_one_operator_unless_their_labels_differ() {
    let part = |value: &str| format!("{PART_OF}: {value}");
    let instance = |value: &str| format!("{INSTANCE}: {value}");
    let one: [Vec<String>; 5] = [
        vec![deployment("o", "a"), deployment("o", "b")],
        vec![
            labelled("o", "a", &part("x")),
            labelled("o", "b", &part("x")),
        ],
        // Nothing said is nothing different.
        vec![labelled("o", "a", &part("x")), deployment("o", "b")],
        vec![
            labelled("o", "a", &part("x")),
            labelled("o", "b", &instance("z")),
        ],
        // The name alone tells the parts of one operator apart.
        vec![
            labelled("o", "a", &format!("{NAME}: a")),
            labelled("o", "b", &format!("{NAME}: b")),
        ],
    ];
    for texts in one {
        assert_eq!(
            components(&of(&texts.concat())),
            [["o/a", "o/b"]],
            "{texts:?}"
        );
    }
    let two: [Vec<String>; 4] = [
        vec![
            labelled("o", "a", &part("x")),
            labelled("o", "b", &part("z")),
        ],
        vec![
            labelled("o", "a", &instance("x")),
            labelled("o", "b", &instance("z")),
        ],
        vec![
            labelled("o", "a", &format!("{}, {}", part("x"), instance("i"))),
            labelled("o", "b", &format!("{}, {}", part("x"), instance("j"))),
        ],
        vec![deployment("m", "a"), deployment("o", "b")],
    ];
    for texts in two {
        assert_eq!(of(&texts.concat()).len(), 2, "{texts:?}");
    }
}

#[test]
fn what_has_no_labels_beside_two_operators_goes_where_it_belongs() {
    let two = labelled("o", "a", &format!("{PART_OF}: x"))
        + &labelled("o", "b", &format!("{PART_OF}: z"));
    // It runs as the account of one of them.
    let helper = workload("Job", "o", "helper", "", "serviceAccountName: a, ");
    let found = of(&format!("{two}{helper}"));
    assert_eq!(components(&found), [vec!["o/a", "o/helper"], vec!["o/b"]]);
    // Nothing says whose it is.
    let stray = workload("Job", "o", "stray", "", "");
    assert_eq!(of(&format!("{two}{stray}")).len(), 3);
    // It stands in the file of one of them.
    let found = operators(&[
        (
            "x.yaml",
            &(labelled("o", "a", &format!("{PART_OF}: x")) + &stray),
        ),
        ("y.yaml", &labelled("o", "b", &format!("{PART_OF}: z"))),
    ]);
    assert_eq!(components(&found), [vec!["o/a", "o/stray"], vec!["o/b"]]);
}

#[test]
fn one_file_may_put_one_operator_into_several_namespaces() {
    let part = format!("{PART_OF}: x");
    let spread = labelled("m", "a", &part) + &labelled("o", "b", &part);
    assert_eq!(components(&of(&spread)), [["m/a", "o/b"]]);
    let bound = deployment("m", "a")
        + &deployment("o", "b")
        + &cluster_role_binding("view", &[("m", "a"), ("o", "b")]);
    assert_eq!(components(&of(&bound)), [["m/a", "o/b"]]);
    // The same thing twice is two installations.
    let twice = labelled("m", "a", &part) + &labelled("o", "a", &part);
    assert_eq!(of(&twice).len(), 2);
    // And so are two files.
    let found = operators(&[
        ("a.yaml", &labelled("m", "a", &part)),
        ("b.yaml", &labelled("o", "b", &part)),
    ]);
    assert_eq!(found.len(), 2);
}

#[test]
fn the_display_name_is_a_shared_label_else_the_only_workload_else_the_namespace() {
    let all = |part: &str, instance: &str, name: &str| {
        format!("{PART_OF}: {part}, {INSTANCE}: {instance}, {NAME}: {name}")
    };
    for (text, expected) in [
        (
            labelled("o", "a", &all("p", "i", "mm")) + &labelled("o", "b", &all("p", "i", "mm")),
            "p",
        ),
        // Part-of is not shared by all.
        (
            labelled("o", "a", &format!("{PART_OF}: p, {INSTANCE}: i"))
                + &labelled("o", "b", &format!("{INSTANCE}: i")),
            "i",
        ),
        (
            labelled("o", "a", &format!("{NAME}: nn"))
                + &labelled("o", "b", &format!("{NAME}: nn")),
            "nn",
        ),
        (deployment("o", "a"), "a"),
        (
            deployment("foo-system", "a") + &deployment("foo-system", "b"),
            "foo",
        ),
        (
            deployment("foo-operator", "a") + &deployment("foo-operator", "b"),
            "foo",
        ),
        (cluster_role_binding("view", &[("foo-system", "a")]), "foo"),
    ] {
        assert_eq!(only(&text).name, expected, "{text}");
    }
}

#[test]
fn owners_in_a_circle_hide_nothing() {
    let owner = |name: &str| {
        format!(
            ", ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: {name}, uid: u, controller: true}}]"
        )
    };
    let text = workload("Deployment", "o", "a", &owner("b"), "")
        + &workload("Deployment", "o", "b", &owner("a"), "");
    assert_eq!(components(&of(&text)), [["o/a", "o/b"]]);
}

/// How many operators the objects are on a cluster.
fn live(text: &str) -> usize {
    let mut snapshot: Snapshot = snapshot(&[("a.yaml", text)]);
    snapshot.source.kind = SourceKind::Cluster;
    let forget = |metadata: &mut Metadata| metadata.input_file = None;
    snapshot
        .workloads
        .iter_mut()
        .for_each(|w| forget(&mut w.metadata));
    components(&find(&snapshot)).len()
}

#[test]
fn live_the_namespace_alone_joins_nothing_and_what_is_shared_does() {
    let release = |name: &str| {
        format!(
            ", annotations: {{meta.helm.sh/release-name: {name}, meta.helm.sh/release-namespace: o}}"
        )
    };
    let version = |name: &str| format!(", labels: {{olm.owner: {name}}}");
    let with = |namespace: &str, name: &str, metadata: &str| {
        workload(
            "Deployment",
            namespace,
            name,
            metadata,
            &format!("serviceAccountName: {name}, "),
        )
    };
    let same_account =
        |name: &str| workload("Deployment", "o", name, "", "serviceAccountName: s, ");
    let default_account = |name: &str| workload("Deployment", "o", name, "", "");
    let of_part = |part: &str| {
        let labels = format!(", labels: {{{PART_OF}: {part}}}");
        workload("Deployment", "o", part, &labels, "serviceAccountName: s, ")
    };
    let part = format!("{PART_OF}: x");
    for (text, expected) in [
        (deployment("o", "a") + &deployment("o", "b"), 2),
        (labelled("m", "a", &part) + &labelled("o", "b", &part), 1),
        (
            with("m", "a", &release("r")) + &with("o", "b", &release("r")),
            1,
        ),
        (
            with("m", "a", &release("r")) + &with("o", "b", &release("s")),
            2,
        ),
        (
            with("o", "a", &version("v")) + &with("o", "b", &version("v")),
            1,
        ),
        (
            deployment("m", "a")
                + &deployment("o", "b")
                + &cluster_role_binding("view", &[("m", "a"), ("o", "b")]),
            1,
        ),
        (same_account("a") + &same_account("b"), 1),
        (default_account("a") + &default_account("b"), 2),
        // Of two products one has borrowed the other's account.
        (of_part("a") + &of_part("b"), 2),
        (of_part("a") + &same_account("b"), 1),
        (of_part("a") + &of_part("b") + &same_account("c"), 3),
        (
            labelled("m", "a", &format!("{INSTANCE}: default, {PART_OF}: x"))
                + &labelled("o", "b", &format!("{INSTANCE}: default, {PART_OF}: z")),
            2,
        ),
    ] {
        assert_eq!(live(&text), expected, "{text}");
    }
}
