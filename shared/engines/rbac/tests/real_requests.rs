//! What real requests can carry: wildcards, kinds that are served, scopes.

#![expect(clippy::too_many_lines, reason = "tables of cases")]

mod cluster;

use cluster::{
    account_subject, cluster_binding, cluster_role, definitions, everywhere, held, in_words, paths,
    rights, rule, snapshot, within,
};
use opsec_model::Snapshot;
use opsec_rbac::Request;
use serde_json::{Value, json};

const ADMISSION: &str = "admissionregistration.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const CRDS: &str = "apiextensions.k8s.io";

type Case<'a> = (&'a str, Vec<Value>, (&'a str, &'a str, &'a str), &'a str);

fn judge(make: impl Fn(&[Value]) -> Snapshot, cases: Vec<Case<'_>>) {
    for (sentence, rules, (verb, group, resource), expected) in cases {
        let found = held(&make(&rules), verb, group, resource);
        assert_eq!(found, expected, "{sentence}: {verb} {resource}.{group}");
    }
}

#[test]
fn wildcards_are_star_star_slash_sub_and_nothing_else() {
    judge(
        everywhere,
        vec![
            (
                "pods is not pods/exec",
                vec![rule("create", "core", "pods", "")],
                ("create", "", "pods/exec"),
                "-",
            ),
            (
                "star is",
                vec![rule("create", "core", "*", "")],
                ("create", "", "pods/exec"),
                "cluster all",
            ),
            (
                "star slash exec is",
                vec![rule("create", "core", "*/exec", "")],
                ("create", "", "pods/exec"),
                "cluster all",
            ),
            (
                "star slash exec of another group is not",
                vec![rule("create", "apps", "*/exec", "")],
                ("create", "", "pods/exec"),
                "-",
            ),
            (
                "star slash exec in every group is",
                vec![rule("create", "*", "*/exec", "")],
                ("create", "", "pods/exec"),
                "cluster all",
            ),
            (
                "star slash exec is no other subresource",
                vec![rule("create", "core", "*/exec", "")],
                ("create", "", "pods/attach"),
                "-",
            ),
            (
                "pods slash star is a literal",
                vec![rule("create", "core", "pods/*", "")],
                ("create", "", "pods/exec"),
                "-",
            ),
            (
                "and not the pods",
                vec![rule("create", "core", "pods/*", "")],
                ("create", "", "pods"),
                "-",
            ),
            (
                "star slash status is no kind",
                vec![rule("patch", "core", "*/status", "")],
                ("patch", "", "namespaces"),
                "-",
            ),
            (
                "star slash status is namespaces/status",
                vec![rule("patch", "core", "*/status", "")],
                ("patch", "", "namespaces/status"),
                "cluster all",
            ),
            (
                "all verbs include the special ones",
                vec![rule("*", "core", "users", "")],
                ("impersonate", "", "users"),
                "cluster all",
            ),
            (
                "star verbs, groups and resources",
                vec![rule("*", "*", "*", "")],
                ("escalate", RBAC, "clusterroles"),
                "cluster all",
            ),
            (
                "a partial star is a literal",
                vec![rule("get", "core", "sec*", "")],
                ("get", "", "secrets"),
                "-",
            ),
            (
                "a group star alone",
                vec![rule("get", "*", "secrets", "")],
                ("get", "", "secrets"),
                "cluster all",
            ),
            (
                "a verb in capitals is another",
                vec![rule("GET", "core", "secrets", "")],
                ("get", "", "secrets"),
                "-",
            ),
            (
                "the wildcard itself can be asked for",
                vec![rule("*", "*", "*", "")],
                ("*", "*", "*"),
                "cluster all",
            ),
            (
                "and is not held by less",
                vec![rule("get", "*", "*", "")],
                ("*", "*", "*"),
                "-",
            ),
        ],
    );
}

#[test]
fn each_wildcard_that_is_needed_is_told() {
    let cases = [
        (rule("get", "core", "secrets", ""), (false, false, false)),
        (rule("*", "core", "secrets", ""), (true, false, false)),
        (rule("get", "*", "secrets", ""), (false, true, false)),
        (rule("get", "core", "*", ""), (false, false, true)),
        (
            rule("*,get", "*,core", "*,secrets", ""),
            (false, false, false),
        ),
        (rule("*", "*", "*", ""), (true, true, true)),
    ];
    for (rule, expected) in cases {
        let rights = rights(&everywhere(std::slice::from_ref(&rule)));
        let held = rights.held(&Request::new("get", "", "secrets"));
        let used = held[0].via_wildcard;
        assert_eq!(
            (used.verbs, used.groups, used.resources),
            expected,
            "{rule}"
        );
        assert_eq!(used.any(), expected != (false, false, false));
        assert_eq!(rights.grant(&held[0]).unwrap().binding.name, "b");
    }
}

#[test]
fn a_kind_that_is_not_served_is_held_only_by_its_name() {
    judge(
        everywhere,
        vec![
            (
                "named",
                vec![rule("use", "policy", "podsecuritypolicies", "")],
                ("use", "policy", "podsecuritypolicies"),
                "cluster all",
            ),
            (
                "by a resource star",
                vec![rule("use", "policy", "*", "")],
                ("use", "policy", "podsecuritypolicies"),
                "-",
            ),
            (
                "by a group star",
                vec![rule("use", "*", "podsecuritypolicies", "")],
                ("use", "policy", "podsecuritypolicies"),
                "-",
            ),
            (
                "by a verb star",
                vec![rule("*", "policy", "podsecuritypolicies", "")],
                ("use", "policy", "podsecuritypolicies"),
                "cluster all",
            ),
            (
                "a CRD of the input is served",
                vec![rule("get", "*", "*", "")],
                ("get", "shop.example", "carts"),
                "cluster all",
            ),
            (
                "a CRD without a served version is not",
                vec![rule("get", "*", "*", "")],
                ("get", "shop.example", "relics"),
                "-",
            ),
        ],
    );
    let latent = rights(&everywhere(&[rule(
        "use",
        "policy",
        "podsecuritypolicies",
        "",
    )]));
    let held = latent.held(&Request::new("use", "policy", "podsecuritypolicies"));
    assert!(!held[0].served);
}

#[test]
fn a_role_binding_grants_namespaced_kinds_and_its_own_namespace_object() {
    let all = || vec![rule("*", "*", "*", "")];
    judge(
        |rules| within("shop", rules),
        vec![
            ("namespaced", all(), ("get", "", "secrets"), "shop all"),
            (
                "namespaced custom",
                all(),
                ("get", "shop.example", "carts"),
                "shop all",
            ),
            (
                "cluster-scoped custom",
                all(),
                ("get", "shop.example", "regions"),
                "-",
            ),
            ("nodes", all(), ("list", "", "nodes"), "-"),
            ("nodes/proxy", all(), ("get", "", "nodes/proxy"), "-"),
            (
                "CRDs",
                all(),
                ("create", CRDS, "customresourcedefinitions"),
                "-",
            ),
            (
                "webhooks",
                all(),
                ("patch", ADMISSION, "mutatingwebhookconfigurations"),
                "-",
            ),
            (
                "users are asked in the cluster",
                all(),
                ("impersonate", "", "users"),
                "-",
            ),
            ("groups too", all(), ("impersonate", "", "groups"), "-"),
            (
                "and signers",
                all(),
                ("approve", "certificates.k8s.io", "signers"),
                "-",
            ),
            (
                "accounts in their namespace",
                all(),
                ("impersonate", "", "serviceaccounts"),
                "shop all",
            ),
            (
                "get of its namespace",
                all(),
                ("get", "", "namespaces"),
                "shop shop",
            ),
            (
                "update of it",
                all(),
                ("update", "", "namespaces"),
                "shop shop",
            ),
            (
                "patch of it",
                all(),
                ("patch", "", "namespaces"),
                "shop shop",
            ),
            (
                "delete of it",
                all(),
                ("delete", "", "namespaces"),
                "shop shop",
            ),
            (
                "its status",
                all(),
                ("patch", "", "namespaces/status"),
                "shop shop",
            ),
            (
                "its finalizers",
                all(),
                ("update", "", "namespaces/finalize"),
                "shop shop",
            ),
            ("never a list", all(), ("list", "", "namespaces"), "-"),
            ("never a creation", all(), ("create", "", "namespaces"), "-"),
            (
                "named as itself",
                vec![rule("patch", "core", "namespaces", "shop")],
                ("patch", "", "namespaces"),
                "shop shop",
            ),
            (
                "named as another",
                vec![rule("patch", "core", "namespaces", "kube-system")],
                ("patch", "", "namespaces"),
                "-",
            ),
            (
                "an unknown kind may be namespaced",
                vec![rule("get", "elsewhere.example", "things", "")],
                ("get", "elsewhere.example", "things"),
                "shop all",
            ),
        ],
    );
}

#[test]
fn a_cluster_role_binding_grants_everywhere() {
    for (group, resource) in [("", "nodes"), ("", "secrets"), ("shop.example", "regions")] {
        let all = everywhere(&[rule("get", "*", "*", "")]);
        assert_eq!(
            held(&all, "get", group, resource),
            "cluster all",
            "{resource}"
        );
    }
}

#[test]
fn paths_are_plain_prefixes_and_never_come_through_a_role_binding() {
    for (path, asked, expected) in [
        ("/logs/*", "/logs/", true),
        ("/logs/*", "/logs/x", true),
        ("/logs/*", "/logs", false),
        ("/pre*", "/prefix", true),
        ("*", "/anything", true),
        ("*x", "/x", false),
        ("*x", "*x", true),
        ("/a/*/b", "/a/c/b", false),
        ("/a/*/b", "/a/*/b", true),
        ("/metrics", "/metrics", true),
        ("/metrics", "/metrics/", false),
    ] {
        let rules = [paths("get", &[path])];
        let found = |snapshot: &Snapshot| {
            let held = rights(snapshot).held_path("get", asked);
            let rights = rights(snapshot);
            held.iter()
                .any(|held| !rights.grant(held).unwrap().bootstrap)
        };
        assert_eq!(found(&everywhere(&rules)), expected, "{path} {asked}");
        assert!(!found(&within("shop", &rules)), "{path} {asked}");
    }
    let rights = rights(&everywhere(&[paths("*", &["/debug/*"])]));
    assert_eq!(
        in_words(&rights.held_path("post", "/debug/pprof")),
        "cluster all"
    );
}

#[test]
fn what_is_served_beyond_the_input_is_known_live() {
    let snapshot = snapshot(json!({
        "source": {"kind": "cluster"},
        "served": ["podsecuritypolicies.policy"],
        "clusterRoles": [cluster_role("r", &[rule("use", "*", "*", "")])],
        "clusterRoleBindings": [cluster_binding("b", "r", &[account_subject("ops", "operator")])],
        "customResourceDefinitions": definitions(),
    }));
    assert_eq!(
        held(&snapshot, "use", "policy", "podsecuritypolicies"),
        "cluster all"
    );
    let rights = rights(&snapshot);
    let rule = &rights.grants()[0].rule;
    let kinds: Vec<String> = rights
        .kinds()
        .kinds_matching(&rule.api_groups, &rule.resources)
        .map(|kind| format!("{}.{}", kind.resource, kind.group))
        .collect();
    for kind in [
        "pods.",
        "users.",
        "carts.shop.example",
        "podsecuritypolicies.policy",
    ] {
        assert!(kinds.iter().any(|found| found == kind), "{kind}");
    }
}
