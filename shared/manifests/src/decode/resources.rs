//! Objects that are read almost as they stand.

use opsec_model::objects::{CustomResourceDefinition, Metadata, Node};

use super::{Source, boxed, items, text};
use crate::invalid::{Check, Invalid};
use crate::node as tree;
use crate::typed::Typed;

/// The annotation of a token Secret that says whose token it holds.
const SERVICE_ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";

/// Takes from a Secret's metadata what could carry its content.
pub(super) fn redact(metadata: &mut Metadata) {
    metadata
        .annotations
        .retain(|key, _| key == SERVICE_ACCOUNT_NAME);
}

/// A Node with the cloud it is from.
pub(super) fn node(raw: Source<'_>) -> Result<Typed, Invalid> {
    let mut node: Box<Node> = boxed(raw)?;
    node.provider_id = text(&raw.value, "/spec/providerID").map(ToOwned::to_owned);
    Ok(Typed::Node(node))
}

/// A CustomResourceDefinition without its schemas.
pub(super) fn definition(raw: Source<'_>) -> Result<Typed, Invalid> {
    let mut definition: Box<CustomResourceDefinition> = boxed(raw)?;
    check_definition(&definition, raw.name().unwrap_or_default())?;
    for (version, given) in definition
        .spec
        .versions
        .iter_mut()
        .zip(items(&raw.value, "/spec/versions"))
    {
        version.subresource_names = given
            .get("subresources")
            .and_then(tree::Node::members)
            .map(|names| names.iter().map(|(name, _)| name.to_string()).collect())
            .unwrap_or_default();
    }
    Ok(Typed::CustomResourceDefinition(definition))
}

fn check_definition(definition: &CustomResourceDefinition, name: &str) -> Check {
    let spec = &definition.spec;
    for (field, value) in [
        ("spec.group", &spec.group),
        ("spec.names.plural", &spec.names.plural),
        ("spec.names.kind", &spec.names.kind),
    ] {
        if value.is_empty() {
            return Err(Invalid::new(field, "it is required"));
        }
    }
    let expected = format!("{}.{}", spec.names.plural, spec.group);
    if name != expected {
        let reason = format!("`{name}` must be plural and group, `{expected}`");
        return Err(Invalid::new("metadata.name", reason));
    }
    if !matches!(spec.scope.as_str(), "Namespaced" | "Cluster") {
        let reason = format!("`{}` is not a scope (Namespaced, Cluster)", spec.scope);
        return Err(Invalid::new("spec.scope", reason));
    }
    if spec.versions.is_empty() {
        return Err(Invalid::new(
            "spec.versions",
            "a definition needs at least one version",
        ));
    }
    Ok(())
}
