//! The audit: one event for each change, check and attestation, in hash-chained JSON lines that are
//! on the disk before the answer is given. What cannot be written down is not answered.

mod chain;
mod command;
mod compare;
mod files;
mod outbox;
mod prune;
mod signed;
mod verify;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;

use opsec_service::{AuditHead, Trail};
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use chain::Event;
use chain::Head;
pub(crate) use command::audit;
pub(crate) use compare::compare;
pub(crate) use outbox::{Outbox, Running};
pub(crate) use writer::open;

use crate::keys::Signer;

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
    #[error("what changes owe to the audit cannot be read: {0}")]
    Store(String),
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

/// Events of one call, and who waits for them.
#[derive(Debug)]
struct Owed {
    events: Vec<Event>,
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
    head: watch::Receiver<Head>,
    signer: Arc<Signer>,
}

impl Audit {
    /// Waits until events are on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) async fn write(&self, events: Vec<Event>) -> Result<(), AuditError> {
        let (written, is_written) = oneshot::channel();
        let owed = Owed { events, written };
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

    /// The number of the last event.
    pub(crate) fn sequence(&self) -> u64 {
        self.head.borrow().seq
    }

    /// Why nothing can be written any more, when that is so.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failed.borrow().clone()
    }
}

impl Trail for Audit {
    fn head(&self) -> Option<AuditHead> {
        if self.failure().is_some() {
            return None;
        }
        let head = self.head.borrow().clone();
        let envelope = signed::sign(&head, &self.signer).ok()?;
        Some(AuditHead {
            chain: head.chain,
            seq: head.seq,
            hash: head.hash,
            envelope: envelope.into_bytes(),
        })
    }
}
