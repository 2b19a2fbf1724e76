//! OPSEC101: payload, or a workload of another installation, runs beside the operator.

use std::collections::BTreeSet;

use opsec_model::objects::{Object as _, Workload};
use opsec_model::{Half, ServiceAccountRef, Severity};
use opsec_rbac::Kinds;

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::neighbours::{any_is_there, no_payload, others, payload, takes};
use crate::p1_separation::openings::onto_workloads;

/// OPSEC101.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC101",
    slug: "payload-beside-the-operator",
    summary: "payload, or a workload of another installation, runs in its namespace",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a workload that is not the operator's runs in a namespace where its components run: payload, which is the same cause as OPSEC103, or another installation's. It is high when that workload can take a ServiceAccount of a component there: it runs as it, or its own ServiceAccount may impersonate it, mint its tokens, create pods or workloads in that namespace, or run code in the pods there.",
        why: "A namespace is what Roles, Secrets, quotas and NetworkPolicies hang on: whoever may work in it for the payload's sake works beside the operator's ServiceAccount and Secrets.",
        severity: "medium; high when that workload can take the operator's ServiceAccount",
        bad: "kind: StatefulSet\nmetadata:\n  name: db\n  namespace: db-operator        # where the operator runs\n  labels: {app.kubernetes.io/managed-by: db-operator}",
        good: "kind: StatefulSet\nmetadata:\n  name: db\n  namespace: shop\n  labels: {app.kubernetes.io/managed-by: db-operator}",
        fix: "Create the custom resources, and what else runs there, in other namespaces.",
        references: &["https://kubernetes.io/docs/concepts/security/multi-tenancy/"],
    },
    needs: &[],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let components = context.components();
    if components.is_empty() {
        return Judgement::nothing("no workload");
    }
    let (payload, others) = (payload(context), others(context));
    if payload.is_empty() && others.is_empty() {
        return no_payload(context);
    }
    let namespaces: BTreeSet<&str> = components.iter().map(|own| own.namespace()).collect();
    let mut judgement = Judgement::of(namespaces.len());
    let kinds = Kinds::from_snapshot(context.facts.snapshot());
    for namespace in namespaces {
        let inside = |workload: &&&Workload| workload.namespace() == namespace;
        let own: Vec<&Workload> = components.iter().filter(inside).copied().collect();
        let deployed: Vec<&Workload> = payload.iter().filter(inside).copied().collect();
        let foreign: Vec<&Workload> = others
            .iter()
            .filter(inside)
            .filter(|workload| !context.is_payload(workload))
            .copied()
            .collect();
        let beside = Beside {
            context,
            kinds: &kinds,
            namespace,
            own: &own,
        };
        if !deployed.is_empty() {
            judgement
                .findings
                .push(beside.draft(&deployed, "payload").also(["OPSEC103"]));
        }
        if !foreign.is_empty() {
            judgement
                .findings
                .push(beside.draft(&foreign, "not the operator's"));
        }
    }
    judgement
}

/// A namespace in which components run.
struct Beside<'c, 'a> {
    context: &'c Context<'a>,
    kinds: &'c Kinds,
    namespace: &'c str,
    own: &'c [&'a Workload],
}

impl Beside<'_, '_> {
    fn draft(&self, neighbours: &[&Workload], what: &str) -> Draft {
        let taker = neighbours.iter().find_map(|workload| {
            let how = self
                .accounts()
                .iter()
                .find_map(|account| takes(self.context, self.kinds, workload, account))?;
            Some(format!(
                "{}/{} {how}",
                workload.kind(),
                workload.metadata.name
            ))
        });
        let who = match neighbours {
            [one] => format!("{} {}, {what}, runs", one.kind(), one.metadata.name),
            many => format!("{} workloads, {what}, run", many.len()),
        };
        let (severity, gain) = match &taker {
            Some(how) => (
                Severity::High,
                format!("{how}: whoever takes it holds the operator's rights"),
            ),
            None => (
                Severity::Medium,
                "whoever may work in the namespace for its sake works beside the operator's ServiceAccount and Secrets".to_owned(),
            ),
        };
        let remedy = if what == "payload" {
            "create the custom resources in a namespace of their own, and the payload follows"
        } else {
            "move one of the two to a namespace of its own"
        };
        let title = format!("{who} beside the operator in {}", self.namespace);
        let mut draft = onto_workloads(
            self.context,
            self.own,
            Draft::new(severity, title, gain, remedy),
        );
        for workload in neighbours {
            draft = draft.evidence(workload.object_ref(), "metadata.namespace");
        }
        draft.confirm(any_is_there(self.namespace, neighbours))
    }

    fn accounts(&self) -> BTreeSet<ServiceAccountRef> {
        self.own
            .iter()
            .map(|workload| self.context.account_of(workload))
            .collect()
    }
}
