//! What makes a denial one that does not hold.

use std::collections::{BTreeMap, BTreeSet};

use opsec_admission::probes::Probe;
use opsec_admission::{Cause, Denial};
use opsec_model::{Gain, ObjectRef, ServiceAccountRef};
use opsec_rbac::{Grant, Names, Reaching, Request};

use crate::context::Context;
use crate::p5_crd_creation::asked::{self, Asked, GROUP};
use crate::p5_crd_creation::chosen::{self, Mark};

/// One reason why a denial does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weakness {
    /// An error, or a parameter that is not there, denies, not a decision.
    NoDecision,
    /// Its failurePolicy is Ignore: an error lets the creation pass.
    FailsOpen,
    /// The author of a CRD chooses labels that its objectSelector does not select.
    ObjectSelector,
    /// Its expressions spare objects that carry a label or an annotation.
    Marked(Mark),
    /// It looks at the user, and this account, which the operator can be, passes.
    LetsThrough(ServiceAccountRef),
    /// What it rests on may be changed by the operator.
    InReach(ObjectRef),
}

/// The weaknesses of denials of one operator.
#[derive(Debug)]
pub(crate) struct Weaknesses<'c, 'a> {
    context: &'c Context<'a>,
    /// What admission says to the accounts beside and behind each account, once it was asked.
    others: BTreeMap<ServiceAccountRef, Vec<Asked>>,
    /// What could not be known of them.
    pub(crate) unknown: BTreeSet<String>,
}

impl<'c, 'a> Weaknesses<'c, 'a> {
    pub(crate) fn new(context: &'c Context<'a>) -> Self {
        Self {
            context,
            others: BTreeMap::new(),
            unknown: BTreeSet::new(),
        }
    }

    /// What is weak about a denial of a creation.
    pub(crate) fn of(
        &mut self,
        account: &ServiceAccountRef,
        probe: &Probe,
        denial: &Denial,
    ) -> BTreeSet<Weakness> {
        let mut found = BTreeSet::new();
        if !denial.cause.is_decision() {
            found.insert(Weakness::NoDecision);
        }
        if denial.failure_policy == "Ignore" {
            found.insert(Weakness::FailsOpen);
        }
        if denial.object_selector {
            found.insert(Weakness::ObjectSelector);
        }
        // The words of a webhook are its own.
        if !matches!(denial.cause, Cause::Answered { .. }) {
            let mark = chosen::passes_with(self.context, &denial.policy.name, probe);
            found.extend(mark.map(Weakness::Marked));
        }
        if denial.reads.user_name || denial.reads.uid || denial.reads.extra {
            found.extend(self.let_through(account, probe).map(Weakness::LetsThrough));
        }
        let rests_on = [&denial.policy, &denial.binding]
            .into_iter()
            .chain(&denial.params);
        found.extend(
            rests_on
                .filter(|object| !changers(self.context, object).is_empty())
                .cloned()
                .map(Weakness::InReach),
        );
        found
    }

    /// An account that the operator can be and whose creation passes.
    fn let_through(
        &mut self,
        account: &ServiceAccountRef,
        probe: &Probe,
    ) -> Option<ServiceAccountRef> {
        let context = self.context;
        let others = self.others.entry(account.clone()).or_insert_with(|| {
            let creations = asked::creations(context);
            within_reach(context, account)
                .iter()
                .map(|other| asked::ask(context, &creations, other))
                .collect()
        });
        let through = others.iter().find(|other| {
            other
                .admitted
                .iter()
                .any(|(passed, _)| passed.description == probe.description)
        });
        if through.is_none() {
            self.unknown
                .extend(others.iter().flat_map(|other| other.unknown.clone()));
        }
        through.map(|other| other.account.clone())
    }
}

/// The accounts beside an account in the operator's namespaces, and those that it can become by
/// one right of the identities. The operator's own are judged by themselves.
fn within_reach(context: &Context<'_>, account: &ServiceAccountRef) -> Vec<ServiceAccountRef> {
    let identities: Vec<(&Reaching, Option<&BTreeSet<String>>)> = context
        .rights_with_folded(account)
        .into_iter()
        .flat_map(|right| &right.hits)
        .map(|graded| &graded.hit)
        .filter(|hit| !hit.alone && !hit.latent && hit.row.words.contains(&Gain::Identities))
        .map(|hit| {
            let of_accounts = hit
                .atoms
                .iter()
                .any(|atom| atom.resource.starts_with("serviceaccounts"));
            let names = match &hit.names {
                Names::Only(names) if of_accounts => Some(names),
                _ => None,
            };
            (&hit.scope, names)
        })
        .collect();
    let becomes = |other: &ServiceAccountRef| {
        identities.iter().any(|(scope, names)| {
            let here = match scope {
                Reaching::Cluster => true,
                Reaching::Namespace(namespace) => *namespace == other.namespace,
            };
            here && names.is_none_or(|names| names.contains(&other.name))
        })
    };
    let own: BTreeSet<&ServiceAccountRef> = context
        .operator
        .accounts
        .iter()
        .map(|account| &account.account)
        .collect();
    context
        .facts
        .service_accounts()
        .into_iter()
        .filter(|other| !own.contains(other))
        .filter(|other| context.operator.namespaces.contains(&other.namespace) || becomes(other))
        .collect()
}

/// The operator's accounts that may change or delete an object of a denial, each with a verb and
/// the grant that gives it.
pub(crate) fn changers<'c>(
    context: &'c Context<'_>,
    object: &ObjectRef,
) -> Vec<(&'c ServiceAccountRef, &'static str, String, &'c Grant)> {
    let Some((group, resource)) = resource(context, object) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for account in &context.operator.accounts {
        let Some(rights) = context.effective(&account.account) else {
            continue;
        };
        for verb in ["update", "patch", "delete", "deletecollection"] {
            for held in rights.held(&Request::new(verb, &group, &resource)) {
                let here = match &held.scope {
                    Reaching::Cluster => true,
                    Reaching::Namespace(namespace) => {
                        object.namespace.as_deref() == Some(namespace.as_str())
                    }
                };
                if !here || !held.names.contains(&object.name) {
                    continue;
                }
                if let Some(grant) = rights.grants().get(held.grant) {
                    let what = if group.is_empty() {
                        resource.clone()
                    } else {
                        format!("{resource}.{group}")
                    };
                    found.push((&account.account, verb, what, grant));
                }
            }
        }
    }
    found
}

/// Group and plural of an object's kind.
fn resource(context: &Context<'_>, object: &ObjectRef) -> Option<(String, String)> {
    let built_in = [object.group.as_str(), GROUP, ""]
        .into_iter()
        .find_map(|group| opsec_kubernetes::find_kind(group, &object.kind));
    if let Some(kind) = built_in {
        return Some((kind.group.clone(), kind.resource.clone()));
    }
    context
        .facts
        .snapshot()
        .custom_resource_definitions
        .iter()
        .map(|definition| &definition.spec)
        .find(|spec| spec.names.kind == object.kind && spec.group == object.group)
        .map(|spec| (spec.group.clone(), spec.names.plural.clone()))
}
