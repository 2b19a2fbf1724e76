//! The bindings that hold now. They are replaced whole, and whoever asks next sees the new ones.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::binding::Bindings;

/// The bindings that hold now.
#[derive(Debug, Default)]
pub struct Roster {
    bindings: RwLock<Arc<Bindings>>,
    generation: AtomicU64,
}

impl Roster {
    /// A roster of bindings.
    pub fn new(bindings: Bindings) -> Self {
        Self {
            bindings: RwLock::new(Arc::new(bindings)),
            generation: AtomicU64::new(0),
        }
    }

    /// Replaces all bindings.
    pub fn replace(&self, bindings: Bindings) {
        let mut current = self
            .bindings
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(bindings);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// The bindings that hold now.
    pub fn current(&self) -> Arc<Bindings> {
        let current = self.bindings.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// How often they were replaced.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}
