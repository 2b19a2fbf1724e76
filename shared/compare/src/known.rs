//! All that is known of one state of an operator.

use std::collections::BTreeMap;

use jiff::Timestamp;
use opsec_model::comparison::ComparedState;
use opsec_model::objects::PolicyRule;
use opsec_model::{Danger, EffectiveBaseline, Path, Reach, Report, ServiceAccountRef, Severity};
use opsec_operators::Operator;
use opsec_practices::{CheckError, Prepared};
use opsec_rbac::{EffectiveRights, Excess, Reaching, rule_covers};
use opsec_rights::{Atom, GradedHit, GradedRight, Grading, GradingInput};

/// A state of an operator, judged.
pub(crate) struct Known<'a> {
    pub(crate) prepared: &'a Prepared<'a>,
    pub(crate) operator: &'a Operator,
    pub(crate) grading: Grading<'a>,
    /// The rights of its accounts, in their order.
    pub(crate) rights: Vec<EffectiveRights>,
    pub(crate) report: Report,
    pub(crate) paths: Vec<Path>,
}

impl<'a> Known<'a> {
    pub(crate) fn new(
        prepared: &'a Prepared<'a>,
        operator: Option<&str>,
        baseline: &'a EffectiveBaseline,
        now: Timestamp,
    ) -> Result<Self, CheckError> {
        let operator = prepared.resolve(operator)?;
        let name = operator.unique_name();
        let grading = Grading::new(GradingInput {
            facts: prepared.facts(),
            holdings: prepared.holdings(),
            kinds: prepared.kinds(),
            operators: prepared.operators(),
            operator,
            baseline,
            node_pods: prepared.node_pods(),
        });
        let accounts = operator.accounts.iter();
        Ok(Self {
            rights: accounts
                .map(|account| rights(prepared, &account.account))
                .collect(),
            report: prepared.check_one(Some(&name), baseline, now)?,
            paths: prepared.find_paths(Some(&name))?.items,
            prepared,
            operator,
            grading,
        })
    }

    /// It, as a comparison names it.
    pub(crate) fn state(&self) -> ComparedState {
        ComparedState {
            operator: Some(self.report.operator.clone()),
            source: Some(self.report.source.clone()),
            snapshot_digest: Some(self.report.snapshot_digest.clone()),
            baseline: None,
        }
    }

    /// The rights of one of its accounts.
    pub(crate) fn rights_of(&self, account: &ServiceAccountRef) -> Option<&EffectiveRights> {
        self.rights.iter().find(|rights| rights.account == *account)
    }

    /// How far a right is from the account that holds it.
    pub(crate) fn reach(&self, account: &ServiceAccountRef, scope: &Reaching) -> Reach {
        match scope {
            Reaching::Cluster => Reach::Cluster,
            Reaching::Namespace(namespace) => {
                self.grading.namespaces.reach(&account.namespace, namespace)
            }
        }
    }

    /// The rows that each account holds, as each weighs most.
    pub(crate) fn rows(&self) -> BTreeMap<(ServiceAccountRef, &'static str), Severity> {
        let mut rows = BTreeMap::new();
        for rights in &self.rights {
            let account = &rights.account;
            for (danger, hit) in self.dangers(account).hits {
                let row = rows
                    .entry((account.clone(), hit.hit.row.id))
                    .or_insert(danger.severity);
                *row = danger.severity.max(*row);
            }
        }
        rows
    }

    /// What of an account's rights is dangerous.
    pub(crate) fn dangers(&self, account: &ServiceAccountRef) -> Dangers {
        let mut dangers = Dangers::default();
        dangers.collect(&self.grading.rights_of(account));
        dangers
    }
}

/// Dangerous rights of one account, those that are folded into others too.
#[derive(Debug, Default)]
pub(crate) struct Dangers {
    hits: Vec<(Danger, GradedHit)>,
}

impl Dangers {
    fn collect(&mut self, graded: &[GradedRight]) {
        for right in graded {
            for hit in &right.hits {
                let danger = Danger {
                    right: hit.hit.row.id.to_owned(),
                    severity: hit.severity,
                    reach: hit.reach,
                };
                self.hits.push((danger, hit.clone()));
            }
            self.collect(&right.folded);
        }
    }

    /// The rows that rest on one of these, each once as it weighs most, the gravest first.
    pub(crate) fn of<'e>(&self, found: impl Iterator<Item = &'e Excess> + Clone) -> Vec<Danger> {
        let mut dangers: Vec<Danger> = Vec::new();
        for (danger, hit) in &self.hits {
            let rests = found.clone().any(|excess| rests_on(hit, excess));
            if !rests {
                continue;
            }
            match dangers.iter_mut().find(|it| it.right == danger.right) {
                Some(known) => {
                    if (danger.severity, danger.reach) > (known.severity, known.reach) {
                        *known = danger.clone();
                    }
                }
                None => dangers.push(danger.clone()),
            }
        }
        dangers.sort_by(|a, b| {
            let order = |it: &Danger| (it.severity, it.reach);
            order(b).cmp(&order(a)).then_with(|| a.right.cmp(&b.right))
        });
        dangers
    }
}

fn rests_on(hit: &GradedHit, excess: &Excess) -> bool {
    hit.hit.grants.contains(&excess.grant)
        && hit
            .hit
            .atoms
            .iter()
            .any(|atom| rule_covers(&excess.atom, &as_rule(atom, &excess.atom.resource_names)))
}

/// An atom of the table as a rule, for the names that the right is limited to.
fn as_rule(atom: &Atom, names: &[String]) -> PolicyRule {
    let verbs = vec![atom.verb.to_string()];
    if atom.resource.starts_with('/') {
        return PolicyRule {
            verbs,
            non_resource_urls: vec![atom.resource.to_string()],
            ..PolicyRule::default()
        };
    }
    PolicyRule {
        verbs,
        api_groups: vec![atom.group.to_string()],
        resources: vec![atom.resource.to_string()],
        resource_names: names.to_vec(),
        ..PolicyRule::default()
    }
}

/// What real requests of an account are granted.
pub(crate) fn rights(prepared: &Prepared<'_>, account: &ServiceAccountRef) -> EffectiveRights {
    EffectiveRights::of(prepared.policy(), prepared.kinds(), account)
}
