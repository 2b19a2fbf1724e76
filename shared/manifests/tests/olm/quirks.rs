//! Versions that say less than they must, or otherwise: what is wrong is named, nothing vanishes.

use opsec_manifests::{Options, read};
use opsec_model::NoticeCode;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{CLUSTER_PERMISSIONS, HEAD, PERMISSIONS, expand, input, messages};

#[test]
fn what_cannot_be_made_is_invalid_and_named() {
    let unnamed = PERMISSIONS.replace("- serviceAccountName: manager\n        rules", "- rules");
    let no_list = "      permissions: everything\n".to_owned();
    let no_words = PERMISSIONS.replace("verbs: [create]", "verbs: create");
    for (text, expected) in [
        (
            format!("{HEAD}{unnamed}"),
            "ClusterRoleBinding/shop-operator.v1.2.3-: subjects[0].name: ",
        ),
        (
            format!("{HEAD}{no_list}"),
            "ClusterServiceVersion shop-operator.v1.2.3: spec.install.spec.permissions: it must be a list; OLM refuses it, so it counts for nothing",
        ),
        (
            format!("{HEAD}{no_words}"),
            "ClusterRole/shop-operator.v1.2.3-manager: rules[1].verbs: ",
        ),
        (
            HEAD.replace("      - name: manager\n        label", "      - label"),
            "Deployment/operators/: metadata.name: ",
        ),
        (
            HEAD.replace("strategy: deployment", "strategy: image"),
            "ClusterServiceVersion shop-operator.v1.2.3: spec.install.strategy: `image` is no strategy that OLM knows (deployment); OLM refuses it, so it counts for nothing",
        ),
        (
            HEAD.replace("    strategy: deployment\n", ""),
            "ClusterServiceVersion shop-operator.v1.2.3: spec.install.strategy: it is required; OLM refuses it, so it counts for nothing",
        ),
    ] {
        let manifests = expand(&text);
        let said = messages(&manifests, NoticeCode::InvalidObject);
        assert!(
            said.iter().any(|said| said.starts_with(expected)),
            "{expected}: {said:?}"
        );
        for notice in &manifests.snapshot.notices {
            let source = notice.source.as_ref().unwrap();
            assert_eq!((source.file.as_str(), source.document), ("csv.yaml", 1));
        }
    }
}

#[test]
fn fields_in_another_case_grant_all_the_same() {
    let text = format!("{HEAD}{CLUSTER_PERMISSIONS}")
        .replace("clusterPermissions", "clusterpermissions")
        .replace(
            "apiGroups: [''], resources: [nodes]",
            "apigroups: [''], resources: [nodes]",
        );
    let manifests = expand(&text);
    assert_eq!(manifests.snapshot.cluster_roles.len(), 2);
    assert_eq!(
        manifests.snapshot.cluster_roles[0].rules[0].api_groups,
        [""]
    );
    assert_eq!(
        messages(&manifests, NoticeCode::Input),
        [
            "ClusterServiceVersion shop-operator.v1.2.3: spec.install.spec.clusterpermissions is read as `clusterPermissions`: OLM minds no case of letters where it reads a version from a catalog"
        ]
    );
}

#[test]
fn a_version_without_modes_is_refused_by_olm_and_judged_at_its_widest() {
    let text = HEAD.replace("supported: true", "supported: false");
    let manifests = expand(&text);
    assert_eq!(
        messages(&manifests, NoticeCode::Input),
        [
            "ClusterServiceVersion shop-operator.v1.2.3: spec.installModes: it supports no install mode, so OLM refuses it; judged as AllNamespaces"
        ]
    );
    assert_eq!(manifests.snapshot.workloads.len(), 1);
}

#[test]
fn an_account_that_olm_does_not_make_is_told() {
    let manifests = expand(HEAD);
    let told = "ClusterServiceVersion shop-operator.v1.2.3: spec.install.spec.deployments[0] runs as ServiceAccount manager, which OLM makes only for who is granted something";
    assert!(messages(&manifests, NoticeCode::ClusterServiceVersion).contains(&told));
    assert_eq!(manifests.snapshot.service_accounts, []);
    let shipped = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: manager}\n";
    let manifests = expand(&format!("{HEAD}{shipped}"));
    assert!(!messages(&manifests, NoticeCode::ClusterServiceVersion).contains(&told));
    assert_eq!(
        manifests.snapshot.service_accounts[0].metadata.namespace(),
        "operators"
    );
}

#[test]
fn entries_of_one_account_stand_side_by_side() {
    let entries = PERMISSIONS.trim_start_matches("      permissions:\n");
    let manifests = expand(&format!("{HEAD}{PERMISSIONS}{entries}"));
    let names: Vec<&str> = manifests
        .snapshot
        .cluster_roles
        .iter()
        .map(|role| role.metadata.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "shop-operator.v1.2.3-manager",
            "shop-operator.v1.2.3-manager-2"
        ]
    );
}

/// The paths of every value below one.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    if let Some(members) = value.as_object() {
        for (key, member) in members {
            let key = key.replace('~', "~0").replace('/', "~1");
            pointers(member, &format!("{at}/{key}"), found);
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        pointers(item, &format!("{at}/{index}"), found);
    }
}

proptest! {
    /// A value of another type anywhere is named or judged, and never a panic.
    #[test]
    fn no_value_in_any_place_makes_reading_panic(place in any::<prop::sample::Index>(), kind in 0..7usize) {
        let text = format!("{HEAD}{PERMISSIONS}{CLUSTER_PERMISSIONS}");
        let limits = opsec_manifests::Limits::default();
        let mut value = opsec_manifests::read_documents(&input("x", &text), &limits).unwrap().remove(0).value;
        value["spec"]["webhookdefinitions"] = json!([{"type": "ConversionWebhook", "deploymentName": "manager", "conversionCRDs": ["shops.shop.example.com"]}]);
        let mut places = Vec::new();
        pointers(&value, "", &mut places);
        let other = [json!(null), json!(7), json!("x"), json!([]), json!({}), json!([{}]), json!({"a": [1]})];
        let place = place.get(&places);
        *value.pointer_mut(place).unwrap() = other[kind].clone();
        // An object without `kind` is an error, as in every file.
        let _ = read(&[input("csv.json", &value.to_string())], &Options::default());
    }
}
