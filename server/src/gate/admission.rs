//! How many calls run at a time. The most is configured; below it what the machine can do decides: as
//! soon as work stands in a queue the limit falls, and while none does and the limit is met it rises.
//! A call that is refused costs almost nothing, and one that is taken does not wait long.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opsec_service::Waits;

use super::refusal::Refusal;

/// How often the limit is looked at.
const WINDOW: Duration = Duration::from_millis(100);

/// The least wait that is a queue which stands.
const QUEUE: Duration = Duration::from_millis(50);

/// How often the tasks' own queue is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Calls that run, and how many may.
#[derive(Debug)]
pub(crate) struct Admission {
    most: usize,
    least: usize,
    limit: AtomicUsize,
    running: AtomicUsize,
    /// The most that ran since the limit was looked at, refused ones counted.
    met: AtomicUsize,
    refused: AtomicUsize,
    looked: Mutex<Instant>,
    work: Arc<Waits>,
    tasks: Waits,
}

/// A call that runs.
#[derive(Debug)]
pub(crate) struct Slot(Arc<Admission>);

impl Admission {
    /// At most so many, on a machine of so many processors.
    pub(crate) fn new(most: usize, processors: usize, work: Arc<Waits>) -> Self {
        Self {
            most,
            least: (2 * processors).clamp(1, most),
            limit: AtomicUsize::new(most),
            running: AtomicUsize::new(0),
            met: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            looked: Mutex::new(Instant::now()),
            work,
            tasks: Waits::default(),
        }
    }

    /// Takes a call, unless as many run as the machine does at a time: none waits here.
    pub(crate) fn take(self: &Arc<Self>) -> Result<Slot, Refusal> {
        self.look(Instant::now());
        let running = self.running.fetch_add(1, Ordering::AcqRel) + 1;
        self.met.fetch_max(running, Ordering::Relaxed);
        let slot = Slot(Arc::clone(self));
        if running > self.limit.load(Ordering::Relaxed) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Refusal::busy());
        }
        Ok(slot)
    }

    /// Measures how long tasks wait for their turn, for as long as the service runs.
    pub(crate) async fn follow(self: Arc<Self>) {
        loop {
            let due = Instant::now() + LOOK;
            tokio::time::sleep(LOOK).await;
            let now = Instant::now();
            self.tasks.add(now.saturating_duration_since(due));
            self.look(now);
        }
    }

    /// How many may run, how many do, and how many were refused so far.
    pub(crate) fn figures(&self) -> (usize, usize, usize) {
        (
            self.limit.load(Ordering::Relaxed),
            self.running.load(Ordering::Relaxed),
            self.refused.load(Ordering::Relaxed),
        )
    }

    /// Looks whether it is time to change the limit, and changes it.
    fn look(&self, now: Instant) {
        let Ok(mut looked) = self.looked.try_lock() else {
            // Another does.
            return;
        };
        if now.saturating_duration_since(*looked) < WINDOW {
            return;
        }
        *looked = now;
        let waits = [self.work.take(), self.tasks.take()];
        let wait = waits.into_iter().flatten().max().unwrap_or_default();
        let met = self.met.swap(0, Ordering::Relaxed);
        let limit = self.limit.load(Ordering::Relaxed);
        let next = self.next(limit, met, wait);
        self.limit.store(next, Ordering::Relaxed);
    }

    /// The limit after one that so many calls met, while work waited so long at least.
    fn next(&self, limit: usize, met: usize, wait: Duration) -> usize {
        let next = if wait > QUEUE {
            // What runs counts, not what would be allowed: else it would take long to matter.
            let now = limit.min(met.max(1));
            now - now / 5
        } else if met >= limit {
            limit + (limit / 8).max(1)
        } else if met * 2 < limit {
            limit
        } else {
            limit + 1
        };
        next.clamp(self.least, self.most)
    }

    /// For tests: that it was looked at long ago.
    #[cfg(test)]
    fn age(&self) {
        *self.looked.lock().unwrap() -= WINDOW;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(most: usize) -> (Arc<Admission>, Arc<Waits>) {
        let work = Arc::new(Waits::default());
        let admission = Admission::new(most, 2, Arc::clone(&work));
        (Arc::new(admission), work)
    }

    /// Meets the limit for a window in which work waited so long at least.
    fn window(admission: &Arc<Admission>, work: &Waits, wait: u64) -> usize {
        let taken: Vec<Slot> = (0..1_000).map_while(|_| admission.take().ok()).collect();
        drop(taken);
        work.add(Duration::from_millis(wait));
        admission.age();
        admission.look(Instant::now());
        admission.figures().0
    }

    #[test]
    fn a_queue_that_stands_lowers_the_limit_to_a_floor_and_none_raises_it_to_the_most() {
        let (admission, work) = admission(256);
        assert_eq!(admission.figures().0, 256);
        let limits: Vec<usize> = (0..30).map(|_| window(&admission, &work, 90)).collect();
        assert!(limits.is_sorted_by(|one, next| one >= next), "{limits:?}");
        assert_eq!(limits.last(), Some(&4), "twice the processors stay");
        let limits: Vec<usize> = (0..60).map(|_| window(&admission, &work, 1)).collect();
        assert!(limits.is_sorted(), "{limits:?}");
        assert_eq!(limits.last(), Some(&256));
    }

    #[test]
    fn what_is_beyond_the_limit_is_refused_and_gives_its_place_back() {
        let (admission, _) = admission(3);
        let taken: Vec<Slot> = (0..3).map(|_| admission.take().unwrap()).collect();
        for _ in 0..10 {
            let refused = admission.take().unwrap_err();
            assert!(matches!(refused, Refusal::Overloaded(after) if !after.is_zero()));
        }
        assert_eq!(admission.figures(), (3, 3, 10));
        drop(taken);
        assert!(admission.take().is_ok());
    }

    #[test]
    fn a_limit_that_nobody_meets_stays() {
        let (admission, work) = admission(256);
        for _ in 0..30 {
            window(&admission, &work, 90);
        }
        drop(admission.take().unwrap());
        work.add(Duration::ZERO);
        admission.age();
        admission.look(Instant::now());
        assert_eq!(admission.figures().0, 4);
    }
}
