//! Which namespaces are protected, which intended: what a reach is measured against.

use std::collections::{BTreeMap, BTreeSet};

use opsec_facts::Facts;
use opsec_model::{EffectiveBaseline, Reach};
use opsec_operators::Operator;

/// The namespaces that carry the cluster.
pub(crate) const SYSTEM: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "default"];

/// What the namespaces are to an operator.
#[derive(Debug, Clone, Default)]
pub struct Namespaces {
    /// Protected ones.
    pub protected: BTreeSet<String>,
    /// Intended ones, with the operator's own others.
    pub intended: BTreeSet<String>,
    /// Whether every namespace is intended, because the baseline says so.
    pub all_intended: bool,
    /// Whether the intended namespaces were inferred rather than said by a baseline.
    pub inferred: bool,
    /// The operator's own.
    pub operator: BTreeSet<String>,
}

impl Namespaces {
    /// The namespaces of an operator. `protected` is the set without regard to the operator.
    pub(crate) fn new(
        facts: &Facts<'_>,
        operator: &Operator,
        baseline: &EffectiveBaseline,
        protected: BTreeSet<String>,
    ) -> Self {
        let own: BTreeSet<String> = operator
            .namespaces
            .iter()
            .cloned()
            .chain(
                operator
                    .accounts
                    .iter()
                    .map(|account| account.account.namespace.clone()),
            )
            .filter(|namespace| {
                // An account of the installation in a system namespace does not make that its own.
                operator.namespaces.contains(namespace) || !SYSTEM.contains(&namespace.as_str())
            })
            .collect();
        let protected: BTreeSet<String> = protected.difference(&own).cloned().collect();
        match baseline.intended_namespaces() {
            Some(said) => Self {
                intended: facts
                    .namespace_names()
                    .filter(|name| {
                        said.selector()
                            .is_some_and(|selector| selector.matches(&facts.namespace_labels(name)))
                    })
                    .map(str::to_owned)
                    .chain(said.names.iter().cloned())
                    .collect(),
                all_intended: said.all,
                inferred: false,
                protected,
                operator: own,
            },
            None => Self {
                intended: operator
                    .intended
                    .namespaces
                    .iter()
                    .filter(|name| !own.contains(*name) && !protected.contains(*name))
                    .cloned()
                    .collect(),
                all_intended: false,
                inferred: true,
                protected,
                operator: own,
            },
        }
    }

    /// How far a namespace is from an account of `own`.
    pub fn reach(&self, own: &str, namespace: &str) -> Reach {
        if namespace == own {
            Reach::Own
        } else if self.all_intended
            || self.intended.contains(namespace)
            || self.operator.contains(namespace)
        {
            Reach::Intended
        } else if self.protected.contains(namespace) {
            Reach::Protected
        } else {
            Reach::Foreign
        }
    }

    /// The intended namespaces for a report: those of the payload, without the operator's own.
    pub fn intended_for_report(&self) -> BTreeSet<String> {
        if self.all_intended {
            BTreeSet::from(["*".to_owned()])
        } else {
            self.intended.clone()
        }
    }
}

/// Whether pods of a namespace are held by Pod Security to `baseline` or better; for the
/// account's own namespace `restricted` is asked. From files a namespace without the label counts
/// as held ("label it before you install"), and only `privileged` written there does not.
pub(crate) fn enforces(facts: &Facts<'_>, namespace: &str, own: bool) -> bool {
    let labels: BTreeMap<String, String> = facts.namespace_labels(namespace);
    let enforced = labels
        .get("pod-security.kubernetes.io/enforce")
        .map(String::as_str);
    if facts.from_files() {
        return enforced != Some("privileged");
    }
    match enforced {
        Some("restricted") => true,
        Some("baseline") => !own,
        _ => false,
    }
}
