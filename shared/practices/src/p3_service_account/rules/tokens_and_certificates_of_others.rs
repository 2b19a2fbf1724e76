//! OPSEC309: tokens can be minted or certificates approved.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC309.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC309",
    slug: "tokens-and-certificates-of-others",
    summary: "tokens can be minted or certificates approved",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether tokens of other ServiceAccounts can be had (TokenRequest, a token Secret) or certificates approved or signed.",
        why: "A token or a certificate is the identity that it names, for as long as was asked.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [\"\"], resources: [serviceaccounts/token], verbs: [create]}",
        good: "kind: Role\nrules:\n- {apiGroups: [\"\"], resources: [serviceaccounts/token], verbs: [create], resourceNames: [own]}",
        fix: "Name the ServiceAccounts in resourceNames of a Role; approve only signers of its own domain.",
        references: &[
            "https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
            "https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/",
        ],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
