//! Functions on lists.

use std::cmp::Ordering;

use super::evaluate::{Evaluated, Failure, known, no_overload};
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
        ("distinct", []) => distinct(items),
        ("reverse", []) => Ok(Value::list(items.iter().rev().cloned().collect())),
        ("slice", [Value::Int(start), Value::Int(end)]) => slice(items, *start, *end),
        _ => return None,
    })
}

fn is_sorted(items: &[Value]) -> Evaluated {
    for pair in items.windows(2) {
        if let [one, other] = pair
            && compare("isSorted", one, other)?.is_gt()
        {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn extreme(name: &str, items: &[Value], wanted: Ordering) -> Evaluated {
    let Some((first, rest)) = items.split_first() else {
        return Failure::error(format!("{name} of an empty list"));
    };
    let mut best = known(first.clone())?;
    for item in rest {
        if compare(name, item, &best)? == wanted {
            best = item.clone();
        }
    }
    Ok(best)
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
        if equal(item, wanted)? {
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
            seen = seen || equal(other, item)?;
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
