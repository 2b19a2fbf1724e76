//! Whether admission keeps an operator from a change of its declaration that RBAC grants it: by a
//! decision, under Fail, that rests on nothing in the operator's reach.

use std::sync::Arc;

use opsec_admission::{AdmissionRequest, Denial, Operation, OptionsKind, UserInfo};
use opsec_model::ServiceAccountRef;
use opsec_model::declared_rights::OperatorRights;
use serde_json::{Value, json};

use crate::context::Context;
use crate::p5_crd_creation::weakness::changers;
use crate::p6_declared_rights::declaration::{GROUP, PLURAL};

/// A change that RBAC grants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) account: &'a ServiceAccountRef,
    pub(crate) verb: &'a str,
    pub(crate) subresource: Option<&'a str>,
}

/// Whether every way of making the change is denied.
pub(crate) fn is_denied(
    context: &Context<'_>,
    object: &OperatorRights,
    change: Change<'_>,
) -> bool {
    let snapshot = context.facts.snapshot();
    if snapshot.validating_admission_policies.is_empty() {
        return false;
    }
    let user = Arc::new(UserInfo::service_account(change.account));
    requests(object, change, &user).iter().all(|request| {
        let denials = context.admission.decide(request).denials;
        denials.iter().any(|denial| holds(context, denial))
    })
}

fn holds(context: &Context<'_>, denial: &Denial) -> bool {
    let rests_on = [&denial.policy, &denial.binding];
    let mut rests_on = rests_on.into_iter().chain(&denial.params);
    denial.cause.is_decision()
        && denial.failure_policy == "Fail"
        && !denial.object_selector
        && !rests_on.any(|object| !changers(context, object).is_empty())
}

/// What the change may look like: a declaration that grants the account everything, one that does not
/// speak of it, and one that says the same. A policy that looks at one of them alone is no guard.
fn requests(
    object: &OperatorRights,
    change: Change<'_>,
    user: &Arc<UserInfo>,
) -> Vec<AdmissionRequest> {
    let name = &object.metadata.name;
    let rights = json!(object.spec.declared.rights);
    let rights = rights.as_array().cloned().unwrap_or_default();
    let more = json!({
        "serviceAccount": change.account.to_string(),
        "scope": "cluster",
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    });
    let widened: Vec<Value> = rights.iter().chain([&more]).cloned().collect();
    let old = document(object, name, rights);
    match (change.verb, change.subresource) {
        ("create", _) => {
            // Another one that names the operator adds to it.
            let name = format!("{name}-more");
            let all = [widened, vec![more]];
            all.map(|rights| {
                let object = document(object, &name, rights);
                request(change, user, (&name, Operation::Create), object, None)
            })
            .into()
        }
        ("delete" | "deletecollection", _) => {
            let of = (name.as_str(), Operation::Delete);
            vec![request(change, user, of, Value::Null, Some(old))]
        }
        (_, subresource) => {
            // Through a subresource the rest stays what it was.
            let mut objects = vec![old.clone()];
            if subresource.is_none() {
                objects.push(document(object, name, widened));
                objects.push(document(object, name, Vec::new()));
            }
            let of = (name.as_str(), Operation::Update);
            let objects = objects.into_iter();
            objects
                .map(|object| request(change, user, of, object, Some(old.clone())))
                .collect()
        }
    }
}

fn request(
    change: Change<'_>,
    user: &Arc<UserInfo>,
    (name, operation): (&str, Operation),
    object: Value,
    before: Option<Value>,
) -> AdmissionRequest {
    AdmissionRequest {
        operation,
        group: GROUP.into(),
        version: "v1alpha1".into(),
        resource: PLURAL.into(),
        subresource: change.subresource.map(str::to_owned),
        kind: "OperatorRights".into(),
        name: name.to_owned(),
        namespace: None,
        object: Arc::new(object),
        old_object: before,
        user: Arc::clone(user),
        dry_run: false,
        options: match operation {
            Operation::Create => OptionsKind::CreateOptions,
            Operation::Delete => OptionsKind::DeleteOptions,
            _ => OptionsKind::UpdateOptions,
        },
    }
}

/// The declaration by a name and with rights; a field without any is absent.
fn document(object: &OperatorRights, name: &str, rights: Vec<Value>) -> Value {
    let mut spec = json!(object.spec);
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("rights");
        if !rights.is_empty() {
            spec.insert("rights".to_owned(), Value::from(rights));
        }
    }
    json!({
        "apiVersion": "kubectl-opsec.dev/v1alpha1",
        "kind": "OperatorRights",
        "metadata": {"name": name},
        "spec": spec,
    })
}
