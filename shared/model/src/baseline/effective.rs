//! The baseline that is judged by: a baseline over the one it extends.

use super::{Baseline, BaselineSpec, Exemption, PodSecurityLevel};
use crate::canonical::{self, CanonicalError};
use crate::declared_rights::{NamespaceSet, RightsGrant};
use crate::verdict::Severity;

/// A baseline with what it extends filled in, and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveBaseline {
    /// The baseline's name.
    pub name: String,
    /// Its revision; 0 is the built-in.
    pub revision: i64,
    /// Digest of the effective content.
    pub digest: String,
    /// Whether it came with the request instead of from the store.
    pub inline: bool,
    /// The effective content.
    pub spec: BaselineSpec,
}

impl EffectiveBaseline {
    /// A baseline over the `default` of the store, or over the built-in one when it extends
    /// nothing. A field of the baseline replaces the parent's; exemptions are joined.
    ///
    /// # Errors
    /// When the content has no canonical form.
    pub fn new(
        baseline: &Baseline,
        revision: i64,
        inline: bool,
        default: Option<&Baseline>,
    ) -> Result<Self, CanonicalError> {
        let parent = match &baseline.spec.extends {
            Some(_) => default
                .map(|parent| parent.spec.clone())
                .unwrap_or_default(),
            None => BaselineSpec::default(),
        };
        let spec = over(&baseline.spec, parent);
        let name = baseline.metadata.name.clone();
        let digest = canonical::digest(&serde_json::json!({"name": name, "spec": spec}))?;
        Ok(Self {
            name,
            revision,
            digest,
            inline,
            spec,
        })
    }

    /// The built-in baseline.
    ///
    /// # Errors
    /// Never; the signature is that of [`EffectiveBaseline::new`].
    pub fn builtin() -> Result<Self, CanonicalError> {
        Self::new(&Baseline::builtin(), 0, false, None)
    }

    /// The least severity that fails: medium unless said otherwise.
    pub fn fail_on(&self) -> Severity {
        self.spec.fail_on.unwrap_or(Severity::Medium)
    }

    /// The Pod Security level that operator pods and namespaces must meet.
    pub fn operator_level(&self) -> PodSecurityLevel {
        self.spec
            .pod_security
            .and_then(|levels| levels.operator)
            .unwrap_or(PodSecurityLevel::Restricted)
    }

    /// The Pod Security level that payload namespaces must enforce.
    pub fn payload_level(&self) -> PodSecurityLevel {
        self.spec
            .pod_security
            .and_then(|levels| levels.payload)
            .unwrap_or(PodSecurityLevel::Baseline)
    }

    /// The intended namespaces, when the baseline says any.
    pub fn intended_namespaces(&self) -> Option<&NamespaceSet> {
        self.spec.intended_namespaces.as_ref()
    }

    /// The rights that are granted.
    pub fn rights(&self) -> &[RightsGrant] {
        self.spec.rights.as_deref().unwrap_or_default()
    }

    /// The findings that are accepted.
    pub fn exemptions(&self) -> &[Exemption] {
        self.spec.exemptions.as_deref().unwrap_or_default()
    }

    /// API groups whose CRDs the operator may create.
    pub fn allowed_crd_groups(&self) -> &[String] {
        self.spec
            .crd_creation
            .as_ref()
            .map(|creation| creation.allowed_groups.as_slice())
            .unwrap_or_default()
    }
}

fn over(child: &BaselineSpec, parent: BaselineSpec) -> BaselineSpec {
    let exemptions: Vec<_> = [parent.exemptions, child.exemptions.clone()]
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    BaselineSpec {
        extends: None,
        applies_to: child.applies_to.clone(),
        fail_on: child.fail_on.or(parent.fail_on),
        operator_namespaces: child
            .operator_namespaces
            .clone()
            .or(parent.operator_namespaces),
        intended_namespaces: child
            .intended_namespaces
            .clone()
            .or(parent.intended_namespaces),
        owned_kinds: child.owned_kinds.clone().or(parent.owned_kinds),
        rights: child.rights.clone().or(parent.rights),
        network: child.network.clone().or(parent.network),
        pod_security: child.pod_security.or(parent.pod_security),
        crd_creation: child.crd_creation.clone().or(parent.crd_creation),
        exemptions: (!exemptions.is_empty()).then_some(exemptions),
        attestation: child.attestation.clone().or(parent.attestation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn baseline(name: &str, spec: serde_json::Value) -> Baseline {
        Baseline::from_value(json!({"apiVersion": crate::API_VERSION, "kind": "OperatorBaseline", "metadata": {"name": name}, "spec": spec})).unwrap()
    }

    #[test]
    fn a_field_replaces_the_parents_and_exemptions_are_joined() {
        let exemption = |rule: &str| json!({"rule": rule, "reason": "r", "expires": "2027-01-01"});
        let default = baseline(
            "default",
            json!({"failOn": "high", "operatorNamespaces": ["a"], "exemptions": [exemption("OPSEC601")]}),
        );
        let child = baseline(
            "x",
            json!({"extends": "default", "operatorNamespaces": ["b"], "exemptions": [exemption("OPSEC403")]}),
        );
        let effective = EffectiveBaseline::new(&child, 3, false, Some(&default)).unwrap();
        assert_eq!(effective.fail_on(), Severity::High);
        assert_eq!(
            effective.spec.operator_namespaces,
            Some(vec!["b".to_owned()])
        );
        assert_eq!(effective.exemptions().len(), 2);
    }

    #[test]
    fn without_extends_the_parent_is_the_built_in_one() {
        let default = baseline("default", json!({"failOn": "high"}));
        let child = baseline("x", json!({}));
        let effective = EffectiveBaseline::new(&child, 1, false, Some(&default)).unwrap();
        assert_eq!(effective.fail_on(), Severity::Medium);
    }
}
