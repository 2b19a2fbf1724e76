//! Functions on lists.

use std::cmp::Ordering;
use std::rc::Rc;

use super::evaluate::{Evaluated, Failure, known, no_overload};
use super::macros::SORT_BY_KEYS;
use super::numbers;
use super::operators::{compare, equal};
use super::strings::join;
use super::value::Value;

/// A function on a list; none when it is of another library.
pub(super) fn function(name: &str, operands: &[Value]) -> Option<Evaluated> {
    let [Value::List(items), arguments @ ..] = operands else {
        return None;
    };
    Some(match (name, arguments) {
        ("join", []) => join(items, ""),
        ("join", [Value::String(separator)]) => join(items, separator),
        ("isSorted", []) => is_sorted(items),
        ("min", []) => extreme("min", items, Ordering::Less),
        ("max", []) => extreme("max", items, Ordering::Greater),
        ("sum", []) => sum(items),
        ("indexOf", [item]) => place(items.iter().enumerate(), item),
        ("lastIndexOf", [item]) => place(items.iter().enumerate().rev(), item),
        ("sort", []) => sort_by(items, items),
        (SORT_BY_KEYS, [Value::List(keys)]) => sort_by(items, keys),
        ("first", []) => optional(items.first()),
        ("last", []) => optional(items.last()),
        ("flatten", []) => flatten(items, 1),
        ("flatten", [Value::Int(depth)]) => flatten(items, *depth),
        ("distinct", []) => distinct(items),
        ("reverse", []) => Ok(Value::list(items.iter().rev().cloned().collect())),
        ("slice", [Value::Int(start), Value::Int(end)]) => slice(items, *start, *end),
        _ => return None,
    })
}

/// A value that has an order among its like; that of two that have none is passed over.
fn comparable(name: &str, item: &Value) -> Result<Value, Failure> {
    match known(item.clone())? {
        item @ (Value::Bool(_)
        | Value::Int(_)
        | Value::Uint(_)
        | Value::Double(_)
        | Value::String(_)
        | Value::Bytes(_)) => Ok(item),
        _ => no_overload(name),
    }
}

fn is_sorted(items: &[Value]) -> Evaluated {
    let mut before = None;
    for item in items {
        let item = comparable("isSorted", item)?;
        if let Some(before) = &before
            && compare("isSorted", before, &item).is_ok_and(Ordering::is_gt)
        {
            return Ok(Value::Bool(false));
        }
        before = Some(item);
    }
    Ok(Value::Bool(true))
}

fn extreme(name: &str, items: &[Value], wanted: Ordering) -> Evaluated {
    let mut best: Option<Value> = None;
    for item in items {
        let item = comparable(name, item)?;
        let better = best
            .as_ref()
            .is_none_or(|best| compare(name, &item, best) == Ok(wanted));
        if better {
            best = Some(item);
        }
    }
    best.map_or_else(|| Failure::error(format!("{name} of an empty list")), Ok)
}

fn sum(items: &[Value]) -> Evaluated {
    let Some((first, rest)) = items.split_first() else {
        return Failure::unknown("the sum of an empty list");
    };
    let mut total = first.clone();
    for item in rest {
        total = numbers::arithmetic("_+_", &total, item)?;
    }
    match total {
        total @ (Value::Int(_) | Value::Uint(_) | Value::Double(_)) => Ok(total),
        _ => no_overload("sum"),
    }
}

fn place<'a>(items: impl Iterator<Item = (usize, &'a Value)>, wanted: &Value) -> Evaluated {
    for (index, item) in items {
        if is_equal(item, wanted)? {
            return Ok(Value::Int(i64::try_from(index).unwrap_or(i64::MAX)));
        }
    }
    Ok(Value::Int(-1))
}

fn distinct(items: &[Value]) -> Evaluated {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        let mut seen = false;
        for other in &kept {
            seen = seen || is_equal(item, other)?;
        }
        if !seen {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn slice(items: &[Value], start: i64, end: i64) -> Evaluated {
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    range
        .filter(|(start, end)| start <= end)
        .and_then(|(start, end)| items.get(start..end))
        .map_or_else(
            || Failure::error("slice out of range"),
            |part| Ok(Value::list(part.to_vec())),
        )
}

/// Whether two items are equal; those that cannot be compared are not.
fn is_equal(one: &Value, other: &Value) -> Result<bool, Failure> {
    match equal(one, other) {
        Err(Failure::Error(_)) => Ok(false),
        decided => decided,
    }
}

fn optional(item: Option<&Value>) -> Evaluated {
    let item = item.cloned().map(known).transpose()?;
    Ok(Value::Optional(item.map(Rc::new)))
}

/// The items in the order of their keys, which must be of one type.
fn sort_by(items: &[Value], keys: &[Value]) -> Evaluated {
    let mut pairs: Vec<(&Value, &Value)> = Vec::with_capacity(items.len());
    for (item, key) in items.iter().zip(keys) {
        let first = keys.first().unwrap_or(key);
        let key_type = known(key.clone())?.type_name();
        // One item is never compared.
        if items.len() > 1 && key_type != known(first.clone())?.type_name() {
            return Failure::error("list elements must have the same type");
        }
        compare("sort", key, key)
            .map(drop)
            .or_else(|failure| match key {
                Value::Double(_) => Failure::unknown("the order of a number that is none"),
                _ => Err(failure),
            })?;
        pairs.push((key, item));
    }
    let tied = |pairs: &[(&Value, &Value)]| {
        pairs.windows(2).any(|pair| match pair {
            [(one, item), (other, next)] => {
                compare("sort", one, other).is_ok_and(Ordering::is_eq)
                    && !equal(item, next).unwrap_or(false)
            }
            _ => false,
        })
    };
    pairs.sort_by(|(one, _), (other, _)| compare("sort", one, other).unwrap_or(Ordering::Equal));
    if tied(&pairs) && pairs.len() > 12 {
        // The API server sorts longer lists without keeping the order of equals.
        return Failure::unknown("the order of items that sort alike");
    }
    Ok(Value::list(
        pairs.into_iter().map(|(_, item)| item.clone()).collect(),
    ))
}

fn flatten(items: &[Value], depth: i64) -> Evaluated {
    if depth < 0 {
        return Failure::error("level must be non-negative");
    }
    let mut flat = Vec::new();
    let mut waiting: Vec<(Value, i64)> = items.iter().rev().map(|it| (it.clone(), depth)).collect();
    while let Some((item, depth)) = waiting.pop() {
        match item {
            Value::List(inner) if depth > 0 => {
                waiting.extend(inner.iter().rev().map(|it| (it.clone(), depth - 1)));
            }
            item => flat.push(known(item)?),
        }
    }
    Ok(Value::list(flat))
}
