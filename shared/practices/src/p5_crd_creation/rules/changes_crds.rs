//! OPSEC502: RBAC lets the operator change or delete CustomResourceDefinitions.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC502.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC502",
    slug: "changes-crds",
    summary: "RBAC lets the operator change or delete CustomResourceDefinitions",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a ServiceAccount of the operator may change or delete CustomResourceDefinitions, its own or others'.",
        why: "A patched conversion webhook reads and rewrites every custom resource; a deletion destroys them.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [patch]}",
        good: "kind: ClusterRole\nrules:\n- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [patch], resourceNames: [own.example.com]}",
        fix: "Name its own CRDs in resourceNames, or let the installation change them.",
        references: &[
            "https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#webhook-conversion",
        ],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
