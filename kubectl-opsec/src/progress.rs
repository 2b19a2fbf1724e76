//! After a second of work a terminal is told what it waits for; the line is cleared afterwards.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long work may take in silence.
const PATIENCE: Duration = Duration::from_secs(1);
/// Back to the start of the line, and clear it.
const CLEAR: &str = "\r\x1b[K";

/// What the program is at. Dropping it clears the line.
#[derive(Debug)]
pub(crate) struct Progress {
    steps: Option<Sender<&'static str>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts the clock, with what is done first.
    pub(crate) fn start(step: &'static str) -> Self {
        if !io::stderr().is_terminal() {
            return Self {
                steps: None,
                thread: None,
            };
        }
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new().spawn(move || show(step, &receiver));
        Self {
            steps: Some(sender),
            thread: thread.ok(),
        }
    }

    /// What is done next.
    pub(crate) fn step(&self, step: &'static str) {
        if let Some(steps) = &self.steps {
            // The thread ends only after this end of the channel does.
            let _ = steps.send(step);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.steps = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Clears the line of a terminal.
pub(crate) fn clear() {
    if io::stderr().is_terminal() {
        print(CLEAR);
    }
}

fn show(mut step: &'static str, steps: &Receiver<&'static str>) {
    let start = Instant::now();
    loop {
        match steps.recv_timeout(PATIENCE.saturating_sub(start.elapsed())) {
            Ok(next) => step = next,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
    print(&format!("{step}…"));
    for next in steps {
        print(&format!("{CLEAR}{next}…"));
    }
    print(CLEAR);
}

fn print(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}
