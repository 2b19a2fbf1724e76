//! OPSEC312: power comes from system:serviceaccounts or system:authenticated.

use std::collections::BTreeMap;

use opsec_model::{Half, ObjectRef, Severity};
use opsec_rbac::SubjectVia;

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::finding::one;
use crate::shell::quote;

/// OPSEC312.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC312",
    slug: "rights-of-every-account",
    summary: "power comes from system:serviceaccounts or system:authenticated",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a dangerous right is granted to a group that every ServiceAccount, or every user, is in; the API server's own grants are not meant.",
        why: "Every pod of the cluster holds it, the operator's too.",
        severity: "the right's, at least medium",
        bad: "kind: ClusterRoleBinding\nsubjects: [{kind: Group, name: \"system:serviceaccounts\"}]",
        good: "kind: ClusterRoleBinding\nsubjects: [{kind: ServiceAccount, name: operator, namespace: operator}]",
        fix: "Bind the role to the ServiceAccounts that need it.",
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
    let mut by_binding: BTreeMap<ObjectRef, Draft> = BTreeMap::new();
    for account in &context.operator.accounts {
        let Some(rights) = context.effective(&account.account) else {
            continue;
        };
        for right in context.rights_with_folded(&account.account) {
            for graded in &right.hits {
                for grant in graded
                    .hit
                    .grants
                    .iter()
                    .filter_map(|&g| rights.grants().get(g))
                {
                    if grant.via != SubjectVia::Group {
                        continue;
                    }
                    let draft = by_binding
                        .entry((*grant.binding).clone())
                        .or_insert_with(|| start(&grant.subject, &grant.binding));
                    draft.severity = draft.severity.max(graded.severity);
                    if !draft.service_accounts.contains(&account.account) {
                        draft.service_accounts.push(account.account.clone());
                    }
                    let entry = one(grant, graded.hit.row.may);
                    let known = |known: &opsec_model::GrantedBy| {
                        known.role == entry.role && known.rule == entry.rule
                    };
                    if !draft.granted_by.iter().any(known) {
                        draft.granted_by.push(entry);
                    }
                }
            }
        }
    }
    judgement.findings = by_binding.into_values().collect();
    judgement
}

/// The right's severity, at least medium.
fn start(group: &ObjectRef, binding: &ObjectRef) -> Draft {
    let place = match &binding.namespace {
        Some(namespace) => format!(" -n {}", quote(namespace)),
        None => String::new(),
    };
    Draft::new(
        Severity::Medium,
        format!("{binding} grants to the group {}", group.name),
        "every account of that group holds it, so every pod of it that is taken",
        "bind the role to the ServiceAccounts that need it",
    )
    .evidence(binding.clone(), "subjects")
    .confirm(format!(
        "kubectl get {} {}{place} -o jsonpath='{{range .subjects[*]}}{{.name}}{{\"\\n\"}}{{end}}' | grep -qxF {}",
        binding.kind.to_ascii_lowercase(),
        quote(&binding.name),
        quote(&group.name),
    ))
}
