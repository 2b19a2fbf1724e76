//! What an operator's ServiceAccounts may do: every rule that reaches them, what of it is
//! dangerous, and what of it no request can use.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use opsec_model::objects::PolicyRule;
use opsec_model::{
    API_VERSION, Danger, Kind, Right, RightList, ServiceAccountRef, Severity, Snapshot,
};
use opsec_rbac::{EffectiveRights, Grant};
use opsec_rights::{GradedHit, GradedRight};

use super::{no_baseline, release, summary};
use crate::CheckError;
use crate::context::{Context, Engines};
use crate::finding::one;
use crate::prepared::Prepared;

/// The rights of an operator by any of its names; absent: of the only one.
///
/// # Errors
/// When the operator is not there or ambiguous.
pub fn list_rights(snapshot: &Snapshot, operator: Option<&str>) -> Result<RightList, CheckError> {
    Prepared::new(snapshot).list_rights(operator)
}

impl Prepared<'_> {
    /// The rights of an operator by any of its names; absent: of the only one.
    ///
    /// # Errors
    /// When the operator is not there or ambiguous.
    pub fn list_rights(&self, operator: Option<&str>) -> Result<RightList, CheckError> {
        let operator = self.resolve(operator)?;
        let baseline = no_baseline();
        let engines = Engines::new(self);
        let context = Context::new(self, &engines, operator, &baseline);
        let mut items: Vec<Right> = operator
            .accounts
            .iter()
            .flat_map(|account| of_account(&context, &account.account))
            .collect();
        items.sort_by(|a, b| order(a).cmp(&order(b)));
        let snapshot = self.snapshot();
        Ok(RightList {
            api_version: API_VERSION.to_owned(),
            kind: "RightList".to_owned(),
            source: snapshot.source.clone(),
            kubernetes_version: release(snapshot),
            operator: summary(operator, &context),
            items,
            notices: snapshot.notices.clone(),
        })
    }
}

/// By account; what it was given before what everyone has, cluster-wide before namespaces, and
/// otherwise as the bindings and roles have it.
fn order(right: &Right) -> (&ServiceAccountRef, bool, Option<&str>) {
    let Right {
        service_account,
        bootstrap,
        namespace,
        ..
    } = right;
    (service_account, *bootstrap, namespace.as_deref())
}

fn of_account(context: &Context<'_>, account: &ServiceAccountRef) -> Vec<Right> {
    let Some(rights) = context.effective(account) else {
        return Vec::new();
    };
    let graded = context.rights.get(account).map(Vec::as_slice);
    let mut dangers = dangers(graded.unwrap_or_default());
    let grants = rights.grants().iter().enumerate();
    grants
        .map(|(place, grant)| {
            let dangers = dangers.remove(&place).unwrap_or_default();
            right(rights, place, grant, dangers)
        })
        .collect()
}

fn right(rights: &EffectiveRights, place: usize, grant: &Grant, mut dangers: Vec<Danger>) -> Right {
    let rule = (*grant.rule).clone();
    let said = rights.ineffective(place);
    // As a kind that nobody serves does wherever it is held.
    if said.unusable {
        for danger in &mut dangers {
            danger.severity = danger.severity.min(Severity::Low);
        }
    }
    Right {
        service_account: rights.account.clone(),
        namespace: grant.scope.namespace().map(ToOwned::to_owned),
        granted_by: one(grant, &words(&rule)),
        verbs: rule.verbs,
        api_groups: rule.api_groups,
        resources: rule.resources,
        resource_names: rule.resource_names,
        non_resource_urls: rule.non_resource_urls,
        bootstrap: grant.bootstrap,
        ineffective: said.reasons,
        unusable: said.unusable,
        dangers,
    }
}

/// Every hit, those of rights that are folded into others too.
fn collect_hits<'a>(graded: &'a [GradedRight], hits: &mut Vec<&'a GradedHit>) {
    for right in graded {
        hits.extend(&right.hits);
        collect_hits(&right.folded, hits);
    }
}

/// The rows that rest on each grant, each once, as it weighs most there; the gravest first.
fn dangers(graded: &[GradedRight]) -> BTreeMap<usize, Vec<Danger>> {
    let mut by_grant: BTreeMap<usize, BTreeMap<&str, Danger>> = BTreeMap::new();
    let mut hits = Vec::new();
    collect_hits(graded, &mut hits);
    for hit in hits {
        let id = hit.hit.row.id;
        for &grant in &hit.hit.grants {
            let danger = Danger {
                right: id.to_owned(),
                severity: hit.severity,
                reach: hit.reach,
            };
            let known = by_grant.entry(grant).or_default().entry(id);
            let known = known.or_insert_with(|| danger.clone());
            if (danger.severity, danger.reach) > (known.severity, known.reach) {
                *known = danger;
            }
        }
    }
    let sorted = by_grant.into_iter().map(|(grant, dangers)| {
        let mut dangers: Vec<Danger> = dangers.into_values().collect();
        dangers.sort_by_key(|danger| {
            let Danger {
                right,
                severity,
                reach,
            } = danger;
            (Reverse(*severity), Reverse(*reach), right.clone())
        });
        (grant, dangers)
    });
    sorted.collect()
}

/// A whole rule: `get, list pods, deployments.apps`.
fn words(rule: &PolicyRule) -> String {
    let mut objects: Vec<String> = Vec::new();
    for resource in &rule.resources {
        for group in &rule.api_groups {
            objects.push(Kind::new(resource, group).to_string());
        }
    }
    objects.extend(rule.non_resource_urls.iter().cloned());
    format!("{} {}", rule.verbs.join(", "), objects.join(", "))
}
