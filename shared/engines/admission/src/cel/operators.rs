//! Operators: logic, which does not need all its operands, equality and order.

use std::cmp::Ordering;
use std::rc::Rc;

use cel::parser::Expression;

use super::evaluate::{Evaluated, Evaluator, Failure, known, no_overload};
use super::numbers;
use super::value::Value;

impl Evaluator<'_> {
    /// `&&` when `absorbing` is false, `||` when it is true: that value of either operand
    /// decides, whatever the other is.
    pub(super) fn logic(&mut self, absorbing: bool, operands: &[Expression]) -> Evaluated {
        let mut failure: Option<Failure> = None;
        for operand in operands {
            let found = match self.value(operand) {
                Ok(Value::Bool(flag)) if flag == absorbing => return Ok(Value::Bool(absorbing)),
                Ok(Value::Bool(_)) => continue,
                Ok(_) => Failure::Error("no such overload".to_owned()),
                Err(found) if found.is_final() => return Err(found),
                Err(found) => found,
            };
            // What is not known may turn out to decide, an error does not.
            failure = match (failure, found) {
                (Some(Failure::Unknown(reason)), _) | (_, Failure::Unknown(reason)) => {
                    Some(Failure::Unknown(reason))
                }
                (Some(first), _) => Some(first),
                (None, found) => Some(found),
            };
        }
        failure.map_or(Ok(Value::Bool(!absorbing)), Err)
    }

    /// `condition ? yes : no`.
    pub(super) fn conditional(&mut self, operands: &[Expression]) -> Evaluated {
        let [condition, yes, no] = operands else {
            return no_overload("_?_:_");
        };
        match self.value(condition)? {
            Value::Bool(true) => self.value(yes),
            Value::Bool(false) => self.value(no),
            _ => no_overload("_?_:_"),
        }
    }

    /// Whether a value is anything but `false`, a failure included.
    pub(super) fn not_strictly_false(&mut self, operands: &[Expression]) -> Value {
        let value = operands.first().map(|operand| self.value(operand));
        Value::Bool(!matches!(value, Some(Ok(Value::Bool(false)))))
    }
}

/// An operator whose operands are all needed; none when there is no such operator.
pub(super) fn strict(name: &str, operands: &[Value]) -> Option<Evaluated> {
    Some(match (name, operands) {
        ("!_", [Value::Bool(flag)]) => Ok(Value::Bool(!flag)),
        ("-_", [operand]) => numbers::negate(operand),
        ("_==_", [one, other]) => equal(one, other).map(Value::Bool),
        ("_!=_", [one, other]) => equal(one, other).map(|same| Value::Bool(!same)),
        ("_<_", [one, other]) => ordered(name, one, other, Ordering::is_lt),
        ("_<=_", [one, other]) => ordered(name, one, other, Ordering::is_le),
        ("_>_", [one, other]) => ordered(name, one, other, Ordering::is_gt),
        ("_>=_", [one, other]) => ordered(name, one, other, Ordering::is_ge),
        ("_+_", [one, other]) => add(one, other),
        ("_-_" | "_*_" | "_/_" | "_%_", [one, other]) => numbers::arithmetic(name, one, other),
        ("@in", [item, container]) => contains(container, item).map(Value::Bool),
        ("_[_]", [container, index]) => index_of(container, index),
        ("_[?_]", [container, index]) => optional_index(container, index),
        ("!_", [_]) => no_overload("!_"),
        _ => return None,
    })
}

/// Equality: numbers by value whatever their types, values of different types never, lists and
/// maps member by member.
pub(super) fn equal(one: &Value, other: &Value) -> Result<bool, Failure> {
    Ok(match (one, other) {
        (Value::Unknown(reason), _) | (_, Value::Unknown(reason)) => {
            return Failure::unknown(reason.as_ref());
        }
        (Value::Variables, _) | (_, Value::Variables) => {
            return Failure::unknown("`variables` as a value");
        }
        (Value::Null, Value::Opaque(_)) | (Value::Opaque(_), Value::Null) => false,
        (Value::Opaque(one), Value::Opaque(other)) => one.equals(other)?,
        (Value::Opaque(_), _) => return no_overload("_==_"),
        (Value::Null, Value::Null) | (Value::Optional(None), Value::Optional(None)) => true,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::String(one), Value::String(other)) => one == other,
        (Value::Bytes(one), Value::Bytes(other)) => one == other,
        (Value::Type(one), Value::Type(other)) => one == other,
        (Value::Optional(Some(one)), Value::Optional(Some(other))) => equal(one, other)?,
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && all_equal(one.iter().zip(other.iter()))?
        }
        (Value::Map(one), Value::Map(other)) => {
            let doubtful = one.values().chain(other.values());
            for member in doubtful {
                known(member.clone())?;
            }
            one.len() == other.len()
                && one.keys().eq(other.keys())
                && all_equal(one.values().zip(other.values()))?
        }
        (one, other) => numbers::compare(one, other) == Some(Ordering::Equal),
    })
}

fn all_equal<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Result<bool, Failure> {
    for (one, other) in pairs {
        // The API server goes on where two members cannot be compared.
        match equal(one, other) {
            Ok(true) | Err(Failure::Error(_)) => {}
            Ok(false) => return Ok(false),
            Err(unknown) => return Err(unknown),
        }
    }
    Ok(true)
}

/// The order of two values that have one; an error where they have none.
pub(super) fn compare(function: &str, one: &Value, other: &Value) -> Result<Ordering, Failure> {
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => Ok(one.cmp(other)),
        (Value::String(one), Value::String(other)) => Ok(one.cmp(other)),
        (Value::Bytes(one), Value::Bytes(other)) => Ok(one.cmp(other)),
        (one, other) => numbers::compare(one, other).map_or_else(|| no_overload(function), Ok),
    }
}

fn ordered(function: &str, one: &Value, other: &Value, holds: fn(Ordering) -> bool) -> Evaluated {
    compare(function, one, other).map(|order| Value::Bool(holds(order)))
}

fn add(one: &Value, other: &Value) -> Evaluated {
    match (one, other) {
        (Value::String(one), Value::String(other)) => Ok(Value::text(format!("{one}{other}"))),
        (Value::Bytes(one), Value::Bytes(other)) => Ok(Value::Bytes(
            one.iter().chain(other.iter()).copied().collect(),
        )),
        (Value::List(one), Value::List(other)) => Ok(Value::list(
            one.iter().chain(other.iter()).cloned().collect(),
        )),
        (one, other) => numbers::arithmetic("_+_", one, other),
    }
}

/// Whether a list has an item, or a map a key.
pub(super) fn contains(container: &Value, item: &Value) -> Result<bool, Failure> {
    match container {
        Value::List(items) => {
            let mut doubt = None;
            for candidate in items.iter() {
                match equal(candidate, item) {
                    Ok(true) => return Ok(true),
                    Ok(false) | Err(Failure::Error(_)) => {}
                    Err(unknown) => doubt = Some(unknown),
                }
            }
            doubt.map_or(Ok(false), Err)
        }
        Value::Map(members) => match item.key().map(|key| members.get(&key)) {
            Some(Some(Value::Unknown(reason))) => Failure::unknown(reason.as_ref()),
            Some(found) => Ok(found.is_some()),
            None => Ok(false),
        },
        Value::Variables => Failure::unknown("`variables` as a value"),
        _ => no_overload("@in"),
    }
}

/// The member at an index, when it is there.
fn at(container: &Value, index: &Value) -> Result<Option<Value>, Failure> {
    match container {
        Value::List(items) => {
            let Some(position) = numbers::index(index) else {
                return no_overload("_[_]");
            };
            let found = usize::try_from(position)
                .ok()
                .and_then(|position| items.get(position));
            found.cloned().map(known).transpose()
        }
        Value::Map(members) => match index.key() {
            Some(key) => members.get(&key).cloned().map(known).transpose(),
            None if matches!(index, Value::Double(_)) => Ok(None),
            None => no_overload("_[_]"),
        },
        Value::Variables => Failure::unknown("an index into `variables`"),
        _ => no_overload("_[_]"),
    }
}

fn index_of(container: &Value, index: &Value) -> Evaluated {
    match container {
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => optional_index(inner, index),
        container => at(container, index)?
            .map_or_else(|| Failure::error("no such key, or index out of bounds"), Ok),
    }
}

fn optional_index(container: &Value, index: &Value) -> Evaluated {
    match container {
        Value::Optional(Some(inner)) => optional_index(inner, index),
        Value::List(_) | Value::Map(_) => Ok(Value::Optional(at(container, index)?.map(Rc::new))),
        Value::Variables => Failure::unknown("an index into `variables`"),
        _ => Ok(Value::Optional(None)),
    }
}
