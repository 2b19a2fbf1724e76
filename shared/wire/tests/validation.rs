//! Validations survive the wire; what does not decode names its field.

use opsec_model::declared_rights::{GrantScope, ScopeName};
use opsec_model::objects::PolicyRule;
use opsec_model::validation::{ConditionStatus, Validation, ValidationCondition};
use opsec_model::{RightsGrant, ServiceAccountRef};
use opsec_wire::{decode_rights_grant, decode_validation, encode_rights_grant, encode_validation};

fn grant(scope: GrantScope) -> RightsGrant {
    let list = |items: &[&str]| items.iter().map(ToString::to_string).collect();
    RightsGrant {
        service_account: ServiceAccountRef::new("shop", "cart"),
        scope,
        rules: vec![PolicyRule {
            verbs: list(&["get"]),
            api_groups: list(&[""]),
            resources: list(&["secrets"]),
            resource_names: list(&["a"]),
            non_resource_urls: list(&["/metrics"]),
        }],
    }
}

fn validation(status: ConditionStatus) -> Validation {
    Validation {
        name: "cart".to_owned(),
        operator: "cart".to_owned(),
        mode: "Enforce".to_owned(),
        observed_generation: Some(3),
        effective_rights_digest: "sha256:0".to_owned(),
        excess: vec![grant(GrantScope::Named(ScopeName::Cluster))],
        not_assigned: vec![
            grant(GrantScope::Named(ScopeName::Own)),
            grant(GrantScope::Named(ScopeName::Intended)),
            grant(GrantScope::Namespaces {
                namespaces: vec!["shop".to_owned()],
            }),
        ],
        conditions: vec![ValidationCondition {
            kind: "Excess".to_owned(),
            status,
            reason: "Held".to_owned(),
            message: "more is held".to_owned(),
        }],
    }
}

#[test]
fn a_validation_survives_the_wire() {
    use ConditionStatus::{False, True, Unknown};
    for status in [True, False, Unknown] {
        let validation = validation(status);
        assert_eq!(
            decode_validation(encode_validation(&validation)),
            Ok(validation)
        );
    }
    let bare = Validation::default();
    assert_eq!(decode_validation(encode_validation(&bare)), Ok(bare));
}

#[test]
fn a_scope_that_is_not_known_is_named() {
    use opsec_proto::v1::rights_grant::Scope;
    let mut sent = encode_rights_grant(&grant(GrantScope::Named(ScopeName::Own)));
    sent.scope = Some(Scope::Named("galaxy".to_owned()));
    let error = decode_rights_grant(sent.clone()).unwrap_err().to_string();
    assert!(error.starts_with("scope.named: `galaxy`"), "{error}");
    sent.scope = None;
    let error = decode_rights_grant(sent).unwrap_err().to_string();
    assert_eq!(error, "scope: it is missing");
}
