//! Verifying a statement from its bytes, a trust bundle and the time: in one order, and the first
//! step that fails is named.

mod policy;
mod steps;

use jiff::Timestamp;

pub use policy::{VerifyPolicy, Wanted};

use crate::FAILED;
use crate::bundle::TrustBundle;
use crate::statement::Statement;
use steps::Steps;

/// Why a statement does not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {message}")]
pub struct Problem {
    /// For programs; it outlives releases.
    pub reason: &'static str,
    /// For people.
    pub message: String,
}

/// A step, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was looked at.
    pub name: &'static str,
    /// Why it does not do; absent: it does.
    pub problem: Option<Problem>,
}

/// What verifying came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The steps that were taken, in their order; only the last one may have failed.
    pub steps: Vec<Step>,
    /// What is said, once it is known who says it.
    pub statement: Option<Statement>,
    /// The key that signed it.
    pub key_id: Option<String>,
}

impl Verification {
    /// Why the statement does not do; absent: it does.
    pub fn problem(&self) -> Option<&Problem> {
        self.steps.last().and_then(|step| step.problem.as_ref())
    }

    /// Whether everything holds.
    pub fn is_valid(&self) -> bool {
        self.problem().is_none() && self.statement.is_some()
    }

    /// Whether it is all that it should be, but says that the operator failed.
    pub fn is_authentic_failure(&self) -> bool {
        self.problem()
            .is_some_and(|problem| problem.reason == "RESULT_FAILED")
            && self
                .statement
                .as_ref()
                .is_some_and(|statement| statement.predicate.result == FAILED)
    }
}

/// Verifies an envelope. The bytes are verified before they are parsed, and the same bytes are
/// parsed.
pub fn verify(
    envelope: &[u8],
    bundle: &TrustBundle,
    policy: &VerifyPolicy,
    now: Timestamp,
) -> Verification {
    let mut steps = Steps::new(bundle, policy, now);
    // What failed is the last of the steps.
    let _ = steps.take(envelope);
    steps.done()
}
