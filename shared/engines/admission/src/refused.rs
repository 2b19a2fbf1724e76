//! What the API server refuses of a policy or binding before it looks at any expression. An
//! object that is refused is not there, so it denies nothing.
//! <https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/validating-admission-policy-v1/>

use opsec_model::objects::{
    AdmissionRule, ParamRef, ValidatingAdmissionPolicyBindingSpec, ValidatingAdmissionPolicySpec,
};

use crate::compiled::RefusedField;

/// The first field of a policy that is refused.
pub(crate) fn policy(spec: &ValidatingAdmissionPolicySpec) -> Option<RefusedField> {
    let Some(constraints) = &spec.match_constraints else {
        return Some(refuse("spec.matchConstraints", "is required"));
    };
    if constraints.resource_rules.is_empty() {
        return Some(refuse("spec.matchConstraints.resourceRules", "is required"));
    }
    let included = ("resourceRules", &constraints.resource_rules);
    let excluded = ("excludeResourceRules", &constraints.exclude_resource_rules);
    for (name, rules) in [included, excluded] {
        for (index, refused) in rules.iter().enumerate() {
            if let Some((field, message)) = rule(refused) {
                let field = format!("spec.matchConstraints.{name}[{index}].{field}");
                return Some(refuse(field, message));
            }
        }
    }
    if spec.validations.is_empty() && spec.audit_annotations.is_empty() {
        return Some(refuse(
            "spec.validations",
            "or spec.auditAnnotations must not be empty",
        ));
    }
    match spec.failure_policy.as_deref() {
        None | Some("Fail" | "Ignore") => None,
        Some(_) => Some(refuse("spec.failurePolicy", "must be Fail or Ignore")),
    }
}

/// The first field of a binding that is refused.
pub(crate) fn binding(spec: &ValidatingAdmissionPolicyBindingSpec) -> Option<RefusedField> {
    let has = |action: &str| spec.validation_actions.iter().any(|known| known == action);
    let known = |action: &String| matches!(action.as_str(), "Deny" | "Warn" | "Audit");
    if spec.validation_actions.is_empty() {
        return Some(refuse("spec.validationActions", "is required"));
    }
    if !spec.validation_actions.iter().all(known) {
        return Some(refuse(
            "spec.validationActions",
            "must be of Deny, Warn and Audit",
        ));
    }
    if has("Deny") && has("Warn") {
        return Some(refuse(
            "spec.validationActions",
            "must not have both Deny and Warn",
        ));
    }
    spec.param_ref.as_ref().and_then(reference)
}

fn reference(reference: &ParamRef) -> Option<RefusedField> {
    if reference.name.is_some() == reference.selector.is_some() {
        return Some(refuse(
            "spec.paramRef",
            "must have one of name and selector",
        ));
    }
    match reference.parameter_not_found_action.as_deref() {
        Some("Allow" | "Deny") => None,
        _ => Some(refuse(
            "spec.paramRef.parameterNotFoundAction",
            "must be Allow or Deny",
        )),
    }
}

/// What of a rule is refused: nothing may be empty, and `*` stands alone.
fn rule(rule: &AdmissionRule) -> Option<(&'static str, &'static str)> {
    let lists = [
        ("operations", &rule.operations),
        ("apiGroups", &rule.api_groups),
        ("apiVersions", &rule.api_versions),
    ];
    for (field, items) in lists {
        if items.is_empty() {
            return Some((field, "is required"));
        }
        if items.len() > 1 && items.iter().any(|item| item == "*") {
            return Some((field, "must not have others beside `*`"));
        }
    }
    let everything = rule.resources.iter().any(|resource| resource == "*/*");
    if rule.resources.is_empty() {
        return Some(("resources", "is required"));
    }
    (everything && rule.resources.len() > 1)
        .then_some(("resources", "must not have others beside `*/*`"))
}

fn refuse(field: impl Into<String>, message: &str) -> RefusedField {
    RefusedField {
        field: field.into(),
        message: message.to_owned(),
    }
}
