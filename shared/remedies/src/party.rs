//! Whom a declaration is about, and what is declared of them: what a validation rests on besides
//! roles and bindings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use opsec_model::declared_rights::{GrantScope, OperatorRights, ScopeName};
use opsec_model::{RightsGrant, ServiceAccountRef};
use opsec_operators::{Operator, ResolveError};
use opsec_practices::Prepared;
use opsec_rights::written::members;

use crate::subject::Subject;

/// Whom a declaration is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The operator's accounts, in order.
    pub accounts: Vec<ServiceAccountRef>,
    /// Accounts that only the declaration names.
    pub others: Vec<ServiceAccountRef>,
    /// Its grants, and those of other declarations of the same operator.
    pub declared: Arc<Vec<RightsGrant>>,
    /// The namespaces that `intended` means in this declaration.
    pub intended: BTreeSet<String>,
    /// Why these may be others than they are known to be, each a clause.
    pub unknown: Vec<String>,
}

/// A party, and what else the operator is known by.
#[derive(Debug, Clone)]
pub struct Found {
    /// Whom the declaration is about.
    pub party: Party,
    /// Names, labels' values, accounts and namespaces of the operator: an object that has none of
    /// them changes nothing about it.
    pub known_by: BTreeSet<String>,
}

/// Why a declaration is about nobody, without a word about operators that have nothing to do with it:
/// what they are called may change, and the same is said.
pub fn nobody(error: &ResolveError) -> String {
    match error {
        ResolveError::NotFound { name, .. } => format!("no operator matches `{name}`"),
        ResolveError::NoneFound { .. } => "no operator is here".to_owned(),
        other => other.to_string(),
    }
}

/// Whom each declaration of the snapshot is about, in their order.
pub fn parties<'a>(prepared: &'a Prepared<'a>) -> Vec<Result<Found, ResolveError>> {
    let found = operators(prepared);
    let mut together: BTreeMap<usize, Together<'_>> = BTreeMap::new();
    for (declaration, operator) in prepared.snapshot().operator_rights.iter().zip(&found) {
        if let Ok((place, operator)) = operator {
            let one = together
                .entry(*place)
                .or_insert_with(|| Together::of(operator));
            one.add(prepared, declaration);
        }
    }
    let mut complete: BTreeMap<usize, Arc<Vec<RightsGrant>>> = BTreeMap::new();
    for (place, one) in &mut together {
        complete.insert(*place, Arc::new(std::mem::take(&mut one.declared)));
    }
    let declarations = prepared.snapshot().operator_rights.iter();
    declarations
        .zip(found)
        .map(|(declaration, operator)| {
            let (place, operator) = operator?;
            let mut intended = BTreeSet::new();
            let mut accounts = Vec::new();
            if let Some(one) = together.get(&place) {
                intended = one.intended(prepared, declaration);
                accounts.clone_from(&one.accounts);
            }
            let declared = complete.get(&place).cloned().unwrap_or_default();
            Ok(Found {
                known_by: known_by(operator, declaration),
                party: Party {
                    others: others(&accounts, declaration),
                    accounts,
                    declared,
                    intended,
                    unknown: not_said(declaration).into_iter().collect(),
                },
            })
        })
        .collect()
}

/// The declarations of one operator.
struct Together<'a> {
    accounts: Vec<ServiceAccountRef>,
    declared: Vec<RightsGrant>,
    operator: &'a Operator,
    /// What is inferred where a declaration does not say it; found when it is first needed.
    inferred: Option<BTreeSet<String>>,
}

impl<'a> Together<'a> {
    fn of(operator: &'a Operator) -> Self {
        let accounts = operator.accounts.iter();
        Self {
            accounts: accounts.map(|it| it.account.clone()).collect(),
            declared: Vec::new(),
            operator,
            inferred: None,
        }
    }

    fn add(&mut self, prepared: &'a Prepared<'a>, declaration: &OperatorRights) {
        if not_said(declaration).is_some() && self.inferred.is_none() {
            let subject = Subject::new(prepared, self.operator);
            self.inferred = Some(subject.namespaces.intended);
        }
        let intended = self.intended(prepared, declaration);
        self.declared.extend(resolved(declaration, &intended));
    }

    fn intended(&self, prepared: &Prepared<'_>, declaration: &OperatorRights) -> BTreeSet<String> {
        match &declaration.spec.declared.intended_namespaces {
            Some(set) => members(prepared.facts(), set),
            None if not_said(declaration).is_some() => self.inferred.clone().unwrap_or_default(),
            None => BTreeSet::new(),
        }
    }
}

/// The operator of each declaration with its place: by its display name before any other.
pub(crate) fn operators<'a>(
    prepared: &'a Prepared<'_>,
) -> Vec<Result<(usize, &'a Operator), ResolveError>> {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let all = prepared.operators();
    for (place, operator) in all.iter().enumerate() {
        by_name.entry(&operator.name).or_default().push(place);
    }
    let named = |name: &str| {
        let called = by_name.get(name).map(Vec::as_slice);
        if let Some(&[place]) = called
            && let Some(operator) = all.get(place)
        {
            return Ok((place, operator));
        }
        let operator = prepared.resolve(Some(name))?;
        let place = all.iter().position(|one| std::ptr::eq(one, operator));
        Ok((place.unwrap_or(all.len()), operator))
    };
    let declarations = prepared.snapshot().operator_rights.iter();
    declarations
        .map(|declaration| named(&declaration.spec.declared.operator))
        .collect()
}

/// Why it is not known which namespaces are intended, though the declaration speaks of them.
fn not_said(declaration: &OperatorRights) -> Option<String> {
    let declared = &declaration.spec.declared;
    let speaks = declared
        .rights
        .iter()
        .any(|grant| grant.scope == GrantScope::Named(ScopeName::Intended));
    (speaks && declared.intended_namespaces.is_none()).then(|| {
        "which namespaces are intended is inferred, for spec.intendedNamespaces does not say it"
            .to_owned()
    })
}

fn others(accounts: &[ServiceAccountRef], declaration: &OperatorRights) -> Vec<ServiceAccountRef> {
    let grants = declaration.spec.declared.rights.iter();
    let strangers: BTreeSet<&ServiceAccountRef> = grants
        .map(|grant| &grant.service_account)
        .filter(|account| !accounts.contains(account))
        .collect();
    strangers.into_iter().cloned().collect()
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

fn known_by(operator: &Operator, declaration: &OperatorRights) -> BTreeSet<String> {
    let marks = &operator.marks;
    let labels = [
        &marks.part_of,
        &marks.instance,
        &marks.name,
        &marks.helm_releases,
        &marks.cluster_service_versions,
        &marks.olm_packages,
        &operator.namespaces,
    ];
    let components = operator.components.iter();
    let accounts = operator.accounts.iter();
    labels
        .into_iter()
        .flatten()
        .cloned()
        .chain(components.map(|component| component.object.name.clone()))
        .chain(accounts.map(|account| account.account.to_string()))
        .chain([
            operator.name.clone(),
            declaration.spec.declared.operator.clone(),
        ])
        .collect()
}
