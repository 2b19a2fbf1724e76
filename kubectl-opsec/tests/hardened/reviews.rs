//! SubjectAccessReviews: the API server's own word on the rights that were taken away and on those
//! that were moved.

use kube::api::{ApiResource, DynamicObject, PostParams};
use kube::core::GroupVersionKind;
use opsec_model::declared_rights::{GrantScope, ScopeName};
use opsec_model::objects::PolicyRule;
use opsec_model::{Comparison, RightList, ServiceAccountRef};
use serde_json::{Value, json};

use crate::plane::{Plane, opsec};

/// One question, as a SubjectAccessReview has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    account: ServiceAccountRef,
    /// `resourceAttributes` or `nonResourceAttributes`.
    attributes: Value,
}

/// What the hardened operator does not hold any more.
pub(crate) fn lost(shipped: &str, hardened: &str) -> Vec<Question> {
    let ran = opsec(None, &format!("diff {shipped} {hardened} -o json"));
    let told: Comparison = serde_json::from_str(&ran.stdout).unwrap();
    let mut questions = Vec::new();
    for right in &told.lost.rights {
        let account = &right.service_account;
        let places = match &right.scope {
            GrantScope::Named(ScopeName::Cluster) => vec![String::new()],
            GrantScope::Named(_) => vec![account.namespace.clone()],
            GrantScope::Namespaces { namespaces } => namespaces.clone(),
        };
        for place in &places {
            for rule in &right.rules {
                questions.extend(asked(account, place, &rule.rule));
            }
        }
    }
    questions
}

/// What it holds in a namespace.
pub(crate) fn granted_in(hardened: &str, namespace: &str) -> Vec<Question> {
    let ran = opsec(None, &format!("rights -f {hardened} -o json"));
    let list: RightList = serde_json::from_str(&ran.stdout).unwrap();
    let there = list.items.iter().filter(|right| {
        right.namespace.as_deref() == Some(namespace) && right.ineffective.is_empty()
    });
    let questions = there.flat_map(|right| {
        let rule = PolicyRule {
            verbs: right.verbs.clone(),
            api_groups: right.api_groups.clone(),
            resources: right.resources.clone(),
            resource_names: right.resource_names.clone(),
            ..PolicyRule::default()
        };
        asked(&right.service_account, namespace, &rule)
    });
    questions.collect()
}

/// A rule, question by question.
fn asked(account: &ServiceAccountRef, namespace: &str, rule: &PolicyRule) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut ask = |attributes: Value| {
        questions.push(Question {
            account: account.clone(),
            attributes,
        });
    };
    let names = match rule.resource_names.as_slice() {
        [] => vec![String::new()],
        names => names.to_vec(),
    };
    for verb in &rule.verbs {
        for group in &rule.api_groups {
            for resource in &rule.resources {
                let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                for name in &names {
                    ask(json!({"resourceAttributes": {
                        "verb": verb,
                        "group": group,
                        "resource": resource,
                        "subresource": subresource,
                        "name": name,
                        "namespace": namespace,
                    }}));
                }
            }
        }
        for path in &rule.non_resource_urls {
            ask(json!({"nonResourceAttributes": {"verb": verb, "path": path}}));
        }
    }
    questions
}

impl Plane {
    /// The questions that the API server answers otherwise.
    pub(crate) fn disagrees(&self, questions: &[Question], expected: bool) -> Vec<String> {
        let kind = GroupVersionKind::gvk("authorization.k8s.io", "v1", "SubjectAccessReview");
        let resource = ApiResource::from_gvk(&kind);
        let api: kube::Api<DynamicObject> = kube::Api::all_with(self.control.client(), &resource);
        let answers = questions.iter().map(|question| {
            let mut spec = question.attributes.clone();
            spec["user"] = json!(question.account.user_name());
            spec["groups"] = json!(question.account.groups());
            let review = DynamicObject::new("", &resource).data(json!({"spec": spec}));
            (question, review)
        });
        self.runtime.block_on(async {
            let mut wrong = Vec::new();
            for (question, mut review) in answers {
                review.metadata.name = None;
                let answer = api.create(&PostParams::default(), &review).await.unwrap();
                let allowed = answer.data["status"]["allowed"].as_bool().unwrap_or(false);
                if allowed != expected {
                    wrong.push(format!("{question:?}: allowed {allowed}"));
                }
            }
            wrong
        })
    }
}
