//! OPSEC310: nodes, volumes, runtime classes or the fate of pods can be changed.

use opsec_model::Half;

use crate::context::Context;
use crate::contract::{Judgement, Rule, RuleDoc};
use crate::rights_rule;

/// OPSEC310.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC310",
    slug: "nodes-volumes-and-fates-of-pods",
    summary: "nodes, volumes, runtime classes or the fate of pods can be changed",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether nodes, PersistentVolumes, storage and runtime classes, volume attachments or the fate of others' pods can be changed.",
        why: "They lead to the host, to others' data, or move strong pods onto a chosen node.",
        severity: "as its rights weigh: each row below has its own at each reach",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [\"\"], resources: [persistentvolumes], verbs: [create]}",
        good: "kind: Role\nrules:\n- {apiGroups: [\"\"], resources: [persistentvolumeclaims], verbs: [create]}",
        fix: "Leave nodes and volumes to provisioners and administrators; delete pods only where the payload is.",
        references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    rights_rule::judge(context, RULE.id)
}
