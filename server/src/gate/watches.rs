//! How many streams go on at a time, in all and of one subject.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::refusal::Refusal;
use crate::config::Limits;

/// Streams that go on.
#[derive(Debug)]
pub(super) struct Watches {
    all: usize,
    each: usize,
    by_subject: Mutex<BTreeMap<String, usize>>,
}

/// One that goes on, until it is dropped.
#[derive(Debug)]
pub(super) struct Watching {
    watches: Arc<Watches>,
    subject: String,
}

impl Watches {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            all: limits.watches,
            each: limits.watches_per_subject,
            by_subject: Mutex::new(BTreeMap::new()),
        }
    }

    pub(super) fn take(watches: &Arc<Self>, subject: &str) -> Result<Watching, Refusal> {
        let mut counts = watches
            .by_subject
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let own = counts.get(subject).copied().unwrap_or(0);
        if own >= watches.each || counts.values().sum::<usize>() >= watches.all {
            return Err(Refusal::TooManyStreams);
        }
        counts.insert(subject.to_owned(), own + 1);
        Ok(Watching {
            watches: Arc::clone(watches),
            subject: subject.to_owned(),
        })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut counts = self
            .watches
            .by_subject
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.subject) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.subject);
            }
        }
    }
}
