//! Functions on texts. Positions count code points, not bytes.

use super::evaluate::{Evaluated, Failure, no_overload};
use super::patterns;
use super::value::Value;

/// A function on a text; none when it is of another library.
pub(super) fn text_function(name: &str, operands: &[Value]) -> Option<Evaluated> {
    let [Value::String(text), arguments @ ..] = operands else {
        return None;
    };
    let text = text.as_ref();
    Some(match (name, arguments) {
        ("contains", [Value::String(part)]) => Ok(Value::Bool(text.contains(part.as_ref()))),
        ("startsWith", [Value::String(part)]) => Ok(Value::Bool(text.starts_with(part.as_ref()))),
        ("endsWith", [Value::String(part)]) => Ok(Value::Bool(text.ends_with(part.as_ref()))),
        ("matches", [Value::String(pattern)]) => matches(text, pattern),
        ("find", [Value::String(pattern)]) => find(text, pattern),
        ("findAll", [Value::String(pattern)]) => find_all(text, pattern, -1),
        ("findAll", [Value::String(pattern), Value::Int(limit)]) => find_all(text, pattern, *limit),
        ("lowerAscii", []) => Ok(Value::text(text.to_ascii_lowercase())),
        ("upperAscii", []) => Ok(Value::text(text.to_ascii_uppercase())),
        ("trim", []) => Ok(Value::text(text.trim())),
        ("charAt", [Value::Int(position)]) => char_at(text, *position),
        ("indexOf", [Value::String(part)]) => index_of(text, part, 0),
        ("indexOf", [Value::String(part), Value::Int(from)]) => index_of(text, part, *from),
        ("lastIndexOf", [Value::String(part)]) => Ok(last_index_of(text, part)),
        ("lastIndexOf", [Value::String(part), Value::Int(from)]) => {
            last_index_from(text, part, *from)
        }
        ("format", [Value::List(values)]) => super::format::format(text, values),
        ("replace", [Value::String(old), Value::String(new)]) => Ok(replace(text, old, new, -1)),
        ("replace", [Value::String(old), Value::String(new), Value::Int(limit)]) => {
            Ok(replace(text, old, new, *limit))
        }
        ("split", [Value::String(separator)]) => Ok(split(text, separator, -1)),
        ("split", [Value::String(separator), Value::Int(limit)]) => {
            Ok(split(text, separator, *limit))
        }
        ("substring", [Value::Int(start)]) => substring(text, *start, length(text)),
        ("substring", [Value::Int(start), Value::Int(end)]) => substring(text, *start, *end),
        _ => return None,
    })
}

fn pattern(pattern: &str) -> Result<regex::Regex, Failure> {
    patterns::compile(pattern).map_err(Failure::Unknown)
}

fn matches(text: &str, expression: &str) -> Evaluated {
    Ok(Value::Bool(pattern(expression)?.is_match(text)))
}

fn find(text: &str, expression: &str) -> Evaluated {
    let found = pattern(expression)?;
    Ok(Value::text(
        found
            .find(text)
            .map(|found| found.as_str())
            .unwrap_or_default(),
    ))
}

fn find_all(text: &str, expression: &str, limit: i64) -> Evaluated {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let found = pattern(expression)?;
    let all = found.find_iter(text).take(limit);
    Ok(Value::list(
        all.map(|found| Value::text(found.as_str())).collect(),
    ))
}

fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

fn out_of_range<T>() -> Result<T, Failure> {
    Failure::error("index out of range")
}

fn char_at(text: &str, position: i64) -> Evaluated {
    if position == length(text) {
        return Ok(Value::text(""));
    }
    usize::try_from(position)
        .ok()
        .and_then(|position| text.chars().nth(position))
        .map_or_else(out_of_range, |found| Ok(Value::text(found.to_string())))
}

fn substring(text: &str, start: i64, end: i64) -> Evaluated {
    if start < 0 || end < start || end > length(text) {
        return out_of_range();
    }
    let skip = usize::try_from(start).unwrap_or(usize::MAX);
    let take = usize::try_from(end - start).unwrap_or(usize::MAX);
    let part: String = text.chars().skip(skip).take(take).collect();
    Ok(Value::text(part))
}

fn position(text: &str, byte: usize) -> Value {
    Value::Int(length(text.get(..byte).unwrap_or_default()))
}

fn index_of(text: &str, part: &str, from: i64) -> Evaluated {
    if part.is_empty() {
        return Ok(Value::Int(from));
    }
    if from < 0 {
        return out_of_range();
    }
    let start = text
        .char_indices()
        .nth(usize::try_from(from).unwrap_or(usize::MAX))
        .map_or(text.len(), |(byte, _)| byte);
    let found = text.get(start..).and_then(|rest| rest.find(part));
    Ok(found.map_or(Value::Int(-1), |byte| position(text, start + byte)))
}

fn last_index_of(text: &str, part: &str) -> Value {
    if part.is_empty() {
        return Value::Int(length(text));
    }
    text.rfind(part)
        .map_or(Value::Int(-1), |byte| position(text, byte))
}

/// The last place of a part that begins at a position or before it.
fn last_index_from(text: &str, part: &str, from: i64) -> Evaluated {
    if part.is_empty() {
        return Ok(Value::Int(from));
    }
    let Ok(from) = usize::try_from(from) else {
        return out_of_range();
    };
    if text.chars().nth(from).is_none() {
        return Ok(Value::Int(-1));
    }
    let begins = |byte: &usize| text.get(*byte..).is_some_and(|rest| rest.starts_with(part));
    let places = text.char_indices().map(|(byte, _)| byte).take(from + 1);
    let found = places.filter(begins).last();
    Ok(found.map_or(Value::Int(-1), |byte| position(text, byte)))
}

fn replace(text: &str, old: &str, new: &str, limit: i64) -> Value {
    Value::text(match usize::try_from(limit) {
        Ok(limit) => text.replacen(old, new, limit),
        Err(_) => text.replace(old, new),
    })
}

fn split(text: &str, separator: &str, limit: i64) -> Value {
    if separator.is_empty() {
        return Value::list(characters(text, limit));
    }
    let parts: Vec<Value> = match usize::try_from(limit) {
        Ok(0) => Vec::new(),
        Ok(limit) => text.splitn(limit, separator).map(Value::text).collect(),
        Err(_) => text.split(separator).map(Value::text).collect(),
    };
    Value::list(parts)
}

/// The characters of a text; with a limit the last one has the rest.
fn characters(text: &str, limit: i64) -> Vec<Value> {
    let Ok(limit) = usize::try_from(limit) else {
        return text
            .chars()
            .map(|part| Value::text(part.to_string()))
            .collect();
    };
    let mut parts = Vec::new();
    let mut rest = text.chars();
    while parts.len() + 1 < limit {
        match rest.next() {
            Some(part) => parts.push(Value::text(part.to_string())),
            None => return parts,
        }
    }
    if limit > 0 && !rest.as_str().is_empty() {
        parts.push(Value::text(rest.as_str()));
    }
    parts
}

/// `list.join(separator)`.
pub(super) fn join(items: &[Value], separator: &str) -> Evaluated {
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Value::String(text) => texts.push(text.as_ref()),
            Value::Unknown(reason) => return Failure::unknown(reason.as_ref()),
            _ => return no_overload("join"),
        }
    }
    Ok(Value::text(texts.join(separator)))
}
