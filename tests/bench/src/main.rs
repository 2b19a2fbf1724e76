//! How long the plugin takes and how much memory it holds, beside others that do the like over the
//! same files: what `cargo xtask bench` builds and runs. A slow machine fails nothing: only what
//! could not be run, or came to something else than it was timed for.

mod arguments;
mod controller;
mod evaluation;
mod figures;
mod inputs;
mod live;
mod machine;
mod measure;
mod peers;
mod race;
mod results;
mod statistics;
mod stories;
mod table;
mod units;
mod verification;

use std::io::Write as _;
use std::process::ExitCode;

use arguments::Arguments;
use figures::{Bench, Figure};

fn main() -> ExitCode {
    let mut given: Vec<String> = std::env::args().skip(1).collect();
    let small = given.first().is_some_and(|first| first == measure::MEASURE);
    let of_controller = given.first().is_some_and(|first| first == "controller");
    let outcome = if of_controller {
        controller(&given)
    } else if small {
        account(&given.split_off(1))
    } else {
        bench(given)
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("error: {}", failure.message));
            ExitCode::from(failure.status)
        }
    }
}

/// Why it ends without success.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    message: String,
    status: u8,
}

/// The exit status when nothing was measured for want of a corpus.
const NO_CORPUS: u8 = 2;

impl<T: Into<String>> From<T> for Failure {
    fn from(message: T) -> Self {
        let message = message.into();
        Self { message, status: 1 }
    }
}

fn account(arguments: &[String]) -> Result<(), Failure> {
    let run = measure::measure(arguments)?;
    let run = serde_json::to_string(&run).map_err(|error| error.to_string())?;
    Ok(print(&run)?)
}

fn controller(given: &[String]) -> Result<(), Failure> {
    match given {
        [_, server] => Ok(print(&controller::measure(server.as_ref())?)?),
        _ => Err("usage: cargo xtask bench controller".into()),
    }
}

fn bench(given: Vec<String>) -> Result<(), Failure> {
    let arguments = Arguments::parse(given)?;
    if cfg!(debug_assertions) {
        return Err("this build is not optimised; run `cargo xtask bench`".into());
    }
    let bench = if arguments.live {
        live::measure(&arguments)?
    } else {
        over_files(&arguments)?
    };
    print(&table::text(&bench))?;
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&bench).map_err(|error| error.to_string())?;
        std::fs::write(path, text + "\n")
            .map_err(|error| format!("`{}`: {error}", path.display()))?;
    }
    Ok(verdict(&bench)?)
}

fn over_files(arguments: &Arguments) -> Result<figures::Bench, Failure> {
    let corpus = opsec_corpus::corpus("cargo xtask bench").ok_or_else(|| Failure {
        message: "nothing is measured without the corpus; name its folder by OPSEC_CORPUS".into(),
        status: NO_CORPUS,
    })?;
    Ok(stories::measure(arguments, &corpus)?)
}

/// Whether everything ran and did what it was timed for.
fn verdict(bench: &Bench) -> Result<(), String> {
    let failures: Vec<String> = bench.figures.iter().filter_map(Figure::failure).collect();
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures.join("; "))
    }
}

fn print(text: &str) -> Result<(), String> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", text.trim_end()).map_err(|error| format!("standard output: {error}"))
}

/// A line for the person who waits.
fn say(line: &str) {
    // Nothing is left to do when standard error is gone.
    let _ = writeln!(std::io::stderr(), "{line}");
}
