//! OPSEC605: the declaration's status says that it is not valid, or is out of date.

use opsec_model::declared_rights::{OperatorRights, OperatorRightsStatus};
use opsec_model::{Half, Severity};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p6_declared_rights::declaration;
use crate::shell::quote;

/// OPSEC605.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC605",
    slug: "declaration-not-valid",
    summary: "the declaration's status says that it is not valid, or is out of date",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether the status of the OperatorRights says that it is not valid (Validated is False, or Excess is True), or is older than its spec or than the RBAC objects that it judged: it says valid while rights exceed the declaration. A status that is only late, and a live declaration that nobody has validated yet, are low. Files carry no status, for the API server writes it.",
        why: "A declaration that nobody compares with what is granted is a wish.",
        severity: "medium; merely stale: low",
        bad: "kind: OperatorRights\nstatus: {observedGeneration: 1, conditions: [{type: Excess, status: \"True\"}]}",
        good: "kind: OperatorRights\nstatus: {observedGeneration: 1, conditions: [{type: Validated, status: \"True\"}, {type: Excess, status: \"False\"}]}",
        fix: "Remove the excess or declare it; see that what validates OperatorRights runs.",
        references: &[
            "https://kubernetes.io/docs/concepts/overview/working-with-objects/#object-spec-and-status",
        ],
    },
    needs: &[declaration::NEED],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let Some(declared) = declaration::find(context) else {
        return Judgement::nothing(declaration::NONE);
    };
    let mut judgement = Judgement::default();
    let exceeds = !declared.excess(context).is_empty();
    for object in &declared.objects {
        match &object.status {
            Some(status) => {
                judgement.subjects += 1;
                judge_status(&mut judgement, object, status, exceeds);
            }
            None if context.facts.from_files() => {}
            None => {
                judgement.subjects += 1;
                judgement.findings.push(never_validated(object));
            }
        }
    }
    if judgement.subjects == 0 {
        judgement.nothing = Some("the declaration has no status in these files");
    }
    judgement
}

/// The worst thing that a status says; one finding, for one look at it mends all.
fn judge_status(
    judgement: &mut Judgement,
    object: &OperatorRights,
    status: &OperatorRightsStatus,
    exceeds: bool,
) {
    for (kind, bad) in [("Validated", "False"), ("Excess", "True")] {
        if condition(status, kind) == Some(bad) {
            judgement
                .findings
                .push(not_valid(object, status, (kind, bad)));
            return;
        }
    }
    if exceeds {
        judgement.findings.push(overtaken(object));
        return;
    }
    let generation = object.metadata.generation;
    let observed = status.observed_generation.unwrap_or_default();
    if generation > observed {
        judgement.findings.push(late(object, observed, generation));
    }
    for kind in ["Validated", "Excess"] {
        if condition(status, kind) == Some("Unknown") {
            judgement.unknown.push(format!(
                "the status of {} says that {kind} is Unknown",
                declaration::reference(object)
            ));
        }
    }
}

fn condition<'a>(status: &'a OperatorRightsStatus, kind: &str) -> Option<&'a str> {
    status
        .conditions
        .iter()
        .find(|condition| condition.kind == kind)
        .map(|condition| condition.status.as_str())
}

fn not_valid(
    object: &OperatorRights,
    status: &OperatorRightsStatus,
    (kind, bad): (&str, &str),
) -> Draft {
    let index = status
        .conditions
        .iter()
        .position(|condition| condition.kind == kind)
        .unwrap_or_default();
    let said = status
        .conditions
        .get(index)
        .map(|condition| condition.message.as_str())
        .filter(|message| !message.is_empty())
        .map(|message| format!(": {message}"))
        .unwrap_or_default();
    Draft::new(
        Severity::Medium,
        format!(
            "the status of {} says {kind} is {bad}{said}",
            declaration::reference(object)
        ),
        "the operator holds what it does not declare, or nobody could compare the two",
        "remove the excess rights or declare them, and let the declaration be validated again",
    )
    .evidence(
        declaration::reference(object),
        format!("status.conditions[{index}]"),
    )
    .confirm(format!(
        "kubectl get operatorrights.kubectl-opsec.dev {} -o jsonpath='{{.status.conditions[?(@.type==\"{kind}\")].status}}' | grep -qx {bad}",
        quote(&object.metadata.name),
    ))
}

/// The status says valid, and rights exceed the declaration: they came after it.
fn overtaken(object: &OperatorRights) -> Draft {
    Draft::new(
        Severity::Medium,
        format!(
            "the status of {} is older than the roles and bindings: it knows of no excess, and there is",
            declaration::reference(object)
        ),
        "a reader of the status believes that nothing exceeds the declaration",
        "let the declaration be validated again",
    )
    .evidence(declaration::reference(object), "status.lastValidated")
    .confirm(format!(
        "s=$(kubectl get operatorrights.kubectl-opsec.dev {} -o jsonpath='{{.status.conditions[?(@.type==\"Excess\")].status}}') && test \"$s\" != True",
        quote(&object.metadata.name),
    ))
}

fn late(object: &OperatorRights, observed: i64, generation: i64) -> Draft {
    Draft::new(
        Severity::Low,
        format!(
            "the status of {} speaks of generation {observed}, and its spec is at {generation}",
            declaration::reference(object)
        ),
        "a reader of the status reads of a declaration that was changed since",
        "let the declaration be validated again",
    )
    .evidence(declaration::reference(object), "status.observedGeneration")
    .confirm(format!(
        "kubectl get operatorrights.kubectl-opsec.dev {} -o jsonpath='{{.metadata.generation}} {{.status.observedGeneration}}' | awk '{{ exit !($1 > $2) }}'",
        quote(&object.metadata.name),
    ))
}

fn never_validated(object: &OperatorRights) -> Draft {
    Draft::new(
        Severity::Low,
        format!(
            "{} has no status: nobody has validated it",
            declaration::reference(object)
        ),
        "nobody compares what is declared with what is granted",
        "see that what validates OperatorRights runs",
    )
    .evidence(declaration::reference(object), "status")
    .confirm(format!(
        "s=$(kubectl get operatorrights.kubectl-opsec.dev {} -o jsonpath='{{.status}}') && test -z \"$s\"",
        quote(&object.metadata.name),
    ))
}
