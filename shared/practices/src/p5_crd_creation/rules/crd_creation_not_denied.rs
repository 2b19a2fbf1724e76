//! OPSEC503: no admission control denies a CRD creation by the operator's ServiceAccounts.

use std::collections::BTreeMap;

use opsec_admission::{Cause, Decision};
use opsec_model::{Half, ObjectRef};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p5_crd_creation::asked::{Asked, NEEDS, ask_all, is_its_own, severity, try_it};

/// OPSEC503.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC503",
    slug: "crd-creation-not-denied",
    summary: "no admission control denies a CRD creation by its ServiceAccounts",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether admission denies each ServiceAccount of the operator every one of a fixed set of CRD creations: in its own groups and in another, with and without labels, Namespaced and Cluster, by POST and by apply. ValidatingAdmissionPolicies are evaluated; a webhook that could deny is not known until it is asked (check --probe asks the API server, dry), and one that the operator serves is no guard.",
        why: "RBAC is what an operator is granted today. A denial holds when somebody grants it more.",
        severity: "medium; high when 501 is high",
        bad: "kind: ClusterRoleBinding\nsubjects: [{kind: ServiceAccount, namespace: operator, name: operator}]",
        good: "kind: ValidatingAdmissionPolicy\nspec:\n  matchConstraints:\n    resourceRules: [{apiGroups: [apiextensions.k8s.io], apiVersions: [\"*\"], operations: [CREATE], resources: [customresourcedefinitions]}]\n  validations:\n  - expression: \"!('system:serviceaccounts:operator' in request.userInfo.groups)\"",
        fix: "Bind a ValidatingAdmissionPolicy that denies the creation to the groups of the operator's namespaces. Own groups that it may create stand in the baseline (crdCreation.allowedGroups).",
        references: &[
            "https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/",
        ],
    },
    needs: NEEDS,
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let answers = ask_all(context);
    if answers.is_empty() {
        return Judgement::nothing("no ServiceAccount");
    }
    let mut judgement = Judgement::of(answers.len());
    // Accounts that the same creations pass share the cause.
    let mut alike: BTreeMap<Vec<&str>, Vec<&Asked>> = BTreeMap::new();
    for asked in answers {
        if asked.admitted.is_empty() {
            judgement.unknown.extend(asked.unknown.iter().cloned());
            continue;
        }
        let passed = asked
            .admitted
            .iter()
            .map(|(probe, _)| &*probe.description)
            .collect();
        alike.entry(passed).or_default().push(asked);
    }
    let others_denied = answers.iter().any(Asked::all_denied);
    for asked in alike.values() {
        judgement
            .findings
            .extend(finding(context, asked, others_denied));
    }
    judgement
}

fn finding(context: &Context<'_>, asked: &[&Asked], others_denied: bool) -> Option<Draft> {
    let first = asked.first()?;
    let (probe, decision) = first.admitted.first()?;
    let who = match asked {
        [only] => format!("ServiceAccount {}", only.account),
        several => format!("its {} ServiceAccounts", several.len()),
    };
    let partly = first
        .denied
        .first()
        .and_then(|(_, decision)| decision.denials.first());
    let remarks = Remarks::of(context, decision);
    let title = match partly {
        None if !first.denied.is_empty() => format!(
            "some CRD creations by {who} are denied and others not: {} passes",
            probe.description
        ),
        Some(denial) => format!(
            "{} denies {who} some CRD creations and not others: {} passes",
            denial.policy, probe.description
        ),
        None => format!("nothing denies CRD creation by {who}{}", remarks.words()),
    };
    let mut draft = Draft::new(
        severity(context),
        title,
        "as soon as RBAC lets it, it claims API groups for the whole cluster",
        "deny the creation by a ValidatingAdmissionPolicy to the groups system:serviceaccounts:NAMESPACE of its namespaces",
    )
    .accounts(asked.iter().map(|asked| asked.account.clone()))
    .confirm(format!("{} >/dev/null", try_it(&first.account, probe)));
    if let Some(denial) = partly {
        let field = match &denial.cause {
            Cause::Answered { field, .. } => field,
            _ => "spec.matchConstraints",
        };
        draft = draft.evidence(denial.policy.clone(), field);
    }
    // A guard that only warns, that fails open or that the operator serves is a weak one, and a
    // denial that leaves one of its accounts out is too.
    if remarks.weak || (others_denied && partly.is_none()) {
        draft = draft.also(["OPSEC504"]);
    }
    let bare = remarks.evidence.is_empty() && partly.is_none();
    for (object, field) in remarks.evidence {
        draft = draft.evidence(object, field);
    }
    if bare {
        for asked in asked {
            draft = draft.evidence(asked.account.object(), "metadata.name");
        }
    }
    Some(draft)
}

/// What is there and denies nothing.
#[derive(Default)]
struct Remarks {
    clauses: Vec<String>,
    evidence: Vec<(ObjectRef, String)>,
    weak: bool,
}

impl Remarks {
    fn of(context: &Context<'_>, decision: &Decision) -> Self {
        let mut remarks = Self::default();
        for invalid in &decision.invalid {
            remarks.add(
                format!(
                    "{} is invalid ({}: {})",
                    invalid.policy, invalid.field, invalid.message
                ),
                (&invalid.policy, &invalid.field),
            );
        }
        for denial in &decision.would_deny {
            remarks.weak = true;
            if denial.cause.is_decision() {
                let actions = denial.actions.join(" and ");
                remarks.add(
                    format!("{} only does {actions}", denial.binding),
                    (&denial.binding, "spec.validationActions"),
                );
            } else {
                remarks.add(
                    format!("{} errs, and its failures are ignored", denial.policy),
                    (&denial.policy, "spec.failurePolicy"),
                );
            }
        }
        for webhook in &decision.webhooks {
            let own = is_its_own(context, webhook);
            let reasons = if own {
                vec!["the operator serves it itself".to_owned()]
            } else {
                webhook.why_not.clone()
            };
            if reasons.is_empty() {
                // It is known to pass, so the API server was asked, and nobody denied.
                remarks.add(
                    format!("{} lets it pass", webhook.configuration),
                    (&webhook.configuration, &webhook.field),
                );
                continue;
            }
            remarks.weak = true;
            remarks.add(
                format!(
                    "{} does not count: {}",
                    webhook.configuration,
                    reasons.join(" and ")
                ),
                (&webhook.configuration, &webhook.field),
            );
        }
        remarks
    }

    fn add(&mut self, clause: String, (object, field): (&ObjectRef, &str)) {
        if !self.clauses.contains(&clause) {
            self.clauses.push(clause);
            self.evidence.push((object.clone(), field.to_owned()));
        }
    }

    fn words(&self) -> String {
        if self.clauses.is_empty() {
            String::new()
        } else {
            format!(": {}", self.clauses.join("; "))
        }
    }
}
