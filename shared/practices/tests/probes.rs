//! What the API server's answers say of what was reckoned: agreement is counted, and a disagreement is
//! never hidden.
#![cfg(test)]

use opsec_manifests::{Input, Options, read};
use opsec_model::{
    AccessReview, CrdCreationAnswer, DryRunAnswer, EffectiveBaseline, NoticeCode, Report,
    ReviewAnswer, Severity, Snapshot,
};
use opsec_practices::{CheckOptions, Prepared, SelectedBaseline};

const OPERATOR: &str = r#"
apiVersion: v1
kind: ServiceAccount
metadata: {name: o, namespace: ops}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: o, namespace: ops}
spec:
  selector: {matchLabels: {a: o}}
  template:
    metadata: {labels: {a: o}}
    spec: {serviceAccountName: o, containers: [{name: o, image: o}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: o}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get, list]}
- {apiGroups: [""], resources: [pods], verbs: [create]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate, update]}
- {nonResourceURLs: ["/logs/*"], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: o}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: o}
subjects: [{kind: ServiceAccount, name: o, namespace: ops}]
"#;

fn options() -> CheckOptions {
    CheckOptions {
        operator: None,
        all: false,
        half: None,
        fail_on: None,
        now: "2026-06-15T12:00:00Z".parse().unwrap(),
    }
}

fn select(_: &opsec_model::OperatorSummary) -> SelectedBaseline {
    SelectedBaseline {
        baseline: EffectiveBaseline::builtin().unwrap(),
        notices: Vec::new(),
    }
}

fn snapshot() -> Snapshot {
    let input = Input {
        name: "o.yaml".into(),
        bytes: OPERATOR.into(),
    };
    read(&[input], &Options::default()).unwrap().snapshot
}

/// The snapshot when every right is reviewed so, in the order in which they are asked.
fn reviewed(answer: impl Fn(usize) -> ReviewAnswer) -> Snapshot {
    let mut snapshot = snapshot();
    let probes = Prepared::new(&snapshot)
        .probes(&options(), &select)
        .unwrap();
    snapshot.access_reviews = probes
        .reviews
        .into_iter()
        .enumerate()
        .map(|(place, (service_account, question))| AccessReview {
            service_account,
            question,
            answer: answer(place),
        })
        .collect();
    snapshot
}

fn judge(snapshot: &Snapshot) -> Report {
    let reports = Prepared::new(snapshot).check(&options(), &select);
    reports.unwrap().remove(0)
}

fn said(report: &Report, code: NoticeCode) -> Vec<&str> {
    let notices = report.notices.iter().filter(|notice| notice.code == code);
    notices.map(|notice| notice.message.as_str()).collect()
}

#[test]
fn agreement_is_counted_and_changes_no_verdict() {
    let plain = judge(&snapshot());
    assert!(said(&plain, NoticeCode::Probed).is_empty());
    let snapshot = reviewed(|_| ReviewAnswer::Allowed);
    let many = snapshot.access_reviews.len();
    assert!(many >= 4, "{many}");
    let report = judge(&snapshot);
    let expected = format!("the API server was asked about {many} rights and agrees about {many};");
    assert!(
        said(&report, NoticeCode::Probed)[0].starts_with(&expected),
        "{:?}",
        report.notices
    );
    assert!(said(&report, NoticeCode::ProbeDisagrees).is_empty());
    assert_eq!(report.practices, plain.practices);
}

#[test]
fn a_right_that_the_api_server_does_not_grant_is_a_defect_of_ours_and_said() {
    let report = judge(&reviewed(|place| match place {
        0 => ReviewAnswer::Denied,
        _ => ReviewAnswer::Allowed,
    }));
    let disagreements = said(&report, NoticeCode::ProbeDisagrees);
    assert_eq!(disagreements.len(), 1);
    assert!(
        disagreements[0].starts_with("the API server does not let ops/o "),
        "{disagreements:?}"
    );
    assert!(disagreements[0].contains("defect of this program"));
    assert_eq!(report.practices, judge(&snapshot()).practices);
}

#[test]
fn a_right_that_may_not_be_asked_about_is_neither() {
    let report = judge(&reviewed(|_| ReviewAnswer::Forbidden {
        missing: "create subjectaccessreviews.authorization.k8s.io".to_owned(),
    }));
    let probed = said(&report, NoticeCode::Probed);
    assert!(
        probed[0].contains("may not create subjectaccessreviews.authorization.k8s.io"),
        "{probed:?}"
    );
    assert!(probed[0].contains("agrees about 0"), "{probed:?}");
    assert!(said(&report, NoticeCode::ProbeDisagrees).is_empty());
}

#[test]
fn a_denial_that_was_not_reckoned_with_is_said() {
    let mut snapshot = snapshot();
    let probes = Prepared::new(&snapshot)
        .probes(&options(), &select)
        .unwrap();
    let by = opsec_model::Denier::ValidatingPolicy {
        policy: "nowhere".to_owned(),
        binding: "nowhere".to_owned(),
    };
    snapshot.crd_creation_answers = probes
        .creations
        .into_iter()
        .map(|probe| CrdCreationAnswer {
            service_account: probe.service_account,
            creation: probe.creation,
            answer: DryRunAnswer::Denied {
                code: 422,
                by: by.clone(),
            },
        })
        .collect();
    let report = judge(&snapshot);
    let disagreements = said(&report, NoticeCode::ProbeDisagrees);
    assert_eq!(disagreements.len(), 8);
    assert!(
        disagreements[0].contains("ValidatingAdmissionPolicy/nowhere"),
        "{disagreements:?}"
    );
}

/// A webhook that denies CRDs.
const GUARD: &str = r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: crd-guard}
webhooks:
- name: crds.guard.example
  admissionReviewVersions: [v1]
  sideEffects: None
  clientConfig: {url: "https://guard.example"}
  rules:
  - {apiGroups: [apiextensions.k8s.io], apiVersions: ["*"], resources: [customresourcedefinitions], operations: [CREATE]}
"#;

/// That the operator may create CRDs, and delete webhooks.
const RIGHTS: &str = r"
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: crds}
rules:
- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [create]}
- {apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], verbs: [delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: crds}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: crds}
subjects: [{kind: ServiceAccount, name: o, namespace: ops}]
";

#[test]
fn a_webhook_that_denies_and_that_its_holder_deletes_holds_nothing() {
    // A webhook of the operator's own file would be its own.
    let operator = format!("{OPERATOR}{RIGHTS}");
    let files = [("o.yaml", operator.as_str()), ("guard.yaml", GUARD)];
    let inputs = files.map(|(name, text)| Input {
        name: name.into(),
        bytes: text.into(),
    });
    let mut snapshot = read(&inputs, &Options::default()).unwrap().snapshot;
    let severities = |report: &Report| {
        let of = |right: &str| {
            let mut findings = report.findings();
            let finding = findings.find(|it| it.right.as_deref() == Some(right));
            finding.map(|finding| finding.severity).unwrap()
        };
        (of("GRD-CRD"), of("GRD-WEBHOOK-DEL"))
    };
    let unasked = severities(&judge(&snapshot));
    assert_eq!(unasked, (Severity::High, Severity::High));
    let probes = Prepared::new(&snapshot)
        .probes(&options(), &select)
        .unwrap();
    let by = opsec_model::Denier::Webhook {
        name: "crds.guard.example".to_owned(),
    };
    snapshot.crd_creation_answers = probes
        .creations
        .into_iter()
        .map(|probe| CrdCreationAnswer {
            service_account: probe.service_account,
            creation: probe.creation,
            answer: DryRunAnswer::Denied {
                code: 403,
                by: by.clone(),
            },
        })
        .collect();
    let asked = severities(&judge(&snapshot));
    assert_eq!(asked, (Severity::Critical, Severity::Critical));
}
