//! A baseline as a state: what it accepts of the operator of the other state. It has rights; what
//! else it says is how the operator is judged, so that beyond it is what fails.

use std::collections::BTreeSet;

use opsec_model::comparison::{ComparedState, Difference, FindingDifference};
use opsec_model::report::{Finding, FindingStatus};
use opsec_model::{EffectiveBaseline, ServiceAccountRef};
use opsec_rbac::{EffectiveRights, Reaching, RuleScope, ScopedRule, not_assigned};
use opsec_remedies::Held;
use opsec_rights::written::{members, scoped};

use crate::known::{Known, rights};
use crate::rights::{beyond_written, told};
use crate::unknown;

/// A baseline beside an operator that is judged by it.
pub(crate) struct Written<'a> {
    known: &'a Known<'a>,
    baseline: &'a EffectiveBaseline,
    intended: BTreeSet<String>,
}

impl<'a> Written<'a> {
    pub(crate) fn new(known: &'a Known<'a>, baseline: &'a EffectiveBaseline) -> Self {
        let intended = match baseline.intended_namespaces() {
            Some(set) => members(known.prepared.facts(), set),
            None => known.grading.namespaces.intended.clone(),
        };
        Self {
            known,
            baseline,
            intended,
        }
    }

    /// It, as a comparison names it.
    pub(crate) fn state(&self) -> ComparedState {
        ComparedState {
            baseline: Some(self.known.report.baseline.clone()),
            ..ComparedState::default()
        }
    }

    /// What the operator has beyond it.
    pub(crate) fn beyond(&self) -> Difference {
        let accounts = self.known.rights.iter();
        let findings = self.known.report.findings();
        Difference {
            rights: accounts
                .flat_map(|rights| {
                    beyond_written(self.known, rights, &self.accepted(&rights.account))
                })
                .collect(),
            findings: findings
                .filter(|finding| finding.status == FindingStatus::Fail)
                .map(difference)
                .collect(),
            ..Difference::default()
        }
    }

    /// What it accepts and the operator has not.
    pub(crate) fn unused(&self) -> Difference {
        let granted = self.baseline.rights();
        let accounts: BTreeSet<&ServiceAccountRef> =
            granted.iter().map(|grant| &grant.service_account).collect();
        let accounts = accounts.into_iter();
        Difference {
            rights: accounts
                .flat_map(|account| {
                    let held = rights(self.known.prepared, account);
                    let missing = missing(&held, &self.accepted(account));
                    told(self.known, account, missing)
                })
                .collect(),
            ..Difference::default()
        }
    }

    /// Why more may be beyond it than is known.
    pub(crate) fn unknown(&self) -> Vec<String> {
        unknown::of_one(self.known)
    }

    fn accepted(&self, account: &ServiceAccountRef) -> Vec<ScopedRule> {
        scoped(self.baseline.rights(), &self.intended, account)
    }
}

fn missing(held: &EffectiveRights, accepted: &[ScopedRule]) -> Vec<Held> {
    let rules = not_assigned(held, accepted).into_iter();
    rules
        .flat_map(|ScopedRule { scope, rule }| {
            let scopes = match scope {
                RuleScope::Cluster => vec![Reaching::Cluster],
                RuleScope::Namespaces(names) => {
                    names.into_iter().map(Reaching::Namespace).collect()
                }
            };
            scopes.into_iter().map(move |scope| Held {
                scope,
                atom: rule.clone(),
            })
        })
        .collect()
}

fn difference(finding: &Finding) -> FindingDifference {
    FindingDifference {
        rule: finding.rule.clone(),
        also: finding.also.clone(),
        right: finding.right.clone(),
        severity: finding.severity,
        status: finding.status,
        other_severity: None,
        other_status: None,
        title: finding.title.clone(),
        components: finding.components.clone(),
        service_accounts: finding.service_accounts.clone(),
    }
}
