//! One command, run and accounted for by a process that does nothing else.
//!
//! The kernel keeps, for the children of a process that it has waited for, the largest peak and
//! the sum of their time: with one child, that is the child's own. A child begins as its parent's
//! image, which counts towards its peak, so the parent is small: this program anew, before it has
//! read anything, and not the one that holds snapshots.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The first argument that makes this program the small process.
pub(crate) const MEASURE: &str = "measure";

/// A kubeconfig that cannot be there.
pub(crate) const NO_CLUSTER: &str = "/dev/null/none";

/// A command and all that it is run with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invocation {
    pub(crate) program: std::path::PathBuf,
    pub(crate) arguments: Vec<String>,
}

/// What a run took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// From before it is started until after it has ended.
    pub(crate) wall: Duration,
    /// In user and kernel mode, over all its threads.
    pub(crate) cpu: Duration,
    /// The most memory it held at once, in bytes.
    pub(crate) peak: u64,
    /// Its exit status; none when a signal ended it, as the time limit does.
    pub(crate) status: Option<i32>,
}

impl Invocation {
    /// Runs it. Its standard output goes to the file, or nowhere.
    ///
    /// # Errors
    /// When it does not start, or runs longer than the limit.
    pub(crate) fn measured(&self, output: Option<&Path>, limit: Duration) -> Result<Run, String> {
        let program = self.program.display();
        let this = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
        let mut small = Command::new(this);
        small
            .arg(MEASURE)
            .arg(limit.as_secs().to_string())
            .arg(output.unwrap_or_else(|| Path::new("")))
            .arg(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null());
        let said = small.output().map_err(|error| error.to_string())?;
        if !said.status.success() {
            let why = String::from_utf8_lossy(&said.stderr);
            return Err(format!("`{program}` was not measured: {}", why.trim()));
        }
        let run: Run = serde_json::from_slice(&said.stdout)
            .map_err(|error| format!("`{program}` was not measured: {error}"))?;
        if run.status.is_none() {
            let seconds = limit.as_secs();
            return Err(format!(
                "`{program}` was ended by a signal; it may run for {seconds} s"
            ));
        }
        Ok(run)
    }
}

/// The small process: the limit in seconds, the file for the output or nothing, the command.
///
/// # Errors
/// When the command does not start.
#[cfg(unix)]
pub(crate) fn measure(arguments: &[String]) -> Result<Run, String> {
    use nix::sys::resource::{UsageWho, getrusage};

    let [limit, output, program, arguments @ ..] = arguments else {
        return Err("measure takes a limit, a file and a command".to_owned());
    };
    let limit = limit.parse().map_err(|_| "the limit is no number")?;
    let output = match output.as_str() {
        "" => Stdio::null(),
        path => std::fs::File::create(path)
            .map_err(|error| format!("`{path}`: {error}"))?
            .into(),
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    // Nothing that is measured asks a cluster.
    command.env("KUBECONFIG", NO_CLUSTER);
    command.stdout(output).stderr(Stdio::null());
    let start = std::time::Instant::now();
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let in_time = end_after(Duration::from_secs(limit), child.id());
    let status = child.wait().map_err(|error| error.to_string())?;
    let wall = start.elapsed();
    drop(in_time);
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let peak = u64::try_from(usage.max_rss()).unwrap_or_default();
    Ok(Run {
        wall,
        cpu: duration(usage.user_time()) + duration(usage.system_time()),
        // Kibibytes, but for Darwin.
        peak: if cfg!(target_vendor = "apple") {
            peak
        } else {
            peak * 1024
        },
        status: status.code(),
    })
}

/// Elsewhere there is no such account.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub(crate) fn measure(_: &[String]) -> Result<Run, String> {
    Err("benchmarks run where processes are accounted for as on Unix".to_owned())
}

#[cfg(unix)]
fn duration(value: nix::sys::time::TimeVal) -> Duration {
    let seconds = u64::try_from(value.tv_sec()).unwrap_or_default();
    let micros = u64::try_from(value.tv_usec()).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

/// Ends the process when the limit is over, unless what is returned is dropped before.
#[cfg(unix)]
fn end_after(limit: Duration, process: u32) -> std::sync::mpsc::Sender<()> {
    use nix::sys::signal::{Signal, kill};
    use std::sync::mpsc::{RecvTimeoutError, channel};

    let (in_time, waits) = channel();
    std::thread::spawn(move || {
        if waits.recv_timeout(limit) == Err(RecvTimeoutError::Timeout)
            && let Ok(process) = i32::try_from(process)
        {
            // It has not been waited for, so its number is still its own.
            let _ = kill(nix::unistd::Pid::from_raw(process), Signal::SIGKILL);
        }
    });
    in_time
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(limit: &str, script: &str) -> Result<Run, String> {
        measure(&[limit, "", "/bin/sh", "-c", script].map(str::to_owned))
    }

    #[test]
    fn a_run_says_how_it_ended_and_how_long_it_took() {
        let run = shell("60", "sleep 0.2; exit 3").unwrap();
        assert_eq!(run.status, Some(3));
        assert!(run.wall >= Duration::from_millis(200), "{run:?}");
        assert!(run.peak > 100_000, "{run:?}");
    }

    #[test]
    fn what_runs_too_long_is_ended_and_has_no_status() {
        let start = std::time::Instant::now();
        let run = shell("1", "exec sleep 60").unwrap();
        assert_eq!(run.status, None);
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        assert!(measure(&["1", "", "/nowhere/program"].map(str::to_owned)).is_err());
        assert!(measure(&[]).is_err());
    }
}
