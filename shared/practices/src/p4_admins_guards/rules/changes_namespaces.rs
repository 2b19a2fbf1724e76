//! OPSEC402: it may create or change Namespaces, and so Pod Security labels.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC402.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC402",
    slug: "changes-namespaces",
    summary: "it may create or change Namespaces, and so Pod Security labels",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether the account may create, change or delete Namespaces, by any subresource; a Role suffices for its own Namespace.",
        why: "The labels of a namespace decide what Pod Security holds; who changes them decides it.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [\"\"], resources: [namespaces], verbs: [patch]}",
        good: "kind: ClusterRole\nrules:\n- {apiGroups: [\"\"], resources: [namespaces], verbs: [get, list, watch]}",
        fix: "Remove the right; let an administrator create and label the namespaces.",
        references: &["https://kubernetes.io/docs/concepts/security/pod-security-admission/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
