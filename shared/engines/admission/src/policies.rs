//! ValidatingAdmissionPolicies: which look at a request, and what they say.

use opsec_facts::Facts;
use opsec_model::ObjectRef;
use opsec_model::objects::{
    MatchResources, Object as _, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};

use crate::admission::{Admission, ReadyPolicy};
use crate::compiled::{CompiledPolicy, Outcome, RefusedField};
use crate::decision::{Cause, Decision, Denial, InvalidPolicy, Reads, Unknown};
use crate::inputs;
use crate::matching::{Match, resources_match, restricts};
use crate::missing;
use crate::params::{self, Param, Params};
use crate::refused;
use crate::request::AdmissionRequest;

const POLICIES: &str = "validatingadmissionpolicies";
const BINDINGS: &str = "validatingadmissionpolicybindings";

/// Adds to a decision what the ValidatingAdmissionPolicies say.
pub(crate) fn judge(
    admission: &Admission<'_>,
    request: &AdmissionRequest,
    decision: &mut Decision,
) {
    let facts = admission.facts;
    decision.missing.extend(missing(facts, POLICIES));
    decision.missing.extend(missing(facts, BINDINGS));
    for ready in &admission.policies {
        judge_policy(admission, ready, request, decision);
    }
}

fn judge_policy(
    admission: &Admission<'_>,
    ready: &ReadyPolicy<'_>,
    request: &AdmissionRequest,
    decision: &mut Decision,
) {
    let facts = admission.facts;
    let policy = ready.policy;
    let matched = policy
        .spec
        .match_constraints
        .as_ref()
        .map_or(Match::No, |constraints| {
            resources_match(facts, constraints, request)
        });
    if matched == Match::No {
        return;
    }
    let bindings = bindings_of(facts, policy, decision);
    if bindings.is_empty() {
        return;
    }
    let shape = refused::policy(&policy.spec).filter(|_| facts.from_files());
    let compiled = match shape.as_ref().map_or_else(|| ready.compiled(), Err) {
        Ok(compiled) => compiled,
        Err(refused) if facts.from_files() => {
            decision
                .invalid
                .push(invalid(policy.object_ref(), refused.clone()));
            return;
        }
        Err(refused) => {
            decision.unknown.push(Unknown {
                policy: policy.object_ref(),
                binding: None,
                reason: format!(
                    "{} does not compile here: {}",
                    refused.field, refused.message
                ),
                only_warns: false,
            });
            return;
        }
    };
    let bound = bindings.into_iter().map(|binding| Bound {
        admission,
        facts,
        request,
        policy,
        binding,
        compiled,
    });
    judge_bound(bound.collect(), &matched, decision);
}

/// Judges a policy under its bindings. Parameters of a kind that is not served are an error of the
/// policy, said once.
fn judge_bound(bound: Vec<Bound<'_>>, matched: &Match, decision: &mut Decision) {
    let Some(first) = bound.first().filter(|_| *matched == Match::Yes) else {
        for judged in bound {
            judged.judge(matched, decision);
        }
        return;
    };
    match params::unserved(first.facts, first.policy.spec.param_kind.as_ref()) {
        Some(Params::Error(message)) => first.misconfigured(message, decision),
        Some(Params::Unknown(reason)) => decision.unknown.push(first.unknown(reason, false)),
        _ => {
            for judged in bound {
                judged.judge(matched, decision);
            }
        }
    }
}

/// The bindings of a policy, those left out that the API server refuses.
fn bindings_of<'a>(
    facts: &Facts<'a>,
    policy: &ValidatingAdmissionPolicy,
    decision: &mut Decision,
) -> Vec<&'a ValidatingAdmissionPolicyBinding> {
    let mut kept = Vec::new();
    for binding in &facts.snapshot().validating_admission_policy_bindings {
        if binding.spec.policy_name != policy.metadata.name {
            continue;
        }
        match refused::binding(&binding.spec).filter(|_| facts.from_files()) {
            Some(refused) => decision
                .invalid
                .push(invalid(binding.object_ref(), refused)),
            None => kept.push(binding),
        }
    }
    kept
}

fn invalid(object: ObjectRef, refused: RefusedField) -> InvalidPolicy {
    InvalidPolicy {
        policy: object,
        field: refused.field,
        message: refused.message,
    }
}

/// A policy under one of its bindings.
struct Bound<'a> {
    admission: &'a Admission<'a>,
    facts: &'a Facts<'a>,
    request: &'a AdmissionRequest,
    policy: &'a ValidatingAdmissionPolicy,
    binding: &'a ValidatingAdmissionPolicyBinding,
    compiled: &'a CompiledPolicy,
}

impl Bound<'_> {
    fn judge(&self, matched: &Match, decision: &mut Decision) {
        let spec = &self.binding.spec;
        let bound = spec
            .match_resources
            .as_ref()
            .map_or(Match::Yes, |resources| {
                resources_match(self.facts, resources, self.request)
            });
        match (matched, &bound) {
            (_, Match::No) | (Match::No, _) => return,
            (Match::Unknown(reason), _) | (_, Match::Unknown(reason)) => {
                decision.unknown.push(self.unknown(reason.clone(), false));
                return;
            }
            (Match::Yes, Match::Yes) => {}
        }
        let kind = self.policy.spec.param_kind.as_ref();
        let collected = params::collect(self.facts, kind, spec.param_ref.as_ref(), self.request);
        match collected {
            Params::Null => self.evaluate(None, decision),
            Params::Objects(objects) => {
                for param in &objects {
                    self.evaluate(Some(param), decision);
                }
            }
            Params::Error(message) => self.misconfigured(message, decision),
            Params::Unknown(reason) => decision.unknown.push(self.unknown(reason, false)),
        }
    }

    /// A configuration error denies whatever the binding's actions are.
    fn misconfigured(&self, message: String, decision: &mut Decision) {
        let cause = Cause::ParamMissing { message };
        self.deny(cause, Reads::default(), None, true, decision);
    }

    fn evaluate(&self, param: Option<&Param>, decision: &mut Decision) {
        let inputs = inputs::of(self.admission, self.request, param);
        for outcome in self.compiled.evaluate(&inputs) {
            match outcome {
                Outcome::Denies { cause, reads } => {
                    let always = matches!(cause, Cause::AuditAnnotationError { .. });
                    self.deny(cause, reads, param, always, decision);
                }
                Outcome::Unknown(reason) => {
                    decision.unknown.push(self.unknown(reason, !self.denies()));
                }
            }
        }
    }

    /// Whether the binding denies, rather than warns or audits.
    fn denies(&self) -> bool {
        self.binding
            .spec
            .validation_actions
            .iter()
            .any(|action| action == "Deny")
    }

    fn deny(
        &self,
        cause: Cause,
        reads: Reads,
        param: Option<&Param>,
        whatever_the_actions: bool,
        decision: &mut Decision,
    ) {
        let ignored = !cause.is_decision() && self.ignores_failure();
        let certain = !ignored && (whatever_the_actions || self.denies());
        let failure_policy = if self.ignores_failure() {
            "Ignore"
        } else {
            "Fail"
        };
        let denial = Denial {
            policy: self.policy.object_ref(),
            binding: self.binding.object_ref(),
            cause,
            failure_policy: failure_policy.to_owned(),
            actions: self.binding.spec.validation_actions.clone(),
            object_selector: self.has_object_selector(),
            params: param
                .map(|param| param.object.clone())
                .into_iter()
                .collect(),
            reads,
        };
        if certain {
            decision.denials.push(denial);
        } else {
            decision.would_deny.push(denial);
        }
    }

    fn unknown(&self, reason: String, only_warns: bool) -> Unknown {
        Unknown {
            policy: self.policy.object_ref(),
            binding: Some(self.binding_ref()),
            reason,
            only_warns,
        }
    }

    fn binding_ref(&self) -> ObjectRef {
        self.binding.object_ref()
    }

    fn ignores_failure(&self) -> bool {
        self.policy.spec.failure_policy.as_deref() == Some("Ignore")
    }

    fn has_object_selector(&self) -> bool {
        let constraints: [&Option<MatchResources>; 2] = [
            &self.policy.spec.match_constraints,
            &self.binding.spec.match_resources,
        ];
        constraints
            .into_iter()
            .flatten()
            .any(|resources| restricts(resources.object_selector.as_ref()))
    }
}
