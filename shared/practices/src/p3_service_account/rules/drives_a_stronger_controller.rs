//! OPSEC316: it can drive a more powerful controller.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC316.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC316",
    slug: "drives-a-stronger-controller",
    summary: "it can drive a more powerful controller",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether the account may write custom resources that another controller acts on with its own, stronger rights.",
        why: "What the operator may not do itself, the other controller does for it.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [argoproj.io], resources: [applications], verbs: [create]}",
        good: "kind: ClusterRole\nrules:\n- {apiGroups: [argoproj.io], resources: [applications], verbs: [get, list, watch]}",
        fix: "Remove the right, or bind it in a namespace that the other controller gives few rights.",
        references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
