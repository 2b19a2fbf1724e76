//! Parameters of policies.

mod given;

use given::{binding, binding_with, decide_in, policy};
use opsec_admission::{Cause, Decision};
use serde_json::{Value, json};

const ALLOWED: &str = "object.spec.group in params.data.groups.split(',')";

fn config_map(namespace: &str, groups: &str) -> Value {
    json!({
        "metadata": {"name": "settings", "namespace": namespace, "labels": {"for": "p"}},
        "data": {"groups": groups},
    })
}

fn with(expression: &str, kind: Value, reference: Value, rest: Value) -> Decision {
    let bound = match reference {
        Value::Null => binding("p"),
        reference => binding_with("p", "paramRef", &reference),
    };
    let fields = json!({
        "validatingAdmissionPolicies": [policy(expression).spec("paramKind", &kind).json()],
        "validatingAdmissionPolicyBindings": [bound],
    });
    decide_in(&given::with(fields, &rest))
}

fn config_maps() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap"})
}

fn named(action: &str) -> Value {
    json!({"name": "settings", "namespace": "guard", "parameterNotFoundAction": action})
}

#[test]
fn a_config_map_decides_by_its_data() {
    for (groups, denied) in [("own.example.com", false), ("other.example.com", true)] {
        let found = with(
            ALLOWED,
            config_maps(),
            named("Deny"),
            json!({"configMaps": [config_map("guard", groups)]}),
        );
        assert_eq!(found.is_denied(), denied, "{groups}: {found:?}");
        for denial in &found.denials {
            assert!(denial.cause.is_decision());
            let params: Vec<String> = denial.params.iter().map(ToString::to_string).collect();
            assert_eq!(params, ["ConfigMap/guard/settings"]);
        }
    }
}

#[test]
fn a_missing_parameter_does_as_the_binding_says() {
    let missing = |action: &str| with(ALLOWED, config_maps(), named(action), json!({}));
    let denied = missing("Deny");
    assert!(matches!(
        denied.denials.first().map(|denial| &denial.cause),
        Some(Cause::ParamMissing { .. })
    ));
    assert!(missing("Allow").is_admitted());
    // One of another namespace is not the one that is meant.
    let elsewhere = json!({"configMaps": [config_map("elsewhere", "own.example.com")]});
    assert!(with(ALLOWED, config_maps(), named("Deny"), elsewhere).is_denied());
}

#[test]
fn a_missing_parameter_denies_even_what_the_match_conditions_leave_out() {
    let never = json!([{"name": "never", "expression": "false"}]);
    for (maps, action, denied) in [
        (json!([]), "Deny", true),
        (json!([]), "Allow", false),
        // With its parameter it comes to the conditions, and they leave the request out.
        (
            json!([config_map("guard", "other.example.com")]),
            "Deny",
            false,
        ),
    ] {
        let made = policy(ALLOWED)
            .spec("paramKind", &config_maps())
            .spec("matchConditions", &never);
        let found = decide_in(&json!({
            "validatingAdmissionPolicies": [made.json()],
            "validatingAdmissionPolicyBindings": [binding_with("p", "paramRef", &named(action))],
            "configMaps": maps,
        }));
        assert_eq!(found.is_denied(), denied, "{maps} {action}: {found:?}");
    }
}

#[test]
fn a_configuration_error_denies_even_where_the_binding_only_warns() {
    for (failure_policy, denied) in [("Fail", true), ("Ignore", false)] {
        let mut bound = binding("p");
        bound["spec"]["validationActions"] = json!(["Warn"]);
        bound["spec"]["paramRef"] = named("Deny");
        let made = policy(ALLOWED)
            .spec("paramKind", &config_maps())
            .spec("failurePolicy", &json!(failure_policy));
        let found = decide_in(&json!({
            "validatingAdmissionPolicies": [made.json()],
            "validatingAdmissionPolicyBindings": [bound],
        }));
        assert_eq!(found.is_denied(), denied, "{failure_policy}");
        assert_eq!(found.would_deny.len(), usize::from(!denied));
    }
}

#[test]
fn parameters_of_a_namespaced_kind_without_a_namespace_deny_a_cluster_scoped_request() {
    let found = with(
        ALLOWED,
        config_maps(),
        json!({"name": "settings", "parameterNotFoundAction": "Allow"}),
        json!({"configMaps": [config_map("guard", "own.example.com")]}),
    );
    assert!(found.is_denied());
}

#[test]
fn a_kind_of_parameters_that_is_not_served_denies_whatever_the_binding_is_for() {
    let made = policy("true").spec(
        "paramKind",
        &json!({"apiVersion": "absent.example.com/v1", "kind": "Absent"}),
    );
    let elsewhere = json!({"resourceRules": [{
        "apiGroups": ["apps"],
        "apiVersions": ["*"],
        "operations": ["*"],
        "resources": ["*"],
    }]});
    let bound = binding_with("p", "matchResources", &elsewhere);
    let decided = |failure_policy: &str, bindings: Value| {
        decide_in(&json!({
            "validatingAdmissionPolicies": [made.clone().spec("failurePolicy", &json!(failure_policy)).json()],
            "validatingAdmissionPolicyBindings": bindings,
        }))
    };
    assert!(decided("Fail", json!([bound])).is_denied());
    assert!(decided("Ignore", json!([bound])).is_admitted());
    assert!(decided("Fail", json!([])).is_admitted());
}

#[test]
fn a_selector_gives_every_parameter_and_each_must_allow() {
    let selector = json!({
        "selector": {"matchLabels": {"for": "p"}},
        "namespace": "guard",
        "parameterNotFoundAction": "Deny",
    });
    let mut second = config_map("guard", "other.example.com");
    second["metadata"]["name"] = json!("more");
    for (maps, denied) in [
        (json!([config_map("guard", "own.example.com")]), false),
        (
            json!([config_map("guard", "own.example.com"), second]),
            true,
        ),
        (json!([]), true),
    ] {
        let found = with(
            ALLOWED,
            config_maps(),
            selector.clone(),
            json!({"configMaps": maps}),
        );
        assert_eq!(found.is_denied(), denied, "{maps}");
    }
}

#[test]
fn without_a_reference_params_are_null() {
    for (expression, denied) in [("params == null", false), ("params != null", true)] {
        let found = with(expression, config_maps(), Value::Null, json!({}));
        assert_eq!(found.is_denied(), denied, "{expression}");
    }
}

#[test]
fn parameters_that_are_not_there_are_unknown() {
    let incomplete = json!({"incomplete": {"configmaps": {"state": "outOfScope"}}});
    let found = with(ALLOWED, config_maps(), named("Deny"), incomplete);
    assert!(!found.is_denied() && !found.unknown.is_empty(), "{found:?}");
    let secret = json!({"apiVersion": "v1", "kind": "Secret"});
    assert!(with("params == null", secret.clone(), Value::Null, json!({})).is_admitted());
    let found = with(ALLOWED, secret, named("Deny"), json!({}));
    assert!(!found.is_denied() && !found.unknown.is_empty(), "{found:?}");
}

fn definition(scope: &str) -> Value {
    json!([{
        "metadata": {"name": "limits.rules.example.com"},
        "spec": {
            "group": "rules.example.com",
            "names": {"plural": "limits", "kind": "Limit"},
            "scope": scope,
            "versions": [{"name": "v1", "served": true, "storage": true}],
        },
    }])
}

fn limit(body: &Value) -> Value {
    json!([{
        "group": "rules.example.com",
        "version": "v1",
        "kind": "Limit",
        "metadata": {"name": "settings"},
        "body": body,
    }])
}

#[test]
fn a_custom_resource_decides_when_it_is_there_whole() {
    let kind = json!({"apiVersion": "rules.example.com/v1", "kind": "Limit"});
    let reference = json!({"name": "settings", "parameterNotFoundAction": "Deny"});
    let expression = "object.spec.group in params.spec.groups";
    let whole = |group: &str| json!({"spec": {"groups": [group]}});
    for (rest, expected) in [
        (
            json!({"customResourceDefinitions": definition("Cluster"), "customObjects": limit(&whole("own.example.com"))}),
            "admitted",
        ),
        (
            json!({"customResourceDefinitions": definition("Cluster"), "customObjects": limit(&whole("other.example.com"))}),
            "denied",
        ),
        (
            json!({"customResourceDefinitions": definition("Cluster"), "customObjects": limit(&Value::Null)}),
            "unknown",
        ),
        (
            json!({"customResourceDefinitions": definition("Cluster")}),
            "denied",
        ),
        // Namespaced, and neither the reference nor the request has a namespace.
        (
            json!({"customResourceDefinitions": definition("Namespaced"), "customObjects": limit(&whole("own.example.com"))}),
            "denied",
        ),
        // Nobody serves the kind: a configuration error.
        (json!({}), "denied"),
        (
            json!({"incomplete": {"customresourcedefinitions.apiextensions.k8s.io": {"state": "outOfScope"}}}),
            "unknown",
        ),
    ] {
        let found = with(expression, kind.clone(), reference.clone(), rest.clone());
        let word = if found.is_denied() {
            "denied"
        } else if found.unknown.is_empty() {
            "admitted"
        } else {
            "unknown"
        };
        assert_eq!(word, expected, "{rest}");
    }
}
