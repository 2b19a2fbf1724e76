//! OPSEC311: effective rights exceed the baseline's.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::excess;

/// OPSEC311.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC311",
    slug: "rights-beyond-the-baseline",
    summary: "effective rights exceed the baseline's",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether the accounts hold rights beyond those that the baseline lists; each excess right is listed. Without rights in the baseline there is nothing to compare.",
        why: "What nobody accepted has come to be granted.",
        severity: "the excess right's, at least medium",
        bad: "spec: {rights: []}",
        good: "spec: {rights: [{serviceAccount: operator/operator, scope: own, rules: [{apiGroups: [\"\"], resources: [configmaps], verbs: [get]}]}]}",
        fix: "Remove the right, or accept it in the baseline.",
        references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let Some(rights) = &context.baseline.spec.rights else {
        return Judgement::nothing("the baseline lists no rights");
    };
    let mut judgement = Judgement::of(context.operator.accounts.len());
    judgement.unknown.extend(context.invalid_rbac());
    judgement.findings = excess::drafts(context, rights, None, "the baseline");
    judgement
}
