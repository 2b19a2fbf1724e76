//! ClusterServiceVersions into what OLM would create of them, element by element.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

mod bundles;
mod made;
mod modes;
mod quirks;
mod webhooks;

use opsec_manifests::{Input, InstallOptions, Manifests, Options, read};
use opsec_model::objects::Object;
use opsec_model::{InstallMode, NoticeCode, ObjectRef, Snapshot};

/// A version that supports every mode, without a namespace.
const HEAD: &str = "\
apiVersion: operators.coreos.com/v1alpha1
kind: ClusterServiceVersion
metadata:
  name: shop-operator.v1.2.3
  namespace: placeholder
spec:
  installModes:
  - {type: OwnNamespace, supported: true}
  - {type: SingleNamespace, supported: true}
  - {type: MultiNamespace, supported: true}
  - {type: AllNamespaces, supported: true}
  customresourcedefinitions:
    owned:
    - {name: shops.shop.example.com, kind: Shop, version: v1}
    required:
    - {name: tills.till.example.com, kind: Till, version: v1}
  install:
    strategy: deployment
    spec:
      deployments:
      - name: manager
        label: {tier: control}
        spec:
          replicas: 1
          selector: {matchLabels: {app: shop}}
          template:
            metadata: {labels: {app: shop}}
            spec:
              serviceAccountName: manager
              containers:
              - name: manager
                image: shop
                env:
                - name: WATCH_NAMESPACE
                  valueFrom: {fieldRef: {fieldPath: \"metadata.annotations['olm.targetNamespaces']\"}}
";

const PERMISSIONS: &str = "      permissions:
      - serviceAccountName: manager
        rules:
        - {apiGroups: [''], resources: [secrets], verbs: [get]}
        - {apiGroups: [''], resources: [pods], verbs: [create]}
";

const CLUSTER_PERMISSIONS: &str = "      clusterPermissions:
      - serviceAccountName: manager
        rules:
        - {apiGroups: [''], resources: [nodes], verbs: [get]}
      - serviceAccountName: helper
        rules:
        - {apiGroups: [''], resources: [nodes], verbs: [list]}
";

fn input(name: &str, text: &str) -> Input {
    Input {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
    }
}

fn options(mode: Option<InstallMode>, targets: &[&str]) -> Options {
    Options {
        install: InstallOptions {
            mode,
            target_namespaces: targets.iter().map(|&name| name.to_owned()).collect(),
        },
        ..Options::default()
    }
}

fn expand(text: &str) -> Manifests {
    read(&[input("csv.yaml", text)], &Options::default()).unwrap()
}

fn expand_as(text: &str, mode: InstallMode, targets: &[&str]) -> Snapshot {
    let inputs = [input("csv.yaml", text)];
    read(&inputs, &options(Some(mode), targets))
        .unwrap()
        .snapshot
}

/// Kind, namespace and name of every object.
fn names(manifests: &Manifests) -> Vec<String> {
    let objects = manifests.sources.objects.keys();
    objects.map(ObjectRef::to_string).collect()
}

fn messages(manifests: &Manifests, code: NoticeCode) -> Vec<&str> {
    let notices = manifests.snapshot.notices.iter();
    notices
        .filter(|notice| notice.code == code)
        .map(|notice| notice.message.as_str())
        .collect()
}

fn object_names<T: Object>(objects: &[T]) -> Vec<String> {
    let name = |object: &T| object.object_ref().to_string();
    objects.iter().map(name).collect()
}
