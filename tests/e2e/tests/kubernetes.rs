//! How the API server really answers, sentence by sentence, as far as files can show it in a
//! report; the last table names the tests of the engines behind it.
#![cfg(test)]

#[path = "kubernetes/covered.rs"]
mod table;

use opsec_e2e::{Bound, OPERATOR, judge_yaml, not_covered, of_right, operator_with, status_of};
use opsec_model::{Reach, Report, Severity, Status};

fn given(rules: &[&str], bound: Bound) -> Report {
    judge_yaml(&operator_with(rules, bound)).unwrap()
}

fn worst(report: &Report, right: &str) -> Option<Severity> {
    of_right(report, right, None)
        .iter()
        .map(|f| f.severity)
        .max()
}

fn rbac(resources: &str, names: &str, verbs: &str) -> String {
    let names = if names.is_empty() {
        String::new()
    } else {
        format!("resourceNames: [{names}], ")
    };
    format!(
        "{{apiGroups: [rbac.authorization.k8s.io], resources: [{resources}], {names}verbs: [{verbs}]}}"
    )
}

/// A review allows `list nodes` in a namespace; the request has none, and gets 403.
#[test]
fn a_role_binding_gives_no_cluster_scoped_kind() {
    for (group, resource, verb, right) in [
        ("''", "nodes", "update", "RUN-NODE"),
        ("''", "nodes/proxy", "get", "RUN-NODEPROXY"),
        ("''", "persistentvolumes", "create", "RUN-PV"),
        ("''", "users", "impersonate", "ESC-IMPERSONATE"),
        (
            "apiextensions.k8s.io",
            "customresourcedefinitions",
            "create",
            "GRD-CRD",
        ),
        (
            "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations",
            "update",
            "GRD-WEBHOOK",
        ),
        (
            "rbac.authorization.k8s.io",
            "clusterrolebindings",
            "create",
            "ESC-RB-WRITE",
        ),
    ] {
        let rule = format!("{{apiGroups: [{group}], resources: [{resource}], verbs: [{verb}]}}");
        assert_eq!(
            worst(&given(&[&rule], Bound::In("other")), right),
            None,
            "{right}"
        );
        assert!(
            worst(&given(&[&rule], Bound::Everywhere), right).is_some(),
            "{right}"
        );
    }
}

#[test]
fn a_role_changes_the_namespace_object_that_it_lives_in_but_creates_none() {
    let rule = "{apiGroups: [''], resources: [namespaces], verbs: [create, list, patch, delete]}";
    let report = given(&[rule], Bound::Role("ops"));
    let patch = of_right(&report, "GRD-NS-PATCH", None);
    assert_eq!(patch.len(), 1);
    assert_eq!(
        (patch[0].severity, patch[0].reach),
        (Severity::Medium, Some(Reach::Own))
    );
    assert_eq!(worst(&report, "GRD-NS-CREATE"), None);
}

/// A ServiceAccount may read `pods` without reading `pods/log`, and `*` reads both.
#[test]
fn a_resource_is_not_its_subresources_and_star_is() {
    let log = |resource: &str| {
        let rule = format!("{{apiGroups: [''], resources: [{resource}], verbs: [get]}}");
        worst(&given(&[&rule], Bound::Everywhere), "GRD-PODLOG")
    };
    assert_eq!(log("pods"), None);
    assert_eq!(log("pods/log"), Some(Severity::Medium));
    assert_eq!(log("'*'"), Some(Severity::Medium));
    assert_eq!(log("'*/log'"), Some(Severity::Medium));
}

#[test]
fn paths_are_plain_prefixes_in_cluster_roles_bound_everywhere() {
    let path = |path: &str, bound: Bound| {
        let rule = format!("{{nonResourceURLs: ['{path}'], verbs: [get]}}");
        worst(&given(&[&rule], bound), "INF-NONRES")
    };
    assert_eq!(path("*", Bound::Everywhere), Some(Severity::Medium));
    assert_eq!(path("/debug/*", Bound::Everywhere), Some(Severity::Medium));
    assert_eq!(path("/logs/*", Bound::Everywhere), Some(Severity::Medium));
    assert_eq!(path("/healthz", Bound::Everywhere), None);
    assert_eq!(path("*x", Bound::Everywhere), None);
    assert_eq!(path("*", Bound::In("ops")), None);
}

/// `escalate` carries the request's name: a named one works for PATCH, PUT and apply.
#[test]
fn a_named_escalate_works_but_for_post() {
    let write = rbac("clusterroles", "", "patch");
    let named = rbac("clusterroles", "some", "escalate");
    assert_eq!(
        worst(&given(&[&write, &named], Bound::Everywhere), "ESC-ESCALATE"),
        Some(Severity::High)
    );
    let post = rbac("clusterroles", "", "create");
    let report = given(&[&post, &named], Bound::Everywhere);
    assert!(worst(&report, "ESC-ESCALATE").is_none_or(|severity| severity <= Severity::Low));
}

#[test]
fn bind_is_asked_on_roles_in_the_bindings_namespace_and_means_nothing_on_bindings() {
    let write = rbac("rolebindings", "", "create");
    let bind = rbac("clusterroles", "", "bind");
    // A Role suffices for the RoleBindings of its namespace.
    let report = given(&[&write, &bind], Bound::Role("kube-system"));
    assert_eq!(worst(&report, "ESC-BIND"), Some(Severity::Critical));
    assert_eq!(status_of(&report, "OPSEC303"), Some(Status::Fail));
    let on_bindings = rbac("rolebindings, clusterrolebindings", "", "bind, create");
    assert_eq!(
        worst(&given(&[&on_bindings], Bound::Everywhere), "ESC-BIND"),
        None
    );
}

#[test]
fn aggregation_replaces_a_roles_own_rules() {
    let report = |label: &str| {
        judge_yaml(&format!(
            "{OPERATOR}---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: sum}}
aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{part: '1'}}}}]}}
rules: [{{apiGroups: [''], resources: [pods], verbs: [create]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: part, labels: {{part: '{label}'}}}}
rules: [{{apiGroups: [''], resources: [secrets], verbs: [get]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: sum}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sum}}
subjects: [{{kind: ServiceAccount, name: o, namespace: ops}}]
"
        ))
        .unwrap()
    };
    let gathered = report("1");
    assert_eq!(worst(&gathered, "ESC-SECRET-READ"), Some(Severity::High));
    assert_eq!(worst(&gathered, "RUN-POD"), None);
    // The rule stands in the role that was gathered, where it can be changed.
    let grant = &of_right(&gathered, "ESC-SECRET-READ", None)[0].granted_by[0];
    assert_eq!(grant.role.name, "part");
    // If nothing is gathered, its own rules stay.
    let alone = report("2");
    assert_eq!(worst(&alone, "ESC-SECRET-READ"), None);
    assert_eq!(worst(&alone, "RUN-POD"), Some(Severity::Critical));
}

#[test]
fn what_every_account_has_is_no_finding() {
    let report = judge_yaml(OPERATOR).unwrap();
    assert!(report.findings().all(|finding| finding.right.is_none()));
    assert_eq!(status_of(&report, "OPSEC312"), Some(Status::Pass));
}

#[test]
fn a_dangling_role_grants_nothing_and_a_dangling_subject_is_a_door() {
    let binding = |role: &str, account: &str| {
        format!(
            "---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {role}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{{kind: ServiceAccount, name: {account}, namespace: ops}}]
"
        )
    };
    let dangling = judge_yaml(&format!("{OPERATOR}{}", binding("nowhere", "o"))).unwrap();
    assert!(dangling.findings().all(|finding| finding.right.is_none()));
    let create = "{apiGroups: [''], resources: [serviceaccounts, pods], verbs: [create]}";
    let door = format!(
        "{}{}",
        operator_with(&[create], Bound::Role("ops")),
        binding("cluster-admin", "ghost")
    );
    let report = judge_yaml(&door).unwrap();
    let ghost = of_right(&report, "ESC-GHOST", Some("o"));
    assert_eq!(ghost.len(), 1);
    assert_eq!(
        (ghost[0].severity, ghost[0].rule.as_str()),
        (Severity::Critical, "OPSEC305")
    );
}

/// Create, then any way to read it; in kube-system a bootstrap token needs create alone.
#[test]
fn secrets_mint_tokens() {
    let create = "{apiGroups: [''], resources: [secrets], verbs: [create]}";
    for verb in [
        "get",
        "list",
        "watch",
        "patch",
        "delete",
        "deletecollection",
    ] {
        let read = format!("{{apiGroups: [''], resources: [secrets], verbs: [{verb}]}}");
        let report = given(&[create, &read], Bound::Everywhere);
        assert_eq!(
            worst(&report, "ESC-SECRET-WRITE"),
            Some(Severity::Critical),
            "{verb}"
        );
    }
    let alone = given(&[create], Bound::Everywhere);
    assert_eq!(worst(&alone, "ESC-SECRET-WRITE"), None);
    assert_eq!(worst(&alone, "ESC-SECRET-CREATE"), Some(Severity::High));
    let mount = "{apiGroups: [''], resources: [pods], verbs: [create]}";
    let report = given(&[create, mount], Bound::Everywhere);
    assert_eq!(worst(&report, "ESC-SECRET-WRITE"), Some(Severity::Critical));
}

#[test]
fn proxies_pass_with_get_and_exec_does_not() {
    for (resource, verb, right) in [
        ("pods/proxy", "get", "RUN-PORTFWD"),
        ("services/proxy", "get", "RUN-PORTFWD"),
        ("nodes/proxy", "get", "RUN-NODEPROXY"),
        ("pods/exec", "create", "RUN-EXEC"),
        ("pods/attach", "create", "RUN-EXEC"),
    ] {
        let rule = format!("{{apiGroups: [''], resources: [{resource}], verbs: [{verb}]}}");
        assert!(
            worst(&given(&[&rule], Bound::Everywhere), right).is_some(),
            "{resource}"
        );
    }
    let forward = "{apiGroups: [''], resources: [pods/portforward], verbs: [get]}";
    assert_eq!(
        worst(&given(&[forward], Bound::Everywhere), "RUN-PORTFWD"),
        None
    );
}

#[test]
fn constrained_impersonation_needs_both_its_verbs() {
    let mode = "{apiGroups: [authentication.k8s.io], resources: [serviceaccounts], verbs: ['impersonate:serviceaccount']}";
    let on =
        "{apiGroups: [''], resources: [secrets], verbs: ['impersonate-on:serviceaccount:get']}";
    let both = given(&[mode, on], Bound::Everywhere);
    assert_eq!(worst(&both, "ESC-IMPERSONATE-SA"), Some(Severity::Critical));
    let alone = worst(&given(&[mode], Bound::Everywhere), "ESC-IMPERSONATE-SA");
    assert!(
        alone.is_none_or(|severity| severity <= Severity::Low),
        "{alone:?}"
    );
}

#[test]
fn names_tame_definitions_and_apis_but_no_webhook_configuration() {
    let named = |group: &str, resource: &str, name: &str| {
        let rule = format!(
            "{{apiGroups: [{group}], resources: [{resource}], resourceNames: [{name}], verbs: [update]}}"
        );
        given(&[&rule], Bound::Everywhere)
    };
    let registration = "admissionregistration.k8s.io";
    let webhook = named(registration, "mutatingwebhookconfigurations", "o");
    assert_eq!(worst(&webhook, "GRD-WEBHOOK"), Some(Severity::Critical));
    let policy = named(registration, "mutatingadmissionpolicies", "o");
    assert_eq!(worst(&policy, "GRD-MAP"), Some(Severity::Critical));
    let definition = named(
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "as.example.io",
    );
    assert_eq!(worst(&definition, "GRD-CRD-UPDATE"), Some(Severity::Medium));
    let api = named("apiregistration.k8s.io", "apiservices", "v1.example.io");
    assert!(worst(&api, "GRD-APISERVICE").is_some_and(|severity| severity < Severity::Critical));
    let built_in = named("apiregistration.k8s.io", "apiservices", "v1.apps");
    assert_eq!(worst(&built_in, "GRD-APISERVICE"), Some(Severity::Critical));
}

/// `automountServiceAccountToken: no` is false, for kubectl reads YAML 1.1; of equal keys the
/// last counts.
#[test]
fn a_verdict_is_about_what_kubectl_would_apply() {
    let pod = |privileged: &str| {
        let security = format!("securityContext: {{privileged: {privileged}}}");
        let text = OPERATOR.replace("image: o}", &format!("image: o, {security}}}"));
        let report = judge_yaml(&text).unwrap();
        report
            .findings()
            .any(|f| f.rule == "OPSEC314" && f.severity == Severity::Critical)
    };
    for yes in ["true", "yes", "on", "y"] {
        assert!(pod(yes), "{yes}");
    }
    for no in ["false", "no", "off", "n"] {
        assert!(!pod(no), "{no}");
    }
    let twice = OPERATOR.replace(
        "      containers:",
        "      hostNetwork: false\n      hostNetwork: true\n      containers:",
    );
    let report = judge_yaml(&twice).unwrap();
    assert_eq!(status_of(&report, "OPSEC207"), Some(Status::Fail));
}

/// From files a namespace without a Namespace object exists without labels.
#[test]
fn a_namespace_without_an_object_enforces_nothing() {
    let report = judge_yaml(OPERATOR).unwrap();
    assert_eq!(status_of(&report, "OPSEC405"), Some(Status::Fail));
    let labelled = format!(
        "{OPERATOR}---
apiVersion: v1
kind: Namespace
metadata: {{name: ops, labels: {{pod-security.kubernetes.io/enforce: restricted}}}}
"
    );
    let report = judge_yaml(&labelled).unwrap();
    assert_eq!(status_of(&report, "OPSEC405"), Some(Status::Pass));
}

#[test]
fn what_is_not_here_is_covered_elsewhere() {
    let missing = not_covered(table::COVERED);
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
