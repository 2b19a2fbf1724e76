//! May it? The answer, then each account's with what gives it.

use std::collections::BTreeSet;
use std::io;

use opsec_model::{AccessAnswer, AccessQuestion, AccountAnswer, Allowed, GrantedBy, Kind};

use crate::layout::{GLUE, wrap};
use crate::page::{GREEN, Page, Span, YELLOW};
use crate::words::place;

/// Where names begin: after the longest answer.
const NAMES: usize = 11;
/// How far what is said of an account is indented.
const BELOW: usize = NAMES;

pub(crate) fn write(answer: &AccessAnswer, page: &mut Page<'_>) -> io::Result<()> {
    let there = common_namespace(answer);
    page.line(&[
        span(answer.allowed),
        Span::plain(format!(" · {}{}", asked(&answer.question), there.words)),
    ])?;
    // Who may comes first, and a long list of those who may not does not hide it.
    for allowed in [Allowed::Yes, Allowed::Unknown, Allowed::No] {
        let items = answer.items.iter();
        let same: Vec<&AccountAnswer> = items.filter(|item| item.allowed == allowed).collect();
        for alike in alike(&same) {
            accounts(&alike, &there, page)?;
        }
    }
    if answer.items.is_empty() {
        page.paragraph(
            2,
            &format!("{} has no ServiceAccount", answer.operator.name),
        )?;
    }
    Ok(())
}

/// The namespace that was asked about.
struct Namespace {
    words: String,
    /// Whether each account was asked about another.
    differs: bool,
}

fn common_namespace(answer: &AccessAnswer) -> Namespace {
    let own: BTreeSet<&String> = answer
        .items
        .iter()
        .filter_map(|item| item.namespace.as_ref())
        .collect();
    let question = &answer.question;
    let words = match (question.namespace.as_deref(), own.first()) {
        _ if !question.path.is_empty() => String::new(),
        (Some(""), _) => " cluster-wide".to_owned(),
        (Some(namespace), _) => format!(" in namespace {namespace}"),
        (None, Some(namespace)) if own.len() == 1 => {
            format!(" in namespace {namespace}, its own")
        }
        (None, _) => " in each account's own namespace".to_owned(),
    };
    Namespace {
        words,
        differs: own.len() > 1,
    }
}

/// Accounts of which the same is said.
fn alike<'a>(answers: &[&'a AccountAnswer]) -> Vec<Vec<&'a AccountAnswer>> {
    let mut groups: Vec<Vec<&AccountAnswer>> = Vec::new();
    for &answer in answers {
        let group = groups.iter_mut().find(|group| {
            group.first().is_some_and(|first| {
                first.reason == answer.reason
                    && first.bootstrap == answer.bootstrap
                    && first.granted_by == answer.granted_by
            })
        });
        match group {
            Some(group) => group.push(answer),
            None => groups.push(vec![answer]),
        }
    }
    groups
}

fn accounts(answers: &[&AccountAnswer], there: &Namespace, page: &mut Page<'_>) -> io::Result<()> {
    let Some(first) = answers.first() else {
        return Ok(());
    };
    let names: Vec<String> = answers
        .iter()
        .map(|answer| match &answer.namespace {
            Some(namespace) if there.differs => {
                format!("{} in namespace {namespace}", answer.service_account)
            }
            _ => answer.service_account.to_string(),
        })
        .collect();
    let lines = wrap(&names.join(", "), page.width().saturating_sub(NAMES));
    let word = span(first.allowed).padded(NAMES - 4);
    for (index, line) in lines.into_iter().enumerate() {
        let head = if index == 0 {
            [Span::plain("  "), word.clone(), Span::plain("  ")]
        } else {
            [
                Span::plain(" ".repeat(NAMES)),
                Span::plain(""),
                Span::plain(""),
            ]
        };
        let [margin, word, gap] = head;
        page.line(&[margin, word, gap, Span::plain(line)])?;
    }
    if let Some(grant) = &first.granted_by {
        below(&format!("by {}", chain(grant, first.bootstrap)), page)?;
    }
    match &first.reason {
        Some(reason) => below(&format!("note: {reason}"), page),
        None => Ok(()),
    }
}

fn below(text: &str, page: &mut Page<'_>) -> io::Result<()> {
    let lines = wrap(text, page.width().saturating_sub(BELOW + 2));
    for (index, line) in lines.into_iter().enumerate() {
        let indent = if index == 0 { BELOW } else { BELOW + 2 };
        page.line(&[Span::plain(" ".repeat(indent)), Span::plain(line)])?;
    }
    Ok(())
}

fn span(allowed: Allowed) -> Span {
    match allowed {
        Allowed::Yes => Span::styled("yes", GREEN),
        Allowed::No => Span::bold("no"),
        Allowed::Unknown => Span::styled("unknown", YELLOW),
    }
}

/// `get deployments.apps/scale named web`.
fn asked(question: &AccessQuestion) -> String {
    let AccessQuestion {
        verb,
        group,
        resource,
        subresource,
        name,
        path,
        ..
    } = question;
    if !path.is_empty() {
        return format!("{verb} {path}");
    }
    let mut words = format!("{verb} {}", Kind::new(resource, group));
    if !subresource.is_empty() {
        words = format!("{words}/{subresource}");
    }
    if !name.is_empty() {
        words = format!("{words} named {name}");
    }
    words
}

/// `ClusterRoleBinding/a → ClusterRole/b rules[2] (bootstrap) file.yaml:12`.
fn chain(grant: &GrantedBy, bootstrap: bool) -> String {
    let mut words = format!("{} → {}{GLUE}{}", grant.binding, grant.role, grant.rule);
    if grant.subject.kind != "ServiceAccount" {
        words = format!(
            "{words}, bound to {} {}",
            grant.subject.kind, grant.subject.name
        );
    }
    if bootstrap {
        words = format!("{words} (bootstrap: the API server's own)");
    }
    match &grant.source {
        Some(source) => format!("{words}  {}", place(source)),
        None => words,
    }
}
