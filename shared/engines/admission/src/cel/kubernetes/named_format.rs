//! Named formats of texts. How many complaints there are is known, their wording is not.
//! <https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-format-library>

use std::rc::Rc;

use super::super::evaluate::{Evaluated, Failure};
use super::super::value::Value;
use super::url;

/// A named format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A DNS label, or the beginning of one.
    Label { prefix: bool },
    /// Labels with dots between, or the beginning of such.
    Subdomain { prefix: bool },
    /// A label that begins with a letter, or the beginning of one.
    Label1035 { prefix: bool },
    /// A name with an optional subdomain and slash before it.
    QualifiedName,
    /// The value of a label.
    LabelValue,
    /// An absolute URI.
    Uri,
    /// A UUID, dashes or not.
    Uuid,
    /// Base64.
    Byte,
    /// A date.
    Date,
    /// A date and a time.
    DateTime,
}

const LONGEST_LABEL: usize = 63;
const LONGEST_SUBDOMAIN: usize = 253;

impl Format {
    /// The format of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "dns1123Label" => Self::Label { prefix: false },
            "dns1123LabelPrefix" => Self::Label { prefix: true },
            "dns1123Subdomain" => Self::Subdomain { prefix: false },
            "dns1123SubdomainPrefix" => Self::Subdomain { prefix: true },
            "dns1035Label" => Self::Label1035 { prefix: false },
            "dns1035LabelPrefix" => Self::Label1035 { prefix: true },
            "qualifiedName" => Self::QualifiedName,
            "labelValue" => Self::LabelValue,
            "uri" => Self::Uri,
            "uuid" => Self::Uuid,
            "byte" => Self::Byte,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            _ => return None,
        })
    }

    /// How many complaints there are about a text.
    fn complaints(self, text: &str) -> Result<usize, Failure> {
        let count = |well: bool| usize::from(!well);
        let limited =
            |text: &str, well: bool, longest: usize| count(well) + count(text.len() <= longest);
        Ok(match self {
            Self::Label { prefix } => {
                let text = masked(text, prefix);
                limited(&text, is_label(&text), LONGEST_LABEL)
            }
            Self::Subdomain { prefix } => {
                let text = masked(text, prefix);
                limited(&text, is_subdomain(&text), LONGEST_SUBDOMAIN)
            }
            Self::Label1035 { prefix } => {
                let text = masked(text, prefix);
                let letter = text.starts_with(|first: char| first.is_ascii_lowercase());
                limited(&text, letter && is_label(&text), LONGEST_LABEL)
            }
            Self::QualifiedName => qualified_name(text),
            Self::LabelValue => limited(text, text.is_empty() || is_name(text), LONGEST_LABEL),
            Self::Uri => match url::parse_request(text) {
                Ok(()) => 0,
                Err(Failure::Error(_)) => 1,
                Err(unknown) => return Err(unknown),
            },
            Self::Uuid => count(is_uuid(text)),
            Self::Byte => count(is_base64(text)),
            Self::Date => count(is_date(text)),
            Self::DateTime => count(is_date_time(text)),
        })
    }
}

/// Whether a ServiceAccount may have that name.
pub(super) fn is_account_name(text: &str) -> bool {
    text.len() <= LONGEST_SUBDOMAIN && is_subdomain(text)
}

/// Whether a namespace may have that name.
pub(super) fn is_namespace_name(text: &str) -> bool {
    text.len() <= LONGEST_LABEL && is_label(text)
}

/// The beginning of a name may end with a dash: it and what is before it count as a letter.
fn masked(text: &str, prefix: bool) -> String {
    match text.strip_suffix('-') {
        Some(before) if prefix && !before.is_empty() => {
            let mut kept: String = before.to_owned();
            kept.pop();
            kept.push('a');
            kept
        }
        _ => text.to_owned(),
    }
}

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

/// Letters, digits, and inside `-`, `_` and `.`.
fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let outer = |c: char| c.is_ascii_alphanumeric();
    text.bytes().all(inner) && text.starts_with(outer) && text.ends_with(outer)
}

fn qualified_name(text: &str) -> usize {
    let (prefix, name) = match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] => (None, *name),
        [prefix, name] => (Some(*prefix), *name),
        _ => return 1,
    };
    let of_prefix = prefix.map_or(0, |prefix| {
        if prefix.is_empty() {
            1
        } else {
            usize::from(!is_subdomain(prefix)) + usize::from(prefix.len() > LONGEST_SUBDOMAIN)
        }
    });
    let too_long = usize::from(name.len() > LONGEST_LABEL);
    let empty = usize::from(name.is_empty());
    of_prefix + empty + too_long + usize::from(!is_name(name))
}

fn is_uuid(text: &str) -> bool {
    let mut rest = text;
    for (place, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if place > 0 {
            rest = rest.strip_prefix('-').unwrap_or(rest);
        }
        let Some((part, after)) = rest.split_at_checked(length) else {
            return false;
        };
        if !part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    let padding = text.len() - data.len();
    !text.is_empty() && text.len().is_multiple_of(4) && padding <= 2 && data.bytes().all(alphabet)
}

/// A number of that many digits, within a range.
fn number(text: &str, length: usize) -> Option<u32> {
    let plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2))
    else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=longest).contains(&day)
}

/// Date, `t`, time, fraction, zone; what stands before the fraction may be anything.
fn is_date_time(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else {
        return false;
    };
    let Some((clock, rest)) = time.split_at_checked(8) else {
        return false;
    };
    let pieces: Vec<&str> = clock.split(':').collect();
    let [hour, minute, second] = pieces.as_slice() else {
        return false;
    };
    let below = |text: &str, limit: u32| number(text, 2).is_some_and(|number| number < limit);
    let timed = below(hour, 24) && below(minute, 60) && below(second, 60);
    is_date(date) && timed && (is_zone(rest) || is_zone(without_fraction(rest)))
}

/// What is left after one character and digits.
fn without_fraction(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next().filter(|first| *first != '\n');
    let after = characters.as_str();
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == after.len() {
        text
    } else {
        rest
    }
}

fn is_zone(text: &str) -> bool {
    if text == "z" {
        return true;
    }
    let Some((hours, minutes)) = text
        .strip_prefix(['+', '-'])
        .and_then(|zone| zone.split_once(':'))
    else {
        return false;
    };
    number(hours, 2).is_some() && number(minutes, 2).is_some()
}

/// The member function of a format.
pub(super) fn member(name: &str, format: Format, rest: &[Value]) -> Option<Evaluated> {
    let ("validate", [Value::String(text)]) = (name, rest) else {
        return None;
    };
    let complaints = match format.complaints(text) {
        Ok(complaints) => complaints,
        Err(failure) => return Some(Err(failure)),
    };
    let inner = (complaints > 0).then(|| {
        let wording = Value::unknown("how a named format words its complaint");
        Rc::new(Value::list(vec![wording; complaints]))
    });
    Some(Ok(Value::Optional(inner)))
}
