//! Rights of ServiceAccounts.

use opsec_model::{Danger, Right};
use opsec_proto::v1;

use crate::field::{FieldError, each, message};
use crate::finding::{decode_grant, encode_grant};
use crate::object::{decode_account, encode_account};
use crate::words::{decode_reach, decode_severity, encode_reach, encode_severity};

/// A right for the wire.
pub fn encode_right(right: &Right) -> v1::Right {
    let Right {
        service_account,
        namespace,
        verbs,
        api_groups,
        resources,
        resource_names,
        non_resource_urls,
        bootstrap,
        ineffective,
        unusable,
        dangers,
        granted_by,
    } = right;
    v1::Right {
        service_account: Some(encode_account(service_account)),
        namespace: namespace.clone(),
        verbs: verbs.clone(),
        api_groups: api_groups.clone(),
        resources: resources.clone(),
        resource_names: resource_names.clone(),
        non_resource_urls: non_resource_urls.clone(),
        bootstrap: *bootstrap,
        ineffective: ineffective.clone(),
        unusable: *unusable,
        dangers: dangers.iter().map(encode_danger).collect(),
        granted_by: Some(encode_grant(granted_by)),
    }
}

/// A right from the wire.
///
/// # Errors
/// When a mandatory field is absent or a word is not known to this version.
pub fn decode_right(right: v1::Right) -> Result<Right, FieldError> {
    let account = |account| Ok(decode_account(account));
    Ok(Right {
        service_account: message("service_account", right.service_account, account)?,
        namespace: right.namespace,
        verbs: right.verbs,
        api_groups: right.api_groups,
        resources: right.resources,
        resource_names: right.resource_names,
        non_resource_urls: right.non_resource_urls,
        bootstrap: right.bootstrap,
        ineffective: right.ineffective,
        unusable: right.unusable,
        dangers: each("dangers", right.dangers, decode_danger)?,
        granted_by: message("granted_by", right.granted_by, decode_grant)?,
    })
}

pub(crate) fn encode_danger(danger: &Danger) -> v1::Danger {
    let Danger {
        right,
        severity,
        reach,
    } = danger;
    v1::Danger {
        right: right.clone(),
        severity: encode_severity(*severity),
        reach: encode_reach(*reach),
    }
}

pub(crate) fn decode_danger(danger: v1::Danger) -> Result<Danger, FieldError> {
    Ok(Danger {
        right: danger.right,
        severity: decode_severity("severity", danger.severity)?,
        reach: decode_reach("reach", danger.reach)?,
    })
}
