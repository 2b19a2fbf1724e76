//! cert-manager as it ships, sentence by sentence as an independent reader of its manifests wrote.
#![cfg(test)]

use std::collections::BTreeSet;

use opsec_e2e::{corpus, files, judge, of_right, status_of};
use opsec_model::{Finding, Gain, Reach, Report, Severity, Status};

const CONTROLLER: &str = "cert-manager";
const INJECTOR: &str = "cert-manager-cainjector";
const WEBHOOK: &str = "cert-manager-webhook";

fn report(test: &str) -> Option<Report> {
    let folder = corpus(test)?.join("operators");
    let files = files(&folder).unwrap();
    let input = files
        .iter()
        .find(|i| i.name == "cert-manager.yaml")
        .unwrap();
    Some(judge(input, None).unwrap())
}

/// The one finding about a right of an account.
fn one<'a>(report: &'a Report, right: &str, account: &str) -> &'a Finding {
    let found = of_right(report, right, Some(account));
    assert_eq!(found.len(), 1, "{right} of {account}");
    found[0]
}

fn is(finding: &Finding, severity: Severity, rule: &str, reach: Reach) {
    assert_eq!(
        (finding.severity, finding.rule.as_str(), finding.reach),
        (severity, rule, Some(reach)),
        "{}",
        finding.title
    );
}

#[test]
fn four_components_each_with_its_own_service_account_in_one_namespace() {
    let Some(report) = report("four_components_each_with_its_own_service_account_in_one_namespace")
    else {
        return;
    };
    assert_eq!(report.operator.name, "cert-manager");
    assert_eq!(report.operator.namespaces, ["cert-manager"]);
    let components = &report.operator.components;
    let named = |kind: &str, name: &str| {
        let found = components.iter().find(|c| c.name == name).unwrap();
        assert_eq!(
            (found.kind.as_str(), found.namespace.as_str()),
            (kind, "cert-manager")
        );
        assert_eq!(found.service_account, name);
        found.hook
    };
    assert_eq!(components.len(), 4);
    assert!(!named("Deployment", CONTROLLER));
    assert!(!named("Deployment", INJECTOR));
    assert!(!named("Deployment", WEBHOOK));
    assert!(named("Job", "cert-manager-startupapicheck"), "it is a hook");
    assert!(
        report
            .operator
            .owned_kinds
            .contains(&"certificates.cert-manager.io".to_owned())
    );
}

#[test]
fn leader_election_in_kube_system_is_info_and_makes_nothing_intended() {
    let Some(report) = report("leader_election_in_kube_system_is_info_and_makes_nothing_intended")
    else {
        return;
    };
    for account in [CONTROLLER, INJECTOR] {
        let lease = one(&report, "GRD-LEASE", account);
        is(lease, Severity::Info, "OPSEC318", Reach::Protected);
        assert!(lease.title.contains("kube-system"), "{}", lease.title);
    }
    assert_eq!(report.operator.intended_namespaces, Vec::<String>::new());
}

#[test]
fn the_controller_can_mint_any_service_accounts_token_as_a_secret() {
    let Some(report) = report("the_controller_can_mint_any_service_accounts_token_as_a_secret")
    else {
        return;
    };
    let mint = one(&report, "ESC-SECRET-WRITE", CONTROLLER);
    is(mint, Severity::Critical, "OPSEC303", Reach::Cluster);
    assert_eq!(mint.also, ["OPSEC309"]);
    let read = one(&report, "ESC-SECRET-READ", CONTROLLER);
    is(read, Severity::Critical, "OPSEC306", Reach::Cluster);
    let pods = one(&report, "RUN-POD", CONTROLLER);
    is(pods, Severity::Critical, "OPSEC307", Reach::Cluster);
    // Its cause is one rule of one role, in the file and the line that it stands in.
    let evidence = &pods.evidence[0];
    assert_eq!(evidence.object.name, "cert-manager-controller-challenges");
    let source = evidence.source.as_ref().unwrap();
    assert_eq!(source.file, "cert-manager.yaml");
    assert!(source.line > 13_000, "{}", source.line);
    let grant = &pods.granted_by[0];
    assert_eq!(grant.binding.name, "cert-manager-controller-challenges");
    assert_eq!(grant.right, "create pods");
}

#[test]
fn the_controller_moves_traffic_and_stops_pods() {
    let Some(report) = report("the_controller_moves_traffic_and_stops_pods") else {
        return;
    };
    let ingress = one(&report, "NET-INGRESS", CONTROLLER);
    is(ingress, Severity::High, "OPSEC315", Reach::Cluster);
    let given: BTreeSet<&str> = ingress
        .granted_by
        .iter()
        .map(|g| g.right.as_str())
        .collect();
    assert!(
        given.iter().any(|right| right.contains("ingresses")),
        "{given:?}"
    );
    assert!(
        given.iter().any(|right| right.contains("httproutes")),
        "{given:?}"
    );
    let services = one(&report, "NET-SVC", CONTROLLER);
    is(services, Severity::Medium, "OPSEC315", Reach::Cluster);
    let delete = one(&report, "RUN-DELETE-POD", CONTROLLER);
    is(delete, Severity::Medium, "OPSEC310", Reach::Cluster);
}

/// Its signer domains are its own, `approve` is on a resource of its own group, and this release
/// has no right over tokens.
#[test]
fn its_own_signers_are_no_power_and_no_token_is_minted() {
    let Some(report) = report("its_own_signers_are_no_power_and_no_token_is_minted") else {
        return;
    };
    for right in ["ESC-CSR", "ESC-CSR-SIGN"] {
        let found = of_right(&report, right, None);
        assert!(
            found.iter().all(|f| f.severity == Severity::Info),
            "{found:#?}"
        );
    }
    assert!(of_right(&report, "ESC-TOKENREQ", None).is_empty());
    for right in [
        "GRD-CRD",
        "RUN-EXEC",
        "ESC-BIND",
        "ESC-ESCALATE",
        "GRD-NP",
        "GRD-NS-PATCH",
    ] {
        assert!(of_right(&report, right, None).is_empty(), "{right}");
    }
}

#[test]
fn the_release_before_could_mint_tokens_of_one_account() {
    let Some(folder) = corpus("the_release_before_could_mint_tokens_of_one_account") else {
        return;
    };
    let files = files(&folder.join("versions")).unwrap();
    let of = |name: &str| {
        let input = files.iter().find(|i| i.name.starts_with(name)).unwrap();
        judge(input, None).unwrap()
    };
    assert!(!of_right(&of("cert-manager-v1.20"), "ESC-TOKENREQ", None).is_empty());
    assert!(of_right(&of("cert-manager-v1.21"), "ESC-TOKENREQ", None).is_empty());
}

#[test]
fn the_injector_reads_secrets_and_rewrites_kinds_webhooks_and_apis() {
    let Some(report) = report("the_injector_reads_secrets_and_rewrites_kinds_webhooks_and_apis")
    else {
        return;
    };
    let read = one(&report, "ESC-SECRET-READ", INJECTOR);
    is(read, Severity::High, "OPSEC306", Reach::Cluster);
    let webhooks = one(&report, "GRD-WEBHOOK", INJECTOR);
    is(webhooks, Severity::Critical, "OPSEC403", Reach::Cluster);
    let validating = one(&report, "GRD-VWEBHOOK", INJECTOR);
    is(validating, Severity::High, "OPSEC403", Reach::Cluster);
    let apis = one(&report, "GRD-APISERVICE", INJECTOR);
    is(apis, Severity::Critical, "OPSEC403", Reach::Cluster);
    let kinds = one(&report, "GRD-CRD-UPDATE", INJECTOR);
    is(kinds, Severity::High, "OPSEC502", Reach::Cluster);
}

#[test]
fn the_webhook_mints_by_a_free_name_beside_the_stronger_controller() {
    let Some(report) = report("the_webhook_mints_by_a_free_name_beside_the_stronger_controller")
    else {
        return;
    };
    let mint = one(&report, "ESC-SECRET-WRITE", WEBHOOK);
    is(mint, Severity::Medium, "OPSEC309", Reach::Own);
    assert_eq!(mint.also, Vec::<String>::new());
    let read = one(&report, "ESC-SECRET-READ", WEBHOOK);
    is(read, Severity::Info, "OPSEC306", Reach::Own);
}

/// One finding for each cause: a missing NetworkPolicy is two.
#[test]
fn no_network_policy_is_two_findings_of_four_pods() {
    let Some(report) = report("no_network_policy_is_two_findings_of_four_pods") else {
        return;
    };
    let of = |rule: &str| {
        let found: Vec<&Finding> = report.findings().filter(|f| f.rule == rule).collect();
        assert_eq!(found.len(), 1, "{rule}");
        found[0]
    };
    for (rule, also) in [
        ("OPSEC102", vec![]),
        ("OPSEC201", vec!["OPSEC202", "OPSEC203"]),
    ] {
        let finding = of(rule);
        assert_eq!(finding.severity, Severity::Medium);
        assert_eq!(finding.also, also);
        assert_eq!(finding.components.len(), 4);
    }
    for rule in ["OPSEC202", "OPSEC203"] {
        assert_eq!(status_of(&report, rule), Some(Status::Fail), "{rule}");
        assert!(
            !report.findings().any(|finding| finding.rule == rule),
            "{rule}"
        );
    }
}

#[test]
fn kinds_are_not_created_but_nothing_denies_it() {
    let Some(report) = report("kinds_are_not_created_but_nothing_denies_it") else {
        return;
    };
    assert_eq!(status_of(&report, "OPSEC501"), Some(Status::Pass));
    for rule in ["OPSEC503", "OPSEC405", "OPSEC601"] {
        assert_eq!(status_of(&report, rule), Some(Status::Fail), "{rule}");
        let found: Vec<&Finding> = report.findings().filter(|f| f.rule == rule).collect();
        assert_eq!(found.len(), 1, "{rule}: {found:#?}");
        assert_eq!(found[0].severity, Severity::Medium, "{rule}");
    }
}

/// Solver pods are in the Certificates' namespaces, which are not in these files.
#[test]
fn without_payload_there_is_nothing_to_judge() {
    let Some(report) = report("without_payload_there_is_nothing_to_judge") else {
        return;
    };
    for rule in [
        "OPSEC101", "OPSEC104", "OPSEC204", "OPSEC205", "OPSEC406", "OPSEC604",
    ] {
        assert_eq!(
            status_of(&report, rule),
            Some(Status::NotApplicable),
            "{rule}"
        );
    }
}

#[test]
fn six_gains() {
    let Some(report) = report("six_gains") else {
        return;
    };
    assert_eq!(
        report.gains,
        [
            Gain::Identities,
            Gain::Secrets,
            Gain::Pods,
            Gain::Guards,
            Gain::Crds,
            Gain::Traffic
        ]
    );
}

/// What is found is what the description says, and no more: a medium or worse beside it is news.
#[test]
fn nothing_else_of_medium_or_more_is_found() {
    let Some(report) = report("nothing_else_of_medium_or_more_is_found") else {
        return;
    };
    let mut found: Vec<String> = report
        .findings()
        .filter(|finding| finding.severity >= Severity::Medium)
        .map(|finding| {
            let account = match finding.service_accounts.as_slice() {
                [one] => one.name.as_str(),
                _ => "all",
            };
            format!("{} {account}", opsec_e2e::line(finding))
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "critical OPSEC303 ESC-SECRET-WRITE cert-manager",
            "critical OPSEC306 ESC-SECRET-READ cert-manager",
            "critical OPSEC307 RUN-POD cert-manager",
            "critical OPSEC403 GRD-APISERVICE cert-manager-cainjector",
            "critical OPSEC403 GRD-WEBHOOK cert-manager-cainjector",
            "high OPSEC306 ESC-SECRET-READ cert-manager-cainjector",
            "high OPSEC315 NET-INGRESS cert-manager",
            "high OPSEC403 GRD-VWEBHOOK cert-manager-cainjector",
            "high OPSEC502 GRD-CRD-UPDATE cert-manager-cainjector",
            "medium OPSEC102 all",
            "medium OPSEC201 all",
            "medium OPSEC309 ESC-SECRET-WRITE cert-manager-webhook",
            "medium OPSEC310 RUN-DELETE-POD cert-manager",
            "medium OPSEC315 NET-SVC cert-manager",
            "medium OPSEC405 all",
            "medium OPSEC503 all",
            "medium OPSEC601 all",
        ]
    );
}
