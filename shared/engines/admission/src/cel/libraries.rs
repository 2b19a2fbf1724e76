//! Conversions, optional values and sets.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::evaluate::{Evaluated, Failure, known, no_overload};
use super::kubernetes;
use super::macros::MAP_INSERT;
use super::numbers;
use super::operators::contains;
use super::value::Value;

/// A function of the standard library; none when it is of another.
pub(super) fn standard(name: &str, operands: &[Value]) -> Option<Evaluated> {
    let [operand] = operands else {
        return None;
    };
    Some(match name {
        "size" => size(operand),
        "string" => to_text(operand),
        "int" => numbers::to_int(operand),
        "uint" => numbers::to_uint(operand),
        "double" => numbers::to_double(operand),
        "bool" => to_bool(operand),
        "bytes" => to_bytes(operand),
        "dyn" => Ok(operand.clone()),
        "unwrapOpt" => unwrapped(operand),
        "type" => type_of(operand),
        "hasValue" => match operand {
            Value::Optional(inner) => Ok(Value::Bool(inner.is_some())),
            _ => no_overload(name),
        },
        "value" => match operand {
            Value::Optional(Some(inner)) => Ok(Value::clone(inner)),
            Value::Optional(None) => Failure::error("optional.none() dereference"),
            _ => no_overload(name),
        },
        _ => return None,
    })
}

/// A function with a namespace.
pub(super) fn qualified(name: &str, operands: &[Value]) -> Evaluated {
    match (name, operands) {
        ("optional.unwrap", [list]) => unwrapped(list),
        ("strings.quote", [Value::String(text)]) => Ok(super::format::quote(text)),
        ("lists.range", [Value::Int(end)]) => Ok(Value::list((0..*end).map(Value::Int).collect())),
        (MAP_INSERT, [Value::Map(_), ..]) => map_insert(operands),
        ("optional.none", []) => Ok(Value::Optional(None)),
        ("optional.of", [value]) => Ok(Value::Optional(Some(Rc::new(value.clone())))),
        ("optional.ofNonZeroValue", [value]) => {
            let inner = (!is_zero(value)).then(|| Rc::new(value.clone()));
            Ok(Value::Optional(inner))
        }
        ("sets.contains", [Value::List(all), Value::List(some)]) => subset(some, all),
        ("sets.equivalent", [Value::List(one), Value::List(other)]) => {
            match (subset(one, other)?, subset(other, one)?) {
                (Value::Bool(one), Value::Bool(other)) => Ok(Value::Bool(one && other)),
                _ => no_overload(name),
            }
        }
        ("sets.intersects", [Value::List(one), other @ Value::List(_)]) => {
            for item in one.iter() {
                if contains(other, item)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        _ => kubernetes::qualified(name, operands).unwrap_or_else(|| no_overload(name)),
    }
}

/// A map with one entry more, or with those of another; none may be there already.
fn map_insert(operands: &[Value]) -> Evaluated {
    let (before, added) = match operands {
        [Value::Map(before), Value::Map(added)] => (before, Rc::clone(added)),
        [Value::Map(before), key, member] => {
            let Some(key) = key.key() else {
                return Failure::unknown(format!("a map key of type {}", key.type_name()));
            };
            (before, Rc::new([(key, member.clone())].into()))
        }
        _ => return no_overload(MAP_INSERT),
    };
    let mut members = BTreeMap::clone(before);
    for (key, member) in added.iter() {
        if members.insert(key.clone(), member.clone()).is_some() {
            return Failure::error("insert failed: key already exists");
        }
    }
    Ok(Value::Map(Rc::new(members)))
}

/// The values of a list of optional values that are there.
fn unwrapped(list: &Value) -> Evaluated {
    let Value::List(items) = list else {
        return no_overload("unwrapOpt");
    };
    let mut values = Vec::with_capacity(items.len());
    for item in items.iter() {
        match item {
            Value::Optional(inner) => values.extend(inner.as_deref().cloned()),
            Value::Unknown(reason) => return Failure::unknown(reason.as_ref()),
            _ => return no_overload("unwrapOpt"),
        }
    }
    Ok(Value::list(values))
}

fn subset(some: &[Value], all: &Rc<Vec<Value>>) -> Evaluated {
    let all = Value::List(Rc::clone(all));
    for item in some {
        if !contains(&all, item)? {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Int(number) => *number == 0,
        Value::Uint(number) => *number == 0,
        Value::Double(number) => *number == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(members) => members.is_empty(),
        Value::Optional(_)
        | Value::Type(_)
        | Value::Opaque(_)
        | Value::Unknown(_)
        | Value::Variables => false,
    }
}

fn size(value: &Value) -> Evaluated {
    let length = match value {
        Value::String(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.len(),
        Value::Map(members) => {
            for member in members.values() {
                known(member.clone())?;
            }
            members.len()
        }
        _ => return no_overload("size"),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn to_text(value: &Value) -> Evaluated {
    match value {
        Value::String(text) => Ok(Value::String(Rc::clone(text))),
        Value::Bool(flag) => Ok(Value::text(flag.to_string())),
        Value::Int(number) => Ok(Value::text(number.to_string())),
        Value::Uint(number) => Ok(Value::text(number.to_string())),
        Value::Double(number) => Ok(Value::text(double_text(*number))),
        Value::Opaque(opaque) => match opaque.text() {
            Some(text) => Ok(Value::text(text)),
            None => no_overload("string"),
        },
        Value::Bytes(bytes) => std::str::from_utf8(bytes).map_or_else(
            |_| Failure::error("invalid UTF-8 in bytes"),
            |text| Ok(Value::text(text)),
        ),
        _ => no_overload("string"),
    }
}

/// The shortest text of a double as Go writes it: with an exponent of at least two digits below
/// 0.0001 and from a million on.
pub(super) fn double_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if number == 0.0 || (1e-4..1e6).contains(&number.abs()) {
        return number.to_string();
    }
    let shortest = format!("{number:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

fn to_bool(value: &Value) -> Evaluated {
    match value {
        Value::Bool(flag) => Ok(Value::Bool(*flag)),
        Value::String(text) => match text.as_ref() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Failure::error("no bool of that text"),
        },
        _ => no_overload("bool"),
    }
}

fn to_bytes(value: &Value) -> Evaluated {
    match value {
        Value::Bytes(bytes) => Ok(Value::Bytes(Rc::clone(bytes))),
        Value::String(text) => Ok(Value::Bytes(Rc::from(text.as_bytes()))),
        _ => no_overload("bytes"),
    }
}

fn type_of(value: &Value) -> Evaluated {
    match value {
        Value::Variables => Failure::unknown("`variables` as a value"),
        value => Ok(Value::Type(value.type_name())),
    }
}
