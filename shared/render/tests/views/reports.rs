//! Hand-built reports, one for each thing that a view must show.
#![expect(clippy::indexing_slicing, reason = "a test may fail by it")]

use std::collections::BTreeMap;

use opsec_model::report::{
    AcceptedBy, AccountSummary, BaselineSummary, ComponentSummary, Counts, Halves,
};
use opsec_model::{
    API_VERSION, Evidence, Finding, FindingStatus, Gain, GrantedBy, Half, InstallMode, Notice,
    NoticeCode, ObjectRef, OlmInstallation, OperatorSummary, PracticeReport, Reach, Report,
    RuleOutcome, ServiceAccountRef, Severity, Source, SourceLine, Status,
};

const NAMES: [&str; 6] = [
    "Payload and operator are separate",
    "API is quarantined",
    "Service account is minimal",
    "Pod security is the admins'",
    "CRD creation is denied",
    "Rights are declared and validated",
];

fn rule(id: &str, half: Half, status: Status) -> RuleOutcome {
    RuleOutcome {
        id: id.into(),
        half,
        status,
        severity: None,
        filed_under: None,
        reason: None,
    }
}

fn fails(id: &str, half: Half, severity: Severity) -> RuleOutcome {
    RuleOutcome {
        severity: Some(severity),
        ..rule(id, half, Status::Fail)
    }
}

fn because(id: &str, half: Half, status: Status, reason: &str) -> RuleOutcome {
    RuleOutcome {
        reason: Some(reason.into()),
        ..rule(id, half, status)
    }
}

fn idle(id: &str, half: Half) -> RuleOutcome {
    because(id, half, Status::NotApplicable, "no payload in these files")
}

fn practice(number: u8, rules: Vec<RuleOutcome>, findings: Vec<Finding>) -> PracticeReport {
    let of = |half| {
        rules
            .iter()
            .filter(|rule| rule.half == half)
            .fold(Status::NotApplicable, |status, rule| {
                status.join(rule.status)
            })
    };
    let halves = Halves {
        operator: of(Half::Operator),
        cluster: of(Half::Cluster),
    };
    PracticeReport {
        number,
        name: NAMES[usize::from(number) - 1].into(),
        status: halves.operator.join(halves.cluster),
        halves,
        rules,
        findings,
    }
}

fn finding(rule: &str, half: Half, severity: Severity, title: &str) -> Finding {
    Finding {
        rule: rule.into(),
        also: Vec::new(),
        half,
        right: None,
        severity,
        reach: None,
        status: FindingStatus::Fail,
        title: title.into(),
        components: Vec::new(),
        service_accounts: Vec::new(),
        evidence: Vec::new(),
        granted_by: Vec::new(),
        gain: "what an attacker gains, in a sentence".into(),
        remedy: "the smallest change that ends it".into(),
        confirm: None,
        reason: None,
        exemption: None,
    }
}

fn line(line: u32) -> SourceLine {
    SourceLine {
        file: "cert-manager.yaml".into(),
        document: 12,
        line,
    }
}

fn right(rule: &str, row: &str, severity: Severity, account: &str, title: &str) -> Finding {
    let account = ServiceAccountRef::new("cert-manager", account);
    let holder = ObjectRef::cluster("ClusterRole", format!("{}-challenges", account.name));
    let binding = ObjectRef::cluster("ClusterRoleBinding", format!("{}-challenges", account.name));
    let grant = GrantedBy {
        subject: account.object(),
        binding,
        role: holder.clone(),
        rule: "rules[5]".into(),
        right: "create pods".into(),
        source: Some(line(13029)),
    };
    Finding {
        right: Some(row.into()),
        reach: Some(Reach::Cluster),
        service_accounts: vec![account.clone()],
        evidence: vec![Evidence::new(holder, "rules[5].resources")],
        granted_by: vec![grant],
        confirm: Some(format!(
            "kubectl auth can-i create pods --all-namespaces --as {}",
            account.user_name()
        )),
        ..finding(rule, Half::Operator, severity, title)
    }
}

fn report(name: &str, practices: Vec<PracticeReport>, gains: Vec<Gain>) -> Report {
    let findings: Vec<&Finding> = practices.iter().flat_map(|p| &p.findings).collect();
    let mut counts = Counts::default();
    for finding in &findings {
        *counts.by_status.entry(finding.status).or_default() += 1;
        match finding.status {
            FindingStatus::Fail => *counts.by_severity.entry(finding.severity).or_default() += 1,
            FindingStatus::Noted => counts.below_fail_on += 1,
            FindingStatus::Accepted => counts.exempted += 1,
            FindingStatus::Unknown => {}
        }
    }
    let status = practices
        .iter()
        .fold(Status::NotApplicable, |status, p| status.join(p.status));
    Report {
        api_version: API_VERSION.into(),
        kind: "Report".into(),
        engine_version: "0.1.0".into(),
        kubernetes_version: "1.36.3".into(),
        source: Source::default(),
        operator: operator(name, name),
        baseline: BaselineSummary {
            name: "default".into(),
            revision: 0,
            digest: "sha256:0001".into(),
            inline: false,
        },
        fail_on: Severity::Medium,
        half: None,
        snapshot_digest: "sha256:0002".into(),
        status,
        gains,
        counts,
        notices: Vec::new(),
        paths: Vec::new(),
        practices,
    }
}

fn operator(name: &str, namespace: &str) -> OperatorSummary {
    let component = |name: &str| ComponentSummary {
        kind: "Deployment".into(),
        namespace: namespace.into(),
        name: name.into(),
        service_account: name.into(),
        hook: name.ends_with("check"),
    };
    let account = |name: &str| AccountSummary {
        namespace: namespace.into(),
        name: name.into(),
        workload: true,
    };
    OperatorSummary {
        name: name.into(),
        namespaces: vec![namespace.into()],
        components: vec![component(name), component("startupapicheck")],
        service_accounts: vec![
            account(name),
            AccountSummary {
                workload: false,
                ..account("spare")
            },
        ],
        owned_kinds: vec!["certificates.cert-manager.io".into()],
        presumed_own_groups: Vec::new(),
        intended_namespaces: vec!["shop".into()],
        why: "its ServiceAccount may watch certificates.cert-manager.io".into(),
    }
}

fn network(rule: &str, also: &[&str], title: &str) -> Finding {
    let deployment = |name: &str| ObjectRef::namespaced("Deployment", "cert-manager", name);
    let confirm = "! kubectl get networkpolicies -n cert-manager -o name | grep -q .";
    Finding {
        also: also.iter().map(|id| (*id).into()).collect(),
        components: vec![
            deployment("cert-manager"),
            deployment("cert-manager-webhook"),
        ],
        confirm: Some(confirm.into()),
        ..finding(rule, Half::Cluster, Severity::Medium, title)
    }
}

/// An operator as they ship: like cert-manager.
pub(crate) fn failing() -> Report {
    let mut practices = network_practices();
    practices.push(practice(3, minimal_rules(), minimal_findings()));
    practices.extend(guard_practices());
    practices.push(declaration_practice());
    let gains = vec![
        Gain::Identities,
        Gain::Secrets,
        Gain::Pods,
        Gain::Guards,
        Gain::Crds,
        Gain::Traffic,
    ];
    Report {
        notices: vec![
            Notice::new(
                NoticeCode::InvalidObject,
                "Role/cert-manager/x would be refused: rules[0].verbs is empty; these files \
                 cannot be applied as they are",
            )
            .at(line(77)),
            Notice::new(
                NoticeCode::UnknownKinds,
                "2 objects of kinds that no rule reads",
            ),
        ],
        ..report("cert-manager", practices, gains)
    }
}

fn filed(id: &str, under: &str, half: Half) -> RuleOutcome {
    RuleOutcome {
        filed_under: Some(under.into()),
        ..fails(id, half, Severity::Medium)
    }
}

fn minimal_rules() -> Vec<RuleOutcome> {
    use Half::Operator;
    use Severity::{Critical, High};
    vec![
        rule("OPSEC301", Operator, Status::Pass),
        fails("OPSEC303", Operator, Critical),
        fails("OPSEC306", Operator, Critical),
        fails("OPSEC307", Operator, Critical),
        fails("OPSEC315", Operator, High),
        rule("OPSEC317", Operator, Status::NotApplicable),
    ]
}

fn minimal_findings() -> Vec<Finding> {
    use Severity::{Critical, High, Low};
    let pods = "can create pods in every namespace";
    let noted = Finding {
        status: FindingStatus::Noted,
        ..right(
            "OPSEC304",
            "ESC-WILDCARD",
            Low,
            "cert-manager",
            "is granted `*` verbs on its own kinds",
        )
    };
    vec![
        right(
            "OPSEC303",
            "SECRET-TOKEN",
            Critical,
            "cert-manager",
            "can mint a token of any ServiceAccount as a Secret",
        ),
        right("OPSEC307", "POD-CREATE", Critical, "cert-manager", pods),
        right(
            "OPSEC307",
            "POD-CREATE",
            Critical,
            "cert-manager-webhook",
            pods,
        ),
        right(
            "OPSEC315",
            "NET-INGRESS",
            High,
            "cert-manager",
            "can change Ingresses in every namespace",
        ),
        noted,
    ]
}

/// An operator that meets every practice and has no payload.
pub(crate) fn clean() -> Report {
    use Half::{Cluster, Operator};
    let practices = (1..=6)
        .map(|number| {
            let mut rules = vec![
                rule(&format!("OPSEC{number}01"), Operator, Status::Pass),
                rule(&format!("OPSEC{number}02"), Cluster, Status::Pass),
            ];
            if number <= 2 {
                rules.push(idle(&format!("OPSEC{number}04"), Cluster));
                rules.push(idle(&format!("OPSEC{number}05"), Operator));
            }
            practice(number, rules, Vec::new())
        })
        .collect();
    report("external-secrets", practices, Vec::new())
}

/// An operator about which facts are missing.
pub(crate) fn unknown() -> Report {
    use Half::{Cluster, Operator};
    let missing = "CiliumNetworkPolicy tools/deny is not understood";
    let mut unknown = clean();
    let doubtful = Finding {
        status: FindingStatus::Unknown,
        reason: Some(missing.into()),
        ..finding(
            "OPSEC102",
            Cluster,
            Severity::Medium,
            "anyone may connect to its pods",
        )
    };
    let practices = vec![
        practice(
            1,
            vec![
                rule("OPSEC101", Operator, Status::Pass),
                because("OPSEC102", Cluster, Status::Unknown, missing),
            ],
            vec![doubtful],
        ),
        practice(
            2,
            vec![
                because("OPSEC201", Cluster, Status::Unknown, missing),
                because("OPSEC202", Cluster, Status::Unknown, missing),
                fails("OPSEC207", Operator, Severity::Medium),
            ],
            vec![finding(
                "OPSEC207",
                Operator,
                Severity::Medium,
                "its pod uses the host network",
            )],
        ),
    ];
    unknown.practices.splice(0..2, practices);
    report("unknown-thing", unknown.practices, vec![Gain::Nodes])
}

/// An operator that passes because a finding is accepted.
pub(crate) fn accepted() -> Report {
    let accepted = Finding {
        status: FindingStatus::Accepted,
        exemption: Some(AcceptedBy {
            owner: "platform-security@example.com".into(),
            reason: "injects CA bundles into webhooks; split by resourceNames is planned".into(),
            expires: "2027-03-31".into(),
            rules: vec!["OPSEC403".into()],
        }),
        ..right(
            "OPSEC403",
            "ADM-WEBHOOK",
            Severity::Critical,
            "cert-manager-cainjector",
            "can update every webhook configuration",
        )
    };
    let mut practices = clean().practices;
    practices[3].findings.push(accepted);
    let mut report = report("cert-manager", practices, vec![Gain::Guards]);
    report.baseline = BaselineSummary {
        name: "cert-manager".into(),
        revision: 3,
        digest: "sha256:0003".into(),
        inline: false,
    };
    report.fail_on = Severity::High;
    report
}

/// The operator's half alone.
pub(crate) fn operator_half() -> Report {
    let mut practices = failing().practices;
    for practice in &mut practices {
        for rule in &mut practice.rules {
            if rule.half == Half::Cluster {
                *rule = because(&rule.id, Half::Cluster, Status::NotApplicable, "half");
            }
        }
        practice
            .findings
            .retain(|finding| finding.half == Half::Operator);
        practice.halves.cluster = Status::NotApplicable;
        practice.status = practice.halves.operator;
    }
    Report {
        half: Some(Half::Operator),
        ..report("cert-manager", practices, vec![Gain::Pods])
    }
}

/// A report whose texts try to drive the terminal.
pub(crate) fn hostile() -> Report {
    let evil = "x\u{1b}[2J\u{9b}31m\u{7}\u{202e}\r\n\u{7f}";
    let mut practices = clean().practices;
    let mut hit = right("OPSEC307", evil, Severity::High, evil, evil);
    hit.confirm = Some(evil.into());
    hit.reason = Some(evil.into());
    hit.components = vec![ObjectRef::namespaced("Deployment", evil, evil)];
    practices[2].findings.push(hit);
    practices[2].rules[0] = fails("OPSEC307", Half::Operator, Severity::High);
    practices[3].rules[0] = because("OPSEC401", Half::Operator, Status::Unknown, evil);
    let mut report = report(evil, practices, vec![Gain::Pods]);
    report.notices = vec![
        Notice::new(NoticeCode::InvalidObject, evil).about(ObjectRef::cluster(evil, evil)),
        Notice::new(NoticeCode::NamespacePlaced, evil),
    ];
    report.operator.intended_namespaces = vec![evil.into()];
    report.operator.owned_kinds = vec![evil.into()];
    report.source.olm_installations = vec![OlmInstallation {
        cluster_service_version: evil.into(),
        package: evil.into(),
        install_mode: InstallMode::SingleNamespace,
        namespace: evil.into(),
        target_namespaces: vec![evil.into()],
        owned_kinds: Vec::new(),
    }];
    report.counts.by_severity = BTreeMap::from([(Severity::High, 1)]);
    report
}

fn network_practices() -> Vec<PracticeReport> {
    use Half::{Cluster, Operator};
    use Severity::Medium;
    vec![
        practice(
            1,
            vec![
                rule("OPSEC101", Operator, Status::Pass),
                fails("OPSEC102", Cluster, Medium),
                rule("OPSEC103", Operator, Status::Pass),
                idle("OPSEC104", Cluster),
                rule("OPSEC105", Operator, Status::Pass),
            ],
            vec![network(
                "OPSEC102",
                &[],
                "no NetworkPolicy isolates its 4 pods: anyone may connect to them",
            )],
        ),
        practice(
            2,
            vec![
                fails("OPSEC201", Cluster, Medium),
                filed("OPSEC202", "OPSEC201", Cluster),
                filed("OPSEC203", "OPSEC201", Cluster),
                idle("OPSEC204", Cluster),
                idle("OPSEC205", Operator),
                rule("OPSEC207", Operator, Status::Pass),
            ],
            vec![network(
                "OPSEC201",
                &["OPSEC202", "OPSEC203"],
                "no NetworkPolicy isolates its 4 pods: internet and metadata are open",
            )],
        ),
    ]
}

fn guard_practices() -> Vec<PracticeReport> {
    use Half::{Cluster, Operator};
    use Severity::{Critical, High, Medium};
    vec![
        practice(
            4,
            vec![
                fails("OPSEC403", Operator, Critical),
                fails("OPSEC405", Cluster, Medium),
                idle("OPSEC406", Cluster),
            ],
            vec![
                right(
                    "OPSEC403",
                    "ADM-WEBHOOK",
                    Critical,
                    "cert-manager-cainjector",
                    "can update every webhook configuration and APIService",
                ),
                finding(
                    "OPSEC405",
                    Cluster,
                    Medium,
                    "no Namespace object for cert-manager enforces restricted",
                ),
            ],
        ),
        practice(
            5,
            vec![
                rule("OPSEC501", Operator, Status::Pass),
                fails("OPSEC502", Operator, High),
                fails("OPSEC503", Cluster, Medium),
            ],
            vec![
                right(
                    "OPSEC502",
                    "CRD-MOD",
                    High,
                    "cert-manager-cainjector",
                    "can update any CustomResourceDefinition",
                ),
                finding(
                    "OPSEC503",
                    Cluster,
                    Medium,
                    "nothing denies it creating CRDs",
                ),
            ],
        ),
    ]
}

fn declaration_practice() -> PracticeReport {
    use Half::{Cluster, Operator};
    use Severity::Medium;
    practice(
        6,
        vec![
            fails("OPSEC601", Cluster, Medium),
            because(
                "OPSEC604",
                Operator,
                Status::NotApplicable,
                "no OperatorRights declares it",
            ),
        ],
        vec![finding(
            "OPSEC601",
            Cluster,
            Medium,
            "no OperatorRights declares its 4 service accounts",
        )],
    )
}
