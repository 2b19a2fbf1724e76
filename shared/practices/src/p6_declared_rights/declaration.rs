//! What is declared of the operator. From files a declaration counts only with its
//! CustomResourceDefinition: without it the API server would not take it.

use std::collections::BTreeSet;

use opsec_facts::Facts;
use opsec_model::declared_rights::{GrantScope, NamespaceSet, OperatorRights, ScopeName};
use opsec_model::{ObjectRef, RightsGrant};
use opsec_operators::Operator;
use opsec_rights::written;

use crate::context::Context;
use crate::contract::Draft;
use crate::excess;

/// The API group of declarations.
pub(crate) const GROUP: &str = "kubectl-opsec.dev";
/// Their plural.
pub(crate) const PLURAL: &str = "operatorrights";
/// Plural and group, as rules name what they need.
pub(crate) const NEED: (&str, &str) = (PLURAL, GROUP);
/// Why there is nothing to judge without one.
pub(crate) const NONE: &str = "no OperatorRights declares it";

/// What is declared of an operator, by one object or by several together.
#[derive(Debug)]
pub(crate) struct Declaration<'a> {
    /// The objects, at least one.
    pub(crate) objects: Vec<&'a OperatorRights>,
    /// The rights of all of them.
    pub(crate) rights: Vec<RightsGrant>,
    /// The namespaces that `intended` means; absent: those of the baseline, or inferred.
    pub(crate) intended: Option<NamespaceSet>,
}

impl Declaration<'_> {
    /// `the declaration OperatorRights/cache-operator`.
    pub(crate) fn by(&self) -> String {
        let names: Vec<String> = self
            .objects
            .iter()
            .map(|object| reference(object).to_string())
            .collect();
        format!("the declaration {}", names.join(" and "))
    }

    /// What the operator holds beyond it.
    pub(crate) fn excess(&self, context: &Context<'_>) -> Vec<Draft> {
        excess::drafts(context, &self.rights, self.intended.as_ref(), &self.by())
    }
}

/// What is declared of the judged operator, when anything is.
pub(crate) fn find<'a>(context: &Context<'a>) -> Option<Declaration<'a>> {
    if !is_served(context.facts) {
        return None;
    }
    let objects = naming(context);
    match objects.as_slice() {
        [] => None,
        [only] => Some(Declaration {
            rights: only.spec.declared.rights.clone(),
            intended: only.spec.declared.intended_namespaces.clone(),
            objects,
        }),
        // What `intended` means differs between them, so it is resolved in each.
        several => Some(Declaration {
            rights: several
                .iter()
                .flat_map(|object| resolved(context, object))
                .collect(),
            intended: None,
            objects,
        }),
    }
}

/// Whether declarations say the same intended namespaces as were inferred, so that there is
/// somebody who said them.
pub(crate) fn confirms_intended(context: &Context<'_>) -> bool {
    let objects = find(context).map(|declared| declared.objects);
    let said: BTreeSet<String> = objects
        .iter()
        .flatten()
        .filter_map(|object| object.spec.declared.intended_namespaces.as_ref())
        .flat_map(|set| written::members(context.facts, set))
        .collect();
    said == context.namespaces().intended
}

/// The declarations that name the judged operator, whether or not they count.
pub(crate) fn naming<'a>(context: &Context<'a>) -> Vec<&'a OperatorRights> {
    context
        .facts
        .snapshot()
        .operator_rights
        .iter()
        .filter(|object| names(context, &object.spec.declared.operator))
        .collect()
}

/// Whether the API server would take a declaration.
pub(crate) fn is_served(facts: &Facts<'_>) -> bool {
    // Live, an object that is there was taken.
    !facts.from_files()
        || facts
            .snapshot()
            .custom_resource_definitions
            .iter()
            .any(|definition| {
                definition.spec.group == GROUP && definition.spec.names.plural == PLURAL
            })
}

/// The object's name in findings.
pub(crate) fn reference(object: &OperatorRights) -> ObjectRef {
    ObjectRef {
        kind: "OperatorRights".to_owned(),
        namespace: None,
        name: object.metadata.name.clone(),
        group: GROUP.to_owned(),
    }
}

/// Whether a name is the operator's: its display name, or what a person may call it by.
fn names(context: &Context<'_>, name: &str) -> bool {
    let operator = context.operator;
    if name == operator.name {
        return true;
    }
    opsec_operators::resolve(context.operators, context.facts, Some(name))
        .is_ok_and(|found| is_same(found, operator))
}

fn is_same(a: &Operator, b: &Operator) -> bool {
    (&a.name, &a.namespaces, &a.components, &a.accounts)
        == (&b.name, &b.namespaces, &b.components, &b.accounts)
}

/// The rights of one of several declarations, with its own meaning of `intended`.
fn resolved(context: &Context<'_>, object: &OperatorRights) -> Vec<RightsGrant> {
    let declared = &object.spec.declared;
    declared
        .rights
        .iter()
        .cloned()
        .map(|mut grant| {
            if let (GrantScope::Named(ScopeName::Intended), Some(set)) =
                (&grant.scope, &declared.intended_namespaces)
            {
                grant.scope = GrantScope::Namespaces {
                    namespaces: written::members(context.facts, set).into_iter().collect(),
                };
            }
            grant
        })
        .collect()
}
