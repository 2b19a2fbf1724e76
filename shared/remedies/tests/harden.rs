//! What hardens an operator: what is written, what is kept, and what its rights become.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use opsec_manifests::{Input, Options, read};
use opsec_model::declared_rights::{GrantScope, ScopeName};
use opsec_model::{DeclaredRights, EffectiveBaseline, Snapshot, Status};
use opsec_remedies::harden::{ANSWERS, Action, Edit, Hardened, Hardening, harden};

fn words(of: &[&str]) -> Vec<String> {
    of.iter().map(|word| (*word).to_owned()).collect()
}

fn shipped() -> Snapshot {
    let demo = include_str!("../../../deploy/demo/as-shipped.yaml");
    let input = Input {
        name: "as-shipped.yaml".to_owned(),
        bytes: demo.as_bytes().to_vec(),
    };
    read([input], &Options::default()).unwrap().snapshot
}

fn hardened(only: &[&str], keep: &[&str]) -> Hardened {
    let (only, keep, intended) = (words(only), words(keep), words(&["shop", "blog"]));
    let asked = Hardening {
        operator: None,
        only: &only,
        intended: &intended,
        keep: &keep,
        baseline: &EffectiveBaseline::builtin().unwrap(),
        now: "2026-11-01T00:00:00Z".parse().unwrap(),
    };
    harden(&shipped(), &asked).unwrap()
}

fn declared(hardened: &Hardened) -> DeclaredRights {
    let mut edits = hardened.edits.iter();
    let rights = edits.find(|edit| edit.object.kind == "OperatorRights");
    serde_json::from_value(rights.unwrap().document["spec"].clone()).unwrap()
}

#[test]
fn the_demo_operator_passes_all_six_practices() {
    let hardened = hardened(&[], &[]);
    assert_eq!(hardened.before.status, Status::Fail);
    let statuses = hardened.after.practices.iter().map(|it| it.status);
    assert!(
        statuses.clone().all(|status| status == Status::Pass),
        "{:?}",
        statuses.collect::<Vec<_>>()
    );
    assert_eq!(hardened.remaining().count(), 0);
}

#[test]
fn what_was_granted_everywhere_is_granted_in_the_intended_namespaces_alone() {
    let declared = declared(&hardened(&[], &[]));
    let holds = |scope: ScopeName, verb: &str, resource: &str| {
        let mut grants = declared.rights.iter();
        grants.any(|grant| {
            grant.scope == GrantScope::Named(scope)
                && grant.rules.iter().any(|rule| {
                    let has = |list: &[String], word: &str| list.iter().any(|it| it == word);
                    has(&rule.verbs, verb) && has(&rule.resources, resource)
                })
        })
    };
    // To look at pods everywhere is no finding, and stays.
    assert!(holds(ScopeName::Cluster, "list", "pods"), "{declared:#?}");
    for (verb, resource) in [("get", "secrets"), ("create", "pods")] {
        assert!(
            !holds(ScopeName::Cluster, verb, resource),
            "{resource}: {declared:#?}"
        );
        assert!(
            holds(ScopeName::Intended, verb, resource),
            "{resource}: {declared:#?}"
        );
    }
}

#[test]
fn what_is_kept_remains_and_has_its_name() {
    let hardened = hardened(
        &[],
        &["ESC-SECRET-READ", "OPSEC403=cache-operator/cache-operator"],
    );
    let remaining: Vec<(&str, Option<&str>)> = hardened
        .remaining()
        .map(|finding| (finding.rule.as_str(), finding.right.as_deref()))
        .collect();
    assert!(!remaining.is_empty());
    for (rule, right) in remaining {
        assert!(
            rule == "OPSEC403" || right == Some("ESC-SECRET-READ"),
            "{rule} {right:?}"
        );
    }
}

#[test]
fn each_object_says_what_it_answers_and_comes_in_the_order_of_applying() {
    let hardened = hardened(&[], &[]);
    let place = |kind: &str| {
        let mut edits = hardened.edits.iter();
        edits.position(|edit| edit.object.kind == kind).unwrap()
    };
    let order = [
        "Namespace",
        "ValidatingAdmissionPolicy",
        "NetworkPolicy",
        "Role",
        "OperatorRights",
    ];
    assert!(order.map(place).is_sorted(), "{:?}", order.map(place));
    for Edit {
        action,
        document,
        answers,
        object,
    } in &hardened.edits
    {
        assert!(!answers.is_empty(), "{object}");
        if *action == Action::Create {
            let said = document["metadata"]["annotations"][ANSWERS]
                .as_str()
                .unwrap();
            assert!(said.starts_with("OPSEC"), "{object}: {said}");
        }
    }
}

#[test]
fn one_rule_alone_is_answered() {
    let hardened = hardened(&["OPSEC405"], &[]);
    let kinds: Vec<&str> = hardened
        .edits
        .iter()
        .map(|it| it.object.kind.as_str())
        .collect();
    assert!(kinds.iter().all(|kind| *kind == "Namespace"), "{kinds:?}");
    assert!(kinds.len() >= 3);
}
