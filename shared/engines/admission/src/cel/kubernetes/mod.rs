//! The function libraries that Kubernetes adds to CEL.
//! <https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-cel-libraries>

mod address;
mod authorizer;
mod named_format;
mod quantity;
mod semver;
mod signatures;
mod url;

use std::rc::Rc;

pub(crate) use authorizer::{Authority, Authorizer};
pub(super) use signatures::{members, qualified_signatures};

use super::evaluate::{Evaluated, Failure};
use super::types::Abstract;
use super::value::Value;

/// A value of a type that only Kubernetes' functions look into.
#[derive(Debug, Clone)]
pub(crate) enum Opaque {
    /// A quantity of a resource.
    Quantity(quantity::Quantity),
    /// A URL.
    Url(url::Url),
    /// An IP address.
    Ip(std::net::IpAddr),
    /// A range of addresses.
    Cidr(address::Cidr),
    /// A version.
    Semver(semver::Semver),
    /// A named format.
    Format(named_format::Format),
    /// What asks the authoriser, at one of its stages.
    Authorization(authorizer::Stage),
}

impl Opaque {
    /// Its type.
    pub(super) fn of_type(&self) -> Abstract {
        match self {
            Self::Quantity(_) => Abstract::Quantity,
            Self::Url(_) => Abstract::Url,
            Self::Ip(_) => Abstract::Ip,
            Self::Cidr(_) => Abstract::Cidr,
            Self::Semver(_) => Abstract::Semver,
            Self::Format(_) => Abstract::Format,
            Self::Authorization(stage) => stage.of_type(),
        }
    }

    /// Its text, where `string()` has one.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Ip(address) => Some(address.to_string()),
            Self::Cidr(range) => Some(range.to_string()),
            _ => None,
        }
    }

    /// Whether it equals another. Of different types, and of what only asks, that is an error.
    pub(super) fn equals(&self, other: &Self) -> Result<bool, Failure> {
        match (self, other) {
            (Self::Quantity(one), Self::Quantity(other)) => Ok(one.compare(other)?.is_eq()),
            (Self::Url(one), Self::Url(other)) => Ok(one == other),
            (Self::Ip(one), Self::Ip(other)) => Ok(one == other),
            (Self::Cidr(one), Self::Cidr(other)) => Ok(one == other),
            (Self::Semver(one), Self::Semver(other)) => Ok(one.compare(other).is_eq()),
            (Self::Format(one), Self::Format(other)) => Ok(one == other),
            _ => super::evaluate::no_overload("_==_"),
        }
    }
}

/// An opaque value.
fn opaque(value: Opaque) -> Value {
    Value::Opaque(Rc::new(value))
}

/// A function of Kubernetes' libraries; none when it is of another.
pub(super) fn function(name: &str, operands: &[Value]) -> Option<Evaluated> {
    let (first, rest) = operands.split_first()?;
    match first {
        Value::String(text) => of_text(name, text, rest),
        Value::Opaque(receiver) => match receiver.as_ref() {
            Opaque::Quantity(quantity) => quantity::member(name, quantity, rest),
            Opaque::Url(url) => url::member(name, url, rest),
            Opaque::Ip(address) => address::member(name, *address, rest),
            Opaque::Cidr(range) => address::range_member(name, *range, rest),
            Opaque::Semver(version) => semver::member(name, version, rest),
            Opaque::Format(format) => named_format::member(name, *format, rest),
            Opaque::Authorization(stage) => authorizer::member(name, stage, rest),
        },
        _ => None,
    }
}

/// What is made of a text.
fn of_text(name: &str, text: &str, rest: &[Value]) -> Option<Evaluated> {
    Some(match (name, rest) {
        ("quantity", []) => quantity::parse(text).map(|it| opaque(Opaque::Quantity(it))),
        ("isQuantity", []) => said(quantity::parse(text)),
        ("url", []) => url::parse(text).map(|it| opaque(Opaque::Url(it))),
        ("isURL", []) => said(url::parse_request(text)),
        ("ip", []) => address::parse(text).map(|it| opaque(Opaque::Ip(it))),
        ("isIP", []) => said(address::parse(text)),
        ("cidr", []) => address::parse_range(text).map(|it| opaque(Opaque::Cidr(it))),
        ("isCIDR", []) => said(address::parse_range(text)),
        ("semver", []) => semver::parse(text).map(|it| opaque(Opaque::Semver(it))),
        ("isSemver", []) => said(semver::parse(text)),
        ("semver", [Value::Bool(tolerant)]) => {
            semver::parse_as(text, *tolerant).map(|it| opaque(Opaque::Semver(it)))
        }
        ("isSemver", [Value::Bool(tolerant)]) => said(semver::parse_as(text, *tolerant)),
        _ => return None,
    })
}

/// A function of these libraries with a namespace; none when it is of another.
pub(super) fn qualified(name: &str, operands: &[Value]) -> Option<Evaluated> {
    match (name, operands) {
        ("ip.isCanonical", [Value::String(text)]) => Some(
            address::parse(text).map(|address| Value::Bool(address.to_string() == text.as_ref())),
        ),
        ("format.named", [Value::String(format)]) => {
            let named = named_format::Format::named(format);
            let value = named.map(|it| Rc::new(opaque(Opaque::Format(it))));
            Some(Ok(Value::Optional(value)))
        }
        (name, []) => {
            let format = named_format::Format::named(name.strip_prefix("format.")?)?;
            Some(Ok(opaque(Opaque::Format(format))))
        }
        _ => None,
    }
}

/// Whether something could be read; what is not known stays so.
fn said<T>(read: Result<T, Failure>) -> Evaluated {
    match read {
        Ok(_) => Ok(Value::Bool(true)),
        Err(Failure::Error(_)) => Ok(Value::Bool(false)),
        Err(unknown) => Err(unknown),
    }
}
