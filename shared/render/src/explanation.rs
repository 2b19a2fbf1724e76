//! What a practice, a rule or a right means, for a reader.

use std::io;

use opsec_model::{Explained, Explanation, Half, Topic};

use crate::page::{Page, Span};

/// How far YAML is indented.
const INDENT: &str = "    ";

pub(crate) fn write(told: &Explanation, page: &mut Page<'_>) -> io::Result<()> {
    let name = match told.explains {
        Explained::Practice => format!("Practice {}", told.id),
        Explained::Rule | Explained::Right => told.id.clone(),
    };
    page.line(&[Span::bold(name), Span::plain(format!(" · {}", told.title))])?;
    page.blank()?;
    page.paragraph(0, &told.what)?;
    page.paragraph(0, &told.why)?;
    if let Some(half) = told.half {
        let whose = match half {
            Half::Operator => "The operator's half: its author mends it.",
            Half::Cluster => "The cluster's half: the administrator mends it.",
        };
        page.paragraph(0, whose)?;
    }
    let heading = match told.explains {
        Explained::Right => "How grave",
        _ => "Severity",
    };
    list(heading, &told.severities, page)?;
    yaml("Bad", &told.bad, page)?;
    yaml("Good", &told.good, page)?;
    page.blank()?;
    page.line(&[Span::bold("Fix")])?;
    page.paragraph(2, &told.fix)?;
    let related = match told.explains {
        Explained::Practice => "Rules",
        Explained::Rule => "Rights that it judges",
        Explained::Right => "Rules that judge it",
    };
    list(related, &told.related, page)?;
    list("See", &told.references, page)
}

/// Everything that can be explained: each practice with its rules, then the rights.
pub(crate) fn topics(topics: &[Topic], page: &mut Page<'_>) -> io::Result<()> {
    let mut rights = false;
    for topic in topics {
        match topic.explains {
            Explained::Practice => {
                if topic.id != "1" {
                    page.blank()?;
                }
                page.line(&[Span::bold(format!("{} {}", topic.id, topic.title))])?;
            }
            Explained::Rule => entry(topic, page)?,
            Explained::Right => {
                if !rights {
                    page.blank()?;
                    page.line(&[Span::bold("Rights")])?;
                    rights = true;
                }
                entry(topic, page)?;
            }
        }
    }
    page.blank()?;
    page.paragraph(0, "kubectl opsec explain NAME says more about each.")
}

/// The widest id, and what keeps it from its title.
const ID: usize = 22;

fn entry(topic: &Topic, page: &mut Page<'_>) -> io::Result<()> {
    page.line(&[
        Span::plain("  "),
        Span::plain(topic.id.as_str()).padded(ID),
        Span::plain(topic.title.as_str()),
    ])
}

fn list(heading: &str, lines: &[String], page: &mut Page<'_>) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(&[Span::bold(heading)])?;
    lines.iter().try_for_each(|line| page.paragraph(2, line))
}

fn yaml(heading: &str, text: &str, page: &mut Page<'_>) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(&[Span::bold(heading)])?;
    // YAML is copied: its lines are not broken.
    text.lines()
        .try_for_each(|line| page.line(&[Span::plain(format!("{INDENT}{line}"))]))
}
