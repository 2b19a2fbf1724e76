//! The program as a process of its own, which ends with its test.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// A daemon that runs.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

/// The program, with variables of the environment that would change it left out.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_opsec-server"));
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OPSEC_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// What it said and how it ended.
pub(crate) fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

impl Daemon {
    /// For development, over a directory.
    pub(crate) fn dev(data: &Path) -> Self {
        Self::dev_with(data, "")
    }

    /// The same with settings.
    pub(crate) fn dev_with(data: &Path, settings: &str) -> Self {
        let mut command = program();
        let file = data.with_extension("toml");
        std::fs::write(&file, settings).unwrap();
        command.args(["--dev", "--listen", "127.0.0.1:0", "--data-dir"]);
        command.arg(data).arg("--config").arg(file);
        Self::start(command)
    }

    /// With a configuration; `server.listen` and `server.data_dir` are given.
    pub(crate) fn configured(directory: &TempDir, configuration: &str) -> Self {
        let file = directory.path().join("opsec-server.toml");
        std::fs::write(&file, configuration).unwrap();
        let mut command = program();
        command.args(["--listen", "127.0.0.1:0", "--data-dir"]);
        command.arg(directory.path().join("data"));
        command.arg("--config").arg(file);
        Self::start(command)
    }

    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (log, stderr) = (Arc::default(), child.stderr.take().unwrap());
        let lines: Arc<Mutex<Vec<String>>> = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines.lock().unwrap().push(line);
            }
        });
        let address = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut daemon = Self {
            child,
            address,
            log,
        };
        let line = daemon.says("listening on ");
        daemon.address = line.trim_start_matches("listening on ").parse().unwrap();
        daemon
    }

    /// Waits for a line that holds a text.
    pub(crate) fn says(&mut self, text: &str) -> String {
        let started = Instant::now();
        loop {
            let found = self
                .log
                .lock()
                .unwrap()
                .iter()
                .find(|line| line.contains(text))
                .cloned();
            if let Some(line) = found {
                return line;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && started.elapsed() < PATIENCE,
                "`{text}` was not said: {ended:?}\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// All that it said.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self, patience: Duration) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < patience, "it runs on\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The most memory that it had, in bytes.
    pub(crate) fn peak_memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib << 10
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
