//! The first view: one line a practice, worst first in plain words. It fits 24 lines of 100
//! columns; a narrow terminal has the reason below its row instead of beside it.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::io::{self, Write};

use opsec_model::report::PracticeReport;
use opsec_model::{Half, Notice, NoticeCode, Report, SourceKind, Status};

use crate::layout::{width, wrap};
use crate::page::{Page, Span};
use crate::why::why;
use crate::words::{count, half_status, half_words, status_span};
use crate::{Options, headline, summary};

/// Spaces between two columns.
const GAP: usize = 2;
/// A reason narrower than this goes below its row.
const LEAST_WHY: usize = 28;
/// How far a reason below its row is indented.
const BELOW: usize = 4;
/// How many notices the first view shows.
const NOTICES: usize = 1;
/// How many lines a reason may take beside its row.
const LINES: usize = 2;
/// The same where it names what is missing.
const LINES_OF_UNKNOWN: usize = 4;

/// How many lines the first view has at most, where that is possible.
const MOST: usize = 24;

pub(crate) fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let by_weight = by_weight(&report.practices);
    let mut first = Vec::new();
    // Where the chain takes the room, reasons are told in one line, those of what weighs least
    // first.
    for kept in (0..=by_weight.len()).rev() {
        let long = by_weight.iter().take(kept).copied().collect();
        let mut text = Vec::new();
        let mut page = Page::new(&mut text, options);
        write_with(report, options, &long, &mut page)?;
        // Behind its last line break there is one piece more.
        if text.split(|byte| *byte == b'\n').count() <= MOST + 1 {
            return out.write_all(&text);
        }
        if first.is_empty() {
            first = text;
        }
    }
    out.write_all(&first)
}

/// The numbers of the practices, the one that fails worst first.
fn by_weight(practices: &[PracticeReport]) -> Vec<u8> {
    let weight = |practice: &&PracticeReport| {
        let failing = practice
            .rules
            .iter()
            .filter(|rule| rule.status == Status::Fail);
        Reverse(failing.filter_map(|rule| rule.severity).max())
    };
    let mut sorted: Vec<&PracticeReport> = practices.iter().collect();
    sorted.sort_by_key(weight);
    sorted.into_iter().map(|practice| practice.number).collect()
}

fn write_with(
    report: &Report,
    options: &Options,
    long: &BTreeSet<u8>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    headline::write(report, options, page)?;
    headline::worst_chain(&report.paths, page)?;
    page.blank()?;
    practices(report, long, page)?;
    page.blank()?;
    notices(report, page)?;
    summary::write(report, page)?;
    page.paragraph(0, &pointer(report))
}

/// The columns of the practices' table.
#[derive(Clone, Copy)]
struct Grid {
    practice: usize,
    operator: usize,
    cluster: usize,
    why: Option<usize>,
    /// How many lines a reason may take beside its row.
    lines: usize,
}

impl Grid {
    fn new(report: &Report, page: &Page<'_>) -> Self {
        let widest = |heading: &str, half| {
            let cells = report.practices.iter();
            let cells = cells.map(|practice| width(&half_words(practice, half)));
            cells.max().unwrap_or(0).max(width(heading))
        };
        let operator = widest("OPERATOR", Half::Operator);
        let cluster = widest("CLUSTER", Half::Cluster);
        let names = report
            .practices
            .iter()
            .map(|practice| width(&name(practice)));
        let longest = names.max().unwrap_or(0).max(width("PRACTICE"));
        let statuses = operator + cluster + 2 * GAP;
        let practice = longest.min(page.width().saturating_sub(statuses).max(20));
        let why = page.width().saturating_sub(practice + statuses + GAP);
        Self {
            practice,
            operator,
            cluster,
            why: (why >= LEAST_WHY).then_some(why),
            lines: LINES,
        }
    }
}

fn name(practice: &PracticeReport) -> String {
    format!("{} {}", practice.number, practice.name)
}

fn practices(report: &Report, long: &BTreeSet<u8>, page: &mut Page<'_>) -> io::Result<()> {
    let grid = Grid::new(report, page);
    let gap = " ".repeat(GAP);
    page.line(&[
        Span::bold("PRACTICE").padded(grid.practice),
        Span::plain(gap.as_str()),
        Span::bold("OPERATOR").padded(grid.operator),
        Span::plain(gap.as_str()),
        Span::bold("CLUSTER").padded(grid.cluster),
        Span::plain(gap.as_str()),
        Span::bold(if grid.why.is_some() { "WHY" } else { "" }),
    ])?;
    for practice in &report.practices {
        let lines = if long.contains(&practice.number) {
            LINES
        } else {
            1
        };
        row(report, practice, &Grid { lines, ..grid }, page)?;
    }
    Ok(())
}

fn row(
    report: &Report,
    practice: &PracticeReport,
    grid: &Grid,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let why = why(report, practice);
    let beside = grid
        .why
        .map(|columns| shortened(&why, columns, most_lines(practice, grid.lines)))
        .unwrap_or_default();
    let names = hanging(&name(practice), grid.practice);
    let gap = " ".repeat(GAP);
    for index in 0..beside.len().max(names.len()) {
        let name = names.get(index).cloned().unwrap_or_default();
        let why = beside.get(index).cloned().unwrap_or_default();
        page.line(&[
            Span::plain(name).padded(grid.practice),
            Span::plain(gap.as_str()),
            cell(practice, Half::Operator, grid.operator, index),
            Span::plain(gap.as_str()),
            cell(practice, Half::Cluster, grid.cluster, index),
            Span::plain(gap.as_str()),
            Span::plain(why),
        ])?;
    }
    match grid.why {
        Some(_) => Ok(()),
        None => page.paragraph(BELOW, &why),
    }
}

fn most_lines(practice: &PracticeReport, lines: usize) -> usize {
    let halves = [practice.halves.operator, practice.halves.cluster];
    if halves.contains(&Status::Unknown) {
        LINES_OF_UNKNOWN
    } else {
        lines
    }
}

/// A reason in so many lines: words before the ids at its end are left out until it fits.
fn shortened(why: &str, columns: usize, most: usize) -> Vec<String> {
    let lines = wrap(why, columns);
    if lines.len() <= most {
        return lines;
    }
    let (text, ids) = match why.rfind(" (") {
        Some(at) => why.split_at(at),
        None => (why, ""),
    };
    let words: Vec<&str> = text.split(' ').collect();
    (1..words.len())
        .rev()
        .filter_map(|kept| words.get(..kept))
        .map(|kept| wrap(&format!("{} …{ids}", kept.join(" ")), columns))
        .find(|lines| lines.len() <= most)
        .unwrap_or(lines)
}

/// A practice's name, later lines below its first word.
fn hanging(name: &str, columns: usize) -> Vec<String> {
    let lines = wrap(name, columns.saturating_sub(2));
    if width(name) <= columns {
        return vec![name.to_owned()];
    }
    let indented = |(index, line): (usize, String)| match index {
        0 => line,
        _ => format!("  {line}"),
    };
    lines.into_iter().enumerate().map(indented).collect()
}

fn cell(practice: &PracticeReport, half: Half, columns: usize, line: usize) -> Span {
    if line > 0 {
        return Span::plain("").padded(columns);
    }
    status_span(half_words(practice, half), half_status(practice, half)).padded(columns)
}

/// The notices that change how the verdict is to be read; the rest are counted.
fn notices(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let mut weighty: Vec<&Notice> = report
        .notices
        .iter()
        .filter(|notice| weight(notice.code).is_some())
        .collect();
    weighty.sort_by_key(|notice| weight(notice.code));
    for notice in weighty.iter().take(NOTICES) {
        page.parts(&[format!("notice: {}", notice.message)])?;
    }
    let placed = |notice: &&Notice| notice.code == NoticeCode::NamespacePlaced;
    let elsewhere = report.notices.iter().filter(placed).count();
    let more = report
        .notices
        .len()
        .saturating_sub(elsewhere + weighty.len().min(NOTICES));
    match more {
        0 => Ok(()),
        _ if weighty.is_empty() => page.paragraph(0, &count(more, "notice")),
        _ => page.paragraph(0, &count(more, "more notice")),
    }
}

fn weight(code: NoticeCode) -> Option<u8> {
    match code {
        NoticeCode::ProbeDisagrees => Some(0),
        NoticeCode::InvalidObject => Some(1),
        NoticeCode::SubjectWithoutNamespace => Some(2),
        NoticeCode::Incomplete | NoticeCode::AggregationDiffers => Some(3),
        NoticeCode::EveryNamespaceIntended | NoticeCode::BroadExemption => Some(4),
        NoticeCode::ExpiredExemption | NoticeCode::StaleExemption => Some(5),
        NoticeCode::MatchedByName | NoticeCode::BaselinePassedOver => Some(6),
        NoticeCode::Probed => Some(7),
        NoticeCode::NamespacePlaced
        | NoticeCode::DuplicateObject
        | NoticeCode::DuplicateKey
        | NoticeCode::ClusterServiceVersion
        | NoticeCode::UnknownKinds
        | NoticeCode::PresumedOwnGroups
        | NoticeCode::InferredIntendedNamespaces
        | NoticeCode::Input => None,
    }
}

fn pointer(report: &Report) -> String {
    let cluster_fails = report
        .practices
        .iter()
        .any(|practice| practice.halves.cluster == Status::Fail);
    let from_files = report.source.kind == SourceKind::Files;
    if report.half.is_none() && from_files && cluster_fails {
        "CLUSTER is for an administrator to add; without it: --half operator. Everything: -o wide"
            .to_owned()
    } else {
        "Everything: -o wide".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_keeps_its_ids() {
        for (why, lines) in [
            ("reads it (303)", vec!["reads it", "(303)"]),
            (
                "reads it all, everywhere (303)",
                vec!["reads it", "… (303)"],
            ),
            ("no rule had something to do", vec!["no rule", "had …"]),
            (
                "everythingatonce here now (1)",
                vec!["everythingatonce", "… (1)"],
            ),
        ] {
            assert_eq!(shortened(why, 9, 2), lines);
        }
    }
}
