//! What every rule about rights does: its rows of the table, one finding for each right and
//! ServiceAccount.

use std::collections::BTreeSet;

use opsec_model::{ObjectRef, Reach, Severity};
use opsec_rbac::{EffectiveRights, Grant, Names, Reaching};
use opsec_rights::{GradedHit, GradedRight, Hit};

use crate::context::Context;
use crate::contract::{Draft, Judgement};
use crate::finding::{granted_by, where_it_holds};
use crate::shell::can_i;

/// Judges the rights that are filed under a rule.
pub(crate) fn judge(context: &Context<'_>, rule: &'static str) -> Judgement {
    let mut judgement = Judgement::of(context.operator.accounts.len());
    if judgement.subjects == 0 {
        judgement.nothing = Some("no ServiceAccount");
    }
    judgement.unknown.extend(context.invalid_rbac());
    for right in context
        .all_rights()
        .filter(|right| right.rule == rule && !right.granted)
    {
        judgement.findings.push(draft(context, right));
    }
    judgement
}

/// The finding that a right is.
pub(crate) fn draft(context: &Context<'_>, right: &GradedRight) -> Draft {
    let mut draft = Draft::new(
        right.severity,
        title(context, right),
        gain(right),
        remedy(right),
    )
    .accounts([right.account.clone()])
    .also(right.also.iter().copied());
    draft.right = Some(right.id);
    draft.reach = Some(right.reach);
    draft.components = components(context, right);
    draft.granted_by = granted_by(context, right);
    let mut known: BTreeSet<_> = draft.evidence.iter().cloned().collect();
    for grant in &draft.granted_by {
        let evidence = opsec_model::report::Evidence::new(grant.role.clone(), grant.rule.clone());
        if known.insert(evidence.clone()) {
            draft.evidence.push(evidence);
        }
    }
    if let Some(worst) = worst(right) {
        let command = can_i(context, &right.account, &worst.hit);
        draft.confirm = (!command.is_empty()).then_some(command);
    }
    draft
}

fn components(context: &Context<'_>, right: &GradedRight) -> Vec<ObjectRef> {
    context
        .operator
        .components
        .iter()
        .filter(|component| component.account == right.account)
        .map(|component| component.object.clone())
        .collect()
}

fn worst(right: &GradedRight) -> Option<&GradedHit> {
    right.hits.iter().find(|hit| right.granted || !hit.granted)
}

fn gain(right: &GradedRight) -> String {
    let mut gain = row_gain(right).to_owned();
    if right.container {
        let among = among(right);
        if !among.is_empty() {
            gain = format!("{gain}; among the rest: {}", among.join(", "));
        }
    }
    match &right.raised_by {
        Some(why) => format!("{gain}; {why}"),
        None => gain,
    }
}

/// The gravest of what is folded into a right that stands for everything: each asks for a remedy
/// of its own.
fn among(right: &GradedRight) -> Vec<&'static str> {
    const SHOWN: usize = 5;
    let mut folded: Vec<&GradedRight> = right
        .folded
        .iter()
        .filter(|folded| folded.severity >= Severity::High)
        .collect();
    folded.sort_by_key(|folded| std::cmp::Reverse((folded.severity, folded.reach)));
    folded
        .into_iter()
        .take(SHOWN)
        .map(|folded| folded.row.may)
        .collect()
}

/// What the row says of its rights, of those that are held.
fn may(hit: &Hit) -> &'static str {
    let holds = |verb: &str| hit.atoms.iter().any(|atom| atom.verb == verb);
    match hit.row.id {
        "ESC-IMPERSONATE" if !has_users(hit) => "impersonate groups, with a ServiceAccount",
        "RUN-WORKLOAD" if !holds("create") && !holds("*") => "change workloads",
        _ => hit.row.may,
    }
}

fn has_users(hit: &Hit) -> bool {
    hit.atoms.iter().any(|atom| atom.resource == "users")
}

/// What it gives: of what is limited to names, no more than those.
fn row_gain(right: &GradedRight) -> &'static str {
    let named = worst(right).is_some_and(|worst| worst.hit.names != Names::All);
    match right.id {
        "ESC-BIND" if named => "the roles that are named can be bound to anyone, itself included",
        "ESC-IMPERSONATE" if named => "it can act as those that are named",
        _ => right.row.gain,
    }
}

/// What ends it: who is already limited to names is not told to name.
fn remedy(right: &GradedRight) -> &'static str {
    let named = worst(right).is_some_and(|worst| worst.hit.names != Names::All);
    match right.id {
        "ESC-BIND" if named => {
            "remove the verb bind for those roles; let an administrator bind what the operator needs"
        }
        "ESC-IMPERSONATE" if named || worst(right).is_some_and(|worst| !has_users(&worst.hit)) => {
            "remove the verb impersonate"
        }
        _ => right.row.remedy,
    }
}

/// `can create pods in every namespace`.
fn title(context: &Context<'_>, right: &GradedRight) -> String {
    let Some(worst) = worst(right) else {
        return format!("can {}", right.row.may);
    };
    let hit = &worst.hit;
    if right.container {
        return container_title(context, right, worst);
    }
    let verb = if hit.alone { "may" } else { "can" };
    let mut what = format!("{verb} {}", may(hit));
    if let Names::Only(names) = &hit.names {
        let mut shown: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
        if names.len() > shown.len() {
            shown.push("…");
        }
        what = format!("{what} named {}", shown.join(", "));
    }
    // What says its namespace itself is not told another, and users and groups have none.
    let placeless = hit.row.id == "ESC-IMPERSONATE" || hit.row.may.ends_with("of kube-system");
    let place = if placeless {
        String::new()
    } else {
        where_it_holds(hit)
    };
    let mut title = if place.is_empty() {
        what
    } else {
        format!("{what} {place}")
    };
    let others = right
        .hits
        .iter()
        .filter(|other| other.hit.scope != hit.scope)
        .count();
    if others > 0 && right.reach != Reach::Cluster {
        title = format!("{title} and {others} more");
    }
    if hit.alone {
        title = format!("{title} and no more: one right short");
    }
    if right.latent() {
        title = format!("{title} (no such kind is served)");
    }
    title
}

fn container_title(context: &Context<'_>, right: &GradedRight, worst: &GradedHit) -> String {
    let place = match &worst.hit.scope {
        Reaching::Cluster => String::new(),
        Reaching::Namespace(namespace) => format!(" of {namespace}"),
    };
    match right.id {
        "ESC-ADMIN-BOUND" => {
            let role = worst
                .hit
                .atoms
                .iter()
                .next()
                .map_or("", |atom| &*atom.resource);
            format!("is {role}{place}")
        }
        "ESC-WILDCARD" => format!("may do everything{place}"),
        _ => {
            // The verbs of the rules that name everything, not of all that is folded in.
            let mut verbs: Vec<&str> = granted(context, right)
                .iter()
                .filter(|grant| names_everything(grant))
                .flat_map(|grant| grant.rule.verbs.iter().map(String::as_str))
                .collect();
            verbs.sort_unstable();
            verbs.dedup();
            let mut title = format!("may {} everything{place}", join(&verbs));
            let besides = besides(context, right);
            if !besides.is_empty() {
                title = format!("{title}, {}", join(&besides));
            }
            title
        }
    }
}

fn granted<'a>(context: &'a Context<'_>, right: &GradedRight) -> &'a [Grant] {
    let rights = context.effective(&right.account);
    rights.map(EffectiveRights::grants).unwrap_or_default()
}

/// Whether a grant's rule names every resource of every group.
fn names_everything(grant: &Grant) -> bool {
    let star = |list: &[String]| list.iter().any(|entry| entry == "*");
    !grant.bootstrap && star(&grant.rule.api_groups) && star(&grant.rule.resources)
}

/// The gravest that the same role gives by rules of its own, beside the one that names everything.
fn besides(context: &Context<'_>, right: &GradedRight) -> Vec<&'static str> {
    const SHOWN: usize = 2;
    let grants = granted(context, right);
    let by_the_wildcard = |folded: &GradedRight| {
        let given = folded.grants();
        given
            .iter()
            .filter_map(|&grant| grants.get(grant))
            .any(names_everything)
    };
    let mut own: Vec<&GradedRight> = right
        .folded
        .iter()
        .filter(|folded| folded.severity >= Severity::High && !by_the_wildcard(folded))
        .collect();
    own.sort_by_key(|folded| std::cmp::Reverse((folded.severity, folded.reach)));
    own.into_iter()
        .take(SHOWN)
        .map(|folded| folded.row.may)
        .collect()
}

/// `get, list and watch`.
fn join(words: &[&str]) -> String {
    match words {
        [] => "use".to_owned(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
