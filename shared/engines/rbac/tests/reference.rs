//! The authoriser and the effective rights against a second reading of RBAC, written straight
//! from its definition and sharing no code with the crate.

#![expect(
    clippy::too_many_lines,
    reason = "the requests that exist, in one place"
)]

mod cluster;

use cluster::{asks, everywhere, operator, rights, rule, snapshot};
use opsec_model::Snapshot;
use opsec_model::objects::{PolicyRule, RoleRef, Subject};
use opsec_rbac::{
    Attributes, EffectiveRights, Granted, Held, Kinds, Names, Policy, Questions, Reaching, Request,
    User,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

/// RBAC as its definition has it, over files whose roles do not aggregate.
struct Reference<'a>(&'a Snapshot);

impl Reference<'_> {
    fn allows(&self, user: &User, asked: &Attributes) -> bool {
        let everywhere = self.0.cluster_role_bindings.iter().any(|binding| {
            names(&binding.subjects, None, user)
                && self
                    .rules(&binding.role_ref, None)
                    .iter()
                    .any(|rule| rule_allows(rule, asked))
        });
        let here = match asked {
            Attributes::Resource { namespace, .. } => namespace.as_str(),
            Attributes::Path { .. } => "",
        };
        everywhere
            || self.0.role_bindings.iter().any(|binding| {
                let own = binding.metadata.namespace();
                !here.is_empty()
                    && own == here
                    && names(&binding.subjects, Some(own), user)
                    && self
                        .rules(&binding.role_ref, Some(own))
                        .iter()
                        .any(|rule| rule_allows(rule, asked))
            })
    }

    fn rules(&self, role: &RoleRef, namespace: Option<&str>) -> Vec<PolicyRule> {
        if role.kind == "ClusterRole" {
            let mut roles = self.0.cluster_roles.iter();
            return roles
                .find(|found| found.metadata.name == role.name)
                .map(|found| found.rules.clone())
                .unwrap_or_default();
        }
        let mut roles = self.0.roles.iter();
        let found = roles.find(|found| {
            found.metadata.name == role.name && found.metadata.namespace.as_deref() == namespace
        });
        found.map(|found| found.rules.clone()).unwrap_or_default()
    }
}

fn names(subjects: &[Subject], namespace: Option<&str>, user: &User) -> bool {
    subjects.iter().any(|subject| match subject.kind.as_str() {
        "User" => subject.name == user.name,
        "Group" => user.groups.contains(&subject.name),
        "ServiceAccount" => match subject.namespace.as_deref().or(namespace) {
            Some(namespace) => {
                user.name == format!("system:serviceaccount:{namespace}:{}", subject.name)
            }
            None => false,
        },
        _ => false,
    })
}

fn rule_allows(rule: &PolicyRule, asked: &Attributes) -> bool {
    let has = |list: &[String], item: &str| list.iter().any(|one| one == item);
    match asked {
        Attributes::Resource {
            verb,
            group,
            resource,
            subresource,
            name,
            ..
        } => {
            let combined = if subresource.is_empty() {
                resource.clone()
            } else {
                format!("{resource}/{subresource}")
            };
            let resource_matches = rule.resources.iter().any(|one| {
                one == "*"
                    || *one == combined
                    || (!subresource.is_empty() && *one == format!("*/{subresource}"))
            });
            (has(&rule.verbs, "*") || has(&rule.verbs, verb))
                && (has(&rule.api_groups, "*") || has(&rule.api_groups, group))
                && resource_matches
                && (rule.resource_names.is_empty() || has(&rule.resource_names, name))
        }
        Attributes::Path { verb, path } => {
            (has(&rule.verbs, "*") || has(&rule.verbs, verb))
                && rule.non_resource_urls.iter().any(|one| {
                    one == "*"
                        || one == path
                        || (one.ends_with('*') && path.starts_with(one.trim_end_matches('*')))
                })
        }
    }
}

fn cases(number: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(number)
    }
}

const VERBS: [&str; 10] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "bind",
    "*",
];
const GROUPS: [&str; 4] = ["", "rbac.authorization.k8s.io", "shop.example", "*"];
const RESOURCES: [&str; 17] = [
    "pods",
    "pods/exec",
    "pods/*",
    "secrets",
    "services",
    "nodes",
    "nodes/proxy",
    "namespaces",
    "namespaces/status",
    "clusterroles",
    "roles",
    "carts",
    "carts/status",
    "regions",
    "*",
    "*/exec",
    "*/status",
];
const NAMES: [&str; 5] = ["a", "b", "x", "*", ""];
const PATHS: [&str; 8] = [
    "/logs", "/logs/", "/logs/*", "/pre*", "/prefix", "*", "*x", "/a/*/b",
];

fn some_of(list: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(list.to_vec(), 1..=most)
}

fn any_rule() -> impl Strategy<Value = Value> {
    let names = prop_oneof![Just(Vec::new()), some_of(&NAMES, 2)];
    let resources = (some_of(&VERBS, 4), some_of(&GROUPS, 2), some_of(&RESOURCES, 4), names)
        .prop_map(|(verbs, groups, resources, names)| {
            json!({"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names})
        });
    let paths = (some_of(&VERBS, 3), some_of(&PATHS, 2))
        .prop_map(|(verbs, urls)| json!({"verbs": verbs, "nonResourceURLs": urls}));
    prop_oneof![6 => resources, 1 => paths]
}

fn any_rules() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(any_rule(), 0..3)
}

fn any_subject() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"kind": "ServiceAccount", "namespace": "ops", "name": "operator"}),
        json!({"kind": "ServiceAccount", "namespace": "a", "name": "operator"}),
        json!({"kind": "ServiceAccount", "name": "operator"}),
        json!({"kind": "User", "name": "system:serviceaccount:ops:operator"}),
        json!({"kind": "User", "name": "jane"}),
        json!({"kind": "Group", "name": "system:serviceaccounts"}),
        json!({"kind": "Group", "name": "system:serviceaccounts:ops"}),
        json!({"kind": "Group", "name": "system:authenticated"}),
        json!({"kind": "Group", "name": "people"}),
    ])
}

fn any_subjects() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(any_subject(), 1..3)
}

/// A role in each of two namespaces and two ClusterRoles, some of them missing; bindings to
/// them, and the bootstrap policy under all but as empty of it as a live cluster can be.
fn any_lists() -> impl Strategy<Value = Value> {
    let role = |name: &'static str, namespace: Option<&'static str>| {
        any_rules().prop_map(move |rules| json!({"metadata": {"name": name, "namespace": namespace}, "rules": rules}))
    };
    let cluster_roles = (role("r", None), role("s", None), any::<bool>())
        .prop_map(|(r, s, both)| if both { json!([r, s]) } else { json!([r]) });
    let roles = (role("r", Some("a")), role("r", Some("b")), any::<bool>())
        .prop_map(|(a, b, both)| if both { json!([a, b]) } else { json!([a]) });
    let cluster_binding = (select(vec!["r", "s"]), any_subjects());
    let binding = (
        select(vec!["a", "b", "ops"]),
        select(vec!["Role", "ClusterRole"]),
        select(vec!["r", "s"]),
        any_subjects(),
    );
    (
        cluster_roles,
        roles,
        prop::collection::vec(cluster_binding, 0..3),
        prop::collection::vec(binding, 0..4),
    )
        .prop_map(|(cluster_roles, roles, cluster_bindings, bindings)| {
            let cluster_bindings = cluster_bindings.iter().enumerate().map(|(number, (role, subjects))| json!({
                "metadata": {"name": format!("b{number}")}, "subjects": subjects,
                "roleRef": {"kind": "ClusterRole", "name": role},
            }));
            let bindings = bindings.iter().enumerate().map(|(number, (namespace, kind, role, subjects))| json!({
                "metadata": {"name": format!("b{number}"), "namespace": namespace}, "subjects": subjects,
                "roleRef": {"kind": kind, "name": role},
            }));
            json!({
                "source": {"kind": "cluster"},
                "clusterRoles": cluster_roles, "roles": roles,
                "clusterRoleBindings": cluster_bindings.collect::<Vec<_>>(),
                "roleBindings": bindings.collect::<Vec<_>>(),
                "customResourceDefinitions": cluster::definitions(),
            })
        })
}

fn users() -> [User; 3] {
    let jane = |groups: &[&str]| User {
        name: "jane".into(),
        groups: groups.iter().map(ToString::to_string).collect(),
    };
    [
        User::service_account(&operator()),
        jane(&[]),
        jane(&["people", "system:authenticated"]),
    ]
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn authorize_is_what_the_definition_says(lists in any_lists()) {
        let snapshot = snapshot(lists);
        let policy = Policy::from_snapshot(&snapshot);
        let reference = Reference(&snapshot);
        let granted = Granted::to(&policy, &operator());
        for user in users() {
            let is_operator = user == User::service_account(&operator());
            for verb in VERBS {
                for resource in RESOURCES {
                    for (group, namespace, name) in [("", "", ""), ("", "a", "x"), ("shop.example", "b", ""), ("rbac.authorization.k8s.io", "ops", "a"), ("*", "a", "*")] {
                        let asked = asks(verb, group, resource, namespace, name);
                        let decision = policy.authorize(&user, &asked);
                        prop_assert_eq!(decision.allowed, reference.allows(&user, &asked), "{:?} {:?}", user, asked);
                        prop_assert_eq!(decision.grant.is_some(), decision.allowed);
                        if is_operator {
                            prop_assert_eq!(granted.authorize(&asked), decision.grant.as_ref());
                        }
                    }
                }
                for path in PATHS {
                    let asked = Attributes::Path { verb: verb.into(), path: path.into() };
                    let decision = policy.authorize(&user, &asked);
                    prop_assert_eq!(decision.allowed, reference.allows(&user, &asked), "{:?} {:?}", user, asked);
                    if is_operator {
                        prop_assert_eq!(granted.authorize(&asked), decision.grant.as_ref());
                    }
                }
            }
        }
    }
}

/// A request that an API server can be sent, with everything that it then asks the authoriser:
/// each list of attributes suffices, all of a list are needed.
struct RealRequest {
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    namespace: String,
    name: String,
    asked: Vec<Vec<Attributes>>,
}

const KINDS: [(&str, &str, bool); 12] = [
    ("", "pods", true),
    ("", "pods/exec", true),
    ("", "secrets", true),
    ("", "services", true),
    ("", "nodes", false),
    ("", "nodes/proxy", false),
    ("rbac.authorization.k8s.io", "roles", true),
    ("rbac.authorization.k8s.io", "clusterroles", false),
    ("shop.example", "carts", true),
    ("shop.example", "regions", false),
    ("", "namespaces", false),
    ("", "namespaces/status", false),
];

/// Kinds of the list above whose absent objects a PUT creates.
const BY_PUT: [&str; 3] = ["services", "roles", "clusterroles"];

fn real_requests() -> Vec<RealRequest> {
    let mut all = Vec::new();
    for (group, resource, namespaced) in KINDS {
        let top_level = !resource.contains('/');
        let namespaces: &[&str] = if namespaced { &["a", "b"] } else { &[""] };
        let names = ["a", "b", "x", "*"];
        for &namespace in namespaces {
            let mut push = |verb, name: &str, asked: Vec<Vec<Attributes>>| {
                all.push(RealRequest {
                    verb,
                    group,
                    resource,
                    namespace: namespace.into(),
                    name: name.into(),
                    asked,
                });
            };
            for name in names {
                let own = if resource.starts_with("namespaces") {
                    name
                } else {
                    namespace
                };
                let one = |verb: &str, name: &str| asks(verb, group, resource, own, name);
                for verb in ["get", "update", "patch", "delete"] {
                    push(verb, name, vec![vec![one(verb, name)]]);
                }
                if !top_level {
                    push(
                        "create",
                        name,
                        vec![vec![asks("create", group, resource, namespace, name)]],
                    );
                    continue;
                }
                let fixed = |verb: &str, name: &str| asks(verb, group, resource, namespace, name);
                for verb in ["list", "watch"] {
                    // An object is also seen by a list of all.
                    push(
                        verb,
                        name,
                        vec![vec![fixed(verb, name)], vec![fixed(verb, "")]],
                    );
                }
                let mut ways = vec![
                    vec![fixed("create", "")],
                    vec![fixed("create", name), one("patch", name)],
                ];
                if BY_PUT.contains(&resource) {
                    ways.push(vec![fixed("create", name), one("update", name)]);
                }
                // A namespace in which a RoleBinding lives exists and cannot be created.
                if resource != "namespaces" {
                    push("create", name, ways);
                }
            }
            if top_level {
                for verb in ["list", "watch", "deletecollection"] {
                    push(
                        verb,
                        "",
                        vec![vec![asks(verb, group, resource, namespace, "")]],
                    );
                }
            }
        }
        if namespaced && top_level {
            for verb in ["list", "watch"] {
                let asked = vec![vec![asks(verb, group, resource, "", "")]];
                all.push(RealRequest {
                    verb,
                    group,
                    resource,
                    namespace: "everywhere".into(),
                    name: String::new(),
                    asked,
                });
            }
        }
    }
    all
}

fn covers(held: &Held, request: &RealRequest) -> bool {
    let there = match &held.scope {
        Reaching::Cluster => true,
        Reaching::Namespace(own) if request.resource.starts_with("namespaces") => {
            *own == request.name
        }
        Reaching::Namespace(own) => *own == request.namespace,
    };
    let named = match &held.names {
        Names::All => true,
        Names::Only(names) => !request.name.is_empty() && names.contains(&request.name),
    };
    there && named
}

fn effective(snapshot: &Snapshot) -> (Policy, EffectiveRights) {
    let policy = Policy::from_snapshot(snapshot);
    let rights = EffectiveRights::of(&policy, &Kinds::from_snapshot(snapshot), &operator());
    (policy, rights)
}

proptest! {
    #![proptest_config(cases(384))]

    #[test]
    fn what_is_held_is_exactly_what_real_requests_are_granted(lists in any_lists()) {
        let snapshot = snapshot(lists);
        let (policy, rights) = effective(&snapshot);
        let user = User::service_account(&operator());
        for request in real_requests() {
            let granted = request.asked.iter().any(|all| all.iter().all(|asked| policy.authorize(&user, asked).allowed));
            let held = rights.held(&Request::new(request.verb, request.group, request.resource));
            let covered = held.iter().any(|held| covers(held, &request));
            prop_assert_eq!(
                covered, granted,
                "{} {} {:?} in {:?}: {:?}", request.verb, request.resource, request.name, request.namespace, held
            );
        }
    }

    #[test]
    fn questions_asked_together_are_answered_as_each_by_itself(lists in any_lists(), asked in prop::collection::vec((select(VERBS.to_vec()), select(GROUPS.to_vec()), select(RESOURCES.to_vec())), 0..60)) {
        let (_, rights) = effective(&snapshot(lists));
        let requests: Vec<Request<'_>> = asked.iter().map(|(verb, group, resource)| Request::new(verb, group, resource)).collect();
        let questions = Questions::new(requests.iter().copied());
        let all = rights.answers(&questions, |_| true);
        let of_roles = rights.answers(&questions, |grant| grant.scope.namespace().is_some());
        for request in &requests {
            let place = questions.place(request).unwrap();
            let held = rights.held(request);
            prop_assert_eq!(all.of(place), held.as_slice(), "{:?}", request);
            prop_assert_eq!(all.places().any(|held| held == place), !held.is_empty());
            let own: Vec<Held> = held.into_iter().filter(|held| rights.grant(held).unwrap().scope.namespace().is_some()).collect();
            prop_assert_eq!(of_roles.of(place), own.as_slice(), "{:?}", request);
        }
    }

    #[test]
    fn paths_that_are_held_are_granted(lists in any_lists()) {
        let snapshot = snapshot(lists);
        let (policy, rights) = effective(&snapshot);
        let user = User::service_account(&operator());
        for verb in VERBS {
            for path in PATHS {
                let asked = Attributes::Path { verb: verb.into(), path: path.into() };
                prop_assert_eq!(!rights.held_path(verb, path).is_empty(), policy.authorize(&user, &asked).allowed);
            }
        }
    }

    #[test]
    fn a_binding_more_never_takes_a_right_away(lists in any_lists(), added in any_rules(), subject in any_subject(), namespace in select(vec![None, Some("a"), Some("b")])) {
        let mut more = lists.clone();
        let added_role = json!({"metadata": {"name": "added"}, "rules": added});
        more["clusterRoles"].as_array_mut().unwrap().push(added_role);
        let list = if namespace.is_some() { "roleBindings" } else { "clusterRoleBindings" };
        let binding = json!({
            "metadata": {"name": "added", "namespace": namespace}, "subjects": [subject],
            "roleRef": {"kind": "ClusterRole", "name": "added"},
        });
        more[list].as_array_mut().unwrap().push(binding);
        let (before, after) = (effective(&snapshot(lists)).1, effective(&snapshot(more)).1);
        for request in real_requests() {
            let asked = Request::new(request.verb, request.group, request.resource);
            let had = before.held(&asked).iter().any(|held| covers(held, &request));
            let has = after.held(&asked).iter().any(|held| covers(held, &request));
            prop_assert!(has || !had, "{} {}", request.verb, request.resource);
        }
    }

    #[test]
    fn each_grant_behind_a_right_covers_it_by_itself(lists in any_lists()) {
        let (_, rights) = effective(&snapshot(lists));
        for request in real_requests() {
            let asked = Request::new(request.verb, request.group, request.resource);
            for held in rights.held(&asked) {
                let grant = rights.grant(&held).unwrap();
                let names: Vec<String> = match &held.names {
                    Names::Only(names) => names.iter().cloned().collect(),
                    Names::All => vec![String::new()],
                };
                // All names of a rule with names come from the empty one, or the Namespace's own.
                for name in names {
                    let asked = asks(request.verb, request.group, request.resource, "", &name);
                    prop_assert!(rule_allows(&grant.rule, &asked), "{:?} {:?}", grant.rule, asked);
                }
            }
        }
    }
}

#[test]
fn the_reference_tells_real_requests_apart() {
    let all = everywhere(&[rule("*", "*", "*", "")]);
    let none = everywhere(&[]);
    let (granted, refused): (Vec<_>, Vec<_>) = real_requests().into_iter().partition(|request| {
        let asked = Request::new(request.verb, request.group, request.resource);
        rights(&all)
            .held(&asked)
            .iter()
            .any(|held| covers(held, request))
    });
    assert!(
        granted.len() > 400 && refused.is_empty(),
        "{} {}",
        granted.len(),
        refused.len()
    );
    for request in granted {
        let asked = Request::new(request.verb, request.group, request.resource);
        assert!(rights(&none).held(&asked).is_empty());
    }
}
