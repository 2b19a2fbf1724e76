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
    let mut words = format!("{}  {}  {}", grant.role, grant.rule, grant.right);
    if let Some(source) = &grant.source {
        words = format!("{words}  {}", place(source));
    }
    words
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
