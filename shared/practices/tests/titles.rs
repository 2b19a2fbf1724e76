//! What a finding about a right says of the right that is held.
#![cfg(test)]

use opsec_manifests::{Input, Options, read};
use opsec_model::{EffectiveBaseline, Report};
use opsec_practices::{CheckOptions, SelectedBaseline, check};

/// `title · gain · remedy` of the finding of a right, for an operator that holds these rules.
fn said(right: &str, rules: &str) -> String {
    let text = format!(
        r"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: o, namespace: ops}}
spec:
  selector: {{matchLabels: {{a: o}}}}
  template:
    metadata: {{labels: {{a: o}}}}
    spec: {{serviceAccountName: o, containers: [{{name: o, image: o}}]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: o}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: o}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: o}}
subjects: [{{kind: ServiceAccount, name: o, namespace: ops}}]
"
    );
    let report = judged(&text);
    let finding = report
        .practices
        .iter()
        .flat_map(|practice| &practice.findings)
        .find(|finding| finding.right.as_deref() == Some(right))
        .unwrap();
    let (title, gain) = (&finding.title, &finding.gain);
    format!("{title} · {gain} · {}", finding.remedy)
}

fn judged(text: &str) -> Report {
    let input = Input {
        name: "o.yaml".into(),
        bytes: text.into(),
    };
    let snapshot = read(&[input], &Options::default()).unwrap().snapshot;
    let options = CheckOptions {
        operator: None,
        all: false,
        half: None,
        fail_on: None,
        now: "2026-06-15T12:00:00Z".parse().unwrap(),
    };
    let builtin = |_: &_| SelectedBaseline {
        baseline: EffectiveBaseline::builtin().unwrap(),
        notices: Vec::new(),
    };
    check(&snapshot, &options, &builtin).unwrap().remove(0)
}

#[test]
fn impersonated_groups_are_not_called_users() {
    let rules = r#"{apiGroups: [""], resources: [groups], verbs: [impersonate]},
      {apiGroups: [""], resources: [serviceaccounts], verbs: [impersonate], resourceNames: [o]}"#;
    assert_eq!(
        said("ESC-IMPERSONATE", rules),
        "can impersonate groups, with a ServiceAccount · it can act as anyone, a system component too · remove the verb impersonate"
    );
}

#[test]
fn roles_that_are_named_are_not_any_role() {
    let rules = r"{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind], resourceNames: [view]},
      {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [create]}";
    assert_eq!(
        said("ESC-BIND", rules),
        "can bind roles named view · the roles that are named can be bound to anyone, itself included · remove the verb bind for those roles; let an administrator bind what the operator needs"
    );
}

#[test]
fn who_may_only_patch_workloads_does_not_create_them() {
    let rules = r"{apiGroups: [apps], resources: [deployments], verbs: [patch]}";
    assert!(said("RUN-WORKLOAD", rules).starts_with("can change workloads in every namespace · "));
    let rules = r"{apiGroups: [apps], resources: [deployments], verbs: [create]}";
    assert!(said("RUN-WORKLOAD", rules).starts_with("can create workloads in every namespace · "));
}

#[test]
fn what_says_its_namespace_is_not_told_another() {
    let rules = r#"{apiGroups: [""], resources: [configmaps], verbs: [create]}"#;
    assert!(said("ESC-AWSAUTH", rules).starts_with("can write ConfigMaps of kube-system · "));
}

#[test]
fn nobody_is_told_to_label_kube_system() {
    let text = r"
apiVersion: v1
kind: Pod
metadata: {name: o, namespace: kube-system}
spec: {serviceAccountName: o, containers: [{name: o, image: o}]}
";
    let report = judged(text);
    let findings = report
        .practices
        .iter()
        .flat_map(|practice| &practice.findings);
    let remedies: Vec<&str> = findings
        .filter(|finding| finding.rule == "OPSEC405")
        .map(|finding| finding.remedy.as_str())
        .collect();
    assert_eq!(
        remedies,
        [
            "move the operator's pods from kube-system to a namespace that enforces restricted; the label would refuse the cluster's own pods"
        ]
    );
}
