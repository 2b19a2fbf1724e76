//! The admission objects of a snapshot, made ready: webhooks by the groups that they look at, and
//! each expression compiled once, whatever is asked.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use opsec_facts::Facts;
use opsec_model::ObjectRef;
use opsec_model::objects::{
    MutatingAdmissionPolicy, Object as _, ValidatingAdmissionPolicy, Webhook,
};
use opsec_rbac::Policy;

use crate::cel::Authority;
use crate::compiled::{CompiledPolicy, Conditions, RefusedField};
use crate::decision::{Decision, WebhookKind};
use crate::matching::groups_asked;
use crate::request::AdmissionRequest;
use crate::{mutating, policies, webhooks};

/// The admission objects of a snapshot, made ready.
#[derive(Debug)]
pub struct Admission<'a> {
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) policies: Vec<ReadyPolicy<'a>>,
    pub(crate) mutating_policies: Vec<Ready<&'a MutatingAdmissionPolicy>>,
    webhooks: Vec<Ready<NamedWebhook<'a>>>,
    /// Places of the webhooks with a rule for a group, or for every group by `*`.
    by_group: BTreeMap<&'a str, Vec<usize>>,
    /// What `authorizer` asks.
    authority: OnceCell<Rc<Authority>>,
}

/// A ValidatingAdmissionPolicy.
#[derive(Debug)]
pub(crate) struct ReadyPolicy<'a> {
    pub(crate) policy: &'a ValidatingAdmissionPolicy,
    compiled: OnceCell<Result<CompiledPolicy, RefusedField>>,
}

/// Something with match conditions.
#[derive(Debug)]
pub(crate) struct Ready<T> {
    pub(crate) object: T,
    conditions: OnceCell<Conditions>,
}

/// A webhook and where it is written.
#[derive(Debug)]
pub(crate) struct NamedWebhook<'a> {
    pub(crate) kind: WebhookKind,
    pub(crate) configuration: ObjectRef,
    pub(crate) index: usize,
    pub(crate) webhook: &'a Webhook,
}

impl<'a> Admission<'a> {
    /// Makes the admission objects of a snapshot ready.
    pub fn new(facts: &'a Facts<'a>) -> Self {
        let snapshot = facts.snapshot();
        let policies = snapshot.validating_admission_policies.iter();
        let webhooks = webhooks(facts);
        let mut by_group: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, ready) in webhooks.iter().enumerate() {
            let rules = ready.object.webhook.rules.iter();
            for group in rules.flat_map(|rule| &rule.api_groups) {
                let places = by_group.entry(group).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        Self {
            facts,
            policies: policies
                .map(|policy| ReadyPolicy {
                    policy,
                    compiled: OnceCell::new(),
                })
                .collect(),
            mutating_policies: snapshot
                .mutating_admission_policies
                .iter()
                .map(Ready::new)
                .collect(),
            webhooks,
            by_group,
            authority: OnceCell::new(),
        }
    }

    /// What `authorizer` asks: the roles and bindings of the snapshot.
    pub(crate) fn authority(&self) -> Rc<Authority> {
        let read = || {
            let kinds = [
                "clusterroles",
                "roles",
                "clusterrolebindings",
                "rolebindings",
            ];
            Rc::new(Authority {
                policy: Policy::from_snapshot(self.facts.snapshot()),
                missing: kinds
                    .into_iter()
                    .find_map(|kind| self.facts.missing(kind, "rbac.authorization.k8s.io")),
            })
        };
        Rc::clone(self.authority.get_or_init(read))
    }

    /// Judges a request.
    pub fn decide(&self, request: &AdmissionRequest) -> Decision {
        let mut decision = Decision::default();
        if !request.is_exempt_from_policies() {
            policies::judge(self, request, &mut decision);
            mutating::name_policies(self, request, &mut decision);
        }
        if !request.is_exempt_from_webhooks() {
            webhooks::name_webhooks(self, request, &mut decision);
        }
        decision
    }

    /// The webhooks with a rule that may be for a request, in the order of their configurations.
    pub(crate) fn webhooks_for(
        &self,
        request: &AdmissionRequest,
    ) -> impl Iterator<Item = &Ready<NamedWebhook<'a>>> {
        let groups = groups_asked(request).chain(["*"]);
        let mut places: Vec<usize> = groups
            .filter_map(|group| self.by_group.get(group))
            .flatten()
            .copied()
            .collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|at| self.webhooks.get(at))
    }
}

impl ReadyPolicy<'_> {
    /// The policy as programs, or the field that the API server refuses.
    pub(crate) fn compiled(&self) -> Result<&CompiledPolicy, &RefusedField> {
        self.compiled
            .get_or_init(|| CompiledPolicy::compile(&self.policy.spec))
            .as_ref()
    }
}

impl<T> Ready<T> {
    fn new(object: T) -> Self {
        Self {
            object,
            conditions: OnceCell::new(),
        }
    }
}

impl Ready<&MutatingAdmissionPolicy> {
    /// Its match conditions as programs.
    pub(crate) fn conditions(&self) -> &Conditions {
        self.conditions
            .get_or_init(|| Conditions::compile(&self.object.spec.match_conditions, true))
    }
}

impl Ready<NamedWebhook<'_>> {
    /// Its match conditions as programs.
    pub(crate) fn conditions(&self) -> &Conditions {
        self.conditions
            .get_or_init(|| Conditions::compile(&self.object.webhook.match_conditions, false))
    }
}

fn webhooks<'a>(facts: &Facts<'a>) -> Vec<Ready<NamedWebhook<'a>>> {
    let snapshot = facts.snapshot();
    let validating = snapshot.validating_webhook_configurations.iter().map(|it| {
        let reference = it.object_ref();
        (WebhookKind::Validating, reference, &it.webhooks)
    });
    let mutating = snapshot.mutating_webhook_configurations.iter().map(|it| {
        let reference = it.object_ref();
        (WebhookKind::Mutating, reference, &it.webhooks)
    });
    validating
        .chain(mutating)
        .flat_map(|(kind, configuration, webhooks)| {
            let webhooks = webhooks.iter().enumerate();
            webhooks.map(move |(index, webhook)| {
                Ready::new(NamedWebhook {
                    kind,
                    configuration: configuration.clone(),
                    index,
                    webhook,
                })
            })
        })
        .collect()
}
