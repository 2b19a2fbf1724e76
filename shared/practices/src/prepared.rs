//! A snapshot made ready to be asked: indexed and resolved once, whatever is asked of it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use opsec_facts::Facts;
use opsec_model::Snapshot;
use opsec_model::canonical::CanonicalError;
use opsec_model::objects::Workload;
use opsec_operators::{Operator, ResolveError};
use opsec_rbac::{Kinds, Policy};
use opsec_rights::Holdings;

/// A snapshot made ready: its facts, roles and bindings, and when they are first needed its
/// operators, what accounts hold, and its digest.
#[derive(Debug)]
pub struct Prepared<'a> {
    facts: Facts<'a>,
    policy: Policy,
    kinds: Kinds,
    node_pods: BTreeSet<String>,
    operators: OnceLock<Vec<Operator>>,
    holdings: OnceLock<Holdings>,
    digest: OnceLock<String>,
}

impl<'a> Prepared<'a> {
    /// Makes a snapshot ready.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let facts = Facts::new(snapshot);
        let node_pods = facts
            .workloads()
            .iter()
            .filter(|w| !opsec_pod_security::node_access(&w.template).is_empty())
            .map(|workload: &Workload| workload.namespace().to_owned())
            .collect();
        Self {
            facts,
            policy: Policy::from_snapshot(snapshot),
            kinds: Kinds::from_snapshot(snapshot),
            node_pods,
            operators: OnceLock::new(),
            holdings: OnceLock::new(),
            digest: OnceLock::new(),
        }
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &'a Snapshot {
        self.facts.snapshot()
    }

    /// The facts.
    pub fn facts(&self) -> &Facts<'a> {
        &self.facts
    }

    /// Roles and bindings.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Which kinds there are.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// Namespaces that hold a pod which takes its node.
    pub fn node_pods(&self) -> &BTreeSet<String> {
        &self.node_pods
    }

    /// Every installation, whether or not it counts as an operator.
    pub fn operators(&self) -> &[Operator] {
        self.operators
            .get_or_init(|| opsec_operators::find(&self.facts, &self.policy, &self.kinds))
    }

    /// What every account holds that matters to one of the operators.
    pub fn holdings(&self) -> &Holdings {
        self.holdings
            .get_or_init(|| Holdings::new(&self.facts, &self.policy, &self.kinds, self.operators()))
    }

    /// The operator of one of its names; without a name the only one.
    ///
    /// # Errors
    /// When it is not there or ambiguous.
    pub fn resolve(&self, name: Option<&str>) -> Result<&Operator, ResolveError> {
        opsec_operators::resolve(self.operators(), &self.facts, name)
    }

    /// The digest of the snapshot, see [`Snapshot::digest`].
    ///
    /// # Errors
    /// When a parameter object has no canonical form.
    pub fn digest(&self) -> Result<&str, CanonicalError> {
        if let Some(digest) = self.digest.get() {
            return Ok(digest);
        }
        let digest = self.snapshot().digest()?;
        Ok(self.digest.get_or_init(|| digest))
    }
}
