//! The controller as a process of its own, which ends with its test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::cluster::{Cluster, PATIENCE};

/// A controller that runs.
pub(crate) struct Controller {
    child: Child,
    log: Arc<Mutex<Vec<Value>>>,
    _folder: TempDir,
}

impl Controller {
    /// Starts one as the ServiceAccount that is shipped.
    pub(crate) fn start(cluster: &Cluster) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = cluster.kubeconfig(folder.path(), "opsec-controller", "opsec-controller");
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsec-server"));
        command
            .args([
                "controller",
                "--health",
                "127.0.0.1:0",
                "--lease-seconds",
                "3",
            ])
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (log, stderr) = (Arc::default(), child.stderr.take().unwrap());
        let lines: Arc<Mutex<Vec<Value>>> = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let said = serde_json::from_str(&line).unwrap_or(Value::String(line));
                lines.lock().unwrap().push(said);
            }
        });
        Self {
            child,
            log,
            _folder: folder,
        }
    }

    /// Starts one, and waits until it leads and has looked at everything.
    pub(crate) fn leading(cluster: &Cluster) -> Self {
        let controller = Self::start(cluster);
        controller.says("looked", "");
        controller
    }

    /// Waits for an event that holds a text.
    pub(crate) fn says(&self, event: &str, text: &str) -> Value {
        let began = Instant::now();
        loop {
            let found = self
                .said(event)
                .into_iter()
                .find(|said| said.to_string().contains(text));
            if let Some(said) = found {
                return said;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{event} `{text}` was not said:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The events of a name so far.
    pub(crate) fn said(&self, event: &str) -> Vec<Value> {
        let log = self.log.lock().unwrap();
        let of = log.iter().filter(|said| said["event"] == event);
        of.cloned().collect()
    }

    /// How many validations it did.
    pub(crate) fn validations(&self) -> usize {
        let looks = self.said("looked");
        let of = |look: &Value| look["validated"].as_str().unwrap().parse::<usize>();
        looks.iter().map(|look| of(look).unwrap()).sum()
    }

    /// All that it said.
    pub(crate) fn text(&self) -> String {
        let log = self.log.lock().unwrap();
        let lines: Vec<String> = log.iter().map(Value::to_string).collect();
        lines.join("\n")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, signal).unwrap();
    }

    /// Where its health is asked for.
    pub(crate) fn health(&self) -> String {
        let started = self.says("started", "");
        started["health"].as_str().unwrap().to_owned()
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it runs on\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        // It lets go of the Lease, so that the next test need not wait for it.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGTERM);
            let began = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) {
                if began.elapsed() > Duration::from_secs(10) {
                    let _ = self.child.kill();
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}
