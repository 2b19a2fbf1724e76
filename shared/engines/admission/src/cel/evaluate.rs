//! Evaluation. An error and what is not known are told apart: either is absorbed by a `false`
//! in a conjunction and a `true` in a disjunction, and nothing else.

use std::rc::Rc;

use cel::common::ast::{Expr, LiteralValue, SelectExpr};
use cel::parser::Expression;

use super::value::{Key, Value};

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The API server fails as well.
    Error(String),
    /// It is not known here.
    Unknown(String),
}

impl Failure {
    /// An error.
    pub(crate) fn error<T>(message: impl Into<String>) -> Result<T, Self> {
        Err(Self::Error(message.into()))
    }

    /// What an evaluator falls over: no other operand decides instead.
    pub(super) fn falls_over<T>(function: &str) -> Result<T, Self> {
        Err(Self::Unknown(format!("`{function}` {FALLS_OVER}")))
    }

    /// Whether no other operand decides instead.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Unknown(reason) if reason.ends_with(FALLS_OVER))
    }

    /// Not known.
    pub(crate) fn unknown<T>(reason: impl Into<String>) -> Result<T, Self> {
        Err(Self::Unknown(reason.into()))
    }
}

/// The end of the reason where the API server's evaluator falls over.
const FALLS_OVER: &str = "of what is an error";

/// `variables`.
pub(crate) trait Variables {
    /// The value of a variable.
    fn variable(&self, name: &str) -> Result<Value, Failure>;
}

/// What an expression is evaluated over.
#[derive(Clone, Copy)]
pub(crate) struct Activation<'a> {
    /// The value of a name at the root.
    pub(crate) root: &'a dyn Fn(&str) -> Option<Value>,
    /// `variables`, where they are there.
    pub(crate) variables: Option<&'a dyn Variables>,
}

/// How many steps an expression may take. The API server's own budget is of this order, and near
/// it the answer is not known.
const STEPS: u64 = 200_000;

/// The value of an expression.
pub(crate) fn evaluate(
    expression: &Expression,
    activation: &Activation<'_>,
) -> Result<Value, Failure> {
    Evaluator {
        activation,
        steps: 0,
        scope: Vec::new(),
    }
    .value(expression)
}

/// A value or why there is none.
pub(super) type Evaluated = Result<Value, Failure>;

/// One evaluation.
pub(super) struct Evaluator<'a> {
    activation: &'a Activation<'a>,
    steps: u64,
    /// Names bound by comprehensions, the innermost last.
    pub(super) scope: Vec<(String, Evaluated)>,
}

impl Evaluator<'_> {
    /// The value of an expression.
    pub(super) fn value(&mut self, expression: &Expression) -> Evaluated {
        self.spend(1)?;
        let value = match &expression.expr {
            Expr::Literal(literal) => literal_value(literal),
            Expr::Ident(name) => self.identifier(name)?,
            Expr::Select(select) => self.select(select)?,
            Expr::Call(call) => self.call(call)?,
            Expr::List(list) => self.list(list)?,
            Expr::Map(map) => self.map(map)?,
            Expr::Comprehension(inner) => self.comprehension(inner)?,
            Expr::Struct(_) | Expr::Unspecified => return Failure::unknown("a message literal"),
        };
        known(value)
    }

    /// Counts work, so that no expression runs away.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Failure> {
        self.steps = self
            .steps
            .saturating_add(u64::try_from(steps).unwrap_or(u64::MAX));
        if self.steps > STEPS {
            return Failure::unknown("an expression that takes too many steps");
        }
        Ok(())
    }

    fn identifier(&self, name: &str) -> Evaluated {
        if let Some((_, bound)) = self.scope.iter().rev().find(|(known, _)| known == name) {
            return bound.clone();
        }
        if name == "variables" {
            return Ok(Value::Variables);
        }
        if let Some(value) = (self.activation.root)(name) {
            return Ok(value);
        }
        match name {
            "bool" => Ok(Value::Type("bool")),
            "bytes" => Ok(Value::Type("bytes")),
            "double" => Ok(Value::Type("double")),
            "int" => Ok(Value::Type("int")),
            "list" => Ok(Value::Type("list")),
            "map" => Ok(Value::Type("map")),
            "null_type" => Ok(Value::Type("null_type")),
            "string" => Ok(Value::Type("string")),
            "type" => Ok(Value::Type("type")),
            "uint" => Ok(Value::Type("uint")),
            name => Failure::unknown(format!("the value of `{name}`")),
        }
    }

    fn select(&mut self, select: &SelectExpr) -> Evaluated {
        if let Some(resource) = self.request_resource(select) {
            return resource;
        }
        let operand = self.value(&select.operand)?;
        let field = select.field.as_str();
        if !select.test {
            return match &operand {
                Value::Optional(None) => Ok(Value::Optional(None)),
                Value::Optional(Some(inner)) => self.optional_field(inner, field),
                other => self.field(other, field),
            };
        }
        let tested = match &operand {
            Value::Optional(None) => None,
            Value::Optional(Some(inner)) => self.present(inner, field)?,
            other => self.present(other, field)?,
        };
        Ok(Value::Bool(tested.is_some()))
    }

    /// `authorizer.requestResource` is one name.
    fn request_resource(&self, select: &SelectExpr) -> Option<Evaluated> {
        let hidden = self.scope.iter().any(|(known, _)| known == "authorizer");
        if hidden || !is_request_resource(select) {
            return None;
        }
        (self.activation.root)(REQUEST_RESOURCE).map(Ok)
    }

    /// `value.field` where the value must have it.
    fn field(&self, value: &Value, field: &str) -> Evaluated {
        self.present(value, field)?
            .map_or_else(|| Failure::error(format!("no such key: {field}")), Ok)
    }

    /// `value.?field`.
    pub(super) fn optional_field(&self, value: &Value, field: &str) -> Evaluated {
        let found = self.present(value, field)?;
        Ok(Value::Optional(found.map(Rc::new)))
    }

    /// The field of a value when it is there. What has no fields has none, a list excepted:
    /// there the test itself is an error.
    fn present(&self, value: &Value, field: &str) -> Result<Option<Value>, Failure> {
        match value {
            Value::Variables => match self.activation.variables {
                Some(variables) => variables.variable(field).map(Some),
                None => Failure::unknown("`variables`"),
            },
            Value::Map(members) => match members.get(&Key::String(Rc::from(field))) {
                Some(found) => known(found.clone()).map(Some),
                None => Ok(None),
            },
            Value::List(_) => Failure::error("unsupported index type 'string' in list"),
            Value::Unknown(reason) => Failure::unknown(reason.as_ref()),
            _ => Ok(None),
        }
    }
}

/// The resource of the request, as an authoriser is asked about it.
pub(crate) const REQUEST_RESOURCE: &str = "authorizer.requestResource";

/// Whether a selection is `authorizer.requestResource`.
pub(super) fn is_request_resource(select: &SelectExpr) -> bool {
    !select.test
        && select.field == "requestResource"
        && matches!(&select.operand.expr, Expr::Ident(name) if name == "authorizer")
}

/// A value that is known.
pub(super) fn known(value: Value) -> Evaluated {
    match value {
        Value::Unknown(reason) => Failure::unknown(reason.as_ref()),
        value => Ok(value),
    }
}

/// The error of a function whose operands are of the wrong types.
pub(super) fn no_overload<T>(function: &str) -> Result<T, Failure> {
    Failure::error(format!("no such overload: {function}"))
}

/// The value of a literal.
pub(super) fn literal_value(literal: &LiteralValue) -> Value {
    match literal {
        LiteralValue::Boolean(flag) => Value::Bool(*flag.inner()),
        LiteralValue::Bytes(bytes) => Value::Bytes(Rc::from(bytes.inner())),
        LiteralValue::Double(number) => Value::Double(*number.inner()),
        LiteralValue::Int(number) => Value::Int(*number.inner()),
        LiteralValue::Null => Value::Null,
        LiteralValue::String(text) => Value::text(text.inner()),
        LiteralValue::UInt(number) => Value::Uint(*number.inner()),
    }
}
