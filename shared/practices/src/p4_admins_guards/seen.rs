//! Which built-in kinds a webhook sees, and what it can do to them. The wildcards are
//! admission's: `secrets/*` is the kind with its subresources, `*` every kind without them.

use std::collections::{BTreeMap, BTreeSet};

use opsec_kubernetes::{BuiltInKind, NAMESPACE_NAME_LABEL, Scope, built_in};
use opsec_model::Severity;
use opsec_model::objects::{AdmissionRule, LabelSelector, Webhook};

use crate::context::Context;

/// What of the built-in kinds a webhook sees.
#[derive(Debug)]
pub(crate) struct Seen {
    /// `secrets`, `pods/ephemeralcontainers`, `deployments.apps`.
    pub(crate) kinds: BTreeSet<String>,
    /// Places of the rules and resources that say so, as in `rules[0].resources[1]`, with what
    /// stands there.
    pub(crate) fields: Vec<(String, String)>,
    /// How grave.
    pub(crate) severity: Severity,
    /// Whether it may change pods or what makes them.
    pub(crate) changes_pods: bool,
    /// Whether its namespaceSelector holds it to intended namespaces.
    pub(crate) held: bool,
}

/// What is as good as reading every credential.
const CREDENTIALS: [&str; 2] = ["secrets", "serviceaccounts/token"];

/// Pods and what makes them.
const PODS: [&str; 10] = [
    "pods",
    "pods/ephemeralcontainers",
    "pods/resize",
    "replicationcontrollers",
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "replicasets.apps",
    "jobs.batch",
    "cronjobs.batch",
];

/// What a webhook sees of built-in kinds; none when it sees none.
pub(crate) fn by(context: &Context<'_>, webhook: &Webhook, mutating: bool) -> Option<Seen> {
    let mut kinds = BTreeSet::new();
    let mut fields = Vec::new();
    let mut changes_pods = false;
    for (index, rule) in webhook.rules.iter().enumerate() {
        let writes = ["*", "CREATE", "UPDATE"]
            .into_iter()
            .any(|operation| rule.operations.iter().any(|entry| entry == operation));
        for (place, pattern) in rule.resources.iter().enumerate() {
            let matched = matched(rule, pattern);
            if matched.is_empty() {
                continue;
            }
            let has_pods = matched.iter().any(|kind| PODS.contains(&kind.as_str()));
            changes_pods |= mutating && writes && has_pods;
            fields.push((
                format!("rules[{index}].resources[{place}]"),
                pattern.clone(),
            ));
            kinds.extend(matched);
        }
    }
    if kinds.is_empty() {
        return None;
    }
    let held = holds(context, webhook.namespace_selector.as_ref());
    let credentials = CREDENTIALS.iter().any(|kind| kinds.contains(*kind));
    let severity = if credentials && !held {
        Severity::High
    } else if changes_pods {
        Severity::Medium
    } else {
        Severity::Low
    };
    Some(Seen {
        kinds,
        fields,
        severity,
        changes_pods,
        held,
    })
}

/// The built-in kinds and subresources that one resource pattern of a rule means.
fn matched(rule: &AdmissionRule, pattern: &str) -> BTreeSet<String> {
    let (base, sub) = pattern.split_once('/').unwrap_or((pattern, ""));
    let mut matched = BTreeSet::new();
    for kind in built_in() {
        let group = rule
            .api_groups
            .iter()
            .any(|group| group == "*" || *group == kind.group);
        let resource = base == "*" || base == kind.resource;
        if !group || !resource || !in_scope(rule, kind) {
            continue;
        }
        if sub.is_empty() || sub == "*" {
            matched.insert(named(kind, ""));
        }
        for subresource in &kind.subresources {
            if sub == "*" || sub == subresource {
                matched.insert(named(kind, subresource));
            }
        }
    }
    matched
}

fn in_scope(rule: &AdmissionRule, kind: &BuiltInKind) -> bool {
    // A Namespace object counts as cluster-scoped.
    match rule.scope.as_deref() {
        Some("Cluster") => kind.scope == Scope::Cluster,
        Some("Namespaced") => kind.scope == Scope::Namespaced,
        _ => true,
    }
}

/// `secrets`, `serviceaccounts/token`, `deployments.apps`, `deployments.apps/scale`.
fn named(kind: &BuiltInKind, subresource: &str) -> String {
    let mut name = kind.resource.clone();
    if !kind.group.is_empty() {
        name = format!("{name}.{}", kind.group);
    }
    if subresource.is_empty() {
        name
    } else {
        format!("{name}/{subresource}")
    }
}

/// Whether a selector of namespaces holds a webhook to intended namespaces: of all that are
/// known it selects none but intended and own ones, and it does not select a namespace that
/// somebody makes tomorrow without labels.
fn holds(context: &Context<'_>, selector: Option<&LabelSelector>) -> bool {
    let namespaces = context.namespaces();
    if namespaces.all_intended {
        return true;
    }
    let Some(selector) = selector.filter(|selector| !selector.is_empty()) else {
        return false;
    };
    let unlabelled = BTreeMap::from([(
        NAMESPACE_NAME_LABEL.to_owned(),
        "a-namespace-of-tomorrow".to_owned(),
    )]);
    !selector.matches(&unlabelled)
        && context.facts.namespace_names().all(|name| {
            namespaces.intended.contains(name)
                || namespaces.operator.contains(name)
                || !selector.matches(&context.facts.namespace_labels(name))
        })
}
