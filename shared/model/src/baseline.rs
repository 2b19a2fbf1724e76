//! What a platform team accepts for an operator. Unlike manifests a baseline is read strictly: an
//! unknown field is an error that names its path, for a misspelt exemption must not pass unseen.

mod effective;
mod read;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use effective::EffectiveBaseline;
pub use read::{BaselineError, FieldError, validate_name};

use crate::canonical::{self, CanonicalError};
use crate::declared_rights::{NamespaceSet, RightsGrant};
use crate::objects::LabelSelector;
use crate::verdict::Severity;

/// The kind of a baseline document.
pub const KIND: &str = "OperatorBaseline";

/// A baseline document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "OperatorBaseline")]
pub struct Baseline {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `OperatorBaseline`.
    pub kind: String,
    /// Its name.
    pub metadata: BaselineMetadata,
    /// What is accepted.
    #[serde(default)]
    pub spec: BaselineSpec,
}

/// Metadata of a baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaselineMetadata {
    /// Lower-case letters, digits and `-`, at most 63; `builtin` and `-` are reserved.
    pub name: String,
}

/// What is accepted. A field that is absent is taken from the baseline that this one extends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct BaselineSpec {
    /// `default`, or absent: then the built-in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// Which operators and clusters it is for; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applies_to: Option<AppliesTo>,
    /// The least severity that fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_on: Option<Severity>,
    /// The namespaces in which the operator's components must run for this to apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_namespaces: Option<Vec<String>>,
    /// Where the operator is meant to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intended_namespaces: Option<NamespaceSet>,
    /// Kinds that are the operator's, as `plural.group`, when CRDs ship apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owned_kinds: Option<Vec<String>>,
    /// Rights that are granted, and no finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rights: Option<Vec<RightsGrant>>,
    /// Network peers that are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Pod Security levels that are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_security: Option<PodSecurity>,
    /// Creation of CRDs that is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crd_creation: Option<CrdCreation>,
    /// Findings that are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exemptions: Option<Vec<Exemption>>,
    /// What an attestation asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attestation: Option<Attestation>,
}

/// Which operators and clusters a baseline is for: exact names, or prefixes ending in one `*`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AppliesTo {
    /// Operators by display name; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<String>,
    /// Clusters by id; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<String>,
}

/// Network peers that are accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Network {
    /// Where the API server is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_server: Vec<AddressPorts>,
    /// Where the operator may connect to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub egress: Vec<AcceptedEgress>,
    /// Who may connect to the operator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<AcceptedIngress>,
}

/// Addresses and ports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddressPorts {
    /// The block.
    pub cidr: String,
    /// Ports as `6443/TCP`; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
}

/// A peer by addresses or by selectors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Peer {
    /// Addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr: Option<String>,
    /// Namespaces by labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// Pods by labels; alone it means those of the operator's namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_selector: Option<LabelSelector>,
}

/// Where the operator may connect to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AcceptedEgress {
    /// The peer.
    pub to: Peer,
    /// Ports as `443/TCP`; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Who may connect to the operator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AcceptedIngress {
    /// The peer.
    pub from: Peer,
    /// Ports as `9402/TCP`; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A level of the Pod Security Standards.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum PodSecurityLevel {
    /// Everything.
    Privileged,
    /// No known privilege escalation.
    Baseline,
    /// Hardened.
    Restricted,
}

impl PodSecurityLevel {
    /// The level as a label spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }

    /// Reads a label's value.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Privileged, Self::Baseline, Self::Restricted]
            .into_iter()
            .find(|level| level.as_str() == text)
    }
}

/// Pod Security levels that are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PodSecurity {
    /// Of the operator's pods and namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<PodSecurityLevel>,
    /// Of the payload's pods and namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<PodSecurityLevel>,
}

/// Creation of CRDs that is accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CrdCreation {
    /// API groups whose CRDs the operator may create.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_groups: Vec<String>,
}

/// Findings that are accepted, by whom and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exemption {
    /// The rule, as in `OPSEC403`.
    pub rule: String,
    /// Which of its findings; empty is all of them.
    #[serde(default, rename = "where")]
    pub scope: ExemptionScope,
    /// Why; never empty.
    pub reason: String,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// The last day on which it counts (UTC).
    #[schemars(with = "String")]
    pub expires: jiff::civil::Date,
}

/// Which findings of a rule are meant; all that are given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ExemptionScope {
    /// `namespace/name` of a ServiceAccount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// A component's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// The namespace of the ServiceAccount, component or object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// A row of the table of dangerous rights, as in `ESC-BIND`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
    /// An object of the evidence: `Kind/name` or `Kind/namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
}

impl ExemptionScope {
    /// Whether it names nothing, and so means every finding.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What an attestation asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Attestation {
    /// The least trust in a snapshot: `CLIENT_ASSERTED` or `SERVER_COLLECTED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_collection: Option<String>,
    /// How old a snapshot may be, as in `10m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_snapshot_age: Option<String>,
    /// How long an attestation holds, as in `24h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_for: Option<String>,
    /// Whether a baseline that was matched by name alone may be attested.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_name_match: bool,
}

impl Baseline {
    /// The built-in baseline: revision 0 of `default`.
    pub fn builtin() -> Self {
        Self {
            api_version: crate::API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            metadata: BaselineMetadata {
                name: "default".to_owned(),
            },
            spec: BaselineSpec::default(),
        }
    }

    /// Digest of `{name, spec}`.
    ///
    /// # Errors
    /// When the spec holds a number that has no canonical form.
    pub fn digest(&self) -> Result<String, CanonicalError> {
        canonical::digest(&serde_json::json!({"name": self.metadata.name, "spec": self.spec}))
    }
}
