//! Exit statuses, which scripts rely on.

use std::process::ExitCode;

use opsec_model::Status;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// No FAIL and no UNKNOWN; or the command did what it was asked.
    Success,
    /// At least one FAIL.
    Fail,
    /// Usage, or nothing could be judged.
    Usage,
    /// No FAIL but an UNKNOWN.
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
    // A closed pipe keeps the status.
    let _ = answer.print();
    if answer.use_stderr() {
        Exit::Usage
    } else {
        Exit::Success
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
