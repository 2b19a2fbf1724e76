//! May it? Answers as SubjectAccessReviews would, with the grant that allows, and whether a real
//! request asks such a thing.

mod account;
mod question;

use std::collections::BTreeMap;

use opsec_kubernetes::ResourceNames;
use opsec_model::{
    AccessQuestion, AccountAnswer, Allowed, EffectiveBaseline, OperatorSummary, ServiceAccountRef,
    Snapshot,
};
use opsec_operators::Operator;
use opsec_rbac::Granted;

use super::{no_baseline, summary};
use crate::CheckError;
use crate::context::{Context, Engines};
use crate::prepared::Prepared;
use account::Answering;
pub(crate) use question::attributes;
pub use question::{Asked, WrittenQuestion};

/// What is asked of whom.
#[derive(Debug, Clone, Default)]
pub struct AccessRequest<'a> {
    /// The operator whose accounts the questions are about that name none; absent: the only one.
    pub operator: Option<&'a str>,
    /// Of that operator only the accounts of components of this name.
    pub component: Option<&'a str>,
    /// The questions, each with the account that would ask, when it names one.
    pub questions: Vec<(Option<ServiceAccountRef>, Asked)>,
    /// Leave the grants out, and all accounts whose answer is not unknown.
    pub answer_only: bool,
}

/// The answers, in the order of the questions.
#[derive(Debug, Clone)]
pub struct AccessAnswers {
    /// The operator, when a question was about its accounts.
    pub operator: Option<OperatorSummary>,
    /// An answer for each question, or why it is none.
    pub results: Vec<Result<Answered, String>>,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The question as it was read.
    pub question: AccessQuestion,
    /// Yes when one of the accounts may; else unknown when one is unknown; else no.
    pub allowed: Allowed,
    /// The answer for each account.
    pub accounts: Vec<AccountAnswer>,
}

/// Answers questions about an operator, or about any ServiceAccounts.
///
/// # Errors
/// When an operator is needed and not there or ambiguous, or has no such component.
pub fn can_i(
    snapshot: &Snapshot,
    request: &AccessRequest<'_>,
) -> Result<AccessAnswers, CheckError> {
    Prepared::new(snapshot).can_i(request)
}

impl Prepared<'_> {
    /// Answers questions about an operator, or about any ServiceAccounts.
    ///
    /// # Errors
    /// When an operator is needed and not there or ambiguous, or has no such component.
    pub fn can_i(&self, request: &AccessRequest<'_>) -> Result<AccessAnswers, CheckError> {
        let needs_operator = request
            .questions
            .iter()
            .any(|(account, _)| account.is_none());
        let (operator, own) = if needs_operator || request.operator.is_some() {
            let (summary, own) = accounts(self, request)?;
            (Some(summary), own)
        } else {
            (None, Vec::new())
        };
        let names = ResourceNames::of(self.snapshot());
        let answering = Answering::new(self, request.answer_only);
        let mut granted: BTreeMap<ServiceAccountRef, Granted> = BTreeMap::new();
        let mut results = Vec::with_capacity(request.questions.len());
        for (account, asked) in &request.questions {
            let asking = match account {
                Some(account) => std::slice::from_ref(account),
                None => &own,
            };
            for account in asking {
                if !granted.contains_key(account) {
                    granted.insert(account.clone(), Granted::to(self.policy(), account));
                }
            }
            let rules = asking
                .iter()
                .filter_map(|account| granted.get_key_value(account));
            results.push(answering.answer(&names, asked, rules));
        }
        Ok(AccessAnswers { operator, results })
    }
}

/// The operator, and which of its accounts are asked about.
fn accounts(
    prepared: &Prepared<'_>,
    request: &AccessRequest<'_>,
) -> Result<(OperatorSummary, Vec<ServiceAccountRef>), CheckError> {
    let operator = prepared.resolve(request.operator)?;
    let baseline: EffectiveBaseline = no_baseline();
    let engines = Engines::new(prepared);
    let context = Context::new(prepared, &engines, operator, &baseline);
    let accounts = match request.component {
        None => operator
            .accounts
            .iter()
            .map(|own| own.account.clone())
            .collect(),
        Some(component) => of_component(operator, component)?,
    };
    Ok((summary(operator, &context), accounts))
}

/// The accounts of the components of a name, or of `Kind/name`.
fn of_component(operator: &Operator, name: &str) -> Result<Vec<ServiceAccountRef>, CheckError> {
    let components = operator.components.iter();
    let mut accounts: Vec<ServiceAccountRef> = components
        .filter(|component| {
            let object = &component.object;
            object.name == name || format!("{}/{}", object.kind, object.name) == name
        })
        .map(|component| component.account.clone())
        .collect();
    accounts.sort();
    accounts.dedup();
    if accounts.is_empty() {
        let candidates = operator.components.iter();
        return Err(CheckError::Component {
            operator: operator.name.clone(),
            component: name.to_owned(),
            candidates: candidates.map(|own| own.object.name.clone()).collect(),
        });
    }
    Ok(accounts)
}
