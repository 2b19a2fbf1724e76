//! CEL as the API server speaks it: the parser is a library's, type checking and evaluation are
//! here, because a judge must tell a false answer from an error and both from what it does not
//! know. What Kubernetes has and this does not is refused when compiled, with its name.
//! <https://kubernetes.io/docs/reference/using-api/cel/>

mod aggregates;
mod calls;
mod check;
mod check_format;
mod comprehensions;
mod evaluate;
mod format;
mod functions;
mod kubernetes;
mod libraries;
mod lists;
mod macros;
mod numbers;
mod operators;
mod patterns;
mod reads;
mod strings;
mod types;
mod value;

use std::collections::BTreeMap;

use cel::parser::Expression;

pub(crate) use evaluate::{Activation, Failure, REQUEST_RESOURCE, Variables};
pub(crate) use kubernetes::{Authority, Authorizer};
pub(crate) use reads::{Mentions, mentions};
pub(crate) use types::{FREE, Type};
pub(crate) use value::Value;

/// The longest expression that is looked at, in bytes.
const LONGEST: usize = 64 * 1024;

/// How deep the parser may go; the API server's is 250, and its stack is not ours.
const DEEPEST: u16 = 96;

/// Why an expression has no program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The API server refuses it too.
    Invalid(String),
    /// The API server may accept it; this is what is not had here.
    Unsupported(String),
}

/// Which names an expression may use besides `object`, `oldObject`, `request` and
/// `namespaceObject`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declarations {
    /// Whether `params` is there.
    pub(crate) params: bool,
    /// Whether `authorizer` is there.
    pub(crate) authorizer: bool,
    /// The variables that are there with their types; absent where there is no `variables`.
    pub(crate) variables: Option<BTreeMap<String, Type>>,
}

/// A compiled expression.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    expression: Expression,
    /// The type of its value, as the checker sees it.
    pub(crate) output: Type,
    /// What it mentions.
    pub(crate) mentions: Mentions,
}

impl Program {
    /// Parses and checks an expression.
    pub(crate) fn compile(source: &str, declarations: &Declarations) -> Result<Self, Refusal> {
        if source.len() > LONGEST {
            return Err(Refusal::Unsupported(
                "an expression of more than 64 KiB".to_owned(),
            ));
        }
        if nests_deeper(source, usize::from(DEEPEST)) {
            return Err(Refusal::Unsupported(
                "an expression that nests too deep".to_owned(),
            ));
        }
        let expression = macros::parser()
            .enable_optional_syntax(true)
            .max_recursion_depth(DEEPEST)
            .parse(source)
            .map_err(|errors| refused_by_parser(&errors.to_string()))?;
        let output = check::check(&expression, declarations)?;
        Ok(Self {
            mentions: mentions(&expression),
            expression,
            output,
        })
    }

    /// The value of the expression.
    pub(crate) fn evaluate(&self, activation: &Activation<'_>) -> Result<Value, Failure> {
        evaluate::evaluate(&self.expression, activation)
    }
}

/// What the parser refuses the API server refuses as well, except where this parser has limits
/// of its own.
fn refused_by_parser(message: &str) -> Refusal {
    let first = message.lines().next().unwrap_or(message).to_owned();
    let lower = first.to_lowercase();
    if lower.contains("recursion") || lower.contains("limit") {
        Refusal::Unsupported(format!("syntax that is not read here: {first}"))
    } else {
        Refusal::Invalid(first)
    }
}

/// Whether brackets, runs of signs or chains of operators nest deeper than that: the generated
/// parser recurses.
fn nests_deeper(source: &str, limit: usize) -> bool {
    const LONGEST_CHAIN: usize = 400;
    let (mut depth, mut signs, mut chain) = (0usize, 0usize, 0usize);
    for character in source.chars() {
        match character {
            '+' | '-' | '*' | '/' | '%' | '.' | '[' | '?' => chain += 1,
            '&' | '|' | ',' => chain = 0,
            _ => {}
        }
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match character {
            '!' | '-' => signs += 1,
            ' ' => {}
            _ => signs = 0,
        }
        if depth > limit || signs > limit || chain > LONGEST_CHAIN {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod recorded;
