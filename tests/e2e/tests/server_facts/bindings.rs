//! "Bindings and roles".

use opsec_model::NoticeCode;
use opsec_rbac::{Policy, User};
use serde_json::{Value, json};

use crate::given::{
    Bound, RBAC, account, asked, binding, create, eventually, granted, granted_to, named,
    namespace, review, reviewed, role, rule, snapshot, subject,
};
use crate::server::{admin, user};

const GROUP: &str = "rbac.authorization.k8s.io";

/// A RoleBinding to a ClusterRole grants `get`, `update`, `patch` and `delete` on its Namespace
/// object itself, with status and finalize; never `list` or `create` of it.
#[test]
fn a_role_binding_grants_its_own_namespace_object() {
    namespace("bind-own", &json!({}));
    let who = "bind-own-user";
    let rules = json!([
        rule("", "namespaces", &["*"]),
        rule("", "namespaces/status", &["*"]),
        rule("", "namespaces/finalize", &["*"]),
    ]);
    granted(who, Bound::In("bind-own"), &rules);
    let own = "/api/v1/namespaces/bind-own";
    let label = json!({"metadata": {"labels": {"a": "b"}}});
    let read = user(who).get(own);
    assert_eq!(read.code, 200);
    assert_eq!(user(who).merge(own, &label).code, 200);
    assert_eq!(user(who).merge(&format!("{own}/status"), &label).code, 200);
    let mut whole = user(who).get(own).body;
    whole["metadata"]["labels"]["c"] = json!("d");
    assert_eq!(user(who).put(&format!("{own}/finalize"), &whole).code, 200);
    assert_eq!(user(who).delete(&format!("{own}?dryRun=All")).code, 200);
    assert_eq!(user(who).get("/api/v1/namespaces").code, 403);
    let other = json!({"metadata": {"name": "bind-own-other"}});
    assert_eq!(user(who).post("/api/v1/namespaces", &other).code, 403);
    assert_eq!(user(who).get("/api/v1/namespaces/default").code, 403);
}

/// A User subject `system:serviceaccount:NS:NAME` grants the ServiceAccount.
#[test]
fn a_user_subject_names_a_service_account() {
    namespace("bind-account", &json!({}));
    account("bind-account", "o");
    let name = "system:serviceaccount:bind-account:o";
    let rules = json!([rule("", "configmaps", &["list"])]);
    let policy = granted_to("bind-account", &subject(name), Bound::Everywhere, &rules);
    let question = asked("list", "", "configmaps", "default", "");
    reviewed(&policy, name, &question, true);
    let token = crate::secrets::token("bind-account", "o");
    let maps = crate::server::bearer(&token).get("/api/v1/namespaces/default/configmaps");
    assert_eq!(maps.code, 200);
}

/// A missing apiGroup on a User or Group is defaulted; a ServiceAccount subject with an apiGroup,
/// one without namespace in a ClusterRoleBinding, and a ClusterRoleBinding to a Role are refused.
#[test]
fn subjects_are_defaulted_or_refused() {
    let bindings = format!("{RBAC}/clusterrolebindings");
    let with = |name: &str, subject: Value| binding(name, None, &json!([subject]));
    let plain = json!({"kind": "Group", "name": "g"});
    let answer = create(&bindings, &with("bind-plain", plain));
    assert_eq!(answer.body["subjects"][0]["apiGroup"], json!(GROUP));
    let grouped = json!({"kind": "ServiceAccount", "apiGroup": GROUP, "name": "o",
        "namespace": "default"});
    let nowhere = json!({"kind": "ServiceAccount", "name": "o"});
    let mut to_role = with("bind-to-role", json!({"kind": "User", "name": "u"}));
    to_role["roleRef"]["kind"] = json!("Role");
    for (refused, code) in [
        (with("bind-a", grouped), NoticeCode::InvalidObject),
        // Judged as what it may have meant, and said.
        (with("bind-b", nowhere), NoticeCode::SubjectWithoutNamespace),
        (to_role, NoticeCode::InvalidObject),
    ] {
        let answer = admin().post(&bindings, &refused);
        assert_eq!(answer.code, 422, "{answer:?}");
        let name = refused["metadata"]["name"].as_str().unwrap().to_owned();
        let everything = role(&name, &json!([rule("*", "*", &["*"])]));
        let read = snapshot(&[everything, refused]);
        let codes: Vec<NoticeCode> = read.notices.iter().map(|notice| notice.code).collect();
        assert_eq!(codes, [code], "ours of {name}");
        let grants = ["u", "system:serviceaccount:default:o"].map(|user| {
            let user = User {
                name: user.to_owned(),
                groups: Vec::new(),
            };
            Policy::from_snapshot(&read).grants_to(&user).len()
        });
        if code == NoticeCode::InvalidObject {
            assert_eq!(grants, [0, 0], "ours grants by {name}");
        }
    }
}

/// Aggregation replaces a role's own rules by the union of what its selectors gather, the role
/// itself excepted; where nothing is gathered, its own stay. Nesting works.
#[test]
fn aggregation_replaces_rules_by_the_union() {
    let roles = format!("{RBAC}/clusterroles");
    let aggregated = |name: &str, labels: Value, gathers: &str, own: &str| {
        let mut aggregated = role(name, &json!([rule("own.example.com", own, &["get"])]));
        aggregated["metadata"]["labels"] = labels;
        let selector = json!({"matchLabels": {"facts/gather": gathers}});
        aggregated["aggregationRule"] = json!({"clusterRoleSelectors": [selector]});
        aggregated
    };
    let mut leaf = role(
        "agg-leaf",
        &json!([rule("leaf.example.com", "leaves", &["get"])]),
    );
    leaf["metadata"]["labels"] = json!({"facts/gather": "leaf"});
    let middle = aggregated("agg-middle", json!({"facts/gather": "middle"}), "leaf", "m");
    let top = aggregated("agg-top", json!({"facts/gather": "middle"}), "middle", "t");
    let alone = aggregated("agg-alone", json!({}), "nobody", "a");
    for object in [&leaf, &middle, &top, &alone] {
        create(&roles, object);
    }
    let held = |name: &str| admin().get(&format!("{roles}/{name}")).body["rules"].clone();
    eventually("the union of unions", || held("agg-top") == leaf["rules"]);
    assert_eq!(held("agg-middle"), leaf["rules"]);
    assert_eq!(held("agg-alone"), alone["rules"]);
    let mut objects = vec![leaf, middle, top, alone];
    let names = ["agg-leaf", "agg-middle", "agg-top", "agg-alone"];
    for name in names {
        let bound = binding(name, None, &json!([subject(name)]));
        create(&format!("{RBAC}/clusterrolebindings"), &bound);
        objects.push(bound);
    }
    let last = asked("get", "own.example.com", "a", "", "");
    eventually("bound", || review("agg-alone", &[], &last));
    let policy = Policy::from_snapshot(&snapshot(&objects));
    for name in names {
        let question = asked("get", "leaf.example.com", "leaves", "", "");
        reviewed(&policy, name, &question, name != "agg-alone");
        for own in ["m", "t", "a"] {
            let question = asked("get", "own.example.com", own, "", "");
            let allowed = name == "agg-alone" && own == "a";
            reviewed(&policy, name, &question, allowed);
        }
    }
}

/// Without `bind`, every update of a binding whose role holds more than the writer is refused, of
/// a label too; `roleRef` never changes. `bind` is asked in the binding's namespace.
#[test]
fn a_binding_whose_role_holds_more_cannot_even_be_labelled() {
    namespace("bind-label", &json!({}));
    let who = "bind-label-user";
    let rules = json!([rule(GROUP, "rolebindings", &["patch", "update"])]);
    granted(who, Bound::In("bind-label"), &rules);
    let target = "bind-label-target";
    create(
        &format!("{RBAC}/clusterroles"),
        &role(target, &json!([rule("", "secrets", &["get"])])),
    );
    let bindings = format!("{RBAC}/namespaces/bind-label/rolebindings");
    create(&bindings, &binding(target, Some("bind-label"), &json!([])));
    let path = format!("{bindings}/{target}");
    let label = json!({"metadata": {"labels": {"a": "b"}}});
    assert_eq!(user(who).merge(&path, &label).code, 403);
    let binder = "bind-label-binder";
    let rules = json!([
        rule(GROUP, "rolebindings", &["patch"]),
        named(GROUP, "clusterroles", target, &["bind"]),
    ]);
    granted(binder, Bound::In("bind-label"), &rules);
    let answer = user(binder).merge(&path, &label);
    assert_eq!(answer.code, 200, "{answer:?}");
    let other = json!({"roleRef": {"name": "view"}});
    assert_eq!(admin().merge(&path, &other).code, 422);
}

/// `escalate` carries the request's name: named, it works for PATCH, PUT and apply, not for POST.
#[test]
fn a_named_escalate_works_for_all_but_post() {
    let who = "bind-escalate-user";
    let collection = format!("{RBAC}/clusterroles");
    let target = role("bind-escalated", &json!([rule("", "secrets", &["get"])]));
    let rules = json!([
        rule(GROUP, "clusterroles", &["create", "patch", "update"]),
        named(GROUP, "clusterroles", "bind-escalated", &["escalate"]),
    ]);
    granted(who, Bound::Everywhere, &rules);
    let path = format!("{collection}/bind-escalated");
    assert_eq!(user(who).post(&collection, &target).code, 403);
    let applied = user(who).apply(&path, &target);
    assert_eq!(applied.code, 201, "{applied:?}");
    let more = role("bind-escalated", &json!([rule("*", "*", &["*"])]));
    assert_eq!(user(who).merge(&path, &more).code, 200);
    let mut whole = more;
    whole["rules"] = json!([rule("", "*", &["*"])]);
    assert_eq!(user(who).put(&path, &whole).code, 200);
    let other = role("bind-not-escalated", &target["rules"]);
    let refused = user(who).apply(&format!("{collection}/bind-not-escalated"), &other);
    assert_eq!(refused.code, 403, "{refused:?}");
    let mut gathering = role("bind-gathering", &json!([]));
    gathering["aggregationRule"] = json!({"clusterRoleSelectors": [{}]});
    // An aggregationRule needs everything, or `escalate`.
    assert_eq!(user(who).post(&collection, &gathering).code, 403);
}

/// A dangling roleRef grants nothing; a dangling subject is a door for whoever can create that
/// ServiceAccount and take a token.
#[test]
fn a_dangling_role_grants_nothing_and_a_dangling_subject_is_a_door() {
    namespace("bind-dangling", &json!({}));
    let subject = json!({"kind": "ServiceAccount", "name": "ghost", "namespace": "bind-dangling"});
    let rules = json!([rule("", "secrets", &["list"])]);
    granted_to("bind-dangling", &subject, Bound::Everywhere, &rules);
    let who = "bind-dangling-user";
    let rules = json!([
        rule("", "serviceaccounts", &["create"]),
        rule("", "serviceaccounts/token", &["create"]),
    ]);
    granted(who, Bound::In("bind-dangling"), &rules);
    let accounts = "/api/v1/namespaces/bind-dangling/serviceaccounts";
    let ghost = json!({"metadata": {"name": "ghost"}});
    assert_eq!(user(who).post(accounts, &ghost).code, 201);
    let answer = user(who).post(&format!("{accounts}/ghost/token"), &json!({}));
    let token = answer.body["status"]["token"].as_str().unwrap().to_owned();
    let secrets = crate::server::bearer(&token).get("/api/v1/secrets");
    assert_eq!(secrets.code, 200);
}

/// What an empty cluster brings is what is judged against.
#[test]
fn the_api_servers_own_roles_are_those_that_are_counted() {
    for (plural, number) in [
        ("clusterroles", 69),
        ("clusterrolebindings", 50),
        ("roles", 7),
        ("rolebindings", 7),
    ] {
        let selector = "labelSelector=kubernetes.io%2Fbootstrapping";
        let answer = admin().get(&format!("{RBAC}/{plural}?{selector}"));
        let items = answer.body["items"].as_array().unwrap().len();
        assert_eq!(items, number, "{plural}");
    }
}
