//! OPSEC314: an operator pod does not meet the Pod Security Standard asked of it.

use std::collections::BTreeMap;

use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::{Object as _, Workload};
use opsec_model::{Half, Severity};
use opsec_pod_security::{latest, node_access, violations_at};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p3_service_account::pod_fields;

/// OPSEC314.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC314",
    slug: "pod-security-unmet",
    summary: "an operator pod does not meet the Pod Security Standard asked of it",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether the operator's pods meet the Pod Security Standard that the baseline asks of them (restricted unless it says otherwise).",
        why: "A privileged pod, a host path or a strong capability is the node; the rest widens what a taken container can do.",
        severity: "critical: privileged, hostPID, a hostPath that is /, or equal to or under /etc, /root, /proc, /sys, /run, /var/run, /var/lib/kubelet, or a runtime socket, or any other that is writable, capabilities ALL, SYS_ADMIN, SYS_PTRACE, SYS_MODULE, SYS_RAWIO, DAC_READ_SEARCH; high: else forbidden by baseline; medium: by restricted only",
        bad: "spec: {containers: [{name: operator, securityContext: {privileged: true}}]}",
        good: "spec: {securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: operator, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}",
        fix: "Set the fields that the findings name.",
        references: &["https://kubernetes.io/docs/concepts/security/pod-security-standards/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let components = context.components();
    if components.is_empty() {
        return Judgement::nothing("no workload");
    }
    let mut judgement = Judgement::of(components.len());
    // Components that share a cause are one finding: what their pods lack is written alike.
    let mut causes: BTreeMap<(Severity, String), Draft> = BTreeMap::new();
    for workload in components {
        for cause in causes_of(context, workload) {
            let key = (cause.severity, cause.title.clone());
            match causes.entry(key) {
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(cause);
                }
                std::collections::btree_map::Entry::Occupied(mut entry) => {
                    let known = entry.get_mut();
                    known.components.extend(cause.components);
                    known.evidence.extend(cause.evidence);
                    for account in cause.service_accounts {
                        if !known.service_accounts.contains(&account) {
                            known.service_accounts.push(account);
                        }
                    }
                }
            }
        }
    }
    judgement.findings = causes.into_values().collect();
    judgement
}

/// At most three findings a workload: what takes the node, what baseline forbids, what only
/// restricted does.
fn causes_of(context: &Context<'_>, workload: &Workload) -> Vec<Draft> {
    let asked = context.baseline.operator_level();
    let kind = workload.kind;
    let node = node_access(&workload.template);
    let taken: Vec<String> = node.iter().map(|access| access.path(kind)).collect();
    let mut drafts = Vec::new();
    if asked > PodSecurityLevel::Privileged && !node.is_empty() {
        let reasons: Vec<&str> = node.iter().map(|access| access.reason.as_str()).collect();
        drafts.push(draft(
            context,
            workload,
            Severity::Critical,
            &format!("its pods reach the node: {}", unique(&reasons)),
            "code in the pod is code on the node",
            &taken,
        ));
    }
    for (level, severity) in [
        (PodSecurityLevel::Baseline, Severity::High),
        (PodSecurityLevel::Restricted, Severity::Medium),
    ] {
        if asked < level {
            continue;
        }
        let broken: Vec<_> = violations_at(&workload.template, latest(context.facts))
            .into_iter()
            .filter(|violation| violation.level == level)
            .map(|violation| (violation.check, violation.path(kind)))
            .filter(|(_, path)| !taken.contains(path))
            .collect();
        if broken.is_empty() {
            continue;
        }
        // Kubernetes' own names of the checks, less the level that the title says already.
        let checks: Vec<&str> = broken
            .iter()
            .map(|(check, _)| check.split_once('_').map_or(*check, |(name, _)| name))
            .collect();
        let fields: Vec<String> = broken.iter().map(|(_, path)| path.clone()).collect();
        drafts.push(draft(
            context,
            workload,
            severity,
            &format!(
                "its pods do not meet {}: {}",
                level.as_str(),
                unique(&checks)
            ),
            "a taken container can do more than it needs",
            &fields,
        ));
    }
    drafts
}

fn draft(
    context: &Context<'_>,
    workload: &Workload,
    severity: Severity,
    title: &str,
    gain: &str,
    fields: &[String],
) -> Draft {
    let level = context.baseline.operator_level().as_str();
    let mut draft = Draft::new(
        severity,
        title,
        gain,
        format!("set the fields that the evidence names as the {level} standard asks"),
    )
    .components([workload.object_ref()])
    .accounts([context.account_of(workload)]);
    if let Some(field) = fields.first() {
        draft = draft.confirm(pod_fields::is_as_said(workload, field));
    }
    for field in fields {
        draft = draft.evidence(workload.object_ref(), field.clone());
    }
    draft
}

fn unique(words: &[&str]) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for word in words {
        if !seen.contains(word) {
            seen.push(word);
        }
    }
    seen.join(", ")
}
