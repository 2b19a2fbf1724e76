//! The central service: one binary, one directory of data, one configuration.

mod args;
mod audit;
mod client;
mod collection;
mod config;
mod gate;
mod identity;
mod keys;
mod listen;
mod log;
mod metrics;
mod probe;
mod serve;
mod traces;
mod upkeep;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};

/// The status of a start that was refused, and of a store that failed.
const REFUSED: u8 = 4;

fn main() -> ExitCode {
    let args = Args::parse();
    match &args.command {
        None => serve::serve(&args),
        Some(Command::Fsck(fsck)) => upkeep::fsck(&args, fsck),
        Some(Command::Export(export)) => upkeep::export(&args, export),
        Some(Command::Import(import)) => upkeep::import(&args, import),
        Some(Command::Controller(options)) => controller(options),
        Some(Command::Health(health)) => probe::health(&args, health),
        Some(Command::Audit(command)) => audit::audit(&args, command),
        Some(Command::Keys(command)) => keys::keys(&args, command),
        Some(Command::Config(args::Config::Print)) => upkeep::print(&args),
    }
}

/// Validates declared rights until it is told to end.
fn controller(options: &opsec_controller::ControllerOptions) -> ExitCode {
    use opsec_controller::Weight;
    let say = |weight, event: &str, fields: &[(&str, &str)]| {
        let level = match weight {
            Weight::Info => log::Level::Info,
            Weight::Warning => log::Level::Warning,
            Weight::Error => log::Level::Error,
        };
        log::say(level, event, fields);
    };
    match opsec_controller::run(options, say) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse("CONTROLLER_START", &error.to_string(), &[]),
    }
}

/// Says why a start is refused, for programs and for people.
fn refuse(reason: &str, message: &str, fields: &[(&str, &str)]) -> ExitCode {
    let mut all = vec![("reason", reason), ("message", message)];
    all.extend(fields);
    log::say(log::Level::Error, "refused", &all);
    log::plain(&format!("error: {reason}: {message}"));
    ExitCode::from(REFUSED)
}
