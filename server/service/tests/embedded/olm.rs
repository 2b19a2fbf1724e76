//! A ClusterServiceVersion as a raw document, and how OLM is told to install it.

use opsec_manifests::{InstallOptions, Options};
use opsec_model::InstallMode;
use opsec_proto::v1;
use opsec_proto::v1::check_request::Input;
use tonic::Code;

use super::{checks, documents, metadata, reason, result};

const VERSION: &str = "
apiVersion: operators.coreos.com/v1alpha1
kind: ClusterServiceVersion
metadata: {name: shop-operator.v1.2.3}
spec:
  installModes: [{type: OwnNamespace, supported: true}, {type: SingleNamespace, supported: true}]
  install:
    strategy: deployment
    spec:
      permissions:
      - serviceAccountName: manager
        rules: [{apiGroups: [''], resources: ['*'], verbs: ['*']}]
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

fn request(mode: v1::InstallMode, targets: &[&str]) -> v1::CheckRequest {
    let documents = v1::RawDocuments {
        install_mode: mode.into(),
        target_namespaces: targets.iter().map(|&name| name.to_owned()).collect(),
        ..documents(VERSION)
    };
    v1::CheckRequest {
        input: Some(Input::Documents(documents)),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_version_and_the_snapshot_of_it_give_the_same_report() {
    let directory = tempfile::tempdir().unwrap();
    let input = opsec_manifests::Input {
        name: "shop.yaml".to_owned(),
        bytes: VERSION.as_bytes().to_vec(),
    };
    let options = Options {
        install: InstallOptions {
            mode: Some(InstallMode::SingleNamespace),
            target_namespaces: vec!["blog".to_owned()],
        },
        ..Options::default()
    };
    let manifests = opsec_manifests::read(&[input], &options).unwrap();
    let snapshot = opsec_wire::encode_snapshot(&manifests.snapshot).unwrap();
    let from_snapshot = v1::CheckRequest {
        input: Some(Input::Snapshot(snapshot)),
        ..Default::default()
    };
    let report = result(directory.path(), from_snapshot).await.report;
    let mut report = opsec_wire::decode_report(report.unwrap()).unwrap();
    report.locate(&manifests.sources);
    let asked = request(v1::InstallMode::SingleNamespace, &["blog"]);
    let other = result(directory.path(), asked).await.report.unwrap();
    assert_eq!(report, opsec_wire::decode_report(other).unwrap());
    let installation = &report.source.olm_installations[0];
    assert_eq!(installation.target_namespaces, ["blog"]);
    let fields = report.findings().flat_map(|finding| &finding.evidence);
    let rule = "spec.install.spec.permissions[0].rules[0]";
    assert!(
        fields
            .into_iter()
            .any(|evidence| evidence.field.starts_with(rule))
    );
}

#[tokio::test]
async fn what_olm_cannot_install_so_is_refused_with_the_field() {
    let directory = tempfile::tempdir().unwrap();
    let mut client = checks(directory.path());
    for (mode, targets, field) in [
        (
            v1::InstallMode::AllNamespaces,
            &[][..],
            "documents.install_mode",
        ),
        (
            v1::InstallMode::OwnNamespace,
            &["blog"],
            "documents.target_namespaces",
        ),
    ] {
        let status = client.check(request(mode, targets)).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::InvalidArgument, "FIELD_INVALID"),
            "{status}"
        );
        assert_eq!(metadata(&status, "field"), field);
    }
}
