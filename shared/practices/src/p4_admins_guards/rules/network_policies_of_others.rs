//! OPSEC404: it may write NetworkPolicies outside its own namespace.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC404.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC404",
    slug: "network-policies-of-others",
    summary: "it may write NetworkPolicies outside its own namespace",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether the account may write or delete NetworkPolicies, or those of the network plugin, outside its own namespace, or any cluster-wide one.",
        why: "Policies only add: creating one opens a namespace, deleting one lifts its isolation.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [create]}",
        good: "kind: Role\nrules:\n- {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [create]}",
        fix: "Write NetworkPolicies only in its own namespace, by a Role; let administrators write the others.",
        references: &["https://kubernetes.io/docs/concepts/services-networking/network-policies/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
