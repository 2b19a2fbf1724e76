//! OPSEC318: it holds other dangerous rights.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC318.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC318",
    slug: "other-dangerous-rights",
    summary: "it holds other dangerous rights",
    half: Half::Operator,
    doc: RuleDoc {
        what: "The remaining rows of the table of dangerous rights: trust bundles, flow control, leases, events, logs, quotas, the API server's own paths.",
        why: "Little each, and useful to an attacker together.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [update]}",
        good: "kind: Role\nrules:\n- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [update], resourceNames: [own-lease]}",
        fix: "Name the objects in resourceNames, or remove the right.",
        references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
