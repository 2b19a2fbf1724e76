//! What a judgement says: who denies, who might, and what could not be known.

use opsec_model::ObjectRef;
use opsec_model::objects::WebhookClientConfig;

/// What admission does with a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// Certain denials.
    pub denials: Vec<Denial>,
    /// What would deny but does not: bindings that only warn or audit, and errors that
    /// failurePolicy Ignore passes over.
    pub would_deny: Vec<Denial>,
    /// Policies whose answer is not known.
    pub unknown: Vec<Unknown>,
    /// Policies and bindings that the API server refuses, so that they deny nothing.
    pub invalid: Vec<InvalidPolicy>,
    /// Webhooks and MutatingAdmissionPolicies that look at the request and could deny it.
    pub webhooks: Vec<PossibleWebhook>,
    /// Kinds of admission objects that are not complete, each as a clause.
    pub missing: Vec<String>,
}

impl Decision {
    /// Whether it is certain that the request is denied.
    pub fn is_denied(&self) -> bool {
        !self.denials.is_empty()
    }

    /// Whether it is certain that the request passes: nothing denies, nothing is unknown, no
    /// webhook that counts could deny.
    pub fn is_admitted(&self) -> bool {
        self.denials.is_empty()
            && self.unknown.is_empty()
            && self.missing.is_empty()
            && !self.webhooks.iter().any(|webhook| webhook.counts)
    }
}

/// One denial.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    /// The policy.
    pub policy: ObjectRef,
    /// The binding that puts it in force.
    pub binding: ObjectRef,
    /// Why it denies.
    pub cause: Cause,
    /// `Fail` or `Ignore`.
    pub failure_policy: String,
    /// `Deny`, `Warn`, `Audit`, as the binding has them.
    pub actions: Vec<String>,
    /// Whether an objectSelector restricts the policy or binding: the author of an object
    /// chooses its labels.
    pub object_selector: bool,
    /// Parameter objects that it was evaluated with.
    pub params: Vec<ObjectRef>,
    /// What of the asking user it rests on.
    pub reads: Reads,
}

/// Why a policy denies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A validation is false: a decision.
    Validation {
        /// Its place in `spec.validations`.
        index: usize,
        /// What is said.
        message: String,
    },
    /// A validation could not be evaluated.
    EvaluationError {
        /// Its place in `spec.validations`.
        index: usize,
        /// What went wrong.
        message: String,
    },
    /// A match condition could not be evaluated.
    MatchConditionError {
        /// The condition's name.
        name: String,
        /// What went wrong.
        message: String,
    },
    /// An audit annotation could not be evaluated; under Fail that denies whatever the binding
    /// says.
    AuditAnnotationError {
        /// Its place in `spec.auditAnnotations`.
        index: usize,
        /// What went wrong.
        message: String,
    },
    /// No parameter object, or none that can be had.
    ParamMissing {
        /// What is missing.
        message: String,
    },
    /// A webhook, or a MutatingAdmissionPolicy, of which the API server said that it denies.
    Answered {
        /// The field of the configuration, as in `webhooks[0]`; empty for a policy.
        field: String,
        /// Whether it decided; else it erred, or could not be reached, under Fail.
        decides: bool,
    },
}

impl Cause {
    /// Whether a decision denies, rather than an error or something missing.
    pub fn is_decision(&self) -> bool {
        match self {
            Self::Validation { .. } => true,
            Self::Answered { decides, .. } => *decides,
            _ => false,
        }
    }
}

/// What of the asking user an expression looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reads {
    /// `request.userInfo.username`.
    pub user_name: bool,
    /// `request.userInfo.groups`.
    pub groups: bool,
    /// `request.userInfo.uid`.
    pub uid: bool,
    /// `request.userInfo.extra`.
    pub extra: bool,
}

impl Reads {
    /// What either looks at.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            user_name: self.user_name || other.user_name,
            groups: self.groups || other.groups,
            uid: self.uid || other.uid,
            extra: self.extra || other.extra,
        }
    }
}

/// A policy whose answer is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// The policy.
    pub policy: ObjectRef,
    /// The binding, when one is concerned.
    pub binding: Option<ObjectRef>,
    /// The CEL feature or the fact that is missing, as a clause.
    pub reason: String,
    /// Whether it could deny only by warning or audit.
    pub only_warns: bool,
}

/// A policy or binding that the API server refuses when it is created.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InvalidPolicy {
    /// The policy or binding.
    pub policy: ObjectRef,
    /// The field, as in `spec.validations[0].expression`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// What else could deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WebhookKind {
    /// A webhook of a ValidatingWebhookConfiguration.
    Validating,
    /// A webhook of a MutatingWebhookConfiguration.
    Mutating,
    /// A MutatingAdmissionPolicy.
    MutatingPolicy,
}

/// A webhook or MutatingAdmissionPolicy that looks at the request.
#[derive(Debug, Clone, PartialEq)]
pub struct PossibleWebhook {
    /// What it is.
    pub kind: WebhookKind,
    /// Its configuration or policy.
    pub configuration: ObjectRef,
    /// The field of the configuration, as in `webhooks[0]`; empty for a policy.
    pub field: String,
    /// The webhook's name; empty for a policy.
    pub name: String,
    /// Where it is served; absent for a policy. Whether the judged operator serves it is the
    /// caller's question.
    pub client: Option<WebhookClientConfig>,
    /// Whether it counts: it must be asked, and an error of it denies.
    pub counts: bool,
    /// Why it does not count, as clauses.
    pub why_not: Vec<String>,
    /// An objectSelector restricts it, so that the author's labels can miss it.
    pub object_selector: bool,
    /// Its failurePolicy is Ignore.
    pub ignores_failure: bool,
    /// A match condition whose answer is not known, with the reason.
    pub condition_unknown: Option<String>,
    /// What of the asking user its match conditions look at.
    pub reads: Reads,
}
