//! Several operators, one line each, the worst first.

use std::cmp::Reverse;
use std::io;

use opsec_model::report::ReportList;
use opsec_model::{FindingStatus, Report, RuleOutcome, Status};

use crate::age::age;
use crate::layout::{width, wrap};
use crate::page::{Page, Span};
use crate::why::worst;
use crate::words::{baseline, count, handle, letter, severity_span, some, status_span};
use crate::{History, columns};

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

/// Where it stands when it does: before the last column, which is cut.
const SINCE: usize = HEADINGS.len() - 1;

pub(crate) fn write(
    list: &ReportList,
    history: Option<&History>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let history = history.filter(|history| history.since.iter().any(Option::is_some));
    let mut placed: Vec<(usize, &Report)> = list.items.iter().enumerate().collect();
    placed.sort_by_key(|(_, report)| (Reverse(report.status), Reverse(report.gains.len())));
    let mut headings = HEADINGS.to_vec();
    let mut rows: Vec<Vec<Span>> = placed.iter().map(|(_, report)| row(report)).collect();
    if let Some(history) = history {
        headings.insert(SINCE, "SINCE");
        for (row, (place, _)) in rows.iter_mut().zip(&placed) {
            let since = history.since.get(*place).copied().flatten();
            let since = since.map_or_else(|| "–".to_owned(), |since| age(since, history.now));
            row.insert(SINCE.min(row.len()), Span::plain(since));
        }
    }
    let reports: Vec<&Report> = placed.into_iter().map(|(_, report)| report).collect();
    fit(&headings, &mut rows, page.width());
    columns::spans(&headings, &rows, page)?;
    page.blank()?;
    page.paragraph(0, "P pass, F fail, ? unknown, – nothing to judge")?;
    page.parts(&summary(&reports))
}

/// Cuts the last column, between words, to what room there is: an operator stays one line.
fn fit(headings: &[&str], rows: &mut [Vec<Span>], columns: usize) {
    let widest = |(column, heading): (usize, &&str)| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let cells = cells.map(|cell| width(&cell.text));
        cells.max().unwrap_or(0).max(width(heading)) + columns::GAP
    };
    let last = headings.len().saturating_sub(1);
    let taken: usize = headings.iter().enumerate().take(last).map(widest).sum();
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
