//! What is accepted of an operator today, as a first draft of its baseline. What is low or medium is
//! granted and stands there to be read; every high or critical right, and whatever else fails, is an
//! exemption whose reason and end are empty, and a baseline with an empty reason is refused: nobody
//! accepts a risk without having read it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use opsec_model::baseline::{Baseline, BaselineSpec, Exemption, ExemptionScope};
use opsec_model::objects::PolicyRule;
use opsec_model::report::{Finding, FindingStatus};
use opsec_model::{
    EffectiveBaseline, Notice, OperatorSummary, Report, ServiceAccountRef, Severity, Source,
};
use opsec_practices::{CheckError, Prepared};
use opsec_rbac::rule_covers;
use opsec_rights::{Grading, GradingInput};
use serde_json::{Value, json};

use crate::declare::{Declaring, declare};
use crate::rules::{Held, held, shorten};
use crate::subject::rights;

/// The last day of an exemption that nobody has given one yet, while the draft is tried.
const SOME_DAY: Date = Date::constant(9999, 12, 31);
/// A reason that nobody has given yet, while the draft is tried.
const SOME_REASON: &str = "not given yet";

/// Of whom a baseline is to be drafted.
#[derive(Debug, Clone, Copy)]
pub struct Capturing<'a> {
    /// The operator by any of its names; absent: the only one.
    pub operator: Option<&'a str>,
    /// The namespaces that it is meant to work in; empty: those that are inferred.
    pub intended: &'a [String],
    /// The time at which the draft is tried.
    pub now: Timestamp,
}

/// A draft of a baseline.
#[derive(Debug, Clone)]
pub struct Captured {
    /// The operator.
    pub operator: OperatorSummary,
    /// The OperatorBaseline, each exemption with an empty reason and an empty end.
    pub document: Value,
    /// The same with reasons and ends, as it would apply.
    pub baseline: Baseline,
    /// What it comes to once each exemption has a reason and an end.
    pub report: Report,
    /// What is to be known about the input.
    pub notices: Vec<Notice>,
    /// What was looked at.
    pub source: Source,
}

/// Drafts a baseline from what an operator is today.
///
/// # Errors
/// When the operator is not there or ambiguous, or a fact has no canonical form.
pub fn capture(prepared: &Prepared<'_>, asked: &Capturing<'_>) -> Result<Captured, CheckError> {
    let declaring = Declaring {
        operator: asked.operator,
        intended: asked.intended,
        enforce: false,
    };
    let declared = declare(prepared, &declaring)?;
    let mut baseline = declared.baseline;
    grave_rights_apart(prepared, asked, &mut baseline)?;
    let before = judge(prepared, asked, &baseline)?;
    baseline.spec.exemptions = Some(exemptions(&before));
    let report = judge(prepared, asked, &baseline)?;
    Ok(Captured {
        operator: declared.operator,
        document: draft(&baseline),
        baseline,
        report,
        notices: declared.notices,
        source: declared.source,
    })
}

/// Takes what high and critical rights rest on out of what is granted: they are to be findings that
/// somebody accepts one by one.
fn grave_rights_apart(
    prepared: &Prepared<'_>,
    asked: &Capturing<'_>,
    baseline: &mut Baseline,
) -> Result<(), CheckError> {
    let operator = prepared.resolve(asked.operator)?;
    let effective = EffectiveBaseline::new(
        &Baseline {
            spec: BaselineSpec {
                rights: None,
                ..baseline.spec.clone()
            },
            ..baseline.clone()
        },
        0,
        true,
        None,
    )?;
    let grading = Grading::new(GradingInput {
        facts: prepared.facts(),
        holdings: prepared.holdings(),
        kinds: prepared.kinds(),
        operators: prepared.operators(),
        operator,
        baseline: &effective,
        node_pods: prepared.node_pods(),
    });
    let found = grave(&prepared.check_one(asked.operator, &effective, asked.now)?);
    let said = baseline.spec.intended_namespaces.iter();
    let intended: BTreeSet<String> = said.flat_map(|set| set.names.iter().cloned()).collect();
    let mut grants = Vec::new();
    for account in &operator.accounts {
        let account = &account.account;
        let mut accepted = held(&rights(prepared, account));
        for right in grading.rights_of(account) {
            let all = std::iter::once(&right).chain(&right.folded);
            let grave = all.filter(|right| {
                let named = (right.id.to_owned(), account.clone());
                right.severity >= Severity::High || found.contains(&named)
            });
            for hit in grave.flat_map(|right| &right.hits) {
                accepted.retain(|held| {
                    held.scope != hit.hit.scope
                        || !hit.hit.atoms.iter().any(|atom| rests(held, atom))
                });
            }
        }
        grants.extend(shorten(account, accepted, &intended));
    }
    baseline.spec.rights = Some(grants);
    Ok(())
}

/// Whether an atom of the table rests on something that is held.
fn rests(held: &Held, atom: &opsec_rights::Atom) -> bool {
    let path = atom.resource.starts_with('/');
    let word = |text: &str| vec![text.to_owned()];
    let needed = PolicyRule {
        verbs: word(&atom.verb),
        api_groups: if path { Vec::new() } else { word(&atom.group) },
        resources: if path {
            Vec::new()
        } else {
            word(&atom.resource)
        },
        resource_names: held.atom.resource_names.clone(),
        non_resource_urls: if path {
            word(&atom.resource)
        } else {
            Vec::new()
        },
    };
    rule_covers(&held.atom, &needed) || rule_covers(&needed, &held.atom)
}

fn judge(
    prepared: &Prepared<'_>,
    asked: &Capturing<'_>,
    baseline: &Baseline,
) -> Result<Report, CheckError> {
    let effective = EffectiveBaseline::new(baseline, 0, true, None)?;
    prepared.check_one(asked.operator, &effective, asked.now)
}

/// High and critical rights, by the account that holds them: a guard that could be lifted raises
/// what it holds down.
fn grave(report: &Report) -> BTreeSet<(String, ServiceAccountRef)> {
    let grave = report
        .findings()
        .filter(|finding| finding.severity >= Severity::High);
    grave
        .flat_map(|finding| {
            let accounts = finding.service_accounts.iter();
            accounts.filter_map(|account| Some((finding.right.clone()?, account.clone())))
        })
        .collect()
}

/// An exemption for every rule of every finding that fails, as narrow as the finding is.
fn exemptions(report: &Report) -> Vec<Exemption> {
    let mut found: Vec<Exemption> = Vec::new();
    let failing = report
        .findings()
        .filter(|finding| finding.status == FindingStatus::Fail);
    for finding in failing {
        let scope = scope(finding);
        for rule in std::iter::once(&finding.rule).chain(&finding.also) {
            let exemption = Exemption {
                rule: rule.clone(),
                scope: scope.clone(),
                reason: SOME_REASON.to_owned(),
                owner: String::new(),
                expires: SOME_DAY,
            };
            if !found.contains(&exemption) {
                found.push(exemption);
            }
        }
    }
    found
}

/// What names this finding and as few others as can be.
fn scope(finding: &Finding) -> ExemptionScope {
    let mut scope = ExemptionScope {
        right: finding.right.clone(),
        ..ExemptionScope::default()
    };
    if let [account] = finding.service_accounts.as_slice() {
        scope.service_account = Some(account.to_string());
    }
    if scope.service_account.is_none()
        && let [component] = finding.components.as_slice()
    {
        scope.component = Some(component.name.clone());
    }
    if scope.right.is_none() {
        let first = finding.evidence.first();
        scope.object = first.map(|evidence| evidence.object.to_string());
    }
    scope
}

/// The document as a person gets it: what only a person can say is empty.
fn draft(baseline: &Baseline) -> Value {
    let mut document = json!(baseline);
    let exemptions = document
        .pointer_mut("/spec/exemptions")
        .and_then(Value::as_array_mut);
    for exemption in exemptions.into_iter().flatten() {
        if let Some(fields) = exemption.as_object_mut() {
            for field in ["reason", "owner", "expires"] {
                fields.insert(field.to_owned(), json!(""));
            }
        }
    }
    document
}
