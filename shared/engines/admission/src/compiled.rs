//! Policies and conditions as programs, and what they answer.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use opsec_model::objects::{
    AuditAnnotation, NamedExpression, ValidatingAdmissionPolicySpec, Validation,
};

use crate::cel::{
    Activation, Declarations, FREE, Failure, Program, Refusal, Type, Value, Variables,
};
use crate::decision::{Cause, Reads};
use crate::inputs::Inputs;

/// A program, or the feature that is not had here.
type Compiled = Result<Program, String>;

/// A field that the API server refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusedField {
    /// The field, as in `spec.validations[0].expression`.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) message: String,
}

/// What one expression of a policy comes to, when it does not simply hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It denies, or would if it may.
    Denies {
        /// Why.
        cause: Cause,
        /// What of the asking user that rests on.
        reads: Reads,
    },
    /// It is not known.
    Unknown(String),
}

/// What a list of match conditions comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// All hold.
    True,
    /// One does not, whatever the others are.
    False,
    /// None is false and one fails.
    Error {
        /// Its name.
        name: String,
        /// What went wrong.
        message: String,
    },
    /// It is not known.
    Unknown(String),
}

/// Match conditions as programs.
#[derive(Debug)]
pub(crate) struct Conditions(Vec<(String, Result<Program, Refusal>)>);

impl Conditions {
    /// Compiles conditions: they have no `variables`, and `params` only where a policy has.
    pub(crate) fn compile(conditions: &[NamedExpression], params: bool) -> Self {
        let declarations = Declarations {
            params,
            authorizer: true,
            variables: None,
        };
        let compile = |condition: &NamedExpression| {
            let program = compile_as(&condition.expression, &declarations, &[Type::Bool]);
            (condition.name.clone(), program)
        };
        Self(conditions.iter().map(compile).collect())
    }

    /// What the conditions come to. One that is false decides, though others fail.
    pub(crate) fn evaluate(&self, inputs: &Inputs<'_>) -> Condition {
        let root = |name: &str| inputs.value(name);
        let activation = Activation {
            root: &root,
            variables: None,
        };
        let (mut unknown, mut error) = (None, None);
        for (name, program) in &self.0 {
            let answer = match program {
                Ok(program) => program.evaluate(&activation),
                Err(Refusal::Invalid(reason) | Refusal::Unsupported(reason)) => {
                    Err(Failure::Unknown(reason.clone()))
                }
            };
            match answer {
                Ok(Value::Bool(false)) => return Condition::False,
                Ok(_) => {}
                Err(Failure::Unknown(reason)) => {
                    unknown.get_or_insert(format!("the match condition `{name}` needs {reason}"));
                }
                Err(Failure::Error(message)) => {
                    error.get_or_insert(Condition::Error {
                        name: name.clone(),
                        message,
                    });
                }
            }
        }
        unknown
            .map(Condition::Unknown)
            .or(error)
            .unwrap_or(Condition::True)
    }

    /// What of the asking user they look at.
    pub(crate) fn reads(&self) -> Reads {
        self.0
            .iter()
            .filter_map(|(_, program)| program.as_ref().ok())
            .fold(Reads::default(), |all, program| {
                all.or(program.mentions.reads)
            })
    }

    fn refused(&self) -> Option<RefusedField> {
        self.0.iter().enumerate().find_map(|(index, (_, program))| {
            let Err(Refusal::Invalid(message)) = program else {
                return None;
            };
            Some(RefusedField {
                field: format!("spec.matchConditions[{index}].expression"),
                message: message.clone(),
            })
        })
    }
}

/// A ValidatingAdmissionPolicy as programs.
#[derive(Debug)]
pub(crate) struct CompiledPolicy {
    conditions: Conditions,
    variables: BTreeMap<String, Compiled>,
    validations: Vec<(Compiled, String)>,
    audit_annotations: Vec<Compiled>,
}

impl CompiledPolicy {
    /// Compiles a policy, or says which field the API server refuses.
    pub(crate) fn compile(spec: &ValidatingAdmissionPolicySpec) -> Result<Self, RefusedField> {
        let params = spec.param_kind.is_some();
        let conditions = Conditions::compile(&spec.match_conditions, params);
        if let Some(refused) = conditions.refused() {
            return Err(refused);
        }
        let mut declarations = Declarations {
            params,
            authorizer: true,
            variables: Some(BTreeMap::new()),
        };
        let variables = compile_variables(&spec.variables, &mut declarations)?;
        let mut validations = Vec::new();
        for (index, validation) in spec.validations.iter().enumerate() {
            validations.push(compile_validation(index, validation, &declarations)?);
        }
        let mut audit_annotations = Vec::new();
        for (index, annotation) in spec.audit_annotations.iter().enumerate() {
            audit_annotations.push(compile_annotation(index, annotation, &declarations)?);
        }
        Ok(Self {
            conditions,
            variables,
            validations,
            audit_annotations,
        })
    }

    /// What the policy's expressions come to, those that simply hold left out.
    pub(crate) fn evaluate(&self, inputs: &Inputs<'_>) -> Vec<Outcome> {
        let conditions = self.conditions.evaluate(&inputs.for_conditions());
        let reads = self.conditions.reads();
        match conditions {
            Condition::False => return Vec::new(),
            Condition::Unknown(reason) => return vec![Outcome::Unknown(reason)],
            Condition::Error { name, message } => {
                let cause = Cause::MatchConditionError { name, message };
                return vec![Outcome::Denies { cause, reads }];
            }
            Condition::True => {}
        }
        let root = |name: &str| inputs.value(name);
        let lazy = Lazy {
            compiled: &self.variables,
            root: &root,
            known: RefCell::default(),
        };
        let activation = Activation {
            root: &root,
            variables: Some(&lazy),
        };
        let validations = self.validations.iter().enumerate();
        let annotations = self.audit_annotations.iter().enumerate();
        validations
            .filter_map(|(index, (program, message))| {
                self.validation(index, program, message, &activation)
            })
            .chain(
                annotations
                    .filter_map(|(index, program)| self.annotation(index, program, &activation)),
            )
            .collect()
    }

    fn validation(
        &self,
        index: usize,
        program: &Compiled,
        message: &str,
        activation: &Activation<'_>,
    ) -> Option<Outcome> {
        let cause = match evaluate(program, activation) {
            Ok(Value::Bool(true)) => return None,
            Ok(_) => Cause::Validation {
                index,
                message: message.to_owned(),
            },
            Err(Failure::Error(message)) => Cause::EvaluationError { index, message },
            Err(Failure::Unknown(reason)) => {
                return Some(Outcome::Unknown(format!(
                    "spec.validations[{index}] needs {reason}"
                )));
            }
        };
        let reads = self.reads(program);
        Some(Outcome::Denies { cause, reads })
    }

    fn annotation(
        &self,
        index: usize,
        program: &Compiled,
        activation: &Activation<'_>,
    ) -> Option<Outcome> {
        match evaluate(program, activation) {
            Ok(_) => None,
            Err(Failure::Error(message)) => Some(Outcome::Denies {
                cause: Cause::AuditAnnotationError { index, message },
                reads: self.reads(program),
            }),
            Err(Failure::Unknown(reason)) => Some(Outcome::Unknown(format!(
                "spec.auditAnnotations[{index}] needs {reason}"
            ))),
        }
    }

    /// What of the asking user an expression rests on, through variables and match conditions.
    fn reads(&self, program: &Compiled) -> Reads {
        let Ok(program) = program else {
            return Reads::default();
        };
        let mut reads = self.conditions.reads().or(program.mentions.reads);
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<&String> = program.mentions.variables.iter().collect();
        while let Some(name) = waiting.pop() {
            if !seen.insert(name) {
                continue;
            }
            if let Some(Ok(variable)) = self.variables.get(name) {
                reads = reads.or(variable.mentions.reads);
                waiting.extend(&variable.mentions.variables);
            }
        }
        reads
    }
}

/// `variables`: each is evaluated once, when it is first asked for.
struct Lazy<'a> {
    compiled: &'a BTreeMap<String, Compiled>,
    root: &'a dyn Fn(&str) -> Option<Value>,
    known: RefCell<BTreeMap<String, Result<Value, Failure>>>,
}

impl Variables for Lazy<'_> {
    fn variable(&self, name: &str) -> Result<Value, Failure> {
        if let Some(known) = self.known.borrow().get(name) {
            return known.clone();
        }
        let Some(program) = self.compiled.get(name) else {
            return Failure::error(format!("no variable `{name}`"));
        };
        let activation = Activation {
            root: self.root,
            variables: Some(self),
        };
        let value = evaluate(program, &activation);
        self.known
            .borrow_mut()
            .insert(name.to_owned(), value.clone());
        value
    }
}

fn evaluate(program: &Compiled, activation: &Activation<'_>) -> Result<Value, Failure> {
    match program {
        Ok(program) => program.evaluate(activation),
        Err(feature) => Failure::unknown(feature.clone()),
    }
}

/// Compiles an expression whose value must be of one of the types; no types is any type.
fn compile_as(
    source: &str,
    declarations: &Declarations,
    wanted: &[Type],
) -> Result<Program, Refusal> {
    let program = Program::compile(source, declarations)?;
    if wanted.is_empty() || wanted.contains(&program.output) {
        return Ok(program);
    }
    if matches!(program.output, Type::Parameter(_)) {
        let feature = "a variable of a type that is not had here";
        return Err(Refusal::Unsupported(feature.to_owned()));
    }
    let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    Err(Refusal::Invalid(format!(
        "must evaluate to {} but got {}",
        wanted.join(" or "),
        program.output
    )))
}

/// A program or the feature that is not had; what the API server refuses is an error.
fn accepted(
    field: impl FnOnce() -> String,
    compiled: Result<Program, Refusal>,
) -> Result<Compiled, RefusedField> {
    match compiled {
        Ok(program) => Ok(Ok(program)),
        Err(Refusal::Unsupported(feature)) => Ok(Err(feature)),
        Err(Refusal::Invalid(message)) => Err(RefusedField {
            field: field(),
            message,
        }),
    }
}

/// Compiles variables in order: each may use those before it.
fn compile_variables(
    variables: &[NamedExpression],
    declarations: &mut Declarations,
) -> Result<BTreeMap<String, Compiled>, RefusedField> {
    let mut compiled = BTreeMap::new();
    for (index, variable) in variables.iter().enumerate() {
        let field = || format!("spec.variables[{index}].expression");
        let program = accepted(field, compile_as(&variable.expression, declarations, &[]))?;
        // The type of what is not had here goes with any other.
        let found = match program.as_ref().map(|program| &program.output) {
            Err(_) | Ok(Type::Parameter(_)) => FREE,
            Ok(output) => output.clone().of_variable(),
        };
        if let Some(known) = &mut declarations.variables {
            known.insert(variable.name.clone(), found);
        }
        compiled.insert(variable.name.clone(), program);
    }
    Ok(compiled)
}

fn compile_validation(
    index: usize,
    validation: &Validation,
    declarations: &Declarations,
) -> Result<(Compiled, String), RefusedField> {
    let expression = &validation.expression;
    let field = || format!("spec.validations[{index}].expression");
    let program = accepted(field, compile_as(expression, declarations, &[Type::Bool]))?;
    if let Some(message) = &validation.message_expression {
        let without_authorizer = Declarations {
            authorizer: false,
            ..declarations.clone()
        };
        let field = || format!("spec.validations[{index}].messageExpression");
        let compiled = compile_as(message, &without_authorizer, &[Type::String]);
        // The message of a denial changes nothing of it, so only a refusal matters.
        let _ = accepted(field, compiled)?;
    }
    let message = validation
        .message
        .clone()
        .filter(|message| !message.trim().is_empty())
        .unwrap_or_else(|| format!("failed expression: {}", expression.trim()));
    Ok((program, message))
}

fn compile_annotation(
    index: usize,
    annotation: &AuditAnnotation,
    declarations: &Declarations,
) -> Result<Compiled, RefusedField> {
    let wanted = [Type::String, Type::Null];
    accepted(
        || format!("spec.auditAnnotations[{index}].valueExpression"),
        compile_as(&annotation.value_expression, declarations, &wanted),
    )
}
