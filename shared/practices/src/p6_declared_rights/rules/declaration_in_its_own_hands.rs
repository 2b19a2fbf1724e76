//! OPSEC604: the operator may change its own declaration.

use opsec_model::{Half, ServiceAccountRef, Severity};
use opsec_rbac::{Grant, Names, Request};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::finding::one;
use crate::p6_declared_rights::declaration::{self, Declaration, GROUP, PLURAL};
use crate::p6_declared_rights::denied::{Change, is_denied};
use crate::shell::quote;

/// OPSEC604.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC604",
    slug: "declaration-in-its-own-hands",
    summary: "the operator itself may change its declaration",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a ServiceAccount of the operator may create, change or delete OperatorRights, or change their status, by name or by a wildcard such as `*/status`. What a ValidatingAdmissionPolicy denies it, in every form that the change may have, it may not, unless the operator may change that policy.",
        why: "Who declares its own rights declares whatever it has taken.",
        severity: "medium; high when without that change 602 would fail",
        bad: "kind: ClusterRole\nrules:\n- {apiGroups: [kubectl-opsec.dev], resources: [operatorrights], verbs: [update]}",
        good: "kind: ClusterRole\nrules:\n- {apiGroups: [kubectl-opsec.dev], resources: [operatorrights], verbs: [get]}",
        fix: "Remove the right; let whoever accepts the operator own the declaration. What must write the status of others' declarations is held off its own by admission: deploy/controller/guards.yaml.",
        references: &["https://kubernetes.io/docs/concepts/security/rbac-good-practices/"],
    },
    needs: &[declaration::NEED],
    judge,
};

/// What changes a declaration: another one that names the operator adds to it.
const CHANGES: [(&str, Option<&str>); 7] = [
    ("update", None),
    ("patch", None),
    ("create", None),
    ("delete", None),
    ("deletecollection", None),
    ("update", Some("status")),
    ("patch", Some("status")),
];

/// A verb, the subresource, and the grant that gives it.
type Granted<'a> = (&'static str, Option<&'static str>, &'a Grant);

fn judge(context: &Context<'_>) -> Judgement {
    let Some(declared) = declaration::find(context) else {
        return Judgement::nothing(declaration::NONE);
    };
    let mut judgement = Judgement::of(context.operator.accounts.len());
    judgement.unknown.extend(context.invalid_rbac());
    // What it holds beyond the declaration it could declare itself.
    let exceeds = !declared.excess(context).is_empty();
    for account in &context.operator.accounts {
        let held = held(context, &declared, &account.account);
        judgement
            .findings
            .extend(finding(&declared, &account.account, &held, exceeds));
    }
    judgement
}

fn held<'a>(
    context: &'a Context<'_>,
    declared: &Declaration<'_>,
    account: &ServiceAccountRef,
) -> Vec<Granted<'a>> {
    let Some(rights) = context.effective(account) else {
        return Vec::new();
    };
    let mut held = Vec::new();
    for (verb, subresource) in CHANGES {
        let request = Request {
            verb,
            group: GROUP,
            resource: PLURAL,
            subresource,
        };
        for found in rights.held(&request) {
            let reaches = match &found.names {
                Names::All => true,
                // A creation makes what is not there yet, whatever its name.
                Names::Only(_) if verb == "create" => true,
                Names::Only(only) => declared
                    .objects
                    .iter()
                    .any(|object| only.contains(&object.metadata.name)),
            };
            let change = Change {
                account,
                verb,
                subresource,
            };
            let mut objects = declared.objects.iter();
            let reaches = reaches && !objects.all(|it| is_denied(context, it, change));
            let grant = rights
                .grants()
                .get(found.grant)
                .filter(|grant| !grant.bootstrap && reaches);
            held.extend(grant.map(|grant| (verb, subresource, grant)));
        }
    }
    held
}

fn finding(
    declared: &Declaration<'_>,
    account: &ServiceAccountRef,
    held: &[Granted<'_>],
    exceeds: bool,
) -> Option<Draft> {
    let (verb, subresource, _) = held.first()?;
    let mut done: Vec<String> = Vec::new();
    for (verb, subresource, _) in held {
        let words = match subresource {
            Some(subresource) => format!("{verb} {subresource}"),
            None => (*verb).to_owned(),
        };
        if !done.contains(&words) {
            done.push(words);
        }
    }
    let (severity, gain) = if exceeds {
        (
            Severity::High,
            "it can declare what it holds beyond its declaration, and nothing exceeds it any more",
        )
    } else {
        (
            Severity::Medium,
            "what it is granted tomorrow it can declare itself",
        )
    };
    let mut draft = Draft::new(
        severity,
        format!("can change {} itself: {}", declared.by(), done.join(", ")),
        gain,
        "remove the right to change OperatorRights from the operator's roles",
    )
    .accounts([account.clone()])
    .confirm(confirm(declared, account, verb, *subresource));
    for (verb, _, grant) in held {
        let entry = one(grant, &format!("{verb} {PLURAL}.{GROUP}"));
        let known = draft
            .granted_by
            .iter()
            .any(|known| (&known.role, &known.rule) == (&entry.role, &entry.rule));
        if !known {
            draft = draft.evidence(entry.role.clone(), entry.rule.clone());
            draft.granted_by.push(entry);
        }
    }
    Some(draft)
}

fn confirm(
    declared: &Declaration<'_>,
    account: &ServiceAccountRef,
    verb: &str,
    subresource: Option<&str>,
) -> String {
    let name = declared
        .objects
        .first()
        .map_or("", |object| object.metadata.name.as_str());
    let what = if ["create", "deletecollection"].contains(&verb) {
        format!("{PLURAL}.{GROUP}")
    } else {
        format!("{PLURAL}.{GROUP}/{name}")
    };
    let sub = subresource
        .map(|sub| format!(" --subresource {sub}"))
        .unwrap_or_default();
    format!(
        "kubectl auth can-i {verb} {}{sub} --as {}",
        quote(&what),
        quote(&account.user_name()),
    )
}
