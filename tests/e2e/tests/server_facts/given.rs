//! What tests put into the server, and the same given to the engines.

use std::time::Instant;

use opsec_manifests::Input;
use opsec_model::Snapshot;
use opsec_rbac::{Attributes, Policy, User};
use serde_json::{Value, json};

use crate::server::{Answer, PATIENCE, admin};

pub(crate) const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
pub(crate) const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";
pub(crate) const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// Where a role is bound.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    Everywhere,
    /// A ClusterRole by a RoleBinding.
    In(&'static str),
}

/// Asks again until it is so.
pub(crate) fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Creates an object that was not there.
pub(crate) fn create(path: &str, object: &Value) -> Answer {
    let answer = admin().post(path, object);
    assert!(answer.is_ok(), "{path}: {answer:?}");
    answer
}

/// Creates a namespace with labels.
pub(crate) fn namespace(name: &str, labels: &Value) {
    create(
        "/api/v1/namespaces",
        &json!({"metadata": {"name": name, "labels": labels}}),
    );
}

/// Creates a ServiceAccount.
pub(crate) fn account(namespace: &str, name: &str) {
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
    create(&path, &json!({"metadata": {"name": name}}));
}

/// Waits until what was written of RBAC before is in force: the authoriser has seen a binding that
/// came after it.
fn in_force(name: &str) {
    let marker = format!("{name}-marker");
    create(
        &format!("{RBAC}/clusterroles"),
        &role(
            &marker,
            &json!([rule("marks.example.com", "marks", &["get"])]),
        ),
    );
    create(
        &format!("{RBAC}/clusterrolebindings"),
        &binding(&marker, None, &json!([subject(&marker)])),
    );
    let asked = Attributes::Resource {
        verb: "get".to_owned(),
        group: "marks.example.com".to_owned(),
        resource: "marks".to_owned(),
        subresource: String::new(),
        name: String::new(),
        namespace: String::new(),
    };
    eventually("a binding in force", || review(&marker, &[], &asked));
}

/// A rule.
pub(crate) fn rule(group: &str, resource: &str, verbs: &[&str]) -> Value {
    json!({"apiGroups": [group], "resources": [resource], "verbs": verbs})
}

/// A rule that is limited to a name.
pub(crate) fn named(group: &str, resource: &str, name: &str, verbs: &[&str]) -> Value {
    let mut rule = rule(group, resource, verbs);
    rule["resourceNames"] = json!([name]);
    rule
}

/// A User subject.
pub(crate) fn subject(name: &str) -> Value {
    json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name})
}

/// A ClusterRole.
pub(crate) fn role(name: &str, rules: &Value) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": name}, "rules": rules,
    })
}

/// A binding to the ClusterRole of its own name.
pub(crate) fn binding(name: &str, namespace: Option<&str>, subjects: &Value) -> Value {
    let mut binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": name}, "subjects": subjects,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
    });
    if let Some(namespace) = namespace {
        binding["kind"] = json!("RoleBinding");
        binding["metadata"]["namespace"] = json!(namespace);
    }
    binding
}

/// Grants a user rules, waits until they are in force, and gives the same to the engine.
pub(crate) fn granted(user: &str, bound: Bound, rules: &Value) -> Policy {
    granted_to(user, &subject(user), bound, rules)
}

/// The same to another subject.
pub(crate) fn granted_to(name: &str, subject: &Value, bound: Bound, rules: &Value) -> Policy {
    let role = role(name, rules);
    create(&format!("{RBAC}/clusterroles"), &role);
    let (path, namespace) = match bound {
        Bound::Everywhere => (format!("{RBAC}/clusterrolebindings"), None),
        Bound::In(namespace) => (
            format!("{RBAC}/namespaces/{namespace}/rolebindings"),
            Some(namespace),
        ),
    };
    let binding = binding(name, namespace, &json!([subject]));
    create(&path, &binding);
    in_force(name);
    Policy::from_snapshot(&snapshot(&[role, binding]))
}

/// Objects as they are read from a file.
pub(crate) fn snapshot(objects: &[Value]) -> Snapshot {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let input = Input {
        name: "given.json".to_owned(),
        bytes: list.to_string().into_bytes(),
    };
    opsec_e2e::snapshot(&[input]).unwrap()
}

/// Attributes: `namespace` and `name` may be empty, a resource may have a subresource.
pub(crate) fn asked(
    verb: &str,
    group: &str,
    resource: &str,
    namespace: &str,
    name: &str,
) -> Attributes {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    Attributes::Resource {
        verb: verb.to_owned(),
        group: group.to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        name: name.to_owned(),
        namespace: namespace.to_owned(),
    }
}

/// A path.
pub(crate) fn path(verb: &str, path: &str) -> Attributes {
    Attributes::Path {
        verb: verb.to_owned(),
        path: path.to_owned(),
    }
}

/// What the server's SubjectAccessReview answers.
pub(crate) fn review(user: &str, groups: &[&str], asked: &Attributes) -> bool {
    let mut spec = json!({"user": user, "groups": groups});
    match asked {
        Attributes::Resource {
            verb,
            group,
            resource,
            subresource,
            name,
            namespace,
        } => {
            spec["resourceAttributes"] = json!({
                "verb": verb, "group": group, "resource": resource,
                "subresource": subresource, "name": name, "namespace": namespace,
            });
        }
        Attributes::Path { verb, path } => {
            spec["nonResourceAttributes"] = json!({"verb": verb, "path": path});
        }
    }
    let reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let answer = create(reviews, &json!({"spec": spec}));
    answer.body["status"]["allowed"] == json!(true)
}

/// Asserts what a review answers, and that ours is the same.
pub(crate) fn reviewed(policy: &Policy, user: &str, asked: &Attributes, allowed: bool) {
    let theirs = review(user, &[], asked);
    assert_eq!(theirs, allowed, "the server: {user} {asked:?}");
    let who = User {
        name: user.to_owned(),
        groups: Vec::new(),
    };
    let ours = policy.authorize(&who, asked).allowed;
    assert_eq!(ours, theirs, "ours: {user} {asked:?}");
}
