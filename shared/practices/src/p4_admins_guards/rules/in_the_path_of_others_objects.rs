//! OPSEC407: the operator stands in the path of others' objects.

use opsec_model::objects::{
    APIService, CustomResourceDefinition, Metadata, Object as _, ServiceReference, Webhook,
    WebhookClientConfig,
};
use opsec_model::{Half, Kind, ObjectRef, Severity};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p4_admins_guards::backend::{components_behind, serves, serves_service};
use crate::p4_admins_guards::seen::{self, Seen};
use crate::shell::quote;

/// OPSEC407.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC407",
    slug: "in-the-path-of-others-objects",
    summary: "the operator stands in the path of others' objects",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether the operator serves an admission webhook on built-in kinds, a conversion webhook of a kind that is not its own, or an APIService for a group that is not its own. A group that nobody else defines is its own by being served; `metrics.k8s.io` and `*.metrics.k8s.io` are nobody's, and serving one is low. An objectSelector or a match condition does not hold a webhook to intended namespaces, a namespaceSelector does.",
        why: "Whoever takes the operator reads what passes through it, and changes or refuses it: Secrets and tokens above all.",
        severity: "high: secrets, serviceaccounts/token or * without a namespaceSelector that holds it to intended namespaces (an objectSelector does not hold); medium: mutates pods or workloads, or serves such a group; else low",
        bad: "kind: ValidatingWebhookConfiguration\nwebhooks:\n- rules: [{apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE], resources: [secrets]}]\n  clientConfig: {service: {namespace: operator, name: webhook}}",
        good: "kind: ValidatingWebhookConfiguration\nwebhooks:\n- rules: [{apiGroups: [example.com], apiVersions: [v1], operations: [CREATE], resources: [examples]}]\n  clientConfig: {service: {namespace: operator, name: webhook}}",
        fix: "Watch the operator's own kinds only, or hold the webhook to intended namespaces by a namespaceSelector.",
        references: &[
            "https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/",
            "https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/",
        ],
    },
    needs: &[
        ("apiservices", "apiregistration.k8s.io"),
        (
            "validatingwebhookconfigurations",
            "admissionregistration.k8s.io",
        ),
        (
            "mutatingwebhookconfigurations",
            "admissionregistration.k8s.io",
        ),
        ("apiservices", "apiregistration.k8s.io"),
    ],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let snapshot = context.facts.snapshot();
    let mut judgement = Judgement::of(1);
    let validating = snapshot
        .validating_webhook_configurations
        .iter()
        .map(|it| (false, &it.metadata, it.object_ref(), &it.webhooks));
    let mutating = snapshot
        .mutating_webhook_configurations
        .iter()
        .map(|it| (true, &it.metadata, it.object_ref(), &it.webhooks));
    for (mutating, metadata, object, webhooks) in validating.chain(mutating) {
        judgement
            .findings
            .extend(admission(context, mutating, metadata, &object, webhooks));
    }
    let definitions = &snapshot.custom_resource_definitions;
    judgement
        .findings
        .extend(definitions.iter().filter_map(|it| conversion(context, it)));
    let served = &snapshot.api_services;
    judgement
        .findings
        .extend(served.iter().filter_map(|it| aggregated(context, it)));
    judgement
}

/// One finding for a configuration: the worst of its webhooks speaks for it.
fn admission(
    context: &Context<'_>,
    mutating: bool,
    metadata: &Metadata,
    object: &ObjectRef,
    webhooks: &[Webhook],
) -> Option<Draft> {
    let mut seen: Vec<(usize, &Webhook, Seen)> = webhooks
        .iter()
        .enumerate()
        .filter(|(_, webhook)| serves(context, &webhook.client_config, metadata))
        .filter_map(|(index, webhook)| {
            Some((index, webhook, seen::by(context, webhook, mutating)?))
        })
        .collect();
    seen.sort_by_key(|(index, _, seen)| (std::cmp::Reverse(seen.severity), *index));
    let (_, webhook, worst) = seen.first()?;
    let mut title = format!(
        "its {} webhook {} {} {}",
        if mutating { "mutating" } else { "validating" },
        webhook.name,
        if mutating { "changes" } else { "sees" },
        shown(worst),
    );
    if seen.len() > 1 {
        title = format!("{title}, and {} more do alike", seen.len() - 1);
    }
    let mut draft = Draft::new(worst.severity, title, gain(worst, mutating), remedy(worst))
        .confirm(confirm(object, webhook, worst));
    for (index, webhook, seen) in &seen {
        for (field, _) in &seen.fields {
            draft = draft.evidence(object.clone(), format!("webhooks[{index}].{field}"));
        }
        for component in components_behind(context, webhook.client_config.service.as_ref()) {
            if !draft.components.contains(&component) {
                draft = draft.components([component]);
            }
        }
    }
    Some(draft)
}

/// `secrets, pods and 24 more in every namespace`.
fn shown(seen: &Seen) -> String {
    let first = ["secrets", "serviceaccounts/token", "pods"];
    let mut kinds: Vec<&str> = first
        .into_iter()
        .filter(|kind| seen.kinds.contains(*kind))
        .collect();
    kinds.extend(
        seen.kinds
            .iter()
            .map(String::as_str)
            .filter(|kind| !first.contains(kind)),
    );
    let rest = kinds.len().saturating_sub(3);
    kinds.truncate(3);
    let place = if seen.held {
        "in intended namespaces"
    } else {
        "beyond intended namespaces"
    };
    if rest == 0 {
        format!("{} {place}", kinds.join(", "))
    } else {
        format!("{} and {rest} more {place}", kinds.join(", "))
    }
}

fn gain(seen: &Seen, mutating: bool) -> &'static str {
    match (seen.severity, mutating) {
        (Severity::High, true) => {
            "whoever takes the operator reads and rewrites every credential that is written"
        }
        (Severity::High, false) => {
            "whoever takes the operator reads every credential that is written"
        }
        _ if seen.changes_pods => {
            "whoever takes the operator puts code of their own into others' pods"
        }
        (_, true) => "whoever takes the operator rewrites those objects as they are written",
        (_, false) => "whoever takes the operator reads those objects and refuses them at will",
    }
}

fn remedy(seen: &Seen) -> &'static str {
    if seen.held {
        "leave built-in kinds out of the webhook's rules"
    } else {
        "leave built-in kinds out of the webhook's rules, or select intended namespaces by a namespaceSelector"
    }
}

fn confirm(object: &ObjectRef, webhook: &Webhook, seen: &Seen) -> String {
    let pattern = seen
        .fields
        .first()
        .map_or("", |(_, pattern)| pattern.as_str());
    format!(
        "kubectl get {} {} -o jsonpath={} | tr ' ' '\\n' | grep -qxF {}",
        object.kind.to_ascii_lowercase(),
        quote(&object.name),
        quote(&format!(
            "{{.webhooks[?(@.name==\"{}\")].rules[*].resources[*]}}",
            webhook.name
        )),
        quote(pattern),
    )
}

/// A conversion webhook on a kind that is not the operator's.
fn conversion(context: &Context<'_>, definition: &CustomResourceDefinition) -> Option<Draft> {
    let spec = &definition.spec;
    let client = spec
        .conversion
        .as_ref()
        .filter(|conversion| conversion.strategy == "Webhook")
        .and_then(|conversion| conversion.webhook.as_ref())
        .and_then(|webhook| webhook.client_config.as_ref())?;
    let kind = Kind::new(&spec.names.plural, &spec.group);
    if context.operator.owned_kinds.contains(&kind)
        || !serves(context, client, &definition.metadata)
    {
        return None;
    }
    let name = &definition.metadata.name;
    let draft = Draft::new(
        Severity::Low,
        format!("its conversion webhook reads and rewrites every {name}, which is not its kind"),
        "whoever takes the operator reads and rewrites every object of that kind",
        "let the kind's own operator convert it",
    )
    .evidence(
        definition.object_ref(),
        "spec.conversion.webhook.clientConfig",
    )
    .components(components_behind(context, client.service.as_ref()));
    let base = "{.spec.conversion.webhook.clientConfig";
    let (path, value) = match client {
        WebhookClientConfig {
            service: Some(service),
            ..
        } => (
            format!("{base}.service.namespace}}/{base}.service.name}}"),
            format!("{}/{}", service.namespace, service.name),
        ),
        WebhookClientConfig { url, .. } => {
            (format!("{base}.url}}"), url.clone().unwrap_or_default())
        }
    };
    Some(draft.confirm(format!(
        "test \"$(kubectl get customresourcedefinition {} -o jsonpath='{path}')\" = {}",
        quote(name),
        quote(&value),
    )))
}

/// Whose an API group is, seen from the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The operator's: it owns a kind of it, or nobody but it serves the group.
    Own,
    /// Made to be served by whoever is there.
    Nobodys,
    /// Kubernetes', another installation's, or a kind's that is not the operator's.
    Others,
}

fn whose(context: &Context<'_>, group: &str) -> Whose {
    let operator = context.operator;
    if operator.own_groups().contains(group) || operator.presumed_own_groups.contains(group) {
        return Whose::Own;
    }
    if group == "metrics.k8s.io" || group.ends_with(".metrics.k8s.io") {
        return Whose::Nobodys;
    }
    let kubernetes = !group.contains('.') || group.ends_with(".k8s.io");
    let others = context
        .operators
        .iter()
        .any(|other| other.own_groups().contains(group));
    let defined = context
        .facts
        .snapshot()
        .custom_resource_definitions
        .iter()
        .any(|definition| definition.spec.group == group);
    if kubernetes || others || defined {
        Whose::Others
    } else {
        Whose::Own
    }
}

/// An APIService for a group that is not the operator's.
fn aggregated(context: &Context<'_>, served: &APIService) -> Option<Draft> {
    let service: &ServiceReference = served.spec.service.as_ref()?;
    if !serves_service(context, service) {
        return None;
    }
    let group = &served.spec.group;
    let draft = match whose(context, group) {
        Whose::Own => return None,
        Whose::Nobodys => Draft::new(
            Severity::Low,
            format!("it serves {group}, which others' workloads are scaled by"),
            "whoever takes the operator says how others' workloads are scaled",
            "serve the group only where something is scaled by it",
        ),
        Whose::Others => Draft::new(
            Severity::Medium,
            format!("it serves the API group {group}, which is not its own"),
            "whoever takes the operator reads and answers every request of that group",
            "let the group's own server answer, and remove the APIService",
        ),
    };
    Some(
        draft
            .evidence(served.object_ref(), "spec.service")
            .components(components_behind(context, Some(service)))
            .confirm(format!(
                "test \"$(kubectl get apiservice {} -o jsonpath='{{.spec.service.namespace}}/{{.spec.service.name}}')\" = {}",
                quote(&served.metadata.name),
                quote(&format!("{}/{}", service.namespace, service.name)),
            )),
    )
}
