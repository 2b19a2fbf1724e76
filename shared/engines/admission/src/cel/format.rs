//! `strings.format` and `strings.quote`, as cel-go's second version of the library has them.
//! <https://pkg.go.dev/github.com/google/cel-go/ext#Strings>

use std::fmt::Write as _;
use std::rc::Rc;

use super::evaluate::{Evaluated, Failure};
use super::libraries::double_text;
use super::value::{Key, Value};

/// The most digits after the point that are written here.
const MOST_DIGITS: usize = 300;

/// A piece of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text as it stands.
    Text(String),
    /// A value, as the clause says.
    Clause(Clause),
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    Text,
    Decimal,
    /// With so many digits after the point.
    Fixed(usize),
    Scientific,
    Binary,
    Hexadecimal {
        upper: bool,
    },
    Octal,
}

/// The pieces of a format up to what cannot be read, and what is wrong with that.
pub(super) fn pieces(format: &str) -> (Vec<Piece>, Option<&'static str>) {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = format.chars();
    while let Some(character) = rest.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        if rest.as_str().starts_with('%') {
            rest.next();
            text.push('%');
            continue;
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        match clause(&mut rest) {
            Ok(clause) => pieces.push(Piece::Clause(clause)),
            Err(wrong) => return (pieces, Some(wrong)),
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    (pieces, None)
}

fn clause(rest: &mut std::str::Chars<'_>) -> Result<Clause, &'static str> {
    let mut digits = None;
    if let Some(after) = rest.as_str().strip_prefix('.') {
        let end = after
            .find(|character: char| !character.is_ascii_digit())
            .ok_or("could not find end of precision specifier")?;
        let (number, after) = after.split_at(end);
        let number = number
            .parse()
            .map_err(|_| "error while converting precision to integer")?;
        digits = Some(number);
        *rest = after.chars();
    }
    Ok(match rest.next().ok_or("unexpected end of string")? {
        's' => Clause::Text,
        'd' => Clause::Decimal,
        'f' => Clause::Fixed(digits.unwrap_or(6)),
        'e' => Clause::Scientific,
        'b' => Clause::Binary,
        'x' => Clause::Hexadecimal { upper: false },
        'X' => Clause::Hexadecimal { upper: true },
        'o' => Clause::Octal,
        _ => return Err("unrecognized formatting clause"),
    })
}

/// `format.format(values)`.
pub(super) fn format(format: &str, values: &[Value]) -> Evaluated {
    let (pieces, wrong) = pieces(format);
    let mut values = values.iter();
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Clause(clause) => match values.next() {
                Some(Value::Unknown(reason)) => return Failure::unknown(reason.as_ref()),
                Some(value) => out.push_str(&written(clause, value)?),
                None => return Failure::error("index out of range"),
            },
        }
    }
    match wrong {
        Some(wrong) => Failure::error(wrong),
        None => Ok(Value::text(out)),
    }
}

type Written = Result<String, Failure>;

fn written(clause: Clause, value: &Value) -> Written {
    match (clause, value) {
        (Clause::Text, value) => text(value),
        (Clause::Decimal, Value::Int(number)) => Ok(number.to_string()),
        (Clause::Decimal, Value::Uint(number)) => Ok(number.to_string()),
        (Clause::Fixed(digits), Value::Double(number)) => fixed(*number, digits),
        (Clause::Scientific, Value::Double(_)) => Failure::unknown("`format` with the clause %e"),
        (Clause::Fixed(_) | Clause::Scientific, Value::String(text))
            if matches!(text.as_ref(), "NaN" | "Infinity" | "-Infinity") =>
        {
            Failure::unknown("`format` of a number that is none")
        }
        (Clause::Binary, Value::Bool(flag)) => Ok(u8::from(*flag).to_string()),
        (Clause::Binary | Clause::Octal | Clause::Hexadecimal { .. }, Value::Int(number)) => {
            let sign = if *number < 0 { "-" } else { "" };
            Ok(format!("{sign}{}", radix(clause, number.unsigned_abs())))
        }
        (Clause::Binary | Clause::Octal | Clause::Hexadecimal { .. }, Value::Uint(number)) => {
            Ok(radix(clause, *number))
        }
        (Clause::Hexadecimal { upper }, Value::String(text)) => {
            Ok(hexadecimal(text.as_bytes(), upper))
        }
        (Clause::Hexadecimal { upper }, Value::Bytes(bytes)) => Ok(hexadecimal(bytes, upper)),
        _ => Failure::error("a value of a type that the formatting clause does not take"),
    }
}

fn radix(clause: Clause, number: u64) -> String {
    match clause {
        Clause::Binary => format!("{number:b}"),
        Clause::Octal => format!("{number:o}"),
        Clause::Hexadecimal { upper: true } => format!("{number:X}"),
        _ => format!("{number:x}"),
    }
}

fn hexadecimal(bytes: &[u8], upper: bool) -> String {
    let each = |byte: &u8| {
        if upper {
            format!("{byte:02X}")
        } else {
            format!("{byte:02x}")
        }
    };
    bytes.iter().map(each).collect()
}

/// With a comma between each three digits before the point, as in American English.
fn fixed(number: f64, digits: usize) -> Written {
    if !number.is_finite() {
        return Failure::unknown("`format` of a number that is none");
    }
    if digits > MOST_DIGITS {
        return Failure::unknown("`format` with more than 300 digits");
    }
    let plain = format!("{:.digits$}", number.abs());
    let (whole, fraction) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if number < 0.0 { "-" } else { "" };
    Ok(format!("{sign}{grouped}{fraction}"))
}

/// A value as `%s` writes it.
fn text(value: &Value) -> Written {
    match value {
        Value::String(text) => Ok(text.to_string()),
        Value::Double(number) => Ok(double_text(*number)),
        other => part(other),
    }
}

/// A value as it stands in a list or a map.
fn part(value: &Value) -> Written {
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) if number.is_finite() => format!("{number:.6}"),
        Value::Double(_) => return Failure::unknown("`format` of a number that is none"),
        Value::String(text) => quoted_in_go(text)?,
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => return Failure::error("invalid UTF-8 in bytes"),
        },
        Value::Type(name) => (*name).to_owned(),
        Value::List(items) => list(items)?,
        Value::Map(members) => {
            let mut entries = Vec::new();
            for (key, member) in members.iter() {
                let key = match key {
                    Key::String(text) => quoted_in_go(text)?,
                    other => part(&other.value())?,
                };
                entries.push((key, member_text(member)?));
            }
            entries.sort();
            let entries: Vec<String> = entries
                .into_iter()
                .map(|(key, member)| format!("{key}:{member}"))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Unknown(reason) => return Failure::unknown(reason.as_ref()),
        Value::Variables => return Failure::unknown("`variables` as a value"),
        Value::Optional(_) | Value::Opaque(_) => {
            return Failure::error("no formatting function for a value of that type");
        }
    })
}

fn list(items: &Rc<Vec<Value>>) -> Written {
    let items: Result<Vec<String>, Failure> = items.iter().map(member_text).collect();
    Ok(format!("[{}]", items?.join(", ")))
}

fn member_text(value: &Value) -> Written {
    match value {
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(format!("b{}", quoted_in_go(text)?)),
            Err(_) => Failure::error("invalid UTF-8 in bytes"),
        },
        other => part(other),
    }
}

/// The escape of a character that Go and CEL have one for.
fn escape(character: char) -> Option<&'static str> {
    Some(match character {
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\u{c}' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\u{b}' => "\\v",
        '\\' => "\\\\",
        '"' => "\\\"",
        _ => return None,
    })
}

/// A text as Go's `%q` writes it.
fn quoted_in_go(text: &str) -> Written {
    let mut out = String::from("\"");
    for character in text.chars() {
        match (escape(character), character) {
            (Some(escaped), _) => out.push_str(escaped),
            (None, ' '..='~') => out.push(character),
            (None, letter) if letter.is_alphanumeric() => out.push(letter),
            (None, control) if control.is_ascii() => {
                let _ = write!(out, "\\x{:02x}", u32::from(control));
            }
            _ => return Failure::unknown("how a character is quoted"),
        }
    }
    out.push('"');
    Ok(out)
}

/// `strings.quote(text)`.
pub(super) fn quote(text: &str) -> Value {
    let mut out = String::from("\"");
    for character in text.chars() {
        match escape(character) {
            Some(escaped) => out.push_str(escaped),
            None => out.push(character),
        }
    }
    out.push('"');
    Value::text(out)
}
