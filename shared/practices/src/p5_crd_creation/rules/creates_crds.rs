//! OPSEC501: RBAC lets the operator create CustomResourceDefinitions.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC501.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC501",
    slug: "creates-crds",
    summary: "RBAC lets the operator create CustomResourceDefinitions",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a ServiceAccount of the operator may create CustomResourceDefinitions.",
        why: "A CRD claims an API group for every namespace, and outlives the operator.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [create]}",
        good: "kind: ClusterRole\nrules:\n- {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [get]}",
        fix: "Ship the CRDs with the installation and remove the right.",
        references: &[
            "https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/custom-resources/",
        ],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
