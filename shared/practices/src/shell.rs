//! Shell lines that show a finding: kubectl and POSIX tools, exit status 0 exactly when it holds.

use opsec_model::ServiceAccountRef;
use opsec_rbac::{Names, Reaching};
use opsec_rights::Hit;

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

/// `kubectl auth can-i …` for everything that a hit rests on.
pub(crate) fn can_i(account: &ServiceAccountRef, hit: &Hit) -> String {
    let commands: Vec<String> = hit
        .atoms
        .iter()
        .filter_map(|atom| question(account, hit, &atom.verb, &atom.group, &atom.resource))
        .collect();
    // A right that several verbs give is shown by one of them; what takes several is shown whole.
    let together = matches!(
        hit.row.needs,
        opsec_rights::row::Needs::Together(_) | opsec_rights::row::Needs::Special(_)
    );
    if together {
        commands.join(" && ")
    } else {
        commands.into_iter().next().unwrap_or_default()
    }
}

fn question(
    account: &ServiceAccountRef,
    hit: &Hit,
    verb: &str,
    group: &str,
    resource: &str,
) -> Option<String> {
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
    if let Names::Only(names) = &hit.names {
        if let Some(name) = names
            .iter()
            .next()
            .filter(|_| verb != "create" || subresource.is_some())
        {
            what = format!("{what}/{name}");
        }
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
