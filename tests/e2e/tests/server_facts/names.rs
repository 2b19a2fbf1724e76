//! "Two functions, not one" and "Names".

use opsec_model::ServiceAccountRef;
use opsec_rbac::{EffectiveRights, Kinds, Request};
use serde_json::json;

use crate::given::{
    Bound, asked, create, granted, granted_to, named, namespace, reviewed, rule, snapshot,
};
use crate::server::{admin, user};

/// A review allows `list nodes` in a namespace through a RoleBinding; the request gets 403.
#[test]
fn a_review_allows_list_nodes_in_a_namespace_and_no_request_can() {
    namespace("names-nodes", &json!({}));
    let who = "names-nodes-user";
    let policy = granted(
        who,
        Bound::In("names-nodes"),
        &json!([rule("", "nodes", &["list"])]),
    );
    reviewed(
        &policy,
        who,
        &asked("list", "", "nodes", "names-nodes", ""),
        true,
    );
    assert_eq!(user(who).get("/api/v1/nodes").code, 403);
}

/// A review with a name allows `create configmaps x`; the POST, which carries none, gets 403.
#[test]
fn a_post_never_carries_a_name() {
    namespace("names-post", &json!({}));
    let who = "names-post-user";
    let rules = json!([named("", "configmaps", "x", &["create"])]);
    let policy = granted(who, Bound::In("names-post"), &rules);
    reviewed(
        &policy,
        who,
        &asked("create", "", "configmaps", "names-post", "x"),
        true,
    );
    reviewed(
        &policy,
        who,
        &asked("create", "", "configmaps", "names-post", ""),
        false,
    );
    let maps = "/api/v1/namespaces/names-post/configmaps";
    let answer = user(who).post(maps, &json!({"metadata": {"name": "x"}}));
    assert_eq!(answer.code, 403);
}

/// A review allows `deletecollection secrets s`; the request never carries the name.
#[test]
fn deletecollection_never_carries_a_name() {
    namespace("names-collection", &json!({}));
    let who = "names-collection-user";
    let rules = json!([named("", "secrets", "s", &["deletecollection"])]);
    let policy = granted(who, Bound::In("names-collection"), &rules);
    reviewed(
        &policy,
        who,
        &asked("deletecollection", "", "secrets", "names-collection", "s"),
        true,
    );
    let secrets = "/api/v1/namespaces/names-collection/secrets";
    for path in [
        secrets.to_owned(),
        format!("{secrets}?fieldSelector=metadata.name%3Ds"),
    ] {
        assert_eq!(user(who).delete(&path).code, 403, "{path}");
    }
}

/// Server-side apply of an absent name needs `patch` and `create`, and that create carries the
/// name: name-limited, it works for exactly that name.
#[test]
fn apply_of_an_absent_name_creates_exactly_that_name() {
    let group = "rbac.authorization.k8s.io";
    let who = "names-apply-user";
    let resource = "clusterrolebindings";
    // Without rules: whoever may write a binding may bind it.
    let empty = json!({"metadata": {"name": "names-view"}, "rules": []});
    create(&format!("/apis/{group}/v1/clusterroles"), &empty);
    let rules = json!([named(
        group,
        resource,
        "names-applied",
        &["create", "patch"]
    )]);
    granted(who, Bound::Everywhere, &rules);
    let binding = |name: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "names-view"},
        })
    };
    let path = |name: &str| format!("/apis/{group}/v1/{resource}/{name}");
    let applied = user(who).apply(&path("names-applied"), &binding("names-applied"));
    assert_eq!(applied.code, 201, "{applied:?}");
    let other = user(who).apply(&path("names-other"), &binding("names-other"));
    assert_eq!(other.code, 403);
    let only_patch = "names-apply-patch";
    let rules = json!([named(group, resource, "names-patched", &["patch"])]);
    granted(only_patch, Bound::Everywhere, &rules);
    let refused = user(only_patch).apply(&path("names-patched"), &binding("names-patched"));
    assert_eq!(refused.code, 403, "{refused:?}");
}

/// PUT of an absent name creates it with `update` and `create`, for leases among others, and the
/// create carries the name; a ConfigMap is not found.
#[test]
fn put_of_an_absent_name_creates_some_kinds() {
    namespace("names-put", &json!({}));
    let who = "names-put-user";
    let verbs = &["create", "update"];
    let rules = json!([
        named("coordination.k8s.io", "leases", "l", verbs),
        named("", "services", "l", verbs),
        named("", "limitranges", "l", verbs),
        named("", "configmaps", "l", verbs),
    ]);
    granted(who, Bound::In("names-put"), &rules);
    let core = "/api/v1/namespaces/names-put";
    for (path, object, code) in [
        (
            "/apis/coordination.k8s.io/v1/namespaces/names-put/leases/l".to_owned(),
            json!({"metadata": {"name": "l"}}),
            201,
        ),
        (
            format!("{core}/services/l"),
            json!({"metadata": {"name": "l"}, "spec": {"ports": [{"port": 80}]}}),
            201,
        ),
        (
            format!("{core}/limitranges/l"),
            json!({"metadata": {"name": "l"}, "spec": {"limits": []}}),
            201,
        ),
        (
            format!("{core}/configmaps/l"),
            json!({"metadata": {"name": "l"}}),
            404,
        ),
    ] {
        let answer = user(who).put(&path, &object);
        assert_eq!(answer.code, code, "{path}: {answer:?}");
    }
}

/// list and watch carry the name only with a field selector of it, across namespaces too.
#[test]
fn list_carries_a_name_only_by_its_field_selector() {
    namespace("names-list", &json!({}));
    let who = "names-list-user";
    let rules = json!([named("", "secrets", "s", &["list", "watch"])]);
    granted(who, Bound::Everywhere, &rules);
    let own = "/api/v1/namespaces/names-list/secrets";
    let selector = "fieldSelector=metadata.name%3D";
    let watch = "watch=true&timeoutSeconds=1";
    for (path, code) in [
        (format!("{own}?{selector}s"), 200),
        (format!("{own}?{selector}s&{watch}"), 200),
        (format!("{own}?{selector}other"), 403),
        (own.to_owned(), 403),
        (format!("/api/v1/secrets?{selector}s"), 200),
        (format!("/api/v1/secrets?{selector}s&{watch}"), 200),
        ("/api/v1/secrets".to_owned(), 403),
    ] {
        assert_eq!(user(who).get(&path).code, code, "{path}");
    }
}

/// create on a named subresource carries the name.
#[test]
fn create_on_a_named_subresource_carries_the_name() {
    namespace("names-sub", &json!({}));
    for name in ["mine", "other"] {
        create(
            "/api/v1/namespaces/names-sub/serviceaccounts",
            &json!({"metadata": {"name": name}}),
        );
    }
    let who = "names-sub-user";
    let rules = json!([named("", "serviceaccounts/token", "mine", &["create"])]);
    granted(who, Bound::In("names-sub"), &rules);
    for (name, code) in [("mine", 201), ("other", 403)] {
        let path = format!("/api/v1/namespaces/names-sub/serviceaccounts/{name}/token");
        assert_eq!(user(who).post(&path, &json!({})).code, code, "{name}");
    }
}

/// `resourceNames: ["*"]` is a literal.
#[test]
fn a_star_among_names_is_a_literal() {
    let who = "names-star-user";
    let rules = json!([named("", "configmaps", "*", &["get"])]);
    let policy = granted(who, Bound::Everywhere, &rules);
    for (name, allowed) in [("x", false), ("*", true)] {
        let asked = asked("get", "", "configmaps", "default", name);
        reviewed(&policy, who, &asked, allowed);
    }
    let path = "/api/v1/namespaces/default/configmaps/x";
    assert_eq!(user(who).get(path).code, 403);
}

/// Signers are asked for by their exact name or by `domain/*`.
#[test]
fn a_signer_is_approved_by_its_name_or_its_domains_star() {
    for (who, name, code) in [
        ("names-signer-exact", "a.example.com/s", 200),
        ("names-signer-domain", "a.example.com/*", 200),
        ("names-signer-star", "*", 403),
    ] {
        let group = "certificates.k8s.io";
        let rules = json!([
            rule(group, "certificatesigningrequests/approval", &["update"]),
            named(group, "signers", name, &["approve"]),
        ]);
        granted(who, Bound::Everywhere, &rules);
        let request = crate::secrets::signing_request(who, "a.example.com/s", "", "someone");
        let mut approved = create(crate::secrets::REQUESTS, &request).body;
        approved["status"]["conditions"] = json!([{"type": "Approved", "status": "True",
            "reason": "r", "message": "m"}]);
        let path = format!("{}/{who}/approval", crate::secrets::REQUESTS);
        let answer = user(who).put(&path, &approved);
        assert_eq!(answer.code, code, "{name}: {answer:?}");
    }
}

/// A webhook configuration, own and named, can be rewritten to every resource and any URL.
#[test]
fn a_name_does_not_tame_a_webhook_configuration() {
    let group = "admissionregistration.k8s.io";
    let path = format!("/apis/{group}/v1/mutatingwebhookconfigurations");
    let webhook = |resource: &str, url: &str| {
        json!({"apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration", "metadata": {"name": "names-hook"},
            "webhooks": [{"name": "h.example.com", "admissionReviewVersions": ["v1"],
                "sideEffects": "None", "failurePolicy": "Ignore", "timeoutSeconds": 1,
                "clientConfig": {"url": url},
                "rules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"],
                    "resources": [resource]}]}]})
    };
    create(&path, &webhook("own", "https://own.example.com/"));
    let who = "names-hook-user";
    let resource = "mutatingwebhookconfigurations";
    let rules = json!([named(group, resource, "names-hook", &["patch"])]);
    granted(who, Bound::Everywhere, &rules);
    // Dry run: the answer is the same, and no other test meets the webhook.
    let own = format!("{path}/names-hook?dryRun=All");
    let everything = webhook("*/*", "https://elsewhere.example.com/");
    let answer = user(who).merge(&own, &everything);
    assert_eq!(answer.code, 200, "{answer:?}");
    assert_eq!(
        answer.body["webhooks"][0]["rules"][0]["resources"],
        json!(["*/*"])
    );
    assert!(admin().delete(&format!("{path}/names-hook")).is_ok());
}

/// A definition's name fixes its group and kind's plural, an APIService's its group and version.
#[test]
fn names_tame_definitions_and_api_services() {
    let mut definition = crate::admission::definition("tamed", "names.example.com");
    definition["metadata"]["name"] = json!("others.names.example.com");
    let answer = admin().post(crate::given::CRDS, &definition);
    assert_eq!(answer.code, 422, "{answer:?}");
    let service = json!({"metadata": {"name": "v1.names.example.com"},
        "spec": {"group": "other.example.com", "version": "v1", "groupPriorityMinimum": 1,
            "versionPriority": 1, "service": {"namespace": "default", "name": "s"}}});
    let answer = admin().post("/apis/apiregistration.k8s.io/v1/apiservices", &service);
    assert_eq!(answer.code, 422, "{answer:?}");
}

/// Rights are what a request can carry: what reviews allow above is in no account's rights.
#[test]
fn effective_rights_hold_what_requests_are_granted_and_no_more() {
    namespace("names-effective", &json!({}));
    crate::given::account("names-effective", "o");
    let name = "names-effective-o";
    let subject = json!({"kind": "ServiceAccount", "name": "o", "namespace": "names-effective"});
    let rules = json!([
        rule("", "nodes", &["list"]),
        named("", "configmaps", "x", &["create"]),
        rule("", "secrets", &["list"]),
    ]);
    let policy = granted_to(name, &subject, Bound::In("names-effective"), &rules);
    let kinds = Kinds::from_snapshot(&snapshot(&[]));
    let reference = ServiceAccountRef::new("names-effective", "o");
    let rights = EffectiveRights::of(&policy, &kinds, &reference);
    let who = user(&reference.user_name()).group("system:serviceaccounts:names-effective");
    for (verb, resource, path) in [
        ("list", "nodes", "/api/v1/nodes"),
        (
            "list",
            "secrets",
            "/api/v1/namespaces/names-effective/secrets",
        ),
        (
            "create",
            "configmaps",
            "/api/v1/namespaces/names-effective/configmaps",
        ),
    ] {
        let answer = match verb {
            "list" => who.get(path),
            _ => who.post(path, &json!({"metadata": {"name": "x"}})),
        };
        let held = !rights.held(&Request::new(verb, "", resource)).is_empty();
        assert_eq!(held, answer.is_ok(), "{verb} {resource}");
    }
}
