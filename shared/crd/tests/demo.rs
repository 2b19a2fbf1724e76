//! The demo's declaration is a resource of this kind, and declares what the demo's Roles grant.

#![cfg(test)]

use std::collections::BTreeMap;

use opsec_crd::{OperatorRights, Rule};
use opsec_model::declared_rights::{GrantScope, ScopeName};
use serde_json::Value;

#[test]
fn the_hardened_demo_declares_exactly_the_rules_of_its_roles() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../deploy/demo/hardened.yaml"
    );
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(&std::fs::read_to_string(path).unwrap()).unwrap();
    let of_kind = |kind: &'static str| documents.iter().filter(move |doc| doc["kind"] == kind);

    let declaration = of_kind("OperatorRights").next().unwrap().clone();
    let declaration: OperatorRights = serde_json::from_value(declaration).unwrap();
    let intended = &declaration.spec.intended_namespaces.as_ref().unwrap().names;
    let mut declared: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
    for grant in &declaration.spec.rights {
        assert_eq!(
            grant.service_account.to_string(),
            "cache-operator/cache-operator"
        );
        let namespace = match &grant.scope {
            GrantScope::Named(ScopeName::Own) => &grant.service_account.namespace,
            GrantScope::Named(ScopeName::Intended) => &intended[0],
            other => panic!("{other:?}"),
        };
        declared.insert(namespace.clone(), grant.rules.clone());
    }

    let granted: BTreeMap<String, Vec<Rule>> = of_kind("Role")
        .map(|role| {
            let namespace = role["metadata"]["namespace"].as_str().unwrap().to_owned();
            (
                namespace,
                serde_json::from_value(role["rules"].clone()).unwrap(),
            )
        })
        .collect();
    assert_eq!(declared, granted);
    assert_eq!(of_kind("ClusterRoleBinding").count(), 0);
}
