//! OPSEC308: code can be run in pods of others.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC308.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC308",
    slug: "code-in-others-pods",
    summary: "code can be run in pods of others",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether the account may exec, attach, forward ports, proxy to pods, Services or nodes, add ephemeral containers or change pods.",
        why: "Code in a running pod has that pod's identity, Secrets and network.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [\"\"], resources: [pods/exec], verbs: [create]}",
        good: "kind: ClusterRole\nrules:\n- {apiGroups: [\"\"], resources: [pods], verbs: [get, list, watch]}",
        fix: "Remove the subresources, or bind them by RoleBindings where they are needed.",
        references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
