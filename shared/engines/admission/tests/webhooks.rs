//! Webhooks and MutatingAdmissionPolicies that could deny.

mod given;

use given::{decide_in, names, with};
use opsec_admission::{PossibleWebhook, WebhookKind};
use serde_json::{Value, json};

fn webhook(change: &Value) -> Value {
    let webhook = json!({
        "name": "guard.example.com",
        "clientConfig": {"service": {"namespace": "guard", "name": "guard"}},
        "rules": [rule("customresourcedefinitions")],
    });
    with(webhook, change)
}

fn rule(resource: &str) -> Value {
    json!({
        "apiGroups": ["apiextensions.k8s.io"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": [resource],
    })
}

fn possible(change: &Value) -> Vec<PossibleWebhook> {
    let found = decide_in(&json!({"validatingWebhookConfigurations": [{
        "metadata": {"name": "guard"},
        "webhooks": [webhook(change)],
    }]}));
    assert!(names(&found.invalid).is_empty() && !found.is_denied());
    found.webhooks
}

#[test]
fn a_webhook_that_looks_at_crd_creation_counts() {
    for (change, counts) in [
        (json!({}), Some(true)),
        (json!({"rules": [rule("*")]}), Some(true)),
        (json!({"rules": [rule("*/*")]}), Some(true)),
        (
            json!({"rules": [rule("customresourcedefinitions/*")]}),
            Some(true),
        ),
        (json!({"rules": [rule("pods")]}), None),
        (
            json!({"rules": [rule("customresourcedefinitions/status")]}),
            None,
        ),
        (
            json!({"namespaceSelector": {"matchLabels": {"a": "b"}}}),
            Some(true),
        ),
        (
            json!({"objectSelector": {"matchLabels": {"a": "b"}}}),
            Some(false),
        ),
        (json!({"objectSelector": {}}), Some(true)),
        (json!({"failurePolicy": "Ignore"}), Some(false)),
        (json!({"failurePolicy": "Fail"}), Some(true)),
        (
            json!({"matchConditions": [{"name": "c", "expression": "false"}]}),
            None,
        ),
        (
            json!({"matchConditions": [{"name": "c", "expression": "true"}]}),
            Some(true),
        ),
        (
            json!({"matchConditions": [{"name": "c", "expression": "isIP('1.2.3.4')"}]}),
            Some(true),
        ),
        (
            json!({"matchConditions": [{
                "name": "c",
                "expression": "request.userInfo.username != 'system:serviceaccount:shop:operator'",
            }]}),
            None,
        ),
    ] {
        let found = possible(&change);
        assert_eq!(
            found.first().map(|webhook| webhook.counts),
            counts,
            "{change}"
        );
    }
    let mut scoped = rule("*");
    scoped["scope"] = json!("Namespaced");
    assert!(possible(&json!({"rules": [scoped]})).is_empty());
    let mut beta = rule("*");
    beta["apiVersions"] = json!(["v1beta1"]);
    assert!(possible(&json!({"rules": [beta]})).is_empty());
}

#[test]
fn a_webhook_names_its_service_and_field_and_why_it_does_not_count() {
    let found = possible(&json!({
        "failurePolicy": "Ignore",
        "objectSelector": {"matchLabels": {"a": "b"}},
    }));
    let [webhook] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(webhook.field, "webhooks[0]");
    assert_eq!(
        webhook.configuration.to_string(),
        "ValidatingWebhookConfiguration/guard"
    );
    let service = webhook
        .client
        .as_ref()
        .and_then(|client| client.service.as_ref());
    assert_eq!(
        service.map(|service| service.namespace.as_str()),
        Some("guard")
    );
    assert_eq!(webhook.why_not.len(), 2);
    assert!(webhook.object_selector && webhook.ignores_failure);
}

#[test]
fn a_mutating_webhook_can_deny_as_well() {
    let found = decide_in(&json!({"mutatingWebhookConfigurations": [{
        "metadata": {"name": "guard"},
        "webhooks": [webhook(&json!({}))],
    }]}));
    assert_eq!(
        found
            .webhooks
            .iter()
            .map(|w| (w.kind, w.counts))
            .collect::<Vec<_>>(),
        [(WebhookKind::Mutating, true)]
    );
    assert!(!found.is_admitted());
}

#[test]
fn a_mutating_policy_counts_when_it_is_bound() {
    let policy = |change: Value| {
        let mut policy = json!({
            "metadata": {"name": "m"},
            "spec": {"matchConstraints": {"resourceRules": [rule("*")]}},
        });
        for (key, value) in change.as_object().unwrap() {
            policy["spec"][key] = value.clone();
        }
        policy
    };
    let bound = json!({"metadata": {"name": "b"}, "spec": {"policyName": "m"}});
    let other = json!({"metadata": {"name": "b"}, "spec": {"policyName": "other"}});
    let missable = json!({"metadata": {"name": "b"}, "spec": {
        "policyName": "m",
        "matchResources": {"objectSelector": {
            "matchExpressions": [{"key": "a", "operator": "DoesNotExist"}],
        }},
    }});
    for (policy, binding, counts) in [
        (policy(json!({})), &bound, Some(true)),
        (policy(json!({})), &other, None),
        (policy(json!({})), &missable, Some(false)),
        (
            policy(json!({"failurePolicy": "Ignore"})),
            &bound,
            Some(false),
        ),
        (
            policy(json!({"matchConditions": [{"name": "c", "expression": "false"}]})),
            &bound,
            None,
        ),
        (
            policy(json!({"matchConditions": [{"name": "c", "expression": "params.a == 'b'"}]})),
            &bound,
            Some(true),
        ),
    ] {
        let found = decide_in(&json!({
            "mutatingAdmissionPolicies": [policy],
            "mutatingAdmissionPolicyBindings": [binding],
        }));
        assert_eq!(
            found.webhooks.first().map(|webhook| webhook.counts),
            counts,
            "{policy} {binding}"
        );
    }
}
