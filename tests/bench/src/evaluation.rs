//! Judging within the process: a snapshot that is there, over and over.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use opsec_manifests::{Input, Options, read};
use opsec_model::{EffectiveBaseline, Report, Snapshot};
use opsec_practices::{CheckOptions, Prepared, SelectedBaseline};

use crate::figures::{Figure, Measured, Outcome};
use crate::statistics::Summary;

/// The time that each figure may take.
const BUDGET: Duration = Duration::from_secs(3);

/// The most iterations of one figure.
const MOST: usize = 5_000;

/// Iterations before those that count.
const WARM_UP: usize = 20;

/// What a name is given to each figure.
const WHAT: &str = "evaluation, in process";

/// What is made ready of a snapshot, before anything is asked.
const PREPARING: &str = "snapshot made ready";

/// A report, of what was made ready before; the heads of its chains are in it.
const CHECKING: &str = "report with chains";

/// Both of it, as a command does them.
const WHOLE: &str = "snapshot to report";

/// Judges the operator of a file again and again: preparing alone, judging alone, and both.
pub(crate) fn figures(file: &Path, operator: &str) -> Vec<Figure> {
    let figure = |by: &str, outcome| Figure {
        what: WHAT.to_owned(),
        by: by.to_owned(),
        outcome,
    };
    match measured(file, operator) {
        Ok(figures) => figures
            .map(|(by, measured)| figure(by, Outcome::Measured(measured)))
            .into(),
        Err(reason) => vec![figure(WHOLE, Outcome::Wrong { reason })],
    }
}

/// The figure of a report whose facts were there before.
pub(crate) fn checking(figures: &[Figure]) -> Option<&Measured> {
    let of = |figure: &&Figure| figure.by == CHECKING;
    figures.iter().find(of)?.measured()
}

fn measured(file: &Path, operator: &str) -> Result<[(&'static str, Measured); 3], String> {
    let snapshot = snapshot(file)?;
    let baseline = EffectiveBaseline::builtin().map_err(|error| error.to_string())?;
    let options = CheckOptions {
        operator: Some(operator.to_owned()),
        all: false,
        half: None,
        fail_on: None,
        now: "2026-06-01T00:00:00Z"
            .parse()
            .map_err(|error: jiff::Error| error.to_string())?,
    };
    let baselines = |_: &_| SelectedBaseline {
        baseline: baseline.clone(),
        notices: Vec::new(),
    };
    let check = |prepared: &Prepared<'_>| {
        let reports = prepared.check(&options, &baselines);
        reports.map_err(|error| error.to_string())
    };
    // What is made ready only when it is first asked for, is asked for.
    let prepare = || {
        let prepared = Prepared::new(&snapshot);
        prepared.holdings();
        prepared.digest().map_err(|error| error.to_string())?;
        Ok(prepared)
    };
    let prepared = prepare()?;
    let result = judged(&check(&prepared)?, operator)?;
    let measured = |time, result: &str| Measured {
        time,
        peak_bytes: None,
        result: result.to_owned(),
    };
    let preparing = repeated(prepare)?;
    let checking = repeated(|| check(&prepared))?;
    let whole = repeated(|| check(&Prepared::new(&snapshot)))?;
    Ok([
        (PREPARING, measured(preparing, "operators, rights, digest")),
        (CHECKING, measured(checking, &result)),
        (WHOLE, measured(whole, &result)),
    ])
}

fn snapshot(file: &Path) -> Result<Snapshot, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let input = Input {
        name: file.display().to_string(),
        bytes: std::fs::read(file).map_err(|error| failed(&error))?,
    };
    let manifests = read(&[input], &Options::default()).map_err(|error| failed(&error))?;
    Ok(manifests.snapshot)
}

fn judged(reports: &[Report], operator: &str) -> Result<String, String> {
    match reports {
        [report] if report.operator.name == operator && report.practices.len() == 6 => {
            Ok(format!("1 report, {} chains", report.paths.len()))
        }
        _ => Err(format!("{} reports, not one on {operator}", reports.len())),
    }
}

/// How long the work takes, result and all, many times.
pub(crate) fn repeated<T>(mut work: impl FnMut() -> Result<T, String>) -> Result<Summary, String> {
    for _ in 0..WARM_UP {
        black_box(work()?);
    }
    let begun = Instant::now();
    let mut took = Vec::new();
    while took.len() < MOST && (begun.elapsed() < BUDGET || took.is_empty()) {
        let start = Instant::now();
        let result = black_box(work()?);
        took.push(start.elapsed());
        drop(result);
    }
    Summary::of(&took).ok_or_else(|| "no iteration was counted".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_iteration_is_counted_and_one_that_fails_is_no_figure() {
        let mut calls = 0;
        let summary = repeated(|| {
            calls += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(summary.runs + WARM_UP, calls);
        assert!(repeated(|| Err::<(), _>("no".to_owned())).is_err());
    }

    #[test]
    fn an_operator_that_is_not_in_the_file_is_no_figure() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("empty.yaml");
        std::fs::write(
            &file,
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
        )
        .unwrap();
        let figures = figures(&file, "absent");
        assert!(figures.iter().all(|figure| figure.failure().is_some()));
    }
}
