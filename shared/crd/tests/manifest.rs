//! The manifest in `deploy/crds` is the generated one, and an API server accepts it.

#![cfg(test)]

use std::path::PathBuf;

use opsec_crd::{crd_yaml, custom_resource_definition};
use serde_json::Value;

fn deploy() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

/// With `UPDATE=1` the manifest is written anew.
#[test]
fn the_manifest_is_the_generated_one() {
    let path = deploy().join("crds/operatorrights.yaml");
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, crd_yaml()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert_eq!(committed, crd_yaml(), "run `cargo xtask gen`");
}

/// The demo holds the definition, since a declaration without it counts for nothing.
#[test]
fn the_hardened_demo_holds_the_generated_manifest() {
    let path = deploy().join("demo/hardened.yaml");
    let demo = std::fs::read_to_string(&path).unwrap();
    let generated = crd_yaml();
    let first_line = generated.lines().next().unwrap();
    let is_definition = |document: &&str| document.starts_with(first_line);
    let held = demo.split("---\n").find(is_definition).unwrap();
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, demo.replacen(held, &generated, 1)).unwrap();
        return;
    }
    assert_eq!(held, generated, "run the tests of opsec-crd with UPDATE=1");
}

#[test]
fn the_manifest_says_what_the_definition_says() {
    let read: Value = serde_saphyr::from_str(&crd_yaml()).unwrap();
    let definition = serde_json::to_value(custom_resource_definition()).unwrap();
    assert_eq!(read, definition);
}

#[test]
fn the_resource_is_what_the_contract_says() {
    let definition = serde_json::to_value(custom_resource_definition()).unwrap();
    let spec = &definition["spec"];
    assert_eq!(
        definition["metadata"]["name"],
        "operatorrights.kubectl-opsec.dev"
    );
    assert_eq!(spec["group"], "kubectl-opsec.dev");
    assert_eq!(spec["scope"], "Cluster");
    assert_eq!(spec["names"]["kind"], "OperatorRights");
    assert_eq!(spec["names"]["plural"], "operatorrights");
    let version = &spec["versions"][0];
    assert_eq!(version["name"], "v1alpha1");
    assert!(version["subresources"]["status"].is_object());
    let properties = &version["schema"]["openAPIV3Schema"]["properties"];
    let keys = |part: &str| -> Vec<&String> {
        properties[part]["properties"]
            .as_object()
            .unwrap()
            .keys()
            .collect()
    };
    assert_eq!(
        keys("spec"),
        ["intendedNamespaces", "mode", "operator", "rights"]
    );
    assert_eq!(
        keys("status"),
        [
            "conditions",
            "effectiveRightsDigest",
            "excess",
            "lastValidated",
            "notAssigned",
            "observedGeneration"
        ]
    );
}

#[test]
fn the_schema_is_structural() {
    let definition = serde_json::to_value(custom_resource_definition()).unwrap();
    let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let mut errors = Vec::new();
    structural(schema, "", &mut errors);
    assert_eq!(errors, [""; 0]);
}

/// The rules of
/// <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema>
fn structural(schema: &Value, path: &str, errors: &mut Vec<String>) {
    let Some(schema) = schema.as_object() else {
        errors.push(format!("{path}: no object"));
        return;
    };
    let open = schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
    if !schema.get("type").is_some_and(Value::is_string) && !open {
        errors.push(format!("{path}: no type"));
    }
    if schema.contains_key("properties") && schema.contains_key("additionalProperties") {
        errors.push(format!("{path}: properties and additionalProperties"));
    }
    for key in [
        "$ref",
        "definitions",
        "$defs",
        "const",
        "$schema",
        "oneOf",
        "examples",
    ] {
        if schema.contains_key(key) {
            errors.push(format!("{path}: {key}"));
        }
    }
    for branch in schema
        .get("anyOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        for key in [
            "type",
            "description",
            "default",
            "additionalProperties",
            "nullable",
        ] {
            if branch.get(key).is_some() {
                errors.push(format!("{path}: {key} inside anyOf"));
            }
        }
    }
    for (name, property) in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        structural(property, &format!("{path}.{name}"), errors);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(key) {
            structural(inner, &format!("{path}.{key}"), errors);
        }
    }
}
