//! Escalation chains: what one ends in, then hop by hop what is done, where it is written, and
//! what cuts it.

use std::collections::BTreeSet;
use std::io;

use opsec_model::{Evidence, Hop, ObjectRef, Path, PathEnd};

use crate::layout::{GLUE, wrap};
use crate::page::{Page, RED, Span};
use crate::words::{distinct, place};

/// How much of a chain is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    /// How many places of a hop are named.
    pub(crate) places: usize,
    /// Whether the rows of the table of dangerous rights are.
    pub(crate) rows: bool,
}

/// The worst chain, in as few lines as it takes.
pub(crate) const IN_SHORT: Shown = Shown {
    places: 1,
    rows: false,
};
/// A chain for who asks for chains.
pub(crate) const PLAIN: Shown = Shown {
    places: 2,
    rows: false,
};
/// All that is known of a chain.
pub(crate) const EVERYTHING: Shown = Shown {
    places: usize::MAX,
    rows: true,
};
/// How far hops are indented.
const INDENT: usize = 2;
/// How far what is said of a hop is indented further.
const BRANCH: usize = 3;

impl Shown {
    /// A chain with all its hops.
    pub(crate) fn write(self, path: &Path, page: &mut Page<'_>) -> io::Result<()> {
        headline(path, page)?;
        for (index, hop) in path.hops.iter().enumerate() {
            self.hop(hop, index + 1 == path.hops.len(), page)?;
        }
        Ok(())
    }

    fn hop(self, hop: &Hop, is_last: bool, page: &mut Page<'_>) -> io::Result<()> {
        let (branch, trunk) = if is_last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        let margin = " ".repeat(INDENT);
        let columns = page.width().saturating_sub(INDENT + BRANCH);
        let mut row = |head: &str, span: Span| {
            page.line(&[Span::plain(margin.as_str()), Span::plain(head), span])
        };
        for (index, line) in wrap(&self.action(hop), columns).into_iter().enumerate() {
            row(if index == 0 { branch } else { trunk }, Span::plain(line))?;
        }
        for line in wrap(&self.footing(hop), columns) {
            row(trunk, Span::dim(line))?;
        }
        Ok(())
    }

    fn action(self, hop: &Hop) -> String {
        match &hop.right {
            Some(right) if self.rows => format!("{} ({right})", hop.action),
            _ => hop.action.clone(),
        }
    }

    /// Where it is written, and what cuts it.
    fn footing(self, hop: &Hop) -> String {
        let places: Vec<String> = hop.evidence.iter().map(evidence_words).collect();
        let places = distinct(places.iter().map(String::as_str));
        let more = places.len().saturating_sub(self.places);
        let shown = places.into_iter().take(self.places);
        let mut parts: Vec<String> = shown.map(ToOwned::to_owned).collect();
        if more > 0 {
            parts.push(format!("and{GLUE}{more}{GLUE}more"));
        }
        parts.extend(cut_words(hop));
        parts.join(" · ")
    }
}

fn headline(path: &Path, page: &mut Page<'_>) -> io::Result<()> {
    let lines = wrap(&comes_to(path), page.width().saturating_sub(INDENT));
    for (index, line) in lines.into_iter().enumerate() {
        let margin = if index == 0 { 0 } else { INDENT };
        let line = if path.cut {
            Span::plain(line)
        } else {
            Span::styled(line, RED.bold())
        };
        page.line(&[Span::plain(" ".repeat(margin)), line])?;
    }
    Ok(())
}

/// The practices that cut chains, or why nothing more can be said: `by practices 2 and 4`.
pub(crate) fn cut_by(paths: &[Path]) -> String {
    let cuts = paths
        .iter()
        .flat_map(|path| &path.hops)
        .filter(|hop| hop.cut);
    let practices: BTreeSet<u8> = cuts.filter_map(|hop| hop.practice).collect();
    let words: Vec<String> = practices.iter().map(ToString::to_string).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => format!(" by practice {one}"),
        [first @ .., last] => format!(" by practices {} and {last}", first.join(", ")),
    }
}

/// `In two hops Deployment cert-manager/cert-manager is cluster-admin`.
pub(crate) fn comes_to(path: &Path) -> String {
    let from = path
        .hops
        .first()
        .map(|hop| actor(&hop.from))
        .unwrap_or_default();
    let text = format!(
        "In {} {from} {}",
        hops(path.hops.len()),
        end_words(path.end)
    );
    match path.hops.iter().find(|hop| hop.cut) {
        Some(hop) if path.cut => match hop.practice {
            Some(practice) => format!("{text}, but practice {practice} cuts it"),
            None => format!("{text}, but it is cut"),
        },
        _ => text,
    }
}

fn hops(number: usize) -> String {
    match number {
        1 => "one hop".to_owned(),
        2 => "two hops".to_owned(),
        3 => "three hops".to_owned(),
        4 => "four hops".to_owned(),
        _ => format!("{number} hops"),
    }
}

/// `Deployment cert-manager/cert-manager`.
fn actor(object: &ObjectRef) -> String {
    match &object.namespace {
        Some(namespace) => format!("{} {namespace}/{}", object.kind, object.name),
        None => format!("{} {}", object.kind, object.name),
    }
}

fn end_words(end: PathEnd) -> &'static str {
    match end {
        PathEnd::ClusterAdmin => "is cluster-admin",
        PathEnd::Node => "has a node, and every pod on it",
        PathEnd::Secrets => "reads the Secrets of other namespaces",
        PathEnd::Workloads => "runs as workloads of other namespaces",
        PathEnd::Guards => "decides what the cluster's guards let through",
    }
}

fn cut_words(hop: &Hop) -> Option<String> {
    let reason = hop.reason.as_deref();
    let words = match (hop.practice, hop.cut) {
        (Some(practice), true) => format!("practice{GLUE}{practice} cuts it"),
        (Some(practice), false) => format!("practice{GLUE}{practice} would cut it"),
        (None, true) => "cut".to_owned(),
        (None, false) => return reason.map(ToOwned::to_owned),
    };
    Some(match reason {
        Some(reason) => format!("{words}: {reason}"),
        None => words,
    })
}

/// `ClusterRole/a rules[2] file.yaml:12`.
fn evidence_words(evidence: &Evidence) -> String {
    let mut words = evidence.object.to_string();
    if !evidence.field.is_empty() {
        words = format!("{words}{GLUE}{}", evidence.field);
    }
    match &evidence.source {
        Some(source) => format!("{words} {}", place(source)),
        None => words,
    }
}
