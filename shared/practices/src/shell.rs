//! Shell lines that show a finding: kubectl and POSIX tools, exit status 0 exactly when it holds.

use opsec_kubernetes::{find, find_virtual};
use opsec_model::{AccessQuestion, ServiceAccountRef};
use opsec_rbac::{EffectiveRights, Grant, Kinds, Reaching};
use opsec_rights::row::{Needs, Part, Special};
use opsec_rights::{Atom, Hit};

use crate::context::Context;

/// A word quoted for a POSIX shell, when it needs quotes.
pub(crate) fn quote(word: &str) -> String {
    let plain = !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte));
    if plain {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// `kubectl auth can-i …` for what a hit rests on: of verbs that give the same one, of what takes
/// several each.
pub(crate) fn can_i(context: &Context<'_>, account: &ServiceAccountRef, hit: &Hit) -> String {
    let questions: Vec<String> = rests_on(context, account, hit)
        .iter()
        .map(|asked| allowed(context.kinds, account, asked))
        .collect();
    questions.join(" && ")
}

/// The requests that show a hit.
pub(crate) fn rests_on<'a>(
    context: &'a Context<'_>,
    account: &ServiceAccountRef,
    hit: &'a Hit,
) -> Vec<Asked<'a>> {
    let rights = context.effective(account);
    let grants: Vec<&Grant> = rights
        .map(EffectiveRights::grants)
        .unwrap_or_default()
        .iter()
        .enumerate()
        .filter(|(index, _)| hit.grants.contains(index))
        .map(|(_, grant)| grant)
        .collect();
    shown(hit)
        .into_iter()
        .filter_map(|atom| question(hit, atom, &grants))
        .collect()
}

/// The atoms that show a hit.
fn shown(hit: &Hit) -> Vec<&Atom> {
    let of_alone = || first_of(hit, hit.row.alone).into_iter().collect();
    match hit.row.needs {
        _ if hit.alone => of_alone(),
        Needs::Any(parts) => first_of(hit, parts).into_iter().collect(),
        Needs::Together(combinations) => combinations
            .iter()
            .find_map(|groups| groups.iter().map(|parts| first_of(hit, parts)).collect())
            .unwrap_or_default(),
        Needs::Special(
            Special::SecretReveal
            | Special::AnyOf(..)
            | Special::Paths(_)
            | Special::ScaleEverything,
        ) => hit.atoms.iter().take(1).collect(),
        Needs::Special(_) => hit.atoms.iter().collect(),
    }
}

/// The first of these that is held, in the order in which the table lists them.
fn first_of<'a>(hit: &'a Hit, parts: &[Part]) -> Option<&'a Atom> {
    parts.iter().find_map(|part| {
        part.verbs.iter().find_map(|verb| {
            hit.atoms.iter().find(|atom| {
                atom.verb == *verb
                    && atom.group == part.group
                    && part.resources.contains(&&*atom.resource)
            })
        })
    })
}

fn question<'a>(hit: &'a Hit, atom: &'a Atom, grants: &[&'a Grant]) -> Option<Asked<'a>> {
    let Atom {
        verb,
        group,
        resource,
        ..
    } = atom;
    let scope = &hit.scope;
    if verb == "bound to" {
        // What the role gives and the weaker ones of the same name's family do not.
        let (verb, group, resource) = match &**resource {
            "cluster-admin" => ("*", "*", "*"),
            "admin" => ("create", "rbac.authorization.k8s.io", "rolebindings"),
            "edit" => ("create", "", "secrets"),
            _ => ("list", "", "configmaps"),
        };
        return Some(Asked {
            verb,
            group,
            resource,
            name: None,
            scope,
        });
    }
    // An account in the resource's place is the ghost of a binding, not a resource.
    let resource = resource.split(' ').next()?;
    Some(Asked {
        verb,
        group,
        resource,
        name: name(hit, atom, grants),
        scope,
    })
}

/// A name that an atom is held for; none when it is held for all. Of what takes several rights
/// each has its own. (A creation carries a name when it is an apply.)
fn name<'a>(hit: &'a Hit, atom: &'a Atom, grants: &[&'a Grant]) -> Option<&'a str> {
    if atom.name.is_some() {
        return atom.name.as_deref();
    }
    let mut found = None;
    for grant in grants.iter().filter(|grant| gives(grant, atom)) {
        let names = &grant.rule.resource_names;
        let of_hit = |one: &&String| hit.names.only().is_some_and(|only| only.contains(*one));
        // A rule without names gives it for all.
        let first = names.iter().find(of_hit).or(names.first())?;
        found = found.or(Some(first.as_str()));
    }
    found
}

fn gives(grant: &Grant, atom: &Atom) -> bool {
    let rule = &grant.rule;
    let has =
        |list: &[String], wanted: &str| list.iter().any(|entry| entry == "*" || entry == wanted);
    let below = || {
        let (_, subresource) = atom.resource.split_once('/')?;
        Some(format!("*/{subresource}"))
    };
    has(&rule.verbs, &atom.verb)
        && has(&rule.api_groups, &atom.group)
        && (has(&rule.resources, &atom.resource)
            || below().is_some_and(|every| has(&rule.resources, &every)))
}

/// A request of an account.
pub(crate) struct Asked<'a> {
    /// The verb.
    pub(crate) verb: &'a str,
    /// The API group.
    pub(crate) group: &'a str,
    /// `resource` or `resource/subresource`; a path for rights outside the resource API.
    pub(crate) resource: &'a str,
    /// The object's name.
    pub(crate) name: Option<&'a str>,
    /// Where.
    pub(crate) scope: &'a Reaching,
}

impl Asked<'_> {
    /// The path, of rights outside the resource API: one below it where it ends in `*`.
    fn path(&self) -> String {
        self.resource.replace('*', "x")
    }

    /// The same as the attributes of a SubjectAccessReview.
    pub(crate) fn question(&self) -> AccessQuestion {
        let verb = self.verb.to_owned();
        if self.resource.starts_with('/') {
            return AccessQuestion {
                verb,
                path: self.path(),
                ..AccessQuestion::default()
            };
        }
        let (resource, subresource) = self.resource.split_once('/').unwrap_or((self.resource, ""));
        AccessQuestion {
            verb,
            group: self.group.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            name: self.name.unwrap_or_default().to_owned(),
            namespace: self.scope.namespace().map(ToOwned::to_owned),
            path: String::new(),
        }
    }
}

/// Exits 0 exactly when the account is allowed the request: `kubectl auth can-i …`, or the review
/// behind it for what that cannot be asked about.
pub(crate) fn allowed(kinds: &Kinds, account: &ServiceAccountRef, asked: &Asked<'_>) -> String {
    let as_account = quote(&account.user_name());
    if asked.resource.starts_with('/') {
        let (verb, path) = (quote(asked.verb), quote(&asked.path()));
        return format!("kubectl auth can-i {verb} {path} --as {as_account}");
    }
    let (resource, subresource) = match asked.resource.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource)),
        None => (asked.resource, None),
    };
    if !resolves(kinds, asked.group, resource) {
        return review(asked, resource, subresource, &as_account);
    }
    let mut what = if asked.group.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}.{}", asked.group)
    };
    if let Some(name) = asked.name {
        what = format!("{what}/{name}");
    }
    let mut command = format!("kubectl auth can-i {} {}", quote(asked.verb), quote(&what));
    if let Some(subresource) = subresource {
        command = format!("{command} --subresource {}", quote(subresource));
    }
    let place = match asked.scope {
        Reaching::Cluster => "--all-namespaces".to_owned(),
        Reaching::Namespace(namespace) => format!("-n {}", quote(namespace)),
    };
    format!("{command} {place} --as {as_account}")
}

/// Whether kubectl finds the resource by `resource.group`. What no server serves it takes for a
/// resource of that whole name in the core group, and answers no.
fn resolves(kinds: &Kinds, group: &str, resource: &str) -> bool {
    match (group, resource) {
        ("", "*" | "users" | "groups") => true,
        _ if find_virtual(group, resource).is_some() => find(group, resource).is_some(),
        _ => kinds.served(group, resource),
    }
}

fn review(
    asked: &Asked<'_>,
    resource: &str,
    subresource: Option<&str>,
    as_account: &str,
) -> String {
    let mut attributes = serde_json::Map::new();
    let mut set = |key: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            attributes.insert(key.to_owned(), value.into());
        }
    };
    set("namespace", asked.scope.namespace());
    set("verb", Some(asked.verb));
    set("group", Some(asked.group));
    set("resource", Some(resource));
    set("subresource", subresource);
    set("name", asked.name);
    let review = serde_json::json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": attributes },
    });
    format!(
        "printf %s {} | kubectl create --validate=false -f - -o jsonpath='{{.status.allowed}}' --as {as_account} | grep -qx true",
        quote(&review.to_string())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(group: &str, resource: &str, name: Option<&str>) -> String {
        let account = ServiceAccountRef::new("ops", "operator");
        let scope = Reaching::Cluster;
        let asked = Asked {
            verb: "create",
            group,
            resource,
            name,
            scope: &scope,
        };
        allowed(&Kinds::default(), &account, &asked)
    }

    #[test]
    fn what_kubectl_finds_by_its_name_is_asked_by_it() {
        let account = "--as system:serviceaccount:ops:operator";
        for (group, resource, name, what) in [
            ("", "pods", None, "pods --all-namespaces"),
            (
                "apps",
                "deployments",
                Some("a"),
                "deployments.apps/a --all-namespaces",
            ),
            (
                "",
                "pods/exec",
                None,
                "pods --subresource exec --all-namespaces",
            ),
            ("", "users", None, "users --all-namespaces"),
            (
                "",
                "serviceaccounts",
                None,
                "serviceaccounts --all-namespaces",
            ),
            ("", "/metrics/*", None, "/metrics/x"),
        ] {
            let expected = format!("kubectl auth can-i create {what} {account}");
            assert_eq!(asked(group, resource, name), expected);
        }
    }

    #[test]
    fn of_what_no_server_lists_the_review_itself_is_made() {
        for (group, resource, name, attributes) in [
            (
                "a.example",
                "widgets",
                None,
                r#""group":"a.example","resource":"widgets""#,
            ),
            (
                "policy",
                "podsecuritypolicies",
                Some("p"),
                r#""group":"policy","name":"p","resource":"podsecuritypolicies""#,
            ),
            (
                "certificates.k8s.io",
                "signers",
                None,
                r#""group":"certificates.k8s.io","resource":"signers""#,
            ),
            // `deployments` alone would be those of apps.
            ("", "deployments", None, r#""resource":"deployments""#),
            ("*", "*", None, r#""group":"*","resource":"*""#),
            (
                "apps",
                "*/scale",
                None,
                r#""group":"apps","resource":"*","subresource":"scale""#,
            ),
        ] {
            let line = asked(group, resource, name);
            let expected = format!(
                r#"printf %s '{{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{{"resourceAttributes":{{{attributes},"verb":"create"}}}}}}' | kubectl create --validate=false -f - -o jsonpath='{{.status.allowed}}' --as system:serviceaccount:ops:operator | grep -qx true"#
            );
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn words_are_quoted_only_when_a_shell_would_read_them_otherwise() {
        for (word, quoted) in [
            ("pods", "pods"),
            ("system:serviceaccount:a:b", "system:serviceaccount:a:b"),
            ("*", "'*'"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("$(x)", "'$(x)'"),
        ] {
            assert_eq!(quote(word), quoted);
        }
    }
}
