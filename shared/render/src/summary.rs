//! The counts, the same in every view: they are the report's own, not counted again.

use std::io;

use opsec_model::report::PracticeReport;
use opsec_model::{FindingStatus, Half, Report, Severity, Status};

use crate::layout::GLUE;
use crate::page::{Page, Span};
use crate::words::{count, half_status, status_span};

pub(crate) fn write(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let text = text(report);
    let lines = crate::layout::wrap(&text, page.width());
    for (index, line) in lines.into_iter().enumerate() {
        let word = report.status.as_str();
        match line.strip_prefix(word).filter(|_| index == 0) {
            Some(rest) => page.line(&[
                status_span(word.to_owned(), report.status),
                Span::plain(rest),
            ])?,
            None => page.line(&[Span::plain(line)])?,
        }
    }
    Ok(())
}

fn text(report: &Report) -> String {
    let (pass, judged) = passing(&report.practices, |practice| practice.status);
    let mut text = format!("{}: {pass} of {judged} practices pass", report.status);
    if report.half.is_none() {
        let (pass, judged) = passing(&report.practices, |practice| {
            half_status(practice, Half::Operator)
        });
        text = format!("{text} (operator's half {pass} of {judged})");
    }
    format!("{text}. {}", findings(report))
}

fn passing(
    practices: &[PracticeReport],
    status: impl Fn(&PracticeReport) -> Status,
) -> (usize, usize) {
    let statuses: Vec<Status> = practices.iter().map(status).collect();
    let number =
        |wanted: fn(Status) -> bool| statuses.iter().filter(|status| wanted(**status)).count();
    (
        number(|status| status == Status::Pass),
        number(|status| status != Status::NotApplicable),
    )
}

fn findings(report: &Report) -> String {
    let counts = &report.counts;
    let fails: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter_map(|severity| Some((severity, *counts.by_severity.get(&severity)?)))
        .filter(|(_, number)| *number > 0)
        .map(|(severity, number)| format!("{number}{GLUE}{severity}"))
        .collect();
    let mut clauses = vec![if fails.is_empty() {
        "No finding fails".to_owned()
    } else {
        fails.join(", ")
    }];
    let unknown = counts.by_status.get(&FindingStatus::Unknown).copied();
    if let Some(unknown) = unknown.filter(|number| *number > 0) {
        clauses.push(format!("{} unknown", count(unknown, "finding")));
    }
    if counts.exempted > 0 {
        clauses.push(format!("{} accepted", counts.exempted));
    }
    if counts.below_fail_on > 0 {
        clauses.push(format!("{} below {}", counts.below_fail_on, report.fail_on));
    }
    format!("{}.", clauses.join("; "))
}
