//! OPSEC315: traffic can be redirected outside the intended namespaces.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC315.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC315",
    slug: "traffic-of-others",
    summary: "traffic can be redirected outside the intended namespaces",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether Services, endpoints, Ingresses, routes, ReferenceGrants or the ConfigMaps of DNS and cloud identities can be written outside the intended namespaces.",
        why: "Traffic of others can be captured, or internals published.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [create]}",
        good: "kind: RoleBinding\nmetadata: {namespace: shop}",
        fix: "Bind the role by RoleBindings in the namespaces of the payload.",
        references: &[
            "https://kubernetes.io/docs/concepts/services-networking/service/#external-ips",
        ],
    },
    // Whether aws-auth and coredns are there: writing them weighs more.
    needs: &[("configmaps", "")],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
