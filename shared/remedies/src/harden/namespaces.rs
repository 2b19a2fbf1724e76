//! Namespaces with the label by which Pod Security holds their pods.

use opsec_facts::Facts;
use opsec_model::ObjectRef;
use opsec_model::baseline::PodSecurityLevel;
use serde_json::json;

use super::Work;
use super::edit::Edits;

/// The label that Pod Security goes by.
pub(crate) const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

pub(crate) fn write(work: &Work<'_>, facts: &Facts<'_>, edits: &mut Edits) {
    if !work.answers(&["OPSEC405"]) {
        return;
    }
    let own = work.own_namespaces();
    let operator = work.asked.baseline.operator_level();
    let payload = work.asked.baseline.payload_level();
    let payloads: Vec<String> = work
        .operator
        .payload_workloads(facts)
        .iter()
        .map(|workload| workload.namespace().to_owned())
        .filter(|name| !own.contains(name) && !super::is_of_the_cluster(name))
        .collect();
    let others = work.intended.iter().chain(&payloads);
    // Pods that stay as they are would be refused by a level that they do not meet.
    let stay = work.keeps("OPSEC314", "");
    let levels = own
        .iter()
        .filter(|_| !stay)
        .map(|name| (name, operator))
        .chain(others.map(|name| (name, payload)));
    for (name, level) in levels {
        enforce(facts, name, level, edits);
    }
}

fn enforce(facts: &Facts<'_>, name: &str, level: PodSecurityLevel, edits: &mut Edits) {
    let labels = facts.namespace_labels(name);
    let enforced = labels
        .get(ENFORCE)
        .and_then(|value| PodSecurityLevel::parse(value));
    if enforced.is_some_and(|enforced| enforced >= level) {
        return;
    }
    let object = ObjectRef::cluster("Namespace", name);
    let fields = json!({"metadata": {"labels": {ENFORCE: level.as_str()}}});
    if facts.namespace(name).is_some() {
        edits.patch(object, &fields, &["OPSEC405"]);
    } else {
        edits.create(object, fields, &["OPSEC405"]);
    }
}
