//! OPSEC401: it may change or use SecurityContextConstraints or PodSecurityPolicies.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC401.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC401",
    slug: "security-context-constraints",
    summary: "it may change or use SecurityContextConstraints or PodSecurityPolicies",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether the account may create, change or `use` SecurityContextConstraints, or PodSecurityPolicies where they are served.",
        why: "Privileged pods, and so the node.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [security.openshift.io], resources: [securitycontextconstraints], verbs: [use], resourceNames: [privileged]}",
        good: "kind: ClusterRole\nrules:\n- {apiGroups: [security.openshift.io], resources: [securitycontextconstraints], verbs: [use], resourceNames: [restricted-v2]}",
        fix: "Let an administrator write them; use the restricted one.",
        references: &["https://kubernetes.io/docs/concepts/security/pod-security-standards/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
