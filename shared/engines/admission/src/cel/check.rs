//! Type checking, as far as the API server refuses an expression by it: names, fields of
//! declared objects, overloads, and literals of one type.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, ListExpr, LiteralValue, MapExpr, SelectExpr,
};
use cel::parser::Expression;

use super::evaluate::{Evaluated, Failure, is_request_resource, literal_value};
use super::functions::{self, NAMESPACES, Style};
use super::libraries;
use super::macros::UNUSED;
use super::patterns;
use super::reads::children;
use super::types::{Abstract, Bindings, Declared, FREE, Type, equivalent, more_general};
use super::{Declarations, Refusal};

/// How deep an expression may nest; deeper ones are not looked at, for the stack's sake.
const DEEPEST: usize = 150;

/// The type of an expression, or why it has no program.
pub(crate) fn check(expression: &Expression, declarations: &Declarations) -> Result<Type, Refusal> {
    if depth_exceeds(expression, DEEPEST) {
        return Err(unsupported("an expression that nests too deep"));
    }
    Checker {
        declarations,
        scope: Vec::new(),
        mixed: false,
    }
    .check(expression)
}

/// One check.
pub(super) struct Checker<'a> {
    declarations: &'a Declarations,
    scope: Vec<(String, Type)>,
    /// Whether members of one literal may be of different types.
    pub(super) mixed: bool,
}

pub(super) fn invalid<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Invalid(message.into()))
}

pub(super) fn unsupported(feature: impl Into<String>) -> Refusal {
    Refusal::Unsupported(feature.into())
}

/// Names of types, as in `type(x) == string`.
const TYPE_NAMES: [&str; 10] = [
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
];

impl Checker<'_> {
    pub(super) fn check(&mut self, expression: &Expression) -> Result<Type, Refusal> {
        match &expression.expr {
            Expr::Literal(literal) => Ok(literal_type(literal)),
            Expr::Ident(name) => self.identifier(name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(map),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Struct(record) => Err(unsupported(format!(
                "a literal of the type `{}`",
                record.type_name
            ))),
            Expr::Unspecified => Err(unsupported("an empty expression")),
        }
    }

    fn identifier(&self, name: &str) -> Result<Type, Refusal> {
        if let Some((_, found)) = self.scope.iter().rev().find(|(known, _)| known == name) {
            return Ok(found.clone());
        }
        match name {
            "object" | "oldObject" => Ok(Type::Dyn),
            "request" => Ok(Type::Object(Declared::AdmissionRequest)),
            "namespaceObject" => Ok(Type::Object(Declared::Namespace)),
            "params" if self.declarations.params => Ok(Type::Dyn),
            "variables" if self.declarations.variables.is_some() => {
                Ok(Type::Object(Declared::Variables))
            }
            "authorizer" if self.declarations.authorizer => {
                Ok(Type::Abstract(Abstract::Authorizer))
            }
            "google" | "net" | "kubernetes" | "optional_type" => {
                Err(unsupported(format!("the name `{name}`")))
            }
            name if TYPE_NAMES.contains(&name) => Ok(Type::Meta),
            name if name.starts_with('.') => Err(unsupported("a name that begins with a dot")),
            name => invalid(format!("undeclared reference to '{name}'")),
        }
    }

    fn select(&mut self, select: &SelectExpr) -> Result<Type, Refusal> {
        let hidden = self.scope.iter().any(|(known, _)| known == "authorizer");
        if self.declarations.authorizer && !hidden && is_request_resource(select) {
            return Ok(Type::Abstract(Abstract::ResourceCheck));
        }
        let operand = self.check(&select.operand)?;
        let selected = self.field(&operand, &select.field)?;
        Ok(match operand {
            _ if select.test => Type::Bool,
            Type::Optional(_) => Type::optional(selected),
            _ => selected,
        })
    }

    /// The type of a field of a value, optional or not.
    fn field(&self, operand: &Type, field: &str) -> Result<Type, Refusal> {
        match operand {
            Type::Dyn | Type::Parameter(_) => Ok(Type::Dyn),
            Type::Map(_, value) => Ok((**value).clone()),
            Type::Optional(inner) => self.field(inner, field),
            Type::Object(Declared::Variables) => self
                .declarations
                .variables
                .as_ref()
                .and_then(|variables| variables.get(field))
                .cloned()
                .map_or_else(|| invalid(format!("undefined field '{field}'")), Ok),
            Type::Object(declared) => declared
                .field(field)
                .map_or_else(|| invalid(format!("undefined field '{field}'")), Ok),
            other => invalid(format!("type '{other}' does not support field selection")),
        }
    }

    fn call(&mut self, call: &CallExpr) -> Result<Type, Refusal> {
        let name = call.func_name.as_str();
        if name == "_?._" {
            return self.optional_select(call);
        }
        if let Some(target) = call.target.as_deref() {
            if matches!(name, "optMap" | "optFlatMap") && call.args.len() == 2 {
                return self.optional_map(name, target, &call.args);
            }
            if let Some(qualified) = self.qualified(target, name) {
                return self.function(&qualified, Style::Global, &mut call.args.iter());
            }
        }
        let style = if call.target.is_some() {
            Style::Member
        } else {
            Style::Global
        };
        let mut operands = call.target.as_deref().into_iter().chain(&call.args);
        self.function(name, style, &mut operands)
    }

    /// `sets.contains` and the like: a namespace of functions that no variable hides.
    fn qualified(&self, target: &Expression, name: &str) -> Option<String> {
        let Expr::Ident(namespace) = &target.expr else {
            return None;
        };
        let hidden = self.scope.iter().any(|(known, _)| known == namespace);
        (!hidden && NAMESPACES.contains(&namespace.as_str())).then(|| format!("{namespace}.{name}"))
    }

    fn function(
        &mut self,
        name: &str,
        style: Style,
        operands: &mut dyn Iterator<Item = &Expression>,
    ) -> Result<Type, Refusal> {
        let signatures = functions::signatures(name, style);
        let operands: Vec<&Expression> = operands.collect();
        if signatures.is_empty() && functions::kubernetes_has(name) {
            // What its receiver needs says more; its arguments may be names of a macro.
            if let (Style::Member, Some(receiver)) = (style, operands.first()) {
                self.check(receiver)?;
            }
            return Err(unsupported(format!("`{name}`")));
        }
        let types = self.operand_types(name, style, &operands)?;
        if types.contains(&Type::Timestamp) || types.contains(&Type::Duration) {
            return Err(unsupported("a point or a length of time"));
        }
        if signatures.is_empty() {
            return invalid(format!("undeclared reference to '{name}'"));
        }
        if (name, style) == ("format", Style::Member) {
            self.literal_format(&operands)?;
        }
        let pattern = operands.get(1).and_then(|operand| literal_text(operand));
        if let (true, Some(pattern)) = (patterns::takes_one(name), pattern) {
            patterns::compile(pattern).map_err(unsupported)?;
        }
        if matches!(name, "_[_]" | "_[?_]")
            && matches!(types.get(1), Some(Type::Null | Type::Bytes))
        {
            return Err(unsupported("an index of type null or bytes"));
        }
        if let ("_[_]" | "_[?_]", Some(Type::List(element))) = (name, types.first())
            && element.is_free()
        {
            return Err(unsupported("an index of an empty literal"));
        }
        if let Some(Err(Failure::Error(message))) = constant(name, style, &operands) {
            // The API server converts constants when it compiles.
            return invalid(message);
        }
        functions::result(&signatures, &types).map_or_else(
            || {
                let types: Vec<String> = types.iter().map(ToString::to_string).collect();
                invalid(format!(
                    "found no matching overload for '{name}' applied to '({})'",
                    types.join(", ")
                ))
            },
            Ok,
        )
    }

    fn optional_select(&mut self, call: &CallExpr) -> Result<Type, Refusal> {
        let [operand, field] = call.args.as_slice() else {
            return Err(unsupported("an optional selection of another shape"));
        };
        let Some(field) = literal_text(field) else {
            return Err(unsupported("an optional selection of another shape"));
        };
        let operand = self.check(operand)?;
        Ok(Type::optional(self.field(&operand, field)?))
    }

    fn optional_map(
        &mut self,
        name: &str,
        target: &Expression,
        arguments: &[Expression],
    ) -> Result<Type, Refusal> {
        let [variable, body] = arguments else {
            return Err(unsupported(format!("`{name}` of another shape")));
        };
        let Expr::Ident(variable) = &variable.expr else {
            return invalid("argument must be a simple name");
        };
        let inner = match self.check(target)? {
            Type::Optional(inner) => *inner,
            Type::Dyn | Type::Parameter(_) => Type::Dyn,
            other => return invalid(format!("`{name}` on a value of type '{other}'")),
        };
        self.scope.push((variable.clone(), inner));
        let body = self.check(body);
        self.scope.pop();
        match (name, body?) {
            ("optMap", body) => Ok(Type::optional(body)),
            (_, body @ (Type::Optional(_) | Type::Dyn)) => Ok(body),
            (_, other) => invalid(format!("`{name}` to a value of type '{other}'")),
        }
    }

    fn list(&mut self, list: &ListExpr) -> Result<Type, Refusal> {
        let mut element: Option<Type> = None;
        for (index, item) in list.elements.iter().enumerate() {
            let optional = list.optional_indices.contains(&index);
            let item = self.member(item, optional)?;
            element = Some(self.joined(element, item)?);
        }
        Ok(Type::list(element.unwrap_or(FREE)))
    }

    fn map(&mut self, map: &MapExpr) -> Result<Type, Refusal> {
        let (mut keys, mut values) = (None, None);
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                return Err(unsupported("a map literal of another shape"));
            };
            let key = self.check(&entry.key)?;
            if !matches!(
                key,
                Type::Bool
                    | Type::Int
                    | Type::Uint
                    | Type::Double
                    | Type::String
                    | Type::Dyn
                    | Type::Parameter(_)
            ) {
                return Err(unsupported(format!("a map key of type {key}")));
            }
            keys = Some(self.joined(keys, key)?);
            let value = self.member(&entry.value, entry.optional)?;
            values = Some(self.joined(values, value)?);
        }
        Ok(Type::map(keys.unwrap_or(FREE), values.unwrap_or(FREE)))
    }

    /// The type of a literal's member, taken out of its optional when it is marked so.
    fn member(&mut self, item: &Expression, optional: bool) -> Result<Type, Refusal> {
        match (self.check(item)?, optional) {
            (found, false) | (found @ (Type::Dyn | Type::Parameter(_)), true) => Ok(found),
            (Type::Optional(inner), true) => Ok(*inner),
            (other, true) => invalid(format!("expected an optional value but found '{other}'")),
        }
    }

    /// The wider of the types of a literal's members, which must be one unless they may differ.
    fn joined(&self, known: Option<Type>, next: Type) -> Result<Type, Refusal> {
        match known {
            None => Ok(next),
            Some(known) if equivalent(&known, &next) => Ok(more_general(known, next)),
            Some(_) if self.mixed => Ok(Type::Dyn),
            Some(known) => invalid(format!("expected type '{known}' but found '{next}'")),
        }
    }

    fn comprehension(&mut self, inner: &ComprehensionExpr) -> Result<Type, Refusal> {
        let (first, second) = match self.check(&inner.iter_range)? {
            Type::List(element) if element.is_free() && inner.iter_var != UNUSED => {
                return Err(unsupported("a comprehension over an empty literal"));
            }
            Type::List(element) if inner.iter_var2.is_some() => (Type::Int, *element),
            Type::List(element) => (*element, Type::Dyn),
            Type::Map(key, value) => (*key, *value),
            Type::Dyn | Type::Parameter(_) => (Type::Dyn, Type::Dyn),
            other => {
                return invalid(format!(
                    "expression of type '{other}' cannot be range of a comprehension"
                ));
            }
        };
        let start = self.check(&inner.accu_init)?;
        let height = self.scope.len();
        self.scope.push((inner.accu_var.clone(), start.clone()));
        self.scope.push((inner.iter_var.clone(), first));
        if let Some(name) = &inner.iter_var2 {
            self.scope.push((name.clone(), second));
        }
        let step = self.step(inner);
        self.scope.truncate(height);
        let step = step?;
        // What is free in the start is bound to nothing yet, keys and members each by themselves.
        if !Bindings::default().accept(&step, &start) {
            return invalid(format!("expected type '{start}' but found '{step}'"));
        }
        self.scope
            .push((inner.accu_var.clone(), more_general(start, step)));
        let result = self.check(&inner.result);
        self.scope.truncate(height);
        result
    }

    fn step(&mut self, inner: &ComprehensionExpr) -> Result<Type, Refusal> {
        let condition = self.check(&inner.loop_cond)?;
        if !matches!(condition, Type::Bool | Type::Dyn) {
            return invalid(format!("expected type 'bool' but found '{condition}'"));
        }
        self.check(&inner.loop_step)
    }
}

fn literal_type(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Bytes(_) => Type::Bytes,
        LiteralValue::Double(_) => Type::Double,
        LiteralValue::Int(_) => Type::Int,
        LiteralValue::Null => Type::Null,
        LiteralValue::String(_) => Type::String,
        LiteralValue::UInt(_) => Type::Uint,
    }
}

/// The value of a conversion of a constant; none for anything else.
fn constant(name: &str, style: Style, operands: &[&Expression]) -> Option<Evaluated> {
    let conversion = matches!(
        name,
        "bool" | "bytes" | "double" | "int" | "string" | "uint" | "type" | "dyn"
    );
    let [operand] = operands else {
        return None;
    };
    if style != Style::Global || !conversion {
        return None;
    }
    let value = match &operand.expr {
        Expr::Literal(literal) => literal_value(literal),
        Expr::Call(call) if call.target.is_none() => {
            let inner: Vec<&Expression> = call.args.iter().collect();
            constant(&call.func_name, Style::Global, &inner)?.ok()?
        }
        _ => return None,
    };
    libraries::standard(name, &[value])
}

/// The text of a literal.
pub(crate) fn literal_text(expression: &Expression) -> Option<&str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// Whether an expression nests deeper than that. Counted without recursion.
fn depth_exceeds(expression: &Expression, limit: usize) -> bool {
    let mut level = vec![expression];
    for _ in 0..limit {
        level = level.into_iter().flat_map(children).collect();
        if level.is_empty() {
            return false;
        }
    }
    true
}
