//! Literals of lists and maps.

use std::collections::BTreeMap;
use std::rc::Rc;

use cel::common::ast::{EntryExpr, ListExpr, MapExpr};

use super::evaluate::{Evaluated, Evaluator, Failure, no_overload};
use super::value::Value;

impl Evaluator<'_> {
    /// `[a, ?b]`.
    pub(super) fn list(&mut self, list: &ListExpr) -> Evaluated {
        let mut items = Vec::with_capacity(list.elements.len());
        for (index, element) in list.elements.iter().enumerate() {
            let item = self.value(element)?;
            items.extend(taken(item, list.optional_indices.contains(&index))?);
        }
        Ok(Value::list(items))
    }

    /// `{a: b, ?c: d}`.
    pub(super) fn map(&mut self, map: &MapExpr) -> Evaluated {
        let mut members = BTreeMap::new();
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                return Failure::unknown("a map literal of another shape");
            };
            let key = self.value(&entry.key)?;
            let Some(key) = key.key() else {
                return Failure::unknown(format!("a map key of type {}", key.type_name()));
            };
            let member = self.value(&entry.value)?;
            if let Some(member) = taken(member, entry.optional)?
                && members.insert(key, member).is_some()
            {
                return Failure::unknown("a map literal with a key twice");
            }
        }
        Ok(Value::Map(Rc::new(members)))
    }
}

/// A member, taken out of its optional when it is marked so.
fn taken(member: Value, optional: bool) -> Result<Option<Value>, Failure> {
    match (member, optional) {
        (member, false) => Ok(Some(member)),
        (Value::Optional(inner), true) => Ok(inner.map(|inner| Value::clone(&inner))),
        (_, true) => no_overload("?"),
    }
}
