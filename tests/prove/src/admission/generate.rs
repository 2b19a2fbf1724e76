//! Cases: a policy with its bindings and parameters, and the requests that it is tried with.

use serde_json::{Value, json};

use super::expressions::{Speaks, any, variable};
use super::world::{ACCOUNTS, NAMESPACES, PARAMETERS, definition};
use crate::chance::Chance;

/// A policy, what belongs to it, and requests. No other case is for the same names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case {
    pub(super) policy: Value,
    pub(super) bindings: Vec<Value>,
    pub(super) parameters: Vec<Value>,
    pub(super) requests: Vec<Request>,
}

/// A creation that is tried.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    /// Namespace and name of the account.
    pub(super) account: (String, String),
    pub(super) object: Value,
    /// Whether it is applied rather than posted.
    pub(super) apply: bool,
}

const REQUESTS: usize = 3;
const ADMISSION: &str = "admissionregistration.k8s.io/v1";

/// A case of that name.
pub(super) fn case(chance: &mut Chance, name: &str) -> Case {
    let requests: Vec<Request> = (0..REQUESTS).map(|at| request(chance, name, at)).collect();
    let kind = chance.percent(40).then(|| parameter_kind(chance));
    let policy = policy(chance, name, kind, &requests);
    let mut bindings = vec![binding(chance, name, 0, kind, &requests)];
    if chance.percent(20) {
        bindings.push(binding(chance, name, 1, kind, &requests));
    }
    let parameters = kind.map_or_else(Vec::new, |kind| parameters(chance, name, kind));
    Case {
        policy,
        bindings,
        parameters,
        requests,
    }
}

fn labels(chance: &mut Chance) -> Option<Value> {
    let labels = match chance.below(6) {
        0 | 1 => return None,
        2 => json!({"app": "shop"}),
        3 => json!({"app": "shop", "tier": "gold", "memory": "512Mi"}),
        4 => json!({"tier": "gold"}),
        _ => json!({"app": "blog", "memory": "2Gi"}),
    };
    Some(labels)
}

fn request(chance: &mut Chance, name: &str, at: usize) -> Request {
    let (namespace, _) = chance.pick(&NAMESPACES).copied().unwrap_or_default();
    let account = chance.word(&ACCOUNTS);
    let mut object = match chance.below(10) {
        0 | 1 => {
            let here = chance.pick(&NAMESPACES).map_or("", |(name, _)| *name);
            json!({
                "apiVersion": "v1", "kind": "ConfigMap", "data": {"key": "value"},
                "metadata": {"name": format!("widget-{at}-{name}"), "namespace": here},
            })
        }
        2 => {
            let own = format!("ns-{at}-{name}");
            json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": own, "labels": {"kubernetes.io/metadata.name": own}},
            })
        }
        _ => {
            let scope = chance.word(&["Namespaced", "Cluster"]);
            let group = format!(
                "{at}-{name}.{}",
                chance.word(&["own.example.com", "foreign.org"])
            );
            let (plural, kind) = *chance
                .pick(&[("widgets", "Widget"), ("gadgets", "Gadget")])
                .unwrap_or(&("widgets", "Widget"));
            definition(&group, plural, kind, scope)
        }
    };
    if let (Some(Value::Object(more)), Some(metadata)) = (
        labels(chance),
        object
            .pointer_mut("/metadata")
            .and_then(Value::as_object_mut),
    ) {
        let own = metadata.entry("labels").or_insert_with(|| json!({}));
        if let Some(own) = own.as_object_mut() {
            own.extend(more);
        }
        if chance.percent(30) {
            metadata.insert("annotations".to_owned(), json!({"team": "a"}));
        }
    }
    Request {
        account: (namespace.to_owned(), account.to_owned()),
        object,
        apply: chance.percent(40),
    }
}

/// The name of an object.
pub(super) fn name_of(object: &Value) -> &str {
    object
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn list(chance: &mut Chance, lists: &[&'static [&'static str]]) -> Value {
    json!(chance.pick(lists).copied().unwrap_or_default())
}

/// A rule that is for creations of everything, which most policies have so that the rest counts.
fn broad(chance: &mut Chance) -> Value {
    let scope = if chance.percent(20) {
        chance.word(&["Cluster", "Namespaced"])
    } else {
        "*"
    };
    json!({
        "apiGroups": ["*"],
        "apiVersions": list(chance, &[&["v1"], &["*"]]),
        "operations": list(chance, &[&["CREATE"], &["*"], &["CREATE", "UPDATE"]]),
        "resources": list(chance, &[&["*"], &["*/*"]]),
        "scope": scope,
    })
}

fn rule(chance: &mut Chance, requests: &[Request]) -> Value {
    let mut rule = json!({
        "apiGroups": list(chance, &[
            &["apiextensions.k8s.io"], &["*"], &["*"], &["", "apiextensions.k8s.io"], &[""], &["example.com"],
        ]),
        "apiVersions": list(chance, &[&["v1"], &["*"], &["*"], &["v1beta1"], &["v1beta1", "v1"]]),
        "operations": list(chance, &[
            &["CREATE"], &["CREATE"], &["*"], &["CREATE", "UPDATE"], &["UPDATE"], &["DELETE", "CONNECT"],
        ]),
        "resources": list(chance, &[
            &["customresourcedefinitions"], &["customresourcedefinitions"], &["*"], &["*/*"], &["*/*"],
            &["customresourcedefinitions/*"], &["customresourcedefinitions/status"], &["*/status"],
            &["configmaps", "namespaces"], &["namespaces/*", "configmaps"], &["pods/*"],
        ]),
    });
    if let Some(fields) = rule.as_object_mut() {
        if chance.percent(30) {
            fields.insert(
                "scope".to_owned(),
                chance.word(&["*", "Cluster", "Namespaced"]).into(),
            );
        }
        if chance.percent(15) {
            let own = chance
                .pick(requests)
                .map_or("other", |one| name_of(&one.object));
            fields.insert("resourceNames".to_owned(), json!([own]));
        }
    }
    rule
}

fn selector(chance: &mut Chance, key: &'static str, value: &'static str) -> Value {
    match chance.below(6) {
        0 => json!({"matchLabels": {key: value}}),
        1 => json!({"matchExpressions": [{"key": key, "operator": "In", "values": [value, "x"]}]}),
        2 => json!({"matchExpressions": [{"key": key, "operator": "NotIn", "values": [value]}]}),
        3 => json!({"matchExpressions": [{"key": key, "operator": "Exists"}]}),
        4 => json!({"matchExpressions": [{"key": key, "operator": "DoesNotExist"}]}),
        _ => json!({}),
    }
}

/// Selectors, exclusions and the match policy: what constraints and bindings have alike.
fn narrowed(chance: &mut Chance, mut resources: Value, requests: &[Request]) -> Value {
    let Some(fields) = resources.as_object_mut() else {
        return resources;
    };
    if chance.percent(18) {
        let key = chance.word(&["app", "tier"]);
        fields.insert("objectSelector".to_owned(), selector(chance, key, "shop"));
    }
    if chance.percent(20) {
        let (key, value) = *chance
            .pick(&[
                ("environment", "prod"),
                ("kubernetes.io/metadata.name", "team-a"),
            ])
            .unwrap_or(&("environment", "prod"));
        fields.insert("namespaceSelector".to_owned(), selector(chance, key, value));
    }
    if chance.percent(15) {
        let excluded = json!([rule(chance, requests)]);
        fields.insert("excludeResourceRules".to_owned(), excluded);
    }
    if chance.percent(40) {
        let word = chance.word(&["Exact", "Equivalent"]);
        fields.insert("matchPolicy".to_owned(), word.into());
    }
    resources
}

fn policy(chance: &mut Chance, name: &str, kind: Option<Kind>, requests: &[Request]) -> Value {
    let parameters = kind.is_some();
    let mut rules = vec![if chance.percent(88) {
        broad(chance)
    } else {
        rule(chance, requests)
    }];
    if chance.percent(30) {
        rules.push(rule(chance, requests));
    }
    let mut spec = json!({
        "matchConstraints": narrowed(chance, json!({"resourceRules": rules}), requests),
    });
    let speaks = Speaks {
        parameters,
        variables: 3 * usize::from(chance.percent(35)),
    };
    if speaks.variables > 0 {
        let each = |at: usize, chance: &mut Chance| json!({"name": format!("v{at}"), "expression": variable(chance, speaks)});
        spec["variables"] = (0..speaks.variables).map(|at| each(at, chance)).collect();
    }
    let count = chance.below(5).saturating_sub(2);
    if count > 0 {
        let alone = Speaks {
            variables: 0,
            ..speaks
        };
        let each = |at: usize, chance: &mut Chance| json!({"name": format!("c{at}"), "expression": any(chance, alone)});
        spec["matchConditions"] = (0..count).map(|at| each(at, chance)).collect();
    }
    if chance.percent(55) {
        spec["failurePolicy"] = chance.word(&["Fail", "Ignore"]).into();
    }
    if let Some(kind) = kind {
        spec["paramKind"] = json!({"apiVersion": kind.version, "kind": kind.name});
        if kind.name == "Absent" {
            // This is an error whatever the bindings are for, so the rules keep the case apart.
            let names: Vec<&str> = requests.iter().map(|one| name_of(&one.object)).collect();
            for rule in &mut rules {
                rule["resourceNames"] = json!(names);
            }
            spec["matchConstraints"]["resourceRules"] = json!(rules);
        }
    }
    let validations = 1 + chance.below(4);
    spec["validations"] = (0..validations)
        .map(|_| validation(chance, speaks))
        .collect();
    if chance.percent(12) {
        let value = chance.word(&[
            "'of ' + object.spec.group",
            "object.spec.nothing",
            "string(request.name)",
            "null",
            "'%s'.format([request.name])",
        ]);
        spec["auditAnnotations"] = json!([{"key": "noted", "valueExpression": value}]);
    }
    json!({
        "apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name, "labels": {"proof": "admission"}}, "spec": spec,
    })
}

fn validation(chance: &mut Chance, speaks: Speaks) -> Value {
    let mut validation = json!({"expression": any(chance, speaks)});
    match chance.below(8) {
        0 => validation["message"] = "not here".into(),
        1 => validation["messageExpression"] = "'no ' + object.metadata.name".into(),
        2 => validation["messageExpression"] = "object.spec.nothing + 'x'".into(),
        3 => validation["reason"] = chance.word(&["Forbidden", "Invalid"]).into(),
        _ => {}
    }
    validation
}

/// A kind of parameters.
#[derive(Debug, Clone, Copy)]
struct Kind {
    version: &'static str,
    name: &'static str,
    namespaced: bool,
}

fn parameter_kind(chance: &mut Chance) -> Kind {
    let own = "parameters.example.com/v1";
    let kinds = [
        ("v1", "ConfigMap", true),
        ("v1", "ConfigMap", true),
        (own, "Limit", true),
        (own, "Quota", false),
        ("absent.example.com/v1", "Absent", true),
    ];
    // The last one is rare.
    let among = if chance.percent(10) { 5 } else { 4 };
    let at = chance.below(among);
    let (version, name, namespaced) = kinds.get(at).copied().unwrap_or(("v1", "ConfigMap", true));
    Kind {
        version,
        name,
        namespaced,
    }
}

fn parameters(chance: &mut Chance, name: &str, kind: Kind) -> Vec<Value> {
    if kind.name == "Absent" {
        return Vec::new();
    }
    let mut made = Vec::new();
    for at in 0..chance.below(3) {
        let mut metadata = json!({"name": format!("settings-{at}-{name}")});
        metadata["labels"] = json!({"of": name, "tier": chance.word(&["gold", "silver"])});
        if kind.namespaced {
            metadata["namespace"] = chance
                .pick(&NAMESPACES)
                .map_or("", |(name, _)| *name)
                .into();
        }
        let group = chance.word(&["own.example.com", "foreign.org"]);
        let manner = chance.word(&["strict", "loose"]);
        let mut object =
            json!({"apiVersion": kind.version, "kind": kind.name, "metadata": metadata});
        if kind.name == "ConfigMap" {
            object["data"] =
                json!({"group": group, "groups": format!("{group},b.org"), "mode": manner});
        } else {
            object["spec"] = json!({"mode": manner, "limit": chance.below(5)});
        }
        made.push(object);
    }
    made
}

fn binding(
    chance: &mut Chance,
    name: &str,
    at: usize,
    kind: Option<Kind>,
    requests: &[Request],
) -> Value {
    // What keeps cases apart: a binding is for the names of its own requests.
    let names: Vec<&str> = requests.iter().map(|one| name_of(&one.object)).collect();
    let own = json!({"resourceRules": [{
        "apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"],
        "resourceNames": names,
    }]});
    let own = if chance.percent(25) {
        narrowed(chance, own, requests)
    } else {
        own
    };
    let actions = list(
        chance,
        &[
            &["Deny"],
            &["Deny"],
            &["Deny"],
            &["Deny"],
            &["Deny"],
            &["Deny"],
            &["Deny", "Audit"],
            &["Warn"],
            &["Audit"],
            &["Warn", "Audit"],
        ],
    );
    let actions = if chance.percent(2) {
        json!(["Deny", "Warn"])
    } else {
        actions
    };
    let mut spec = json!({"policyName": name, "validationActions": actions, "matchResources": own});
    if let Some(kind) = kind.filter(|_| chance.percent(93)) {
        let mut reference = json!({"parameterNotFoundAction": chance.word(&["Allow", "Deny"])});
        if chance.percent(60) {
            reference["name"] = format!("settings-{}-{name}", chance.below(2)).into();
        } else {
            let mut labels = json!({"of": name});
            if chance.percent(40) {
                labels["tier"] = "gold".into();
            }
            reference["selector"] = json!({"matchLabels": labels});
        }
        if chance.percent(if kind.namespaced { 75 } else { 5 }) {
            reference["namespace"] = chance
                .pick(&NAMESPACES)
                .map_or("", |(name, _)| *name)
                .into();
        }
        spec["paramRef"] = reference;
    }
    json!({
        "apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": format!("{name}-{at}"), "labels": {"proof": "admission"}}, "spec": spec,
    })
}

/// Where an object of parameters is posted.
pub(super) fn parameter_path(object: &Value) -> String {
    let text = |pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let namespace = text("/metadata/namespace");
    match text("/kind") {
        "ConfigMap" => format!("/api/v1/namespaces/{namespace}/configmaps"),
        "Limit" => format!("/apis/{PARAMETERS}/v1/namespaces/{namespace}/limits"),
        _ => format!("/apis/{PARAMETERS}/v1/quotas"),
    }
}
