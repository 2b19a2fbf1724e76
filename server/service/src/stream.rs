//! Streams that last: what is told, and how it ends. A reader that is slow is held, not skipped; one
//! that does not read at all is let go, and goes on later from its last cursor.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use opsec_access::{Caller, Method, Target};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tonic::Status;
use tonic::codegen::tokio_stream::Stream;

use crate::failure::{Failure, StreamFailure};

/// How often a stream is told that nothing happened.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How often it is looked at whether a reader may go on.
const LOOKED: Duration = Duration::from_mins(1);

/// How long a reader may take for what waits for it.
const STALLED: Duration = Duration::from_mins(1);

/// What may wait for a reader.
const WAITING: usize = 16;

/// The most streams of one subject.
const OF_SUBJECT: usize = 8;

/// The most streams in all.
const IN_ALL: usize = 1_000;

/// All streams of a service.
#[derive(Debug)]
pub(crate) struct Streams {
    open: Mutex<BTreeMap<String, usize>>,
    ends: watch::Sender<bool>,
}

impl Streams {
    pub(crate) fn new() -> Self {
        Self {
            open: Mutex::default(),
            ends: watch::Sender::new(false),
        }
    }

    /// Ends all of them, and those that come.
    pub(crate) fn end(&self) {
        self.ends.send_replace(true);
    }

    /// A place for one more.
    pub(crate) fn enter(self: &Arc<Self>, subject: &str) -> Result<Place, Failure> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.get(subject).copied().unwrap_or_default();
        if own >= OF_SUBJECT || open.values().sum::<usize>() >= IN_ALL {
            return Err(Failure::Stream(StreamFailure::TooMany));
        }
        open.insert(subject.to_owned(), own + 1);
        Ok(Place {
            streams: Arc::clone(self),
            subject: subject.to_owned(),
            ends: self.ends.subscribe(),
        })
    }
}

/// The place of a stream, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    streams: Arc<Streams>,
    subject: String,
    ends: watch::Receiver<bool>,
}

impl Place {
    /// Ready when the service ends.
    pub(crate) async fn ended(&mut self) {
        // The sender lives as long as the streams that this place holds.
        let _ = self.ends.wait_for(|ends| *ends).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let streams = Arc::clone(&self.streams);
        let mut open = streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.subject) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.subject);
            }
        }
    }
}

type Last = Arc<Mutex<Option<Status>>>;

/// What a caller reads.
#[derive(Debug)]
pub(crate) struct Told<T> {
    items: mpsc::Receiver<T>,
    last: Last,
}

/// Where what is told comes from.
#[derive(Debug)]
pub(crate) struct Teller<T> {
    items: mpsc::Sender<T>,
    last: Last,
}

/// The reader is gone, or was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

/// A stream and who tells it.
pub(crate) fn stream<T>() -> (Teller<T>, Told<T>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let last = Last::default();
    let teller = Teller {
        items: sender,
        last: Arc::clone(&last),
    };
    let told = Told {
        items: receiver,
        last,
    };
    (teller, told)
}

/// Whose stream it is, and when that was looked at last: at least each minute, and at once when
/// roles are bound anew.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) caller: Caller,
    pub(crate) method: Method,
    looked: Instant,
    generation: u64,
}

impl Reader {
    pub(crate) fn new(caller: Caller, method: Method) -> Self {
        Self {
            looked: Instant::now(),
            generation: caller.generation(),
            caller,
            method,
        }
    }

    /// Whether it may go on reading.
    pub(crate) async fn still(&mut self) -> Result<(), Failure> {
        if self.looked.elapsed() < LOOKED && self.caller.generation() == self.generation {
            return Ok(());
        }
        self.generation = self.caller.generation();
        self.caller.still(self.method, Target::Nothing).await?;
        self.looked = Instant::now();
        Ok(())
    }
}

impl<T> Teller<T> {
    /// Tells, as fast as the reader reads.
    pub(crate) async fn tell(&self, item: T) -> Result<(), Gone> {
        if let Ok(sent) = tokio::time::timeout(STALLED, self.items.send(item)).await {
            sent.map_err(|_| Gone)
        } else {
            self.end(Failure::Stream(StreamFailure::Stalled));
            Err(Gone)
        }
    }

    /// How the stream ends, once all that was told is read.
    pub(crate) fn end(&self, failure: Failure) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.into());
    }

    /// Waits for a change, and tells a heartbeat when there is none for a while.
    pub(crate) async fn wait(
        &self,
        change: impl Future<Output = ()>,
        heartbeat: impl FnOnce() -> T,
    ) -> Result<(), Gone> {
        tokio::select! {
            () = self.items.closed() => Err(Gone),
            changed = tokio::time::timeout(HEARTBEAT, change) => match changed {
                Ok(()) => Ok(()),
                Err(_) => self.tell(heartbeat()).await,
            }
        }
    }
}

impl<T> Stream for Told<T> {
    type Item = Result<T, Status>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
    ) -> Poll<Option<Self::Item>> {
        match self.items.poll_recv(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(item)) => Poll::Ready(Some(Ok(item))),
            Poll::Ready(None) => {
                let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                Poll::Ready(last.take().map(Err))
            }
        }
    }
}
