//! Components, whom they run as, their tokens, what their namespaces let run, and kinds: what of
//! them only one state has, where it changes what whoever takes the operator gains.

use std::collections::BTreeSet;

use opsec_model::comparison::{ObjectAspect, ObjectDifference};
use opsec_model::objects::PolicyRule;
use opsec_model::{Kind, ObjectRef};
use opsec_operators::Component;
use opsec_pod_security::enforced;
use opsec_rbac::{EffectiveRights, Request, rule_covers};

use crate::known::Known;
use crate::pairs::Pairs;
use crate::webhooks;

/// Verbs that are told of a kind.
const VERBS: [&str; 8] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
];

pub(crate) fn beyond(this: &Known<'_>, other: &Known<'_>, pairs: &Pairs) -> Vec<ObjectDifference> {
    let components = this.operator.components.iter();
    let mut found: Vec<ObjectDifference> = components
        .flat_map(|component| of_component(component, this, other, pairs))
        .collect();
    found.extend(namespaces(this, other, pairs));
    found.extend(webhooks::beyond(this, other, pairs));
    found.extend(kinds(this, other, pairs));
    found.sort();
    found
}

fn difference(aspect: ObjectAspect, object: &ObjectRef, what: String) -> ObjectDifference {
    ObjectDifference {
        aspect,
        object: object.clone(),
        what,
    }
}

fn of_component(
    component: &Component,
    this: &Known<'_>,
    other: &Known<'_>,
    pairs: &Pairs,
) -> Vec<ObjectDifference> {
    let (object, account) = (&component.object, &component.account);
    let has_token = mounts_token(component, this);
    let counterpart = pairs.components.get(object);
    let theirs = other.operator.components.iter();
    let Some(theirs) = counterpart.and_then(|it| theirs.clone().find(|one| one.object == *it))
    else {
        let token = if has_token {
            "with an API token"
        } else {
            "without an API token"
        };
        let what = format!("runs as {account}, {token}");
        return vec![difference(ObjectAspect::Component, object, what)];
    };
    let mut found = Vec::new();
    if pairs.account(account) != theirs.account {
        let what = format!("runs as {account}");
        found.push(difference(ObjectAspect::Identity, object, what));
    }
    if has_token && !mounts_token(theirs, other) {
        let what = format!("mounts an API token of {account}");
        found.push(difference(ObjectAspect::Token, object, what));
    }
    found
}

fn mounts_token(component: &Component, known: &Known<'_>) -> bool {
    let facts = known.prepared.facts();
    component
        .workload_of(facts)
        .is_some_and(|workload| !facts.mounted_tokens(workload).is_empty())
}

/// Namespaces of the operator that let more run, where both states say what they let run.
fn namespaces<'a>(
    this: &'a Known<'_>,
    other: &'a Known<'_>,
    pairs: &'a Pairs,
) -> impl Iterator<Item = ObjectDifference> + 'a {
    let level = |known: &Known<'_>, name: &str| {
        let namespace = known.prepared.facts().namespace(name)?;
        Some(enforced(&namespace.metadata.labels))
    };
    this.operator.namespaces.iter().filter_map(move |name| {
        let mine = level(this, name)?;
        let theirs = level(other, pairs.namespace(name))?;
        let what = match mine {
            None => "enforces no Pod Security Standard".to_owned(),
            Some(mine) => format!("enforces {} and no more", mine.as_str()),
        };
        let object = ObjectRef::cluster("Namespace", name);
        (mine < theirs).then(|| difference(ObjectAspect::Namespace, &object, what))
    })
}

/// Kinds of the operator that the other state does not define, and that rights reach which the
/// other state held too.
fn kinds<'a>(
    this: &'a Known<'_>,
    other: &'a Known<'_>,
    pairs: &'a Pairs,
) -> impl Iterator<Item = ObjectDifference> + 'a {
    let defined = |known: &Known<'_>| -> BTreeSet<Kind> {
        let snapshot = known.prepared.snapshot();
        let all = snapshot.custom_resource_definitions.iter();
        all.map(|it| Kind::new(&it.spec.names.plural, &it.spec.group))
            .collect()
    };
    let (mine, theirs) = (defined(this), defined(other));
    let new: Vec<Kind> = mine.difference(&theirs).cloned().collect();
    new.into_iter()
        .filter(|kind| this.operator.owned_kinds.contains(kind))
        .flat_map(move |kind| {
            let object = ObjectRef::cluster("CustomResourceDefinition", kind.to_string());
            this.rights.iter().filter_map(move |rights| {
                let counterpart = pairs.accounts.get(&rights.account)?;
                let verbs = reached(&kind, rights, other.rights_of(counterpart)?);
                let what = format!(
                    "is defined: {} may {} it by rights that the other state has too",
                    rights.account,
                    verbs.join(", ")
                );
                (!verbs.is_empty()).then(|| difference(ObjectAspect::Kind, &object, what))
            })
        })
}

/// What an account may do with a kind by rights that its counterpart has too.
fn reached(kind: &Kind, rights: &EffectiveRights, theirs: &EffectiveRights) -> Vec<&'static str> {
    let held = |verb: &&&str| {
        let request = Request::new(verb, &kind.group, &kind.resource);
        let atom = PolicyRule {
            verbs: vec![(**verb).to_owned()],
            api_groups: vec![kind.group.clone()],
            resources: vec![kind.resource.clone()],
            ..PolicyRule::default()
        };
        let had = |rights: &EffectiveRights| {
            let mut grants = rights.grants().iter();
            grants.any(|grant| !grant.bootstrap && rule_covers(&grant.rule, &atom))
        };
        !rights.held(&request).is_empty() && had(rights) && had(theirs)
    };
    VERBS.iter().filter(held).copied().collect()
}
