//! What every rule is handed: the facts, the engines over them, the operator and the baseline.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use opsec_admission::Admission;
use opsec_facts::Facts;
use opsec_model::objects::{Object as _, Workload};
use opsec_model::{
    CrdCreation, DryRunAnswer, EffectiveBaseline, NoticeCode, ObjectRef, ServiceAccountRef,
    Severity, Snapshot,
};
use opsec_network::Network;
use opsec_operators::Operator;
use opsec_paths::Ground;
use opsec_rbac::{EffectiveRights, Kinds, Policy};
use opsec_rights::{GradedRight, Grading, GradingInput, Namespaces};

use crate::p5_crd_creation::Asked;
use crate::prepared::Prepared;
use crate::removable_guards;

/// The engines over the facts of a snapshot, made ready once for all of its operators.
#[derive(Debug)]
pub(crate) struct Engines<'a> {
    network: Network<'a>,
    admission: Admission<'a>,
    ground: Ground<'a>,
    answers: Answers<'a>,
}

/// What the API server answered to dry runs of CRD creations, by who would create.
type Answers<'a> = BTreeMap<(&'a ServiceAccountRef, &'a CrdCreation), &'a DryRunAnswer>;

impl<'a> Engines<'a> {
    pub(crate) fn new(prepared: &'a Prepared<'a>) -> Self {
        let facts = prepared.facts();
        let (policy, kinds) = (prepared.policy(), prepared.kinds());
        Self {
            network: Network::new(facts),
            admission: Admission::new(facts),
            ground: Ground::new(facts, policy, kinds, prepared.holdings()),
            answers: answers(prepared.snapshot()),
        }
    }
}

fn answers(snapshot: &Snapshot) -> Answers<'_> {
    let answers = snapshot.crd_creation_answers.iter();
    answers
        .map(|it| ((&it.service_account, &it.creation), &it.answer))
        .collect()
}

/// What a rule judges.
#[derive(Debug)]
pub struct Context<'a> {
    /// The facts.
    pub facts: &'a Facts<'a>,
    /// Roles and bindings.
    pub policy: &'a Policy,
    /// Which kinds there are.
    pub kinds: &'a Kinds,
    /// Reachability.
    pub network: &'a Network<'a>,
    /// Whether admission denies a request.
    pub admission: &'a Admission<'a>,
    /// What escalation chains rest on.
    pub ground: &'a Ground<'a>,
    /// All installations.
    pub operators: &'a [Operator],
    /// The one that is judged.
    pub operator: &'a Operator,
    /// What is accepted.
    pub baseline: &'a EffectiveBaseline,
    /// Grading, and what the namespaces are.
    pub grading: Grading<'a>,
    /// The graded rights of each account.
    pub rights: BTreeMap<ServiceAccountRef, Vec<GradedRight>>,
    /// What the API server answered to dry runs of CRD creations.
    pub(crate) answers: &'a Answers<'a>,
    /// What admission says to CRD creations of its accounts, which two rules ask.
    pub(crate) crd_creations: OnceCell<Vec<Asked>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        prepared: &'a Prepared<'a>,
        engines: &'a Engines<'a>,
        operator: &'a Operator,
        baseline: &'a EffectiveBaseline,
    ) -> Self {
        let (facts, policy, kinds) = (prepared.facts(), prepared.policy(), prepared.kinds());
        let operators = prepared.operators();
        let grading = Grading::new(GradingInput {
            facts,
            holdings: prepared.holdings(),
            kinds,
            operators,
            operator,
            baseline,
            node_pods: prepared.node_pods(),
        });
        let rights = operator
            .accounts
            .iter()
            .map(|account| (account.account.clone(), grading.rights_of(&account.account)))
            .collect();
        let mut context = Self {
            facts,
            policy,
            kinds,
            network: &engines.network,
            admission: &engines.admission,
            ground: &engines.ground,
            answers: &engines.answers,
            operators,
            operator,
            baseline,
            grading,
            rights,
            crd_creations: OnceCell::new(),
        };
        let raises = removable_guards::raises(&context);
        if !raises.is_empty() {
            for rights in context.rights.values_mut() {
                removable_guards::apply(&raises, rights);
            }
        }
        context
    }

    /// What the namespaces are to the operator.
    pub fn namespaces(&self) -> &Namespaces {
        &self.grading.namespaces
    }

    /// The operator's components.
    pub fn components(&self) -> Vec<&'a Workload> {
        self.operator.workloads(self.facts)
    }

    /// The operator's payload.
    pub fn payload(&self) -> Vec<&'a Workload> {
        self.operator.payload_workloads(self.facts)
    }

    /// Whether a workload is one of the operator's components.
    pub fn is_component(&self, workload: &Workload) -> bool {
        self.operator.is_component(&workload.object_ref())
    }

    /// Whether a workload is one of the operator's components, or one of them made it, as a
    /// Deployment makes its ReplicaSet and that its pods.
    pub fn is_operators_own(&self, workload: &'a Workload) -> bool {
        self.is_component(workload)
            || self.facts.owners(workload).iter().any(|owner| {
                let made_by = ObjectRef::namespaced(&owner.kind, workload.namespace(), &owner.name);
                self.operator.is_component(&made_by)
            })
    }

    /// Whether a workload is payload.
    pub fn is_payload(&self, workload: &Workload) -> bool {
        self.payload()
            .iter()
            .any(|payload| payload.object_ref() == workload.object_ref())
    }

    /// The ServiceAccount that a workload runs as.
    pub fn account_of(&self, workload: &Workload) -> ServiceAccountRef {
        ServiceAccountRef::new(
            workload.namespace(),
            workload.template.spec.service_account(),
        )
    }

    /// The effective rights of an account of the operator.
    pub fn effective(&self, account: &ServiceAccountRef) -> Option<&EffectiveRights> {
        self.grading.effective(account)
    }

    /// All graded rights of the operator, folded ones inside their hosts.
    pub fn all_rights(&self) -> impl Iterator<Item = &GradedRight> {
        self.rights.values().flatten()
    }

    /// The graded rights of an account, folded ones too.
    pub fn rights_with_folded(&self, account: &ServiceAccountRef) -> Vec<&GradedRight> {
        let rights = self
            .rights
            .get(account)
            .map(Vec::as_slice)
            .unwrap_or_default();
        rights
            .iter()
            .flat_map(|right| std::iter::once(right).chain(&right.folded))
            .collect()
    }

    /// Whether an account holds a high or critical right.
    pub fn holds_high(&self, account: &ServiceAccountRef) -> bool {
        match self.rights.get(account) {
            Some(rights) => rights.iter().any(|right| right.severity >= Severity::High),
            None => self.grading.is_strong(account),
        }
    }

    /// See [`invalid_rbac`].
    pub fn invalid_rbac(&self) -> Option<String> {
        invalid_rbac(self.facts)
    }
}

/// Why verdicts about rights could not be trusted when green: an RBAC object of the input that the
/// API server would refuse, or a ClusterServiceVersion, of which OLM makes some.
pub fn invalid_rbac(facts: &Facts<'_>) -> Option<String> {
    const RBAC: [&str; 6] = [
        "Role",
        "ClusterRole",
        "RoleBinding",
        "ClusterRoleBinding",
        "ServiceAccount",
        "ClusterServiceVersion",
    ];
    facts
        .snapshot()
        .notices
        .iter()
        .filter(|notice| notice.code == NoticeCode::InvalidObject)
        .filter_map(|notice| notice.object.as_ref())
        .find(|object| RBAC.contains(&object.kind.as_str()))
        .map(|object| {
            format!("the API server would refuse {object}, so what it grants is not known")
        })
}
