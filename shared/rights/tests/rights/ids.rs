//! One case for each id of the table: rights that hold it in every namespace, how grave that is,
//! and rights beside it that do not.

use std::collections::BTreeSet;

use opsec_model::Severity::{self, Info, Low, Medium};

use crate::ids_of_attack::{BECOME, RUN};
use crate::ids_of_guards::{GUARDS, TRAFFIC};
use crate::world::World;

/// `id`, what holds it, its severity at cluster reach, definitions in the input, and what does
/// not hold it.
pub(crate) type Case = (
    &'static str,
    &'static [&'static str],
    Severity,
    &'static str,
    &'static [&'static str],
);

fn cases() -> impl Iterator<Item = &'static Case> {
    [BECOME, RUN, GUARDS, TRAFFIC].into_iter().flatten()
}

#[test]
fn every_way_to_hold_an_id_is_found_and_graded_as_the_page_says() {
    let mut wrong = Vec::new();
    for (id, held, severity, defined, _) in cases() {
        for rules in *held {
            let outcome = World::new().defined(defined).everywhere(rules).judge();
            let found = outcome.severity(id);
            if found != Some(*severity) {
                wrong.push(format!(
                    "{id} by `{rules}`: {severity:?} expected, {found:?} found"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rights_beside_an_id_do_not_hold_it() {
    let mut wrong = Vec::new();
    for (id, _, _, defined, beside) in cases() {
        for rules in *beside {
            let outcome = World::new().defined(defined).everywhere(rules).judge();
            let whole = outcome
                .flat()
                .into_iter()
                .flat_map(|right| &right.hits)
                .any(|graded| graded.hit.row.id == *id && !graded.hit.alone);
            if whole {
                wrong.push(format!("{id} by `{rules}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_id_of_the_table_has_a_case() {
    // These are bindings rather than rules: `containers` and `ghosts` have them.
    let elsewhere = ["ESC-ADMIN-BOUND", "BOUND-VIEW", "ESC-GHOST"];
    let here: BTreeSet<&str> = cases().map(|case| case.0).chain(elsewhere).collect();
    let table: BTreeSet<&str> = opsec_rights::rows::all().map(|row| row.id).collect();
    assert_eq!(here, table);
}

#[test]
fn half_of_a_pair_is_one_right_short_and_low() {
    for (rules, id) in [
        ("bind clusterroles.rbac.authorization.k8s.io", "ESC-BIND"),
        (
            "escalate clusterroles.rbac.authorization.k8s.io",
            "ESC-ESCALATE",
        ),
    ] {
        let outcome = World::new().everywhere(rules).judge();
        assert_eq!(outcome.severity(id), Some(Low), "{id}");
        let right = outcome.find(id).unwrap();
        assert_eq!(right.rule, "OPSEC305", "{id} makes nobody cluster-admin");
        assert!(outcome.gains().is_empty(), "{id}");
    }
}

#[test]
fn figures_of_nodes_and_templates_of_pods_are_info() {
    for (rules, id) in [
        ("get nodes/metrics", "RUN-NODESUB"),
        ("get nodes/stats", "RUN-NODESUB"),
        ("create podtemplates", "RUN-WORKLOAD"),
    ] {
        let outcome = World::new().everywhere(rules).judge();
        let found = outcome.severity(id);
        assert!(
            found.is_none_or(|severity| severity == Info),
            "{rules}: {found:?}"
        );
    }
}

#[test]
fn metrics_and_configuration_of_the_api_server_are_low() {
    for path in ["get path:/metrics", "get path:/configz"] {
        let outcome = World::new().everywhere(path).judge();
        assert_eq!(outcome.severity("INF-NONRES"), Some(Low), "{path}");
    }
}

#[test]
fn creating_nodes_is_medium_beside_writing_them() {
    let outcome = World::new().everywhere("create nodes").judge();
    assert_eq!(outcome.severity("RUN-NODE-OBJ"), Some(Medium));
}

#[test]
fn signers_of_other_domains_are_info() {
    for rules in [
        "sign signers.certificates.k8s.io op.example/*; update certificatesigningrequests/status.certificates.k8s.io",
        "create certificatesigningrequests.certificates.k8s.io; update certificatesigningrequests/approval.certificates.k8s.io; approve signers.certificates.k8s.io op.example/*",
        // A `*` among the names of signers is a literal.
        "create certificatesigningrequests.certificates.k8s.io; update certificatesigningrequests/approval.certificates.k8s.io; approve signers.certificates.k8s.io *",
    ] {
        let outcome = World::new().everywhere(rules).judge();
        let worst = ["ESC-CSR", "ESC-CSR-SIGN"].map(|id| outcome.severity(id));
        assert!(worst.iter().any(Option::is_some), "{rules}");
        assert!(
            worst.iter().flatten().all(|severity| *severity == Info),
            "{rules}"
        );
    }
}
