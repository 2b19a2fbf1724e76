//! Facts that only a cluster has, and the verdicts that they change: all are made at once, each
//! for an operator or a rule of its own, and the cluster is read again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use opsec_manifests::{Input, Limits, read_documents};
use opsec_model::{Report, Snapshot};
use serde_json::{Value, json};

use crate::outcome::{lines, of_rule};
use crate::service::check;
use crate::world::{World, runtime, world};

/// Operator, rule, what it comes to before, and after the objects of `facts.yaml` are there.
const CHANGES: &str = "
rabbitmq-cluster-operator OPSEC101: PASS, FAIL medium
cockroach-operator OPSEC102: FAIL medium, PASS
deployment/keda-operator OPSEC103: PASS, FAIL medium
cert-manager OPSEC104: FAIL medium, PASS
strimzi-cluster-operator OPSEC105: FAIL high, FAIL medium
cockroach-operator OPSEC201: FAIL medium, PASS
cert-manager OPSEC204: FAIL medium, PASS
cert-manager OPSEC205: PASS, PASS low
external-secrets OPSEC206: PASS, FAIL medium
deployment/keda-operator OPSEC302: PASS, FAIL high
cert-manager OPSEC313: PASS, FAIL high
argocd OPSEC405: FAIL critical, PASS
cert-manager OPSEC406: PASS low, PASS
metallb OPSEC503: FAIL medium, PASS
grafana-operator OPSEC601: FAIL medium, PASS
grafana-operator OPSEC605: NOT_APPLICABLE, FAIL medium
";

#[test]
fn what_only_a_cluster_has_changes_the_verdict() {
    let Some(world) = world("what_only_a_cluster_has_changes_the_verdict") else {
        return;
    };
    let (after, without_secrets) = runtime().block_on(async {
        make(world).await;
        (world.gathered(true).await, world.gathered(false).await)
    });
    let before = Reports::of(&world.live);
    let after = Reports::of(&after);
    let mut found = String::from("\n");
    for line in CHANGES.lines().skip(1) {
        let (subject, _) = line.split_once(':').unwrap();
        let (operator, rule) = subject.split_once(' ').unwrap();
        let (before, after) = (before.rule(operator, rule), after.rule(operator, rule));
        writeln!(found, "{subject}: {before}, {after}").unwrap();
    }
    assert_eq!(found, CHANGES);
    // Where Secrets were not listed the report says that the token is not judged.
    let unlisted = Reports::of(&without_secrets).report("cert-manager");
    let notices: Vec<&str> = unlisted
        .notices
        .iter()
        .map(|n| n.message.as_str())
        .collect();
    let said = notices.iter().any(|text| {
        text.contains("Secrets were not listed")
            && text.contains("OPSEC313 judges projected tokens")
    });
    assert!(said, "{notices:?}");
}

#[test]
fn leases_in_kube_system_are_no_power() {
    let Some(world) = world("leases_in_kube_system_are_no_power") else {
        return;
    };
    let reports = Reports::of(&world.live);
    let leases: Vec<String> = lines(&reports.report("cert-manager"))
        .into_iter()
        .filter(|line| line.contains("GRD-LEASE"))
        .collect();
    assert_eq!(
        leases,
        [
            "OPSEC318 finding info NOTED GRD-LEASE protected cert-manager/cert-manager",
            "OPSEC318 finding info NOTED GRD-LEASE protected cert-manager/cert-manager-cainjector",
        ]
    );
}

/// The reports on operators of a snapshot, each judged once.
struct Reports<'a> {
    snapshot: &'a Snapshot,
    known: std::cell::RefCell<BTreeMap<String, Report>>,
}

impl<'a> Reports<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            known: std::cell::RefCell::default(),
        }
    }

    fn report(&self, operator: &str) -> Report {
        let mut known = self.known.borrow_mut();
        let judged = || runtime().block_on(check(self.snapshot, operator, ""));
        known
            .entry(operator.to_owned())
            .or_insert_with(judged)
            .clone()
    }

    fn rule(&self, operator: &str, rule: &str) -> String {
        of_rule(&self.report(operator), rule)
    }
}

/// Makes what `facts.yaml` says.
async fn make(world: &World) {
    let mut applied = world.applied.clone();
    let crd = opsec_e2e::workspace().join("deploy/crds/operatorrights.yaml");
    for object in documents(&crd) {
        applied.one(object, "").await;
    }
    applied.definitions_are_established().await;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live_operators/facts.yaml");
    for object in documents(&file) {
        applied.one(object, "").await;
    }
    applied
        .status(
            &json!({
                "apiVersion": "kubectl-opsec.dev/v1alpha1", "kind": "OperatorRights",
                "metadata": {"name": "grafana-operator"},
                "status": {"observedGeneration": 1, "lastValidated": "2026-01-01T00:00:00Z", "conditions": [
                    condition("Validated", "True"), condition("Excess", "False"),
                ]},
            }),
        )
        .await;
    assert_eq!(applied.refused, Vec::<String>::new());
    applied.pods_are_made().await;
}

fn condition(kind: &str, status: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": "Compared", "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    })
}

fn documents(path: &Path) -> Vec<Value> {
    let input = Input {
        name: path.display().to_string(),
        bytes: std::fs::read(path).unwrap(),
    };
    let documents = read_documents(&input, &Limits::default()).unwrap();
    documents
        .into_iter()
        .map(|document| document.value)
        .collect()
}
