//! Several operators, one line each, the worst first.

use std::cmp::Reverse;
use std::io;

use opsec_model::report::ReportList;
use opsec_model::{FindingStatus, Report, RuleOutcome, Status};

use crate::columns;
use crate::layout::{width, wrap};
use crate::page::{Page, Span};
use crate::why::worst;
use crate::words::{baseline, count, handle, severity_span, some, status_span};

const HEADINGS: [&str; 11] = [
    "OPERATOR",
    "NAMESPACE",
    "GAINS",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "WORST",
    "",
];

pub(crate) fn write(list: &ReportList, page: &mut Page<'_>) -> io::Result<()> {
    let mut reports: Vec<&Report> = list.items.iter().collect();
    reports.sort_by_key(|report| (Reverse(report.status), Reverse(report.gains.len())));
    let mut rows: Vec<Vec<Span>> = reports.iter().map(|report| row(report)).collect();
    fit(&mut rows, page.width());
    columns::spans(&HEADINGS, &rows, page)?;
    page.blank()?;
    page.paragraph(0, "P pass, F fail, ? unknown, – nothing to judge")?;
    page.parts(&summary(&reports))
}

/// Cuts the last column, between words, to what room there is: an operator stays one line.
fn fit(rows: &mut [Vec<Span>], columns: usize) {
    let widest = |(column, heading): (usize, &&str)| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let cells = cells.map(|cell| width(&cell.text));
        cells.max().unwrap_or(0).max(width(heading)) + columns::GAP
    };
    let last = HEADINGS.len() - 1;
    let taken: usize = HEADINGS.iter().enumerate().take(last).map(widest).sum();
    let room = columns.saturating_sub(taken);
    for cell in rows.iter_mut().filter_map(|row| row.get_mut(last)) {
        if width(&cell.text) > room {
            let first = wrap(&cell.text, room.saturating_sub(2)).into_iter().next();
            let first = first.filter(|line| width(line) + 2 <= room && line.contains(' '));
            cell.text = first.map(|line| format!("{line} …")).unwrap_or_default();
        }
    }
}

fn row(report: &Report) -> Vec<Span> {
    let mut cells = vec![
        Span::plain(report.operator.name.as_str()),
        Span::plain(some(&report.operator.namespaces, 2)),
        Span::plain(report.gains.len().to_string()),
    ];
    for number in 1..=6 {
        let practice = report
            .practices
            .iter()
            .find(|practice| practice.number == number);
        let status = practice.map_or(Status::NotApplicable, |practice| practice.status);
        cells.push(status_span(letter(status).to_owned(), status));
    }
    let rules: Vec<&RuleOutcome> = report
        .practices
        .iter()
        .flat_map(|practice| &practice.rules)
        .collect();
    match worst(report, &rules, FindingStatus::Fail) {
        Some((finding, rule)) => cells.extend([
            severity_span(finding.severity.to_string(), finding.severity),
            Span::plain(format!("{} {}", handle(&rule), finding.title)),
        ]),
        None => cells.extend([Span::plain("–"), Span::plain(missing(&rules))]),
    }
    cells
}

/// What an operator that is not known to fail lacks.
fn missing(rules: &[&RuleOutcome]) -> String {
    rules
        .iter()
        .filter(|rule| rule.status == Status::Unknown)
        .find_map(|rule| rule.reason.clone())
        .unwrap_or_default()
}

fn letter(status: Status) -> &'static str {
    match status {
        Status::Pass => "P",
        Status::Fail => "F",
        Status::Unknown => "?",
        Status::NotApplicable => "–",
    }
}

fn summary(reports: &[&Report]) -> Vec<String> {
    let number = |status| {
        reports
            .iter()
            .filter(|report| report.status == status)
            .count()
    };
    let verb = if number(Status::Fail) == 1 {
        "fails"
    } else {
        "fail"
    };
    let all = count(reports.len(), "operator");
    let mut parts = vec![format!("{} of {all} {verb}", number(Status::Fail))];
    match number(Status::Unknown) {
        0 => {}
        unknown => parts.push(format!("{unknown} unknown")),
    }
    let baselines: Vec<String> = reports
        .iter()
        .map(|report| baseline(&report.baseline))
        .collect();
    let baselines = crate::words::distinct(baselines.iter().map(String::as_str));
    parts.extend(baselines.into_iter().map(str::to_owned));
    parts
}
