//! What became another between two reports of one operator.

use std::io;

use opsec_model::report::{Finding, FindingStatus, PracticeReport};
use opsec_model::{Report, Status};

use crate::page::{GREEN, Page, RED, Span, YELLOW};

pub(crate) fn write(
    before: Option<&Report>,
    after: &Report,
    page: &mut Page<'_>,
) -> io::Result<()> {
    page.line(&[
        Span::bold(after.operator.name.clone()),
        Span::plain(" · "),
        status(after.status),
        Span::plain(match before {
            Some(before) if before.status != after.status => {
                format!(" · was {}", before.status.as_str())
            }
            _ => String::new(),
        }),
    ])?;
    for practice in &after.practices {
        let known = before
            .into_iter()
            .flat_map(|report| &report.practices)
            .find(|known| known.number == practice.number);
        one(known, practice, page)?;
    }
    Ok(())
}

fn one(
    before: Option<&PracticeReport>,
    after: &PracticeReport,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let was = before.map(|before| before.status);
    if was != Some(after.status) {
        let was = was.map_or_else(String::new, |was| format!(" · was {}", was.as_str()));
        page.line(&[
            Span::plain(format!("  {} {}: ", after.number, after.name)),
            status(after.status),
            Span::plain(was),
        ])?;
    }
    let known: &[Finding] = before.map_or(&[], |before| &before.findings);
    let missing = |from: &[Finding], finding: &Finding| {
        !from.iter().any(|it| identity(it) == identity(finding))
    };
    for finding in after.findings.iter().filter(|it| missing(known, it)) {
        line("+", finding, page)?;
    }
    for finding in known.iter().filter(|it| missing(&after.findings, it)) {
        line("-", finding, page)?;
    }
    Ok(())
}

/// What makes two findings one: what they say.
fn identity(finding: &Finding) -> (&str, &str, &str, FindingStatus) {
    let severity = finding.severity.as_str();
    (&finding.rule, &finding.title, severity, finding.status)
}

fn line(sign: &str, finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    page.line(&[Span::plain(format!(
        "  {sign} {} {} {} · {}",
        finding.rule,
        finding.severity.as_str(),
        match finding.status {
            FindingStatus::Fail => "FAIL",
            FindingStatus::Unknown => "UNKNOWN",
            FindingStatus::Accepted => "ACCEPTED",
            FindingStatus::Noted => "NOTED",
        },
        finding.title
    ))])
}

fn status(status: Status) -> Span {
    let style = match status {
        Status::Pass => GREEN,
        Status::Fail => RED,
        Status::Unknown | Status::NotApplicable => YELLOW,
    };
    Span::styled(status.as_str(), style)
}
