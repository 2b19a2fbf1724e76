//! What was measured, and what was aimed at.

use serde::Serialize;

use crate::statistics::Summary;

/// Everything of one run, as `--json` writes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bench {
    /// Where it was measured.
    pub(crate) machine: String,
    pub(crate) figures: Vec<Figure>,
    pub(crate) aims: Vec<Aim>,
}

/// What one program took for one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figure {
    /// The thing.
    pub(crate) what: String,
    /// The program.
    pub(crate) by: String,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// It did what it was timed for.
    Measured(Measured),
    /// It was not run.
    NotRun {
        /// What is missing and what to do.
        reason: String,
        /// Whether it should have been there.
        expected: bool,
    },
    /// It ran, and did something else.
    Wrong {
        /// What it did.
        reason: String,
    },
}

/// What was measured of several runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Measured {
    /// By the clock on the wall.
    #[serde(flatten)]
    pub(crate) time: Summary,
    /// The most memory that any run held, in bytes; none within a process.
    pub(crate) peak_bytes: Option<u64>,
    /// What it came to.
    pub(crate) result: String,
}

/// An aim, in words; it decides no exit status, since it depends on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Aim {
    pub(crate) what: String,
    /// What came of it.
    pub(crate) measured: String,
    /// Whether it is met; none when what it needs was not measured.
    pub(crate) met: Option<bool>,
}

impl Figure {
    /// What was measured, if it was.
    pub(crate) fn measured(&self) -> Option<&Measured> {
        match &self.outcome {
            Outcome::Measured(measured) => Some(measured),
            Outcome::NotRun { .. } | Outcome::Wrong { .. } => None,
        }
    }

    /// Why the whole of it fails: what should have run did not, or did something else.
    pub(crate) fn failure(&self) -> Option<String> {
        let Self { what, by, outcome } = self;
        match outcome {
            Outcome::NotRun {
                expected: true,
                reason,
            } => Some(format!("{what}, {by}: not run: {reason}")),
            Outcome::Wrong { reason } => Some(format!("{what}, {by}: {reason}")),
            Outcome::Measured(_) | Outcome::NotRun { .. } => None,
        }
    }
}

impl Aim {
    /// An aim of at most so many of something.
    pub(crate) fn at_most(what: &str, found: Option<(f64, String)>, most: f64) -> Self {
        Self::of(what, found, |number| number <= most)
    }

    /// An aim of at least so many of something.
    pub(crate) fn at_least(what: &str, found: Option<(f64, String)>, least: f64) -> Self {
        Self::of(what, found, |number| number >= least)
    }

    fn of(what: &str, found: Option<(f64, String)>, meets: impl Fn(f64) -> bool) -> Self {
        let met = found.as_ref().map(|(number, _)| meets(*number));
        Self {
            what: what.to_owned(),
            measured: found.map_or_else(|| "not measured".to_owned(), |(_, said)| said),
            met,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(outcome: Outcome) -> Figure {
        let (what, by) = ("corpus".to_owned(), "kube-score".to_owned());
        Figure { what, by, outcome }
    }

    #[test]
    fn what_should_have_run_and_what_is_wrong_fail_and_what_nobody_asked_for_does_not() {
        let not_run = |expected| {
            let reason = "no Go".to_owned();
            figure(Outcome::NotRun { reason, expected }).failure()
        };
        assert_eq!(not_run(false), None);
        let said = "corpus, kube-score: not run: no Go";
        assert_eq!(not_run(true).as_deref(), Some(said));
        let reason = "0 reports".to_owned();
        assert!(figure(Outcome::Wrong { reason }).failure().is_some());
    }

    #[test]
    fn an_aim_is_met_at_its_bound_and_open_when_nothing_was_measured() {
        let found = |number| Some((number, String::new()));
        assert_eq!(Aim::at_most("", found(40.0), 40.0).met, Some(true));
        assert_eq!(Aim::at_most("", found(40.1), 40.0).met, Some(false));
        assert_eq!(Aim::at_least("", found(4.0), 4.0).met, Some(true));
        assert_eq!(Aim::at_least("", found(3.9), 4.0).met, Some(false));
        assert_eq!(Aim::at_least("", None, 4.0).met, None);
    }
}
