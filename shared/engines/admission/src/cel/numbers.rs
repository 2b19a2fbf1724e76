//! Numbers: arithmetic that fails rather than wraps, and order across types.

use std::cmp::Ordering;

use super::evaluate::{Evaluated, Failure, no_overload};
use super::value::{Value, whole};

/// The order of two numbers by value; none when either is no number.
pub(super) fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Double(one), Value::Double(other)) => one.partial_cmp(other),
        (Value::Double(one), other) => double_and_integer(*one, integer(other)?),
        (one, Value::Double(other)) => {
            double_and_integer(*other, integer(one)?).map(Ordering::reverse)
        }
        (one, other) => Some(integer(one)?.cmp(&integer(other)?)),
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::Uint(number) => Some(i128::from(*number)),
        _ => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "CEL compares an integer with a double as a double"
)]
fn double_and_integer(double: f64, integer: i128) -> Option<Ordering> {
    double.partial_cmp(&(integer as f64))
}

/// A whole number that indexes a list.
pub(super) fn index(value: &Value) -> Option<i128> {
    match value {
        Value::Double(number) => whole(*number),
        other => integer(other),
    }
}

/// `-operand`.
pub(super) fn negate(operand: &Value) -> Evaluated {
    match operand {
        Value::Int(number) => number
            .checked_neg()
            .map_or_else(|| overflow("-_"), |number| Ok(Value::Int(number))),
        Value::Double(number) => Ok(Value::Double(-number)),
        _ => no_overload("-_"),
    }
}

/// An arithmetic operator on two numbers of one type.
pub(super) fn arithmetic(name: &str, one: &Value, other: &Value) -> Evaluated {
    match (one, other) {
        (Value::Int(one), Value::Int(other)) => {
            if matches!(name, "_/_" | "_%_") && *other == 0 {
                return Failure::error("division by zero");
            }
            let result = match name {
                "_+_" => one.checked_add(*other),
                "_-_" => one.checked_sub(*other),
                "_*_" => one.checked_mul(*other),
                "_/_" => one.checked_div(*other),
                _ => one.checked_rem(*other),
            };
            result.map_or_else(|| overflow(name), |number| Ok(Value::Int(number)))
        }
        (Value::Uint(one), Value::Uint(other)) => {
            if matches!(name, "_/_" | "_%_") && *other == 0 {
                return Failure::error("division by zero");
            }
            let result = match name {
                "_+_" => one.checked_add(*other),
                "_-_" => one.checked_sub(*other),
                "_*_" => one.checked_mul(*other),
                "_/_" => one.checked_div(*other),
                _ => one.checked_rem(*other),
            };
            result.map_or_else(|| overflow(name), |number| Ok(Value::Uint(number)))
        }
        (Value::Double(one), Value::Double(other)) => Ok(Value::Double(match name {
            "_+_" => one + other,
            "_-_" => one - other,
            "_*_" => one * other,
            "_/_" => one / other,
            _ => return no_overload(name),
        })),
        _ => no_overload(name),
    }
}

fn overflow(name: &str) -> Evaluated {
    Failure::error(format!("integer overflow in {name}"))
}

/// `int(value)`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked before, and CEL cuts the fraction off"
)]
pub(super) fn to_int(value: &Value) -> Evaluated {
    const RANGE: f64 = 9_223_372_036_854_775_808.0;
    let converted = match value {
        Value::Int(number) => Some(*number),
        Value::Uint(number) => i64::try_from(*number).ok(),
        Value::Double(number) if *number > -RANGE && *number < RANGE => Some(*number as i64),
        Value::Double(_) => None,
        Value::String(text) => text.parse().ok(),
        _ => return no_overload("int"),
    };
    converted.map_or_else(
        || Failure::error("no int of that value"),
        |n| Ok(Value::Int(n)),
    )
}

/// `uint(value)`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked before, and CEL cuts the fraction off"
)]
pub(super) fn to_uint(value: &Value) -> Evaluated {
    const RANGE: f64 = 18_446_744_073_709_551_616.0;
    let converted = match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::Uint(number) => Some(*number),
        Value::Double(number) if *number >= 0.0 && *number < RANGE => Some(*number as u64),
        Value::Double(_) => None,
        Value::String(text) if text.starts_with('+') => None,
        Value::String(text) => text.parse().ok(),
        _ => return no_overload("uint"),
    };
    converted.map_or_else(
        || Failure::error("no uint of that value"),
        |n| Ok(Value::Uint(n)),
    )
}

/// `double(value)`.
#[expect(
    clippy::cast_precision_loss,
    reason = "CEL converts to the nearest double"
)]
pub(super) fn to_double(value: &Value) -> Evaluated {
    match value {
        Value::Double(number) => Ok(Value::Double(*number)),
        Value::Int(number) => Ok(Value::Double(*number as f64)),
        Value::Uint(number) => Ok(Value::Double(*number as f64)),
        Value::String(text) => {
            let plain = text
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
            if !plain {
                return Failure::unknown("a number of another notation");
            }
            text.parse().map_or_else(
                |_| Failure::error("no double of that text"),
                |n| Ok(Value::Double(n)),
            )
        }
        _ => no_overload("double"),
    }
}
