//! The fixed CRD creations, asked of admission for one ServiceAccount.

use opsec_admission::probes::{CrdCreations, GroupKind, Probe};
use opsec_admission::{Decision, PossibleWebhook, UserInfo};
use opsec_model::objects::{Metadata, Object as _};
use opsec_model::{ObjectRef, ServiceAccountRef, Severity};

use crate::context::Context;
use crate::p4_admins_guards::backend::serves;
use crate::p5_crd_creation::answers::{Reckoned, Settled, settle};
use crate::shell::quote;

/// The kinds that the answers rest on.
pub(crate) const NEEDS: &[(&str, &str)] = &[
    ("validatingadmissionpolicies", GROUP),
    ("validatingadmissionpolicybindings", GROUP),
    ("validatingwebhookconfigurations", GROUP),
    ("mutatingwebhookconfigurations", GROUP),
    ("mutatingadmissionpolicies", GROUP),
    ("mutatingadmissionpolicybindings", GROUP),
];

/// How a doubt ends that nobody has tried to settle.
pub(super) const ONLY_BY_PROBE: &str = ", which only a probe can tell";

/// The API group of admission objects.
pub(crate) const GROUP: &str = "admissionregistration.k8s.io";

/// What admission says to the creations of one account.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Who asks.
    pub(crate) account: ServiceAccountRef,
    /// Creations that are certainly denied.
    pub(crate) denied: Vec<(Probe, Decision)>,
    /// Creations that certainly pass.
    pub(crate) admitted: Vec<(Probe, Decision)>,
    /// Why the rest is not known, each once.
    pub(crate) unknown: Vec<String>,
    /// Of creations that the API server says are denied: why it is not known how well that holds,
    /// each once.
    pub(crate) opaque: Vec<String>,
    /// Where the API server answers otherwise than was reckoned, each a sentence.
    pub(crate) disagreements: Vec<String>,
}

impl Asked {
    /// Whether every creation is certainly denied.
    pub(crate) fn all_denied(&self) -> bool {
        self.admitted.is_empty() && self.unknown.is_empty()
    }
}

/// Asks for every creation that the baseline does not accept.
pub(crate) fn ask(
    context: &Context<'_>,
    creations: &CrdCreations,
    account: &ServiceAccountRef,
) -> Asked {
    let user = UserInfo::service_account(account);
    let allowed = context.baseline.allowed_crd_groups();
    let mut asked = Asked {
        account: account.clone(),
        denied: Vec::new(),
        admitted: Vec::new(),
        unknown: Vec::new(),
        opaque: Vec::new(),
        disagreements: Vec::new(),
    };
    for probe in creations.by(user) {
        if probe.group_kind == GroupKind::Own && allowed.iter().any(|group| **group == *probe.group)
        {
            continue;
        }
        let reckoned = Reckoned::of(context, context.admission.decide(&probe.request));
        let answer = context.answers.get(&(account, &*probe.creation)).copied();
        let settled = match answer {
            None => Settled::from(reckoned),
            Some(answer) => settle(context, account, &probe, reckoned, answer),
        };
        asked.add(probe, settled);
    }
    asked
}

impl Asked {
    fn add(&mut self, probe: Probe, settled: Settled) {
        let Settled {
            reckoned,
            opaque,
            disagreement,
        } = settled;
        match reckoned {
            Reckoned::Denied(decision) => self.denied.push((probe, decision)),
            Reckoned::Admitted(decision) => self.admitted.push((probe, decision)),
            Reckoned::Unknown(_, doubts) => add_new(&mut self.unknown, doubts),
        }
        add_new(&mut self.opaque, opaque);
        self.disagreements.extend(disagreement);
    }
}

fn add_new(list: &mut Vec<String>, clauses: impl IntoIterator<Item = String>) {
    for clause in clauses {
        if !list.contains(&clause) {
            list.push(clause);
        }
    }
}

/// The same for every account of the operator, asked once for all rules.
pub(crate) fn ask_all<'c>(context: &'c Context<'_>) -> &'c [Asked] {
    context.crd_creations.get_or_init(|| {
        let creations = creations(context);
        let accounts = context.operator.accounts.iter();
        accounts
            .map(|account| ask(context, &creations, &account.account))
            .collect()
    })
}

/// The creations that are asked for.
pub(crate) fn creations(context: &Context<'_>) -> CrdCreations {
    CrdCreations::new(&own_groups(context))
}

fn own_groups<'a>(context: &Context<'a>) -> Vec<&'a str> {
    let mut groups = context.operator.own_groups();
    groups.extend(
        context
            .operator
            .presumed_own_groups
            .iter()
            .map(String::as_str),
    );
    groups.into_iter().collect()
}

/// Why a creation that nothing denies for certain might be denied all the same.
pub(crate) fn doubts(context: &Context<'_>, decision: &Decision) -> Vec<String> {
    let policies = decision
        .unknown
        .iter()
        .filter(|unknown| !unknown.only_warns)
        .map(|unknown| format!("{}: {}", unknown.policy, unknown.reason));
    let webhooks = decision
        .webhooks
        .iter()
        .filter(|webhook| webhook.counts && !is_its_own(context, webhook))
        .map(|webhook| {
            let name = if webhook.name.is_empty() {
                String::new()
            } else {
                format!(" (webhook {})", webhook.name)
            };
            format!(
                "{}{name} could deny it{ONLY_BY_PROBE}",
                webhook.configuration
            )
        });
    decision
        .missing
        .iter()
        .cloned()
        .chain(policies)
        .chain(webhooks)
        .collect()
}

/// Whether the operator serves a webhook itself: no guard against it.
pub(crate) fn is_its_own(context: &Context<'_>, webhook: &PossibleWebhook) -> bool {
    let Some(client) = &webhook.client else {
        return false;
    };
    let metadata = metadata(context, &webhook.configuration).unwrap_or_default();
    serves(context, client, &metadata)
}

fn metadata(context: &Context<'_>, object: &ObjectRef) -> Option<Metadata> {
    let snapshot = context.facts.snapshot();
    let validating = snapshot
        .validating_webhook_configurations
        .iter()
        .map(|it| (it.object_ref(), &it.metadata));
    let mutating = snapshot
        .mutating_webhook_configurations
        .iter()
        .map(|it| (it.object_ref(), &it.metadata));
    validating
        .chain(mutating)
        .find(|(reference, _)| reference == object)
        .map(|(_, metadata)| metadata.clone())
}

/// How grave a missing or weak denial is: high when OPSEC501 is.
pub(crate) fn severity(context: &Context<'_>) -> Severity {
    let high = context.operator.accounts.iter().any(|account| {
        context
            .rights_with_folded(&account.account)
            .into_iter()
            .any(|right| {
                right.row.rules.contains(&"OPSEC501")
                    && right.severity >= Severity::High
                    && !right.granted
            })
    });
    if high {
        Severity::High
    } else {
        Severity::Medium
    }
}

/// A shell line that creates a probe's CRD as the account, dry, past RBAC and into admission.
pub(crate) fn try_it(account: &ServiceAccountRef, probe: &Probe) -> String {
    // RBAC is not what is asked.
    let groups: Vec<String> = account
        .groups()
        .iter()
        .map(String::as_str)
        .chain(["system:masters"])
        .map(quote)
        .collect();
    let groups = groups.join(" --as-group ");
    format!(
        "printf %s {} | kubectl create --dry-run=server --as {} --as-group {groups} -f -",
        quote(&probe.request.object.to_string()),
        quote(&account.user_name()),
    )
}
