//! The bytes of a request, counted as they come.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes as Chunk;

use super::budget::{Budget, Taken};
use super::refusal::Refusal;

/// What the bytes of a call are counted on.
#[derive(Debug)]
pub(super) struct Bytes(Arc<Taken>);

impl Bytes {
    pub(super) fn new(budget: &Arc<Budget>) -> Self {
        Self(Arc::new(Taken::nothing(budget)))
    }

    /// What the call holds until it has ended.
    pub(super) fn held(&self) -> Arc<Taken> {
        Arc::clone(&self.0)
    }

    /// The body, counted.
    pub(super) fn count(self, body: Body) -> Body {
        Body::new(Counted {
            body,
            taken: self.0,
        })
    }
}

struct Counted {
    body: Body,
    taken: Arc<Taken>,
}

impl http_body::Body for Counted {
    type Data = Chunk;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, Status>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            let bytes = frame.data_ref().map_or(0, Chunk::len);
            if !self.taken.more(bytes) {
                return Poll::Ready(Some(Err(Refusal::busy().into_status())));
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
