//! What stands open to others: Services that lead in from outside, and webhooks in the path of what
//! is others'.

use std::collections::{BTreeMap, BTreeSet};

use opsec_facts::Facts;
use opsec_model::report::FindingStatus;
use opsec_model::{ObjectRef, Report, Snapshot};
use serde_json::{Value, json};

use super::Work;
use super::edit::Edits;

pub(crate) fn write(work: &Work<'_>, facts: &Facts<'_>, before: &Report, edits: &mut Edits) {
    for finding in before.findings() {
        let failing = finding.status == FindingStatus::Fail;
        if !failing || !work.answers(&[finding.rule.as_str()]) {
            continue;
        }
        for evidence in &finding.evidence {
            let object = &evidence.object;
            match (finding.rule.as_str(), object.kind.as_str()) {
                ("OPSEC206", "Service") => {
                    let fields = json!({"spec": {"type": "ClusterIP", "externalIPs": null}});
                    edits.patch(object.clone(), &fields, &["OPSEC206"]);
                }
                ("OPSEC206", "Ingress") => edits.delete(object.clone(), &["OPSEC206"]),
                ("OPSEC407", "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration") => {
                    webhooks(work, facts, object, edits);
                }
                _ => {}
            }
        }
    }
}

/// Holds every webhook of a configuration to the intended namespaces.
fn webhooks(work: &Work<'_>, facts: &Facts<'_>, object: &ObjectRef, edits: &mut Edits) {
    let snapshot = facts.snapshot();
    let configurations = json!({
        "ValidatingWebhookConfiguration": snapshot.validating_webhook_configurations,
        "MutatingWebhookConfiguration": snapshot.mutating_webhook_configurations,
    });
    let Some(Value::Array(known)) = configurations.get(&object.kind) else {
        return;
    };
    let found = known
        .iter()
        .find(|it| it.pointer("/metadata/name").and_then(Value::as_str) == Some(&object.name));
    let Some(Value::Array(webhooks)) = found.and_then(|it| it.get("webhooks")) else {
        return;
    };
    let namespaces: Vec<&String> = work.intended.iter().collect();
    let patches: Vec<Value> = webhooks
        .iter()
        .map(|webhook| {
            json!({
                "name": webhook.get("name"),
                "namespaceSelector": {"matchExpressions": [{
                    "key": "kubernetes.io/metadata.name",
                    "operator": "In",
                    "values": namespaces,
                }]},
            })
        })
        .collect();
    if !namespaces.is_empty() {
        edits.patch(object.clone(), &json!({"webhooks": patches}), &["OPSEC407"]);
    }
}

/// Takes away the webhooks that stand in the path of others even when they are held to the intended
/// namespaces; of a configuration without another webhook nothing is left.
pub(crate) fn lift(work: &Work<'_>, snapshot: &Snapshot, report: &Report, edits: &mut Edits) {
    if !work.answers(&["OPSEC407"]) {
        return;
    }
    let configurations = json!({
        "ValidatingWebhookConfiguration": snapshot.validating_webhook_configurations,
        "MutatingWebhookConfiguration": snapshot.mutating_webhook_configurations,
    });
    let mut lifted: BTreeMap<&ObjectRef, BTreeSet<usize>> = BTreeMap::new();
    for finding in report.findings() {
        let failing = finding.status == FindingStatus::Fail && finding.rule == "OPSEC407";
        for evidence in finding.evidence.iter().filter(|_| failing) {
            let index = evidence.field.strip_prefix("webhooks[");
            let index = index.and_then(|rest| rest.split(']').next()?.parse().ok());
            if let Some(index) = index {
                lifted.entry(&evidence.object).or_default().insert(index);
            }
        }
    }
    for (object, indices) in lifted {
        let known = configurations.get(&object.kind).and_then(Value::as_array);
        let found = known
            .into_iter()
            .flatten()
            .find(|it| it.pointer("/metadata/name").and_then(Value::as_str) == Some(&object.name));
        let Some(webhooks) = found.and_then(|it| it.get("webhooks")?.as_array()) else {
            continue;
        };
        if indices.len() >= webhooks.len() {
            edits.delete(object.clone(), &["OPSEC407"]);
            continue;
        }
        let gone = |(index, webhook): (usize, &Value)| {
            let name = webhook.get("name").filter(|_| indices.contains(&index))?;
            Some(json!({"name": name, "$patch": "delete"}))
        };
        let patches: Vec<Value> = webhooks.iter().enumerate().filter_map(gone).collect();
        edits.patch_listed(object, "webhooks", patches, &["OPSEC407"]);
    }
}
