//! What the API server was asked by a probe, and what it answered. The answers are facts as every
//! other: saved, sent and digested with the rest. Of what the API server says nothing is kept but
//! the code, and the names of what denied.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::object_ref::ServiceAccountRef;
use crate::rights::AccessQuestion;

/// How an object is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CreationMethod {
    /// By POST.
    Post,
    /// By server-side apply of a name that is not there.
    Apply,
}

impl CreationMethod {
    /// The verb that RBAC asks for first.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Post => "create",
            Self::Apply => "patch",
        }
    }
}

/// The creation of a CustomResourceDefinition that is asked about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CrdCreation {
    /// The API group of the definition.
    pub group: String,
    /// Whether it carries labels.
    pub labelled: bool,
    /// `Namespaced` or `Cluster`.
    pub scope: String,
    /// By which request.
    pub method: CreationMethod,
}

/// `POST of a Namespaced CRD in foreign.example.com without labels`.
impl fmt::Display for CrdCreation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match self.method {
            CreationMethod::Post => "POST",
            CreationMethod::Apply => "apply",
        };
        let labels = if self.labelled { "with" } else { "without" };
        write!(
            formatter,
            "{method} of a {} CRD in {} {labels} labels",
            self.scope, self.group
        )
    }
}

/// What a dry run of a creation, as a ServiceAccount, came to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CrdCreationAnswer {
    /// As whom.
    pub service_account: ServiceAccountRef,
    /// Which creation.
    pub creation: CrdCreation,
    /// The answer.
    pub answer: DryRunAnswer,
}

/// What the API server says to a dry run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum DryRunAnswer {
    /// It would be done: nothing denies it.
    Admitted,
    /// Admission denies it.
    Denied {
        /// The HTTP status.
        code: u16,
        /// The first that denied; others may too.
        by: Denier,
    },
    /// RBAC does not let the account ask, and RBAC is asked before admission: what admission would
    /// say is still not known.
    Unauthorized {
        /// The verb that RBAC refuses.
        verb: String,
    },
    /// Whoever probed may not ask as the account.
    Forbidden {
        /// The permission that is missing, as in `impersonate serviceaccounts in shop`.
        missing: String,
    },
    /// Anything else: it does not say what admission would.
    Unclear {
        /// What it was, as a clause.
        message: String,
    },
}

/// What denied a request, as the API server names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Denier {
    /// A ValidatingAdmissionPolicy.
    ValidatingPolicy {
        /// Its name.
        policy: String,
        /// The name of the binding that puts it in force.
        binding: String,
    },
    /// A MutatingAdmissionPolicy.
    MutatingPolicy {
        /// Its name.
        policy: String,
    },
    /// A webhook that was asked.
    Webhook {
        /// Its name.
        name: String,
    },
    /// A webhook that could not be asked, under failurePolicy Fail.
    UnreachableWebhook {
        /// Its name.
        name: String,
    },
}

/// `ValidatingAdmissionPolicy/guard`, `webhook guard.example.com`.
impl fmt::Display for Denier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ValidatingPolicy { policy, .. } => {
                write!(formatter, "ValidatingAdmissionPolicy/{policy}")
            }
            Self::MutatingPolicy { policy } => {
                write!(formatter, "MutatingAdmissionPolicy/{policy}")
            }
            Self::Webhook { name } => write!(formatter, "webhook {name}"),
            Self::UnreachableWebhook { name } => {
                write!(formatter, "webhook {name}, which cannot be reached,")
            }
        }
    }
}

/// What a SubjectAccessReview about a ServiceAccount came to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessReview {
    /// About whom.
    pub service_account: ServiceAccountRef,
    /// What was asked.
    pub question: AccessQuestion,
    /// The answer.
    pub answer: ReviewAnswer,
}

/// What the API server says to a SubjectAccessReview.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum ReviewAnswer {
    /// Yes.
    Allowed,
    /// No.
    Denied,
    /// Whoever probed may not ask it.
    Forbidden {
        /// The permission that is missing.
        missing: String,
    },
    /// It could not be told.
    Unclear {
        /// Why, as a clause.
        message: String,
    },
}

/// What must be allowed to whoever gathers a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// Whether only a probe needs it.
    pub for_probe: bool,
    /// The API group, empty for the core group.
    pub group: String,
    /// The plurals; `*` is every one of the group.
    pub resources: Vec<String>,
    /// The names that it is limited to; none is every name.
    pub names: Vec<String>,
    /// The verbs.
    pub verbs: Vec<String>,
}

/// What is to be asked of an API server about operators, beside reading it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probes {
    /// Creations, as ServiceAccounts, that are only tried.
    pub creations: Vec<CreationProbe>,
    /// Rights that verdicts rest on.
    pub reviews: Vec<(ServiceAccountRef, AccessQuestion)>,
}

/// A creation that is to be tried, dry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreationProbe {
    /// As whom.
    pub service_account: ServiceAccountRef,
    /// Which creation.
    pub creation: CrdCreation,
    /// The definition that would be created.
    pub object: serde_json::Value,
}
