//! OPSEC303: effective rights amount to cluster-admin.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC303.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC303",
    slug: "rights-of-a-cluster-admin",
    summary: "effective rights amount to cluster-admin",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether one step of its own makes the account everything or anyone: `*` on everything, an administrator's role, escalate, bind, impersonation, tokens or certificates of others.",
        why: "Whoever takes the operator's pod then is cluster-admin, whatever else is hardened.",
        severity: "critical; else the row of the right",
        bad: "kind: ClusterRoleBinding\nroleRef: {kind: ClusterRole, name: cluster-admin}",
        good: "kind: ClusterRole\nrules:\n- {apiGroups: [apps], resources: [deployments], verbs: [get, list, watch]}",
        fix: "Grant the rights that the operator uses, in the namespaces where it uses them.",
        references: &[
            "https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
            "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping",
        ],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
