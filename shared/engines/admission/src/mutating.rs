//! MutatingAdmissionPolicies that look at a request: under failurePolicy Fail an error of theirs
//! denies, and what they change is not read here.

use opsec_model::ObjectRef;
use opsec_model::objects::{MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding};

use crate::admission::{Admission, Ready};
use crate::compiled::Condition;
use crate::decision::{Decision, PossibleWebhook, WebhookKind};
use crate::inputs;
use crate::matching::{Match, resources_match, restricts};
use crate::missing;
use crate::request::{AdmissionRequest, Operation};

/// Adds to a decision the MutatingAdmissionPolicies that could deny.
pub(crate) fn name_policies(
    admission: &Admission<'_>,
    request: &AdmissionRequest,
    decision: &mut Decision,
) {
    let facts = admission.facts;
    decision
        .missing
        .extend(missing(facts, "mutatingadmissionpolicies"));
    decision
        .missing
        .extend(missing(facts, "mutatingadmissionpolicybindings"));
    if !matches!(request.operation, Operation::Create | Operation::Update) {
        return;
    }
    let snapshot = facts.snapshot();
    for ready in &admission.mutating_policies {
        let policy = ready.object;
        let bindings: Vec<&MutatingAdmissionPolicyBinding> = snapshot
            .mutating_admission_policy_bindings
            .iter()
            .filter(|binding| binding.spec.policy_name == policy.metadata.name)
            .collect();
        decision
            .webhooks
            .extend(possible(admission, request, ready, &bindings));
    }
}

fn possible(
    admission: &Admission<'_>,
    request: &AdmissionRequest,
    ready: &Ready<&MutatingAdmissionPolicy>,
    bindings: &[&MutatingAdmissionPolicyBinding],
) -> Option<PossibleWebhook> {
    let facts = admission.facts;
    let policy = ready.object;
    let constraints = policy.spec.match_constraints.as_ref()?;
    if resources_match(facts, constraints, request) == Match::No {
        return None;
    }
    let bound = |binding: &MutatingAdmissionPolicyBinding| {
        binding
            .spec
            .match_resources
            .as_ref()
            .is_none_or(|resources| resources_match(facts, resources, request) != Match::No)
    };
    let bindings: Vec<_> = bindings.iter().filter(|binding| bound(binding)).collect();
    if bindings.is_empty() {
        return None;
    }
    let conditions = ready.conditions();
    let condition_unknown = match conditions
        .evaluate(&inputs::without_namespace(admission, request).with_unknown_params())
    {
        Condition::False => return None,
        Condition::Unknown(reason) => Some(reason),
        Condition::Error { .. } | Condition::True => None,
    };
    // A binding without an objectSelector holds whatever the labels are.
    let missed = restricts(constraints.object_selector.as_ref())
        || bindings.iter().all(|binding| {
            binding
                .spec
                .match_resources
                .as_ref()
                .is_some_and(|resources| restricts(resources.object_selector.as_ref()))
        });
    let ignores_failure = policy.spec.failure_policy.as_deref() == Some("Ignore");
    let why_not: Vec<String> = [
        (missed, "its objectSelector can be missed"),
        (ignores_failure, "its failurePolicy is Ignore"),
    ]
    .into_iter()
    .filter(|(holds, _)| *holds)
    .map(|(_, reason)| reason.to_owned())
    .collect();
    Some(PossibleWebhook {
        kind: WebhookKind::MutatingPolicy,
        configuration: ObjectRef::cluster("MutatingAdmissionPolicy", &policy.metadata.name),
        field: String::new(),
        name: String::new(),
        client: None,
        counts: why_not.is_empty(),
        why_not,
        object_selector: missed,
        ignores_failure,
        condition_unknown,
        reads: conditions.reads(),
    })
}
