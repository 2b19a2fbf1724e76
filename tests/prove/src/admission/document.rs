//! Cases as documents, and the smaller cases next to one.

use serde_json::{Value, json};

use super::generate::{Case, Request, name_of};

/// A case as a document.
pub(super) fn write(case: &Case) -> Value {
    let requests: Vec<Value> = case
        .requests
        .iter()
        .map(|one| {
            let (namespace, name) = &one.account;
            json!({"namespace": namespace, "account": name, "object": one.object, "apply": one.apply})
        })
        .collect();
    json!({
        "policy": case.policy, "bindings": case.bindings, "parameters": case.parameters,
        "requests": requests,
    })
}

/// The case that a document says.
pub(super) fn read(document: &Value) -> Option<Case> {
    let list = |field: &str| document.get(field)?.as_array().cloned();
    let request = |one: Value| {
        let text = |field: &str| Some(one.get(field)?.as_str()?.to_owned());
        Some(Request {
            account: (text("namespace")?, text("account")?),
            object: one.get("object")?.clone(),
            apply: one.get("apply")?.as_bool()?,
        })
    };
    Some(Case {
        policy: document.get("policy")?.clone(),
        bindings: list("bindings")?,
        parameters: list("parameters")?,
        requests: list("requests")?
            .into_iter()
            .map(request)
            .collect::<Option<_>>()?,
    })
}

/// The same case under another name; every name in it has its own in it.
pub(super) fn renamed(case: &Case, name: &str) -> Option<Case> {
    let text = write(case).to_string();
    let text = text.replace(name_of(&case.policy), name);
    read(&serde_json::from_str(&text).ok()?)
}

/// What the API server wants of each object, or what keeps cases apart.
const NEEDED: [&str; 16] = [
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "namespace",
    "spec",
    "matchConstraints",
    "expression",
    "policyName",
    "matchResources",
    "object",
    "apply",
    "account",
    "requests",
    "resourceRules",
    "resourceNames",
];

/// The cases that have one thing less, those with much less first.
pub(super) fn smaller(case: &Case) -> Vec<Case> {
    let whole = write(case);
    let mut pointers = Vec::new();
    for part in ["policy", "bindings", "parameters", "requests"] {
        if let Some(value) = whole.get(part) {
            removable(value, format!("/{part}"), &mut pointers);
        }
    }
    let mut cases: Vec<(usize, Case)> = Vec::new();
    for pointer in pointers {
        let mut changed = whole.clone();
        take_out(&mut changed, &pointer);
        cases.extend(read(&changed).map(|case| (changed.to_string().len(), case)));
    }
    for (pointer, simpler) in expressions(&whole) {
        let mut changed = whole.clone();
        if let Some(place) = changed.pointer_mut(&pointer) {
            *place = simpler.into();
        }
        cases.extend(read(&changed).map(|case| (changed.to_string().len(), case)));
    }
    cases.sort_by_key(|(length, _)| *length);
    cases.into_iter().map(|(_, case)| case).collect()
}

fn removable(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let here = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                if !NEEDED.contains(&key.as_str()) {
                    found.push(here.clone());
                }
                // A definition's own content is as the API server fills it in, and the rules of a
                // binding keep cases apart.
                let whole = ["/object/spec", "/matchResources/resourceRules"];
                if !whole.iter().any(|end| here.ends_with(end)) {
                    removable(member, here, found);
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let here = format!("{pointer}/{at}");
                if items.len() > 1 || pointer == "/parameters" {
                    found.push(here.clone());
                }
                removable(item, here, found);
            }
        }
        _ => {}
    }
}

fn take_out(whole: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        return;
    };
    match whole.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.remove(&last.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(items)) => {
            if let Some(at) = last.parse().ok().filter(|at| *at < items.len()) {
                items.remove(at);
            }
        }
        _ => {}
    }
}

/// Parts of expressions, in their place.
fn expressions(whole: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for list in ["validations", "matchConditions", "variables"] {
        let all = whole.pointer(&format!("/policy/spec/{list}"));
        let all = all.and_then(Value::as_array).into_iter().flatten();
        for (at, one) in all.enumerate() {
            let Some(text) = one.get("expression").and_then(Value::as_str) else {
                continue;
            };
            let pointer = format!("/policy/spec/{list}/{at}/expression");
            let parts = text.split(['(', ')']).map(str::trim);
            let whole_parts = [") || (", ") && (", ") ? (", ") : ("]
                .iter()
                .flat_map(|between| text.split(between))
                .map(|part| part.trim_start_matches('(').trim_end_matches(')'));
            for part in parts.chain(whole_parts).chain(["true", "false"]) {
                if part.len() < text.len() && part.len() > 3 {
                    found.push((pointer.clone(), part.to_owned()));
                }
            }
        }
    }
    found
}
