//! Several programs over the same files, in turn: a machine that slows down slows all of them.

use std::path::Path;
use std::time::Duration;

use crate::figures::{Figure, Measured, Outcome};
use crate::measure::{Invocation, Run};
use crate::peers::Unavailable;
use crate::statistics::Summary;

/// The time that one run may take.
const LIMIT: Duration = Duration::from_mins(2);

/// The time after which a race is over, once each has run [`ENOUGH`] times.
const BUDGET: Duration = Duration::from_secs(40);

/// The least number of runs with a median.
const ENOUGH: usize = 3;

/// Judges the standard output of a run, and says what it came to.
pub(crate) type Judge = Box<dyn Fn(&[u8]) -> Result<String, String>>;

/// One of the programs.
pub(crate) struct Contender {
    pub(crate) by: String,
    pub(crate) command: Result<Invocation, Unavailable>,
    /// Exit statuses of a run that did its work.
    pub(crate) statuses: Vec<i32>,
    pub(crate) judge: Judge,
}

/// A contender that is still in it.
struct Runner<'a> {
    contender: &'a Contender,
    command: &'a Invocation,
    runs: Vec<Run>,
    result: Result<String, String>,
}

/// Runs each once to see that it does its work, and then all of them in turn.
pub(crate) fn race(what: &str, contenders: &[Contender], runs: usize) -> Vec<Figure> {
    let mut outcomes: Vec<Result<Runner<'_>, &Unavailable>> = contenders
        .iter()
        .map(|contender| Ok(Runner::warmed_up(contender, contender.command.as_ref()?)))
        .collect();
    for _ in 0..runs {
        let mut running = outcomes.iter_mut().flatten();
        running.by_ref().for_each(Runner::run);
        let mut all = outcomes.iter().flatten();
        if all.clone().all(|runner| runner.runs.len() >= ENOUGH)
            && all.clone().map(Runner::spent).sum::<Duration>() > BUDGET
        {
            break;
        }
        if all.all(|runner| runner.result.is_err()) {
            break;
        }
    }
    let figures = contenders.iter().zip(outcomes);
    figures
        .map(|(contender, outcome)| Figure {
            what: what.to_owned(),
            by: contender.by.clone(),
            outcome: match outcome {
                Ok(runner) => runner.outcome(),
                Err(Unavailable { reason, expected }) => Outcome::NotRun {
                    reason: reason.clone(),
                    expected: *expected,
                },
            },
        })
        .collect()
}

impl<'a> Runner<'a> {
    /// One run that is not counted: it brings the files into memory, and its output is judged.
    fn warmed_up(contender: &'a Contender, command: &'a Invocation) -> Self {
        let result = Self::output(contender, command).and_then(|said| (contender.judge)(&said));
        Self {
            contender,
            command,
            runs: Vec::new(),
            result,
        }
    }

    fn output(contender: &Contender, command: &Invocation) -> Result<Vec<u8>, String> {
        let file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        contender.run(command, Some(file.path()))?;
        std::fs::read(file.path()).map_err(|error| error.to_string())
    }

    fn run(&mut self) {
        if self.result.is_ok() {
            match self.contender.run(self.command, None) {
                Ok(run) => self.runs.push(run),
                Err(why) => self.result = Err(why),
            }
        }
    }

    fn spent(&self) -> Duration {
        self.runs.iter().map(|run| run.wall).sum()
    }

    fn outcome(self) -> Outcome {
        let walls: Vec<Duration> = self.runs.iter().map(|run| run.wall).collect();
        match (self.result, Summary::of(&walls)) {
            (Ok(result), Some(time)) => Outcome::Measured(Measured {
                time,
                peak_bytes: self.runs.iter().map(|run| run.peak).max(),
                result,
            }),
            (Err(reason), _) => Outcome::Wrong { reason },
            (Ok(_), None) => Outcome::Wrong {
                reason: "no run was counted".to_owned(),
            },
        }
    }
}

impl Contender {
    fn run(&self, command: &Invocation, output: Option<&Path>) -> Result<Run, String> {
        let run = command.measured(output, LIMIT)?;
        match run.status {
            Some(status) if self.statuses.contains(&status) => Ok(run),
            status => Err(format!("ended with exit status {status:?}")),
        }
    }
}
