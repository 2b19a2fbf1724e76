//! How long work waits for its turn: what a daemon sheds load by. Only the least wait of a while says
//! something: a burst makes some wait, and a queue that stands makes all of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Nothing waited.
const NONE: u64 = u64::MAX;

/// The least wait since it was last asked for.
#[derive(Debug)]
pub struct Waits(AtomicU64);

impl Default for Waits {
    fn default() -> Self {
        Self(AtomicU64::new(NONE))
    }
}

impl Waits {
    /// Something waited so long.
    pub fn add(&self, wait: Duration) {
        let microseconds = u64::try_from(wait.as_micros()).unwrap_or(NONE - 1);
        self.0.fetch_min(microseconds, Ordering::Relaxed);
    }

    /// The least wait since the last time; absent: nothing waited, not even for nothing.
    pub fn take(&self) -> Option<Duration> {
        let least = self.0.swap(NONE, Ordering::Relaxed);
        (least != NONE).then(|| Duration::from_micros(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_is_told_once() {
        let waits = Waits::default();
        assert_eq!(waits.take(), None);
        waits.add(Duration::from_millis(7));
        waits.add(Duration::from_millis(3));
        waits.add(Duration::from_millis(9));
        assert_eq!(waits.take(), Some(Duration::from_millis(3)));
        assert_eq!(waits.take(), None);
    }
}
