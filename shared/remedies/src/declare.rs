//! What an operator holds today, written down as a declaration and as a section of a baseline.

use std::collections::BTreeSet;

use opsec_model::baseline::{
    AppliesTo, Baseline, BaselineMetadata, BaselineSpec, KIND as BASELINE_KIND,
};
use opsec_model::declared_rights::{
    DeclaredRights, NamespaceSet, OperatorRights, OperatorRightsSpec,
};
use opsec_model::objects::Metadata;
use opsec_model::{API_VERSION, Notice, OperatorSummary, RightsGrant, Source};
use opsec_operators::ResolveError;
use opsec_practices::Prepared;

use crate::rules::{held, shorten};
use crate::subject::{Subject, unknown};

/// Longest name of a baseline.
const LONGEST_NAME: usize = 63;

/// Whose rights are to be written down, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Declaring<'a> {
    /// The operator by any of its names; absent: the only one.
    pub operator: Option<&'a str>,
    /// The namespaces that it is meant to work in; empty: those that are inferred.
    pub intended: &'a [String],
    /// Whether an excess is to be refused where admission is installed.
    pub enforce: bool,
}

/// A declaration of what is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The operator.
    pub operator: OperatorSummary,
    /// The custom resource, without a status.
    pub rights: OperatorRights,
    /// A baseline of that operator whose rights are the same.
    pub baseline: Baseline,
    /// Why the operator may hold other rights than these, each a clause.
    pub unknown: Vec<String>,
    /// What is to be known about the input.
    pub notices: Vec<Notice>,
    /// What was looked at.
    pub source: Source,
}

/// Writes down what an operator's ServiceAccounts effectively hold, beyond the API server's own
/// grants.
///
/// # Errors
/// When the operator is not there or ambiguous.
pub fn declare(prepared: &Prepared<'_>, asked: &Declaring<'_>) -> Result<Declared, ResolveError> {
    let subject = Subject::new(prepared, prepared.resolve(asked.operator)?);
    let inferred = &subject.namespaces.intended;
    let intended: BTreeSet<String> = match asked.intended {
        [] => inferred.clone(),
        said => said.iter().cloned().collect(),
    };
    let grants: Vec<RightsGrant> = subject
        .rights
        .iter()
        .flat_map(|rights| shorten(&rights.account, held(rights), &intended))
        .collect();
    let set = (!intended.is_empty()).then(|| NamespaceSet {
        names: intended.iter().cloned().collect(),
        ..NamespaceSet::default()
    });
    let name = name_of(&subject.operator.name);
    let snapshot = prepared.snapshot();
    Ok(Declared {
        operator: subject.summary(&intended),
        baseline: baseline(&subject, &name, set.clone(), grants.clone()),
        rights: OperatorRights {
            metadata: Metadata {
                name,
                ..Metadata::default()
            },
            spec: OperatorRightsSpec {
                mode: if asked.enforce { "Enforce" } else { "Audit" }.to_owned(),
                declared: DeclaredRights {
                    operator: subject.operator.name.clone(),
                    intended_namespaces: set,
                    rights: grants,
                },
            },
            status: None,
        },
        unknown: unknown(prepared),
        notices: snapshot.notices.clone(),
        source: snapshot.source.clone(),
    })
}

/// The matching section of a baseline, as a baseline that a person goes on with.
fn baseline(
    subject: &Subject<'_>,
    name: &str,
    intended: Option<NamespaceSet>,
    rights: Vec<RightsGrant>,
) -> Baseline {
    let operator = subject.operator;
    let mut name = name.replace('.', "-");
    name.truncate(LONGEST_NAME);
    Baseline {
        api_version: API_VERSION.to_owned(),
        kind: BASELINE_KIND.to_owned(),
        metadata: BaselineMetadata {
            name: name.trim_matches('-').to_owned(),
        },
        spec: BaselineSpec {
            extends: Some("default".to_owned()),
            applies_to: Some(AppliesTo {
                operators: vec![operator.name.clone()],
                ..AppliesTo::default()
            }),
            operator_namespaces: Some(operator.namespaces.iter().cloned().collect()),
            intended_namespaces: intended,
            rights: Some(rights),
            ..BaselineSpec::default()
        },
    }
}

/// A display name, which may be any label's value, as the name of an object.
pub(crate) fn name_of(operator: &str) -> String {
    let lower = operator.to_ascii_lowercase();
    let fitting: String = lower
        .chars()
        .map(|character| match character {
            'a'..='z' | '0'..='9' | '.' => character,
            _ => '-',
        })
        .collect();
    let trimmed = fitting.trim_matches(['-', '.']);
    if trimmed.is_empty() {
        "operator".to_owned()
    } else {
        trimmed.to_owned()
    }
}
