//! OPSEC304: a granted rule uses * for verbs, resources or groups.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::objects::PolicyRule;
use opsec_model::{Half, ObjectRef, ServiceAccountRef, Severity};
use opsec_rbac::Grant;

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::finding::one;
use crate::shell::quote;

/// OPSEC304.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC304",
    slug: "wildcards",
    summary: "a granted rule uses * for verbs, resources or groups",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a rule granted to the account uses `*` for verbs, resources or API groups; one finding a role. `*/scale` and paths are not meant.",
        why: "A wildcard grants what nobody read, and every kind and verb to come.",
        severity: "low; medium when groups or resources is * beyond own groups; info on own or presumed-own groups",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [apps], resources: [\"*\"], verbs: [get]}",
        good: "kind: ClusterRole\nrules:\n- {apiGroups: [apps], resources: [deployments], verbs: [get]}",
        fix: "List the verbs, resources and groups that the operator uses.",
        references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let mut judgement = Judgement::of(context.operator.accounts.len());
    if judgement.subjects == 0 {
        judgement.nothing = Some("no ServiceAccount");
    }
    judgement.unknown.extend(context.invalid_rbac());
    let mut by_role: BTreeMap<ObjectRef, Vec<(ServiceAccountRef, Grant)>> = BTreeMap::new();
    for account in &context.operator.accounts {
        let folded = folded_roles(context, &account.account);
        let Some(rights) = context.effective(&account.account) else {
            continue;
        };
        for grant in rights
            .grants()
            .iter()
            .filter(|grant| !grant.source_bootstrap)
        {
            if wildcards(&grant.rule).is_empty() || folded.contains(&*grant.role) {
                continue;
            }
            let role = (*grant.source_role).clone();
            by_role
                .entry(role)
                .or_default()
                .push((account.account.clone(), grant.clone()));
        }
    }
    judgement.findings = by_role
        .into_iter()
        .map(|(role, grants)| finding(context, &role, &grants))
        .collect();
    judgement
}

/// Roles whose wildcards stand for everything, and are one finding with what they give.
fn folded_roles(context: &Context<'_>, account: &ServiceAccountRef) -> BTreeSet<ObjectRef> {
    let Some(rights) = context.effective(account) else {
        return BTreeSet::new();
    };
    let containers = context
        .rights
        .get(account)
        .into_iter()
        .flatten()
        .filter(|r| r.container);
    containers
        .flat_map(opsec_rights::GradedRight::grants)
        .filter_map(|grant| rights.grants().get(grant))
        .map(|grant| (*grant.role).clone())
        .collect()
}

/// The fields of a rule that are wildcards.
fn wildcards(rule: &PolicyRule) -> Vec<&'static str> {
    let star = |list: &[String]| list.iter().any(|entry| entry == "*");
    let resources = rule
        .resources
        .iter()
        .any(|resource| resource == "*" || (resource.starts_with("*/") && resource != "*/scale"));
    if rule.resources.is_empty() {
        return Vec::new();
    }
    [
        ("verbs", star(&rule.verbs)),
        ("resources", resources),
        ("apiGroups", star(&rule.api_groups)),
    ]
    .into_iter()
    .filter_map(|(field, is)| is.then_some(field))
    .collect()
}

fn severity(context: &Context<'_>, rule: &PolicyRule) -> Severity {
    let own: BTreeSet<&str> = context.operator.own_groups();
    let is_own = |group: &String| {
        own.contains(group.as_str()) || context.operator.presumed_own_groups.contains(group)
    };
    let fields = wildcards(rule);
    if !rule.api_groups.is_empty() && rule.api_groups.iter().all(is_own) {
        Severity::Info
    } else if fields.contains(&"apiGroups") || fields.contains(&"resources") {
        Severity::Medium
    } else {
        Severity::Low
    }
}

fn finding(
    context: &Context<'_>,
    role: &ObjectRef,
    grants: &[(ServiceAccountRef, Grant)],
) -> Draft {
    let worst = grants
        .iter()
        .map(|(_, grant)| severity(context, &grant.rule))
        .max();
    let fields: BTreeSet<&str> = grants
        .iter()
        .flat_map(|(_, grant)| wildcards(&grant.rule))
        .collect();
    let fields: Vec<&str> = fields.into_iter().collect();
    let accounts: BTreeSet<_> = grants.iter().map(|(account, _)| account.clone()).collect();
    let mut draft = Draft::new(
        worst.unwrap_or(Severity::Low),
        format!("{role} uses * for {}", fields.join(" and ")),
        "what nobody read is granted, and every kind and verb to come",
        "list the verbs, resources and groups that the operator uses",
    )
    .accounts(accounts);
    for (_, grant) in grants {
        let entry = one(grant, "*");
        for field in wildcards(&grant.rule) {
            let field = format!("{}.{field}", entry.rule);
            let known = draft
                .evidence
                .iter()
                .any(|evidence| evidence.field == field);
            if !known {
                draft = draft.evidence(role.clone(), field);
            }
        }
        if !draft.granted_by.contains(&entry) {
            draft.granted_by.push(entry);
        }
    }
    let place = match &role.namespace {
        Some(namespace) => format!(" -n {}", quote(namespace)),
        None => String::new(),
    };
    draft.confirm(format!(
        "kubectl get {} {}{place} -o jsonpath='{{.rules}}' | grep -qF '\"*'",
        role.kind.to_ascii_lowercase(),
        quote(&role.name),
    ))
}
