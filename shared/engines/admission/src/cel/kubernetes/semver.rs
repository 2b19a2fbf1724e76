//! Versions by the rules of semver.org.
//! <https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-semver-library>

use std::cmp::Ordering;

use super::super::evaluate::{Evaluated, Failure};
use super::super::value::Value;
use super::Opaque;

/// A version; what was built into it counts for nothing.
#[derive(Debug, Clone)]
pub(crate) struct Semver {
    numbers: [u64; 3],
    prerelease: Vec<Part>,
}

/// A part of a prerelease. Numbers come before texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Text(String),
}

impl Semver {
    /// The order of two versions.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => self.prerelease.cmp(&other.prerelease),
            }
        })
    }
}

/// Reads a version, with a leading `v`, leading zeros and missing numbers when `tolerant`.
pub(super) fn parse_as(text: &str, tolerant: bool) -> Result<Semver, Failure> {
    if !tolerant {
        return parse(text);
    }
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text.splitn(3, '.').map(without_leading_zeros).collect();
    let short = parts.len() < 3;
    if short && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
        return malformed();
    }
    while parts.len() < 3 {
        parts.push("0".to_owned());
    }
    parse(&parts.join("."))
}

fn without_leading_zeros(part: &str) -> String {
    if part.len() < 2 {
        return part.to_owned();
    }
    let stripped = part.trim_start_matches('0');
    if stripped.starts_with(|first: char| first.is_ascii_digit()) {
        stripped.to_owned()
    } else {
        format!("0{stripped}")
    }
}

/// Reads a version as it must be written.
pub(super) fn parse(text: &str) -> Result<Semver, Failure> {
    let mut parts = text.splitn(3, '.');
    let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return malformed();
    };
    let (rest, built) = rest
        .split_once('+')
        .map_or((rest, None), |(rest, built)| (rest, Some(built)));
    let (patch, prerelease) = rest
        .split_once('-')
        .map_or((rest, None), |(patch, prerelease)| {
            (patch, Some(prerelease))
        });
    let built = built.into_iter().flat_map(|built| built.split('.'));
    if !built.into_iter().all(is_identifier) {
        return malformed();
    }
    let prerelease = prerelease
        .into_iter()
        .flat_map(|prerelease| prerelease.split('.'))
        .map(part)
        .collect::<Result<_, _>>()?;
    Ok(Semver {
        numbers: [number(major)?, number(minor)?, number(patch)?],
        prerelease,
    })
}

fn malformed<T>() -> Result<T, Failure> {
    Failure::error("not a semantic version")
}

fn is_identifier(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(allowed)
}

fn number(text: &str) -> Result<u64, Failure> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    match text.parse() {
        Ok(number) if plain && !leading_zero => Ok(number),
        _ => malformed(),
    }
}

fn part(text: &str) -> Result<Part, Failure> {
    if !is_identifier(text) {
        return malformed();
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return number(text).map(Part::Number);
    }
    Ok(Part::Text(text.to_owned()))
}

/// A member function of a version.
pub(super) fn member(name: &str, version: &Semver, rest: &[Value]) -> Option<Evaluated> {
    let [major, minor, patch] = version.numbers;
    let whole = |number: u64| {
        i64::try_from(number).map_or_else(
            |_| Failure::unknown("a version with a number of more than 63 bits"),
            |number| Ok(Value::Int(number)),
        )
    };
    match (name, rest) {
        ("major", []) => return Some(whole(major)),
        ("minor", []) => return Some(whole(minor)),
        ("patch", []) => return Some(whole(patch)),
        _ => {}
    }
    let [Value::Opaque(other)] = rest else {
        return None;
    };
    let Opaque::Semver(other) = other.as_ref() else {
        return None;
    };
    let order = version.compare(other);
    Some(Ok(match name {
        "compareTo" => Value::Int(match order {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }),
        "isGreaterThan" => Value::Bool(order.is_gt()),
        "isLessThan" => Value::Bool(order.is_lt()),
        _ => return None,
    }))
}
