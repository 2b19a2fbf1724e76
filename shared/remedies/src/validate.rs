//! Whether what an operator holds stays within what is declared of it. [`validate`] is a function of
//! a declaration and rights, for whoever watches a cluster; [`validate_all`] is the same for every
//! declaration of a snapshot.

use std::collections::BTreeSet;

use opsec_model::canonical::{self, CanonicalError};
use opsec_model::declared_rights::OperatorRights;
use opsec_model::validation::{ConditionStatus, Validation, ValidationCondition, ValidationList};
use opsec_model::{API_VERSION, RightsGrant, ServiceAccountRef};
use opsec_operators::ResolveError;
use opsec_practices::Prepared;
use opsec_rbac::{EffectiveRights, Kinds, Policy, Reaching, RuleScope, excess, not_assigned};
use opsec_rights::written::scoped;

use crate::party::{Party, operators, parties};
use crate::rules::{Held, held, shorten};
use crate::subject::unknown;

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
    let mut items = Vec::new();
    let of = snapshot
        .operator_rights
        .iter()
        .zip(operators(prepared))
        .zip(parties(prepared));
    for ((declaration, declared), party) in of {
        match (asked, declared) {
            (Some(asked), Ok((_, declared))) if !std::ptr::eq(asked, declared) => continue,
            (Some(_), Err(_)) => continue,
            _ => {}
        }
        let unknown = unknown(prepared);
        items.push(match party {
            Ok(found) => {
                let (policy, kinds) = (prepared.policy(), prepared.kinds());
                validate_party(declaration, &found.party, policy, kinds, &unknown)?
            }
            Err(error) => of_nobody(declaration, &error.to_string(), &unknown),
        });
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

/// Compares what the accounts of a party hold under a policy with what is declared. `unknown` says
/// why the policy, or the party, may be others than they are known to be, each a clause.
///
/// # Errors
/// When the rights have no canonical form.
pub fn validate_party(
    declaration: &OperatorRights,
    party: &Party,
    policy: &Policy,
    kinds: &Kinds,
    unknown: &[String],
) -> Result<Validation, CanonicalError> {
    let rights = |accounts: &[ServiceAccountRef]| -> Vec<EffectiveRights> {
        let accounts = accounts.iter();
        accounts
            .map(|account| EffectiveRights::of(policy, kinds, account))
            .collect()
    };
    let unknown: Vec<String> = unknown.iter().chain(&party.unknown).cloned().collect();
    validate(&Validating {
        declaration,
        declared: &party.declared,
        rights: &rights(&party.accounts),
        others: &rights(&party.others),
        intended: &party.intended,
        unknown: &unknown,
    })
}

/// What becomes of a declaration whose operator is not here, which an error says, as far as that is
/// known.
pub fn of_nobody(declaration: &OperatorRights, error: &str, unknown: &[String]) -> Validation {
    let (validated, reason, message) = match unknown {
        [] => (ConditionStatus::False, "NoSuchOperator", error.to_owned()),
        why => (
            ConditionStatus::Unknown,
            "RightsNotKnown",
            format!("{error}; {}", why.join("; ")),
        ),
    };
    let excess = ConditionStatus::Unknown;
    let generation = declaration.metadata.generation;
    Validation {
        name: declaration.metadata.name.clone(),
        operator: declaration.spec.declared.operator.clone(),
        mode: declaration.spec.mode.clone(),
        observed_generation: (generation != 0).then_some(generation),
        conditions: vec![
            condition("Validated", validated, reason, message.clone()),
            condition("Excess", excess, reason, message),
        ],
        ..Validation::default()
    }
}
