//! The figures for a reader: a row each, then what was aimed at.

use std::fmt::Write as _;

use crate::figures::{Aim, Bench, Figure, Outcome};
use crate::units::{memory, time};

const HEAD: [&str; 8] = [
    "what", "by", "median", "min", "max", "peak", "runs", "result",
];

/// The first column that holds numbers, which align on the right, and the one after the last.
const NUMBERS: std::ops::Range<usize> = 2..7;

/// Everything as text.
pub(crate) fn text(bench: &Bench) -> String {
    let mut text = format!("{}\n\n", bench.machine);
    let head = Row::Cells(HEAD.map(str::to_owned));
    let rows: Vec<Row> = std::iter::once(head)
        .chain(bench.figures.iter().map(row))
        .collect();
    let widths = widths(&rows);
    for row in &rows {
        push_line(&mut text, &row.line(&widths));
    }
    text.push('\n');
    for aim in &bench.aims {
        push_line(&mut text, &line(aim));
    }
    text
}

/// A row of the table, or one that says why there are no numbers.
enum Row {
    Cells([String; HEAD.len()]),
    Words([String; 2], String),
}

fn row(figure: &Figure) -> Row {
    let named = [figure.what.clone(), figure.by.clone()];
    match &figure.outcome {
        Outcome::Measured(measured) => {
            let [what, by] = named;
            Row::Cells([
                what,
                by,
                time(measured.time.median),
                time(measured.time.min),
                time(measured.time.max),
                measured.peak_bytes.map_or_else(|| "-".to_owned(), memory),
                measured.time.runs.to_string(),
                measured.result.clone(),
            ])
        }
        Outcome::NotRun { reason, .. } => Row::Words(named, format!("NOT RUN: {reason}")),
        Outcome::Wrong { reason } => Row::Words(named, format!("WRONG: {reason}")),
    }
}

fn widths(rows: &[Row]) -> [usize; HEAD.len()] {
    let mut widths = [0; HEAD.len()];
    for row in rows {
        let cells = match row {
            Row::Cells(cells) => cells.as_slice(),
            Row::Words(named, _) => named.as_slice(),
        };
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

impl Row {
    fn line(&self, widths: &[usize]) -> String {
        let (cells, rest) = match self {
            Self::Cells(cells) => (cells.as_slice(), ""),
            Self::Words(named, words) => (named.as_slice(), words.as_str()),
        };
        let mut line = String::new();
        for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
            // Writing to a string cannot fail.
            let _ = if NUMBERS.contains(&column) {
                write!(line, "{cell:>width$}  ")
            } else {
                write!(line, "{cell:<width$}  ")
            };
        }
        line + rest
    }
}

fn line(aim: &Aim) -> String {
    let verdict = match aim.met {
        Some(true) => "met",
        Some(false) => "NOT MET",
        None => "NOT KNOWN",
    };
    format!("aim {verdict}: {}: {}", aim.what, aim.measured)
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::figures::Measured;
    use crate::statistics::Summary;

    #[test]
    fn columns_align_and_what_did_not_run_says_why() {
        let figure = |by: &str, outcome| Figure {
            what: "corpus".to_owned(),
            by: by.to_owned(),
            outcome,
        };
        let time = Summary::of(&[Duration::from_millis(120), Duration::from_millis(90)]).unwrap();
        let result = "23 reports".to_owned();
        let bench = Bench {
            machine: "2 cores".to_owned(),
            figures: vec![
                figure(
                    "kubectl-opsec",
                    Outcome::Measured(Measured {
                        time,
                        peak_bytes: Some(9_000_000),
                        result,
                    }),
                ),
                figure(
                    "kube-score",
                    Outcome::NotRun {
                        reason: "no Go".to_owned(),
                        expected: true,
                    },
                ),
            ],
            aims: vec![
                Aim::at_least("faster", Some((3.0, "3 times".to_owned())), 4.0),
                Aim::at_most("small", None, 4.0),
            ],
        };
        let expected = "\
2 cores

what    by             median      min     max    peak  runs  result
corpus  kubectl-opsec  105 ms  90.0 ms  120 ms  9.0 MB     2  23 reports
corpus  kube-score     NOT RUN: no Go

aim NOT MET: faster: 3 times
aim NOT KNOWN: small: not measured
";
        assert_eq!(text(&bench), expected);
    }
}
