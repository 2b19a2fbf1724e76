//! Rights beyond what someone wrote down: a baseline (OPSEC311) or a declaration (OPSEC602).

use std::collections::BTreeMap;

use opsec_model::declared_rights::NamespaceSet;
use opsec_model::objects::PolicyRule;
use opsec_model::{RightsGrant, ServiceAccountRef, Severity};
use opsec_rbac::{Excess, ScopedRule, excess};
use opsec_rights::written;

use crate::context::Context;
use crate::contract::Draft;
use crate::finding::one;
use crate::shell::{Asked, allowed};

/// One finding for each account and role that exceeds what was written: every excess right is
/// listed, the worst decides.
pub(crate) fn drafts(
    context: &Context<'_>,
    grants: &[RightsGrant],
    intended: Option<&NamespaceSet>,
    by: &str,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for account in context
        .operator
        .accounts
        .iter()
        .map(|account| &account.account)
    {
        let Some(rights) = context.effective(account) else {
            continue;
        };
        let declared = scoped(context, grants, intended, account);
        let mut by_grant: BTreeMap<usize, Vec<Excess>> = BTreeMap::new();
        for entry in excess(rights, &declared) {
            by_grant.entry(entry.grant).or_default().push(entry);
        }
        let mut by_role: BTreeMap<_, Vec<Excess>> = BTreeMap::new();
        for (grant, entries) in by_grant {
            let Some(grant) = rights.grants().get(grant) else {
                continue;
            };
            by_role
                .entry((grant.binding.clone(), grant.source_role.clone()))
                .or_default()
                .extend(entries);
        }
        for ((_, role), entries) in by_role {
            let mut draft = Draft::new(
                severity(context, account, &entries),
                format!(
                    "{} rights of {role} exceed {by}: {}",
                    entries.len(),
                    list(&entries)
                ),
                "it may do more than anyone accepted",
                format!("remove the rights from the role, or write them into {by}"),
            )
            .accounts([account.clone()]);
            for grant in entries
                .iter()
                .filter_map(|entry| rights.grants().get(entry.grant))
            {
                let granted = one(grant, "");
                if !draft
                    .granted_by
                    .iter()
                    .any(|known| known.rule == granted.rule)
                {
                    draft = draft.evidence((*role).clone(), granted.rule.clone());
                    draft.granted_by.push(granted);
                }
            }
            if let Some(worst) = entries.first() {
                draft = draft.confirm(can_i(context, account, worst));
            }
            drafts.push(draft);
        }
    }
    drafts
}

/// The excess right's severity, at least medium.
fn severity(context: &Context<'_>, account: &ServiceAccountRef, entries: &[Excess]) -> Severity {
    context
        .rights_with_folded(account)
        .into_iter()
        .filter(|right| {
            right.hits.iter().any(|graded| {
                entries
                    .iter()
                    .any(|entry| graded.hit.grants.contains(&entry.grant))
            })
        })
        .map(|right| right.severity)
        .max()
        .unwrap_or(Severity::Medium)
        .max(Severity::Medium)
}

/// What was written for an account, with the scopes as namespaces.
pub(crate) fn scoped(
    context: &Context<'_>,
    grants: &[RightsGrant],
    intended: Option<&NamespaceSet>,
    account: &ServiceAccountRef,
) -> Vec<ScopedRule> {
    match intended {
        Some(set) => written::scoped(grants, &written::members(context.facts, set), account),
        None => written::scoped(grants, &context.namespaces().intended, account),
    }
}

/// `get secrets, create pods and 3 more`.
fn list(entries: &[Excess]) -> String {
    let shown: Vec<String> = entries
        .iter()
        .take(3)
        .map(|entry| describe(&entry.atom))
        .collect();
    let rest = entries.len().saturating_sub(shown.len());
    if rest == 0 {
        shown.join(", ")
    } else {
        format!("{} and {rest} more", shown.join(", "))
    }
}

/// `get secrets`.
pub(crate) fn describe(rule: &PolicyRule) -> String {
    let verb = rule.verbs.first().map_or("", String::as_str);
    let group = rule.api_groups.first().map_or("", String::as_str);
    let resource = rule
        .resources
        .first()
        .or(rule.non_resource_urls.first())
        .map_or("", String::as_str);
    if group.is_empty() {
        format!("{verb} {resource}")
    } else {
        format!("{verb} {resource}.{group}")
    }
}

pub(crate) fn can_i(context: &Context<'_>, account: &ServiceAccountRef, entry: &Excess) -> String {
    let rule = &entry.atom;
    let first = |list: &'_ [String]| list.first().cloned().unwrap_or_default();
    let resource = match rule.non_resource_urls.first() {
        // Every path.
        Some(path) if path == "*" => "/x".to_owned(),
        Some(path) => path.clone(),
        None => first(&rule.resources),
    };
    let asked = Asked {
        verb: &first(&rule.verbs),
        group: &first(&rule.api_groups),
        resource: &resource,
        name: rule.resource_names.first().map(String::as_str),
        scope: &entry.scope,
    };
    allowed(context.kinds, account, &asked)
}
