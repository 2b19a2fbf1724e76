//! What is written: objects to create, patches of those that are there, and what is to be deleted.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::ObjectRef;
use serde_json::{Map, Value, json};

/// The annotation that says which rules an object answers.
pub const ANSWERS: &str = "kubectl-opsec.dev/answers";

/// What to do with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Make it.
    Create,
    /// Merge the document into it, as kubectl's strategic merge does.
    Patch,
    /// Remove it.
    Delete,
}

/// A change of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What to do.
    pub action: Action,
    /// The object.
    pub object: ObjectRef,
    /// The object, or the patch.
    pub document: Value,
    /// The rules that it answers.
    pub answers: BTreeSet<String>,
}

/// API versions of the kinds that are written.
const VERSIONS: [(&str, &str); 24] = [
    ("CronJob", "batch/v1"),
    ("DaemonSet", "apps/v1"),
    ("Deployment", "apps/v1"),
    ("ReplicaSet", "apps/v1"),
    ("StatefulSet", "apps/v1"),
    ("Job", "batch/v1"),
    ("Pod", "v1"),
    ("ReplicationController", "v1"),
    ("Namespace", "v1"),
    ("Service", "v1"),
    ("ServiceAccount", "v1"),
    ("Ingress", "networking.k8s.io/v1"),
    ("NetworkPolicy", "networking.k8s.io/v1"),
    ("Role", "rbac.authorization.k8s.io/v1"),
    ("RoleBinding", "rbac.authorization.k8s.io/v1"),
    ("ClusterRole", "rbac.authorization.k8s.io/v1"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1"),
    (
        "ValidatingAdmissionPolicy",
        "admissionregistration.k8s.io/v1",
    ),
    (
        "ValidatingAdmissionPolicyBinding",
        "admissionregistration.k8s.io/v1",
    ),
    (
        "ValidatingWebhookConfiguration",
        "admissionregistration.k8s.io/v1",
    ),
    (
        "MutatingWebhookConfiguration",
        "admissionregistration.k8s.io/v1",
    ),
    ("CustomResourceDefinition", "apiextensions.k8s.io/v1"),
    ("APIService", "apiregistration.k8s.io/v1"),
    ("OperatorRights", opsec_model::API_VERSION),
];

/// The order in which kinds are applied: what others rest on comes first, guards before grants, and
/// what takes rights away before what runs with the rest.
const ORDER: [&str; 9] = [
    "CustomResourceDefinition",
    "Namespace",
    "ServiceAccount",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "NetworkPolicy",
    "ClusterRole",
    "Role",
    "ClusterRoleBinding",
];

/// Changes of objects, one an object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Edits {
    by_object: BTreeMap<ObjectRef, Edit>,
}

impl Edits {
    /// An object that is not there.
    pub(crate) fn create(&mut self, object: ObjectRef, fields: Value, answers: &[&str]) {
        let mut document = head(&object);
        let mut annotations = Map::new();
        annotations.insert(ANSWERS.to_owned(), json!(answers.join(",")));
        merge(
            &mut document,
            &json!({"metadata": {"annotations": annotations}}),
        );
        merge(&mut document, &fields);
        self.put(Action::Create, object, document, answers);
    }

    /// Fields of an object that is there.
    pub(crate) fn patch(&mut self, object: ObjectRef, fields: &Value, answers: &[&str]) {
        let known = self.by_object.get(&object);
        let (action, mut document) = match known {
            Some(edit) if edit.action != Action::Delete => (edit.action, edit.document.clone()),
            _ => (Action::Patch, head(&object)),
        };
        merge(&mut document, fields);
        self.put(action, object, document, answers);
    }

    /// Items of a list of an object that is there, instead of what was said of items of that name.
    pub(crate) fn patch_listed(
        &mut self,
        object: &ObjectRef,
        list: &str,
        items: Vec<Value>,
        answers: &[&str],
    ) {
        let known = self.by_object.get(object);
        let said = known.and_then(|edit| edit.document.get(list)?.as_array());
        let name = |item: &Value| item.get("name").cloned();
        let mut all: Vec<Value> = said
            .into_iter()
            .flatten()
            .filter(|said| !items.iter().any(|item| name(item) == name(said)))
            .cloned()
            .collect();
        all.extend(items);
        let mut fields = Map::new();
        fields.insert(list.to_owned(), json!(all));
        self.patch(object.clone(), &Value::Object(fields), answers);
    }

    /// An object that is to go.
    pub(crate) fn delete(&mut self, object: ObjectRef, answers: &[&str]) {
        let mut document = head(&object);
        merge(&mut document, &json!({"$patch": "delete"}));
        self.put(Action::Delete, object, document, answers);
    }

    fn put(&mut self, action: Action, object: ObjectRef, document: Value, answers: &[&str]) {
        let mut all: BTreeSet<String> = answers.iter().map(|rule| (*rule).to_owned()).collect();
        if let Some(known) = self.by_object.remove(&object) {
            all.extend(known.answers);
        }
        let edit = Edit {
            action,
            object: object.clone(),
            document,
            answers: all,
        };
        self.by_object.insert(object, edit);
    }

    /// All of them in the order in which they are applied.
    pub(crate) fn in_order(self) -> Vec<Edit> {
        let mut edits: Vec<Edit> = self.by_object.into_values().collect();
        edits.sort_by_key(place);
        edits
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Edit> {
        self.by_object.values()
    }

    /// Patches what patches of another patch.
    pub(crate) fn patch_all(&mut self, patches: &Self) {
        for edit in patches.iter() {
            let answers: Vec<&str> = edit.answers.iter().map(String::as_str).collect();
            self.patch(edit.object.clone(), &edit.document, &answers);
        }
    }

    /// Takes those of another.
    pub(crate) fn extend(&mut self, other: Self) {
        for (object, edit) in other.by_object {
            let answers: Vec<&str> = edit.answers.iter().map(String::as_str).collect();
            self.put(edit.action, object, edit.document.clone(), &answers);
        }
    }
}

/// Created objects by their kind, then patches, then deletions; the declaration is last, for it says
/// what is left.
fn place(edit: &Edit) -> (usize, usize) {
    let kind = edit.object.kind.as_str();
    let of_kind = ORDER.iter().position(|known| *known == kind);
    let action = match edit.action {
        _ if kind == "OperatorRights" => 3,
        Action::Create => 0,
        Action::Patch => 1,
        Action::Delete => 2,
    };
    (action, of_kind.unwrap_or(ORDER.len()))
}

/// Kind, version and name of an object.
fn head(object: &ObjectRef) -> Value {
    let version = VERSIONS
        .iter()
        .find(|(kind, _)| *kind == object.kind)
        .map_or("v1", |(_, version)| *version);
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), json!(object.name));
    if let Some(namespace) = &object.namespace {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    json!({"apiVersion": version, "kind": object.kind, "metadata": metadata})
}

/// Puts fields into a document: maps are merged, anything else is replaced.
pub(crate) fn merge(document: &mut Value, fields: &Value) {
    match (document, fields) {
        (Value::Object(members), Value::Object(fields)) => {
            for (key, field) in fields {
                match members.get_mut(key) {
                    Some(member) => merge(member, field),
                    None => {
                        members.insert(key.clone(), field.clone());
                    }
                }
            }
        }
        (document, fields) => *document = fields.clone(),
    }
}
