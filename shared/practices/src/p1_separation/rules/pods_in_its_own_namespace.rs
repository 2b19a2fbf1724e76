//! OPSEC105: the operator may create pods in its own namespace.

use opsec_model::{Half, Severity};

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC105.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC105",
    slug: "pods-in-its-own-namespace",
    summary: "the operator may create pods in its own namespace",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a ServiceAccount of the operator may create pods, directly or through any workload kind, in its own namespace and not in every namespace (that is OPSEC307).",
        why: "A pod in the operator's namespace can run as the operator's ServiceAccount, or as a stronger one that lives there, and mount its Secrets.",
        severity: "medium; high when that namespace, live, does not enforce restricted or, in the files, says privileged, or a stronger ServiceAccount lives there",
        bad: "kind: Role\nrules:\n- {apiGroups: [\"\"], resources: [pods], verbs: [create]}",
        good: "kind: Role\nrules:\n- {apiGroups: [\"\"], resources: [pods], verbs: [get, list, watch]}",
        fix: "Create the payload in namespaces of its own, by RoleBindings there.",
        references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let mut judgement = rights_rule::judge(context, RULE.id);
    for draft in &mut judgement.findings {
        let Some(account) = draft.service_accounts.first() else {
            continue;
        };
        if let Some(stronger) = context
            .grading
            .stronger_account_in(account, &account.namespace)
        {
            let stronger = stronger.to_string();
            if draft.severity == Severity::Medium {
                draft.severity = Severity::High;
                draft.gain = format!("{}; {stronger} lives there and is stronger", draft.gain);
            }
        }
    }
    judgement
}
