//! Bytes of requests that are held at a time. A call gives back what it took when it has ended, not
//! when its bytes were read: what they decode to lives on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What may be taken.
#[derive(Debug)]
pub(super) struct Budget {
    left: AtomicUsize,
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            left: AtomicUsize::new(bytes),
        }
    }

    fn take(&self, bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(bytes);
        self.left
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, less)
            .is_ok()
    }
}

/// What one call took.
#[derive(Debug)]
pub(super) struct Taken {
    budget: Arc<Budget>,
    bytes: AtomicUsize,
}

impl Taken {
    pub(super) fn nothing(budget: &Arc<Budget>) -> Self {
        Self {
            budget: Arc::clone(budget),
            bytes: AtomicUsize::new(0),
        }
    }

    /// Takes more; whether it is there.
    pub(super) fn more(&self, bytes: usize) -> bool {
        let taken = self.budget.take(bytes);
        if taken {
            self.bytes.fetch_add(bytes, Ordering::AcqRel);
        }
        taken
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let bytes = *self.bytes.get_mut();
        self.budget.left.fetch_add(bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_back_when_the_call_ends() {
        let budget = Arc::new(Budget::new(10));
        let (one, other) = (Taken::nothing(&budget), Taken::nothing(&budget));
        assert!(one.more(6) && one.more(2));
        assert!(!other.more(3), "2 are left");
        assert!(other.more(2));
        drop(one);
        assert!(other.more(8));
        drop(other);
        assert!(Taken::nothing(&budget).more(10));
    }
}
