//! OPSEC306: Secrets can be read, revealed or overwritten outside the intended namespaces.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC306.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC306",
    slug: "secrets-beyond-intended-namespaces",
    summary: "Secrets can be read, revealed or overwritten outside the intended namespaces",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether Secrets can be read (get, list, watch), revealed (a dry run of patch, delete or deletecollection answers with the content) or overwritten outside the operator's own and intended namespaces.",
        why: "Secrets hold credentials, tokens, TLS and CA keys of others.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [\"\"], resources: [secrets], verbs: [get, list, watch]}",
        good: "kind: Role\nrules:\n- {apiGroups: [\"\"], resources: [secrets], verbs: [get], resourceNames: [webhook-ca]}",
        fix: "Bind the role by RoleBindings in the namespaces where the Secrets are, or name them in resourceNames.",
        references: &[
            "https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
            "https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
        ],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
