//! Bundles, packages, several versions, and versions in other clothes.

use opsec_manifests::{Manifests, Options, read};
use opsec_model::snapshot::PlacementReason;
use opsec_model::{InstallMode, NoticeCode};

use super::{HEAD, PERMISSIONS, expand, input, messages, names};

const ANNOTATIONS: &str =
    "annotations:\n  operators.operatorframework.io.bundle.package.v1: market\n";

fn read_all(files: &[(&str, &str)]) -> Manifests {
    let inputs: Vec<_> = files.iter().map(|(name, text)| input(name, text)).collect();
    read(&inputs, &Options::default()).unwrap()
}

#[test]
fn what_a_bundle_holds_is_applied_where_it_is_installed() {
    let more = "\
apiVersion: v1
kind: Service
metadata: {name: metrics}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: system}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: manager}
";
    let version = format!("{HEAD}{PERMISSIONS}");
    let manifests = read_all(&[
        ("b/manifests/csv.yaml", &version),
        ("b/manifests/more.yaml", more),
        ("b/metadata/annotations.yaml", ANNOTATIONS),
        (
            "b/metadata/dependencies.yaml",
            "dependencies:\n- {type: olm.gvk}\n",
        ),
    ]);
    let found = names(&manifests);
    for name in [
        "Service/operators/metrics",
        "ConfigMap/operators/settings",
        "ServiceAccount/operators/manager",
    ] {
        assert!(found.iter().any(|found| found == name), "{name}: {found:?}");
    }
    assert_eq!(
        manifests.snapshot.source.olm_installations[0].package,
        "market"
    );
    let reasons: Vec<PlacementReason> = manifests
        .snapshot
        .placements
        .iter()
        .map(|placement| placement.reason)
        .collect();
    assert_eq!(reasons, [PlacementReason::Installation]);
    assert_eq!(
        messages(&manifests, NoticeCode::Input),
        [
            "ConfigMap/settings names namespace system, but OLM creates what a bundle holds where it is installed; judged in operators"
        ]
    );
    // The account that the bundle ships stands once.
    assert_eq!(messages(&manifests, NoticeCode::DuplicateObject), [""; 0]);
}

#[test]
fn the_older_format_names_its_package_beside_its_versions() {
    let manifests = read_all(&[
        ("market/1.2.3/csv.yaml", HEAD),
        (
            "market/market.package.yaml",
            "packageName: market\nchannels: []\n",
        ),
    ]);
    assert_eq!(
        manifests.snapshot.source.olm_installations[0].package,
        "market"
    );
}

#[test]
fn a_version_is_read_from_json_lists_and_files_of_several_documents() {
    let value: serde_json::Value = serde_yaml_of(HEAD);
    let json = serde_json::to_string_pretty(&value).unwrap();
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [value]});
    let several = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\n---\n{HEAD}");
    for text in [json, list.to_string(), several] {
        let manifests = expand(&text);
        assert_eq!(manifests.snapshot.workloads.len(), 1, "{text}");
        assert_eq!(manifests.snapshot.workloads[0].namespace(), "operators");
    }
}

/// YAML as the reader sees it.
fn serde_yaml_of(text: &str) -> serde_json::Value {
    let documents =
        opsec_manifests::read_documents(&input("x", text), &opsec_manifests::Limits::default());
    documents.unwrap().remove(0).value
}

fn version(name: &str, replaces: &str) -> String {
    let text = HEAD.replace("shop-operator.v1.2.3", name);
    text.replacen("spec:\n", &format!("spec:\n  replaces: {replaces}\n"), 1)
}

#[test]
fn of_versions_that_replace_each_other_the_newest_is_judged() {
    let manifests = read_all(&[
        ("a.yaml", &version("shop-operator.v2", "shop-operator.v1")),
        ("b.yaml", &version("shop-operator.v1", "shop-operator.v0")),
        ("c.yaml", &version("till-operator.v1", "till-operator.v1")),
    ]);
    let installed: Vec<&str> = manifests
        .snapshot
        .source
        .olm_installations
        .iter()
        .map(|installation| installation.cluster_service_version.as_str())
        .collect();
    assert_eq!(installed, ["shop-operator.v2", "till-operator.v1"]);
    assert_eq!(
        messages(&manifests, NoticeCode::Input),
        [
            "ClusterServiceVersion shop-operator.v1: shop-operator.v2 replaces it, so OLM would remove it and it is not judged; name its file alone to judge it"
        ]
    );
    let circle = read_all(&[
        ("a.yaml", &version("shop-operator.v2", "shop-operator.v1")),
        ("b.yaml", &version("shop-operator.v1", "shop-operator.v2")),
    ]);
    assert_eq!(circle.snapshot.source.olm_installations.len(), 2);
}

#[test]
fn an_operator_group_says_where_and_for_which_namespaces() {
    let group = |spec: &str| {
        format!(
            "{HEAD}---\napiVersion: operators.coreos.com/v1\nkind: OperatorGroup\nmetadata: {{name: g, namespace: stalls}}\nspec: {spec}\n"
        )
    };
    for (spec, mode, targets) in [
        ("{}", InstallMode::AllNamespaces, &[][..]),
        (
            "{targetNamespaces: [stalls]}",
            InstallMode::OwnNamespace,
            &["stalls"],
        ),
        (
            "{targetNamespaces: [blog]}",
            InstallMode::SingleNamespace,
            &["blog"],
        ),
        (
            "{targetNamespaces: [a, b]}",
            InstallMode::MultiNamespace,
            &["a", "b"],
        ),
    ] {
        let snapshot = expand(&group(spec)).snapshot;
        let installation = &snapshot.source.olm_installations[0];
        assert_eq!(installation.namespace, "stalls");
        assert_eq!(installation.install_mode, mode, "{spec}");
        assert_eq!(installation.target_namespaces, targets, "{spec}");
        assert_eq!(snapshot.operator_groups.len(), 1);
    }
}

#[test]
fn what_olm_has_made_already_is_not_made_again() {
    let made = "\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: manager, namespace: live, labels: {olm.owner: shop-operator.v1.2.3, olm.owner.kind: ClusterServiceVersion}}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: m}]}}}
";
    let manifests = expand(&format!("{HEAD}{made}"));
    assert_eq!(manifests.snapshot.workloads.len(), 1);
    assert_eq!(manifests.snapshot.workloads[0].namespace(), "live");
    assert_eq!(
        messages(&manifests, NoticeCode::ClusterServiceVersion),
        [
            "ClusterServiceVersion shop-operator.v1.2.3: what OLM made of it is in these files, so that is judged"
        ]
    );
    let copied = HEAD.replace(
        "  namespace: placeholder\n",
        "  namespace: blog\n  labels: {olm.copiedFrom: operators}\n",
    );
    assert_eq!(expand(&copied).snapshot.workloads, []);
}
