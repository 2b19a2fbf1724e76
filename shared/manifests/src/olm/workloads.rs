//! Deployments of `spec.install`, and the group that says which namespaces they are for.

use opsec_model::InstallMode;
use serde_json::{Map, Value, json};

use super::fields::Part;
use super::made::{Draft, Maker};

/// The Deployments of a version, with what OLM writes into their pods.
pub(super) fn deployments(maker: &mut Maker<'_>) {
    let namespace = maker.installation.namespace.as_str();
    for entry in maker.version.install("deployments") {
        let spec = entry.get("spec");
        let label = entry.get("label");
        let mut content = Map::new();
        let mut fields = Vec::new();
        if let Some(spec) = &spec {
            fields.push(("spec".to_owned(), spec.path.clone()));
            content.insert("spec".to_owned(), for_targets(maker, spec.value));
        }
        if let Some(label) = &label {
            fields.push(("metadata.labels".to_owned(), label.path.clone()));
            let metadata = json!({"labels": label.value});
            content.insert("metadata".to_owned(), metadata);
        }
        maker.make(Draft {
            api_version: "apps/v1",
            kind: "Deployment",
            name: entry.text("name").unwrap_or_default().to_owned(),
            namespace: Some(namespace),
            content: Value::Object(content),
            from: &entry.path,
            fields,
            added: Vec::new(),
        });
    }
}

/// A Deployment's spec whose pods are told the namespaces that they are for.
fn for_targets(maker: &Maker<'_>, spec: &Value) -> Value {
    let mut spec = spec.clone();
    let Some(template) = spec.get_mut("template").and_then(Value::as_object_mut) else {
        return spec;
    };
    let metadata = template.entry("metadata").or_insert_with(|| json!({}));
    let Some(metadata) = metadata.as_object_mut() else {
        return spec;
    };
    let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
    let Some(annotations) = annotations.as_object_mut() else {
        return spec;
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
        annotations.insert(key.to_owned(), json!(value));
    }
    spec
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
        content,
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
