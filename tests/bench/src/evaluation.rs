//! Judging within the process: a snapshot that is there, over and over.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use opsec_manifests::{Input, Options, read};
use opsec_model::{EffectiveBaseline, Report, Snapshot};
use opsec_practices::{CheckOptions, SelectedBaseline, check};

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

/// Judges the operator of a file again and again.
pub(crate) fn figures(file: &Path, operator: &str) -> Vec<Figure> {
    let outcome = measured(file, operator).unwrap_or_else(|reason| Outcome::Wrong { reason });
    vec![Figure {
        what: WHAT.to_owned(),
        by: "snapshot to report".to_owned(),
        outcome,
    }]
}

fn measured(file: &Path, operator: &str) -> Result<Outcome, String> {
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
    let judge = || check(&snapshot, &options, &baselines).map_err(|error| error.to_string());
    let result = judged(&judge()?, operator)?;
    let time = repeated(judge)?;
    Ok(Outcome::Measured(Measured {
        time,
        peak_bytes: None,
        result,
    }))
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
            Ok("1 report".to_owned())
        }
        _ => Err(format!("{} reports, not one on {operator}", reports.len())),
    }
}

/// How long the work takes, result and all, many times.
fn repeated<T>(mut work: impl FnMut() -> Result<T, String>) -> Result<Summary, String> {
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
