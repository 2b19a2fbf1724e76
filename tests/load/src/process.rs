//! A process that says where it listens, and what it takes. It ends with whoever started it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// The process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    address: String,
}

impl Process {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(program: &Path, arguments: &[&str]) -> Result<Self, String> {
        let mut child = Command::new(program)
            .args(arguments)
            // One caller asks as if it were all of them.
            .env("OPSEC_LIMITS_REQUESTS_PER_SECOND", "1000000")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let stderr = child.stderr.take();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr
                .into_iter()
                .flat_map(|pipe| BufReader::new(pipe).lines())
            {
                let Ok(line) = line else { return };
                let _ = sender.send(line);
            }
        });
        let mut process = Self {
            child,
            address: String::new(),
        };
        while let Ok(line) = receiver.recv_timeout(PATIENCE) {
            if let Some(address) = line.strip_prefix("listening on ") {
                address.trim().clone_into(&mut process.address);
                return Ok(process);
            }
        }
        Err(format!("{} did not start", program.display()))
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Bytes that it holds in memory.
    pub(crate) fn memory(&self) -> Result<u64, String> {
        let status = self.file("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        let kibibytes: u64 = number
            .and_then(|number| number.parse().ok())
            .ok_or("this system does not say how much memory a process holds")?;
        Ok(kibibytes << 10)
    }

    /// Processor time that it took so far, in hundredths of a second.
    pub(crate) fn processor_time(&self) -> Result<Duration, String> {
        let stat = self.file("stat")?;
        // The name of the program may hold spaces; what follows it does not.
        let rest = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 = rest
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    fn file(&self, name: &str) -> Result<String, String> {
        let path = format!("/proc/{}/{name}", self.child.id());
        std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
