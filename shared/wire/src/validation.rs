//! What became of declarations, and the rights that they speak of.

use opsec_model::RightsGrant;
use opsec_model::declared_rights::{GrantScope, ScopeName};
use opsec_model::objects::PolicyRule;
use opsec_model::validation::{ConditionStatus, Validation, ValidationCondition};
use opsec_proto::v1;
use opsec_proto::v1::rights_grant::Scope;

use crate::field::{FieldError, Problem, each, message};
use crate::object::{decode_account, encode_account};
use crate::words::{decode_condition_status, encode_condition_status};

/// A validation for the wire.
pub fn encode_validation(validation: &Validation) -> v1::RightsValidation {
    let Validation {
        name,
        operator,
        mode,
        observed_generation,
        effective_rights_digest,
        excess,
        not_assigned,
        conditions,
    } = validation;
    v1::RightsValidation {
        name: name.clone(),
        operator: operator.clone(),
        mode: mode.clone(),
        observed_generation: *observed_generation,
        effective_rights_digest: effective_rights_digest.clone(),
        excess: excess.iter().map(encode_rights_grant).collect(),
        not_assigned: not_assigned.iter().map(encode_rights_grant).collect(),
        conditions: conditions.iter().map(encode_condition).collect(),
    }
}

/// A validation from the wire.
///
/// # Errors
/// When a mandatory field is absent or a word is not known to this version.
pub fn decode_validation(validation: v1::RightsValidation) -> Result<Validation, FieldError> {
    Ok(Validation {
        name: validation.name,
        operator: validation.operator,
        mode: validation.mode,
        observed_generation: validation.observed_generation,
        effective_rights_digest: validation.effective_rights_digest,
        excess: each("excess", validation.excess, decode_rights_grant)?,
        not_assigned: each("not_assigned", validation.not_assigned, decode_rights_grant)?,
        conditions: each("conditions", validation.conditions, decode_condition)?,
    })
}

fn encode_condition(condition: &ValidationCondition) -> v1::ValidationCondition {
    let ValidationCondition {
        kind,
        status,
        reason,
        message,
    } = condition;
    v1::ValidationCondition {
        r#type: kind.clone(),
        status: encode_condition_status(*status),
        reason: reason.clone(),
        message: message.clone(),
    }
}

fn decode_condition(condition: v1::ValidationCondition) -> Result<ValidationCondition, FieldError> {
    let status: ConditionStatus = decode_condition_status("status", condition.status)?;
    Ok(ValidationCondition {
        kind: condition.r#type,
        status,
        reason: condition.reason,
        message: condition.message,
    })
}

/// Granted rules for the wire.
pub fn encode_rights_grant(grant: &RightsGrant) -> v1::RightsGrant {
    let RightsGrant {
        service_account,
        scope,
        rules,
    } = grant;
    v1::RightsGrant {
        service_account: Some(encode_account(service_account)),
        scope: Some(match scope {
            GrantScope::Named(name) => Scope::Named(
                match name {
                    ScopeName::Cluster => "cluster",
                    ScopeName::Intended => "intended",
                    ScopeName::Own => "own",
                }
                .to_owned(),
            ),
            GrantScope::Namespaces { namespaces } => Scope::Namespaces(v1::NamespaceNames {
                names: namespaces.clone(),
            }),
        }),
        rules: rules.iter().map(encode_rule).collect(),
    }
}

/// Granted rules from the wire.
///
/// # Errors
/// When a mandatory field is absent or a scope is not known to this version.
pub fn decode_rights_grant(grant: v1::RightsGrant) -> Result<RightsGrant, FieldError> {
    let account = |account| Ok(decode_account(account));
    Ok(RightsGrant {
        service_account: message("service_account", grant.service_account, account)?,
        scope: message("scope", grant.scope, decode_scope)?,
        rules: grant.rules.into_iter().map(decode_rule).collect(),
    })
}

fn decode_scope(scope: Scope) -> Result<GrantScope, FieldError> {
    match scope {
        Scope::Namespaces(namespaces) => Ok(GrantScope::Namespaces {
            namespaces: namespaces.names,
        }),
        Scope::Named(name) => match name.as_str() {
            "cluster" => Ok(GrantScope::Named(ScopeName::Cluster)),
            "intended" => Ok(GrantScope::Named(ScopeName::Intended)),
            "own" => Ok(GrantScope::Named(ScopeName::Own)),
            _ => Err(FieldError::new("named", Problem::Newer(name))),
        },
    }
}

pub(crate) fn encode_rule(rule: &PolicyRule) -> v1::RightsRule {
    let PolicyRule {
        verbs,
        api_groups,
        resources,
        resource_names,
        non_resource_urls,
    } = rule;
    v1::RightsRule {
        verbs: verbs.clone(),
        api_groups: api_groups.clone(),
        resources: resources.clone(),
        resource_names: resource_names.clone(),
        non_resource_urls: non_resource_urls.clone(),
    }
}

pub(crate) fn decode_rule(rule: v1::RightsRule) -> PolicyRule {
    PolicyRule {
        verbs: rule.verbs,
        api_groups: rule.api_groups,
        resources: rule.resources,
        resource_names: rule.resource_names,
        non_resource_urls: rule.non_resource_urls,
    }
}
