//! A kustomize overlay: a copy of the files, what is created, and a patch for each object that is
//! changed or goes. Applying it removes nothing of a cluster, so that what goes is also written down
//! to be deleted.

use std::path::Path;

use opsec_gather::Input as File;
use opsec_model::Snapshot;
use opsec_model::objects::Metadata;
use opsec_proto::v1::ChangeAction;
use serde_json::{Map, Value, json};

use super::{Change, yaml};
use crate::failure::Failure;

/// What goes, as `kubectl delete -f` takes it; no part of the overlay.
pub(super) const REMOVED: &str = "removed.yaml";

/// Writes the overlay into a directory that is absent or empty.
///
/// # Errors
/// When it holds something, or cannot be written.
pub(super) fn write(
    directory: &Path,
    files: &[File],
    snapshot: &Snapshot,
    changes: &[Change],
) -> Result<(), Failure> {
    let failed = |source| Failure::Overlay {
        directory: directory.display().to_string(),
        source,
    };
    std::fs::create_dir_all(directory.join("patches")).map_err(failed)?;
    let write =
        |name: &str, content: &[u8]| std::fs::write(directory.join(name), content).map_err(failed);
    let mut resources = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let name = format!("input-{}.yaml", number + 1);
        write(&name, &file.bytes)?;
        resources.push(name);
    }
    let mut created = String::new();
    let mut removed = String::new();
    let mut patches = Vec::new();
    for change in changes {
        if change.action == ChangeAction::Create {
            created.push_str("---\n");
            created.push_str(&yaml(&change.document)?);
            continue;
        }
        if change.action == ChangeAction::Delete {
            removed.push_str("---\n");
            removed.push_str(&yaml(&named(change))?);
        }
        let name = format!("patches/{:03}.yaml", patches.len() + 1);
        let head = format!("# {}: {}\n", change.object, change.answers.join(", "));
        write(&name, (head + &yaml(&change.document)?).as_bytes())?;
        patches.push(json!({"path": name, "target": target(change, snapshot)}));
    }
    if !created.is_empty() {
        write("hardening.yaml", created.as_bytes())?;
        resources.push("hardening.yaml".to_owned());
    }
    if !removed.is_empty() {
        write(REMOVED, removed.as_bytes())?;
    }
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
        "patches": patches,
    });
    write("kustomization.yaml", yaml(&kustomization)?.as_bytes())
}

/// An object that goes, by its name alone.
fn named(change: &Change) -> Value {
    let mut object = change.document.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("$patch");
    }
    object
}

/// What a patch is for. Its namespace is named only where another object has the same name, for an
/// object of the files may name none.
fn target(change: &Change, snapshot: &Snapshot) -> Value {
    let object = &change.object;
    let mut target = Map::new();
    target.insert("kind".to_owned(), json!(object.kind));
    let name = object.name.replace('.', "\\.");
    target.insert("name".to_owned(), json!(name));
    let namespaces = namesakes(&object.kind, &object.name, snapshot);
    if let Some(namespace) = object.namespace.as_ref().filter(|_| namespaces > 1) {
        target.insert("namespace".to_owned(), json!(namespace));
    }
    Value::Object(target)
}

/// How many objects of a kind have that name.
fn namesakes(kind: &str, name: &str, snapshot: &Snapshot) -> usize {
    let is = |metadata: &Metadata| metadata.name == name;
    match kind {
        "RoleBinding" => {
            let all = snapshot.role_bindings.iter();
            all.filter(|it| is(&it.metadata)).count()
        }
        "Service" => {
            let all = snapshot.services.iter();
            all.filter(|it| is(&it.metadata)).count()
        }
        "NetworkPolicy" => {
            let all = snapshot.network_policies.iter();
            all.filter(|it| is(&it.metadata)).count()
        }
        _ => {
            let all = snapshot.workloads.iter();
            let same = all.filter(|it| it.kind.as_str() == kind);
            same.filter(|it| is(&it.metadata)).count()
        }
    }
}
