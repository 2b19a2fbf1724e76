//! Calls: which function is meant, and its operands in order.

use std::rc::Rc;

use cel::common::ast::{CallExpr, Expr};
use cel::parser::Expression;

use super::check::literal_text;
use super::evaluate::{Evaluated, Evaluator, Failure, no_overload};
use super::functions::NAMESPACES;
use super::macros::{MAP_INSERT, SORT_BY_KEYS};
use super::value::Value;
use super::{kubernetes, libraries, lists, operators, strings};

impl Evaluator<'_> {
    /// The value of a call.
    pub(super) fn call(&mut self, call: &CallExpr) -> Evaluated {
        let name = call.func_name.as_str();
        match (name, call.target.as_deref()) {
            ("_&&_", None) => return self.logic(false, &call.args),
            ("_||_", None) => return self.logic(true, &call.args),
            ("_?_:_", None) => return self.conditional(&call.args),
            ("@not_strictly_false", None) => return Ok(self.not_strictly_false(&call.args)),
            ("@in", None) if is_empty_list(call.args.get(1)) => return Ok(Value::Bool(false)),
            ("_?._", None) => return self.optional_selection(&call.args),
            ("or" | "orValue", Some(target)) => return self.fallback(name, target, &call.args),
            ("optMap" | "optFlatMap", Some(target)) => {
                return self.optional_map(name, target, &call.args);
            }
            (MAP_INSERT, None) => {
                let operands = self.operands(call.args.iter())?;
                self.spend(operands.iter().map(weight).sum())?;
                return libraries::qualified(name, &operands);
            }
            _ => {}
        }
        let qualified = call
            .target
            .as_deref()
            .and_then(|target| self.namespace(target));
        if let Some(namespace) = qualified {
            let operands = self.operands(call.args.iter())?;
            self.spend(operands.iter().map(weight).sum())?;
            if let ("range", [Value::Int(end)]) = (name, operands.as_slice()) {
                self.spend(usize::try_from(*end).unwrap_or_default())?;
            }
            return libraries::qualified(&format!("{namespace}.{name}"), &operands);
        }
        let operands = call.target.as_deref().into_iter().chain(&call.args);
        let operands = match self.operands(operands) {
            // There the API server's evaluator falls over, and then nothing absorbs the error.
            Err(Failure::Error(_)) if matches!(name, "sort" | "distinct" | SORT_BY_KEYS) => {
                let name = if name == SORT_BY_KEYS { "sortBy" } else { name };
                return Failure::falls_over(name);
            }
            operands => operands?,
        };
        self.spend(operands.iter().map(weight).sum())?;
        strict(name, call.target.is_some(), &operands)
    }

    /// The values of operands that are all needed. An error of one is the error of the call,
    /// whatever of the others is not known.
    fn operands<'e>(
        &mut self,
        operands: impl Iterator<Item = &'e Expression>,
    ) -> Result<Vec<Value>, Failure> {
        let (mut values, mut unknown) = (Vec::new(), None);
        for operand in operands {
            match self.value(operand) {
                Ok(value) => values.push(value),
                Err(failure @ Failure::Error(_)) => return Err(failure),
                Err(failure) => unknown = unknown.or(Some(failure)),
            }
        }
        unknown.map_or(Ok(values), Err)
    }

    fn namespace(&self, target: &Expression) -> Option<String> {
        let Expr::Ident(name) = &target.expr else {
            return None;
        };
        let hidden = self.scope.iter().any(|(known, _)| known == name);
        (!hidden && NAMESPACES.contains(&name.as_str())).then(|| name.clone())
    }

    /// `value.?field`.
    fn optional_selection(&mut self, operands: &[Expression]) -> Evaluated {
        let [operand, field] = operands else {
            return Failure::unknown("an optional selection of another shape");
        };
        let Some(field) = literal_text(field) else {
            return Failure::unknown("an optional selection of another shape");
        };
        match self.value(operand)? {
            Value::Optional(None) => Ok(Value::Optional(None)),
            Value::Optional(Some(inner)) => self.optional_field(&inner, field),
            value => self.optional_field(&value, field),
        }
    }

    /// `optional.or(other)` and `optional.orValue(other)`; the other is looked at only when it
    /// is needed.
    fn fallback(&mut self, name: &str, target: &Expression, arguments: &[Expression]) -> Evaluated {
        let [other] = arguments else {
            return no_overload(name);
        };
        match (self.value(target)?, name) {
            (Value::Optional(Some(inner)), "orValue") => Ok(Value::clone(&inner)),
            (Value::Optional(Some(inner)), _) => Ok(Value::Optional(Some(Rc::clone(&inner)))),
            (Value::Optional(None), _) => self.value(other),
            _ => no_overload(name),
        }
    }
}

/// The API server does not look at what is sought in an empty literal.
fn is_empty_list(container: Option<&Expression>) -> bool {
    container.is_some_and(
        |container| matches!(&container.expr, Expr::List(list) if list.elements.is_empty()),
    )
}

fn strict(name: &str, member: bool, operands: &[Value]) -> Evaluated {
    kubernetes::function(name, operands)
        .or_else(|| operators::strict(name, operands))
        .or_else(|| libraries::standard(name, operands))
        .or_else(|| strings::text_function(name, operands))
        .or_else(|| member.then(|| lists::function(name, operands)).flatten())
        .unwrap_or_else(|| no_overload(name))
}

/// How much work a value is to a function, in steps.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() / 10,
        Value::Bytes(bytes) => bytes.len() / 10,
        Value::List(items) => items.len(),
        Value::Map(members) => members.len(),
        _ => 0,
    }
}
