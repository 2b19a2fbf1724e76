//! Only what a change may touch is looked at, and that comes to what a look at everything does.

use opsec_gather::WatchedKind;
use opsec_model::validation::ConditionStatus;
use serde_json::{Value, json};

use super::*;
use crate::kinds::WATCHED;

const RBAC: &str = "rbac.authorization.k8s.io";

fn watched(kind: &str) -> WatchedKind {
    WATCHED.into_iter().find(|it| it.kind == kind).unwrap()
}

fn put(kind: &str, object: Value) -> Change {
    Change::Put(watched(kind), object)
}

fn gone(kind: &str, namespace: Option<&str>, name: &str) -> Change {
    Change::Gone(watched(kind), namespace.map(str::to_owned), name.to_owned())
}

fn role(name: &str, resources: &[&str]) -> Change {
    let rules = json!([{"apiGroups": [""], "resources": resources, "verbs": ["get"]}]);
    put(
        "ClusterRole",
        json!({"metadata": {"name": name}, "rules": rules}),
    )
}

fn binding(name: &str, role: &str, subject: Value) -> Change {
    put(
        "ClusterRoleBinding",
        json!({"metadata": {"name": name}, "subjects": [subject],
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}}),
    )
}

fn account(name: &str) -> Value {
    json!({"kind": "ServiceAccount", "name": name, "namespace": name})
}

fn group(name: &str) -> Value {
    json!({"apiGroup": RBAC, "kind": "Group", "name": name})
}

fn deployment(namespace: &str, name: &str, account: &str, image: &str) -> Change {
    put(
        "Deployment",
        json!({"metadata": {"name": name, "namespace": namespace}, "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {
                "serviceAccountName": account, "containers": [{"name": "a", "image": image}]}}}}),
    )
}

fn service_account(namespace: &str, name: &str) -> Change {
    let metadata = json!({"name": name, "namespace": namespace});
    put("ServiceAccount", json!({"metadata": metadata}))
}

fn declaration(name: &str, rights: Value) -> Change {
    put(
        "OperatorRights",
        json!({"metadata": {"name": name, "generation": 1},
            "spec": {"operator": name, "mode": "Audit", "rights": rights}}),
    )
}

/// An operator of one account that reads Secrets, and declares it.
fn operator(name: &str) -> Vec<Change> {
    let rules = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]);
    let rights =
        json!([{"serviceAccount": format!("{name}/{name}"), "scope": "cluster", "rules": rules}]);
    vec![
        put("Namespace", json!({"metadata": {"name": name}})),
        service_account(name, name),
        deployment(name, name, name, "a:1"),
        role(name, &["secrets"]),
        binding(name, name, account(name)),
        declaration(name, rights),
    ]
}

/// A cluster of two operators, and what its first look came to.
fn two() -> (Engine, Vec<Validation>) {
    let mut engine = Engine::new();
    for kind in WATCHED {
        engine.apply(Change::Listing(kind));
    }
    for change in operator("cart").into_iter().chain(operator("shop")) {
        engine.apply(change);
    }
    for kind in WATCHED {
        engine.apply(Change::Listed(kind));
        engine.apply(Change::Known(kind));
    }
    assert!(engine.world().is_settled());
    assert_eq!(engine.urgency(), Some(Urgency::Now));
    let first = engine.validate(false).validated;
    assert_eq!(first.len(), 2);
    for validation in &first {
        assert_eq!(
            validation.condition("Excess"),
            ConditionStatus::False,
            "{validation:?}"
        );
    }
    assert_eq!(engine.urgency(), None);
    (engine, first)
}

/// The names of those that a change makes due, and what the cart's comes to.
fn after(engine: &mut Engine, change: Change) -> (Vec<String>, Option<ConditionStatus>) {
    engine.apply(change);
    if engine.urgency() != Some(Urgency::Now) {
        engine.forget();
        return (Vec::new(), None);
    }
    let validated = engine.validate(false).validated;
    let cart = validated.iter().find(|it| it.name == "cart");
    let excess = cart.map(|it| it.condition("Excess"));
    let names = validated.iter().map(|it| it.name.clone()).collect();
    (names, excess)
}

const CART: &[&str] = &["cart"];
const BOTH: &[&str] = &["cart", "shop"];
const NONE: &[&str] = &[];

/// Changes in their order, whom each makes due, and whether the cart then holds too much.
fn story() -> Vec<(Change, &'static [&'static str], Option<ConditionStatus>)> {
    use ConditionStatus::{False, True};
    let all = "system:serviceaccounts";
    vec![
        // Rights, by the account's own role and by others.
        (role("cart", &["secrets", "pods"]), CART, Some(True)),
        (role("cart", &["secrets"]), CART, Some(False)),
        (role("wide", &["nodes"]), NONE, None),
        (binding("of-nobody", "wide", account("nobody")), NONE, None),
        (binding("more", "wide", account("cart")), CART, Some(True)),
        (role("wide", &["secrets"]), CART, Some(False)),
        (role("wide", &["nodes"]), CART, Some(True)),
        (gone("ClusterRole", None, "wide"), CART, Some(False)),
        (gone("ClusterRoleBinding", None, "more"), CART, Some(False)),
        (role("wide", &["nodes"]), NONE, None),
        // By its groups.
        (binding("all", "wide", group(all)), BOTH, Some(True)),
        (gone("ClusterRoleBinding", None, "all"), BOTH, Some(False)),
        (
            binding("some", "wide", group("system:serviceaccounts:cart")),
            CART,
            Some(True),
        ),
        (gone("ClusterRoleBinding", None, "some"), CART, Some(False)),
        // What says nothing of rights.
        (deployment("cart", "cart", "cart", "a:2"), NONE, None),
        (deployment("other", "other", "other", "a"), NONE, None),
        (service_account("other", "other"), NONE, None),
        (
            put("Namespace", json!({"metadata": {"name": "blog"}})),
            NONE,
            None,
        ),
        // Another account that it runs as.
        (
            binding(
                "second",
                "wide",
                json!({"kind": "ServiceAccount", "name": "second", "namespace": "cart"}),
            ),
            NONE,
            None,
        ),
        (service_account("cart", "second"), NONE, None),
        (deployment("cart", "cart", "second", "a"), CART, Some(True)),
        (deployment("cart", "cart", "cart", "a"), CART, Some(False)),
        // What is declared.
        (declaration("cart", json!([])), CART, Some(True)),
        (gone("OperatorRights", None, "cart"), NONE, None),
    ]
}

#[test]
fn only_what_a_change_may_touch_is_due() {
    let (mut engine, _) = two();
    for (place, (change, due, excess)) in story().into_iter().enumerate() {
        let said = format!("{place}: {change:?}");
        assert_eq!(
            after(&mut engine, change),
            (due.iter().map(|it| (*it).to_owned()).collect(), excess),
            "{said}"
        );
    }
}

#[test]
fn change_by_change_comes_to_what_a_fresh_look_does() {
    let (mut engine, first) = two();
    let mut known: BTreeMap<String, Validation> =
        first.into_iter().map(|it| (it.name.clone(), it)).collect();
    for (change, ..) in story() {
        engine.apply(change.clone());
        if engine.urgency() == Some(Urgency::Now) {
            let validated = engine.validate(false).validated;
            known.extend(validated.into_iter().map(|it| (it.name.clone(), it)));
        } else {
            engine.forget();
        }
        known.retain(|name, _| engine.world().declared(name).is_some());
        let snapshot = engine.world().snapshot();
        let whole = opsec_remedies::validate_all(&Prepared::new(snapshot), None);
        let whole = whole.map(|list| list.items).unwrap_or_default();
        let whole: BTreeMap<String, Validation> =
            whole.into_iter().map(|it| (it.name.clone(), it)).collect();
        assert_eq!(known, whole, "after {change:?}");
    }
}

#[test]
fn what_cannot_be_read_is_unknown_by_its_permission_and_known_again() {
    let (mut engine, _) = two();
    let forbidden = opsec_model::Completeness::Forbidden {
        missing: "watch rolebindings.rbac.authorization.k8s.io".to_owned(),
    };
    engine.apply(Change::NotKnown(watched("RoleBinding"), forbidden));
    assert_eq!(engine.urgency(), Some(Urgency::Now));
    for validation in engine.validate(false).validated {
        assert_eq!(validation.condition("Validated"), ConditionStatus::Unknown);
        assert_eq!(validation.condition("Excess"), ConditionStatus::Unknown);
        let said = &validation.conditions[0].message;
        assert!(said.contains("may not watch rolebindings"), "{said}");
    }
    engine.apply(Change::Known(watched("RoleBinding")));
    for validation in engine.validate(false).validated {
        assert_eq!(validation.condition("Validated"), ConditionStatus::True);
    }
}

#[test]
fn what_a_list_does_not_tell_any_more_is_gone() {
    let (mut engine, _) = two();
    let kind = watched("ClusterRoleBinding");
    engine.apply(Change::Listing(kind));
    engine.apply(binding("shop", "shop", account("shop")));
    engine.apply(Change::Listed(kind));
    let validated = engine.validate(false).validated;
    assert_eq!(validated.len(), 1);
    assert_eq!(validated[0].name, "cart");
    assert_eq!(validated[0].not_assigned.len(), 1);
}

#[test]
fn a_role_that_gathers_is_followed_to_what_it_gathers() {
    let (mut engine, _) = two();
    let selectors = json!([{"matchLabels": {"gather": "true"}}]);
    let gathers = |rules: Value| {
        put(
            "ClusterRole",
            json!({"metadata": {"name": "gathers"}, "rules": rules,
                "aggregationRule": {"clusterRoleSelectors": selectors}}),
        )
    };
    let rules = json!([{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}]);
    after(&mut engine, gathers(json!([])));
    after(&mut engine, binding("gathers", "gathers", account("cart")));
    let gathered = put(
        "ClusterRole",
        json!({"metadata": {"name": "gathered", "labels": {"gather": "true"}}, "rules": rules}),
    );
    // Live, the rules of the role that gathers are what is granted.
    let (due, excess) = after(&mut engine, gathered);
    assert_eq!(
        (due, excess),
        (vec!["cart".to_owned()], Some(ConditionStatus::False))
    );
    let (due, excess) = after(&mut engine, gathers(rules));
    assert_eq!(
        (due, excess),
        (vec!["cart".to_owned()], Some(ConditionStatus::True))
    );
}
