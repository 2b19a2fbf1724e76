//! Where what is stored is kept. The daemon holds its store open; a plugin opens it for each change
//! and lets it go again, so that twenty of them can share one directory.

use std::sync::{Arc, PoisonError, RwLock};

use opsec_store::store::{Cursor, Snapshot};
use opsec_store::{
    Baselines, Catalogue, Change, ChangeContext, ChangeError, Outcome, SledStore, Store,
    StoreError, StoreLocation,
};

use crate::failure::Failure;

/// What is stored, and where.
#[derive(Debug)]
pub(crate) enum Keeper {
    /// In a store that stays open.
    Open {
        /// The store.
        store: Arc<dyn Store>,
        /// Its baselines.
        catalogue: Catalogue,
    },
    /// In a directory, if there is one, that others use as well.
    Shared {
        /// The directory; absent: nothing is stored, and nothing can be.
        location: Option<StoreLocation>,
        /// The baselines as they were read when the service started, and after each own change.
        baselines: RwLock<Arc<Baselines>>,
    },
}

impl Keeper {
    /// A store that stays open.
    pub(crate) fn open(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let catalogue = Catalogue::new(Arc::clone(&store))?;
        Ok(Self::Open { store, catalogue })
    }

    /// Reads a directory; without one, or when nothing is there, nothing is stored.
    pub(crate) fn shared(location: Option<StoreLocation>) -> Result<Self, StoreError> {
        let baselines = match &location {
            Some(location) => Baselines::load(location)?,
            None => Baselines::default(),
        };
        Ok(Self::Shared {
            location,
            baselines: RwLock::new(Arc::new(baselines)),
        })
    }

    /// Whether the cluster of a snapshot is known by its UID alone. For a plugin that serves
    /// itself the caller and the service are one, and its word stands.
    pub(crate) fn knows_clusters(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// The baselines.
    pub(crate) fn baselines(&self) -> Result<Arc<Baselines>, Failure> {
        match self {
            Self::Open { catalogue, .. } => catalogue.baselines().map_err(store_failed),
            // The value is replaced whole, so one whose writer panicked is whole as well.
            Self::Shared { baselines, .. } => Ok(Arc::clone(
                &baselines.read().unwrap_or_else(PoisonError::into_inner),
            )),
        }
    }

    /// How far the history of a store that stays open has come; absent of another.
    pub(crate) fn cursor(&self) -> Result<Option<Cursor>, Failure> {
        match self {
            Self::Open { store, .. } => Ok(Some(store.snapshot().map_err(store_failed)?.cursor())),
            Self::Shared { .. } => Ok(None),
        }
    }

    /// Makes a change of a baseline.
    pub(crate) fn apply(
        &self,
        change: &Change,
        context: &ChangeContext,
    ) -> Result<Outcome, Failure> {
        match self {
            Self::Open { catalogue, .. } => Ok(catalogue.apply(change, context)?),
            Self::Shared {
                location,
                baselines,
            } => {
                let location = location.as_ref().ok_or(Failure::NoStore)?;
                let outcome = opsec_store::apply(location, change, context)?;
                if !context.validate_only {
                    *baselines.write().unwrap_or_else(PoisonError::into_inner) =
                        Arc::new(outcome.after.clone());
                }
                Ok(outcome)
            }
        }
    }

    /// Does something with the catalogue; absent when nothing was ever stored.
    pub(crate) fn catalogue<T>(
        &self,
        work: impl FnOnce(&Catalogue) -> Result<T, ChangeError>,
    ) -> Result<Option<T>, Failure> {
        if let Self::Open { catalogue, .. } = self {
            return Ok(Some(work(catalogue)?));
        }
        match self.opened()? {
            None => Ok(None),
            Some(store) => Ok(Some(work(&Catalogue::new(store).map_err(store_failed)?)?)),
        }
    }

    /// Everything that is stored now; absent when nothing ever was.
    pub(crate) fn snapshot(&self) -> Result<Option<Arc<dyn Snapshot>>, Failure> {
        let store = self.opened()?;
        store
            .map(|store| store.snapshot())
            .transpose()
            .map_err(store_failed)
    }

    /// A store to write to, created when it is not there.
    pub(crate) fn store(&self) -> Result<Arc<dyn Store>, Failure> {
        match self {
            Self::Open { store, .. } => Ok(Arc::clone(store)),
            Self::Shared { location, .. } => {
                let location = location.as_ref().ok_or(Failure::NoStore)?;
                Ok(Arc::new(SledStore::open(location).map_err(store_failed)?))
            }
        }
    }

    /// A store whose changes can be followed: one that stays open.
    pub(crate) fn watched(&self) -> Result<Arc<dyn Store>, Failure> {
        match self {
            Self::Open { store, .. } => Ok(Arc::clone(store)),
            Self::Shared { .. } => Err(Failure::OnlyServed("watching")),
        }
    }

    fn opened(&self) -> Result<Option<Arc<dyn Store>>, Failure> {
        match self {
            Self::Open { store, .. } => Ok(Some(Arc::clone(store))),
            Self::Shared {
                location: Some(location),
                ..
            } if location.exists().map_err(store_failed)? => Ok(Some(Arc::new(
                SledStore::open(location).map_err(store_failed)?,
            ))),
            Self::Shared { .. } => Ok(None),
        }
    }
}

fn store_failed(error: StoreError) -> Failure {
    Failure::Change(error.into())
}
