//! The audit: one event for each change, check and attestation, in hash-chained JSON lines that are
//! on the disk before the answer is given. What cannot be written down is not answered.

mod chain;
mod command;
mod files;
mod verify;
mod writer;

use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use chain::Event;
pub(crate) use command::audit;
pub(crate) use writer::open;

/// Events that wait to be written: a call that owes one waits for its place.
const QUEUE: usize = 1_024;

/// Why there is no audit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    #[error("{}: {source}", .path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: {problem}; `opsec-server audit verify` says where", .path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error("an event cannot be written as JSON")]
    Unwritable,
    #[error("the audit cannot be written any more")]
    Ended,
}

impl AuditError {
    /// The reason, which outlives releases.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => "AUDIT_DAMAGED",
            _ => "AUDIT_FAILED",
        }
    }
}

/// An event, and who waits for it.
#[derive(Debug)]
struct Owed {
    event: Event,
    written: oneshot::Sender<()>,
}

/// What a writer is told.
#[derive(Debug)]
enum Message {
    Owed(Box<Owed>),
    /// That nothing comes any more, and who waits for the end.
    End(oneshot::Sender<()>),
}

/// Where events are written down.
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    queue: mpsc::Sender<Message>,
    failed: watch::Receiver<Option<String>>,
}

impl Audit {
    /// Waits until an event is on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) async fn write(&self, event: Event) -> Result<(), AuditError> {
        let (written, is_written) = oneshot::channel();
        let owed = Owed { event, written };
        let queued = self.queue.send(Message::Owed(Box::new(owed))).await;
        queued.map_err(|_| AuditError::Ended)?;
        is_written.await.map_err(|_| AuditError::Ended)
    }

    /// Ends it: what was taken is written, and a last checkpoint.
    pub(crate) async fn end(&self) {
        let (ended, has_ended) = oneshot::channel();
        if self.queue.send(Message::End(ended)).await.is_ok() {
            // A writer that failed has ended too.
            let _ = has_ended.await;
        }
    }

    /// Why nothing can be written any more, when that is so.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failed.borrow().clone()
    }
}
