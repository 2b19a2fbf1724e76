//! The whole report: by practice, then by severity, one block a finding; then what is to be known
//! beside the findings.

use std::io;

use opsec_model::report::PracticeReport;
use opsec_model::{FindingStatus, Half, Notice, Path, Report, RuleOutcome, Status};

use crate::chain::EVERYTHING;
use crate::finding::blocks;
use crate::page::{Page, Span};
use crate::why::{idle_rules, nothing_to_judge};
use crate::words::{distinct, half_words, place, status_span};
use crate::{Options, headline, operators, summary};

pub(crate) fn write(report: &Report, options: &Options, page: &mut Page<'_>) -> io::Result<()> {
    headline::write(report, options, page)?;
    page.blank()?;
    operators::consists_of(&report.operator, page)?;
    chains(&report.paths, page)?;
    for practice in &report.practices {
        page.blank()?;
        heading(practice, page)?;
        page.blank()?;
        body(practice, page)?;
    }
    notices(&report.notices, page)?;
    page.blank()?;
    summary::write(report, page)?;
    provenance(report, page)
}

/// All chains, as a heading of the rest: what the findings come to together.
fn chains(paths: &[Path], page: &mut Page<'_>) -> io::Result<()> {
    for path in paths {
        page.blank()?;
        EVERYTHING.write(path, page)?;
    }
    Ok(())
}

fn heading(practice: &PracticeReport, page: &mut Page<'_>) -> io::Result<()> {
    let idle = nothing_to_judge(practice)
        .filter(|_| matches!(practice.status, Status::Pass | Status::NotApplicable));
    let detail = match idle {
        Some(idle) => format!(" ({idle})"),
        None => format!(
            " (operator {}, cluster {})",
            half_words(practice, Half::Operator),
            half_words(practice, Half::Cluster)
        ),
    };
    page.line(&[
        Span::bold(format!("{} {}: ", practice.number, practice.name)),
        status_span(practice.status.to_string(), practice.status),
        Span::plain(detail),
    ])
}

fn body(practice: &PracticeReport, page: &mut Page<'_>) -> io::Result<()> {
    for status in [
        FindingStatus::Fail,
        FindingStatus::Unknown,
        FindingStatus::Accepted,
        FindingStatus::Noted,
    ] {
        let blocks = blocks(&practice.findings, status);
        for block in &blocks {
            block.write(page)?;
        }
        if status == FindingStatus::Noted && !blocks.is_empty() {
            page.blank()?;
        }
    }
    elsewhere(practice, page)?;
    reasons(practice, Status::Unknown, "unknown", page)?;
    reasons(practice, Status::NotApplicable, "nothing to judge", page)?;
    let passing: Vec<&str> = practice
        .rules
        .iter()
        .filter(|rule| rule.status == Status::Pass)
        .map(|rule| rule.id.as_str())
        .collect();
    if passing.is_empty() {
        return Ok(());
    }
    page.paragraph(0, &format!("met: {}", passing.join(", ")))
}

/// Rules that fail here by a finding that is filed in another practice.
fn elsewhere(practice: &PracticeReport, page: &mut Page<'_>) -> io::Result<()> {
    for rule in &practice.rules {
        let Some(filed_under) = &rule.filed_under else {
            continue;
        };
        let here = practice.rules.iter().any(|other| other.id == *filed_under);
        if !here && rule.status != Status::Pass && rule.status != Status::NotApplicable {
            page.paragraph(
                0,
                &format!("{} {}: see {filed_under}", rule.id, rule.status),
            )?;
        }
    }
    Ok(())
}

/// The rules of a status by their reasons.
fn reasons(
    practice: &PracticeReport,
    status: Status,
    words: &str,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let rules: Vec<&RuleOutcome> = match status {
        Status::NotApplicable => idle_rules(practice).collect(),
        _ => practice
            .rules
            .iter()
            .filter(|rule| rule.status == status)
            .collect(),
    };
    let reason_of = |rule: &RuleOutcome| rule.reason.clone().unwrap_or_default();
    let all: Vec<String> = rules.iter().map(|rule| reason_of(rule)).collect();
    for reason in distinct(all.iter().map(String::as_str)) {
        let ids: Vec<&str> = rules
            .iter()
            .filter(|rule| reason_of(rule) == reason)
            .map(|rule| rule.id.as_str())
            .collect();
        let text = match reason {
            "" => format!("{words}: {}", ids.join(", ")),
            _ => format!("{words}: {} ({reason})", ids.join(", ")),
        };
        page.paragraph(0, &text)?;
    }
    Ok(())
}

fn notices(notices: &[Notice], page: &mut Page<'_>) -> io::Result<()> {
    if notices.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(&[Span::bold("Notices")])?;
    for notice in notices {
        let at = match &notice.source {
            Some(source) => format!(" ({})", place(source)),
            None => String::new(),
        };
        let code = crate::code(notice.code);
        page.parts(&[format!("  {code}: {}{at}", notice.message)])?;
    }
    Ok(())
}

fn provenance(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    page.line(&[Span::dim(format!(
        "engine {}, Kubernetes {}",
        report.engine_version, report.kubernetes_version
    ))])?;
    page.line(&[Span::dim(format!("baseline {}", report.baseline.digest))])?;
    page.line(&[Span::dim(format!("snapshot {}", report.snapshot_digest))])
}
