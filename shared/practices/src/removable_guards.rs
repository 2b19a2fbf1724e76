//! A right that admission denies to its holder, and the right to change what denies it: together
//! they are the right itself, and a way past a guard. Decided only by asking admission, so not
//! where rights are graded.

use std::sync::Arc;

use opsec_admission::{AdmissionRequest, Decision, Denial, Operation, OptionsKind, UserInfo};
use opsec_model::{ServiceAccountRef, Severity};
use opsec_rights::{GradedRight, Hit};
use serde_json::json;

use crate::context::Context;
use crate::p5_crd_creation::{asked, weakness};

/// A right whose grade goes up, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Raise {
    account: ServiceAccountRef,
    id: &'static str,
    to: To,
    why: String,
}

/// How far a grade goes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    /// A step.
    OneMore,
    /// As far as it goes.
    Critical,
}

/// The rows of rights that admission can take back.
const HELD: [&str; 5] = [
    "GRD-CRD",
    "GRD-NS-PATCH",
    "GRD-NS-SUB",
    "GRD-NS-CREATE",
    "GRD-NS-DELETE",
];

/// Every right that goes up because the operator may change what holds it, and the rights to
/// change that.
pub(crate) fn raises(context: &Context<'_>) -> Vec<Raise> {
    // What a webhook denies is known where the API server was asked.
    let snapshot = context.facts.snapshot();
    if snapshot.validating_admission_policies.is_empty() && context.answers.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Raise> = Vec::new();
    for account in &context.operator.accounts {
        let account = &account.account;
        for right in context.rights_with_folded(account) {
            if right.latent() || !HELD.contains(&right.id) {
                continue;
            }
            for denial in denials(context, account, right) {
                guard(context, right, &denial, &mut found);
            }
        }
    }
    found
}

/// Puts the raises into the rights.
pub(crate) fn apply(raises: &[Raise], rights: &mut [GradedRight]) {
    for right in rights {
        apply(raises, &mut right.folded);
        let mut of_right = raises
            .iter()
            .filter(|raise| raise.id == right.id && raise.account == right.account);
        let Some(raise) = of_right.next() else {
            continue;
        };
        let severity = match raise.to {
            To::OneMore => right.severity.raised(),
            To::Critical => Severity::Critical,
        };
        if severity > right.severity {
            right.severity = severity;
            right.raised_by = Some(raise.why.clone());
        }
    }
}

/// What a denial rests on that the operator may change.
fn guard(context: &Context<'_>, right: &GradedRight, denial: &Denial, found: &mut Vec<Raise>) {
    let rests_on = [&denial.policy, &denial.binding]
        .into_iter()
        .chain(&denial.params);
    for object in rests_on {
        for (changer, verb, ..) in weakness::changers(context, object) {
            let mut add = |account: &ServiceAccountRef, id, to, why| {
                let raise = Raise {
                    account: account.clone(),
                    id,
                    to,
                    why,
                };
                if !found.contains(&raise) {
                    found.push(raise);
                }
            };
            let who = if *changer == right.account {
                "it".to_owned()
            } else {
                changer.to_string()
            };
            let what = format!("{who} may also {verb} {object}, on which its denial rests");
            add(&right.account, right.id, To::OneMore, what);
            let holds = format!(
                "{} denies {} what RBAC grants it: {}",
                denial.policy, right.account, right.row.may
            );
            for &row in rows_that_change(&denial.policy.kind) {
                add(changer, row, To::Critical, holds.clone());
            }
        }
    }
}

/// The rows of the rights to change what denies.
fn rows_that_change(kind: &str) -> &'static [&'static str] {
    match kind {
        "ValidatingWebhookConfiguration" => &["GRD-VWEBHOOK", "GRD-WEBHOOK-DEL"],
        "MutatingWebhookConfiguration" => &["GRD-WEBHOOK", "GRD-WEBHOOK-DEL"],
        "MutatingAdmissionPolicy" => &["GRD-MAP"],
        _ => &["GRD-VAP"],
    }
}

/// What denies the requests of a right.
fn denials(context: &Context<'_>, account: &ServiceAccountRef, right: &GradedRight) -> Vec<Denial> {
    if right.id == "GRD-CRD" {
        let asked = asked::ask_all(context).iter();
        let of_account = asked.filter(|asked| asked.account == *account);
        return of_account
            .flat_map(|asked| &asked.denied)
            .flat_map(|(_, decision)| decision.denials.clone())
            .collect();
    }
    let hits = right.hits.iter();
    hits.flat_map(|graded| ask(context, account, &graded.hit))
        .flat_map(|decision| decision.denials)
        .collect()
}

/// What admission says to a write of a Namespace that drops its Pod Security label.
fn ask(context: &Context<'_>, account: &ServiceAccountRef, hit: &Hit) -> Vec<Decision> {
    let name = match (hit.names.only(), hit.scope.namespace()) {
        (Some(names), _) => names.first().map_or("kube-system", String::as_str),
        (None, Some(namespace)) => namespace,
        (None, None) => "opsec-probe",
    };
    let user = Arc::new(UserInfo::service_account(account));
    let labels = json!({"kubernetes.io/metadata.name": name});
    let bare = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "labels": labels}});
    let labelled = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name,
        "labels": {"kubernetes.io/metadata.name": name, "pod-security.kubernetes.io/enforce": "restricted"}}});
    let (operation, options, object, old) = match hit.row.id {
        "GRD-NS-CREATE" => (Operation::Create, OptionsKind::CreateOptions, bare, None),
        "GRD-NS-DELETE" => (
            Operation::Delete,
            OptionsKind::DeleteOptions,
            serde_json::Value::Null,
            Some(labelled),
        ),
        _ => (
            Operation::Update,
            OptionsKind::UpdateOptions,
            bare,
            Some(labelled),
        ),
    };
    let object = Arc::new(object);
    // A policy that knows of one way alone leaves the others open: all must be held.
    let mut subresources: Vec<Option<String>> = hit
        .atoms
        .iter()
        .map(|atom| atom.resource.split_once('/').map(|(_, sub)| sub.to_owned()))
        .collect();
    subresources.dedup();
    let decisions: Vec<Decision> = subresources
        .into_iter()
        .map(|subresource| {
            context.admission.decide(&AdmissionRequest {
                operation,
                group: "".into(),
                version: "v1".into(),
                resource: "namespaces".into(),
                subresource,
                kind: "Namespace".into(),
                name: name.to_owned(),
                namespace: Some(name.to_owned()),
                object: Arc::clone(&object),
                old_object: old.clone(),
                user: Arc::clone(&user),
                dry_run: false,
                options,
            })
        })
        .collect();
    if decisions.iter().all(Decision::is_denied) {
        decisions
    } else {
        Vec::new()
    }
}
