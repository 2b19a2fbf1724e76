//! What is stored, as this process sees it: read once, when the service starts, and again after
//! each change that it makes. The lock of the store is not held in between.

use std::sync::{Arc, PoisonError, RwLock};

use opsec_store::{Baselines, Change, ChangeContext, ChangeError, Outcome, StoreError};
use opsec_store::{StoreLocation, apply};

/// The baselines and where they are kept.
#[derive(Debug)]
pub(crate) struct View {
    location: Option<StoreLocation>,
    baselines: RwLock<Arc<Baselines>>,
}

impl View {
    /// Reads what is stored; without a location, or when nothing is there, that is nothing.
    pub(crate) fn load(location: Option<StoreLocation>) -> Result<Self, StoreError> {
        let baselines = match &location {
            Some(location) => Baselines::load(location)?,
            None => Baselines::default(),
        };
        Ok(Self {
            location,
            baselines: RwLock::new(Arc::new(baselines)),
        })
    }

    /// What is stored.
    pub(crate) fn baselines(&self) -> Arc<Baselines> {
        // The value is replaced whole, so one whose writer panicked is whole as well.
        Arc::clone(
            &self
                .baselines
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Makes a change; absent when there is no store to make it in.
    pub(crate) fn apply(
        &self,
        change: Change,
        context: &ChangeContext,
    ) -> Option<Result<Outcome, ChangeError>> {
        let outcome = apply(self.location.as_ref()?, &change, context);
        if let Ok(outcome) = &outcome
            && !context.validate_only
        {
            *self
                .baselines
                .write()
                .unwrap_or_else(PoisonError::into_inner) = Arc::new(outcome.after.clone());
        }
        Some(outcome)
    }
}
