//! OPSEC602: effective rights exceed what is declared.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::p6_declared_rights::declaration;

/// OPSEC602.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC602",
    slug: "rights-beyond-the-declaration",
    summary: "effective rights exceed what the operator declares",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a ServiceAccount of the operator holds rights that its OperatorRights does not declare; each is listed. What the API server gives every account is no excess. Several declarations of one operator count together.",
        why: "What was not declared was not read by anyone who accepted the operator.",
        severity: "the excess right's, at least medium",
        bad: "kind: OperatorRights\nspec: {operator: operator, rights: []}",
        good: "kind: OperatorRights\nspec: {operator: operator, rights: [{serviceAccount: operator/operator, scope: own, rules: [{apiGroups: [\"\"], resources: [configmaps], verbs: [get]}]}]}",
        fix: "Remove the right from the role, or declare it.",
        references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    },
    needs: &[declaration::NEED],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let Some(declared) = declaration::find(context) else {
        return Judgement::nothing(declaration::NONE);
    };
    let mut judgement = Judgement::of(context.operator.accounts.len());
    judgement.unknown.extend(context.invalid_rbac());
    judgement.findings = declared.excess(context);
    judgement
}
