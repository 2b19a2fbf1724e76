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
    sender: Option<Sender<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts the clock, with what is done first.
    pub(crate) fn start(step: &'static str) -> Self {
        if !io::stderr().is_terminal() {
            return Self {
                sender: None,
                thread: None,
            };
        }
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new().spawn(move || show(step.to_owned(), &receiver));
        Self {
            sender: Some(sender),
            thread: thread.ok(),
        }
    }

    /// What is done next.
    pub(crate) fn step(&self, step: &str) {
        self.steps().tell(step.to_owned());
    }

    /// By which others say what they do next.
    pub(crate) fn steps(&self) -> Steps {
        Steps {
            sender: self.sender.clone(),
        }
    }
}

/// Says what is done next, from wherever it is done.
#[derive(Debug)]
pub(crate) struct Steps {
    sender: Option<Sender<String>>,
}

impl Steps {
    /// What is done next.
    pub(crate) fn tell(&self, step: String) {
        if let Some(sender) = &self.sender {
            // After the end nobody listens.
            let _ = sender.send(step);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.sender = None;
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

fn show(mut step: String, steps: &Receiver<String>) {
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
