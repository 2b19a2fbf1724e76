//! Exit statuses, which scripts rely on.

use std::process::ExitCode;

use clap::error::ErrorKind;
use opsec_model::validation::{ConditionStatus, Validation};
use opsec_model::{Allowed, ComparisonOutcome, Status};

use crate::output::say;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// No FAIL and no UNKNOWN; or the command did what it was asked.
    Success,
    /// At least one FAIL; or the answer is no.
    Fail,
    /// Usage, or nothing could be judged.
    Usage,
    /// No FAIL but an UNKNOWN; or the answer is not known.
    Unknown,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The number, as a shell sees it.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Fail => 1,
            Self::Usage => 2,
            Self::Unknown => 3,
            Self::Interrupted => 130,
        }
    }

    /// The status of an answer.
    pub(crate) fn of_answer(allowed: Allowed) -> Self {
        match allowed {
            Allowed::Yes => Self::Success,
            Allowed::No => Self::Fail,
            Allowed::Unknown => Self::Unknown,
        }
    }

    /// The status of declarations that were validated: what exceeds one, or names nobody, fails.
    pub(crate) fn of_validations(validations: &[Validation]) -> Self {
        let is = |kind, status| validations.iter().any(|one| one.condition(kind) == status);
        if is("Excess", ConditionStatus::True) || is("Validated", ConditionStatus::False) {
            Self::Fail
        } else if ["Excess", "Validated"]
            .into_iter()
            .any(|kind| is(kind, ConditionStatus::Unknown))
        {
            Self::Unknown
        } else {
            Self::Success
        }
    }

    /// The status of two states that were compared.
    pub(crate) fn of_comparison(outcome: ComparisonOutcome) -> Self {
        match outcome {
            ComparisonOutcome::NothingGained => Self::Success,
            ComparisonOutcome::Gained => Self::Fail,
            ComparisonOutcome::Unknown => Self::Unknown,
        }
    }

    /// The status of a check that came to these statuses.
    pub(crate) fn of_check(statuses: impl IntoIterator<Item = Status>) -> Self {
        let worst = statuses
            .into_iter()
            .fold(Status::NotApplicable, Status::join);
        match worst {
            Status::Fail => Self::Fail,
            Status::Unknown => Self::Unknown,
            Status::Pass => Self::Success,
            Status::NotApplicable => Self::Usage,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Prints what the parser of the command line answers: help, the version, or what is wrong.
pub(crate) fn of_parser(answer: &clap::Error) -> Exit {
    let shows_help = answer.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if answer.use_stderr() && !shows_help {
        say(&one_line(&answer.render().to_string()));
        return Exit::Usage;
    }
    // A closed pipe keeps the status.
    let _ = answer.print();
    if shows_help {
        Exit::Usage
    } else {
        Exit::Success
    }
}

/// What is wrong, as every error on one line; the parser spreads it over a paragraph.
fn one_line(paragraph: &str) -> String {
    let mut line = String::new();
    let lines = paragraph.lines().map(str::trim);
    for part in lines.take_while(|part| !part.starts_with("Usage:")) {
        if part.is_empty() || part.starts_with("For more information") {
            continue;
        }
        if !line.is_empty() {
            line.push_str(match (line.ends_with(':'), part.starts_with('[')) {
                (false, false) => "; ",
                _ => " ",
            });
        }
        line.push_str(part);
    }
    line.push_str("; --help says more");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_parser_says_is_one_line() {
        for (paragraph, line) in [
            (
                "error: invalid value 'x' for '--half <HALF>'\n  [possible values: operator, cluster]\n\nFor more information, try '--help'.\n",
                "error: invalid value 'x' for '--half <HALF>' [possible values: operator, cluster]; --help says more",
            ),
            (
                "error: the following required arguments were not provided:\n  --filename <FILE>\n\nUsage: kubectl opsec baseline apply --filename <FILE>\n\nFor more information, try '--help'.\n",
                "error: the following required arguments were not provided: --filename <FILE>; --help says more",
            ),
            (
                "error: unexpected argument '--alll' found\n\n  tip: a similar argument exists: '--all'\n\nUsage: x\n",
                "error: unexpected argument '--alll' found; tip: a similar argument exists: '--all'; --help says more",
            ),
        ] {
            assert_eq!(one_line(paragraph), line);
        }
    }

    #[test]
    fn the_worst_status_decides() {
        use Status::{Fail, NotApplicable, Pass, Unknown};
        for (statuses, code) in [
            (vec![Pass], 0),
            (vec![Pass, NotApplicable], 0),
            (vec![Pass, Unknown], 3),
            (vec![Unknown, Fail, Pass], 1),
            (vec![NotApplicable], 2),
            (vec![], 2),
        ] {
            assert_eq!(
                Exit::of_check(statuses.clone()).code(),
                code,
                "{statuses:?}"
            );
        }
    }
}
