//! Comparisons survive the wire; what does not decode names its field.

use opsec_model::baseline::PodSecurityLevel;
use opsec_model::comparison::{
    ComparedState, Comparison, ComparisonOutcome, Difference, FindingDifference, ObjectAspect,
    ObjectDifference, PodDifference, PodSetting, PracticeChange, RightsDifference, RuleDifference,
};
use opsec_model::declared_rights::{GrantScope, ScopeName};
use opsec_model::objects::PolicyRule;
use opsec_model::report::{BaselineSummary, FindingStatus, OperatorSummary};
use opsec_model::{
    API_VERSION, Connection, Danger, Gain, Hop, ObjectRef, Path, PathEnd, Peer, PortRange, Reach,
    ServiceAccountRef, Severity, Source, Status,
};
use opsec_wire::{decode_comparison, encode_comparison};

fn object() -> ObjectRef {
    ObjectRef::namespaced("Deployment", "shop", "cart")
}

fn rights(scope: GrantScope) -> RightsDifference {
    RightsDifference {
        service_account: ServiceAccountRef::new("shop", "cart"),
        scope,
        reach: Reach::Protected,
        rules: vec![RuleDifference {
            rule: PolicyRule {
                verbs: vec!["get".to_owned()],
                api_groups: vec![String::new()],
                resources: vec!["secrets".to_owned()],
                ..PolicyRule::default()
            },
            dangers: vec![Danger {
                right: "ESC-SECRET-READ".to_owned(),
                severity: Severity::High,
                reach: Reach::Protected,
            }],
        }],
    }
}

fn finding(other: Option<(Severity, FindingStatus)>) -> FindingDifference {
    FindingDifference {
        rule: "OPSEC306".to_owned(),
        also: vec!["OPSEC303".to_owned()],
        right: Some("ESC-SECRET-READ".to_owned()),
        severity: Severity::High,
        status: FindingStatus::Fail,
        other_severity: other.map(|(severity, _)| severity),
        other_status: other.map(|(_, status)| status),
        title: "can read Secrets".to_owned(),
        components: vec![object()],
        service_accounts: vec![ServiceAccountRef::new("shop", "cart")],
    }
}

fn path() -> Path {
    Path {
        end: PathEnd::Secrets,
        severity: Severity::High,
        cut: false,
        hops: vec![Hop {
            from: object(),
            to: ObjectRef::cluster("Secret", "*"),
            right: None,
            action: "reads".to_owned(),
            evidence: Vec::new(),
            practice: Some(3),
            cut: false,
            reason: None,
        }],
    }
}

fn difference() -> Difference {
    Difference {
        rights: vec![
            rights(GrantScope::Named(ScopeName::Cluster)),
            rights(GrantScope::Named(ScopeName::Own)),
            rights(GrantScope::Namespaces {
                namespaces: vec!["shop".to_owned()],
            }),
        ],
        connections: vec![Connection {
            from: Peer::Workload("shop/Deployment/cart".to_owned()),
            to: Peer::Range("10.0.0.0-10.0.0.255".to_owned()),
            ports: vec![PortRange {
                protocol: "TCP".to_owned(),
                first: 1,
                last: 65535,
            }],
        }],
        pods: vec![PodDifference {
            component: object(),
            level: PodSecurityLevel::Privileged,
            other_level: Some(PodSecurityLevel::Restricted),
            settings: vec![PodSetting {
                level: PodSecurityLevel::Baseline,
                field: "spec.template.spec.hostNetwork".to_owned(),
                message: "it is on".to_owned(),
            }],
        }],
        objects: ObjectAspect::ALL
            .into_iter()
            .map(|aspect| ObjectDifference {
                aspect,
                object: object(),
                what: "is there".to_owned(),
            })
            .collect(),
        paths: vec![path()],
        findings: vec![
            finding(None),
            finding(Some((Severity::Low, FindingStatus::Noted))),
        ],
        gains: vec![Gain::Secrets],
    }
}

fn comparison(outcome: ComparisonOutcome) -> Comparison {
    let baseline = BaselineSummary {
        name: "cart".to_owned(),
        revision: 3,
        digest: "sha256:0".to_owned(),
        inline: false,
    };
    Comparison {
        api_version: API_VERSION.to_owned(),
        kind: "Comparison".to_owned(),
        before: ComparedState {
            baseline: Some(baseline.clone()),
            ..ComparedState::default()
        },
        after: ComparedState {
            operator: Some(OperatorSummary {
                name: "cart".to_owned(),
                ..OperatorSummary::default()
            }),
            source: Some(Source::default()),
            snapshot_digest: Some("sha256:1".to_owned()),
            baseline: None,
        },
        baseline,
        outcome,
        gained: difference(),
        lost: Difference::default(),
        practices: vec![PracticeChange {
            number: 3,
            name: "Service account is minimal".to_owned(),
            before: Status::Pass,
            after: Status::Fail,
        }],
        unknown: vec!["after: may not list roles".to_owned()],
        notes: vec!["namespace a is b after".to_owned()],
    }
}

#[test]
fn a_comparison_survives_the_wire() {
    use ComparisonOutcome::{Gained, NothingGained, Unknown};
    for outcome in [NothingGained, Gained, Unknown] {
        let told = comparison(outcome);
        assert_eq!(decode_comparison(encode_comparison(&told)), Ok(told));
    }
}

#[test]
fn what_does_not_decode_is_named() {
    let sent = encode_comparison(&comparison(ComparisonOutcome::Gained));
    let mut odd = sent.clone();
    odd.outcome = 0;
    let error = decode_comparison(odd).unwrap_err().to_string();
    assert_eq!(error, "outcome: it is missing");
    let mut odd = sent.clone();
    odd.lost = None;
    let error = decode_comparison(odd).unwrap_err().to_string();
    assert_eq!(error, "lost: it is missing");
    let mut odd = sent;
    odd.gained.as_mut().unwrap().objects[2].aspect = 99;
    let error = decode_comparison(odd).unwrap_err().to_string();
    assert!(error.starts_with("gained.objects[2].aspect: 99"), "{error}");
}
