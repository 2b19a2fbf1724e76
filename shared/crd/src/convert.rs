//! Between the resource and what verdicts rest on.

use opsec_model::declared_rights as model;
use opsec_model::objects::{LabelSelectorRequirement, PolicyRule};

use crate::resource::{
    Condition, ConditionStatus, Grant, LabelRequirement, Mode, NamespaceSet, OperatorRights,
    OperatorRightsSpec, OperatorRightsStatus, Rule, SelectorOperator,
};

/// A declaration as a resource of that name, in the mode `Audit`.
impl From<&model::DeclaredRights> for OperatorRightsSpec {
    fn from(declared: &model::DeclaredRights) -> Self {
        Self {
            operator: declared.operator.clone(),
            mode: Mode::Audit,
            intended_namespaces: declared.intended_namespaces.as_ref().map(Into::into),
            rights: declared.rights.iter().map(Into::into).collect(),
        }
    }
}

impl From<&OperatorRightsSpec> for model::DeclaredRights {
    fn from(spec: &OperatorRightsSpec) -> Self {
        Self {
            operator: spec.operator.clone(),
            intended_namespaces: spec.intended_namespaces.as_ref().map(Into::into),
            rights: spec.rights.iter().map(Into::into).collect(),
        }
    }
}

impl From<&OperatorRights> for model::OperatorRights {
    fn from(resource: &OperatorRights) -> Self {
        let metadata = &resource.metadata;
        Self {
            metadata: opsec_model::objects::Metadata {
                name: metadata.name.clone().unwrap_or_default(),
                labels: metadata.labels.clone().unwrap_or_default(),
                annotations: metadata.annotations.clone().unwrap_or_default(),
                uid: metadata.uid.clone().unwrap_or_default(),
                generation: metadata.generation.unwrap_or_default(),
                ..opsec_model::objects::Metadata::default()
            },
            spec: model::OperatorRightsSpec {
                mode: resource.spec.mode.as_str().to_owned(),
                declared: (&resource.spec).into(),
            },
            status: resource.status.as_ref().map(Into::into),
        }
    }
}

/// The rights that the status lists are not among what verdicts rest on.
impl From<&OperatorRightsStatus> for model::OperatorRightsStatus {
    fn from(status: &OperatorRightsStatus) -> Self {
        Self {
            observed_generation: status.observed_generation,
            last_validated: status.last_validated.clone(),
            effective_rights_digest: status.effective_rights_digest.clone(),
            conditions: status.conditions.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Condition> for model::Condition {
    fn from(condition: &Condition) -> Self {
        let status = match condition.status {
            ConditionStatus::True => "True",
            ConditionStatus::False => "False",
            ConditionStatus::Unknown => "Unknown",
        };
        Self {
            kind: condition.kind.clone(),
            status: status.to_owned(),
            message: condition.message.clone(),
        }
    }
}

impl Mode {
    /// The mode as the resource spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "Audit",
            Self::Enforce => "Enforce",
        }
    }
}

impl From<&model::RightsGrant> for Grant {
    fn from(grant: &model::RightsGrant) -> Self {
        Self {
            service_account: grant.service_account.clone(),
            scope: grant.scope.clone(),
            rules: grant.rules.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Grant> for model::RightsGrant {
    fn from(grant: &Grant) -> Self {
        Self {
            service_account: grant.service_account.clone(),
            scope: grant.scope.clone(),
            rules: grant.rules.iter().map(Into::into).collect(),
        }
    }
}

impl From<&PolicyRule> for Rule {
    fn from(rule: &PolicyRule) -> Self {
        Self {
            verbs: rule.verbs.clone(),
            api_groups: rule.api_groups.clone(),
            resources: rule.resources.clone(),
            resource_names: rule.resource_names.clone(),
            non_resource_urls: rule.non_resource_urls.clone(),
        }
    }
}

impl From<&Rule> for PolicyRule {
    fn from(rule: &Rule) -> Self {
        Self {
            verbs: rule.verbs.clone(),
            api_groups: rule.api_groups.clone(),
            resources: rule.resources.clone(),
            resource_names: rule.resource_names.clone(),
            non_resource_urls: rule.non_resource_urls.clone(),
        }
    }
}

impl From<&model::NamespaceSet> for NamespaceSet {
    fn from(set: &model::NamespaceSet) -> Self {
        let expressions = set.match_expressions.iter();
        Self {
            names: set.names.clone(),
            match_labels: set.match_labels.clone(),
            match_expressions: expressions.map(requirement).collect(),
            all: set.all,
        }
    }
}

impl From<&NamespaceSet> for model::NamespaceSet {
    fn from(set: &NamespaceSet) -> Self {
        let expressions = set.match_expressions.iter();
        Self {
            names: set.names.clone(),
            match_labels: set.match_labels.clone(),
            match_expressions: expressions.map(Into::into).collect(),
            all: set.all,
        }
    }
}

/// An operator that Kubernetes does not have selects nothing; so does `In` without values.
fn requirement(requirement: &LabelSelectorRequirement) -> LabelRequirement {
    let known = match requirement.operator.as_str() {
        "In" => Some(SelectorOperator::In),
        "NotIn" => Some(SelectorOperator::NotIn),
        "Exists" => Some(SelectorOperator::Exists),
        "DoesNotExist" => Some(SelectorOperator::DoesNotExist),
        _ => None,
    };
    LabelRequirement {
        key: requirement.key.clone(),
        operator: known.unwrap_or(SelectorOperator::In),
        values: match known {
            Some(_) => requirement.values.clone(),
            None => Vec::new(),
        },
    }
}

impl From<&LabelRequirement> for LabelSelectorRequirement {
    fn from(requirement: &LabelRequirement) -> Self {
        let operator = match requirement.operator {
            SelectorOperator::In => "In",
            SelectorOperator::NotIn => "NotIn",
            SelectorOperator::Exists => "Exists",
            SelectorOperator::DoesNotExist => "DoesNotExist",
        };
        Self {
            key: requirement.key.clone(),
            operator: operator.to_owned(),
            values: requirement.values.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_declaration_survives_both_ways() {
        let text = json!({
            "operator": "cache-operator",
            "intendedNamespaces": {"names": ["shop"], "matchLabels": {"team": "a"},
                "matchExpressions": [{"key": "k", "operator": "NotIn", "values": ["v"]}]},
            "rights": [
                {"serviceAccount": "a/b", "scope": "intended",
                 "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"],
                            "resourceNames": ["c"]}]},
                {"serviceAccount": "a/b", "scope": {"namespaces": ["shop"]},
                 "rules": [{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}]},
            ],
        });
        let declared: model::DeclaredRights = serde_json::from_value(text.clone()).unwrap();
        let spec = OperatorRightsSpec::from(&declared);
        assert_eq!(model::DeclaredRights::from(&spec), declared);

        let mut expected = text;
        expected["mode"] = json!("Audit");
        assert_eq!(serde_json::to_value(&spec).unwrap(), expected);
    }

    #[test]
    fn a_resource_of_the_cluster_becomes_what_verdicts_rest_on() {
        let resource: OperatorRights = serde_json::from_value(json!({
            "apiVersion": "kubectl-opsec.dev/v1alpha1",
            "kind": "OperatorRights",
            "metadata": {"name": "cache-operator", "generation": 3, "uid": "u"},
            "spec": {"operator": "cache-operator", "mode": "Enforce"},
            "status": {"observedGeneration": 2, "lastValidated": "2026-01-01T00:00:00Z",
                "effectiveRightsDigest": "sha256:0", "excess": [], "conditions": [
                {"type": "Excess", "status": "True", "reason": "Held", "message": "m"}]},
        }))
        .unwrap();
        let converted = model::OperatorRights::from(&resource);
        assert_eq!(converted.metadata.name, "cache-operator");
        assert_eq!(converted.metadata.generation, 3);
        assert_eq!(converted.spec.mode, "Enforce");
        assert_eq!(converted.spec.declared.operator, "cache-operator");
        let status = converted.status.unwrap();
        assert_eq!(status.observed_generation, Some(2));
        assert_eq!(status.conditions[0].status, "True");
    }

    #[test]
    fn an_operator_that_kubernetes_does_not_have_still_selects_nothing() {
        let unknown = LabelSelectorRequirement {
            key: "a".to_owned(),
            operator: "Near".to_owned(),
            values: vec!["b".to_owned()],
        };
        let back = LabelSelectorRequirement::from(&requirement(&unknown));
        assert_eq!((back.operator.as_str(), back.values.len()), ("In", 0));
    }

    #[test]
    fn a_service_account_without_a_namespace_is_refused() {
        let grant = json!({"serviceAccount": "b", "scope": "own", "rules": []});
        let error = serde_json::from_value::<Grant>(grant)
            .unwrap_err()
            .to_string();
        assert!(error.contains("`b` is not a ServiceAccount"), "{error}");
    }
}
