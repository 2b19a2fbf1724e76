//! Would admission deny this request, and by what.
//!
//! ValidatingAdmissionPolicies are evaluated as the API server evaluates them; webhooks and
//! MutatingAdmissionPolicies, which run elsewhere or change what is judged, are named when they
//! could deny. Every answer is one of three: denied, not denied, not known and why.
//! <https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/>

mod admission;
mod cel;
mod compiled;
mod decision;
mod inputs;
mod matching;
mod mutating;
mod params;
mod policies;
pub mod probes;
mod refused;
mod request;
mod webhooks;

use opsec_facts::Facts;

pub use admission::Admission;
pub use decision::{
    Cause, Decision, Denial, InvalidPolicy, PossibleWebhook, Reads, Unknown, WebhookKind,
};
pub use request::{AdmissionRequest, Operation, OptionsKind, UserInfo};

const GROUP: &str = "admissionregistration.k8s.io";

/// Judges one request by the admission objects of a snapshot. Who asks several keeps the
/// [`Admission`].
pub fn decide(facts: &Facts<'_>, request: &AdmissionRequest) -> Decision {
    Admission::new(facts).decide(request)
}

/// Why a kind of admission object is not complete, as a clause; none when it is.
fn missing(facts: &Facts<'_>, resource: &str) -> Option<String> {
    facts.missing(resource, GROUP)
}
