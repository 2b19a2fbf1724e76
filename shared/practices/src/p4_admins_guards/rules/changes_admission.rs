//! OPSEC403: it may change admission: webhooks, policies, APIServices, policy engines.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC403.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC403",
    slug: "changes-admission",
    summary: "it may change admission: webhooks, policies, APIServices, policy engines",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether the account may write webhook configurations, admission policies, APIServices or the policies of an engine. Names do not tame a webhook configuration: its own can be pointed at everything.",
        why: "Admission reads and rewrites every object; no policy can guard it, only RBAC does.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [patch]}",
        good: "kind: ClusterRole\nrules:\n- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [get]}",
        fix: "Install the configurations with the operator and let an administrator or a CA injector fill in the bundle.",
        references: &[
            "https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/",
        ],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
