//! Which version of the Pod Security Standards a pod is held to: that of the cluster that it is in.
#![cfg(test)]

use opsec_manifests::{Input, Options, read};
use opsec_model::EffectiveBaseline;
use opsec_practices::{CheckOptions, Prepared, SelectedBaseline};

/// Kubernetes 1.34 was the first to refuse a probe of another host.
const PROBES_ANOTHER_HOST: &str = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: o, namespace: ops}
spec:
  selector: {matchLabels: {a: o}}
  template:
    metadata: {labels: {a: o}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: o
        image: o
        livenessProbe: {httpGet: {host: 203.0.113.7, port: 80}}
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
";

/// The checks that pods fail where the API server is of that release.
fn unmet(release: &str) -> Vec<String> {
    let input = Input {
        name: "operator.yaml".to_owned(),
        bytes: PROBES_ANOTHER_HOST.as_bytes().to_vec(),
    };
    let mut snapshot = read(&[input], &Options::default()).unwrap().snapshot;
    release.clone_into(&mut snapshot.kubernetes_version);
    let options = CheckOptions {
        operator: None,
        all: false,
        half: None,
        fail_on: None,
        now: "2026-06-15T12:00:00Z".parse().unwrap(),
    };
    let select = |_: &_| SelectedBaseline {
        baseline: EffectiveBaseline::builtin().unwrap(),
        notices: Vec::new(),
    };
    let reports = Prepared::new(&snapshot).check(&options, &select).unwrap();
    reports
        .iter()
        .flat_map(opsec_model::Report::findings)
        .filter(|finding| finding.rule == "OPSEC314")
        .map(|finding| finding.title.clone())
        .collect()
}

#[test]
fn a_pod_is_held_to_the_standards_of_its_cluster() {
    assert_eq!(unmet("1.33.2"), Vec::<String>::new());
    for release in ["1.34.0", "1.36.3", "1.37.2"] {
        assert_eq!(unmet(release).len(), 1, "{release}");
    }
}
