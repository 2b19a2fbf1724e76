//! Every ClusterServiceVersion of the corpus, judged in every mode that it supports.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use opsec_e2e::{corpus, files, judge_snapshot};
use opsec_manifests::{Input, InstallOptions, Manifests, Options, read};
use opsec_model::report::PracticeReport;
use opsec_model::{
    Half, InstallMode, NoticeCode, Report, ServiceAccountRef, Severity, Snapshot, Status,
};
use opsec_rbac::{
    EffectiveRights, Grant, GrantScope, Kinds, Policy, RuleScope, ScopedRule, excess,
};

fn versions(test: &str) -> Option<Vec<Input>> {
    let found = files(&corpus(test)?.join("olm")).unwrap();
    assert_eq!(found.len(), 119);
    Some(found)
}

/// The version as it is installed in `ops`, in a mode, for `shop` (and `blog`).
fn installed(input: &Input, mode: InstallMode) -> Option<Manifests> {
    let targets: &[&str] = match mode {
        InstallMode::SingleNamespace => &["shop"],
        InstallMode::MultiNamespace => &["blog", "shop"],
        InstallMode::AllNamespaces | InstallMode::OwnNamespace => &[],
    };
    let options = Options {
        namespace: Some("ops".to_owned()),
        install: InstallOptions {
            mode: Some(mode),
            target_namespaces: targets.iter().map(|&name| name.to_owned()).collect(),
        },
        ..Options::default()
    };
    read(std::slice::from_ref(input), &options).ok()
}

fn judge(manifests: &Manifests) -> Report {
    let mut report = judge_snapshot(&manifests.snapshot, None).unwrap();
    report.locate(&manifests.sources);
    report
}

#[test]
fn every_version_is_judged_in_every_mode_that_it_supports() {
    let Some(versions) = versions("every_version_is_judged_in_every_mode_that_it_supports") else {
        return;
    };
    let mut text = String::new();
    for input in &versions {
        let stem = input.name.trim_end_matches(".clusterserviceversion.yaml");
        let widest = read(std::slice::from_ref(input), &Options::default()).unwrap();
        let installation = &widest.snapshot.source.olm_installations[0];
        let (mode, namespace) = (installation.install_mode, &installation.namespace);
        let report = judge(&widest);
        writeln!(
            text,
            "{stem}: {} in {namespace}, {mode}",
            report.operator.name
        )
        .unwrap();
        let supported: Vec<(InstallMode, Manifests)> = InstallMode::ALL
            .into_iter()
            .filter_map(|mode| Some((mode, installed(input, mode)?)))
            .collect();
        assert_eq!(
            supported.first().map(|(mode, _)| *mode),
            Some(mode),
            "{stem}"
        );
        for (mode, manifests) in supported {
            let report = judge(&manifests);
            assert!(report.source.olm_installations.len() == 1, "{stem} {mode}");
            writeln!(text, "  {:15} {}", mode.as_str(), line(&report)).unwrap();
        }
    }
    insta::assert_snapshot!("olm", text);
}

/// Gains, each practice's halves (operator's/cluster's), what fails, and intended namespaces.
fn line(report: &Report) -> String {
    let practices: Vec<String> = report.practices.iter().map(halves).collect();
    let failing = |severity: Severity| report.counts.by_severity.get(&severity).copied();
    let fails: Vec<String> = [Severity::Critical, Severity::High, Severity::Medium]
        .into_iter()
        .filter_map(|severity| Some(format!("{} {severity}", failing(severity)?)))
        .collect();
    format!(
        "{} gains  {}  {}  for {}",
        report.gains.len(),
        practices.join(" "),
        fails.join(", "),
        report.operator.intended_namespaces.join(",")
    )
}

fn halves(practice: &PracticeReport) -> String {
    let letter = |status: Status| match status {
        Status::Fail => 'F',
        Status::Unknown => '?',
        Status::Pass => 'P',
        Status::NotApplicable => '-',
    };
    let halves = practice.halves;
    format!("{}/{}", letter(halves.operator), letter(halves.cluster))
}

#[test]
fn nothing_of_a_version_is_invalid_and_evidence_stands_in_it() {
    let Some(versions) = versions("nothing_of_a_version_is_invalid_and_evidence_stands_in_it")
    else {
        return;
    };
    let mut made = 0;
    for input in &versions {
        let lines = input.bytes.split(|&byte| byte == b'\n').count();
        let report = judge(&read(std::slice::from_ref(input), &Options::default()).unwrap());
        for notice in &report.notices {
            assert_ne!(notice.code, NoticeCode::InvalidObject, "{}", notice.message);
        }
        for finding in report
            .findings()
            .filter(|finding| finding.half == Half::Operator)
        {
            for evidence in &finding.evidence {
                let Some(source) = &evidence.source else {
                    continue;
                };
                let name = &input.name;
                assert!(
                    1 < source.line && source.line as usize <= lines,
                    "{name}: {evidence:?}"
                );
                assert!(evidence.field.starts_with("spec."), "{name}: {evidence:?}");
                made += 1;
            }
        }
    }
    assert!(made > 1000, "{made} pieces of evidence");
}

#[test]
fn a_narrower_mode_grants_no_more() {
    let Some(versions) = versions("a_narrower_mode_grants_no_more") else {
        return;
    };
    let wider = [
        (InstallMode::OwnNamespace, InstallMode::SingleNamespace),
        (InstallMode::SingleNamespace, InstallMode::MultiNamespace),
        (InstallMode::MultiNamespace, InstallMode::AllNamespaces),
        (InstallMode::SingleNamespace, InstallMode::AllNamespaces),
        (InstallMode::OwnNamespace, InstallMode::AllNamespaces),
    ];
    let (mut compared, mut less) = (0, 0);
    for input in &versions {
        for (narrow, wide) in wider {
            let (Some(narrow_one), Some(wide_one)) =
                (installed(input, narrow), installed(input, wide))
            else {
                continue;
            };
            let (narrow_one, wide_one) = (narrow_one.snapshot, wide_one.snapshot);
            let more = more_than(&narrow_one, &wide_one);
            assert_eq!(
                more,
                Vec::<String>::new(),
                "{}: {narrow} and {wide}",
                input.name
            );
            compared += 1;
            less += usize::from(!more_than(&wide_one, &narrow_one).is_empty());
        }
    }
    assert!(compared > 150, "{compared} pairs");
    assert!(less * 2 > compared, "{less} of {compared} grant less");
}

/// What the accounts of one snapshot hold that they do not hold in another.
fn more_than(one: &Snapshot, other: &Snapshot) -> Vec<String> {
    let policies = [Policy::from_snapshot(one), Policy::from_snapshot(other)];
    let kinds = Kinds::from_snapshot(one);
    let accounts: BTreeSet<ServiceAccountRef> = one
        .service_accounts
        .iter()
        .map(|account| ServiceAccountRef::new(account.metadata.namespace(), &account.metadata.name))
        .chain([ServiceAccountRef::new("ops", "default")])
        .collect();
    let mut more = Vec::new();
    for account in accounts {
        let [held, allowed] = policies
            .each_ref()
            .map(|policy| EffectiveRights::of(policy, &kinds, &account));
        let allowed: Vec<ScopedRule> = allowed.grants().iter().map(written_down).collect();
        let found = excess(&held, &allowed);
        more.extend(
            found
                .iter()
                .map(|excess| format!("{account}: {:?}", excess.atom)),
        );
    }
    more
}

fn written_down(grant: &Grant) -> ScopedRule {
    let scope = match &grant.scope {
        GrantScope::Cluster => RuleScope::Cluster,
        GrantScope::Namespace(name) => RuleScope::Namespaces([name.clone()].into()),
    };
    ScopedRule {
        scope,
        rule: (*grant.rule).clone(),
    }
}
