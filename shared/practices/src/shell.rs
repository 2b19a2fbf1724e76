//! Shell lines that show a finding: kubectl and POSIX tools, exit status 0 exactly when it holds.

use opsec_model::ServiceAccountRef;
use opsec_rbac::{Names, Reaching};
use opsec_rights::row::{Needs, Part, Special};
use opsec_rights::{Atom, Hit};

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
pub(crate) fn can_i(account: &ServiceAccountRef, hit: &Hit) -> String {
    let questions: Vec<String> = shown(hit)
        .into_iter()
        .filter_map(|atom| question(account, hit, atom))
        .collect();
    questions.join(" && ")
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
                    && part.resources.contains(&atom.resource.as_str())
            })
        })
    })
}

fn question(account: &ServiceAccountRef, hit: &Hit, atom: &Atom) -> Option<String> {
    let Atom {
        verb,
        group,
        resource,
        name,
    } = atom;
    let as_account = quote(&account.user_name());
    if verb == "bound to" {
        let everything = "kubectl auth can-i create secrets";
        return Some(match &hit.scope {
            Reaching::Cluster => format!("{everything} --all-namespaces --as {as_account}"),
            Reaching::Namespace(namespace) => {
                format!("{everything} -n {} --as {as_account}", quote(namespace))
            }
        });
    }
    if resource.starts_with('/') {
        let path = resource.replace('*', "x");
        return Some(format!(
            "kubectl auth can-i {verb} {} --as {as_account}",
            quote(&path)
        ));
    }
    // An account in the resource's place is the ghost of a binding, not a resource.
    let resource = resource.split(' ').next()?;
    let (resource, subresource) = match resource.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource)),
        None => (resource, None),
    };
    let mut what = if group.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}.{group}")
    };
    // A creation carries a name only on a subresource, or when it is applied.
    let carries_a_name = verb != "create" || subresource.is_some();
    let named = match &hit.names {
        Names::Only(names) if carries_a_name => names.iter().next(),
        _ => name.as_ref(),
    };
    if let Some(name) = named {
        what = format!("{what}/{name}");
    }
    let mut command = format!("kubectl auth can-i {} {}", quote(verb), quote(&what));
    if let Some(subresource) = subresource {
        command.push_str(&format!(" --subresource {}", quote(subresource)));
    }
    match &hit.scope {
        Reaching::Cluster => command.push_str(" --all-namespaces"),
        Reaching::Namespace(namespace) => command.push_str(&format!(" -n {}", quote(namespace))),
    }
    Some(format!("{command} --as {as_account}"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
