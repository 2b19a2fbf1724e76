//! Who else runs where the operator runs, what it deploys, and who could take its ServiceAccount.

use std::collections::BTreeSet;

use opsec_model::ServiceAccountRef;
use opsec_model::objects::{Object as _, Workload};
use opsec_rbac::{EffectiveRights, Held, Kinds, Names, Request};
use opsec_rights::row::Needs;
use opsec_rights::rows;

use crate::context::Context;
use crate::contract::Judgement;
use crate::shell::quote;

/// The payload, each workload once: what a workload of the payload made is that one's.
pub(crate) fn payload<'a>(context: &Context<'a>) -> Vec<&'a Workload> {
    roots(context, context.payload())
}

/// What rules about payload come to where none is known: nothing to judge, unless there is some of
/// kinds that may be another operator's as well.
pub(crate) fn no_payload(context: &Context<'_>) -> Judgement {
    let unknown = perhaps_payload(context);
    if !unknown.is_empty() {
        return Judgement {
            unknown,
            ..Judgement::default()
        };
    }
    Judgement::nothing(if context.facts.from_files() {
        "no payload in these files"
    } else {
        "no payload"
    })
}

/// Why it is not known whether there is other payload than what is known, each a clause.
pub(crate) fn perhaps_payload(context: &Context<'_>) -> Vec<String> {
    let operator = context.operator;
    let undecided = operator.perhaps_owned_kinds.iter().map(|kind| {
        format!(
            "whose {kind} are is not known: no label says it, and not one operator alone is named where their status may be written; name them as ownedKinds in the baseline of whose they are"
        )
    });
    let unread = operator.unread_owners.iter().map(|kind| {
        let why = context.facts.missing(&kind.resource, &kind.group);
        format!(
            "whether what {kind} own is payload is not known: {}",
            why.unwrap_or_default()
        )
    });
    undecided.chain(unread).collect()
}

/// The workloads that no other one of them made, and the running pods that are not what the template
/// of their maker says.
pub(crate) fn roots<'a>(context: &Context<'a>, workloads: Vec<&'a Workload>) -> Vec<&'a Workload> {
    let makers: BTreeSet<(&str, &str, &str)> = workloads
        .iter()
        .map(|maker| {
            (
                maker.namespace(),
                maker.kind(),
                maker.metadata.name.as_str(),
            )
        })
        .collect();
    workloads
        .iter()
        .copied()
        .filter(|workload| {
            let owners = context.facts.owners(workload);
            let made = owners
                .iter()
                .any(|owner| makers.contains(&(workload.namespace(), &owner.kind, &owner.name)));
            !made || context.facts.differs_from_its_template(workload)
        })
        .collect()
}

/// The workloads of the input that are not the operator's: neither its components nor what those
/// made. A package manager's test is of the installation, and gone after it.
pub(crate) fn others<'a>(context: &Context<'a>) -> Vec<&'a Workload> {
    let foreign = context
        .facts
        .workloads()
        .iter()
        .filter(|workload| workload.hook.is_none())
        .filter(|workload| !context.is_operators_own(workload))
        .collect();
    roots(context, foreign)
}

/// Rights by which whoever holds them in an account's namespace becomes that account: a token of
/// it, a pod that runs as it, or code in a pod that does.
const TAKES_AN_ACCOUNT: [&str; 6] = [
    "ESC-TOKENREQ",
    "RUN-POD",
    "RUN-WORKLOAD",
    "RUN-EXEC",
    "RUN-EPHEMERAL",
    "RUN-PATCH-POD",
];

/// How a workload can take an account: it runs as it, or its own account holds such a right there.
pub(crate) fn takes(
    context: &Context<'_>,
    kinds: &Kinds,
    workload: &Workload,
    account: &ServiceAccountRef,
) -> Option<String> {
    let own = context.account_of(workload);
    if own == *account {
        return Some(format!("runs as {account}"));
    }
    let rights = EffectiveRights::of(context.policy, kinds, &own);
    if holds_there(
        &rights,
        &Request::new("impersonate", "", "serviceaccounts"),
        context,
        account,
    ) {
        return Some(format!("may impersonate {account}"));
    }
    TAKES_AN_ACCOUNT
        .into_iter()
        .flat_map(rows::find)
        .find_map(|row| {
            let Needs::Any(parts) = row.needs else {
                return None;
            };
            let held = parts.iter().any(|part| {
                part.verbs.iter().any(|verb| {
                    part.resources.iter().any(|resource| {
                        let request = Request::new(verb, part.group, resource);
                        holds_there(&rights, &request, context, account)
                    })
                })
            });
            held.then(|| format!("can {} in {}", row.may, account.namespace))
        })
}

fn holds_there(
    rights: &EffectiveRights,
    request: &Request<'_>,
    context: &Context<'_>,
    account: &ServiceAccountRef,
) -> bool {
    rights.held(request).iter().any(|held| {
        held.scope
            .namespace()
            .is_none_or(|namespace| namespace == account.namespace)
            && names_it(held, request, context, account)
    })
}

/// What is created may have any name. Else a name counts when it is the account's or that of a
/// component which runs as it; the names of a controller's pods are chosen when they start.
fn names_it(
    held: &Held,
    request: &Request<'_>,
    context: &Context<'_>,
    account: &ServiceAccountRef,
) -> bool {
    let Names::Only(names) = &held.names else {
        return true;
    };
    (request.verb == "create" && request.subresource.is_none())
        || names.contains(&account.name)
        || context.operator.components.iter().any(|component| {
            component.account == *account && names.contains(&component.object.name)
        })
}

/// `deployment/web`, as kubectl takes it.
pub(crate) fn target(workload: &Workload) -> String {
    format!(
        "{}/{}",
        workload.kind().to_ascii_lowercase(),
        quote(&workload.metadata.name)
    )
}

/// A line that exits 0 while one of some workloads of a namespace is there.
pub(crate) fn any_is_there(namespace: &str, workloads: &[&Workload]) -> String {
    let targets: Vec<String> = workloads.iter().map(|workload| target(workload)).collect();
    format!(
        "kubectl get {} -n {} --ignore-not-found -o name | grep -q .",
        targets.join(" "),
        quote(namespace)
    )
}
