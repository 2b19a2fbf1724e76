//! Comprehensions: what `all`, `exists`, `map` and `filter` expand to, and the two macros of
//! optional values, which the parser leaves as calls.

use std::rc::Rc;

use cel::common::ast::{ComprehensionExpr, Expr};
use cel::parser::Expression;

use super::evaluate::{Evaluated, Evaluator, Failure, known};
use super::value::Value;

impl Evaluator<'_> {
    /// Folds a range: an error of one step lasts until a later step absorbs it.
    pub(super) fn comprehension(&mut self, inner: &ComprehensionExpr) -> Evaluated {
        let range = self.value(&inner.iter_range)?;
        let items = items(&range, inner.iter_var2.is_some())?;
        self.spend(items.len())?;
        let mut accumulated = self.value(&inner.accu_init);
        let height = self.scope.len();
        for (first, second) in items {
            self.scope
                .push((inner.accu_var.clone(), accumulated.clone()));
            self.scope.push((inner.iter_var.clone(), Ok(first)));
            if let Some((name, second)) = inner.iter_var2.as_ref().zip(second) {
                self.scope.push((name.clone(), known(second)));
            }
            let goes_on = self.value(&inner.loop_cond);
            if !matches!(goes_on, Ok(Value::Bool(false))) {
                accumulated = self.value(&inner.loop_step);
                if let Err(failure) = &accumulated
                    && failure.is_final()
                {
                    return accumulated;
                }
            }
            self.scope.truncate(height);
            if matches!(goes_on, Ok(Value::Bool(false))) {
                break;
            }
        }
        self.scope.push((inner.accu_var.clone(), accumulated));
        let result = self.value(&inner.result);
        self.scope.truncate(height);
        result
    }

    /// `target.optMap(name, body)` and `target.optFlatMap(name, body)`.
    pub(super) fn optional_map(
        &mut self,
        name: &str,
        target: &Expression,
        arguments: &[Expression],
    ) -> Evaluated {
        let [variable, body] = arguments else {
            return Failure::unknown(format!("`{name}`"));
        };
        let Expr::Ident(variable) = &variable.expr else {
            return Failure::unknown(format!("`{name}`"));
        };
        let inner = match self.value(target)? {
            Value::Optional(None) => return Ok(Value::Optional(None)),
            Value::Optional(Some(inner)) => inner,
            _ => return super::evaluate::no_overload(name),
        };
        self.scope
            .push((variable.clone(), Ok(Value::clone(&inner))));
        let mapped = self.value(body);
        self.scope.pop();
        match (name, mapped?) {
            ("optMap", mapped) => Ok(Value::Optional(Some(Rc::new(mapped)))),
            (_, mapped) => Ok(mapped),
        }
    }
}

/// What a comprehension goes over: the items of a list, the keys of a map; with two names the
/// places and the items, the keys and the members.
fn items(range: &Value, with_two: bool) -> Result<Vec<(Value, Option<Value>)>, Failure> {
    match range {
        Value::List(items) if with_two => Ok(items
            .iter()
            .enumerate()
            .map(|(place, item)| (place_value(place), Some(item.clone())))
            .collect()),
        Value::List(items) => Ok(items.iter().map(|item| (item.clone(), None)).collect()),
        Value::Map(members) => {
            if let Some(Value::Unknown(reason)) = members
                .values()
                .find(|member| matches!(member, Value::Unknown(_)))
            {
                return Failure::unknown(reason.as_ref());
            }
            Ok(members
                .iter()
                .map(|(key, member)| (key.value(), with_two.then(|| member.clone())))
                .collect())
        }
        Value::Variables => Failure::unknown("a comprehension over `variables`"),
        _ => super::evaluate::no_overload("comprehension"),
    }
}

fn place_value(place: usize) -> Value {
    Value::Int(i64::try_from(place).unwrap_or(i64::MAX))
}
