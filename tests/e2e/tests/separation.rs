//! The verdicts separate: operators of the corpus differ in what is gained by taking them, and
//! the careful one does not look like the careless one.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use opsec_e2e::{corpus, files, judge_all, snapshot};
use opsec_model::{FindingStatus, Gain, Report, Severity, Status};

/// The report on each file of the corpus, by the file's name without its ending.
fn reports(folder: &Path) -> BTreeMap<String, Vec<Report>> {
    files(&folder.join("operators"))
        .unwrap()
        .into_iter()
        .map(|input| {
            let name = input.name.trim_end_matches(".yaml").to_owned();
            let reports = judge_all(&snapshot(&[input]).unwrap()).unwrap();
            (name, reports)
        })
        .collect()
}

#[test]
fn operators_differ_by_gains_and_by_their_own_half() {
    let Some(folder) = corpus("operators_differ_by_gains_and_by_their_own_half") else {
        return;
    };
    let reports = reports(&folder);
    insta::assert_snapshot!("separation", table(&reports));
    for (file, reports) in &reports {
        assert_eq!(reports.len(), 1, "{file} holds one operator");
    }
    let reports: BTreeMap<&str, &Report> = reports
        .iter()
        .map(|(file, reports)| (file.as_str(), &reports[0]))
        .collect();
    let all = [
        Gain::Identities,
        Gain::Secrets,
        Gain::Pods,
        Gain::Code,
        Gain::Nodes,
        Gain::Guards,
        Gain::Crds,
        Gain::Traffic,
    ];
    let gains = |file: &str| reports[file].gains.as_slice();
    assert_eq!(gains("strimzi-kafka-operator"), []);
    assert_eq!(gains("metallb").len(), 1, "{:?}", gains("metallb"));
    // Its background controller may write Ingresses in every namespace.
    assert_eq!(gains("kyverno"), [Gain::Guards, Gain::Traffic]);
    assert_eq!(gains("argo-cd"), all);
    assert_eq!(gains("longhorn"), all);

    let passing = |practice: u8| {
        let own = |report: &&&Report| {
            let found = report.practices.iter().find(|p| p.number == practice);
            found.is_some_and(|practice| practice.halves.operator != Status::Fail)
        };
        reports.values().filter(own).count()
    };
    let count = reports.len();
    assert!(passing(2) * 10 >= count * 8, "nearly all: {}", passing(2));
    assert!(passing(5) * 2 > count, "most: {}", passing(5));
    assert!(passing(3) * 10 <= count, "hardly any: {}", passing(3));
}

/// A line an operator: gains, then the halves of each practice, then the failing findings.
fn table(reports: &BTreeMap<String, Vec<Report>>) -> String {
    let mut text = String::new();
    writeln!(
        text,
        "{:32} {:11} {:11} {:11} {:11} {:11} {:11} crit high  med noted unknown",
        "operator/cluster of practice", "1", "2", "3", "4", "5", "6"
    )
    .unwrap();
    for (file, reports) in reports {
        for report in reports {
            write!(text, "{file:32}").unwrap();
            for practice in &report.practices {
                let halves = [practice.halves.operator, practice.halves.cluster];
                write!(text, " {:11}", halves.map(short).join("/")).unwrap();
            }
            let failing = |severity: Severity| {
                let found = report.counts.by_severity.get(&severity);
                found.copied().unwrap_or_default()
            };
            writeln!(
                text,
                " {:4} {:4} {:4} {:5} {:7}",
                failing(Severity::Critical),
                failing(Severity::High),
                failing(Severity::Medium),
                report.counts.below_fail_on,
                report
                    .counts
                    .by_status
                    .get(&FindingStatus::Unknown)
                    .copied()
                    .unwrap_or_default(),
            )
            .unwrap();
            let gains: Vec<&str> = report.gains.iter().map(|gain| gain.as_str()).collect();
            let gains = if gains.is_empty() {
                "nothing".to_owned()
            } else {
                gains.join(", ")
            };
            writeln!(text, "    gains {gains}").unwrap();
        }
    }
    text
}

fn short(status: Status) -> &'static str {
    match status {
        Status::NotApplicable => "n/a",
        Status::Pass => "pass",
        Status::Unknown => "?",
        Status::Fail => "FAIL",
    }
}
