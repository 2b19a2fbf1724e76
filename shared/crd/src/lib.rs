//! The OperatorRights custom resource: what an operator says its rights are, in the cluster.
//!
//! The types are the API's own shape with a structural schema; `opsec-model` has what verdicts
//! rest on, and conversions lead both ways. Nothing here talks to a cluster.

mod convert;
mod resource;
mod schema;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt as _;

pub use resource::{
    Condition, ConditionStatus, Grant, LabelRequirement, Mode, NamespaceSet, OperatorRights,
    OperatorRightsSpec, OperatorRightsStatus, Rule, SelectorOperator,
};

/// What stands above the generated manifest.
const HEADER: &str = "\
# What an operator says its rights are. Generated from shared/crd by `cargo xtask gen`.
";

/// The CustomResourceDefinition of OperatorRights, as an administrator applies it.
pub fn custom_resource_definition() -> CustomResourceDefinition {
    let mut definition = OperatorRights::crd();
    definition.metadata.labels = Some(
        [("app.kubernetes.io/part-of", "kubectl-opsec")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    );
    definition
}

/// The manifest of [`custom_resource_definition`] in YAML, as `deploy/crds/operatorrights.yaml`
/// holds it.
#[expect(
    clippy::expect_used,
    reason = "a constant value: the tests write it, and nothing at run time changes it"
)]
pub fn crd_yaml() -> String {
    let options = serde_saphyr::ser_options! {
        compact_list_indent: true,
    };
    let definition = custom_resource_definition();
    let yaml =
        serde_saphyr::to_string_with_options(&definition, options).expect("the definition is YAML");
    format!("{HEADER}{yaml}")
}
