//! What a plain scalar means to kubectl: YAML 1.1 as the Go library that it uses resolves it.
//!
//! `yes`, `on` and `y` are true, `010` is 8, `1_000` is 1000; timestamps stay strings.
//! <https://github.com/kubernetes-sigs/yaml>

use granit_parser::Tag;
use serde_json::Number;
use smol_str::SmolStr;

use crate::node::Data;

/// What a scalar with its quotes and its tag means. The error is the message about it.
pub(crate) fn value(text: &str, plain: bool, tag: Option<&Tag>) -> Result<Data, String> {
    let resolved =
        || resolve(text).ok_or_else(|| format!("`{text}` is no number that JSON can hold"));
    let string = || Ok(Data::Text(SmolStr::new(text)));
    let Some(tag) = tag else {
        return if plain { resolved() } else { string() };
    };
    if is_yaml_tag(tag, "binary") {
        return Err("the tag `!!binary` is not read; write the text itself".to_owned());
    }
    let kind = match tag.core_suffix() {
        None | Some("str") => return string(),
        Some(kind) => kind,
    };
    let value = resolved()?;
    let fits = match kind {
        "null" => value == Data::Null,
        "bool" => matches!(value, Data::Bool(_)),
        "int" => matches!(&value, Data::Number(number) if !number.is_f64()),
        "float" => matches!(value, Data::Number(_)),
        _ => true,
    };
    if fits {
        Ok(value)
    } else {
        Err(format!("`{text}` is not what its tag `!!{kind}` says"))
    }
}

/// Whether a tag is YAML's own of that name, however it is written.
pub(crate) fn is_yaml_tag(tag: &Tag, name: &str) -> bool {
    tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() == Some(name)
}

/// What an untagged plain scalar means. Numbers that JSON cannot hold are `None`.
fn resolve(text: &str) -> Option<Data> {
    let Some(&first) = text.as_bytes().first() else {
        return Some(Data::Null);
    };
    if let Some(value) = word(text) {
        return Some(value);
    }
    let number = match first {
        b'.' => match text {
            ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" => return None,
            _ if separates_digits(text) => float(&text.replace('_', "")),
            _ => None,
        },
        b'+' | b'-' if matches!(text.get(1..), Some(".inf" | ".Inf" | ".INF")) => return None,
        b'+' | b'-' | b'0'..=b'9' => number(&text.replace('_', "")),
        _ => None,
    };
    Some(number.map_or_else(|| Data::Text(SmolStr::new(text)), Data::Number))
}

/// Whether every underscore stands between two digits: Go's rule for floats, which holds for
/// those that begin with a point.
fn separates_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_digit);
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'_')
        .all(|(index, _)| digit(index + 1) && index.checked_sub(1).is_some_and(digit))
}

fn word(text: &str) -> Option<Data> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Data::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Data::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Data::Null,
        _ => return None,
    })
}

/// A number without its underscores.
fn number(text: &str) -> Option<Number> {
    integer(text).or_else(|| decimal(text).then(|| float(text)).flatten())
}

/// An integer with Go's prefixes: `0x`, `0o`, `0b`, and a leading zero for octal.
fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let signed = text.len() != digits.len();
    let (radix, digits) = radix(digits);
    if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        let value = 0_i64.checked_sub_unsigned(magnitude)?;
        return Some(value.into());
    }
    // Go reads an explicit plus only into a signed integer.
    if signed && i64::try_from(magnitude).is_err() {
        return None;
    }
    Some(magnitude.into())
}

fn radix(digits: &str) -> (u32, &str) {
    for (prefixes, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
        if let Some(rest) = prefixes
            .iter()
            .find_map(|prefix| digits.strip_prefix(prefix))
        {
            return (radix, rest);
        }
    }
    match digits.strip_prefix('0') {
        Some(rest) if !rest.is_empty() => (8, rest),
        _ => (10, digits),
    }
}

/// Whether it reads `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_ok = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_ok && exponent_ok
}

fn float(text: &str) -> Option<Number> {
    let value: f64 = text.parse().ok()?;
    from_f64(value)
}

/// A float as Go writes it into JSON: one without a fraction is an integer there.
pub(crate) fn from_f64(value: f64) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a whole number below 2^53 in magnitude"
        )]
        return Some((value as i64).into());
    }
    Number::from_f64(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Node;
    use serde_json::json;

    /// Each was read by kubectl.
    #[test]
    fn plain_scalars_mean_what_they_mean_to_kubectl() {
        for (text, value) in [
            ("yes", json!(true)),
            ("on", json!(true)),
            ("y", json!(true)),
            ("no", json!(false)),
            ("off", json!(false)),
            ("n", json!(false)),
            ("tRUE", json!("tRUE")),
            ("010", json!(8)),
            ("0444", json!(292)),
            ("08", json!(8)),
            ("-010", json!(-8)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("-0b11", json!(-3)),
            ("1_000", json!(1000)),
            ("1__0", json!(10)),
            ("1_0.5", json!(10.5)),
            ("_1", json!("_1")),
            ("1e400", json!("1e400")),
            ("1e3", json!(1000)),
            ("1.0", json!(1)),
            ("+12", json!(12)),
            (".5", json!(0.5)),
            (".1_0", json!(0.1)),
            (".1__0", json!(".1__0")),
            (".", json!(".")),
            ("-", json!("-")),
            ("=", json!("=")),
            ("<<", json!("<<")),
            ("~", json!(null)),
            ("", json!(null)),
            ("Null", json!(null)),
            ("1:30", json!("1:30")),
            ("2026-11-24", json!("2026-11-24")),
            ("9223372036854775808", json!(9_223_372_036_854_775_808_u64)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("0x1ffffffffffffffffff", json!("0x1ffffffffffffffffff")),
            ("1.2.3", json!("1.2.3")),
            ("v1", json!("v1")),
        ] {
            let found = resolve(text).map(|data| Node::new(1, data).to_value());
            assert_eq!(found, Some(value), "{text:?}");
        }
        for text in [".inf", "-.inf", "+.Inf", ".nan"] {
            assert_eq!(resolve(text), None, "{text:?}");
        }
    }
}
