//! Which baseline applies to an operator.

use opsec_model::canonical::CanonicalError;
use opsec_model::{EffectiveBaseline, OperatorSummary};

use crate::baseline::StoredBaseline;
use crate::scope::{DEFAULT, Scope};
use crate::state::Baselines;

/// Why a baseline applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// It is for the operator's name, and every component runs in one of its namespaces.
    NameAndNamespaces,
    /// It is for the operator's name, and says nothing of namespaces. Names come from labels,
    /// which the judged operator writes.
    Name,
    /// No other applies, and `default` is stored.
    Default,
    /// No other applies, and none is stored.
    Builtin,
}

/// The baseline that applies to an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution<'a> {
    /// The baseline; absent is the built-in one.
    pub baseline: Option<&'a StoredBaseline>,
    /// Why it is this one.
    pub matched: Match,
    /// Baselines that are for the operator's name but not for where it runs, the best first.
    pub passed_over: Vec<&'a StoredBaseline>,
}

impl Baselines {
    /// The baseline that applies: that of the exact operator, then of the longest prefix, then of
    /// `*`, clusters likewise, then `default`, then the built-in one. One that names
    /// `operatorNamespaces` applies only when every component runs in one of them.
    ///
    /// # Errors
    /// When a stored baseline has no canonical form.
    pub fn resolve(
        &self,
        operator: &OperatorSummary,
        cluster: Option<&str>,
    ) -> Result<Resolution<'_>, CanonicalError> {
        let mut candidates: Vec<_> = self
            .claims_of(&operator.name)
            .filter_map(|(scope, stored)| Some((scope.rank(&operator.name, cluster)?, stored)))
            .collect();
        candidates.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        let mut passed_over: Vec<&StoredBaseline> = Vec::new();
        for (_, stored) in candidates {
            let matched = match self.effective(stored)?.spec.operator_namespaces {
                None => Match::Name,
                Some(namespaces) if runs_in(operator, &namespaces) => Match::NameAndNamespaces,
                Some(_) => {
                    if !passed_over.contains(&stored) {
                        passed_over.push(stored);
                    }
                    continue;
                }
            };
            return Ok(Resolution {
                baseline: Some(stored),
                matched,
                passed_over,
            });
        }
        Ok(Resolution {
            passed_over,
            ..self.default_alone()
        })
    }

    /// What applies to what no other baseline may apply to: `default`, else the built-in one.
    pub fn default_alone(&self) -> Resolution<'_> {
        let baseline = self.get(DEFAULT);
        let matched = if baseline.is_some() {
            Match::Default
        } else {
            Match::Builtin
        };
        Resolution {
            baseline,
            matched,
            passed_over: Vec::new(),
        }
    }

    /// Claims whose pattern for operators is the name, or a prefix of it: looked up one by one, for
    /// a fleet has thousands of others.
    fn claims_of(&self, operator: &str) -> impl Iterator<Item = (&Scope, &StoredBaseline)> {
        let prefixes = operator
            .char_indices()
            .map(|(end, _)| end)
            .chain([operator.len()])
            .filter_map(|end| Some(format!("{}*", operator.get(..end)?)));
        let patterns = std::iter::once(operator.to_owned()).chain(prefixes);
        patterns.flat_map(|operators| {
            let first = Scope {
                operators: operators.clone(),
                clusters: String::new(),
            };
            self.claims()
                .range(first..)
                .take_while(move |(scope, _)| scope.operators == operators)
                .map(|(scope, stored)| (scope, &**stored))
        })
    }

    /// A stored baseline with what it extends filled in.
    ///
    /// # Errors
    /// When it has no canonical form.
    pub fn effective(&self, stored: &StoredBaseline) -> Result<EffectiveBaseline, CanonicalError> {
        let default = self.get(DEFAULT).map(|default| &default.baseline);
        EffectiveBaseline::new(&stored.baseline, stored.revision, false, default)
    }
}

/// Whether every component runs in one of the namespaces; without components, every account.
fn runs_in(operator: &OperatorSummary, namespaces: &[String]) -> bool {
    if operator.components.is_empty() {
        let own = &operator.namespaces;
        return !own.is_empty() && own.iter().all(|namespace| namespaces.contains(namespace));
    }
    operator
        .components
        .iter()
        .all(|component| namespaces.contains(&component.namespace))
}
