//! The answer of a call: what the call holds is given back when the answer has gone out, and a
//! stream ends when the service does, its caller's credential expires, or its deadline comes.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Bytes};

use super::Response;
use super::admission::Slot;
use super::budget::Taken;
use super::deadline::Deadline;
use super::refusal::Refusal;
use super::watches::Watching;

/// What a call holds until its answer has gone out.
#[derive(Debug, Default)]
pub(super) struct Held {
    _slot: Option<OwnedSemaphorePermit>,
    _call: Option<Slot>,
    _watch: Option<Watching>,
    bytes: Option<Arc<Taken>>,
}

impl Held {
    pub(super) fn slot(slot: OwnedSemaphorePermit) -> Self {
        Self {
            _slot: Some(slot),
            ..Self::default()
        }
    }

    pub(super) fn call(call: Slot) -> Self {
        Self {
            _call: Some(call),
            ..Self::default()
        }
    }

    pub(super) fn watch(watch: Watching) -> Self {
        Self {
            _watch: Some(watch),
            ..Self::default()
        }
    }

    pub(super) fn bytes(&mut self, bytes: Arc<Taken>) {
        self.bytes = Some(bytes);
    }
}

/// How an answer ends.
pub(super) struct Outcome {
    held: Held,
    closing: Option<BoxFuture<(), std::convert::Infallible>>,
    expiry: Option<Pin<Box<Sleep>>>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Outcome {
    pub(super) fn new(held: Held) -> Self {
        Self {
            held,
            closing: None,
            expiry: None,
            deadline: None,
        }
    }

    /// Ends when the service does.
    pub(super) fn closing(mut self, closing: Option<watch::Receiver<bool>>) -> Self {
        self.closing = closing.map(|mut closing| -> BoxFuture<_, _> {
            Box::pin(async move {
                // An error means that nobody can say it any more: then all ends too.
                let _ = closing.wait_for(|closing| *closing).await;
                Ok(())
            })
        });
        self
    }

    /// Ends when the caller's credential does.
    pub(super) fn expiring(mut self, at: Option<Instant>) -> Self {
        self.expiry = at.map(|at| Box::pin(sleep_until(at)));
        self
    }

    /// Ends when the call's deadline comes.
    pub(super) fn until(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline.instant().map(|at| Box::pin(sleep_until(at)));
        self
    }

    pub(super) fn wrap(self, response: Response) -> Response {
        response.map(|body| {
            Body::new(Ending {
                body,
                outcome: self,
                ended: false,
            })
        })
    }

    /// Why the answer ends now, if it does.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Option<Refusal> {
        let due = |timer: &mut Option<Pin<Box<Sleep>>>, context: &mut Context<'_>| {
            timer
                .as_mut()
                .is_some_and(|timer| timer.as_mut().poll(context).is_ready())
        };
        let closing = &mut self.closing;
        if let Some(waiting) = closing
            && waiting.as_mut().poll(context).is_ready()
        {
            *closing = None;
            return Some(Refusal::ShuttingDown);
        }
        if due(&mut self.expiry, context) {
            return Some(Refusal::CredentialsExpired);
        }
        due(&mut self.deadline, context).then_some(Refusal::Deadline)
    }
}

struct Ending {
    body: Body,
    outcome: Outcome,
    ended: bool,
}

impl http_body::Body for Ending {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        // What is ready goes out first: an answer that is there is not cut short.
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        let Some(end) = self.outcome.poll_end(context) else {
            return Poll::Pending;
        };
        self.ended = true;
        self.body = Body::empty();
        self.outcome.held = Held::default();
        let mut trailers = HeaderMap::new();
        let frame = match end.into_status().add_header(&mut trailers) {
            Ok(()) => Ok(Frame::trailers(trailers)),
            Err(status) => Err(status),
        };
        Poll::Ready(Some(frame))
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
