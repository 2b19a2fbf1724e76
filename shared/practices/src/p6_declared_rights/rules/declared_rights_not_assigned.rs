//! OPSEC603: rights are declared that are not assigned.

use std::collections::BTreeSet;

use opsec_model::{Half, ServiceAccountRef, Severity};
use opsec_rbac::{EffectiveRights, Excess, Kinds, Reaching, RuleScope, ScopedRule, not_assigned};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::excess;
use crate::p6_declared_rights::declaration::{self, Declaration};

/// OPSEC603.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC603",
    slug: "declared-rights-not-assigned",
    summary: "rights are declared that are not assigned",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether an OperatorRights declares rights that no binding gives to the ServiceAccount.",
        why: "What is declared in vain would be accepted without a word if it were granted one day.",
        severity: "info",
        bad: "kind: OperatorRights\nspec: {operator: operator, rights: [{serviceAccount: operator/operator, scope: cluster, rules: [{apiGroups: [\"\"], resources: [secrets], verbs: [get]}]}]}",
        good: "kind: OperatorRights\nspec: {operator: operator, rights: []}",
        fix: "Take the right out of the declaration.",
        references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    },
    needs: &[declaration::NEED],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let Some(declared) = declaration::find(context) else {
        return Judgement::nothing(declaration::NONE);
    };
    let accounts: BTreeSet<&ServiceAccountRef> = declared
        .rights
        .iter()
        .map(|grant| &grant.service_account)
        .collect();
    // A declaration of no right declares nothing in vain.
    let mut judgement = Judgement::of(accounts.len().max(1));
    let kinds = Kinds::from_snapshot(context.facts.snapshot());
    for account in accounts {
        // The declaration may name an account that is not, or no longer, the operator's.
        let rights = EffectiveRights::of(context.policy, &kinds, account);
        let written = excess::scoped(
            context,
            &declared.rights,
            declared.intended.as_ref(),
            account,
        );
        let missing = not_assigned(&rights, &written);
        if !missing.is_empty() {
            judgement
                .findings
                .push(finding(context, &declared, account, &missing));
        }
    }
    judgement
}

fn finding(
    context: &Context<'_>,
    declared: &Declaration<'_>,
    account: &ServiceAccountRef,
    missing: &[ScopedRule],
) -> Draft {
    let mut draft = Draft::new(
        Severity::Info,
        format!(
            "{} names what {account} does not hold: {}",
            declared.by(),
            list(missing)
        ),
        "if it were granted one day, nobody would be told",
        "take it out of the declaration",
    )
    .accounts([account.clone()]);
    for object in &declared.objects {
        for (index, grant) in object.spec.declared.rights.iter().enumerate() {
            if grant.service_account == *account {
                draft = draft.evidence(
                    declaration::reference(object),
                    format!("spec.rights[{index}]"),
                );
            }
        }
    }
    match missing.first() {
        Some(rule) => draft.confirm(format!(
            "! {}",
            excess::can_i(context, account, &as_excess(rule))
        )),
        None => draft,
    }
}

/// `get secrets, create pods and 3 more`.
fn list(missing: &[ScopedRule]) -> String {
    let mut shown: Vec<String> = Vec::new();
    for rule in missing {
        let words = excess::describe(&rule.rule);
        if !shown.contains(&words) {
            shown.push(words);
        }
    }
    let rest = shown.len().saturating_sub(3);
    shown.truncate(3);
    if rest == 0 {
        shown.join(", ")
    } else {
        format!("{} and {rest} more", shown.join(", "))
    }
}

/// The first place in which a right is missing.
fn as_excess(rule: &ScopedRule) -> Excess {
    let scope = match &rule.scope {
        RuleScope::Cluster => Reaching::Cluster,
        RuleScope::Namespaces(namespaces) => namespaces
            .first()
            .map_or(Reaching::Cluster, |name| Reaching::Namespace(name.clone())),
    };
    Excess {
        grant: 0,
        atom: rule.rule.clone(),
        scope,
    }
}
