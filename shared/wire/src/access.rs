//! Answers to questions about access.

use opsec_model::{AccessQuestion, AccountAnswer};
use opsec_proto::v1;

use crate::field::{FieldError, message};
use crate::finding::{decode_grant, encode_grant};
use crate::object::{decode_account, encode_account};
use crate::words::{decode_allowed, encode_allowed};

/// An account's answer for the wire.
pub fn encode_account_answer(answer: &AccountAnswer) -> v1::AccountAnswer {
    let AccountAnswer {
        service_account,
        namespace,
        allowed,
        granted_by,
        bootstrap,
        reason,
    } = answer;
    v1::AccountAnswer {
        service_account: Some(encode_account(service_account)),
        allowed: encode_allowed(*allowed),
        granted_by: granted_by.as_ref().map(encode_grant),
        reason: reason.clone(),
        namespace: namespace.clone(),
        bootstrap: *bootstrap,
    }
}

/// An account's answer from the wire.
///
/// # Errors
/// When a mandatory field is absent or a word is not known to this version.
pub fn decode_account_answer(answer: v1::AccountAnswer) -> Result<AccountAnswer, FieldError> {
    let account = |account| Ok(decode_account(account));
    let grant = answer.granted_by;
    Ok(AccountAnswer {
        service_account: message("service_account", answer.service_account, account)?,
        namespace: answer.namespace,
        allowed: decode_allowed("allowed", answer.allowed)?,
        granted_by: match grant {
            Some(grant) => Some(message("granted_by", Some(grant), decode_grant)?),
            None => None,
        },
        bootstrap: answer.bootstrap,
        reason: answer.reason,
    })
}

/// A question as it was read, for the wire.
pub fn encode_question(question: AccessQuestion) -> v1::ReadQuestion {
    let AccessQuestion {
        verb,
        group,
        resource,
        subresource,
        name,
        namespace,
        path,
    } = question;
    v1::ReadQuestion {
        verb,
        group,
        resource,
        subresource,
        name,
        namespace,
        path,
    }
}

/// A question as it was read, from the wire.
pub fn decode_question(question: v1::ReadQuestion) -> AccessQuestion {
    let v1::ReadQuestion {
        verb,
        group,
        resource,
        subresource,
        name,
        namespace,
        path,
    } = question;
    AccessQuestion {
        verb,
        group,
        resource,
        subresource,
        name,
        namespace,
        path,
    }
}
