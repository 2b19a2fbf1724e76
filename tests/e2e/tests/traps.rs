//! Traps that other tools fall into, each from manifests to the report; the last table names the
//! tests that cover what is not here.
#![cfg(test)]

#[path = "traps/covered.rs"]
mod table;

use opsec_e2e::{Bound, OPERATOR, judge_yaml, not_covered, of_right, operator_with, status_of};
use opsec_model::Status::{Fail, Pass};
use opsec_model::{FindingStatus, Report, Severity, Status};

fn given(rules: &[&str], bound: Bound) -> Report {
    judge_yaml(&operator_with(rules, bound)).unwrap()
}

/// The worst severity of a right, if it is found at all.
fn worst(report: &Report, right: &str) -> Option<Severity> {
    of_right(report, right, None)
        .iter()
        .map(|f| f.severity)
        .max()
}

/// A right is found by rules that are bound in the whole cluster.
fn finds(rule: &str, right: &str, severity: Severity) {
    let report = given(&[rule], Bound::Everywhere);
    assert_eq!(worst(&report, right), Some(severity), "{rule}: {right}");
}

fn finds_not(rule: &str, right: &str) {
    let report = given(&[rule], Bound::Everywhere);
    assert_eq!(worst(&report, right), None, "{rule}: {right}");
}

#[test]
fn each_wildcard_alone_trips_what_it_covers() {
    for (rule, right, severity) in [
        (
            r#"{apiGroups: [""], resources: ["*"], verbs: [get]}"#,
            "ESC-SECRET-READ",
            Severity::High,
        ),
        (
            r#"{apiGroups: ["*"], resources: [secrets], verbs: [get]}"#,
            "ESC-SECRET-READ",
            Severity::High,
        ),
        (
            r#"{apiGroups: [""], resources: [secrets], verbs: ["*"]}"#,
            "ESC-SECRET-WRITE",
            Severity::Critical,
        ),
        (
            r#"{apiGroups: [""], resources: [secrets], verbs: ["*"]}"#,
            "ESC-SECRET-READ",
            Severity::High,
        ),
        (
            r#"{apiGroups: [""], resources: ["*"], verbs: [create]}"#,
            "RUN-POD",
            Severity::Critical,
        ),
        (
            r#"{apiGroups: [""], resources: ["*"], verbs: [create]}"#,
            "RUN-EXEC",
            Severity::Critical,
        ),
        (
            r#"{apiGroups: ["*"], resources: [clusterroles], verbs: ["*"]}"#,
            "ESC-ESCALATE",
            Severity::Critical,
        ),
    ] {
        finds(rule, right, severity);
    }
}

#[test]
fn star_slash_sub_is_a_wildcard_and_pods_slash_star_is_none() {
    finds(
        r#"{apiGroups: [""], resources: ["*/exec"], verbs: [create]}"#,
        "RUN-EXEC",
        Severity::Critical,
    );
    finds(
        r#"{apiGroups: ["*"], resources: ["*/exec"], verbs: [create]}"#,
        "RUN-EXEC",
        Severity::Critical,
    );
    finds_not(
        r#"{apiGroups: [""], resources: ["pods/*"], verbs: [create]}"#,
        "RUN-EXEC",
    );
    finds_not(
        r#"{apiGroups: [""], resources: [pods], verbs: ["*"]}"#,
        "RUN-EXEC",
    );
}

#[test]
fn a_resource_name_of_a_star_is_a_name() {
    let rule = r#"{apiGroups: [""], resources: [secrets], resourceNames: ["*"], verbs: [get]}"#;
    let report = given(&[rule], Bound::Everywhere);
    let title = &of_right(&report, "ESC-SECRET-READ", None)[0].title;
    assert!(title.contains("named *"), "{title}");
    assert_eq!(worst(&report, "ESC-SECRET-READ"), Some(Severity::Medium));
}

#[test]
fn create_is_not_granted_by_name_but_on_a_named_subresource_it_is() {
    finds_not(
        r#"{apiGroups: [""], resources: [pods], resourceNames: [a], verbs: [create]}"#,
        "RUN-POD",
    );
    finds(
        r#"{apiGroups: [""], resources: [serviceaccounts/token], resourceNames: [a], verbs: [create]}"#,
        "ESC-TOKENREQ",
        Severity::High,
    );
    finds_not(
        r#"{apiGroups: [""], resources: [secrets], resourceNames: [a], verbs: [deletecollection]}"#,
        "ESC-SECRET-REVEAL",
    );
}

#[test]
fn apply_and_put_honour_names() {
    let named = |resource: &str, group: &str, verbs: &str| {
        format!(
            "{{apiGroups: [{group}], resources: [{resource}], resourceNames: [some], verbs: [{verbs}]}}"
        )
    };
    let crds = |verbs| named("customresourcedefinitions", "apiextensions.k8s.io", verbs);
    finds(&crds("create, patch"), "GRD-CRD", Severity::Medium);
    finds_not(&crds("create, update"), "GRD-CRD");
    finds_not(&crds("create"), "GRD-CRD");
    let roles = |verbs| named("clusterrolebindings", "rbac.authorization.k8s.io", verbs);
    finds(&roles("create, update"), "ESC-RB-WRITE", Severity::Low);
}

#[test]
fn the_same_role_name_in_two_namespaces_is_two_roles() {
    let other = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: given, namespace: other}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]
";
    let rule = r#"{apiGroups: [""], resources: [pods], verbs: [get]}"#;
    let report = judge_yaml(&format!(
        "{}{other}",
        operator_with(&[rule], Bound::Role("ops"))
    ))
    .unwrap();
    assert_eq!(worst(&report, "ESC-SECRET-READ"), None);
}

const READ_SECRETS: &str = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: given}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get, list, watch]}]
";

fn bound(kind: &str, namespace: &str, subjects: &str) -> Report {
    judge_yaml(&format!(
        "{OPERATOR}{READ_SECRETS}---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: given, {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: given}}
subjects: {subjects}
"
    ))
    .unwrap()
}

#[test]
fn a_subject_without_a_namespace_has_that_of_its_role_binding() {
    let report = bound(
        "RoleBinding",
        "namespace: ops",
        "[{kind: ServiceAccount, name: o}]",
    );
    assert_eq!(worst(&report, "ESC-SECRET-READ"), Some(Severity::Info));
    assert!(
        report.notices.iter().all(|n| n.object.is_none()),
        "{:?}",
        report.notices
    );
}

#[test]
fn a_role_binding_to_a_cluster_role_holds_in_its_namespace_and_no_further() {
    let subjects = "[{kind: ServiceAccount, name: o, namespace: ops}]";
    let there = bound("RoleBinding", "namespace: kube-public", subjects);
    assert_eq!(worst(&there, "ESC-SECRET-READ"), Some(Severity::High));
    let finding = of_right(&there, "ESC-SECRET-READ", None)[0];
    assert!(
        finding.title.ends_with("in kube-public"),
        "{}",
        finding.title
    );
    let everywhere = bound("ClusterRoleBinding", "", subjects);
    let finding = of_right(&everywhere, "ESC-SECRET-READ", None)[0];
    assert!(
        finding.title.ends_with("in every namespace"),
        "{}",
        finding.title
    );
}

#[test]
fn the_order_of_subjects_does_not_matter_and_groups_and_user_names_count() {
    let account = "{kind: ServiceAccount, name: o, namespace: ops}";
    let group =
        |name: &str| format!("{{kind: Group, name: {name}, apiGroup: rbac.authorization.k8s.io}}");
    let user = "{kind: User, name: 'system:serviceaccount:ops:o'}";
    for subjects in [
        format!("[{}, {account}]", group("some")),
        format!("[{account}, {}]", group("some")),
        format!("[{}]", group("'system:serviceaccounts'")),
        format!("[{}]", group("'system:serviceaccounts:ops'")),
        format!("[{}]", group("'system:authenticated'")),
        format!("[{user}]"),
    ] {
        let report = bound("ClusterRoleBinding", "", &subjects);
        assert_eq!(
            worst(&report, "ESC-SECRET-READ"),
            Some(Severity::High),
            "{subjects}"
        );
    }
    let others = bound(
        "ClusterRoleBinding",
        "",
        &format!("[{}]", group("'system:serviceaccounts:a'")),
    );
    assert_eq!(worst(&others, "ESC-SECRET-READ"), None);
}

#[test]
fn names_are_not_safety() {
    let bind = "{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [cluster-admin], verbs: [bind]}";
    let write = "{apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [create]}";
    let report = given(&[bind, write], Bound::Everywhere);
    assert_eq!(worst(&report, "ESC-BIND"), Some(Severity::Critical));
    for (rule, right, severity) in [
        (
            r#"{apiGroups: [""], resources: [users], resourceNames: [admin], verbs: [impersonate]}"#,
            "ESC-IMPERSONATE",
            Severity::Critical,
        ),
        (
            r#"{apiGroups: [""], resources: [secrets], resourceNames: [ca-key], verbs: [get]}"#,
            "ESC-SECRET-READ",
            Severity::Medium,
        ),
        (
            "{apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], resourceNames: [x], verbs: [update]}",
            "GRD-WEBHOOK",
            Severity::Critical,
        ),
    ] {
        finds(rule, right, severity);
    }
}

#[test]
fn bind_alone_is_one_right_short() {
    let bind = "{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}";
    finds(bind, "ESC-BIND", Severity::Low);
    let write =
        "{apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}";
    let report = given(&[bind, write], Bound::Everywhere);
    assert_eq!(worst(&report, "ESC-BIND"), Some(Severity::Critical));
}

#[test]
fn list_watch_patch_and_delete_read_secrets_as_get_does() {
    for verb in ["get", "list", "watch"] {
        let rule = format!(r#"{{apiGroups: [""], resources: [secrets], verbs: [{verb}]}}"#);
        finds(&rule, "ESC-SECRET-READ", Severity::High);
    }
    for verb in ["patch", "delete", "deletecollection"] {
        let rule = format!(r#"{{apiGroups: [""], resources: [secrets], verbs: [{verb}]}}"#);
        finds(&rule, "ESC-SECRET-REVEAL", Severity::High);
    }
    finds_not(
        r#"{apiGroups: [""], resources: [secrets], verbs: [update]}"#,
        "ESC-SECRET-REVEAL",
    );
}

#[test]
fn get_on_nodes_proxy_is_critical_and_get_on_exec_is_low() {
    finds(
        r#"{apiGroups: [""], resources: [nodes/proxy], verbs: [get]}"#,
        "RUN-NODEPROXY",
        Severity::Critical,
    );
    let rule = r#"{apiGroups: [""], resources: [pods/exec], verbs: [get]}"#;
    finds(rule, "RUN-EXEC-GET", Severity::Low);
    finds_not(rule, "RUN-EXEC");
    // Beside `create` it is not alone.
    let rule = r#"{apiGroups: [""], resources: [pods/exec], verbs: [get, create]}"#;
    finds(rule, "RUN-EXEC", Severity::Critical);
    finds_not(rule, "RUN-EXEC-GET");
}

#[test]
fn patching_webhooks_is_writing_them() {
    let rule = "{apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [patch]}";
    finds(rule, "GRD-WEBHOOK", Severity::Critical);
}

#[test]
fn pod_security_labels_are_changed_by_three_ways() {
    for resource in ["namespaces", "namespaces/status", r#""*/status""#] {
        let rule = format!(r#"{{apiGroups: ["*"], resources: [{resource}], verbs: [patch]}}"#);
        let report = given(&[&rule], Bound::Everywhere);
        assert_eq!(
            status_of(&report, "OPSEC402"),
            Some(Status::Fail),
            "{resource}"
        );
    }
    let finalize = r#"{apiGroups: [""], resources: [namespaces/finalize], verbs: [update]}"#;
    finds(finalize, "GRD-NS-SUB", Severity::High);
}

#[test]
fn signers_of_other_domains_and_a_bare_star_are_no_signers_of_kubernetes() {
    let approve = |signer: &str| {
        [
            "{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [create]}".to_owned(),
            "{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}".to_owned(),
            format!(r#"{{apiGroups: [certificates.k8s.io], resources: [signers], resourceNames: ["{signer}"], verbs: [approve]}}"#),
        ]
    };
    let judged = |signer: &str| {
        let rules = approve(signer);
        let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
        worst(&given(&rules, Bound::Everywhere), "ESC-CSR")
    };
    assert_eq!(
        judged("kubernetes.io/kube-apiserver-client"),
        Some(Severity::Critical)
    );
    assert_eq!(judged("kubernetes.io/*"), Some(Severity::Critical));
    for signer in ["issuers.example.io/*", "*"] {
        assert!(
            judged(signer).is_none_or(|severity| severity == Severity::Info),
            "{signer}"
        );
    }
}

#[test]
fn a_role_binding_in_kube_system_makes_it_no_intended_namespace() {
    let rule = r#"{apiGroups: [""], resources: [secrets], verbs: [get]}"#;
    let report = given(&[rule], Bound::Role("kube-system"));
    assert_eq!(report.operator.intended_namespaces, Vec::<String>::new());
    assert_eq!(worst(&report, "ESC-SECRET-READ"), Some(Severity::High));
}

#[test]
fn groups_alone_impersonate_nobody_and_users_alone_anyone() {
    let of = |resources: &str| {
        format!(r#"{{apiGroups: [""], resources: [{resources}], verbs: [impersonate]}}"#)
    };
    finds_not(&of("groups"), "ESC-IMPERSONATE");
    finds(&of("users"), "ESC-IMPERSONATE", Severity::Critical);
    finds(
        &of("groups, serviceaccounts"),
        "ESC-IMPERSONATE",
        Severity::Critical,
    );
}

#[test]
fn a_kind_that_is_not_served_is_latent_and_never_a_wildcards() {
    let rule = "{apiGroups: [policy], resources: [podsecuritypolicies], verbs: [create]}";
    finds(rule, "GRD-PSP", Severity::Low);
    finds_not(
        r#"{apiGroups: [policy], resources: ["*"], verbs: [create]}"#,
        "GRD-PSP",
    );
}

#[test]
fn bootstrap_roles_are_not_dangling() {
    for (role, right, severity) in [
        ("cluster-admin", "ESC-ADMIN-BOUND", Severity::Critical),
        ("view", "BOUND-VIEW", Severity::Low),
    ] {
        let report = judge_yaml(&format!(
            "{OPERATOR}---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: given}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{{kind: ServiceAccount, name: o, namespace: ops}}]
"
        ))
        .unwrap();
        assert_eq!(worst(&report, right), Some(severity), "{role}");
    }
}

#[test]
fn without_payload_nothing_is_separated_and_clean_rights_pass() {
    let report = judge_yaml(OPERATOR).unwrap();
    for rule in ["OPSEC104", "OPSEC204", "OPSEC205"] {
        assert_eq!(
            status_of(&report, rule),
            Some(Status::NotApplicable),
            "{rule}"
        );
    }
    for rule in ["OPSEC303", "OPSEC306", "OPSEC307", "OPSEC501"] {
        assert_eq!(status_of(&report, rule), Some(Status::Pass), "{rule}");
    }
}

#[test]
fn the_subject_that_the_server_refuses_still_holds_everything() {
    let subjects = "[{kind: ServiceAccount, name: o}]";
    let report = bound("ClusterRoleBinding", "", subjects);
    assert_eq!(worst(&report, "ESC-SECRET-READ"), Some(Severity::High));
    assert!(
        report
            .notices
            .iter()
            .any(|n| n.message.contains("namespace")),
        "{:?}",
        report.notices
    );
    // Any other refusal grants nothing, and makes nothing green.
    let report = bound(
        "ClusterRoleBinding",
        "",
        "[{kind: ServiceAccount, name: o, namespace: ops, apiGroup: rbac.authorization.k8s.io}]",
    );
    assert_eq!(worst(&report, "ESC-SECRET-READ"), None);
    assert_eq!(status_of(&report, "OPSEC306"), Some(Status::Unknown));
}

#[test]
fn an_open_policy_is_no_isolation_and_an_empty_one_is() {
    let policy = |spec: &str| {
        let text = format!(
            "{OPERATOR}---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: o, namespace: ops}}
spec: {{podSelector: {{}}, {spec}}}
"
        );
        let report = judge_yaml(&text).unwrap();
        ["OPSEC102", "OPSEC201", "OPSEC202"].map(|rule| status_of(&report, rule).unwrap())
    };
    for (spec, expected) in [
        ("policyTypes: [Ingress, Egress]", [Pass, Pass, Pass]),
        (
            "policyTypes: [Ingress, Egress], ingress: [{}], egress: [{}]",
            [Fail, Fail, Fail],
        ),
        ("policyTypes: [Ingress]", [Pass, Fail, Fail]),
        ("policyTypes: [Egress]", [Fail, Pass, Pass]),
        (
            "policyTypes: [Ingress, Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]",
            [Pass, Fail, Fail],
        ),
        (
            "policyTypes: [Ingress, Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/1}}]}]",
            [Pass, Pass, Fail],
        ),
        (
            "policyTypes: [Ingress, Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]",
            [Pass, Pass, Pass],
        ),
    ] {
        assert_eq!(policy(spec), expected, "{spec}");
    }
}

#[test]
fn what_is_accepted_or_below_the_bar_does_not_fail() {
    let report = judge_yaml(OPERATOR).unwrap();
    let rules = report.practices.iter().flat_map(|practice| &practice.rules);
    for rule in rules.filter(|rule| rule.status == Status::Fail) {
        let failing = report.findings().any(|f| {
            f.status == FindingStatus::Fail && (f.rule == rule.id || f.also.contains(&rule.id))
        });
        assert!(failing, "{} fails by a finding", rule.id);
    }
}

#[test]
fn what_is_not_here_is_covered_elsewhere() {
    let missing = not_covered(table::COVERED);
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
