//! What the API server asks the operator's Services about, or hands over to them: admission webhooks,
//! conversions and aggregated APIs. By which configuration it asks is no change.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::ObjectRef;
use opsec_model::comparison::{ObjectAspect, ObjectDifference};
use opsec_model::objects::{AdmissionRule, LabelSelector, Webhook, WebhookClientConfig};

use crate::known::Known;
use crate::pairs::Pairs;

/// What the operator may do when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Power {
    Change,
    Refuse,
}

/// One operation on one resource that the operator is asked about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    power: Power,
    object: ObjectRef,
    /// Selectors and conditions that hold some requests back; empty is none.
    limits: String,
    operation: String,
    group: String,
    resource: String,
}

pub(crate) fn beyond(this: &Known<'_>, other: &Known<'_>, pairs: &Pairs) -> Vec<ObjectDifference> {
    let mut found = asked(&calls(this), &calls(other));
    let (mine, theirs) = (handed_over(this), handed_over(other));
    let more = mine
        .into_iter()
        .filter(|(object, _)| !theirs.contains_key(&pairs.object(object)));
    found.extend(more.map(|(object, what)| ObjectDifference {
        aspect: ObjectAspect::Webhook,
        object,
        what: what.to_owned(),
    }));
    found
}

/// Operations by name.
type Operations = BTreeSet<String>;

/// The calls that no call of the other state covers, a line for each configuration and power.
fn asked(mine: &BTreeSet<Call>, theirs: &BTreeSet<Call>) -> Vec<ObjectDifference> {
    let covered = |call: &&Call| !theirs.iter().any(|other| covers(other, call));
    let mut by_resource: BTreeMap<(&ObjectRef, Power, &str, String), Operations> = BTreeMap::new();
    for call in mine.iter().filter(covered) {
        let resource = match call.group.as_str() {
            "" => call.resource.clone(),
            group => format!("{}.{group}", call.resource),
        };
        let key = (&call.object, call.power, call.limits.as_str(), resource);
        let operations = by_resource.entry(key).or_default();
        operations.insert(call.operation.clone());
    }
    let mut lines: BTreeMap<(&ObjectRef, Power, &str, Operations), Vec<String>> = BTreeMap::new();
    for ((object, power, limits, resource), operations) in by_resource {
        let resources = lines.entry((object, power, limits, operations));
        resources.or_default().push(resource);
    }
    lines
        .into_iter()
        .map(|((object, power, limits, operations), resources)| {
            let may = match power {
                Power::Change => "change",
                Power::Refuse => "refuse",
            };
            let operations: Vec<String> = operations.into_iter().collect();
            let limited = if limits.is_empty() {
                ""
            } else {
                ", where its selectors and conditions match"
            };
            ObjectDifference {
                aspect: ObjectAspect::Webhook,
                object: object.clone(),
                what: format!(
                    "may {may} {} of {}{limited}",
                    operations.join(", "),
                    resources.join(", ")
                ),
            }
        })
        .collect()
}

fn calls(known: &Known<'_>) -> BTreeSet<Call> {
    let snapshot = known.prepared.snapshot();
    let changing = snapshot.mutating_webhook_configurations.iter().map(|it| {
        let kind = "MutatingWebhookConfiguration";
        (Power::Change, kind, &it.metadata.name, &it.webhooks)
    });
    let refusing = snapshot.validating_webhook_configurations.iter().map(|it| {
        let kind = "ValidatingWebhookConfiguration";
        (Power::Refuse, kind, &it.metadata.name, &it.webhooks)
    });
    let mut calls = BTreeSet::new();
    for (power, kind, name, webhooks) in changing.chain(refusing) {
        let object = ObjectRef::cluster(kind, name);
        for webhook in webhooks.iter().filter(|it| mine(known, &it.client_config)) {
            for rule in &webhook.rules {
                of_rule(rule, (power, &object, limits(webhook, rule)), &mut calls);
            }
        }
    }
    calls
}

fn of_rule(
    rule: &AdmissionRule,
    (power, object, limits): (Power, &ObjectRef, String),
    calls: &mut BTreeSet<Call>,
) {
    for group in &rule.api_groups {
        for resource in &rule.resources {
            calls.extend(rule.operations.iter().map(|operation| Call {
                power,
                object: object.clone(),
                limits: limits.clone(),
                operation: operation.clone(),
                group: group.clone(),
                resource: resource.clone(),
            }));
        }
    }
}

/// Whether a webhook is a Service of the operator's namespaces.
fn mine(known: &Known<'_>, client: &WebhookClientConfig) -> bool {
    let service = client.service.as_ref();
    service.is_some_and(|service| known.operator.namespaces.contains(&service.namespace))
}

fn limits(webhook: &Webhook, rule: &AdmissionRule) -> String {
    let selector = |selector: &Option<LabelSelector>| {
        let selector = selector.as_ref().filter(|it| !it.is_empty());
        selector.map_or_else(String::new, |it| format!("{it:?}"))
    };
    let scope = rule.scope.as_deref().filter(|scope| *scope != "*");
    let conditions: Vec<&str> = webhook
        .match_conditions
        .iter()
        .map(|condition| condition.expression.as_str())
        .collect();
    let parts = [
        selector(&webhook.namespace_selector),
        selector(&webhook.object_selector),
        scope.unwrap_or_default().to_owned(),
        conditions.join(" && "),
    ];
    parts.join("\n").trim().to_owned()
}

/// Whether whatever the operator is asked by one call it is asked by another.
fn covers(other: &Call, call: &Call) -> bool {
    let word = |other: &str, mine: &str| other == "*" || other == mine;
    let resource = match (
        other.resource.split_once('/'),
        call.resource.split_once('/'),
    ) {
        _ if other.resource == "*/*" || other.resource == call.resource => true,
        (None, None) => other.resource == "*",
        (Some((kind, sub)), Some((my_kind, my_sub))) => word(kind, my_kind) && word(sub, my_sub),
        // `pods/*` is pods and all of their subresources.
        (Some((kind, "*")), None) => word(kind, &call.resource),
        _ => false,
    };
    other.power == call.power
        && resource
        && word(&other.operation, &call.operation)
        && word(&other.group, &call.group)
        && (other.limits.is_empty() || other.limits == call.limits)
}

/// Definitions whose objects the operator converts, and APIs that it serves.
fn handed_over(known: &Known<'_>) -> BTreeMap<ObjectRef, &'static str> {
    let snapshot = known.prepared.snapshot();
    let definitions = snapshot.custom_resource_definitions.iter();
    let converted = definitions.filter(|definition| {
        let conversion = definition.spec.conversion.as_ref();
        let webhook = conversion.and_then(|it| it.webhook.as_ref());
        let client = webhook.and_then(|it| it.client_config.as_ref());
        client.is_some_and(|client| mine(known, client))
    });
    let converted = converted.map(|definition| {
        let name = &definition.metadata.name;
        let object = ObjectRef::cluster("CustomResourceDefinition", name);
        (
            object,
            "hands each of its objects to the operator to be converted",
        )
    });
    let served = snapshot.api_services.iter().filter(|service| {
        let by = service.spec.service.as_ref();
        by.is_some_and(|by| known.operator.namespaces.contains(&by.namespace))
    });
    let served = served.map(|service| {
        let object = ObjectRef::cluster("APIService", &service.metadata.name);
        (object, "hands each request of its API to the operator")
    });
    converted.chain(served).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str, group: &str, resource: &str, limits: &str) -> Call {
        Call {
            power: Power::Refuse,
            object: ObjectRef::cluster("ValidatingWebhookConfiguration", "a"),
            limits: limits.to_owned(),
            operation: operation.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
        }
    }

    #[test]
    fn a_call_is_covered_by_one_that_asks_as_much() {
        let pods = call("CREATE", "", "pods", "");
        for (other, expected) in [
            (call("CREATE", "", "pods", ""), true),
            (call("*", "*", "*", ""), true),
            (call("*", "*", "*/*", ""), true),
            (call("CREATE", "", "pods/*", ""), true),
            (call("UPDATE", "", "pods", ""), false),
            (call("CREATE", "apps", "pods", ""), false),
            (call("CREATE", "", "pods/status", ""), false),
            (call("CREATE", "", "pods", "only some"), false),
        ] {
            assert_eq!(covers(&other, &pods), expected, "{other:?}");
        }
        let status = call("CREATE", "", "pods/status", "");
        assert!(covers(&call("CREATE", "", "*/status", ""), &status));
        assert!(!covers(&call("CREATE", "", "*", ""), &status));
    }
}
