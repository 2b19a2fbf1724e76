//! Deployments of `spec.install`, and the group that says which namespaces they are for.

use opsec_model::InstallMode;
use serde_json::json;

use super::fields::Part;
use super::made::{Draft, Maker, made, member, object};
use crate::node::Node;

/// The Deployments of a version, with what OLM writes into their pods.
pub(super) fn deployments(maker: &mut Maker<'_>) {
    let namespace = maker.installation.namespace.as_str();
    for entry in maker.version.install("deployments") {
        let spec = entry.get("spec");
        let label = entry.get("label");
        let mut content = object([]);
        let mut fields = Vec::new();
        if let Some(spec) = &spec {
            fields.push(("spec".to_owned(), spec.path.clone()));
            let mut copy = spec.copy();
            tell_targets(maker, &mut copy.value);
            content.put("spec", copy);
        }
        if let Some(label) = &label {
            fields.push(("metadata.labels".to_owned(), label.path.clone()));
            let metadata = object([("labels", label.copy())]);
            content.put("metadata", member(metadata));
        }
        maker.make(Draft {
            api_version: "apps/v1",
            kind: "Deployment",
            name: entry.text("name").unwrap_or_default().to_owned(),
            namespace: Some(namespace),
            content,
            from: &entry.path,
            fields,
            added: Vec::new(),
        });
    }
}

/// Tells the pods of a Deployment's spec the namespaces that they are for.
fn tell_targets(maker: &Maker<'_>, spec: &mut Node) {
    let mut part = spec.get_mut("template");
    for key in ["metadata", "annotations"] {
        let members = part.and_then(Node::members_mut);
        part = members.and_then(|members| members.get_or_insert(key, member(object([]))));
    }
    let Some(annotations) = part.and_then(Node::members_mut) else {
        return;
    };
    let installation = maker.installation;
    for (key, value) in [
        ("olm.operatorGroup", group_name(maker).to_owned()),
        ("olm.operatorNamespace", installation.namespace.clone()),
        (
            "olm.targetNamespaces",
            installation.target_namespaces.join(","),
        ),
    ] {
        annotations.insert(key, member(made(json!(value))));
    }
}

/// The OperatorGroup that makes OLM install it so.
pub(super) fn operator_group(maker: &mut Maker<'_>) {
    let installation = maker.installation;
    let content = match installation.target_namespaces.as_slice() {
        [] => json!({"spec": {}}),
        targets => json!({"spec": {"targetNamespaces": targets}}),
    };
    maker.make(Draft {
        api_version: "operators.coreos.com/v1",
        kind: "OperatorGroup",
        name: group_name(maker).to_owned(),
        namespace: Some(&installation.namespace),
        content: made(content),
        from: "spec.installModes",
        fields: Vec::new(),
        added: Vec::new(),
    });
}

fn group_name<'a>(maker: &Maker<'a>) -> &'a str {
    match maker.installation.install_mode {
        InstallMode::AllNamespaces => "global-operators",
        _ => &maker.installation.package,
    }
}

/// The ServiceAccount that an entry's pods run as.
pub(super) fn account<'a>(entry: &Part<'a>) -> &'a str {
    let pod = entry.at(&["spec", "template", "spec"]);
    let named = |field: &str| pod.as_ref().and_then(|pod| pod.text(field));
    named("serviceAccountName")
        .or_else(|| named("serviceAccount"))
        .unwrap_or("default")
}
