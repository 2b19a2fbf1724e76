//! Quantities of resources, as `resource.Quantity` reads and compares them.
//! <https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-quantity-library>

use std::cmp::Ordering;

use super::super::evaluate::{Evaluated, Failure};
use super::super::value::Value;
use super::{Opaque, opaque};

/// The smallest unit, as a power of ten.
const NANO: i32 = -9;
/// The most digits that are kept as one integer.
const DIGITS: usize = 18;

/// A quantity: `value` times ten to the `scale`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quantity {
    value: i128,
    scale: i32,
    /// Whether Kubernetes keeps it as an integer of 64 bits; only such a one is ever an integer.
    small: bool,
}

/// What a suffix multiplies by.
#[derive(Clone, Copy)]
enum Suffix {
    Ten(i32),
    Two(u32),
}

/// Reads a quantity.
pub(super) fn parse(text: &str) -> Result<Quantity, Failure> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let negative = text.starts_with('-');
    if text.is_empty() {
        return malformed();
    }
    let stripped = unsigned.trim_start_matches('0');
    let (whole, rest) = digits(stripped);
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => ("", rest),
    };
    // With nothing but zeros there is no suffix to look at.
    let suffix = interpret(suffix)?;
    let (whole, sign) = (
        if whole.is_empty() { "0" } else { whole },
        if negative { -1 } else { 1 },
    );
    let all = format!("{whole}{fraction}");
    let Ok(value) = all.parse::<i128>() else {
        return too_large();
    };
    let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    match suffix {
        Suffix::Ten(exponent) => decimal(value * sign, exponent, places, all.len()),
        Suffix::Two(exponent) => binary(value, sign, exponent, fraction, whole.len()),
    }
}

fn malformed<T>() -> Result<T, Failure> {
    Failure::error("quantities must match the regular expression of Kubernetes")
}

fn too_large<T>() -> Result<T, Failure> {
    Failure::unknown("a quantity of more than 38 digits")
}

fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn interpret(suffix: &str) -> Result<Suffix, Failure> {
    Ok(match suffix {
        "n" => Suffix::Ten(-9),
        "u" => Suffix::Ten(-6),
        "m" => Suffix::Ten(-3),
        "" => Suffix::Ten(0),
        "k" => Suffix::Ten(3),
        "M" => Suffix::Ten(6),
        "G" => Suffix::Ten(9),
        "T" => Suffix::Ten(12),
        "P" => Suffix::Ten(15),
        "E" => Suffix::Ten(18),
        "Ki" => Suffix::Two(10),
        "Mi" => Suffix::Two(20),
        "Gi" => Suffix::Two(30),
        "Ti" => Suffix::Two(40),
        "Pi" => Suffix::Two(50),
        "Ei" => Suffix::Two(60),
        other => {
            let exponent = other.strip_prefix(['e', 'E']).unwrap_or_default();
            let Ok(exponent) = exponent.parse::<i64>() else {
                return malformed();
            };
            match i32::try_from(exponent) {
                Ok(exponent) if exponent.abs() <= 36 => Suffix::Ten(exponent),
                _ => return too_large(),
            }
        }
    })
}

/// A quantity with a decimal suffix.
fn decimal(value: i128, exponent: i32, places: i32, length: usize) -> Result<Quantity, Failure> {
    let scale = exponent - places;
    if length <= DIGITS && scale >= NANO {
        return Ok(Quantity {
            value,
            scale,
            small: true,
        });
    }
    rounded(value, scale)
}

/// Rounds to the smallest unit, away from zero.
fn rounded(value: i128, scale: i32) -> Result<Quantity, Failure> {
    if value == 0 {
        return Ok(Quantity {
            value,
            scale,
            small: false,
        });
    }
    if let Ok(more) = u32::try_from(scale - NANO) {
        let factor = 10_i128.checked_pow(more);
        return match factor.and_then(|factor| factor.checked_mul(value)) {
            Some(value) => Ok(Quantity {
                value,
                scale: NANO,
                small: false,
            }),
            None => too_large(),
        };
    }
    let lost = u32::try_from(NANO - scale).unwrap_or(u32::MAX);
    let value = match 10_i128.checked_pow(lost) {
        Some(divisor) => {
            let up = i128::from(value % divisor != 0) * value.signum();
            value / divisor + up
        }
        None => value.signum(),
    };
    Ok(Quantity {
        value,
        scale: NANO,
        small: false,
    })
}

/// A quantity with a suffix of two: never more than the greatest integer of 64 bits.
fn binary(
    value: i128,
    sign: i128,
    exponent: u32,
    fraction: &str,
    whole: usize,
) -> Result<Quantity, Failure> {
    let Some(multiplied) = value.checked_mul(1_i128 << exponent) else {
        return too_large();
    };
    let digits_of_factor = usize::try_from(exponent * 3 / 10).unwrap_or(usize::MAX);
    let fits = i64::try_from(multiplied).is_ok();
    if fraction.is_empty() && whole + digits_of_factor < 15 && fits {
        return Ok(Quantity {
            value: multiplied * sign,
            scale: 0,
            small: true,
        });
    }
    let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    let exact = rounded(multiplied, -places)?;
    let greatest = Quantity {
        value: i128::from(i64::MAX),
        scale: 0,
        small: false,
    };
    let capped = if exact.compare(&greatest)?.is_gt() {
        greatest
    } else {
        exact
    };
    Ok(Quantity {
        value: capped.value * sign,
        ..capped
    })
}

impl Quantity {
    /// The order of two quantities.
    pub(super) fn compare(&self, other: &Self) -> Result<Ordering, Failure> {
        let (one, other, _) = self.aligned(other)?;
        Ok(one.cmp(&other))
    }

    /// Both at the smaller scale of the two.
    fn aligned(&self, other: &Self) -> Result<(i128, i128, i32), Failure> {
        let scale = self.scale.min(other.scale);
        let at = |quantity: &Self| {
            let more = u32::try_from(quantity.scale - scale).ok()?;
            if quantity.value == 0 {
                return Some(0);
            }
            10_i128.checked_pow(more)?.checked_mul(quantity.value)
        };
        match (at(self), at(other)) {
            (Some(one), Some(other)) => Ok((one, other, scale)),
            _ => too_large(),
        }
    }

    fn plus(&self, other: &Self) -> Result<Self, Failure> {
        if self.small && other.small {
            if other.value == 0 {
                return Ok(*self);
            }
            if self.value == 0 {
                return Ok(*other);
            }
        }
        let (one, added, scale) = self.aligned(other)?;
        let Some(value) = one.checked_add(added) else {
            return too_large();
        };
        let fits = [one, added, value]
            .iter()
            .all(|number| i64::try_from(*number).is_ok());
        Ok(Self {
            value,
            scale,
            small: self.small && other.small && fits,
        })
    }

    fn negated(&self) -> Self {
        Self {
            value: -self.value,
            ..*self
        }
    }

    /// The integer that it is, as far as Kubernetes sees one.
    fn integer(&self) -> Option<i64> {
        let scale = u32::try_from(self.scale).ok().filter(|_| self.small)?;
        let factor = 10_i128.checked_pow(scale)?;
        i64::try_from(self.value.checked_mul(factor)?).ok()
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the nearest double is what is asked for"
    )]
    fn approximate(&self) -> f64 {
        match self.scale {
            0 => self.value as f64,
            scale => self.value as f64 * power_of_ten(scale),
        }
    }
}

/// The double nearest to a power of ten.
fn power_of_ten(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().unwrap_or(f64::NAN)
}

fn integer(value: i64) -> Quantity {
    Quantity {
        value: i128::from(value),
        scale: 0,
        small: true,
    }
}

/// A member function of a quantity.
pub(super) fn member(name: &str, quantity: &Quantity, rest: &[Value]) -> Option<Evaluated> {
    if rest.is_empty() {
        return alone(name, quantity);
    }
    let [other] = rest else {
        return None;
    };
    let other = match (name, other) {
        ("add" | "sub", Value::Int(number)) => integer(*number),
        (_, Value::Opaque(other)) => match other.as_ref() {
            Opaque::Quantity(other) => *other,
            _ => return None,
        },
        _ => return None,
    };
    Some(match name {
        "add" => quantity.plus(&other).map(made),
        "sub" => quantity.plus(&other.negated()).map(made),
        "compareTo" => quantity.compare(&other).map(|order| match order {
            Ordering::Less => Value::Int(-1),
            Ordering::Equal => Value::Int(0),
            Ordering::Greater => Value::Int(1),
        }),
        "isGreaterThan" => quantity.compare(&other).map(|it| Value::Bool(it.is_gt())),
        "isLessThan" => quantity.compare(&other).map(|it| Value::Bool(it.is_lt())),
        _ => return None,
    })
}

fn alone(name: &str, quantity: &Quantity) -> Option<Evaluated> {
    Some(match name {
        "sign" => Ok(Value::Int(
            i64::try_from(quantity.value.signum()).unwrap_or_default(),
        )),
        "isInteger" => Ok(Value::Bool(quantity.integer().is_some())),
        "asInteger" => quantity.integer().map_or_else(
            || Failure::error("cannot convert value to integer"),
            |number| Ok(Value::Int(number)),
        ),
        "asApproximateFloat" => Ok(Value::Double(quantity.approximate())),
        _ => return None,
    })
}

fn made(quantity: Quantity) -> Value {
    opaque(Opaque::Quantity(quantity))
}
