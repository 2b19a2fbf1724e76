//! OPSEC601: no OperatorRights declares this operator.

use opsec_model::{Half, Severity};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p6_declared_rights::declaration;
use crate::shell::quote;

/// OPSEC601.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC601",
    slug: "rights-not-declared",
    summary: "no OperatorRights custom resource declares this operator",
    half: Half::Cluster,
    doc: RuleDoc {
        what: "Whether an OperatorRights custom resource names the operator, by its display name or another name that it is found by. From files it counts only with its CustomResourceDefinition.",
        why: "Without a declaration nobody can tell a right that was meant from one that crept in.",
        severity: "medium",
        bad: "kind: Deployment\nmetadata: {name: operator}",
        good: "kind: OperatorRights\nmetadata: {name: operator}\nspec: {operator: operator, mode: Audit, rights: [{serviceAccount: operator/operator, scope: own, rules: [{apiGroups: [\"\"], resources: [configmaps], verbs: [get]}]}]}",
        fix: "Write down what each ServiceAccount may do, where, in an OperatorRights, and let someone else than the operator own it.",
        references: &[
            "https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/custom-resources/",
        ],
    },
    needs: &[declaration::NEED],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let operator = context.operator;
    if operator.accounts.is_empty() {
        return Judgement::nothing("no ServiceAccount");
    }
    let mut judgement = Judgement::of(1);
    let known = context
        .facts
        .missing(declaration::PLURAL, declaration::GROUP)
        .is_none();
    if declaration::find(context).is_none() && known {
        judgement.findings.push(finding(context));
    }
    judgement
}

fn finding(context: &Context<'_>) -> Draft {
    let operator = context.operator;
    let accounts = operator
        .accounts
        .iter()
        .map(|account| account.account.clone());
    let unserved = declaration::naming(context);
    let title = match unserved.first() {
        Some(object) => format!(
            "{} declares it, but its CustomResourceDefinition is not in these files",
            declaration::reference(object)
        ),
        None if operator.accounts.len() == 1 => {
            "no OperatorRights declares its ServiceAccount".to_owned()
        }
        None => format!(
            "no OperatorRights declares its {} ServiceAccounts",
            operator.accounts.len()
        ),
    };
    let remedy = if unserved.is_empty() {
        "write down what each ServiceAccount may do in an OperatorRights custom resource"
    } else {
        "apply the CustomResourceDefinition operatorrights.kubectl-opsec.dev with it"
    };
    let mut draft = Draft::new(
        Severity::Medium,
        title,
        "a right that crept in looks like one that was meant",
        remedy,
    )
    .accounts(accounts.clone())
    .confirm(format!(
        "kubectl get --raw /version >/dev/null && ! kubectl get operatorrights.kubectl-opsec.dev -o jsonpath='{{range .items[*]}}{{.spec.operator}}{{\"\\n\"}}{{end}}' 2>/dev/null | grep -qxF {}",
        quote(&operator.name),
    ));
    if unserved.is_empty() {
        for account in accounts {
            draft = draft.evidence(account.object(), "metadata.name");
        }
    }
    for object in unserved {
        draft = draft.evidence(declaration::reference(object), "apiVersion");
    }
    draft
}
