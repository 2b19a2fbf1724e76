//! What is encoded decodes to what it was, whatever it was; what does not decode names its field.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::collections::BTreeMap;

use opsec_model::report::{
    AcceptedBy, AccountSummary, BaselineSummary, ComponentSummary, Counts, Halves,
};
use opsec_model::snapshot::{Placement, PlacementReason, SourceKind};
use opsec_model::{
    AccessQuestion, Baseline, Completeness, CrdCreation, CreationMethod, CreationProbe, Evidence,
    Finding, FindingStatus, Gain, GrantedBy, Half, Hop, InstallMode, Kind, Need, Notice,
    NoticeCode, ObjectRef, OlmInstallation, OperatorSummary, Path, PathEnd, PracticeReport, Probes,
    Reach, Report, RuleOutcome, ServiceAccountRef, Severity, Snapshot, Source, SourceLine, Status,
};
use opsec_wire::{
    Problem, decode_baseline, decode_need, decode_probes, decode_report, decode_snapshot,
    encode_baseline, encode_need, encode_probes, encode_report, encode_snapshot,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Values of the model from a stream of random numbers: shorter to write than strategies for
/// thirty types, and a failing seed is a failing case.
struct Sample(u64);

impl Sample {
    fn number(&mut self, below: usize) -> usize {
        // Knuth's MMIX generator; only its high bits are used.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn flag(&mut self) -> bool {
        self.number(2) == 0
    }

    fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.number(values.len())]
    }

    fn text(&mut self) -> String {
        self.pick(&[
            "",
            "a",
            "cert-manager",
            "naïve ≠ \u{1F512}",
            "line\nbreak",
            "\"quoted\"",
            "rules[3].verbs",
        ])
        .to_owned()
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| value(self))
    }

    fn list<T>(&mut self, mut value: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.number(3)).map(|_| value(self)).collect()
    }

    fn object(&mut self) -> ObjectRef {
        ObjectRef {
            kind: self.text(),
            namespace: self.maybe(Self::text),
            name: self.text(),
            group: self.text(),
        }
    }

    fn line(&mut self) -> SourceLine {
        SourceLine {
            file: self.text(),
            document: 1,
            line: u32::try_from(self.number(100_000)).unwrap(),
        }
    }

    fn notice(&mut self) -> Notice {
        let code = self.pick(&[
            NoticeCode::InvalidObject,
            NoticeCode::MatchedByName,
            NoticeCode::Input,
        ]);
        Notice {
            code,
            message: self.text(),
            object: self.maybe(Self::object),
            source: self.maybe(Self::line),
        }
    }

    fn status(&mut self) -> Status {
        self.pick(&[
            Status::NotApplicable,
            Status::Pass,
            Status::Unknown,
            Status::Fail,
        ])
    }

    fn half(&mut self) -> Half {
        self.pick(&[Half::Operator, Half::Cluster])
    }

    fn severity(&mut self) -> Severity {
        self.pick(&Severity::ALL)
    }

    fn reach(&mut self) -> Reach {
        self.pick(&[
            Reach::Own,
            Reach::Intended,
            Reach::Foreign,
            Reach::Protected,
            Reach::Cluster,
        ])
    }

    fn finding_status(&mut self) -> FindingStatus {
        self.pick(&[
            FindingStatus::Fail,
            FindingStatus::Unknown,
            FindingStatus::Accepted,
            FindingStatus::Noted,
        ])
    }

    fn source(&mut self) -> Source {
        let kind = self.pick(&[SourceKind::Files, SourceKind::Cluster, SourceKind::Snapshot]);
        Source {
            kind,
            context: self.maybe(Self::text),
            cluster: self.maybe(Self::text),
            olm_installations: self.list(|s| OlmInstallation {
                cluster_service_version: s.text(),
                package: s.text(),
                install_mode: s.pick(&InstallMode::ALL),
                namespace: s.text(),
                target_namespaces: s.list(Self::text),
                owned_kinds: s.list(Self::kind),
            }),
        }
    }

    fn operator(&mut self) -> OperatorSummary {
        OperatorSummary {
            name: self.text(),
            namespaces: self.list(Self::text),
            components: self.list(|s| ComponentSummary {
                kind: s.text(),
                namespace: s.text(),
                name: s.text(),
                service_account: s.text(),
                hook: s.flag(),
            }),
            service_accounts: self.list(|s| AccountSummary {
                namespace: s.text(),
                name: s.text(),
                workload: s.flag(),
            }),
            owned_kinds: self.list(Self::text),
            presumed_own_groups: self.list(Self::text),
            intended_namespaces: self.list(Self::text),
            why: self.text(),
        }
    }

    fn finding(&mut self) -> Finding {
        Finding {
            rule: self.text(),
            also: self.list(Self::text),
            half: self.half(),
            right: self.maybe(Self::text),
            severity: self.severity(),
            reach: self.maybe(Self::reach),
            status: self.finding_status(),
            title: self.text(),
            components: self.list(Self::object),
            service_accounts: self.list(|s| ServiceAccountRef::new(s.text(), s.text())),
            evidence: self.list(|s| Evidence {
                object: s.object(),
                field: s.text(),
                source: s.maybe(Self::line),
            }),
            granted_by: self.list(|s| GrantedBy {
                subject: s.object(),
                binding: s.object(),
                role: s.object(),
                rule: s.text(),
                right: s.text(),
                source: s.maybe(Self::line),
            }),
            gain: self.text(),
            remedy: self.text(),
            confirm: self.maybe(Self::text),
            reason: self.maybe(Self::text),
            exemption: self.maybe(|s| AcceptedBy {
                owner: s.text(),
                reason: s.text(),
                expires: s.text(),
                rules: s.list(Self::text),
            }),
        }
    }

    fn practice(&mut self) -> PracticeReport {
        PracticeReport {
            number: u8::try_from(self.number(7)).unwrap(),
            name: self.text(),
            status: self.status(),
            halves: Halves {
                operator: self.status(),
                cluster: self.status(),
            },
            rules: self.list(|s| RuleOutcome {
                id: s.text(),
                half: s.half(),
                status: s.status(),
                severity: s.maybe(Self::severity),
                filed_under: s.maybe(Self::text),
                reason: s.maybe(Self::text),
            }),
            findings: self.list(Self::finding),
        }
    }

    fn report(&mut self) -> Report {
        Report {
            api_version: self.text(),
            kind: self.text(),
            engine_version: self.text(),
            kubernetes_version: self.text(),
            source: self.source(),
            operator: self.operator(),
            baseline: BaselineSummary {
                name: self.text(),
                revision: i64::try_from(self.number(1_000)).unwrap(),
                digest: self.text(),
                inline: self.flag(),
            },
            fail_on: self.severity(),
            half: self.maybe(Self::half),
            snapshot_digest: self.text(),
            status: self.status(),
            gains: self.list(|s| s.pick(&Gain::ALL)),
            counts: Counts {
                by_severity: self
                    .list(|s| (s.severity(), s.number(100)))
                    .into_iter()
                    .collect(),
                by_status: self
                    .list(|s| (s.finding_status(), s.number(100)))
                    .into_iter()
                    .collect(),
                below_fail_on: self.number(100),
                exempted: self.number(100),
            },
            notices: self.list(Self::notice),
            paths: self.list(Self::path),
            practices: self.list(Self::practice),
        }
    }

    fn path(&mut self) -> Path {
        Path {
            end: self.pick(&PathEnd::ALL),
            severity: self.severity(),
            cut: self.flag(),
            hops: self.list(|s| Hop {
                from: s.object(),
                to: s.object(),
                right: s.maybe(Self::text),
                action: s.text(),
                evidence: s.list(|s| Evidence {
                    object: s.object(),
                    field: s.text(),
                    source: s.maybe(Self::line),
                }),
                practice: s.maybe(|s| u8::try_from(1 + s.number(6)).unwrap()),
                cut: s.flag(),
                reason: s.maybe(Self::text),
            }),
        }
    }

    fn kind(&mut self) -> Kind {
        let resource = self.pick(&["networkpolicies", "secrets", "nodes"]);
        Kind::new(resource, self.pick(&["", "networking.k8s.io"]))
    }

    fn completeness(&mut self) -> Completeness {
        match self.number(4) {
            0 => Completeness::Complete,
            1 => Completeness::Forbidden {
                missing: self.text(),
            },
            2 => Completeness::OutOfScope,
            _ => Completeness::Failed {
                message: self.text(),
            },
        }
    }

    /// A snapshot: a random envelope round some of the objects of `everything`.
    fn snapshot(&mut self) -> Snapshot {
        let mut lists = everything();
        lists.as_object_mut().unwrap().retain(|_, _| self.flag());
        Snapshot {
            source: self.source(),
            kubernetes_version: self.text(),
            gathered_at: self.maybe(|_| "2026-11-24T10:00:00Z".to_owned()),
            cluster_uid: self.maybe(Self::text),
            incomplete: self
                .list(|s| (s.kind(), s.completeness()))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            served: self.list(Self::kind),
            placements: self.list(|s| Placement {
                namespace: s.text(),
                reason: s.pick(&[
                    PlacementReason::Asked,
                    PlacementReason::Bindings,
                    PlacementReason::Installation,
                    PlacementReason::Default,
                ]),
                objects: s.number(1_000),
            }),
            notices: self.list(Self::notice),
            ..serde_json::from_value(lists).unwrap()
        }
    }
}

/// One object in every list of a snapshot.
fn everything() -> Value {
    let metadata =
        json!({"name": "a", "namespace": "b", "labels": {"c": "d"}, "inputFile": "x.yaml"});
    let plain = |extra: Value| {
        let mut object = json!({"metadata": metadata});
        object
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        json!([object])
    };
    let role_ref = json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "a"}});
    json!({
        "namespaces": plain(json!({})),
        "serviceAccounts": plain(json!({"automountServiceAccountToken": false})),
        "secrets": plain(json!({"type": "Opaque"})),
        "configMaps": plain(json!({"data": {"mode": "strict"}})),
        "nodes": plain(json!({"providerId": "aws:///x"})),
        "workloads": plain(json!({"kind": "Deployment", "template": {"metadata": {"name": ""}, "spec": {"containers": [{"name": "c"}]}}, "replicas": 1,
            "watchSettings": [{"name": "WATCH_NAMESPACE", "namespaces": {"kind": "named", "names": ["x"]}}]})),
        "roles": plain(json!({"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}]})),
        "clusterRoles": plain(json!({"rules": [{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}], "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}})),
        "roleBindings": plain(role_ref.clone()),
        "clusterRoleBindings": plain(role_ref),
        "networkPolicies": plain(json!({"spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 80}, {"port": "http"}]}]}})),
        "otherNetworkPolicies": plain(json!({"group": "cilium.io", "kind": "CiliumNetworkPolicy"})),
        "services": plain(json!({"spec": {"ports": [{"port": 443, "targetPort": "https"}], "externalIPs": ["10.0.0.1"]}})),
        "ingresses": plain(json!({"backendServices": ["s"]})),
        "gatewayRoutes": plain(json!({"kind": "HTTPRoute", "backendServices": [["a", "b"]]})),
        "endpointSlices": plain(json!({"addresses": ["10.0.0.1"], "portNumbers": [["TCP", 6443]]})),
        "customResourceDefinitions": plain(json!({"spec": {"group": "g.io", "names": {"plural": "ks", "kind": "K"}, "scope": "Namespaced", "versions": [{"name": "v1", "served": true}]}})),
        "apiServices": plain(json!({"spec": {"group": "g.io", "version": "v1"}})),
        "validatingAdmissionPolicies": plain(json!({"spec": {}})),
        "validatingAdmissionPolicyBindings": plain(json!({"spec": {}})),
        "mutatingAdmissionPolicies": plain(json!({"spec": {}})),
        "mutatingAdmissionPolicyBindings": plain(json!({"spec": {}})),
        "validatingWebhookConfigurations": plain(json!({"webhooks": [{"name": "w"}]})),
        "mutatingWebhookConfigurations": plain(json!({"webhooks": [{"name": "w"}]})),
        "operatorGroups": plain(json!({"spec": {"targetNamespaces": ["x"]}})),
        "operatorRights": plain(json!({"spec": {"operator": "a", "rights": [{"serviceAccount": "a/b", "scope": "own", "rules": []}]}})),
        "customObjects": plain(json!({"group": "g.io", "version": "v1", "kind": "K", "body": {"spec": {"n": 1}}})),
        "crdCreationAnswers": creation_answers(),
        "accessReviews": [{"serviceAccount": {"namespace": "b", "name": "a"},
            "question": {"verb": "get", "resource": "secrets", "namespace": "b"}, "answer": {"state": "allowed"}}],
    })
}

/// Every answer to a dry run.
fn creation_answers() -> Value {
    let answers = [
        json!({"state": "admitted"}),
        json!({"state": "denied", "code": 403, "by": {"kind": "webhook", "name": "w"}}),
        json!({"state": "denied", "code": 500, "by": {"kind": "unreachableWebhook", "name": "w"}}),
        json!({"state": "denied", "code": 422, "by": {"kind": "validatingPolicy", "policy": "p", "binding": "b"}}),
        json!({"state": "denied", "code": 500, "by": {"kind": "mutatingPolicy", "policy": "p"}}),
        json!({"state": "unauthorized", "verb": "create"}),
        json!({"state": "forbidden", "missing": "impersonate serviceaccounts in b"}),
        json!({"state": "unclear", "message": "m"}),
    ];
    let of = |(place, answer): (usize, &Value)| {
        json!({
            "serviceAccount": {"namespace": "b", "name": format!("a{place}")},
            "creation": {"group": "g.io", "labelled": true, "scope": "Cluster", "method": "apply"},
            "answer": answer,
        })
    };
    answers.iter().enumerate().map(of).collect()
}

#[test]
fn probes_survive_the_wire() {
    let account = ServiceAccountRef::new("b", "a");
    let creation = |method, labelled| CreationProbe {
        service_account: account.clone(),
        creation: CrdCreation {
            group: "g.io".to_owned(),
            labelled,
            scope: "Cluster".to_owned(),
            method,
        },
        object: json!({"kind": "CustomResourceDefinition", "n": 1}),
    };
    let named = AccessQuestion {
        verb: "create".to_owned(),
        group: "g.io".to_owned(),
        resource: "r".to_owned(),
        subresource: "s".to_owned(),
        name: "n".to_owned(),
        namespace: Some("b".to_owned()),
        path: String::new(),
    };
    let path = AccessQuestion {
        verb: "get".to_owned(),
        path: "/logs/x".to_owned(),
        ..AccessQuestion::default()
    };
    let probes = Probes {
        creations: vec![
            creation(CreationMethod::Post, false),
            creation(CreationMethod::Apply, true),
        ],
        reviews: vec![(account.clone(), named), (account.clone(), path)],
    };
    let mut message = encode_probes(probes.clone());
    assert_eq!(decode_probes(message.clone()).unwrap(), probes);
    message.creations[1].method = 9;
    let error = decode_probes(message).unwrap_err();
    assert_eq!(error.field, "creations[1].method");
    let need = Need {
        for_probe: true,
        group: "g.io".to_owned(),
        resources: vec!["r".to_owned()],
        names: vec!["n".to_owned()],
        verbs: vec!["list".to_owned()],
    };
    assert_eq!(decode_need(encode_need(need.clone())), need);
}

#[test]
fn every_list_of_a_snapshot_travels() {
    let everything = everything();
    let snapshot: Snapshot = serde_json::from_value(everything.clone()).unwrap();
    let message = encode_snapshot(&snapshot).unwrap();
    assert_eq!(message.facts.len(), everything.as_object().unwrap().len());
    // Every object of the sample was kept: none of its lists is misspelt here.
    let kept = serde_json::to_value(&snapshot).unwrap();
    for (list, objects) in everything.as_object().unwrap() {
        assert_eq!(
            kept[list].as_array().map(Vec::len),
            objects.as_array().map(Vec::len),
            "{list}"
        );
    }
    assert_eq!(decode_snapshot(message).unwrap(), snapshot);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_report_survives_the_wire(seed: u64) {
        let report = Sample(seed).report();
        prop_assert_eq!(decode_report(encode_report(&report)).unwrap(), report);
    }

    #[test]
    fn a_snapshot_survives_the_wire_with_its_digest(seed: u64) {
        let snapshot = Sample(seed).snapshot();
        let decoded = decode_snapshot(encode_snapshot(&snapshot).unwrap()).unwrap();
        prop_assert_eq!(decoded.digest().unwrap(), snapshot.digest().unwrap());
        prop_assert_eq!(decoded, snapshot);
    }

    #[test]
    fn a_baseline_survives_the_wire(fail_on in 0..5usize, kinds: Vec<String>, reason in ".*[a-z]", broad: bool) {
        let exemption = json!({"rule": "OPSEC403", "reason": reason, "expires": "2027-03-31",
            "where": if broad { json!({}) } else { json!({"serviceAccount": "a/b"}) }});
        let baseline = Baseline::from_value(json!({
            "apiVersion": opsec_model::API_VERSION,
            "kind": "OperatorBaseline",
            "metadata": {"name": "cert-manager"},
            "spec": {"failOn": Severity::ALL[fail_on].as_str(), "ownedKinds": kinds, "exemptions": [exemption]},
        })).unwrap();
        prop_assert_eq!(decode_baseline(&encode_baseline(&baseline).unwrap()).unwrap(), baseline);
    }
}

#[test]
fn what_does_not_decode_names_its_field() {
    let mut report = None;
    for seed in 0..1_000 {
        let sample = encode_report(&Sample(seed).report());
        if sample
            .practices
            .first()
            .is_some_and(|practice| !practice.findings.is_empty())
        {
            report = Some(sample);
            break;
        }
    }
    let report = report.unwrap();
    let mut unknown = report.clone();
    unknown.practices[0].findings[0].severity = 99;
    let error = decode_report(unknown).unwrap_err();
    assert_eq!(error.field, "practices[0].findings[0].severity");
    assert_eq!(error.problem, Problem::EnumUnknown(99));
    let mut missing = report.clone();
    missing.counts = None;
    assert_eq!(
        decode_report(missing).unwrap_err().to_string(),
        "counts: it is missing"
    );
    let mut newer = report;
    newer.notices = vec![opsec_proto::v1::Notice {
        code: "NEW".to_owned(),
        ..Default::default()
    }];
    let error = decode_report(newer).unwrap_err();
    assert_eq!(
        (error.field.as_str(), error.problem),
        ("notices[0].code", Problem::Newer("NEW".to_owned()))
    );
}

#[test]
fn a_snapshot_with_a_strange_repeated_or_broken_list_is_refused() {
    let list = |group: &str, resource: &str, json: &str| opsec_proto::v1::KindFacts {
        group: group.to_owned(),
        resource: resource.to_owned(),
        objects_json: json.to_owned().into(),
    };
    for (facts, field) in [
        (vec![list("", "frobs", "[]")], "facts[0].resource"),
        (
            vec![list("", "secrets", "[]"), list("", "secrets", "[]")],
            "facts[1].resource",
        ),
        (vec![list("", "secrets", "{}")], "facts[0].objects_json"),
        (vec![list("", "secrets", "[")], "facts[0].objects_json"),
    ] {
        let mut snapshot = encode_snapshot(&Snapshot::default()).unwrap();
        snapshot.facts = facts;
        assert_eq!(decode_snapshot(snapshot).unwrap_err().field, field);
    }
}
