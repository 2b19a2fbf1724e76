//! What the API server would refuse: the field and the reason.

use serde::de::DeserializeOwned;

use crate::decoder::Decoder;
use crate::memory::Memory;
use crate::node::Node;

/// Why the API server would refuse an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invalid {
    /// The field, as in `subjects[0].apiGroup`; empty when it is the object itself.
    pub field: String,
    /// The reason, as a clause.
    pub reason: String,
}

impl Invalid {
    /// A field with the reason.
    pub(crate) fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
        }
    }
}

/// What an object's check comes to.
pub(crate) type Check = Result<(), Invalid>;

/// Decodes a value that stands at `path` of its object.
pub(crate) fn decode<T: DeserializeOwned>(
    value: &Node,
    path: &str,
    memory: &Memory,
) -> Result<T, Invalid> {
    serde_path_to_error::deserialize(Decoder::new(value, memory)).map_err(|error| {
        let inner = error.path().to_string();
        let field = match (path, inner.as_str()) {
            (path, "." | "") => path.to_owned(),
            ("", inner) => inner.to_owned(),
            (path, inner) if inner.starts_with('[') => format!("{path}{inner}"),
            (path, inner) => format!("{path}.{inner}"),
        };
        Invalid::new(field, words(&error.into_inner().to_string()))
    })
}

/// Decodes a part of an object; an absent part is the type's default.
pub(crate) fn decode_part<T: DeserializeOwned + Default>(
    object: &Node,
    path: &str,
    memory: &Memory,
) -> Result<T, Invalid> {
    part(object, path).map_or_else(|| Ok(T::default()), |value| decode(value, path, memory))
}

/// A part of an object by its dotted path.
pub(crate) fn part<'a>(object: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('.')
        .try_fold(object, |value, field| value.get(field))
}

/// A type error without the names of this program's types.
fn words(error: &str) -> String {
    let mut text = error.to_owned();
    if let Some(at) = text.find("expected struct ") {
        text.truncate(at);
        text.push_str("expected an object");
    }
    for (from, to) in [
        ("invalid type: ", ""),
        ("invalid value: ", ""),
        (", expected ", " where there must be "),
        ("must be a sequence", "must be a list"),
        ("must be a map", "must be an object"),
        ("must be i32", "must be a number"),
        ("must be i64", "must be a number"),
    ] {
        text = text.replace(from, to);
    }
    if text.chars().count() > 200 {
        text = text.chars().take(200).chain(['…']).collect();
    }
    text
}
