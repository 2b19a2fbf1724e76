//! Webhooks that look at a request and could deny it: what they answer is known only by asking.
//! A mutating webhook can deny as well as a validating one.

use opsec_facts::Facts;
use opsec_model::ObjectRef;
use opsec_model::objects::{Object as _, Webhook};

use crate::compiled::{Condition, Conditions};
use crate::decision::{Decision, PossibleWebhook, Reads, WebhookKind};
use crate::inputs;
use crate::matching::{Match, namespace_selected, restricts, rules_match};
use crate::missing;
use crate::request::AdmissionRequest;

/// Adds to a decision the webhooks that could deny.
pub(crate) fn name_webhooks(
    facts: &Facts<'_>,
    request: &AdmissionRequest,
    decision: &mut Decision,
) {
    let snapshot = facts.snapshot();
    decision
        .missing
        .extend(missing(facts, "validatingwebhookconfigurations"));
    decision
        .missing
        .extend(missing(facts, "mutatingwebhookconfigurations"));
    let validating = snapshot
        .validating_webhook_configurations
        .iter()
        .map(|configuration| {
            (
                WebhookKind::Validating,
                configuration.object_ref(),
                &configuration.webhooks,
            )
        });
    let mutating = snapshot
        .mutating_webhook_configurations
        .iter()
        .map(|configuration| {
            (
                WebhookKind::Mutating,
                configuration.object_ref(),
                &configuration.webhooks,
            )
        });
    for (kind, configuration, webhooks) in validating.chain(mutating) {
        for (index, webhook) in webhooks.iter().enumerate() {
            decision.webhooks.extend(possible(
                facts,
                request,
                (kind, &configuration, index),
                webhook,
            ));
        }
    }
}

/// A webhook when it could deny: one that is called for the request, or that would be if the
/// author of the object chose other labels.
fn possible(
    facts: &Facts<'_>,
    request: &AdmissionRequest,
    (kind, configuration, index): (WebhookKind, &ObjectRef, usize),
    webhook: &Webhook,
) -> Option<PossibleWebhook> {
    let equivalent = webhook.match_policy.as_deref() != Some("Exact");
    if rules_match(facts, &webhook.rules, equivalent, request) == Match::No
        || namespace_selected(facts, webhook.namespace_selector.as_ref(), request) == Match::No
    {
        return None;
    }
    let conditions = Conditions::compile(&webhook.match_conditions, false);
    let condition = match conditions.evaluate(&inputs::without_namespace(facts, request)) {
        Condition::False => return None,
        Condition::Unknown(reason) => Some(reason),
        Condition::Error { .. } | Condition::True => None,
    };
    let object_selector = restricts(webhook.object_selector.as_ref());
    let ignores_failure = webhook.failure_policy.as_deref() == Some("Ignore");
    let why_not: Vec<String> = [
        (object_selector, "its objectSelector can be missed"),
        (ignores_failure, "its failurePolicy is Ignore"),
    ]
    .into_iter()
    .filter(|(holds, _)| *holds)
    .map(|(_, reason)| reason.to_owned())
    .collect();
    Some(PossibleWebhook {
        kind,
        configuration: configuration.clone(),
        field: format!("webhooks[{index}]"),
        name: webhook.name.clone(),
        client: Some(webhook.client_config.clone()),
        counts: why_not.is_empty(),
        why_not,
        object_selector,
        ignores_failure,
        condition_unknown: condition,
        reads: if webhook.match_conditions.is_empty() {
            Reads::default()
        } else {
            conditions.reads()
        },
    })
}
