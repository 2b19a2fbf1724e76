//! Whether what an operator holds stays within what is declared of it. [`validate`] is a function of
//! a declaration and rights, for whoever watches a cluster; [`validate_all`] is the same for every
//! declaration of a snapshot.

use std::collections::BTreeSet;

use opsec_model::canonical::{self, CanonicalError};
use opsec_model::declared_rights::{GrantScope, OperatorRights, ScopeName};
use opsec_model::validation::{ConditionStatus, Validation, ValidationCondition, ValidationList};
use opsec_model::{API_VERSION, RightsGrant, ServiceAccountRef};
use opsec_operators::{Operator, ResolveError};
use opsec_practices::Prepared;
use opsec_rbac::{EffectiveRights, Reaching, RuleScope, excess, not_assigned};
use opsec_rights::written::{members, scoped};

use crate::rules::{Held, held, shorten};
use crate::subject::{Subject, rights, unknown};

/// Why declarations could not be validated.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// The operator that was asked for is not there or ambiguous.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Nothing is declared.
    #[error("{}; kubectl opsec rights declare writes one", nothing(operator.as_deref()))]
    NothingDeclared {
        /// The operator that was asked for; absent: any.
        operator: Option<String>,
    },
    /// The rights have no digest.
    #[error("the rights have no digest: {0}")]
    Digest(#[from] CanonicalError),
}

fn nothing(operator: Option<&str>) -> String {
    match operator {
        Some(operator) => format!("no OperatorRights declares the rights of {operator}"),
        None => "there is no OperatorRights".to_owned(),
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub struct Validating<'a> {
    /// The declaration.
    pub declaration: &'a OperatorRights,
    /// Its grants, and those of other declarations of the same operator.
    pub declared: &'a [RightsGrant],
    /// What the operator's accounts hold.
    pub rights: &'a [EffectiveRights],
    /// What accounts hold that only the declaration names.
    pub others: &'a [EffectiveRights],
    /// The namespaces that `intended` means in this declaration.
    pub intended: &'a BTreeSet<String>,
    /// Why rights may be others than these, each a clause.
    pub unknown: &'a [String],
}

/// Compares effective rights with a declaration.
///
/// # Errors
/// When the rights have no canonical form.
pub fn validate(compared: &Validating<'_>) -> Result<Validation, CanonicalError> {
    let Validating {
        declaration,
        declared,
        rights,
        others,
        intended,
        unknown,
    } = *compared;
    let mut beyond = Vec::new();
    for rights in rights {
        let written = scoped(declared, intended, &rights.account);
        let found = excess(rights, &written).into_iter().map(|excess| Held {
            scope: excess.scope,
            atom: excess.atom,
        });
        beyond.extend(shorten(&rights.account, found, intended));
    }
    let own = &declaration.spec.declared.rights;
    let mut missing = Vec::new();
    let named: BTreeSet<&ServiceAccountRef> =
        own.iter().map(|grant| &grant.service_account).collect();
    for rights in rights.iter().chain(others) {
        if named.contains(&rights.account) {
            missing.extend(in_vain(own, rights, intended));
        }
    }
    let generation = declaration.metadata.generation;
    Ok(Validation {
        name: declaration.metadata.name.clone(),
        operator: declaration.spec.declared.operator.clone(),
        mode: declaration.spec.mode.clone(),
        observed_generation: (generation != 0).then_some(generation),
        effective_rights_digest: digest(rights)?,
        conditions: vec![validated(rights.len(), unknown), exceeds(&beyond, unknown)],
        excess: beyond,
        not_assigned: missing,
    })
}

/// What is declared of an account and not held by it.
fn in_vain(
    declared: &[RightsGrant],
    rights: &EffectiveRights,
    intended: &BTreeSet<String>,
) -> Vec<RightsGrant> {
    let written = scoped(declared, intended, &rights.account);
    let mut missing = BTreeSet::new();
    for rule in not_assigned(rights, &written) {
        let atom = rule.rule;
        match rule.scope {
            RuleScope::Cluster => {
                missing.insert(Held {
                    scope: Reaching::Cluster,
                    atom,
                });
            }
            RuleScope::Namespaces(namespaces) => {
                missing.extend(namespaces.into_iter().map(|namespace| Held {
                    scope: Reaching::Namespace(namespace),
                    atom: atom.clone(),
                }));
            }
        }
    }
    shorten(&rights.account, missing, intended)
}

/// Equal rights have equal digests, whatever roles and bindings give them.
fn digest(rights: &[EffectiveRights]) -> Result<String, CanonicalError> {
    let nowhere = BTreeSet::new();
    let mut all: Vec<RightsGrant> = rights
        .iter()
        .flat_map(|rights| shorten(&rights.account, held(rights), &nowhere))
        .collect();
    all.sort();
    canonical::digest(&serde_json::json!(all))
}

fn validated(accounts: usize, unknown: &[String]) -> ValidationCondition {
    let (status, reason, message) = match unknown {
        [] => {
            let noun = if accounts == 1 { "account" } else { "accounts" };
            let message = format!("the rights of {accounts} {noun} were compared");
            (ConditionStatus::True, "Compared", message)
        }
        why => (ConditionStatus::Unknown, "RightsNotKnown", why.join("; ")),
    };
    condition("Validated", status, reason, message)
}

/// What exceeds is known to; what does not may yet.
fn exceeds(beyond: &[RightsGrant], unknown: &[String]) -> ValidationCondition {
    let (status, reason, message) = match (beyond, unknown) {
        ([], []) => {
            let message = "nothing is held that is not declared".to_owned();
            (ConditionStatus::False, "Within", message)
        }
        ([], why) => (ConditionStatus::Unknown, "RightsNotKnown", why.join("; ")),
        (beyond, _) => {
            let accounts: BTreeSet<String> = beyond
                .iter()
                .map(|grant| grant.service_account.to_string())
                .collect();
            let accounts: Vec<String> = accounts.into_iter().collect();
            let message = format!("{} hold what is not declared", accounts.join(", "));
            (ConditionStatus::True, "Held", message)
        }
    };
    condition("Excess", status, reason, message)
}

fn condition(
    kind: &str,
    status: ConditionStatus,
    reason: &str,
    message: String,
) -> ValidationCondition {
    ValidationCondition {
        kind: kind.to_owned(),
        status,
        reason: reason.to_owned(),
        message,
    }
}

/// Validates the declarations of an operator by any of its names; absent: every declaration. In
/// files they are validated whether or not their CustomResourceDefinition is there.
///
/// # Errors
/// When the operator is not there or ambiguous, or nothing is declared.
pub fn validate_all(
    prepared: &Prepared<'_>,
    operator: Option<&str>,
) -> Result<ValidationList, ValidateError> {
    let snapshot = prepared.snapshot();
    let asked = operator
        .filter(|name| !name.is_empty())
        .map(|name| prepared.resolve(Some(name)))
        .transpose()?;
    let declarations = &snapshot.operator_rights;
    let mut items = Vec::new();
    for declaration in declarations {
        let declared = named(prepared, &declaration.spec.declared.operator);
        match (asked, declared) {
            (Some(asked), Ok(declared)) if !std::ptr::eq(asked, declared) => {}
            (Some(_), Err(_)) => {}
            (_, Ok(operator)) => items.push(one(prepared, operator, declaration)?),
            (None, Err(error)) => items.push(of_nobody(declaration, &error)),
        }
    }
    if items.is_empty() {
        let operator = asked.map(|operator| operator.name.clone());
        return Err(ValidateError::NothingDeclared { operator });
    }
    items.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(ValidationList {
        api_version: API_VERSION.to_owned(),
        kind: "ValidationList".to_owned(),
        source: snapshot.source.clone(),
        items,
        notices: snapshot.notices.clone(),
    })
}

/// The operator that a declaration names: by its display name before any other.
fn named<'a>(prepared: &'a Prepared<'_>, name: &str) -> Result<&'a Operator, ResolveError> {
    let mut called = prepared.operators().iter().filter(|one| one.name == name);
    match (called.next(), called.next()) {
        (Some(only), None) => Ok(only),
        _ => prepared.resolve(Some(name)),
    }
}

fn one(
    prepared: &Prepared<'_>,
    operator: &Operator,
    declaration: &OperatorRights,
) -> Result<Validation, CanonicalError> {
    let subject = Subject::new(prepared, operator);
    let mut declared = Vec::new();
    for other in &prepared.snapshot().operator_rights {
        let same = named(prepared, &other.spec.declared.operator)
            .is_ok_and(|found| std::ptr::eq(found, operator));
        if same {
            let intended = intended(prepared, &subject, other);
            declared.extend(resolved(other, &intended));
        }
    }
    let accounts: BTreeSet<&ServiceAccountRef> =
        operator.accounts.iter().map(|it| &it.account).collect();
    let grants = declaration.spec.declared.rights.iter();
    let strangers: BTreeSet<&ServiceAccountRef> = grants
        .map(|grant| &grant.service_account)
        .filter(|account| !accounts.contains(account))
        .collect();
    let others: Vec<EffectiveRights> = strangers
        .into_iter()
        .map(|account| rights(prepared, account))
        .collect();
    validate(&Validating {
        declaration,
        declared: &declared,
        rights: &subject.rights,
        others: &others,
        intended: &intended(prepared, &subject, declaration),
        unknown: &unknown(prepared),
    })
}

fn intended(
    prepared: &Prepared<'_>,
    subject: &Subject<'_>,
    declaration: &OperatorRights,
) -> BTreeSet<String> {
    match &declaration.spec.declared.intended_namespaces {
        Some(set) => members(prepared.facts(), set),
        None => subject.namespaces.intended.clone(),
    }
}

/// The grants of a declaration with its own meaning of `intended`.
fn resolved<'a>(
    declaration: &'a OperatorRights,
    intended: &'a BTreeSet<String>,
) -> impl Iterator<Item = RightsGrant> + 'a {
    let grants = declaration.spec.declared.rights.iter().cloned();
    grants.map(|mut grant| {
        if grant.scope == GrantScope::Named(ScopeName::Intended) {
            grant.scope = GrantScope::Namespaces {
                namespaces: intended.iter().cloned().collect(),
            };
        }
        grant
    })
}

/// A declaration of an operator that is not here.
fn of_nobody(declaration: &OperatorRights, error: &ResolveError) -> Validation {
    let message = error.to_string();
    Validation {
        name: declaration.metadata.name.clone(),
        operator: declaration.spec.declared.operator.clone(),
        mode: declaration.spec.mode.clone(),
        conditions: vec![
            condition(
                "Validated",
                ConditionStatus::False,
                "NoSuchOperator",
                message.clone(),
            ),
            condition(
                "Excess",
                ConditionStatus::Unknown,
                "NoSuchOperator",
                message,
            ),
        ],
        ..Validation::default()
    }
}
