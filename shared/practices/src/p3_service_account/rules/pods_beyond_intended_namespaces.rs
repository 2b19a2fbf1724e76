//! OPSEC307: pods or workloads can be created outside the intended namespaces.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC307.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC307",
    slug: "pods-beyond-intended-namespaces",
    summary: "pods or workloads can be created outside the intended namespaces",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether pods, or any kind that makes pods, can be created outside the operator's own and intended namespaces.",
        why: "A pod runs as any ServiceAccount of its namespace, mounts any of its Secrets, and takes the node where Pod Security is not enforced.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [\"\"], resources: [pods], verbs: [create]}",
        good: "kind: RoleBinding\nmetadata: {namespace: shop}",
        fix: "Bind the role by RoleBindings in the namespaces where the payload runs.",
        references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
