//! What is declared of rights is what is held, and validating tells when it no longer is.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::path::PathBuf;

use opsec_corpus::corpus;
use opsec_manifests::{Input, Options, read};
use opsec_model::declared_rights::{GrantScope, OperatorRights, ScopeName};
use opsec_model::objects::PolicyRule;
use opsec_model::validation::{ConditionStatus, Validation};
use opsec_model::{RightsGrant, Snapshot};
use opsec_practices::Prepared;
use opsec_remedies::{Declaring, ValidateError, declare, validate_all};

/// An operator that reads Secrets everywhere, and runs pods where it is and in two namespaces.
const OPERATOR: &str = "
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
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cart}
rules:
- {apiGroups: [''], resources: [secrets], verbs: [get, list]}
- {nonResourceURLs: [/metrics], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cart}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cart}
subjects: [{kind: ServiceAccount, name: cart, namespace: cart}]
";

fn role_in(namespace: &str, verbs: &str) -> String {
    format!(
        "---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: pods, namespace: {namespace}}}
rules: [{{apiGroups: [''], resources: [pods], verbs: [{verbs}]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: pods, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: pods}}
subjects: [{{kind: ServiceAccount, name: cart, namespace: cart}}]
"
    )
}

fn snapshot(text: &str) -> Snapshot {
    let input = Input {
        name: "cart.yaml".to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    read([input], &Options::default()).unwrap().snapshot
}

fn operator() -> String {
    let roles = ["cart", "shop", "blog"].map(|namespace| role_in(namespace, "list, create"));
    OPERATOR.to_owned() + &roles.concat()
}

fn declared(snapshot: &Snapshot) -> OperatorRights {
    let asked = Declaring::default();
    declare(&Prepared::new(snapshot), &asked).unwrap().rights
}

/// A snapshot with declarations, validated.
fn validated(mut snapshot: Snapshot, declarations: &[OperatorRights]) -> Vec<Validation> {
    snapshot.operator_rights = declarations.to_vec();
    validate_all(&Prepared::new(&snapshot), None).unwrap().items
}

fn rules(grant: &RightsGrant) -> Vec<(String, String)> {
    let words = |rule: &PolicyRule| {
        let of = [rule.resources.as_slice(), &rule.non_resource_urls].concat();
        (rule.verbs.join(" "), of.join(" "))
    };
    grant.rules.iter().map(words).collect()
}

#[test]
fn what_is_held_is_declared_by_account_and_place() {
    let declared = declared(&snapshot(&operator())).spec.declared;
    assert_eq!(declared.operator, "cart");
    let intended = declared.intended_namespaces.unwrap();
    assert_eq!(intended.names, ["blog", "shop"]);
    let scopes: Vec<&GrantScope> = declared.rights.iter().map(|it| &it.scope).collect();
    let named = [ScopeName::Cluster, ScopeName::Own, ScopeName::Intended].map(GrantScope::Named);
    assert_eq!(scopes, named.iter().collect::<Vec<_>>());
    let of = |verbs: &str, what: &str| (verbs.to_owned(), what.to_owned());
    assert_eq!(
        rules(&declared.rights[0]),
        [of("get list", "secrets"), of("get", "/metrics")]
    );
    assert_eq!(rules(&declared.rights[1]), [of("list create", "pods")]);
}

#[test]
fn what_was_declared_is_within_until_more_is_held() {
    let before = snapshot(&operator());
    let declared = declared(&before);
    let same = validated(before, std::slice::from_ref(&declared));
    assert_eq!(same[0].condition("Validated"), ConditionStatus::True);
    assert_eq!(same[0].condition("Excess"), ConditionStatus::False);
    assert!(same[0].excess.is_empty() && same[0].not_assigned.is_empty());

    let more = operator() + &role_in("bank", "delete");
    let more = validated(snapshot(&more), std::slice::from_ref(&declared));
    assert_eq!(more[0].condition("Excess"), ConditionStatus::True);
    assert_eq!(more[0].excess.len(), 1);
    let namespaces = vec!["bank".to_owned()];
    assert_eq!(
        more[0].excess[0].scope,
        GrantScope::Namespaces { namespaces }
    );
    assert_eq!(
        rules(&more[0].excess[0]),
        [("delete".to_owned(), "pods".to_owned())]
    );
    assert_ne!(
        more[0].effective_rights_digest,
        same[0].effective_rights_digest
    );
}

#[test]
fn what_is_declared_in_vain_is_told_and_is_no_excess() {
    let declared = declared(&snapshot(&operator()));
    let less =
        OPERATOR.to_owned() + &role_in("cart", "list, create") + &role_in("shop", "list, create");
    let less = validated(snapshot(&less), std::slice::from_ref(&declared));
    assert_eq!(less[0].condition("Excess"), ConditionStatus::False);
    let namespaces = vec!["blog".to_owned()];
    let missing = &less[0].not_assigned;
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert_eq!(missing[0].scope, GrantScope::Namespaces { namespaces });
}

#[test]
fn equal_rights_have_equal_digests_however_roles_write_them() {
    let split = operator().replace(
        "- {apiGroups: [''], resources: [secrets], verbs: [get, list]}",
        "- {apiGroups: [''], resources: [secrets], verbs: [list]}\n- {apiGroups: [''], resources: [secrets], verbs: [get, list]}",
    );
    assert_ne!(split, operator());
    let declared = declared(&snapshot(&operator()));
    let digest = |text: &str| {
        let found = validated(snapshot(text), std::slice::from_ref(&declared));
        found[0].effective_rights_digest.clone()
    };
    assert_eq!(digest(&split), digest(&operator()));
}

#[test]
fn two_declarations_of_one_operator_add_up() {
    let snapshot = snapshot(&operator());
    let whole = declared(&snapshot);
    let (mut first, mut second) = (whole.clone(), whole);
    first.spec.declared.rights.truncate(1);
    second.spec.declared.rights.remove(0);
    "rest".clone_into(&mut second.metadata.name);
    let alone = validated(snapshot.clone(), std::slice::from_ref(&first));
    assert_eq!(alone[0].condition("Excess"), ConditionStatus::True);
    for validation in validated(snapshot, &[first, second]) {
        assert_eq!(
            validation.condition("Excess"),
            ConditionStatus::False,
            "{validation:?}"
        );
    }
}

#[test]
fn rights_that_could_not_be_read_are_unknown() {
    let refused = operator()
        + "---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: refused}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: cart}
subjects: [{kind: ServiceAccount, name: cart, namespace: cart}]
";
    let declared = declared(&snapshot(&operator()));
    let found = validated(snapshot(&refused), std::slice::from_ref(&declared));
    assert_eq!(found[0].condition("Validated"), ConditionStatus::Unknown);
    assert_eq!(found[0].condition("Excess"), ConditionStatus::Unknown);
}

#[test]
fn a_declaration_of_nobody_is_not_valid_and_none_is_an_error() {
    let snapshot = snapshot(&operator());
    let mut stray = declared(&snapshot);
    "cash".clone_into(&mut stray.spec.declared.operator);
    let found = validated(snapshot.clone(), &[stray]);
    assert_eq!(found[0].condition("Validated"), ConditionStatus::False);
    let prepared = Prepared::new(&snapshot);
    let error = validate_all(&prepared, Some("cart")).unwrap_err();
    assert!(
        matches!(error, ValidateError::NothingDeclared { operator: Some(ref name) } if name == "cart")
    );
}

#[test]
fn every_operator_of_the_corpus_stays_within_what_it_was_declared_to_hold() {
    let Some(folder) =
        corpus("every_operator_of_the_corpus_stays_within_what_it_was_declared_to_hold")
    else {
        return;
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("operators"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut seen = 0;
    for file in files {
        let mut snapshot = snapshot(&std::fs::read_to_string(&file).unwrap());
        let prepared = Prepared::new(&snapshot);
        let mut declared = Vec::new();
        for operator in prepared.list_operators() {
            let place = operator.namespaces.first().cloned().unwrap_or_default();
            let name = format!("{place}~{}", operator.name);
            let asked = Declaring {
                operator: Some(&name),
                ..Declaring::default()
            };
            let mut rights = declare(&prepared, &asked).unwrap().rights;
            rights.metadata.name = format!("{}-{}", rights.metadata.name, declared.len());
            declared.push(rights);
        }
        drop(prepared);
        snapshot.operator_rights = declared;
        for validation in validate_all(&Prepared::new(&snapshot), None).unwrap().items {
            seen += 1;
            let excess = validation.condition("Excess");
            assert_ne!(excess, ConditionStatus::True, "{file:?}: {validation:?}");
            assert!(
                validation.not_assigned.is_empty(),
                "{file:?}: {validation:?}"
            );
        }
    }
    assert!(seen >= 24, "{seen}");
}
