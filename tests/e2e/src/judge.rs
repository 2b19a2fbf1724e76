//! Bytes to reports: what the plugin does, without printing.

use opsec_manifests::{Input, ManifestError, Options, read};
use opsec_model::{EffectiveBaseline, Report, Snapshot};
use opsec_practices::{CheckError, CheckOptions, SelectedBaseline, check};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum E2eError {
    /// The input is no manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// No operator could be judged.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The built-in baseline or the time is none.
    #[error("{0}")]
    Setting(String),
    /// A single report was expected.
    #[error("{0} reports, where one was expected")]
    NotOne(usize),
}

/// The facts of some inputs.
///
/// # Errors
/// When an input is no manifest.
pub fn snapshot(inputs: &[Input]) -> Result<Snapshot, E2eError> {
    Ok(read(inputs, &Options::default())?.snapshot)
}

/// The report on an operator of the facts: the one named, or the only one.
///
/// # Errors
/// When the operator is not there or ambiguous.
pub fn judge_snapshot(snapshot: &Snapshot, operator: Option<&str>) -> Result<Report, E2eError> {
    let mut reports = run(snapshot, operator, false)?;
    let count = reports.len();
    match (reports.pop(), count) {
        (Some(report), 1) => Ok(report),
        _ => Err(E2eError::NotOne(count)),
    }
}

/// The reports on all operators of the facts.
///
/// # Errors
/// When there is none.
pub fn judge_all(snapshot: &Snapshot) -> Result<Vec<Report>, E2eError> {
    run(snapshot, None, true)
}

/// The report on the only operator of an input, or the one named, with places in the file.
///
/// # Errors
/// When the input is no manifest, or the operator is not there or ambiguous.
pub fn judge(input: &Input, operator: Option<&str>) -> Result<Report, E2eError> {
    let manifests = read(std::slice::from_ref(input), &Options::default())?;
    let mut report = judge_snapshot(&manifests.snapshot, operator)?;
    report.locate(&manifests.sources);
    Ok(report)
}

/// The report on the only operator of some YAML.
///
/// # Errors
/// As [`judge`].
pub fn judge_yaml(yaml: &str) -> Result<Report, E2eError> {
    let input = Input {
        name: "case.yaml".to_owned(),
        bytes: yaml.as_bytes().to_vec(),
    };
    judge(&input, None)
}

fn run(snapshot: &Snapshot, operator: Option<&str>, all: bool) -> Result<Vec<Report>, E2eError> {
    let setting = |error: &dyn std::fmt::Display| E2eError::Setting(error.to_string());
    let baseline = EffectiveBaseline::builtin().map_err(|error| setting(&error))?;
    let options = CheckOptions {
        operator: operator.map(str::to_owned),
        all,
        half: None,
        fail_on: None,
        now: "2026-06-01T00:00:00Z"
            .parse()
            .map_err(|error: jiff::Error| setting(&error))?,
    };
    let select = |_: &_| SelectedBaseline {
        baseline: baseline.clone(),
        notices: Vec::new(),
    };
    Ok(check(snapshot, &options, &select)?)
}
