//! From graded hits to one right for each id, and from all that one grant contains to one right.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::{Reach, ServiceAccountRef, Severity};
use opsec_rbac::EffectiveRights;

use crate::combine::Combined;
use crate::grade::inner;
use crate::special::{ADMINISTRATORS, covers};
use crate::{GradedHit, GradedRight};

/// Pairs that are one finding where the first reaches as far and weighs no less.
const PAIRS: [(&str, &[&str]); 8] = [
    ("ESC-SECRET-MOD", &["ESC-SECRET-READ"]),
    ("GRD-WEBHOOK-DEL", &["GRD-WEBHOOK", "GRD-VWEBHOOK"]),
    ("GRD-NS-SUB", &["GRD-NS-PATCH"]),
    ("RUN-NODE-STATUS", &["RUN-NODE"]),
    ("GRD-CRD-STATUS", &["GRD-CRD-UPDATE"]),
    ("ESC-SECRET-CREATE", &["ESC-SECRET-WRITE"]),
    // One finding: whichever of the two weighs more.
    ("NET-DNS", &["ESC-AWSAUTH"]),
    ("ESC-AWSAUTH", &["NET-DNS"]),
];

/// The rights of an account: one for each id, folded, the worst first.
pub(crate) fn fold(
    account: &ServiceAccountRef,
    rights: &EffectiveRights,
    hits: Vec<Combined>,
) -> Vec<GradedRight> {
    let by_id = group(account, hits);
    let paired = fold_pairs(by_id);
    let mut folded = fold_containers(rights, paired);
    folded.sort_by(|a, b| {
        (b.severity, b.reach, a.rule, a.id).cmp(&(a.severity, a.reach, b.rule, b.id))
    });
    folded
}

fn group(account: &ServiceAccountRef, hits: Vec<Combined>) -> Vec<GradedRight> {
    let everywhere = hits
        .iter()
        .any(|entry| is_pod_right(entry.graded.hit.row.id) && entry.graded.reach == Reach::Cluster);
    let mut groups: BTreeMap<(&'static str, bool), Vec<Combined>> = BTreeMap::new();
    for entry in hits {
        let id = entry.graded.hit.row.id;
        // Creating pods is one right, directly or through a workload; in the account's own
        // namespace alone it is practice 1's (OPSEC105).
        let own = is_pod_right(id) && entry.graded.reach == Reach::Own && !everywhere;
        let key = if is_pod_right(id) { "RUN-POD" } else { id };
        groups.entry((key, own)).or_default().push(entry);
    }
    groups
        .into_iter()
        .filter_map(|((id, own), hits)| right(account, id, own, hits))
        .collect()
}

fn is_pod_right(id: &str) -> bool {
    matches!(id, "RUN-POD" | "RUN-WORKLOAD")
}

fn right(
    account: &ServiceAccountRef,
    id: &'static str,
    own_pods: bool,
    mut hits: Vec<Combined>,
) -> Option<GradedRight> {
    hits.sort_by(|a, b| {
        (b.graded.severity, b.graded.reach).cmp(&(a.graded.severity, a.graded.reach))
    });
    let granted = hits.iter().all(|entry| entry.graded.granted);
    // What the baseline grants is no finding; the rest decides how grave it is.
    let worst = hits.iter().find(|entry| granted || !entry.graded.granted)?;
    let (severity, reach) = (worst.graded.severity, worst.graded.reach);
    let row = worst.graded.hit.row;
    let raised_by = worst.raised_by.clone();
    let (rule, also) = rules(id, row.rules, own_pods, reach, worst.graded.hit.alone);
    Some(GradedRight {
        account: account.clone(),
        id: if hits
            .iter()
            .all(|entry| entry.graded.hit.row.id == "RUN-WORKLOAD")
        {
            "RUN-WORKLOAD"
        } else {
            id
        },
        row,
        rule,
        also,
        severity,
        reach,
        hits: hits.into_iter().map(|entry| entry.graded).collect(),
        folded: Vec::new(),
        container: false,
        granted,
        raised_by,
    })
}

/// 303 judges C, P and F; at I and O its rows go to their second rule, but for the two that hold
/// everything.
fn rules(
    id: &str,
    rules: &'static [&'static str],
    own_pods: bool,
    reach: Reach,
    alone: bool,
) -> (&'static str, BTreeSet<&'static str>) {
    if own_pods {
        return ("OPSEC105", BTreeSet::new());
    }
    let whole = ["ESC-WILDCARD", "ESC-ADMIN-BOUND"].contains(&id);
    match rules {
        ["OPSEC303", second, ..] if !whole && (inner(reach) || alone) => (second, BTreeSet::new()),
        [first, rest @ ..] => (first, rest.iter().copied().collect()),
        [] => ("OPSEC318", BTreeSet::new()),
    }
}

fn fold_pairs(mut rights: Vec<GradedRight>) -> Vec<GradedRight> {
    for (lesser, greater) in PAIRS {
        let Some(position) = rights.iter().position(|right| right.id == lesser) else {
            continue;
        };
        let Some(candidate) = rights.get(position).cloned() else {
            continue;
        };
        let host = rights.iter_mut().find(|right| {
            greater.contains(&right.id)
                && right.severity >= candidate.severity
                && candidate
                    .hits
                    .iter()
                    .all(|narrow| right.hits.iter().any(|wide| covers(&wide.hit, &narrow.hit)))
        });
        if let Some(host) = host {
            host.folded.push(candidate);
            rights.remove(position);
        }
    }
    rights
}

/// A grant that contains nearly every row is one finding, with what the same role gives besides.
fn fold_containers(rights: &EffectiveRights, all: Vec<GradedRight>) -> Vec<GradedRight> {
    let containers = container_grants(rights);
    if containers.is_empty() {
        return all;
    }
    let roles: BTreeSet<_> = containers
        .iter()
        .filter_map(|&grant| rights.grants().get(grant))
        .map(|grant| (grant.role.clone(), grant.binding.clone()))
        .collect();
    let same_role = |grant: usize| {
        rights
            .grants()
            .get(grant)
            .is_some_and(|grant| roles.contains(&(grant.role.clone(), grant.binding.clone())))
    };
    let contained = |right: &GradedRight| {
        right
            .hits
            .iter()
            .any(|graded| given_by(graded, &containers))
    };
    let head = all
        .iter()
        .filter(|right| contained(right))
        .max_by(|a, b| head_order(a).cmp(&head_order(b)))
        .map(|right| (right.id, right.rule));
    let Some(head) = head else { return all };
    let (mut inside, outside): (Vec<_>, Vec<_>) = all.into_iter().partition(|right| {
        contained(right) || right.grants().iter().all(|&grant| same_role(grant))
    });
    let Some(position) = inside
        .iter()
        .position(|right| (right.id, right.rule) == head)
    else {
        return outside;
    };
    let mut host = inside.remove(position);
    let (heavier, lighter): (Vec<_>, Vec<_>) = inside
        .into_iter()
        .partition(|right| right.severity > host.severity && !contained(right));
    for right in lighter {
        if right.severity >= Severity::Medium {
            host.also.insert(right.rule);
            host.also.extend(right.also.iter().copied());
        }
        host.granted &= right.granted;
        host.folded.push(right);
    }
    if containers
        .iter()
        .any(|&grant| names_everything(rights, grant))
    {
        host.also.insert("OPSEC304");
    }
    host.also.remove(host.rule);
    host.container = true;
    outside.into_iter().chain(heavier).chain([host]).collect()
}

/// The whole first, then the worst; of equals the one whose rule comes first.
fn head_order(
    right: &GradedRight,
) -> (
    bool,
    Severity,
    Reach,
    std::cmp::Reverse<(&'static str, &'static str)>,
) {
    let whole = ["ESC-ADMIN-BOUND", "ESC-WILDCARD"].contains(&right.id);
    (
        whole,
        right.severity,
        right.reach,
        std::cmp::Reverse((right.rule, right.id)),
    )
}

fn given_by(graded: &GradedHit, containers: &BTreeSet<usize>) -> bool {
    graded
        .hit
        .grants
        .iter()
        .any(|grant| containers.contains(grant))
}

/// Grants of an administrator's role, and single rules with `*` in both groups and resources.
fn container_grants(rights: &EffectiveRights) -> BTreeSet<usize> {
    rights
        .grants()
        .iter()
        .enumerate()
        .filter(|(_, grant)| !grant.bootstrap)
        .filter(|(index, grant)| {
            let administrator = grant.role.kind == "ClusterRole"
                && ADMINISTRATORS.contains(&grant.role.name.as_str());
            administrator || names_everything(rights, *index)
        })
        .map(|(index, _)| index)
        .collect()
}

/// Whether a grant's rule has `*` in both groups and resources, and no names.
fn names_everything(rights: &EffectiveRights, grant: usize) -> bool {
    let star = |list: &[String]| list.iter().any(|entry| entry == "*");
    rights.grants().get(grant).is_some_and(|grant| {
        star(&grant.rule.api_groups)
            && star(&grant.rule.resources)
            && grant.rule.resource_names.is_empty()
    })
}
