//! What holds of any two states: nothing differs from itself, what is gained one way is lost the
//! other way, and rights are gained exactly where a request is newly granted.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use opsec_compare::{Comparing, State, compare};
use opsec_corpus::corpus;
use opsec_manifests::{Input, Options, read};
use opsec_model::comparison::{Comparison, ComparisonOutcome, Difference};
use opsec_model::declared_rights::{GrantScope, ScopeName};
use opsec_model::{Baseline, EffectiveBaseline, Snapshot};
use opsec_practices::Prepared;
use proptest::prelude::*;

fn snapshot(bytes: Vec<u8>) -> Snapshot {
    let name = "operator.yaml".to_owned();
    let input = Input { name, bytes };
    read(vec![input], &Options::default()).unwrap().snapshot
}

fn compared(before: &Snapshot, after: &Snapshot, operator: Option<&str>) -> Comparison {
    let state = |snapshot| State::Operator { snapshot, operator };
    let builtin = EffectiveBaseline::new(&Baseline::builtin(), 0, false, None).unwrap();
    let asked = Comparing {
        before: state(before),
        after: state(after),
        baseline: &builtin,
        now: Timestamp::UNIX_EPOCH,
    };
    compare(&asked).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn no_operator_of_the_corpus_differs_from_itself() {
    let Some(folder) = corpus("no_operator_of_the_corpus_differs_from_itself") else {
        return;
    };
    let mut operators = 0;
    for file in files(&folder.join("operators")) {
        let snapshot = snapshot(std::fs::read(&file).unwrap());
        let names: Vec<String> = Prepared::new(&snapshot)
            .operators()
            .iter()
            .filter_map(|operator| {
                let namespace = operator.namespaces.first()?;
                Some(format!("{namespace}~{}", operator.name))
            })
            .collect();
        for name in names {
            let told = compared(&snapshot, &snapshot, Some(&name));
            assert!(
                told.gained.is_empty() && told.lost.is_empty() && told.notes.is_empty(),
                "{name}: {told:?}"
            );
            assert_eq!(told.outcome, ComparisonOutcome::NothingGained);
            assert!(told.practices.is_empty());
            operators += 1;
        }
    }
    assert!(operators >= 24, "{operators}");
}

#[test]
fn what_two_versions_gain_one_way_they_lose_the_other_way() {
    let Some(folder) = corpus("what_two_versions_gain_one_way_they_lose_the_other_way") else {
        return;
    };
    let files = files(&folder.join("versions"));
    assert!(files.len() >= 8);
    for pair in files.chunks(2) {
        let [older, newer] = pair else { continue };
        let read = |file: &PathBuf| snapshot(std::fs::read(file).unwrap());
        let (older, newer) = (read(older), read(newer));
        let there = compared(&older, &newer, None);
        let back = compared(&newer, &older, None);
        assert!(!there.gained.is_empty() || !there.lost.is_empty());
        assert_eq!((there.gained, there.lost), (back.lost, back.gained));
    }
}

const VERBS: [&str; 4] = ["get", "list", "create", "deletecollection"];
const RESOURCES: [&str; 3] = ["pods", "secrets", "configmaps"];
/// Where rights are held: everywhere, in the account's own namespace, in another.
const PLACES: [&str; 3] = ["", "cart", "shop"];

/// A right: place, verb, resource.
type Right = (&'static str, &'static str, &'static str);

/// Roles: each a place, its verbs and its resources.
type Roles = Vec<(&'static str, BTreeSet<&'static str>, BTreeSet<&'static str>)>;

fn roles() -> impl Strategy<Value = Roles> {
    let some = |of: &'static [&'static str]| {
        proptest::collection::btree_set(proptest::sample::select(of), 1..3)
    };
    let role = (
        proptest::sample::select(&PLACES[..]),
        some(&VERBS),
        some(&RESOURCES),
    );
    proptest::collection::vec(role, 0..4)
}

fn manifest(roles: &Roles) -> String {
    let mut text = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: cart}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {serviceAccountName: cart, containers: [{name: a, image: a}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: cart}
"
    .to_owned();
    for (number, (place, verbs, resources)) in roles.iter().enumerate() {
        let list = |words: &BTreeSet<&str>| words.iter().copied().collect::<Vec<_>>().join(", ");
        let (kind, namespace) = match *place {
            "" => ("Cluster", String::new()),
            place => ("", format!(", namespace: {place}")),
        };
        write!(
            text,
            "---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}Role
metadata: {{name: r{number}{namespace}}}
rules: [{{apiGroups: [''], resources: [{}], verbs: [{}]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}RoleBinding
metadata: {{name: r{number}{namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind}Role, name: r{number}}}
subjects: [{{kind: ServiceAccount, name: cart, namespace: cart}}]
",
            list(resources),
            list(verbs)
        )
        .unwrap();
    }
    text
}

/// What is granted, by the definition: in a place, or everywhere.
fn granted(roles: &Roles) -> BTreeSet<Right> {
    let mut all = BTreeSet::new();
    for place in PLACES {
        for verb in VERBS {
            for resource in RESOURCES {
                let grants =
                    |(where_, verbs, resources): &(&str, BTreeSet<&str>, BTreeSet<&str>)| {
                        (where_.is_empty() || *where_ == place)
                            && verbs.contains(verb)
                            && resources.contains(resource)
                    };
                if roles.iter().any(grants) {
                    all.insert((place, verb, resource));
                }
            }
        }
    }
    all
}

/// What a difference says, right by right, where it is held.
fn said(difference: &Difference) -> BTreeSet<Right> {
    let mut all = BTreeSet::new();
    let known = |of: &[&'static str], word: &str| of.iter().copied().find(|it| *it == word);
    for one in &difference.rights {
        let places: Vec<&str> = match &one.scope {
            GrantScope::Named(ScopeName::Cluster) => vec![""],
            GrantScope::Named(_) => vec!["cart"],
            GrantScope::Namespaces { namespaces } => {
                namespaces.iter().map(String::as_str).collect()
            }
        };
        for place in places {
            for rule in &one.rules {
                for verb in &rule.rule.verbs {
                    for resource in &rule.rule.resources {
                        all.insert((
                            known(&PLACES, place).unwrap(),
                            known(&VERBS, verb).unwrap(),
                            known(&RESOURCES, resource).unwrap(),
                        ));
                    }
                }
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn rights_are_gained_exactly_where_a_request_is_newly_granted(
        before in roles(), after in roles()
    ) {
        let read = |roles: &Roles| snapshot(manifest(roles).into_bytes());
        let told = compared(&read(&before), &read(&after), None);
        for (difference, more, less) in [
            (&told.gained, granted(&after), granted(&before)),
            (&told.lost, granted(&before), granted(&after)),
        ] {
            let said = said(difference);
            let newly: BTreeSet<Right> = more.difference(&less).copied().collect();
            for right in &said {
                prop_assert!(newly.contains(right), "{right:?} is not new: {difference:?}");
            }
            // What is gained everywhere is gained in each namespace.
            for right in &newly {
                let everywhere = ("", right.1, right.2);
                prop_assert!(
                    said.contains(right) || said.contains(&everywhere),
                    "{right:?} is missing: {difference:?}"
                );
            }
        }
    }
}
