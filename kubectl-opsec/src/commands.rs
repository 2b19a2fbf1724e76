//! One module a command: what is asked of the service, and how its answer is printed.

mod attest;
mod attestations;
mod baseline;
mod can_i;
mod check;
mod cluster;
mod complete;
mod completion;
mod diff;
mod explain;
mod fleet;
mod harden;
mod list;
mod path;
mod reach;
mod rights;
mod verify;
mod version;
mod watch;

use crate::args::Command;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Runs a command.
///
/// # Errors
/// When it could not do what it was asked.
pub(crate) async fn run(command: Command, context: Context) -> Result<Exit, Failure> {
    match command {
        Command::Check(args) => check::run(args, context).await,
        Command::List(args) => list::run(args, context).await,
        Command::Rights(args) => rights::run(*args, context).await,
        Command::CanI(args) => can_i::run(args, context).await,
        Command::Reach(args) => reach::run(args, context).await,
        Command::Path(args) => path::run(args, context).await,
        Command::Harden(args) => harden::run(args, context).await,
        Command::Diff(args) => diff::run(args, context).await,
        Command::Explain(args) => explain::run(args, context).await,
        Command::Completion(args) => completion::run(&args),
        Command::Version(args) => version::run(&args, &context).await,
        Command::Attest(args) => attest::run(args, &context).await,
        Command::Attestations(command) => attestations::run(command, &context).await,
        Command::Verify(args) => verify::run(&args),
        Command::Complete { words } => Ok(complete::run(&words, &context).await),
        Command::Fleet(args) => fleet::run(args, &context).await,
        Command::Cluster(command) => cluster::run(command, &context).await,
        Command::Baseline(command) => baseline::run(command, &context).await,
    }
}
