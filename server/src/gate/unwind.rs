//! A panic ends its call, with an id, and nothing else.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// What a future comes to; absent when it panics.
pub(super) async fn caught<T, E>(work: impl Future<Output = Result<T, E>>) -> Option<T> {
    let mut work = pin!(work);
    let output = std::future::poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.map_or(Poll::Ready(None), |polled| polled.map(Some))
    });
    output.await?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_caught_and_its_call_has_no_answer() {
        let fails = |fail: bool| async move {
            tokio::task::yield_now().await;
            assert!(!fail, "as it was told to");
            Ok::<_, std::convert::Infallible>(7)
        };
        assert_eq!(caught(fails(true)).await, None);
        assert_eq!(caught(fails(false)).await, Some(7));
    }
}
