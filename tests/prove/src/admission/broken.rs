//! Engines that are broken on purpose. An engine that does not look at something answers as if it
//! were not there, so each is made by taking that out of the case.

use serde_json::{Value, json};

use super::generate::Case;

/// A broken engine.
pub(super) struct Break {
    pub(super) how: &'static str,
    /// What the engine makes of a case before it judges it.
    pub(super) make: fn(&mut Case),
}

pub(super) const BREAKS: [Break; 12] = [
    Break {
        how: "excludeResourceRules are not looked at",
        make: |case| without(case, "excludeResourceRules"),
    },
    Break {
        how: "object selectors are not looked at",
        make: |case| without(case, "objectSelector"),
    },
    Break {
        how: "namespace selectors are not looked at",
        make: |case| without(case, "namespaceSelector"),
    },
    Break {
        how: "scopes of rules are not looked at",
        make: |case| in_rules(case, |rule| drop(rule.remove("scope"))),
    },
    Break {
        how: "operations of rules are not looked at",
        make: |case| {
            in_rules(case, |rule| {
                rule.insert("operations".to_owned(), json!(["*"]));
            });
        },
    },
    Break {
        how: "match conditions are not looked at",
        make: |case| remove(&mut case.policy, "matchConditions"),
    },
    Break {
        how: "failurePolicy is always Fail",
        make: |case| remove(&mut case.policy, "failurePolicy"),
    },
    Break {
        how: "Warn and Audit deny",
        make: |case| {
            for binding in &mut case.bindings {
                binding["spec"]["validationActions"] = json!(["Deny"]);
            }
        },
    },
    Break {
        how: "only the first validation is looked at",
        make: |case| {
            if let Some(all) = case.policy.pointer_mut("/spec/validations") {
                all.as_array_mut()
                    .into_iter()
                    .for_each(|all| all.truncate(1));
            }
        },
    },
    Break {
        how: "only the first binding is looked at",
        make: |case| case.bindings.truncate(1),
    },
    Break {
        how: "a missing parameter always allows",
        make: |case| {
            for binding in &mut case.bindings {
                if let Some(reference) = binding.pointer_mut("/spec/paramRef") {
                    reference["parameterNotFoundAction"] = "Allow".into();
                }
            }
        },
    },
    Break {
        how: "every account is taken for the operator of team-a",
        make: |case| {
            for request in &mut case.requests {
                request.account = ("team-a".to_owned(), "operator".to_owned());
            }
        },
    },
];

fn remove(object: &mut Value, field: &str) {
    if let Some(spec) = object.pointer_mut("/spec").and_then(Value::as_object_mut) {
        spec.remove(field);
    }
}

/// Constraints of the policy and of its bindings.
fn constraints(case: &mut Case) -> impl Iterator<Item = &mut serde_json::Map<String, Value>> {
    let of_bindings = case.bindings.iter_mut();
    let of_bindings = of_bindings.filter_map(|one| one.pointer_mut("/spec/matchResources"));
    let of_policy = case.policy.pointer_mut("/spec/matchConstraints");
    let all = of_policy.into_iter().chain(of_bindings);
    all.filter_map(Value::as_object_mut)
}

fn without(case: &mut Case, field: &str) {
    for resources in constraints(case) {
        resources.remove(field);
    }
}

fn in_rules(case: &mut Case, change: fn(&mut serde_json::Map<String, Value>)) {
    for resources in constraints(case) {
        let rules = resources
            .get_mut("resourceRules")
            .and_then(Value::as_array_mut);
        for rule in rules.into_iter().flatten().filter_map(Value::as_object_mut) {
            change(rule);
        }
    }
}
