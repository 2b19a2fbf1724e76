//! What was reckoned of a CRD creation, and what the API server answered where it was asked. A dry
//! run is not quite the request that it stands for (it is marked as dry, and who is impersonated has
//! no UID), so an answer settles only what does not turn on that.

use opsec_admission::probes::Probe;
use opsec_admission::{Cause, Decision, Denial, PossibleWebhook, Reads, Unknown, WebhookKind};
use opsec_model::{Denier, DryRunAnswer, ObjectRef, ServiceAccountRef};

use crate::context::Context;
use crate::p5_crd_creation::asked::{ONLY_BY_PROBE, doubts, is_its_own};

/// What admission does with a creation, as far as it is known.
#[derive(Debug)]
pub(super) enum Reckoned {
    /// It is certainly denied.
    Denied(Decision),
    /// It certainly passes.
    Admitted(Decision),
    /// It is not known, for these reasons.
    Unknown(Decision, Vec<String>),
}

impl Reckoned {
    /// What a decision comes to.
    pub(super) fn of(context: &Context<'_>, decision: Decision) -> Self {
        let doubts = doubts(context, &decision);
        if decision.is_denied() {
            Self::Denied(decision)
        } else if doubts.is_empty() {
            Self::Admitted(decision)
        } else {
            Self::Unknown(decision, doubts)
        }
    }

    fn decision(self) -> Decision {
        match self {
            Self::Denied(decision) | Self::Admitted(decision) | Self::Unknown(decision, _) => {
                decision
            }
        }
    }
}

/// What a creation comes to when the API server has been heard.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) reckoned: Reckoned,
    /// Why it is not known how well the denial holds.
    pub(super) opaque: Option<String>,
    /// What the API server says otherwise than was reckoned.
    pub(super) disagreement: Option<String>,
}

impl From<Reckoned> for Settled {
    fn from(reckoned: Reckoned) -> Self {
        Self {
            reckoned,
            opaque: None,
            disagreement: None,
        }
    }
}

/// Hears the API server.
pub(super) fn settle(
    context: &Context<'_>,
    account: &ServiceAccountRef,
    probe: &Probe,
    reckoned: Reckoned,
    answer: &DryRunAnswer,
) -> Settled {
    let tried = || Reckoned::of(context, context.admission.decide(&probe.as_tried()));
    match answer {
        DryRunAnswer::Admitted => admitted(account, probe, reckoned, tried()),
        DryRunAnswer::Denied { by, .. } => denied(context, account, probe, reckoned, tried(), by),
        DryRunAnswer::Unauthorized { verb } => not_asked(
            reckoned,
            &format!(
                "RBAC does not let {account} {verb} customresourcedefinitions, so a probe gets no answer of admission"
            ),
        ),
        DryRunAnswer::Forbidden { missing } => {
            not_asked(reckoned, &format!("whoever probes may not {missing}"))
        }
        DryRunAnswer::Unclear { message } => {
            not_asked(reckoned, &format!("a probe does not tell: {message}"))
        }
    }
}

/// An answer that is none adds why to what is not known, and changes nothing that is.
fn not_asked(mut reckoned: Reckoned, why: &str) -> Settled {
    if let Reckoned::Unknown(_, doubts) = &mut reckoned {
        for doubt in doubts {
            let doubted = doubt.strip_suffix(ONLY_BY_PROBE).unwrap_or(doubt);
            *doubt = format!("{doubted}, and {why}");
        }
    }
    reckoned.into()
}

fn admitted(
    account: &ServiceAccountRef,
    probe: &Probe,
    reckoned: Reckoned,
    tried: Reckoned,
) -> Settled {
    match (reckoned, tried) {
        (reckoned, Reckoned::Denied(tried)) => {
            let by = tried.denials.first();
            let by = by.map_or_else(String::new, |denial| format!(" by {}", denial.policy));
            let mut decision = reckoned.decision();
            decision.denials.clear();
            Settled {
                disagreement: Some(format!(
                    "the API server admits the {} by {account}, which was reckoned to be denied{by}",
                    probe.creation
                )),
                ..Reckoned::Admitted(decision).into()
            }
        }
        (Reckoned::Unknown(decision, doubts), Reckoned::Unknown(_, of_tried)) => {
            // What the dry run itself did not hang on it cannot settle.
            let open: Vec<String> = doubts
                .into_iter()
                .filter(|doubt| !of_tried.contains(doubt))
                .collect();
            if open.is_empty() {
                Reckoned::Admitted(decision).into()
            } else {
                Reckoned::Unknown(decision, open).into()
            }
        }
        (reckoned, _) => reckoned.into(),
    }
}

fn denied(
    context: &Context<'_>,
    account: &ServiceAccountRef,
    probe: &Probe,
    reckoned: Reckoned,
    tried: Reckoned,
    by: &Denier,
) -> Settled {
    let certain = matches!(tried, Reckoned::Admitted(_));
    let tried = tried.decision();
    match place(context, &tried, by) {
        // A guard that can be missed, or that it serves itself, is none whatever it says.
        Place::NoGuard | Place::Reckoned => reckoned.into(),
        Place::Possible(denial, guard) => {
            let looks = |it: &PossibleWebhook| {
                (&it.configuration, &it.field) == (&guard.configuration, &guard.field)
            };
            let mut decision = match reckoned {
                Reckoned::Unknown(decision, _) if decision.webhooks.iter().any(looks) => decision,
                // It looks at dry runs alone, or is denied anyway.
                reckoned => return reckoned.into(),
            };
            decision.denials.push(*denial);
            Reckoned::Denied(decision).into()
        }
        Place::Doubtful(doubt) => {
            let policy = doubt.policy.clone();
            let same = |unknown: &Unknown| unknown == doubt;
            match reckoned {
                Reckoned::Unknown(decision, _) if decision.unknown.iter().any(same) => {
                    by_policy(decision, &policy)
                }
                // It turns on what a dry run is otherwise than the request.
                reckoned => reckoned.into(),
            }
        }
        Place::Nowhere(Some(policy)) => {
            let disagreement = tried.missing.is_empty().then(|| {
                format!(
                    "the API server denies the {} by {account} ({by}), which was reckoned to let it pass",
                    probe.creation
                )
            });
            Settled {
                disagreement,
                ..by_policy(reckoned.decision(), &policy)
            }
        }
        Place::Nowhere(None) => {
            let clause = format!(
                "the API server says that {by} denies it, which was not found among what was read"
            );
            let disagreement = certain.then(|| {
                format!(
                    "the API server denies the {} by {account} ({by}), which was reckoned to pass",
                    probe.creation
                )
            });
            let reckoned = match reckoned {
                Reckoned::Denied(decision) => Reckoned::Denied(decision),
                other => Reckoned::Unknown(other.decision(), vec![clause]),
            };
            Settled {
                disagreement,
                ..reckoned.into()
            }
        }
    }
}

/// Denied by a policy whose own answer is not known: whether by a decision, nobody says.
fn by_policy(decision: Decision, policy: &ObjectRef) -> Settled {
    Settled {
        opaque: Some(format!(
            "{policy} denies it, as the API server says, and whether that holds is not known"
        )),
        ..Reckoned::Denied(decision).into()
    }
}

/// Where what denied stands among what was reckoned with.
enum Place<'d> {
    /// It was reckoned to deny.
    Reckoned,
    /// It could deny, and counts.
    Possible(Box<Denial>, &'d PossibleWebhook),
    /// It does not count.
    NoGuard,
    /// It could deny, and its answer was not known.
    Doubtful(&'d Unknown),
    /// It was not reckoned with; a policy is named all the same.
    Nowhere(Option<ObjectRef>),
}

/// Whether a webhook or MutatingAdmissionPolicy is the one that denied.
fn is_it(possible: &PossibleWebhook, by: &Denier) -> bool {
    match by {
        Denier::ValidatingPolicy { .. } => false,
        Denier::Webhook { name } | Denier::UnreachableWebhook { name } => possible.name == *name,
        Denier::MutatingPolicy { policy } => {
            possible.kind == WebhookKind::MutatingPolicy && possible.configuration.name == *policy
        }
    }
}

fn place<'d>(context: &Context<'_>, decision: &'d Decision, by: &Denier) -> Place<'d> {
    if let Denier::ValidatingPolicy { policy, .. } = by {
        return policy_place(decision, policy);
    }
    // Nothing that a MutatingAdmissionPolicy decides denies: it errs.
    let decides = matches!(by, Denier::Webhook { .. });
    let webhooks = decision.webhooks.iter();
    let named: Vec<&PossibleWebhook> = webhooks.filter(|it| is_it(it, by)).collect();
    let Some(first) = named.first() else {
        return Place::Nowhere(None);
    };
    // Several may have one name: then the weakest is taken for the one that is meant.
    if named.iter().any(|it| !it.counts || is_its_own(context, it)) {
        return Place::NoGuard;
    }
    let denial = Denial {
        policy: first.configuration.clone(),
        binding: first.configuration.clone(),
        cause: Cause::Answered {
            field: first.field.clone(),
            decides,
        },
        failure_policy: "Fail".to_owned(),
        actions: vec!["Deny".to_owned()],
        object_selector: false,
        params: Vec::new(),
        // What a webhook looks at, nobody knows. One that is not reached looks at nothing.
        reads: Reads {
            user_name: decides,
            ..first.reads
        },
    };
    Place::Possible(Box::new(denial), first)
}

fn policy_place<'d>(decision: &'d Decision, policy: &str) -> Place<'d> {
    let is_it = |reference: &ObjectRef| {
        reference.kind == "ValidatingAdmissionPolicy" && reference.name == policy
    };
    if decision.denials.iter().any(|denial| is_it(&denial.policy)) {
        return Place::Reckoned;
    }
    let doubtful = |unknown: &&Unknown| is_it(&unknown.policy) && !unknown.only_warns;
    match decision.unknown.iter().find(doubtful) {
        Some(unknown) => Place::Doubtful(unknown),
        None => Place::Nowhere(Some(ObjectRef::cluster(
            "ValidatingAdmissionPolicy",
            policy,
        ))),
    }
}
