//! Webhooks that look at a request and could deny it: what they answer is known only by asking.
//! A mutating webhook can deny as well as a validating one.

use crate::admission::{Admission, NamedWebhook, Ready};
use crate::compiled::Condition;
use crate::decision::{Decision, PossibleWebhook, Reads};
use crate::inputs;
use crate::matching::{Match, namespace_selected, restricts, rules_match};
use crate::missing;
use crate::request::AdmissionRequest;

/// Adds to a decision the webhooks that could deny.
pub(crate) fn name_webhooks(
    admission: &Admission<'_>,
    request: &AdmissionRequest,
    decision: &mut Decision,
) {
    let facts = admission.facts;
    decision
        .missing
        .extend(missing(facts, "validatingwebhookconfigurations"));
    decision
        .missing
        .extend(missing(facts, "mutatingwebhookconfigurations"));
    for ready in admission.webhooks_for(request) {
        decision
            .webhooks
            .extend(possible(admission, request, ready));
    }
}

/// A webhook when it could deny: one that is called for the request, or that would be if the
/// author of the object chose other labels.
fn possible(
    admission: &Admission<'_>,
    request: &AdmissionRequest,
    ready: &Ready<NamedWebhook<'_>>,
) -> Option<PossibleWebhook> {
    let facts = admission.facts;
    let NamedWebhook {
        kind,
        configuration,
        index,
        webhook,
    } = &ready.object;
    let equivalent = webhook.match_policy.as_deref() != Some("Exact");
    if rules_match(facts, &webhook.rules, equivalent, request) == Match::No
        || namespace_selected(facts, webhook.namespace_selector.as_ref(), request) == Match::No
    {
        return None;
    }
    let conditions = ready.conditions();
    let condition = match conditions.evaluate(&inputs::without_namespace(admission, request)) {
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
        kind: *kind,
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
