//! SubjectAccessReviews: what anybody may do, whether or not a request can say it.

use opsec_rbac::{Attributes, User};
use serde_json::{Value, json};

use super::aim::Aim;
use super::force::REVIEWS;
use crate::chance::Chance;
use crate::server::{Ask, Reply};

/// What is asked of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Review {
    pub(crate) user: User,
    pub(crate) asked: Attributes,
}

impl Review {
    /// Near a grant.
    pub(crate) fn near(aim: Aim, chance: &mut Chance) -> Self {
        let aim = aim.strayed(65, chance);
        let asked = match aim.path {
            Some(path) => Attributes::Path {
                verb: if chance.percent(60) {
                    "get".to_owned()
                } else {
                    aim.verb
                },
                path,
            },
            None => resource_attributes(
                &aim.verb,
                &aim.group,
                &aim.resource,
                &aim.namespace,
                &aim.name,
            ),
        };
        Self {
            user: aim.user,
            asked,
        }
    }

    /// As the API server is asked.
    pub(crate) fn ask(&self) -> Ask {
        Ask::new("POST", REVIEWS, json!({"spec": self.spec()}))
    }

    /// The review's `spec`.
    pub(crate) fn spec(&self) -> Value {
        let (key, attributes) = match &self.asked {
            Attributes::Resource {
                verb,
                group,
                resource,
                subresource,
                name,
                namespace,
            } => (
                "resourceAttributes",
                json!({
                    "verb": verb, "group": group, "resource": resource,
                    "subresource": subresource, "name": name, "namespace": namespace,
                }),
            ),
            Attributes::Path { verb, path } => {
                ("nonResourceAttributes", json!({"verb": verb, "path": path}))
            }
        };
        json!({"user": self.user.name, "groups": self.user.groups, key: attributes})
    }

    /// What a `spec` says.
    pub(crate) fn of_spec(spec: &Value) -> Self {
        let text = |pointer: &str| {
            let value = spec.pointer(pointer).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let field = |name: &str| text(&format!("/resourceAttributes/{name}"));
        let asked = if spec.get("nonResourceAttributes").is_some() {
            Attributes::Path {
                verb: text("/nonResourceAttributes/verb"),
                path: text("/nonResourceAttributes/path"),
            }
        } else {
            Attributes::Resource {
                verb: field("verb"),
                group: field("group"),
                resource: field("resource"),
                subresource: field("subresource"),
                name: field("name"),
                namespace: field("namespace"),
            }
        };
        let groups = spec.get("groups").cloned().unwrap_or_default();
        let user = User {
            name: text("/user"),
            groups: serde_json::from_value(groups).unwrap_or_default(),
        };
        Self { user, asked }
    }
}

/// Whether a review was answered with yes; none when it was not answered.
pub(crate) fn is_allowed(reply: &Reply) -> Option<bool> {
    reply
        .body
        .pointer("/status/allowed")
        .and_then(Value::as_bool)
}

/// Attributes of the resource API; the resource may be `pods/exec`.
pub(crate) fn resource_attributes(
    verb: &str,
    group: &str,
    resource: &str,
    namespace: &str,
    name: &str,
) -> Attributes {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    Attributes::Resource {
        verb: verb.to_owned(),
        group: group.to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        name: name.to_owned(),
        namespace: namespace.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_is_what_its_spec_says() {
        let asks = [
            resource_attributes("get", "", "pods/exec", "ops", "x"),
            Attributes::Path {
                verb: "get".to_owned(),
                path: "/logs/".to_owned(),
            },
        ];
        for asked in asks {
            let user = User {
                name: "jane".to_owned(),
                groups: vec!["people".to_owned()],
            };
            let review = Review { user, asked };
            assert_eq!(Review::of_spec(&review.spec()), review);
        }
    }
}
