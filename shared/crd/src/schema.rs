//! Schemas of fields whose Rust types have none that a structural schema can hold.
//! <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema>

use opsec_model::ServiceAccountRef;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serializer};

/// `namespace/name`, both as Kubernetes allows them.
pub(crate) fn account(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-.a-z0-9]*[a-z0-9])?$",
    })
}

/// A name, or an object: no type, since a structural schema has room for one only. A branch can
/// ask for no type either, so that of the object turns every other value away by asking of
/// strings, numbers and lists what none of them can be.
pub(crate) fn scope(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "x-kubernetes-preserve-unknown-fields": true,
        "properties": {"namespaces": {"type": "array", "items": {"type": "string"}}},
        "anyOf": [
            {"enum": ["cluster", "intended", "own"]},
            {
                "required": ["namespaces"],
                "minLength": 1,
                "maxLength": 0,
                "minimum": 1,
                "maximum": 0,
                "minItems": 1,
                "maxItems": 0,
                "not": {"enum": [true, false]},
            },
        ],
    })
}

/// A time (RFC 3339).
pub(crate) fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "date-time"})
}

pub(crate) fn write_account<S: Serializer>(
    account: &ServiceAccountRef,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(account)
}

pub(crate) fn read_account<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<ServiceAccountRef, D::Error> {
    let text = String::deserialize(deserializer)?;
    ServiceAccountRef::parse(&text).ok_or_else(|| {
        serde::de::Error::custom(format!("`{text}` is not a ServiceAccount (NAMESPACE/NAME)"))
    })
}
