//! `prove [PART…] [--cases N] [--seed S] [--kubernetes RELEASE] [--replay FILE]`: makes the proof
//! and prints its table.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use opsec_prove::parts::{PARTS, Part, part};
use opsec_prove::{ProveError, Run, replay, table};
use opsec_testbed::{RELEASE, say};

/// What is asked for.
struct Wanted {
    parts: Vec<&'static Part>,
    cases: Option<usize>,
    seed: Option<u64>,
    release: String,
    replay: Option<String>,
}

fn main() -> ExitCode {
    let outcome = wanted(std::env::args().skip(1)).and_then(|wanted| {
        let done = prove(&wanted);
        done.map_err(|error| error.to_string())
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            say(&format!("error: {message}"));
            ExitCode::from(2)
        }
    }
}

fn wanted(arguments: impl Iterator<Item = String>) -> Result<Wanted, String> {
    let mut wanted = Wanted {
        parts: Vec::new(),
        cases: None,
        seed: None,
        release: RELEASE.to_owned(),
        replay: None,
    };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} wants a value"));
        match argument.as_str() {
            "--cases" | "--requests" => wanted.cases = Some(number(&value()?)?),
            "--seed" => wanted.seed = Some(number(&value()?)?),
            "--kubernetes" => wanted.release = value()?,
            "--replay" => wanted.replay = Some(value()?),
            name => {
                let known = PARTS.iter().map(|part| part.name).collect::<Vec<_>>();
                let unknown = || format!("no part `{name}`; there are {}", known.join(", "));
                wanted.parts.push(part(name).ok_or_else(unknown)?);
            }
        }
    }
    if wanted.parts.is_empty() {
        wanted.parts = PARTS.iter().collect();
    }
    Ok(wanted)
}

fn number<N: std::str::FromStr>(value: &str) -> Result<N, String> {
    let number = value.parse();
    number.map_err(|_| format!("`{value}` is no number"))
}

/// Whether everything agrees.
fn prove(wanted: &Wanted) -> Result<bool, ProveError> {
    let seed = wanted.seed.map_or_else(Run::fresh_seed, Ok)?;
    let run = Run::new(seed, &wanted.release);
    if let Some(file) = &wanted.replay {
        let (agrees, said) = replay(&run, Path::new(file))?;
        print(&said);
        return Ok(agrees);
    }
    say(&format!("seed {seed}, Kubernetes {}", wanted.release));
    let mut rows = Vec::new();
    for part in &wanted.parts {
        rows.extend((part.prove)(&run, wanted.cases.unwrap_or(part.cases))?);
    }
    print(&table(&rows));
    let agrees = rows.iter().all(|row| row.tally.disagreements.is_empty());
    let noticed = rows
        .iter()
        .all(|row| row.broken.iter().all(|broken| broken.noticed > 0));
    Ok(agrees && noticed)
}

fn print(text: &str) {
    // Nothing is left to do when standard output is gone.
    let _ = writeln!(std::io::stdout(), "{text}");
}
