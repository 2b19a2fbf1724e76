//! Files and cluster come to the same, but for what the table explains.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::{Report, Status};

use crate::outcome::lines;
use crate::service::{check, check_all};
use crate::world::{World, runtime, world};

/// Rules about payload: what is judged once the operator's kinds are known to be its own.
const OF_PAYLOAD: [&str; 9] = [
    "OPSEC101", "OPSEC102", "OPSEC103", "OPSEC104", "OPSEC105", "OPSEC203", "OPSEC204", "OPSEC205",
    "OPSEC406",
];

/// The table: below a reason, the lines that it explains.
fn explained() -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    for section in include_str!("differences.txt").split("\n\n") {
        let (reason, differences): (Vec<&str>, Vec<&str>) =
            section.lines().partition(|line| line.starts_with('#'));
        assert!(!reason.is_empty(), "no reason is given: {section}");
        for difference in differences {
            let before = lines.insert(difference.to_owned(), reason.join(" "));
            assert_eq!(before, None, "{difference} is explained twice");
        }
    }
    lines
}

/// Both reports on an operator, by a baseline document if one is given.
async fn both(world: &World, operator: &str, baseline: &str) -> (Report, Report) {
    let (shipped, inputs) = world
        .inputs
        .iter()
        .find(|(shipped, _)| shipped.name == operator)
        .unwrap();
    let files = opsec_e2e::snapshot(inputs).unwrap();
    (
        check(&files, shipped.name, baseline).await,
        check(&world.live, shipped.name, baseline).await,
    )
}

/// What only one of the reports says: `-` the files', `+` the cluster's.
fn differences(operator: &str, files: &Report, live: &Report) -> BTreeSet<String> {
    let (files, live) = (lines(files), lines(live));
    let gone = files
        .difference(&live)
        .map(|line| format!("{operator}: - {line}"));
    let come = live
        .difference(&files)
        .map(|line| format!("{operator}: + {line}"));
    gone.chain(come).collect()
}

#[test]
fn files_and_cluster_come_to_the_same() {
    let Some(world) = world("files_and_cluster_come_to_the_same") else {
        return;
    };
    assert_eq!(world.applied.refused, Vec::<String>::new());
    let missing: Vec<_> = world
        .live
        .incomplete
        .keys()
        .map(ToString::to_string)
        .collect();
    // An API that keda says it serves, and nobody does here.
    assert_eq!(missing, ["*.external.metrics.k8s.io"]);
    let mut found = BTreeSet::new();
    for (shipped, _) in &world.inputs {
        let (files, live) = runtime().block_on(both(world, shipped.name, ""));
        assert_eq!(files.operator.components, live.operator.components);
        found.extend(differences(shipped.name, &files, &live));
    }
    let explained = explained();
    let unexplained: Vec<_> = found
        .iter()
        .filter(|line| !explained.contains_key(*line))
        .collect();
    let gone: Vec<_> = explained
        .keys()
        .filter(|line| !found.contains(*line))
        .collect();
    assert!(
        unexplained.is_empty() && gone.is_empty(),
        "not in differences.txt: {unexplained:#?}\nin it, and not so: {gone:#?}"
    );
}

#[test]
fn payload_is_judged_alike_where_its_kinds_are_known_to_be_the_operators() {
    let Some(world) =
        world("payload_is_judged_alike_where_its_kinds_are_known_to_be_the_operators")
    else {
        return;
    };
    let with_payload = world
        .inputs
        .iter()
        .filter(|(shipped, _)| shipped.payload.is_some());
    let mut found = BTreeSet::new();
    let mut judged = BTreeSet::new();
    for (shipped, _) in with_payload {
        let baseline = shipped.unmarked.map(owning).unwrap_or_default();
        let (files, live) = runtime().block_on(both(world, shipped.name, &baseline));
        found.extend(differences(shipped.name, &files, &live));
        let rules = live.practices.iter().flat_map(|p| &p.rules);
        let has_subject = |status| matches!(status, Status::Pass | Status::Fail);
        judged.extend(
            rules
                .filter(|rule| has_subject(rule.status))
                .map(|rule| format!("{} {}", shipped.name, rule.id)),
        );
        for rule in OF_PAYLOAD {
            assert!(
                judged.contains(&format!("{} {rule}", shipped.name)),
                "{rule} of {}",
                shipped.name
            );
        }
    }
    let of_payload: Vec<_> = found
        .iter()
        .filter(|line| OF_PAYLOAD.iter().any(|rule| line.contains(rule)))
        .collect();
    // The cluster's namespace is known not to enforce; a file may yet be applied to one that does.
    assert_eq!(
        of_payload,
        [
            "strimzi-cluster-operator: + OPSEC105 FAIL high",
            "strimzi-cluster-operator: + OPSEC105 finding high FAIL RUN-POD own myproject/strimzi-cluster-operator",
            "strimzi-cluster-operator: - OPSEC105 FAIL medium",
            "strimzi-cluster-operator: - OPSEC105 finding medium FAIL RUN-POD own myproject/strimzi-cluster-operator",
        ]
    );
}

fn owning(kind: &str) -> String {
    format!(
        "apiVersion: kubectl-opsec.dev/v1alpha1\nkind: OperatorBaseline\nmetadata: {{name: owned}}\nspec: {{ownedKinds: [{kind}]}}\n"
    )
}

#[test]
fn every_operator_is_found_and_judged_at_once() {
    let Some(world) = world("every_operator_is_found_and_judged_at_once") else {
        return;
    };
    let reports = runtime().block_on(check_all(&world.live));
    let found: BTreeSet<&str> = reports
        .iter()
        .flat_map(|report| &report.operator.namespaces)
        .map(String::as_str)
        .collect();
    let applied: BTreeSet<&str> = world
        .inputs
        .iter()
        .map(|(shipped, _)| shipped.namespace)
        .collect();
    // An instance of PostgreSQL may watch the Cluster that it is of.
    assert_eq!(found, applied.into_iter().chain(["databases"]).collect());
    let list = opsec_model::report::ReportList {
        api_version: opsec_model::API_VERSION.to_owned(),
        kind: "ReportList".to_owned(),
        items: reports,
    };
    let mut matrix = Vec::new();
    let options = opsec_render::Options {
        width: 140,
        ..opsec_render::Options::default()
    };
    opsec_render::matrix(&list, None, &options, &mut matrix).unwrap();
    insta::assert_snapshot!(String::from_utf8(matrix).unwrap());
}
