//! Questions that a SubjectAccessReview answers and no real request asks.

use opsec_kubernetes::Scope;

use crate::effective::is_asked_in_a_namespace;
use crate::ineffective::{is_never_asked, kind_words, lacks_subresource, object_words};
use crate::kinds::Kinds;
use crate::matching::ALL;
use crate::request::Request;
use crate::user::Attributes;

/// Why no real request is like this, as a clause; none when one may be.
pub fn unreal(kinds: &Kinds, attributes: &Attributes) -> Option<String> {
    let Attributes::Resource {
        verb,
        group,
        resource,
        subresource,
        name,
        namespace,
    } = attributes
    else {
        return None;
    };
    if [verb, group, resource].contains(&&ALL.to_owned()) {
        return None;
    }
    let request = Request {
        verb,
        group,
        resource,
        subresource: Some(subresource.as_str()).filter(|subresource| !subresource.is_empty()),
    };
    let kind = kind_words(group, resource);
    if !kinds.served(group, &whole(resource, subresource)) {
        return Some(format!("nothing here serves {kind}"));
    }
    let object = object_words(&request);
    if lacks_subresource(&request) {
        return Some(format!("Kubernetes has no subresource {object}"));
    }
    if is_never_asked(&request) {
        return Some(format!("Kubernetes has no {verb} of {object}"));
    }
    let in_no_namespace = kinds.scope(group, resource) == Some(Scope::Cluster)
        && !namespace.is_empty()
        && !is_asked_in_a_namespace(&request)
        && !is_on_the_namespace_itself(&request, name, namespace);
    if in_no_namespace {
        return Some(format!(
            "{kind} live in no namespace, so no request for them is made in one"
        ));
    }
    match verb.as_str() {
        "create" if request.is_top_level() && !name.is_empty() => Some(
            "a creation carries a name only when it is applied, which needs patch too".to_owned(),
        ),
        "deletecollection" if !name.is_empty() => {
            Some("a deletion of a collection carries no name".to_owned())
        }
        _ => None,
    }
}

fn whole(resource: &str, subresource: &str) -> String {
    match subresource {
        "" => resource.to_owned(),
        _ => format!("{resource}/{subresource}"),
    }
}

/// The paths of a Namespace object carry its name as namespace too.
fn is_on_the_namespace_itself(request: &Request<'_>, name: &str, namespace: &str) -> bool {
    request.group.is_empty()
        && request.resource == "namespaces"
        && matches!(request.verb, "get" | "update" | "patch" | "delete")
        && (name == namespace || name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(verb: &str, kind: &str, namespace: &str, name: &str) -> Option<String> {
        let (resource, group) = kind.split_once('.').unwrap_or((kind, ""));
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let attributes = Attributes::Resource {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        };
        unreal(&Kinds::default(), &attributes)
    }

    #[test]
    fn questions_that_no_request_asks_are_told() {
        for (verb, kind, namespace, name, said) in [
            ("list", "nodes", "shop", "", "nodes live in no namespace"),
            ("create", "namespaces", "shop", "", "namespaces live in no"),
            (
                "create",
                "configmaps",
                "shop",
                "x",
                "only when it is applied",
            ),
            (
                "deletecollection",
                "secrets",
                "shop",
                "s",
                "carries no name",
            ),
            (
                "get",
                "things.shop.example",
                "shop",
                "",
                "nothing here serves things.shop.example",
            ),
            ("get", "pods/shell", "shop", "", "no subresource pods/shell"),
            (
                "bind",
                "bindings",
                "shop",
                "",
                "Kubernetes has no bind of bindings",
            ),
        ] {
            let answer = asked(verb, kind, namespace, name).unwrap_or_default();
            assert!(answer.contains(said), "{verb} {kind}: {answer}");
        }
    }

    #[test]
    fn questions_of_real_requests_are_not() {
        for (verb, kind, namespace, name) in [
            ("list", "nodes", "", ""),
            ("get", "namespaces", "shop", "shop"),
            ("get", "namespaces", "", "shop"),
            ("create", "configmaps", "shop", ""),
            ("create", "serviceaccounts/token", "shop", "x"),
            (
                "bind",
                "clusterroles.rbac.authorization.k8s.io",
                "shop",
                "admin",
            ),
            ("impersonate", "users", "", "jane"),
            ("get", "nodes/log", "", "n"),
            ("*", "*", "", ""),
        ] {
            assert_eq!(asked(verb, kind, namespace, name), None, "{verb} {kind}");
        }
    }
}
