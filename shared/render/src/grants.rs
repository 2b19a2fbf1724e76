//! How a right is granted, as a tree: subject, binding, role and rule.

use std::io;

use opsec_model::{GrantedBy, ObjectRef};

use crate::page::Page;
use crate::words::place;

/// Writes every grant, those of one subject and one binding together.
pub(crate) fn write(grants: &[&GrantedBy], page: &mut Page<'_>) -> io::Result<()> {
    let mut label = "grants";
    for subject in heads(grants, |grant| &grant.subject) {
        page.verbatim(label, &subject_words(subject))?;
        label = "";
        let of_subject = matching(grants, |grant| &grant.subject, subject);
        let bindings = heads(&of_subject, |grant| &grant.binding);
        for (index, binding) in bindings.iter().enumerate() {
            let last = index + 1 == bindings.len();
            let (branch, trunk) = if last { ("└", " ") } else { ("├", "│") };
            page.verbatim("", &format!("{branch} {binding}"))?;
            let rules = matching(&of_subject, |grant| &grant.binding, binding);
            for (index, grant) in rules.iter().enumerate() {
                let twig = if index + 1 == rules.len() {
                    "└"
                } else {
                    "├"
                };
                page.verbatim("", &format!("{trunk} {twig} {}", rule_words(grant)))?;
            }
        }
    }
    Ok(())
}

fn subject_words(subject: &ObjectRef) -> String {
    match &subject.namespace {
        Some(namespace) => format!("{} {namespace}/{}", subject.kind, subject.name),
        None => format!("{} {}", subject.kind, subject.name),
    }
}

fn rule_words(grant: &GrantedBy) -> String {
    let right = by_resource(&grant.right);
    let mut words = format!("{}  {}  {right}", grant.role, grant.rule);
    if let Some(source) = &grant.source {
        words = format!("{words}  {}", place(source));
    }
    words
}

/// `get secrets, list secrets` as `get, list secrets`.
fn by_resource(right: &str) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for part in right.split(", ") {
        let Some((verb, resource)) = part.split_once(' ') else {
            return right.to_owned();
        };
        match groups.iter_mut().find(|(other, _)| *other == resource) {
            Some((_, verbs)) => verbs.push(verb),
            None => groups.push((resource, vec![verb])),
        }
    }
    let words = groups.iter();
    let words = words.map(|(resource, verbs)| format!("{} {resource}", verbs.join(", ")));
    words.collect::<Vec<_>>().join("; ")
}

/// Distinct objects in the order of their first appearance.
fn heads<'a>(
    grants: &[&'a GrantedBy],
    of: impl Fn(&'a GrantedBy) -> &'a ObjectRef,
) -> Vec<&'a ObjectRef> {
    let mut seen = std::collections::BTreeSet::new();
    grants
        .iter()
        .map(|grant| of(grant))
        .filter(|object| seen.insert(*object))
        .collect()
}

fn matching<'a>(
    grants: &[&'a GrantedBy],
    of: impl Fn(&'a GrantedBy) -> &'a ObjectRef,
    wanted: &ObjectRef,
) -> Vec<&'a GrantedBy> {
    grants
        .iter()
        .copied()
        .filter(|grant| of(grant) == wanted)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_on_one_resource_stand_together() {
        for (right, words) in [
            ("create pods", "create pods"),
            ("get secrets, list secrets", "get, list secrets"),
            ("get a, list b, list a", "get, list a; list b"),
            ("everything", "everything"),
        ] {
            assert_eq!(by_resource(right), words);
        }
    }
}
