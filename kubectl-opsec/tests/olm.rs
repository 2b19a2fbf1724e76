//! A bundle of OLM through the program: what is read of it, and what the first line says.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

const VERSION: &str = "\
apiVersion: operators.coreos.com/v1alpha1
kind: ClusterServiceVersion
metadata: {name: shop-operator.v1.2.3, namespace: placeholder}
spec:
  installModes:
  - {type: OwnNamespace, supported: true}
  - {type: SingleNamespace, supported: true}
  - {type: MultiNamespace, supported: false}
  - {type: AllNamespaces, supported: true}
  customresourcedefinitions:
    owned:
    - {name: shops.shop.example.com, kind: Shop, version: v1}
  install:
    strategy: deployment
    spec:
      permissions:
      - serviceAccountName: manager
        rules:
        - {apiGroups: [shop.example.com], resources: [shops], verbs: [get, list, watch]}
        - {apiGroups: [''], resources: [secrets], verbs: [get]}
      deployments:
      - name: manager
        spec:
          selector: {matchLabels: {app: shop}}
          template:
            metadata: {labels: {app: shop}}
            spec:
              serviceAccountName: manager
              containers: [{name: manager, image: shop}]
";

const DEFINITION: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: shops.shop.example.com}
spec:
  group: shop.example.com
  scope: Namespaced
  names: {plural: shops, kind: Shop}
  versions: [{name: v1, served: true, storage: true}]
";

/// A folder with the bundle `market`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("manifests/shop.clusterserviceversion.yaml", VERSION),
        ("manifests/shops.crd.yaml", DEFINITION),
        (
            "metadata/annotations.yaml",
            "annotations: {operators.operatorframework.io.bundle.package.v1: market}\n",
        ),
        ("tests/scorecard/config.yaml", "stages: []\n"),
        ("bundle.Dockerfile", "FROM scratch\n"),
    ] {
        let path = folder.path().join("bundle").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn run(folder: &Path, line: &str) -> (Option<i32>, String, String) {
    let output: Output = Command::new(cargo_bin("kubectl-opsec"))
        .args(line.split(' '))
        .current_dir(folder)
        .env("OPSEC_DATA_DIR", folder.join("data"))
        .env_remove("CLICOLOR_FORCE")
        // No test touches the cluster that whoever runs it is connected to.
        .env("KUBECONFIG", "/dev/null/none")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_bundle_is_judged_as_olm_would_install_it() {
    let folder = folder();
    for path in ["bundle", "bundle/manifests", ". -R"] {
        let (status, out, err) = run(folder.path(), &format!("check market -f {path}"));
        assert_eq!((status, err.as_str()), (Some(1), ""), "{path}");
        let first: String = out
            .lines()
            .take(2)
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(
            first,
            "market · 1 component in operators 9 objects, as OLM would install it: AllNamespaces, in operators of an empty 1.36 cluster",
            "{path}"
        );
        assert!(
            out.contains("Whoever takes it gains 1 of 8: secrets"),
            "{out}"
        );
    }
}

#[test]
fn a_mode_for_one_namespace_grants_no_secret_of_others() {
    let folder = folder();
    let line = "check shop-operator -f bundle --install-mode SingleNamespace --target-namespaces blog -n ops -o json";
    let (_, out, _) = run(folder.path(), line);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["gains"], serde_json::json!([]));
    assert_eq!(
        report["source"]["olmInstallations"],
        serde_json::json!([{
            "clusterServiceVersion": "shop-operator.v1.2.3",
            "package": "market",
            "installMode": "SingleNamespace",
            "namespace": "ops",
            "targetNamespaces": ["blog"],
            "ownedKinds": ["shops.shop.example.com"],
        }])
    );
    assert_eq!(
        report["operator"]["ownedKinds"],
        serde_json::json!(["shops.shop.example.com"])
    );
}

#[test]
fn what_cannot_be_installed_so_is_one_line() {
    let folder = folder();
    let version = "bundle/manifests/shop.clusterserviceversion.yaml";
    for (line, expected) in [
        (
            "--install-mode MultiNamespace".to_owned(),
            format!(
                "error: {version}: shop-operator.v1.2.3 does not support the install mode MultiNamespace; it supports AllNamespaces, SingleNamespace, OwnNamespace\n"
            ),
        ),
        (
            "--install-mode AllNamespaces --target-namespaces blog".to_owned(),
            "error: the install mode AllNamespaces takes none as --target-namespaces, not `blog`\n"
                .to_owned(),
        ),
    ] {
        let (status, out, err) = run(folder.path(), &format!("check -f bundle {line}"));
        assert_eq!((status, out.as_str()), (Some(2), ""));
        assert_eq!(err, expected);
    }
    let (status, _, err) = run(folder.path(), "check -f bundle --install-mode Everywhere");
    assert_eq!(status, Some(2));
    assert!(
        err.contains("`Everywhere` is no install mode (AllNamespaces, "),
        "{err}"
    );
}
