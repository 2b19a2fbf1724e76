//! Rights beyond what is written down, and what is written down in vain.

#![expect(clippy::too_many_lines, reason = "tables of cases")]

mod cluster;

use std::collections::BTreeSet;

use cluster::{
    account_subject, binding, cluster_binding, cluster_role, everywhere, operator, paths,
    policy_rule, rights, rights_of, rule, snapshot, within,
};
use opsec_model::Snapshot;
use opsec_model::objects::PolicyRule;
use opsec_rbac::{
    Excess, Reaching, RuleScope, ScopedRule, breakdown, excess, not_assigned, rule_covers,
};
use serde_json::{Value, json};

type Case = (&'static str, Snapshot, Vec<ScopedRule>, Vec<&'static str>);

fn cluster_wide(rule: PolicyRule) -> ScopedRule {
    ScopedRule {
        scope: RuleScope::Cluster,
        rule,
    }
}

fn inside(namespaces: &[&str], rule: PolicyRule) -> ScopedRule {
    let namespaces = namespaces.iter().map(ToString::to_string).collect();
    ScopedRule {
        scope: RuleScope::Namespaces(namespaces),
        rule,
    }
}

fn words(atom: &PolicyRule) -> String {
    let path = atom.non_resource_urls.first().cloned().unwrap_or_default();
    let resource = atom.resources.join("+");
    let names = if atom.resource_names.is_empty() {
        String::new()
    } else {
        format!("/{}", atom.resource_names.join("+"))
    };
    format!("{} {resource}{path}{names}", atom.verbs.join("+"))
}

fn excess_words(found: &[Excess]) -> Vec<String> {
    let words = found.iter().map(|one| {
        let scope = match &one.scope {
            Reaching::Cluster => "cluster",
            Reaching::Namespace(namespace) => namespace,
        };
        format!("{scope}: {}", words(&one.atom))
    });
    words.collect()
}

#[test]
fn what_is_held_and_not_written_down_is_excess_atom_by_atom() {
    let core =
        |verbs: &str, resources: &str, names: &str| policy_rule(verbs, "core", resources, names);
    let held = |verbs: &str, resources: &str, names: &str| rule(verbs, "core", resources, names);
    let cases: Vec<Case> = vec![
        (
            "nothing is written down",
            everywhere(&[held("get,list", "pods,secrets", "")]),
            vec![],
            vec![
                "cluster: get pods",
                "cluster: list pods",
                "cluster: get secrets",
                "cluster: list secrets",
            ],
        ),
        (
            "all is",
            everywhere(&[held("get,list", "pods", "")]),
            vec![
                cluster_wide(core("list", "pods", "")),
                cluster_wide(core("get", "pods,secrets", "")),
            ],
            vec![],
        ),
        (
            "one verb is not",
            everywhere(&[held("get,list", "secrets", "")]),
            vec![cluster_wide(core("get", "secrets", ""))],
            vec!["cluster: list secrets"],
        ),
        (
            "held everywhere, written down for namespaces",
            everywhere(&[held("get", "secrets", "")]),
            vec![inside(&["a", "b"], core("*", "*", ""))],
            vec!["cluster: get secrets"],
        ),
        (
            "held in one, written down for all",
            within("a", &[held("get", "secrets", "")]),
            vec![cluster_wide(core("get", "secrets", ""))],
            vec![],
        ),
        (
            "held in one of those",
            within("a", &[held("get", "secrets", "")]),
            vec![inside(&["a", "b"], core("get", "secrets", ""))],
            vec![],
        ),
        (
            "held in another",
            within("c", &[held("get", "secrets", "")]),
            vec![inside(&["a", "b"], core("get", "secrets", ""))],
            vec!["c: get secrets"],
        ),
        (
            "a star is covered by a star alone",
            everywhere(&[held("*", "pods", "")]),
            vec![cluster_wide(core(
                "get,list,watch,create,update,patch,delete,deletecollection",
                "pods",
                "",
            ))],
            vec!["cluster: * pods"],
        ),
        (
            "and is by one",
            everywhere(&[held("*", "pods", "")]),
            vec![cluster_wide(core("*", "*", ""))],
            vec![],
        ),
        (
            "star of groups",
            everywhere(&[rule("get", "*", "pods", "")]),
            vec![cluster_wide(core("get", "pods", ""))],
            vec!["cluster: get pods"],
        ),
        (
            "names are fewer than all",
            everywhere(&[held("get", "secrets", "x,y")]),
            vec![cluster_wide(core("get", "secrets", "x"))],
            vec!["cluster: get secrets/y"],
        ),
        (
            "all is more than names",
            everywhere(&[held("get", "secrets", "")]),
            vec![cluster_wide(core("get", "secrets", "x"))],
            vec!["cluster: get secrets"],
        ),
        (
            "a subresource wildcard covers the subresource",
            everywhere(&[held("create", "pods/exec", "")]),
            vec![cluster_wide(core("create", "*/exec", ""))],
            vec![],
        ),
        (
            "the kind does not",
            everywhere(&[held("create", "pods/exec", "")]),
            vec![cluster_wide(core("create", "pods", ""))],
            vec!["cluster: create pods/exec"],
        ),
        (
            "a cluster-scoped kind in a RoleBinding is nothing",
            within("a", &[held("get", "nodes,pods", "")]),
            vec![],
            vec!["a: get pods"],
        ),
        (
            "but for its own Namespace object",
            within("a", &[held("patch,list", "namespaces", "")]),
            vec![],
            vec!["a: patch namespaces/a"],
        ),
        (
            "which a named rule for the cluster covers",
            within("a", &[held("patch", "namespaces", "")]),
            vec![cluster_wide(core("patch", "namespaces", "a"))],
            vec![],
        ),
        (
            "a named creation alone is nothing",
            everywhere(&[held("create", "configmaps", "x")]),
            vec![],
            vec![],
        ),
        (
            "with patch it is",
            everywhere(&[held("create,patch", "configmaps", "x")]),
            vec![],
            vec![
                "cluster: create configmaps/x",
                "cluster: patch configmaps/x",
            ],
        ),
        (
            "a named deletecollection is nothing",
            everywhere(&[held("deletecollection", "configmaps", "x")]),
            vec![],
            vec![],
        ),
        (
            "paths",
            everywhere(&[paths("get", &["/logs/*", "/metrics"])]),
            vec![cluster_wide(
                serde_json::from_value(paths("get", &["/met*"])).unwrap(),
            )],
            vec!["cluster: get /logs/*"],
        ),
        (
            "paths in a RoleBinding are nothing",
            within("a", &[paths("get", &["/logs/*"])]),
            vec![],
            vec![],
        ),
        (
            "what everyone has is no excess",
            everywhere(&[rule(
                "create",
                "authorization.k8s.io",
                "selfsubjectaccessreviews",
                "",
            )]),
            vec![],
            vec![],
        ),
    ];
    for (sentence, snapshot, declared, expected) in cases {
        let found = excess(&rights(&snapshot), &declared);
        assert_eq!(excess_words(&found), expected, "{sentence}");
    }
}

#[test]
fn bootstrap_rights_are_no_excess() {
    let rights = rights_of(&Snapshot::default(), &operator());
    assert!(!rights.grants().is_empty());
    assert!(excess(&rights, &[]).is_empty());
}

#[test]
fn what_is_written_down_and_not_granted_is_told_with_its_namespaces() {
    let core =
        |verbs: &str, resources: &str, names: &str| policy_rule(verbs, "core", resources, names);
    let held = |verbs: &str, resources: &str, names: &str| rule(verbs, "core", resources, names);
    let a_and_cluster = snapshot(json!({
        "clusterRoles": [cluster_role("r", &[held("get", "pods", "")]), cluster_role("s", &[held("get", "secrets", "x")])],
        "roleBindings": [binding("a", "b", ("ClusterRole", "r"), &[account_subject("ops", "operator")])],
        "clusterRoleBindings": [cluster_binding("c", "s", &[account_subject("ops", "operator")])],
    }));
    for (sentence, snapshot, declared, expected) in [
        (
            "granted",
            a_and_cluster.clone(),
            inside(&["a"], core("get", "pods", "")),
            vec![],
        ),
        (
            "granted in one of two",
            a_and_cluster.clone(),
            inside(&["a", "b"], core("get", "pods", "")),
            vec![inside(&["b"], core("get", "pods", ""))],
        ),
        (
            "granted in a namespace, written for the cluster",
            a_and_cluster.clone(),
            cluster_wide(core("get", "pods", "")),
            vec![cluster_wide(core("get", "pods", ""))],
        ),
        (
            "granted everywhere",
            a_and_cluster.clone(),
            inside(&["a", "b"], core("get", "secrets", "x")),
            vec![],
        ),
        (
            "one of two names",
            a_and_cluster.clone(),
            cluster_wide(core("get", "secrets", "x,y")),
            vec![cluster_wide(core("get", "secrets", "y"))],
        ),
        (
            "one of two verbs",
            a_and_cluster.clone(),
            inside(&["a"], core("get,list", "pods", "")),
            vec![inside(&["a"], core("list", "pods", ""))],
        ),
        (
            "a star is not granted by a list",
            everywhere(&[held("get,list", "pods", "")]),
            cluster_wide(core("*", "pods", "")),
            vec![cluster_wide(core("*", "pods", ""))],
        ),
        (
            "by a star it is",
            everywhere(&[held("*", "*", "")]),
            cluster_wide(core("*", "pods", "")),
            vec![],
        ),
        (
            "nodes are not granted by a RoleBinding",
            within("a", &[held("get", "nodes", "")]),
            inside(&["a"], core("get", "nodes", "")),
            vec![inside(&["a"], core("get", "nodes", ""))],
        ),
        (
            "its Namespace object is",
            within("a", &[held("get", "namespaces", "")]),
            inside(&["a"], core("get", "namespaces", "")),
            vec![],
        ),
        (
            "bootstrap grants count",
            everywhere(&[]),
            cluster_wide(policy_rule(
                "create",
                "authorization.k8s.io",
                "selfsubjectaccessreviews",
                "",
            )),
            vec![],
        ),
        (
            "paths",
            within("a", &[paths("get", &["/logs/*"])]),
            cluster_wide(serde_json::from_value(paths("get", &["/logs/*"])).unwrap()),
            vec![cluster_wide(
                serde_json::from_value(paths("get", &["/logs/*"])).unwrap(),
            )],
        ),
    ] {
        assert_eq!(
            not_assigned(&rights(&snapshot), &[declared]),
            expected,
            "{sentence}"
        );
    }
}

#[test]
fn what_an_account_holds_written_down_leaves_no_excess_and_nothing_in_vain() {
    let rules = [
        rule(
            "get,list,create",
            "core,apps",
            "pods,secrets/x,deployments",
            "",
        ),
        rule("*", "core", "configmaps", "x,y"),
        rule("get", "*", "*/status", ""),
    ];
    for snapshot in [everywhere(&rules), within("a", &rules)] {
        let rights = rights(&snapshot);
        let own: Vec<ScopedRule> = rights
            .grants()
            .iter()
            .filter(|grant| !grant.bootstrap)
            .map(|grant| {
                let rule = (*grant.rule).clone();
                grant.scope.namespace().map_or_else(
                    || cluster_wide(rule.clone()),
                    |namespace| inside(&[namespace], rule.clone()),
                )
            })
            .collect();
        assert_eq!(own.len(), 3);
        assert_eq!(excess(&rights, &own), []);
        assert_eq!(not_assigned(&rights, &own), []);
    }
}

#[test]
fn a_rule_is_covered_as_the_escalation_check_has_it() {
    let covers = |owner: Value, sub: Value| {
        let read = |value| serde_json::from_value::<PolicyRule>(value).unwrap();
        rule_covers(&read(owner), &read(sub))
    };
    for (owner, sub, expected) in [
        (
            rule("get,list", "core", "pods", ""),
            rule("get", "core", "pods", ""),
            true,
        ),
        (
            rule("get", "core", "pods", ""),
            rule("get,list", "core", "pods", ""),
            false,
        ),
        (
            rule("*", "*", "*", ""),
            rule("get", "core", "pods/exec", "x"),
            true,
        ),
        (
            rule("get", "core", "*/exec", ""),
            rule("get", "core", "pods/exec", ""),
            true,
        ),
        (
            rule("get", "core", "*/exec", ""),
            rule("get", "core", "pods", ""),
            false,
        ),
        (
            rule("get", "core", "pods", "x"),
            rule("get", "core", "pods", ""),
            false,
        ),
        (
            rule("get", "core", "pods", "x,y"),
            rule("get", "core", "pods", "x"),
            true,
        ),
        (rule("*", "*", "*", ""), paths("get", &["/x"]), false),
        (paths("get", &["*"]), paths("get", &["/x/*"]), true),
        (paths("get", &["/x/*"]), paths("get", &["*"]), false),
    ] {
        assert_eq!(
            covers(owner.clone(), sub.clone()),
            expected,
            "{owner} {sub}"
        );
    }
}

#[test]
fn a_rule_breaks_into_its_combinations_unless_they_are_beyond_reading() {
    let atoms = breakdown(&policy_rule(
        "get,list",
        "core,apps",
        "pods,services,secrets",
        "x,y",
    ));
    let distinct: BTreeSet<&PolicyRule> = atoms.iter().collect();
    assert_eq!((atoms.len(), distinct.len()), (24, 24));
    let many: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    let huge = PolicyRule {
        verbs: many.clone(),
        api_groups: vec![String::new()],
        resources: many,
        ..PolicyRule::default()
    };
    assert_eq!(breakdown(&huge), std::slice::from_ref(&huge));
    let granted = everywhere(&[serde_json::to_value(&huge).unwrap()]);
    assert_eq!(excess(&rights(&granted), &[]).len(), 1);
    assert!(excess(&rights(&granted), &[cluster_wide(huge)]).is_empty());
}
