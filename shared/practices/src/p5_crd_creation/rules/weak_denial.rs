//! OPSEC504: the denial of CRD creation is weak.

use std::collections::{BTreeMap, BTreeSet};

use opsec_admission::Denial;
use opsec_admission::probes::Probe;
use opsec_model::{Half, ServiceAccountRef, Severity};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::finding::one;
use crate::p5_crd_creation::asked::{Asked, NEEDS, ask_all, severity, try_it};
use crate::p5_crd_creation::chosen::{Mark, marked};
use crate::p5_crd_creation::weakness::{Weakness, Weaknesses, changers};
use crate::shell::quote;

/// OPSEC504.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC504",
    slug: "weak-denial",
    summary: "the denial of CRD creation is weak",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether what denies CRD creation would hold: a decision denies rather than an error or a missing parameter; it fails closed and does not only warn or audit; no objectSelector can be missed; no label or annotation that its expressions name opens it; no other ServiceAccount of the operator's namespaces, or one that it can become by one right, is let through by its name; and neither the policy, nor its binding, nor its parameters, nor a webhook that denies is in the operator's hands.",
        why: "A guard that can be stepped round is a guard on paper.",
        severity: "medium; high when the operator itself may change the guard, or 501 is high",
        bad: "kind: ValidatingAdmissionPolicy\nspec:\n  failurePolicy: Ignore\n  validations: [{expression: \"request.userInfo.username != 'system:serviceaccount:operator:operator'\"}]",
        good: "kind: ValidatingAdmissionPolicy\nspec:\n  failurePolicy: Fail\n  validations: [{expression: \"!('system:serviceaccounts:operator' in request.userInfo.groups)\"}]",
        fix: "Deny by the groups of the operator's namespaces, under failurePolicy Fail, without an objectSelector, and leave the guard to administrators.",
        references: &[
            "https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/",
        ],
    },
    needs: NEEDS,
    judge,
};

/// A policy and binding that deny, with one reason why that does not hold.
struct Found<'a> {
    accounts: BTreeSet<ServiceAccountRef>,
    denial: &'a Denial,
    probe: &'a Probe,
}

fn judge(context: &Context<'_>) -> Judgement {
    let answers = ask_all(context);
    let denied: Vec<&Asked> = answers.iter().filter(|asked| asked.all_denied()).collect();
    let mut judgement = Judgement::of(denied.len());
    if denied.is_empty() {
        judgement.nothing = Some("nothing denies CRD creation");
    }
    for asked in answers.iter().filter(|asked| asked.admitted.is_empty()) {
        let unknown = asked.unknown.iter().chain(&asked.opaque);
        judgement.unknown.extend(unknown.cloned());
    }
    let mut weaknesses = Weaknesses::new(context);
    let mut found: BTreeMap<(String, Weakness), Found<'_>> = BTreeMap::new();
    for asked in denied {
        for (probe, decision) in &asked.denied {
            let Some((denial, weak)) =
                strongest(&mut weaknesses, &asked.account, probe, &decision.denials)
            else {
                continue;
            };
            for weakness in weak {
                let key = (denial.policy.to_string(), weakness);
                let entry = found.entry(key).or_insert_with(|| Found {
                    accounts: BTreeSet::new(),
                    denial,
                    probe,
                });
                entry.accounts.insert(asked.account.clone());
            }
        }
    }
    judgement.findings = found
        .iter()
        .map(|((_, weakness), found)| finding(context, weakness, found))
        .collect();
    judgement.unknown.extend(weaknesses.unknown);
    judgement
}

/// Of several denials of a creation the one with the fewest weaknesses; it suffices.
fn strongest<'a>(
    weaknesses: &mut Weaknesses<'_, '_>,
    account: &ServiceAccountRef,
    probe: &Probe,
    denials: &'a [Denial],
) -> Option<(&'a Denial, BTreeSet<Weakness>)> {
    denials
        .iter()
        .map(|denial| (denial, weaknesses.of(account, probe, denial)))
        .min_by_key(|(_, weak)| weak.len())
}

fn finding(context: &Context<'_>, weakness: &Weakness, found: &Found<'_>) -> Draft {
    let Found { denial, probe, .. } = found;
    let policy = &denial.policy;
    let draft = match weakness {
        Weakness::NoDecision => no_decision(found),
        Weakness::FailsOpen => Draft::new(
            Severity::Medium,
            format!("{policy} denies CRD creation, but its failurePolicy is Ignore"),
            "whatever makes an expression err lets the creation pass",
            "set failurePolicy: Fail",
        )
        .evidence(policy.clone(), "spec.failurePolicy")
        .confirm(format!(
            "test \"$(kubectl get validatingadmissionpolicy {} -o jsonpath='{{.spec.failurePolicy}}')\" = Ignore",
            quote(&policy.name),
        )),
        Weakness::ObjectSelector => object_selector(denial),
        Weakness::Marked(mark) => Draft::new(
            Severity::Medium,
            format!("{policy} lets every CRD pass that carries the label or annotation {mark}"),
            "the author of a CRD chooses its labels and annotations, and so whether it is denied",
            "decide by who asks, not by labels or annotations of the object",
        )
        .evidence(policy.clone(), "spec.validations")
        .confirm(confirm_marked(found, mark)),
        Weakness::LetsThrough(other) => Draft::new(
            Severity::Medium,
            format!("{policy} denies by who asks, and lets {other} through"),
            "the operator's namespace or rights give it that account, and with it the creation",
            "deny by the groups system:serviceaccounts:NAMESPACE of all namespaces that it can reach",
        )
        .evidence(policy.clone(), deciding_field(denial))
        .confirm(format!("{} >/dev/null", try_it(other, probe))),
        Weakness::InReach(object) => return in_reach(context, found, object),
    };
    let mut draft = draft.accounts(found.accounts.iter().cloned());
    draft.severity = severity(context);
    draft
}

/// The field that decides.
fn deciding_field(denial: &Denial) -> String {
    match &denial.cause {
        opsec_admission::Cause::Answered { field, .. } => field.clone(),
        _ => "spec.validations".to_owned(),
    }
}

/// The marked creation passes.
fn confirm_marked(found: &Found<'_>, mark: &Mark) -> String {
    found.accounts.first().map_or_else(String::new, |account| {
        format!("{} >/dev/null", try_it(account, &marked(found.probe, mark)))
    })
}

fn no_decision(found: &Found<'_>) -> Draft {
    let Found { denial, probe, .. } = found;
    let policy = &denial.policy;
    let (title, field, remedy) = match &denial.cause {
        opsec_admission::Cause::ParamMissing { message } => (
            format!("{policy} denies CRD creation only because a parameter is missing: {message}"),
            "spec.paramKind".to_owned(),
            "put the parameter there, or do without",
        ),
        opsec_admission::Cause::MatchConditionError { name, message } => (
            format!("{policy} denies CRD creation only because condition {name} errs: {message}"),
            "spec.matchConditions".to_owned(),
            "mend the condition, so that a validation decides",
        ),
        opsec_admission::Cause::EvaluationError { index, message } => (
            format!("{policy} denies CRD creation only because an expression errs: {message}"),
            format!("spec.validations[{index}].expression"),
            "mend the expression, so that it decides",
        ),
        opsec_admission::Cause::AuditAnnotationError { index, message } => (
            format!("{policy} denies CRD creation only because an annotation errs: {message}"),
            format!("spec.auditAnnotations[{index}].valueExpression"),
            "mend the expression, and let a validation deny",
        ),
        opsec_admission::Cause::Answered { field, .. } => (
            format!("{policy} denies CRD creation only because it cannot be reached, or errs"),
            field.clone(),
            "mend it, so that it decides; a ValidatingAdmissionPolicy needs nobody to answer",
        ),
        opsec_admission::Cause::Validation { index, message } => (
            format!("{policy} denies CRD creation: {message}"),
            format!("spec.validations[{index}].expression"),
            "let a validation deny",
        ),
    };
    let errors = "'resulted in error|errored|no params found|failed to (configure|evaluate)|failed calling webhook'";
    let draft = Draft::new(
        Severity::Medium,
        title,
        "whoever mends the error opens the door, and does not know that it was one",
        remedy,
    )
    .evidence(policy.clone(), field);
    match found.accounts.first() {
        Some(account) => draft.confirm(format!(
            "{} 2>&1 | grep -qE {errors}",
            try_it(account, probe)
        )),
        None => draft,
    }
}

fn object_selector(denial: &Denial) -> Draft {
    let (policy, binding) = (&denial.policy, &denial.binding);
    Draft::new(
        Severity::Medium,
        format!("{policy} denies CRD creation only to objects that its objectSelector selects"),
        "the author of a CRD chooses its labels, and so whether it is looked at",
        "remove the objectSelector",
    )
    .evidence(policy.clone(), "spec.matchConstraints.objectSelector")
    .evidence(binding.clone(), "spec.matchResources.objectSelector")
    .confirm(format!(
        "{{ kubectl get validatingadmissionpolicy {} -o jsonpath='{{.spec.matchConstraints.objectSelector}}'; kubectl get validatingadmissionpolicybinding {} -o jsonpath='{{.spec.matchResources.objectSelector}}'; }} | grep -q match",
        quote(&policy.name),
        quote(&binding.name),
    ))
}

/// The guard is in the hands of whom it guards against.
fn in_reach(context: &Context<'_>, found: &Found<'_>, object: &opsec_model::ObjectRef) -> Draft {
    let changers = changers(context, object);
    let mut draft = Draft::new(
        Severity::High,
        format!(
            "{} denies CRD creation, and the operator may change {object}",
            found.denial.policy
        ),
        "it removes the guard first and creates the CRD after",
        "remove the right to change it; administrators own the guard",
    )
    .evidence(object.clone(), "metadata.name");
    if let Some((account, verb, what, _)) = changers.first() {
        let place = object
            .namespace
            .as_ref()
            .map(|namespace| format!(" -n {}", quote(namespace)))
            .unwrap_or_default();
        draft = draft.confirm(format!(
            "kubectl auth can-i {verb} {}{place} --as {}",
            quote(&format!("{what}/{}", object.name)),
            quote(&account.user_name()),
        ));
    }
    for (account, verb, what, grant) in changers {
        if !draft.service_accounts.contains(account) {
            draft = draft.accounts([account.clone()]);
        }
        let entry = one(grant, &format!("{verb} {what}"));
        let known = draft
            .granted_by
            .iter()
            .any(|known| (&known.role, &known.rule) == (&entry.role, &entry.rule));
        if !known {
            draft = draft.evidence(entry.role.clone(), entry.rule.clone());
            draft.granted_by.push(entry);
        }
    }
    draft
}
