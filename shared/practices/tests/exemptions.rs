//! What exemptions, `--fail-on` and `--half` do to a report.
#![cfg(test)]

use opsec_manifests::{Input, Limits, Options, read, read_documents};
use opsec_model::{
    Baseline, EffectiveBaseline, FindingStatus, Half, NoticeCode, Report, Severity, Status,
};
use opsec_practices::{CheckOptions, SelectedBaseline, check};

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
- {apiGroups: [""], resources: [secrets], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: o}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: o}
subjects: [{kind: ServiceAccount, name: o, namespace: ops}]
"#;

fn judge(spec: &str, half: Option<Half>, fail_on: Option<Severity>) -> Report {
    let input = Input {
        name: "o.yaml".into(),
        bytes: OPERATOR.into(),
    };
    let snapshot = read(&[input], &Options::default()).unwrap().snapshot;
    let text = format!(
        "apiVersion: kubectl-opsec.dev/v1alpha1\nkind: OperatorBaseline\nmetadata: {{name: b}}\nspec:\n{spec}"
    );
    let input = Input {
        name: "b.yaml".into(),
        bytes: text.into(),
    };
    let document = read_documents(&input, &Limits::default())
        .unwrap()
        .remove(0);
    let baseline = Baseline::from_value(document.value).unwrap();
    let baseline = EffectiveBaseline::new(&baseline, 1, false, None).unwrap();
    let now = "2026-06-15T12:00:00Z".parse().unwrap();
    let options = CheckOptions {
        operator: None,
        all: false,
        half,
        fail_on,
        now,
    };
    let select = |_: &_| SelectedBaseline {
        baseline: baseline.clone(),
        notices: Vec::new(),
    };
    check(&snapshot, &options, &select).unwrap().remove(0)
}

fn exempting(entries: &[(&str, &str, &str)]) -> String {
    let lines: String = entries
        .iter()
        .map(|(rule, scope, expires)| {
            [
                "  - {rule: ",
                rule,
                ", where: {",
                scope,
                "}, reason: known, owner: a@example.com, expires: ",
                expires,
                "}\n",
            ]
            .concat()
        })
        .collect();
    format!("  exemptions:\n{lines}")
}

fn status(report: &Report, rule: &str) -> Status {
    report
        .practices
        .iter()
        .flat_map(|practice| &practice.rules)
        .find(|outcome| outcome.id == rule)
        .unwrap()
        .status
}

fn codes(report: &Report) -> Vec<NoticeCode> {
    report.notices.iter().map(|notice| notice.code).collect()
}

#[test]
fn an_exempted_finding_stays_visible_and_fails_no_more() {
    let report = judge(
        &exempting(&[("OPSEC306", "serviceAccount: ops/o", "2026-06-15")]),
        None,
        None,
    );
    let finding = report
        .findings()
        .find(|finding| finding.rule == "OPSEC306")
        .unwrap();
    assert_eq!(finding.status, FindingStatus::Accepted);
    let by = finding.exemption.as_ref().unwrap();
    assert_eq!(
        (by.owner.as_str(), by.reason.as_str()),
        ("a@example.com", "known")
    );
    assert_eq!(by.expires, "2026-06-15", "it holds through its last day");
    assert_eq!(status(&report, "OPSEC306"), Status::Pass);
    assert_eq!(report.counts.exempted, 1);
}

#[test]
fn an_expired_exemption_counts_no_more_and_is_said() {
    let report = judge(
        &exempting(&[("OPSEC306", "serviceAccount: ops/o", "2026-06-14")]),
        None,
        None,
    );
    assert_eq!(status(&report, "OPSEC306"), Status::Fail);
    assert!(codes(&report).contains(&NoticeCode::ExpiredExemption));
}

#[test]
fn an_exemption_that_matches_nothing_matches_nothing_and_is_said() {
    for scope in [
        "serviceAccount: ops/other",
        "component: other",
        "namespace: other",
        "right: ESC-BIND",
        "object: ClusterRole/other",
    ] {
        let report = judge(&exempting(&[("OPSEC306", scope, "2027-01-01")]), None, None);
        assert_eq!(status(&report, "OPSEC306"), Status::Fail, "{scope}");
        assert!(
            codes(&report).contains(&NoticeCode::StaleExemption),
            "{scope}"
        );
    }
}

#[test]
fn every_part_of_a_scope_must_match() {
    let both =
        "serviceAccount: ops/o, right: ESC-SECRET-READ, namespace: ops, object: ClusterRole/o";
    let report = judge(&exempting(&[("OPSEC306", both, "2027-01-01")]), None, None);
    assert_eq!(status(&report, "OPSEC306"), Status::Pass);
}

#[test]
fn an_exemption_without_a_scope_is_called_out() {
    let report = judge(&exempting(&[("OPSEC306", "", "2027-01-01")]), None, None);
    assert_eq!(status(&report, "OPSEC306"), Status::Pass);
    assert!(codes(&report).contains(&NoticeCode::BroadExemption));
}

#[test]
fn a_finding_fails_while_one_of_its_rules_is_left() {
    let one = judge(&exempting(&[("OPSEC303", "", "2027-01-01")]), None, None);
    assert_eq!(status(&one, "OPSEC303"), Status::Pass);
    assert_eq!(status(&one, "OPSEC309"), Status::Fail);
    let finding = one
        .findings()
        .find(|finding| finding.rule == "OPSEC303")
        .unwrap();
    assert_eq!(finding.status, FindingStatus::Fail);
    let both = judge(
        &exempting(&[
            ("OPSEC303", "", "2027-01-01"),
            ("OPSEC309", "", "2027-01-01"),
        ]),
        None,
        None,
    );
    assert_eq!(status(&both, "OPSEC309"), Status::Pass);
    let finding = both
        .findings()
        .find(|finding| finding.rule == "OPSEC303")
        .unwrap();
    assert_eq!(finding.status, FindingStatus::Accepted);
}

#[test]
fn an_exemption_lowers_no_gain() {
    let plain = judge("  failOn: medium\n", None, None);
    let exempted = judge(&exempting(&[("OPSEC303", "", "2027-01-01")]), None, None);
    assert!(!plain.gains.is_empty());
    assert_eq!(plain.gains, exempted.gains);
}

#[test]
fn fail_on_moves_the_bar_and_what_is_below_is_noted_and_counted() {
    let report = judge("  failOn: critical\n", None, None);
    assert_eq!(status(&report, "OPSEC306"), Status::Pass);
    assert!(report.counts.below_fail_on > 0);
    let asked = judge("  failOn: critical\n", None, Some(Severity::High));
    assert_eq!(status(&asked, "OPSEC306"), Status::Fail);
    assert_eq!(asked.fail_on, Severity::High);
}

#[test]
fn under_one_half_the_others_rules_are_not_judged() {
    let report = judge("  failOn: medium\n", Some(Half::Operator), None);
    for practice in &report.practices {
        assert_eq!(
            practice.halves.cluster,
            Status::NotApplicable,
            "{}",
            practice.number
        );
        for outcome in practice
            .rules
            .iter()
            .filter(|outcome| outcome.half == Half::Cluster)
        {
            assert_eq!(outcome.reason.as_deref(), Some("half"));
        }
    }
    assert_eq!(report.half, Some(Half::Operator));
    assert_eq!(status(&report, "OPSEC306"), Status::Fail);
}
