//! How often someone else is asked: so many times a second, and no more.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A bucket that fills so many times a second, and holds a second's worth.
#[derive(Debug)]
pub(super) struct Throttle {
    per_second: f64,
    state: Mutex<(f64, Instant)>,
}

impl Throttle {
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second);
        Self {
            per_second,
            state: Mutex::new((per_second, Instant::now())),
        }
    }

    /// Whether one more may be asked.
    pub(super) fn take(&self) -> bool {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let since = now.saturating_duration_since(state.1).as_secs_f64();
        let tokens = (state.0 + since * self.per_second).min(self.per_second);
        let enough = tokens >= 1.0;
        *state = (if enough { tokens - 1.0 } else { tokens }, now);
        enough
    }

    /// Whether nobody asked for a second.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.1.elapsed().as_secs() >= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_asked_than_a_second_allows() {
        let throttle = Throttle::new(5);
        let asked = (0..100).filter(|_| throttle.take()).count();
        assert!((5..=6).contains(&asked), "{asked}");
    }
}
