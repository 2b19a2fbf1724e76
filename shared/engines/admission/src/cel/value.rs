//! Values as they are evaluated, what is not known included.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value as Json;

use super::kubernetes::Opaque;

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A floating-point number.
    Double(f64),
    /// A text.
    String(Rc<str>),
    /// Bytes.
    Bytes(Rc<[u8]>),
    /// A list.
    List(Rc<Vec<Value>>),
    /// A map.
    Map(Rc<BTreeMap<Key, Value>>),
    /// An optional value.
    Optional(Option<Rc<Value>>),
    /// A type, by name.
    Type(&'static str),
    /// A value that only Kubernetes' functions look into.
    Opaque(Rc<Opaque>),
    /// Something that is there or not and is not known, with the reason.
    Unknown(Rc<str>),
    /// `variables`, each evaluated when it is asked for.
    Variables,
}

/// A key of a map. Numbers that are equal are one key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// `true` or `false`.
    Bool(bool),
    /// An integer of either sign.
    Number(i128),
    /// A text.
    String(Rc<str>),
}

impl Key {
    /// The key as a value.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Number(number) => i64::try_from(*number).map_or_else(
                |_| Value::Uint(u64::try_from(*number).unwrap_or(u64::MAX)),
                Value::Int,
            ),
            Self::String(text) => Value::String(Rc::clone(text)),
        }
    }
}

impl Value {
    /// A text.
    pub(crate) fn text(text: impl AsRef<str>) -> Self {
        Self::String(Rc::from(text.as_ref()))
    }

    /// A list.
    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(items))
    }

    /// A map with texts as keys.
    pub(crate) fn object(members: impl IntoIterator<Item = (String, Self)>) -> Self {
        Self::Map(Rc::new(
            members
                .into_iter()
                .map(|(name, member)| (Key::String(Rc::from(name)), member))
                .collect(),
        ))
    }

    /// What is not known.
    pub(crate) fn unknown(reason: &str) -> Self {
        Self::Unknown(Rc::from(reason))
    }

    /// JSON as the API server holds it: integers that fit are `int`, other numbers `double`.
    pub(crate) fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => number.as_i64().map_or_else(
                || Self::Double(number.as_f64().unwrap_or(f64::NAN)),
                Self::Int,
            ),
            Json::String(text) => Self::text(text),
            Json::Array(items) => Self::list(items.iter().map(Self::from_json).collect()),
            Json::Object(members) => Self::object(
                members
                    .iter()
                    .map(|(name, member)| (name.clone(), Self::from_json(member))),
            ),
        }
    }

    /// The name of the value's type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) | Self::Variables => "map",
            Self::Optional(_) => "optional_type",
            Self::Type(_) => "type",
            Self::Opaque(opaque) => opaque.of_type().name(),
            Self::Unknown(_) => "unknown",
        }
    }

    /// The value as a key, when a map may have it: whole doubles find integers.
    pub(crate) fn key(&self) -> Option<Key> {
        match self {
            Self::Bool(flag) => Some(Key::Bool(*flag)),
            Self::Int(number) => Some(Key::Number(i128::from(*number))),
            Self::Uint(number) => Some(Key::Number(i128::from(*number))),
            Self::Double(number) => whole(*number).map(Key::Number),
            Self::String(text) => Some(Key::String(Rc::clone(text))),
            _ => None,
        }
    }
}

/// A double that is a whole number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the number is whole and within the range of exact doubles"
)]
pub(crate) fn whole(number: f64) -> Option<i128> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i128)
}
