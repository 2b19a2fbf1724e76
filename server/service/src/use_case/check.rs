//! Judging: the one place where the engine is called.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use opsec_model::{OperatorSummary, Probes, Report, Snapshot, SourceMap};
use opsec_practices::{CheckError, CheckOptions, Prepared, SelectedBaseline};

use crate::failure::Failure;
use crate::use_case::select::{Selected, Selector};

/// What is judged: facts, and where they stand when they came as raw documents.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) snapshot: Snapshot,
    pub(crate) sources: SourceMap,
}

/// The judgement of one operator.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) report: Report,
    pub(crate) baseline: Selected,
}

/// Judges one operator or all, each by the baseline that the selector gives it.
pub(crate) fn check(
    facts: &Facts,
    options: &CheckOptions,
    selector: &Selector<'_>,
) -> Result<Vec<Judged>, Failure> {
    let snapshot = &facts.snapshot;
    let (reports, selected) = selecting(selector, |choose| {
        opsec_practices::check(snapshot, options, choose)
    })?;
    let judged = reports.into_iter().zip(selected);
    Ok(judged
        .map(|(mut report, baseline)| {
            report.locate(&facts.sources);
            Judged { report, baseline }
        })
        .collect())
}

/// What to ask an API server about the operators of a check.
pub(crate) fn probes(
    facts: &Facts,
    options: &CheckOptions,
    selector: &Selector<'_>,
) -> Result<Probes, Failure> {
    let (probes, _) = selecting(selector, |choose| {
        Prepared::new(&facts.snapshot).probes(options, choose)
    })?;
    Ok(probes)
}

type Choose<'a> = &'a dyn Fn(&OperatorSummary) -> SelectedBaseline;

/// Lets the engine choose a baseline for each operator, and says which were chosen.
fn selecting<T>(
    selector: &Selector<'_>,
    work: impl FnOnce(Choose<'_>) -> Result<T, CheckError>,
) -> Result<(T, Vec<Selected>), Failure> {
    // The engine asks once for every operator that it judges, in the order of its reports.
    let selected = RefCell::new(Vec::new());
    let failed = RefCell::new(None);
    let choose = |operator: &OperatorSummary| match selector.select(operator) {
        Ok((baseline, to_judge_by)) => {
            selected.borrow_mut().push(baseline);
            to_judge_by
        }
        Err(failure) => {
            *failed.borrow_mut() = Some(failure);
            Selector::stand_in()
        }
    };
    let done = guarded(|| work(&choose))??;
    match failed.take() {
        Some(failure) => Err(failure),
        None => Ok((done, selected.take())),
    }
}

/// A panic of the engine fails the call and not the process.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Failure::bug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_fails_the_call_alone() {
        let broken = || -> u8 { panic!("called `unwrap` on something") };
        let status = tonic::Status::from(guarded(broken).unwrap_err());
        assert_eq!(status.code(), tonic::Code::Internal);
        assert!(!status.message().contains("unwrap"), "{status}");
    }
}
