//! OPSEC305: it may write RBAC objects, escalate, bind or impersonate.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC305.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC305",
    slug: "rbac-and-identity-rights",
    summary: "it may write RBAC objects, escalate, bind or impersonate",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether the account may escalate, bind, impersonate, write roles or bindings, or become the missing ServiceAccount of a binding.",
        why: "Each of these hands on rights, to itself or to others.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}\n- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [create]}",
        good: "kind: ClusterRole\nrules:\n- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind], resourceNames: [payload]}",
        fix: "Let an administrator write the roles; where the operator must bind, name the roles in resourceNames of a rule with the verb bind.",
        references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
