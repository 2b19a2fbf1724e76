//! Which requests an admission rule is for. The wildcards are admission's own: `namespaces/*` is
//! the resource with all its subresources, `*/*` everything, `*` every resource and no
//! subresource. <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>

use std::collections::BTreeMap;

use opsec_facts::Facts;
use opsec_model::objects::{AdmissionRule, LabelSelector, MatchResources};
use serde_json::Value;

use crate::request::{AdmissionRequest, Operation};

/// Whether something looks at a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Match {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It may; why that is not known.
    Unknown(String),
}

/// A resource as rules name it.
#[derive(Clone, Copy)]
struct Target<'a> {
    group: &'a str,
    version: &'a str,
    resource: &'a str,
}

/// Whether match constraints, or a binding's match resources, are for a request.
pub(crate) fn resources_match(
    facts: &Facts<'_>,
    resources: &MatchResources,
    request: &AdmissionRequest,
) -> Match {
    let namespaces = namespace_selected(facts, resources.namespace_selector.as_ref(), request);
    if namespaces == Match::No {
        return Match::No;
    }
    if !object_selected(resources.object_selector.as_ref(), request) {
        return Match::No;
    }
    let equivalent = resources.match_policy.as_deref() != Some("Exact");
    let excluded = rules_match(
        facts,
        &resources.exclude_resource_rules,
        equivalent,
        request,
    );
    let included = if resources.resource_rules.is_empty() {
        Match::Yes
    } else {
        rules_match(facts, &resources.resource_rules, equivalent, request)
    };
    match (excluded, included, namespaces) {
        (Match::Yes, ..) | (_, Match::No, _) => Match::No,
        (Match::Unknown(reason), ..)
        | (_, Match::Unknown(reason), _)
        | (_, _, Match::Unknown(reason)) => Match::Unknown(reason),
        _ => Match::Yes,
    }
}

/// Whether any of the rules is for a request. Under `equivalent` a rule for another served
/// version of the resource counts too; what the object looks like there is not known here.
pub(crate) fn rules_match(
    facts: &Facts<'_>,
    rules: &[AdmissionRule],
    equivalent: bool,
    request: &AdmissionRequest,
) -> Match {
    let asked = Target {
        group: &request.group,
        version: &request.version,
        resource: &request.resource,
    };
    if rules.iter().any(|rule| rule_matches(rule, asked, request)) {
        return Match::Yes;
    }
    if !equivalent {
        return Match::No;
    }
    equivalents(facts, request)
        .into_iter()
        .find(|(group, version)| {
            let target = Target {
                group,
                version,
                resource: &request.resource,
            };
            rules.iter().any(|rule| rule_matches(rule, target, request))
        })
        .map_or(Match::No, |(group, version)| {
            Match::Unknown(format!(
                "it matches through the equivalent {group}/{version}, and conversion is not known"
            ))
        })
}

/// Whether a selector of namespaces lets a request through. It never excludes a cluster-scoped
/// object that is not a Namespace.
pub(crate) fn namespace_selected(
    facts: &Facts<'_>,
    selector: Option<&LabelSelector>,
    request: &AdmissionRequest,
) -> Match {
    let Some(selector) = selector.filter(|selector| !selector.is_empty()) else {
        return Match::Yes;
    };
    let namespace = request.attribute_namespace();
    if namespace.is_empty() {
        return Match::Yes;
    }
    let writes = matches!(request.operation, Operation::Create | Operation::Update);
    let labels = if request.is_namespace_object() && request.subresource.is_none() && writes {
        labels_of(&request.object)
    } else {
        if facts.namespace(namespace).is_none()
            && let Some(reason) = facts.missing("namespaces", "")
        {
            return Match::Unknown(reason);
        }
        facts.namespace_labels(namespace)
    };
    if selector.matches(&labels) {
        Match::Yes
    } else {
        Match::No
    }
}

/// Whether a selector of objects lets a request through: by the object or by what it was.
pub(crate) fn object_selected(
    selector: Option<&LabelSelector>,
    request: &AdmissionRequest,
) -> bool {
    let Some(selector) = selector.filter(|selector| !selector.is_empty()) else {
        return true;
    };
    let new = (!request.object.is_null()).then_some(&*request.object);
    new.into_iter()
        .chain(&request.old_object)
        .any(|object| selector.matches(&labels_of(object)))
}

/// Whether a selector restricts anything.
pub(crate) fn restricts(selector: Option<&LabelSelector>) -> bool {
    selector.is_some_and(|selector| !selector.is_empty())
}

fn rule_matches(rule: &AdmissionRule, target: Target<'_>, request: &AdmissionRequest) -> bool {
    scope_matches(rule.scope.as_deref(), request)
        && has(&rule.operations, request.operation.as_str())
        && has(&rule.api_groups, target.group)
        && has(&rule.api_versions, target.version)
        && rule
            .resources
            .iter()
            .any(|pattern| resource_matches(pattern, target.resource, request))
        && (rule.resource_names.is_empty() || rule.resource_names.contains(&request.name))
}

fn has(items: &[String], asked: &str) -> bool {
    items.iter().any(|item| item == "*" || item == asked)
}

fn resource_matches(pattern: &str, resource: &str, request: &AdmissionRequest) -> bool {
    let (base, sub) = pattern.split_once('/').unwrap_or((pattern, ""));
    let subresource = request.subresource.as_deref().unwrap_or_default();
    (base == "*" || base == resource) && (sub == "*" || sub == subresource)
}

fn scope_matches(scope: Option<&str>, request: &AdmissionRequest) -> bool {
    let namespaced = !request.is_namespace_object() && !request.attribute_namespace().is_empty();
    match scope {
        None | Some("*") => true,
        Some("Namespaced") => namespaced,
        Some("Cluster") => !namespaced,
        Some(_) => false,
    }
}

fn labels_of(object: &Value) -> BTreeMap<String, String> {
    object
        .pointer("/metadata/labels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Built-in resources that a default API server of the release serves under several groups and
/// versions.
const SERVED_TWICE: [(&str, [(&str, &str); 2]); 2] = [
    ("events", [("", "v1"), ("events.k8s.io", "v1")]),
    (
        "horizontalpodautoscalers",
        [("autoscaling", "v1"), ("autoscaling", "v2")],
    ),
];

/// The groups under which the objects of a request are served: its own, and those of
/// [`SERVED_TWICE`].
pub(crate) fn groups_asked(request: &AdmissionRequest) -> impl Iterator<Item = &str> {
    let asked = (&*request.group, &*request.version);
    let twice = SERVED_TWICE
        .iter()
        .filter(move |(resource, served)| *resource == request.resource && served.contains(&asked))
        .flat_map(|(_, served)| served.iter().map(|(group, _)| *group));
    std::iter::once(asked.0).chain(twice)
}

/// Other groups and versions under which the same objects are served.
fn equivalents(facts: &Facts<'_>, request: &AdmissionRequest) -> Vec<(String, String)> {
    let asked = (&*request.group, &*request.version);
    let built_in = SERVED_TWICE
        .iter()
        .filter(|(resource, served)| *resource == request.resource && served.contains(&asked))
        .flat_map(|(_, served)| served.iter().copied());
    let custom = facts
        .snapshot()
        .custom_resource_definitions
        .iter()
        .filter(|crd| crd.spec.group == request.group && crd.spec.names.plural == request.resource)
        .flat_map(|crd| {
            crd.spec
                .versions
                .iter()
                .filter(|version| version.served)
                .map(|version| (crd.spec.group.as_str(), version.name.as_str()))
        });
    built_in
        .chain(custom)
        .filter(|other| *other != asked)
        .map(|(group, version)| (group.to_owned(), version.to_owned()))
        .collect()
}
