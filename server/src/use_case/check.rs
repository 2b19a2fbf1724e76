//! Judging: the one place where the engine is called.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use opsec_model::{Report, Snapshot, SourceMap};
use opsec_practices::CheckOptions;

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
    // The engine asks once for every operator that it judges, in the order of its reports.
    let selected = RefCell::new(Vec::new());
    let failed = RefCell::new(None);
    let choose = |operator: &opsec_model::OperatorSummary| match selector.select(operator) {
        Ok((baseline, to_judge_by)) => {
            selected.borrow_mut().push(baseline);
            to_judge_by
        }
        Err(failure) => {
            *failed.borrow_mut() = Some(failure);
            Selector::stand_in()
        }
    };
    let reports = guarded(|| opsec_practices::check(&facts.snapshot, options, &choose))??;
    if let Some(failure) = failed.take() {
        return Err(failure);
    }
    let judged = reports.into_iter().zip(selected.take());
    Ok(judged
        .map(|(mut report, baseline)| {
            report.locate(&facts.sources);
            Judged { report, baseline }
        })
        .collect())
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
