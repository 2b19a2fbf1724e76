//! Waiting, for threads and for tasks alike: for the answer to a transaction, and for the next
//! commit.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::error::StoreError;
use crate::store::Verdict;

/// What a transaction is answered with.
pub type Answer = Result<Verdict, StoreError>;

#[derive(Debug, Default)]
struct Slot {
    answer: Option<Answer>,
    waker: Option<Waker>,
}

type Shared = Arc<(Mutex<Slot>, Condvar)>;

/// The answer to a transaction, when it comes. Dropping it withdraws nothing.
#[derive(Debug)]
#[must_use = "a transaction is durable when it is answered"]
pub struct Pending(Shared);

/// Gives the answer; when it is dropped without one, the answer is not known.
#[derive(Debug)]
pub(crate) struct Responder(Shared);

/// A question and who answers it.
pub(crate) fn pending() -> (Responder, Pending) {
    let shared = Shared::default();
    (Responder(Arc::clone(&shared)), Pending(shared))
}

impl Pending {
    /// An answer that is there already.
    pub fn ready(answer: Answer) -> Self {
        let (responder, pending) = pending();
        responder.answer(answer);
        pending
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// When the store failed, or has too much to do.
    pub fn wait(self) -> Answer {
        let (slot, bell) = &*self.0;
        let mut slot = locked(slot);
        loop {
            if let Some(answer) = slot.answer.take() {
                return answer;
            }
            slot = bell.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Future for Pending {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let mut slot = locked(&self.0.0);
        if let Some(answer) = slot.answer.take() {
            return Poll::Ready(answer);
        }
        slot.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Responder {
    pub(crate) fn answer(self, answer: Answer) {
        self.give(answer);
    }

    fn give(&self, answer: Answer) {
        let (slot, bell) = &*self.0;
        let waker = {
            let mut slot = locked(slot);
            slot.answer = Some(answer);
            slot.waker.take()
        };
        bell.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        // Whoever was answered took the answer already, or will; only silence is filled.
        let silent = Arc::strong_count(&self.0) > 1 && locked(&self.0.0).answer.is_none();
        if silent {
            self.give(Err(StoreError::CommitUnknown {
                problem: "the store stopped".to_owned(),
            }));
        }
    }
}

/// Rings at every commit.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Mutex<Rung>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct Rung {
    commit: u64,
    stopped: bool,
    wakers: Vec<Waker>,
}

impl Bell {
    /// A commit is published.
    pub(crate) fn ring(&self, commit: u64) {
        self.change(|rung| rung.commit = commit);
    }

    /// None will be any more.
    pub(crate) fn stop(&self) {
        self.change(|rung| rung.stopped = true);
    }

    fn change(&self, change: impl FnOnce(&mut Rung)) {
        let wakers = {
            let mut rung = locked(&self.rung);
            change(&mut rung);
            std::mem::take(&mut rung.wakers)
        };
        self.bell.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Waits for a commit beyond one; whether there is one, or never will be.
    pub(crate) fn wait_beyond(&self, commit: u64, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut rung = locked(&self.rung);
        while rung.commit <= commit && !rung.stopped {
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                return false;
            };
            let waited = self.bell.wait_timeout(rung, left);
            rung = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// The same for a task.
    pub(crate) fn poll_beyond(&self, commit: u64, context: &mut Context<'_>) -> Poll<()> {
        let mut rung = locked(&self.rung);
        if rung.commit > commit || rung.stopped {
            return Poll::Ready(());
        }
        let waker = context.waker();
        if !rung.wakers.iter().any(|known| known.will_wake(waker)) {
            rung.wakers.push(waker.clone());
        }
        Poll::Pending
    }
}

/// Every change of what is guarded is whole, so one that panicked left it whole as well.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
