//! The kubectl plugin: reads the command line, asks the service in its own process, prints what
//! it answers. It knows no rule and no engine.

mod args;
mod clock;
mod commands;
mod context;
mod document;
mod endpoint;
mod exit;
mod failure;
mod input;
mod output;
mod probe;
mod progress;
mod service;

use std::process::ExitCode;

use args::Args;
use context::Context;
use exit::Exit;

fn main() -> ExitCode {
    let args = match args::parse(std::env::args_os()) {
        Ok(args) => args,
        Err(answer) => return exit::of_parser(&answer).into(),
    };
    run(args).into()
}

/// Runs the command until it ends or Ctrl-C does; what then still runs is not waited for.
fn run(args: Args) -> Exit {
    let context = match Context::resolve(&args) {
        Ok(context) => context,
        Err(error) => return failure::report(&error.into(), args.general.verbosity),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return failure::report(&error.into(), context.verbosity),
    };
    let verbosity = context.verbosity;
    // On a thread of its own: it waits for files and computes, and Ctrl-C must not wait for it.
    let handle = runtime.handle().clone();
    let command =
        runtime.spawn_blocking(move || handle.block_on(commands::run(args.command, context)));
    let exit = runtime.block_on(async {
        tokio::select! {
            ended = command => match ended {
                Ok(Ok(exit)) => exit,
                Ok(Err(failure)) => failure::report(&failure, verbosity),
                Err(_) => Exit::Usage,
            },
            Ok(()) = tokio::signal::ctrl_c() => {
                progress::clear();
                Exit::Interrupted
            }
        }
    });
    runtime.shutdown_background();
    exit
}
