//! The task runner: `cargo xtask TASK`. CI calls `cargo xtask test` and nothing else.

mod bench;
mod check;
mod cluster;
mod deny;
mod documents;
mod r#gen;
mod generated;
mod prove;
mod readme;
mod steps;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use workspace::{Outcome, say};

const USAGE: &str = "\
usage: cargo xtask TASK

  gen [--check]     write what is generated and checked in (with --check: compare)
  gen bootstrap     remake shared/kubernetes/data/ from an empty API server
  tidy              the shape of the tree: edges, sizes, names, words
  check             format, tidy, gen --check, clippy, documentation, cargo-deny
  test              check, every test, and the first command of README.md
  cluster up [RELEASE] | down   a real control plane on loopback, to play with
  readme [--check]  run README.md's first command and put its output below it
  prove [PART…]     the engines beside a real API server (--cases N, --seed S, --replay FILE, …)
  bench [OPTIONS]   times and sizes, beside other programs' (--runs N, --without-peers, --json FILE)
  bench server      how much the service answers, beside a bare echo (--seconds N, --baselines N, …)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match task(&arguments) {
        Ok(status) => status,
        Err(message) => {
            say(&format!("error: {message}"));
            ExitCode::FAILURE
        }
    }
}

fn task(arguments: &[&str]) -> Result<ExitCode, String> {
    if let ["bench", options @ ..] = arguments {
        return bench::run(options);
    }
    if let ["prove", options @ ..] = arguments {
        return prove::run(options);
    }
    passes(arguments).map(|()| ExitCode::SUCCESS)
}

/// The tasks that pass or fail.
fn passes(arguments: &[&str]) -> Outcome {
    match arguments {
        ["gen"] => generated::write(),
        ["gen", "--check"] => generated::check(),
        ["gen", "bootstrap"] => cluster::bootstrap(),
        ["cluster", arguments @ ..] => cluster::run(arguments),
        ["tidy"] => tidy::run(),
        ["check"] => check::run(),
        ["test"] => test::run(),
        ["readme"] => readme::write(),
        ["readme", "--check"] => readme::check(),
        _ => Err(USAGE.to_owned()),
    }
}
