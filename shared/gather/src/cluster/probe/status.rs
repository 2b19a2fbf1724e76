//! What an answer of the API server says about admission. Three speak before it is asked: whoever
//! checks impersonation, RBAC, and validation of the object. Only what admission itself is known to
//! say, by the words that the API server puts in front of a policy's or webhook's own, is taken for
//! its denial.

use opsec_model::{Denier, DryRunAnswer, ReviewAnswer, ServiceAccountRef};
use serde_json::Value;

/// The right that reviews take.
const REVIEW: &str = "create subjectaccessreviews.authorization.k8s.io";

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cluster) enum Said {
    /// It was done, or would be.
    Done(Value),
    /// It was refused.
    Refused {
        /// The HTTP status.
        code: u16,
        /// The word for it.
        reason: String,
        /// The sentence.
        message: String,
    },
    /// There was no answer.
    Nothing(String),
}

/// What the answer to a creation of a definition says.
pub(super) fn creation_answer(
    said: &Said,
    account: &ServiceAccountRef,
    name: &str,
) -> DryRunAnswer {
    match said {
        Said::Done(object) => {
            // Nothing that is only tried has a version: there is a definition of that name.
            let version = object.pointer("/metadata/resourceVersion");
            match version.and_then(Value::as_str) {
                None | Some("") => DryRunAnswer::Admitted,
                Some(_) => unclear(format!("there is a definition {name} already")),
            }
        }
        Said::Refused {
            code,
            reason,
            message,
        } => match denier(message, name) {
            Some(by) => DryRunAnswer::Denied { code: *code, by },
            None if *code == 403 && message.contains(" cannot impersonate") => {
                DryRunAnswer::Forbidden {
                    missing: format!("impersonate serviceaccounts in {}", account.namespace),
                }
            }
            None if *code == 403 => match refused_verb(message, account) {
                Some(verb) => DryRunAnswer::Unauthorized { verb },
                None => unclear(format!("the API server answers {code} {reason}")),
            },
            None => unclear(format!("the API server answers {code} {reason}")),
        },
        Said::Nothing(message) => unclear(message.clone()),
    }
}

fn unclear(message: String) -> DryRunAnswer {
    DryRunAnswer::Unclear { message }
}

/// What of admission denied, when that is what the message says.
fn denier(message: &str, name: &str) -> Option<Denier> {
    if let Some(rest) = message.strip_prefix("admission webhook \"") {
        let (name, rest) = rest.split_once('"')?;
        let denied = rest.starts_with(" denied the request");
        return denied.then(|| Denier::Webhook {
            name: name.to_owned(),
        });
    }
    let failed = "Internal error occurred: failed calling webhook \"";
    if let Some(rest) = message.strip_prefix(failed) {
        let (name, _) = rest.split_once('"')?;
        return Some(Denier::UnreachableWebhook {
            name: name.to_owned(),
        });
    }
    // A MutatingAdmissionPolicy that errs is named alone, without its kind and the object's.
    if let Some(rest) = message.strip_prefix("policy '") {
        let (policy, rest) = rest.split_once("' with binding '")?;
        let errs = rest.contains("' denied request: ");
        return errs.then(|| Denier::MutatingPolicy {
            policy: policy.to_owned(),
        });
    }
    let ours = format!("customresourcedefinitions.apiextensions.k8s.io \"{name}\" is forbidden: ");
    let said = message.strip_prefix(&ours)?;
    let rest = said.strip_prefix("ValidatingAdmissionPolicy '")?;
    let (policy, rest) = rest.split_once("' with binding '")?;
    let (binding, _) = rest.split_once("' denied request")?;
    Some(Denier::ValidatingPolicy {
        policy: policy.to_owned(),
        binding: binding.to_owned(),
    })
}

/// The verb that RBAC refuses the account.
fn refused_verb(message: &str, account: &ServiceAccountRef) -> Option<String> {
    let whom = format!("User \"{}\" cannot ", account.user_name());
    let (_, rest) = message.split_once(&whom)?;
    let (verb, rest) = rest.split_once(' ')?;
    rest.starts_with("resource \"customresourcedefinitions\" in API group \"apiextensions.k8s.io\"")
        .then(|| verb.to_owned())
}

/// What the answer to a review says.
pub(super) fn review_answer(said: &Said) -> ReviewAnswer {
    match said {
        Said::Done(review) => {
            let status = |field: &str| review.pointer(&format!("/status/{field}"));
            let error = status("evaluationError").and_then(Value::as_str);
            match (status("allowed").and_then(Value::as_bool), error) {
                (Some(true), _) => ReviewAnswer::Allowed,
                (Some(false), None | Some("")) => ReviewAnswer::Denied,
                _ => ReviewAnswer::Unclear {
                    message: "the API server could not tell".to_owned(),
                },
            }
        }
        Said::Refused { code: 403, .. } => ReviewAnswer::Forbidden {
            missing: REVIEW.to_owned(),
        },
        Said::Refused { code, reason, .. } => ReviewAnswer::Unclear {
            message: format!("the API server answers {code} {reason}"),
        },
        Said::Nothing(message) => ReviewAnswer::Unclear {
            message: message.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NAME: &str = "opsecprobes.own.example.com";

    fn refused(code: u16, message: &str) -> DryRunAnswer {
        let said = Said::Refused {
            code,
            reason: "Reason".to_owned(),
            message: message.to_owned(),
        };
        creation_answer(&said, &ServiceAccountRef::new("ops", "op"), NAME)
    }

    #[test]
    fn a_denial_is_what_admission_is_known_to_say() {
        let webhook = |name: &str| Denier::Webhook {
            name: name.to_owned(),
        };
        for (code, message, by) in [
            (
                403,
                "admission webhook \"one.example.com\" denied the request: no",
                webhook("one.example.com"),
            ),
            (
                400,
                "admission webhook \"one.example.com\" denied the request without explanation",
                webhook("one.example.com"),
            ),
            (
                500,
                "Internal error occurred: failed calling webhook \"one.example.com\": failed to call webhook: Post \"https://127.0.0.1:1/?timeout=10s\": connection refused",
                Denier::UnreachableWebhook {
                    name: "one.example.com".to_owned(),
                },
            ),
            (
                422,
                "customresourcedefinitions.apiextensions.k8s.io \"opsecprobes.own.example.com\" is forbidden: ValidatingAdmissionPolicy 'guard' with binding 'guards' denied request: failed expression: x",
                Denier::ValidatingPolicy {
                    policy: "guard".to_owned(),
                    binding: "guards".to_owned(),
                },
            ),
            (
                403,
                "policy 'guard' with binding 'guards' denied request: no such key: x",
                Denier::MutatingPolicy {
                    policy: "guard".to_owned(),
                },
            ),
        ] {
            assert_eq!(
                refused(code, message),
                DryRunAnswer::Denied { code, by },
                "{message}"
            );
        }
    }

    #[test]
    fn what_stops_a_request_before_admission_is_no_denial() {
        let rbac = "customresourcedefinitions.apiextensions.k8s.io is forbidden: User \"system:serviceaccount:ops:op\" cannot create resource \"customresourcedefinitions\" in API group \"apiextensions.k8s.io\" at the cluster scope";
        let unauthorized = |verb: &str| DryRunAnswer::Unauthorized {
            verb: verb.to_owned(),
        };
        assert_eq!(refused(403, rbac), unauthorized("create"));
        let apply = rbac.replace("create", "patch");
        assert_eq!(refused(403, &apply), unauthorized("patch"));
        assert_eq!(
            refused(
                403,
                "serviceaccounts \"op\" is forbidden: User \"auditor\" cannot impersonate resource \"serviceaccounts\" in API group \"\" in the namespace \"ops\""
            ),
            DryRunAnswer::Forbidden {
                missing: "impersonate serviceaccounts in ops".to_owned()
            }
        );
    }

    #[test]
    fn what_admission_is_not_known_to_say_is_unclear() {
        for (code, message) in [
            (
                409,
                "customresourcedefinitions.apiextensions.k8s.io \"opsecprobes.own.example.com\" already exists",
            ),
            (
                422,
                "CustomResourceDefinition.apiextensions.k8s.io \"opsecprobes.own.example.com\" is invalid: x",
            ),
            (
                400,
                "admission webhook \"one.example.com\" does not support dry run",
            ),
            (
                403,
                "customresourcedefinitions.apiextensions.k8s.io is forbidden: User \"another\" cannot create resource \"customresourcedefinitions\" in API group \"apiextensions.k8s.io\"",
            ),
            (
                403,
                "customresourcedefinitions.apiextensions.k8s.io \"other\" is forbidden: ValidatingAdmissionPolicy 'guard' with binding 'guards' denied request: x",
            ),
            (500, "Internal error occurred: x"),
        ] {
            let answer = refused(code, message);
            assert!(
                matches!(answer, DryRunAnswer::Unclear { .. }),
                "{message}: {answer:?}"
            );
        }
        let account = ServiceAccountRef::new("ops", "op");
        let there = Said::Done(json!({"metadata": {"resourceVersion": "7"}}));
        let answer = creation_answer(&there, &account, NAME);
        assert!(matches!(answer, DryRunAnswer::Unclear { .. }), "{answer:?}");
        let tried = Said::Done(json!({"metadata": {"uid": "x"}}));
        assert_eq!(
            creation_answer(&tried, &account, NAME),
            DryRunAnswer::Admitted
        );
    }

    #[test]
    fn a_review_that_could_not_be_evaluated_is_no_refusal() {
        let said = |status: Value| review_answer(&Said::Done(json!({ "status": status })));
        assert_eq!(said(json!({"allowed": true})), ReviewAnswer::Allowed);
        assert_eq!(said(json!({"allowed": false})), ReviewAnswer::Denied);
        for status in [
            json!({}),
            json!({"allowed": false, "evaluationError": "a webhook did not answer"}),
        ] {
            assert!(matches!(said(status), ReviewAnswer::Unclear { .. }));
        }
        let refused = Said::Refused {
            code: 403,
            reason: String::new(),
            message: String::new(),
        };
        assert_eq!(
            review_answer(&refused),
            ReviewAnswer::Forbidden {
                missing: REVIEW.to_owned()
            }
        );
    }
}
