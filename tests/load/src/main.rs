//! How many checks the service answers, how fast, and what it takes for them, beside a bare echo of
//! the same bytes in the same run: what `cargo xtask bench server` builds and runs. A slow machine
//! fails nothing: only what could not be run, or was answered otherwise than it should be.

mod arguments;
mod baselines;
mod echo;
mod load;
mod outside;
mod overload;
mod process;
mod request;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use arguments::Arguments;
use load::{Asks, Load, Measured};
use process::Process;

/// The first argument of the process that echoes.
const ECHO: &str = "echo";

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    if given.iter().any(|one| one == "--overload") {
        let done = Arguments::parse(given).and_then(|arguments| overload::bench(&arguments));
        return ended(done);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let done = match (runtime, given.split_first()) {
        (Err(error), _) => Err(error.to_string()),
        (Ok(runtime), Some((first, rest))) if first == ECHO => runtime.block_on(echo::serve(rest)),
        (Ok(runtime), _) => {
            Arguments::parse(given).and_then(|arguments| runtime.block_on(bench(&arguments)))
        }
    };
    ended(done)
}

fn ended(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn bench(arguments: &Arguments) -> Result<(), String> {
    if cfg!(debug_assertions) {
        return Err("this build is not optimised; run `cargo xtask bench server`".to_owned());
    }
    let request = request::read()?;
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    say(&format!("writing {} baselines", arguments.baselines));
    baselines::write(directory.path(), arguments.baselines)?;

    let empty = tempfile::tempdir().map_err(|error| error.to_string())?;
    let idle = server(arguments, empty.path())?.memory()?;
    let server = server(arguments, directory.path())?;
    let full = server.memory()?;
    say("asking the service");
    let anew = measured(arguments, &server, &request, Asks::Anew).await?;
    let again = measured(arguments, &server, &request, Asks::TheSame).await?;
    let outside = outside::measure(arguments, server.address(), &request)?;
    let loaded = server.memory()?;
    let response = load::answer(server.address(), &request).await?;
    drop(server);

    say("asking the echo");
    let file = empty.path().join("response");
    std::fs::write(&file, &response).map_err(|error| error.to_string())?;
    let itself = std::env::current_exe().map_err(|error| error.to_string())?;
    let file = file.display().to_string();
    let echo = Process::start(&itself, &[ECHO, &file])?;
    let echoed = measured(arguments, &echo, &request, Asks::TheSame).await?;
    drop(echo);
    print(&[
        format!(
            "Check of {}: {} bytes there, {} back; {} connections, {} calls at once each, {} s",
            request.name,
            request.bytes,
            response.len(),
            arguments.connections,
            arguments.in_flight,
            arguments.seconds
        ),
        String::new(),
        Measured::headings(),
        anew.row("service, anew"),
        again.row("service, again"),
        outside,
        echoed.row("echo"),
        String::new(),
        share("what was never asked before", &anew, &echoed),
        share("what was asked before", &again, &echoed),
        format!(
            "memory: {} MiB idle and empty, {} MiB with {} baselines, {} MiB after the load",
            idle >> 20,
            full >> 20,
            arguments.baselines,
            loaded >> 20
        ),
    ])
}

/// What of the echo's answers the service makes.
fn share(of: &str, service: &Measured, echo: &Measured) -> String {
    format!(
        "of {of} the service answers {:.0} % of what the echo does; {:.0} checks a second and core",
        100.0 * service.rate() / echo.rate().max(f64::MIN_POSITIVE),
        service.rate_of_core()
    )
}

fn server(arguments: &Arguments, directory: &Path) -> Result<Process, String> {
    let directory = directory.display().to_string();
    Process::start(
        &arguments.server,
        &["--dev", "--listen", "127.0.0.1:0", "--data-dir", &directory],
    )
}

async fn measured(
    arguments: &Arguments,
    process: &Process,
    request: &request::Request,
    asks: Asks,
) -> Result<Measured, String> {
    let load = Load {
        connections: arguments.connections,
        in_flight: arguments.in_flight,
        seconds: arguments.seconds,
        asks,
    };
    // Once without being looked at: connections open, caches fill.
    let warm = Load { seconds: 1, ..load };
    warm.run(process.address(), request).await?;
    let before = process.processor_time()?;
    let mut measured = load.run(process.address(), request).await?;
    measured.processor = process.processor_time()?.saturating_sub(before);
    Ok(measured)
}

fn print(lines: &[String]) -> Result<(), String> {
    let mut output = std::io::stdout().lock();
    for line in lines {
        writeln!(output, "{line}").map_err(|error| format!("standard output: {error}"))?;
    }
    Ok(())
}

/// A line for the person who waits.
fn say(line: &str) {
    // Nothing is left to do when standard error is gone.
    let _ = writeln!(std::io::stderr(), "{line}");
}
