//! The baselines of a store that stays open: what is stored, revisions, and changes. Every change
//! is planned on a snapshot and made only if nothing of that changed; else it is planned again.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use crate::baseline::{self, Deletion, Found, State, StoredBaseline};
use crate::batch::Batch;
use crate::change::{self, Change, ChangeContext, Outcome, Planned};
use crate::error::{ChangeError, StoreError};
use crate::key;
use crate::location::StoreLocation;
use crate::outbox::About;
use crate::replay::Answer;
use crate::sled_store::SledStore;
use crate::state::Baselines;
use crate::store::{Range, Snapshot, Store, Verdict, WatchError};

/// How often a change is planned again; each time another one was made meanwhile.
const ATTEMPTS: usize = 64;

/// The baselines of a store.
#[derive(Debug)]
pub struct Catalogue {
    store: Arc<dyn Store>,
    baselines: RwLock<Arc<Baselines>>,
}

/// A revision of a baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its number.
    pub number: i64,
    /// What it says.
    pub state: State,
    /// Its content, or the deletion that it is.
    pub content: Result<StoredBaseline, Deletion>,
    /// Names its state.
    pub etag: String,
}

impl Revision {
    /// Who wrote it.
    pub fn author(&self) -> &str {
        match &self.content {
            Ok(stored) => &stored.author,
            Err(deletion) => &deletion.author,
        }
    }
}

impl Catalogue {
    /// Reads all baselines of a store.
    ///
    /// # Errors
    /// When one of them cannot be read whole.
    pub fn new(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let baselines = Baselines::read(&*store.snapshot()?)?;
        Ok(Self {
            store,
            baselines: RwLock::new(Arc::new(baselines)),
        })
    }

    /// The baselines that are durable now: only those that changed are read again.
    ///
    /// # Errors
    /// When the store failed.
    pub fn baselines(&self) -> Result<Arc<Baselines>, StoreError> {
        self.at(&*self.store.snapshot()?)
    }

    fn at(&self, snapshot: &dyn Snapshot) -> Result<Arc<Baselines>, StoreError> {
        let known = Arc::clone(
            &self
                .baselines
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        );
        if known.cursor() == snapshot.cursor() {
            return Ok(known);
        }
        let next = match self.changed(&known, snapshot) {
            Ok(names) => known.refreshed(names, snapshot)?,
            Err(WatchError::CursorExpired) => Baselines::read(snapshot)?,
            Err(WatchError::Store(error)) => return Err(error),
        };
        let next = Arc::new(next);
        let mut kept = self
            .baselines
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if next.cursor().epoch != kept.cursor().epoch || next.cursor() > kept.cursor() {
            *kept = Arc::clone(&next);
        }
        Ok(next)
    }

    /// Names of baselines that changed between what is known and a snapshot, or just after it.
    fn changed(
        &self,
        known: &Baselines,
        snapshot: &dyn Snapshot,
    ) -> Result<BTreeSet<String>, WatchError> {
        if known.cursor() > snapshot.cursor() {
            return Err(WatchError::CursorExpired);
        }
        let mut watch = self.store.watch(&[key::HEAD], known.cursor())?;
        let mut names = BTreeSet::new();
        while watch.cursor().commit < snapshot.cursor().commit {
            let events = watch.take()?;
            names.extend(
                events
                    .iter()
                    .filter_map(|one| key::id_of(&one.key))
                    .map(str::to_owned),
            );
        }
        Ok(names)
    }

    /// A revision of a baseline that is there or was.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn revision(&self, name: &str, number: i64) -> Result<Revision, ChangeError> {
        revision(name, number, &*self.store.snapshot()?)
    }

    /// Revisions of a baseline after a number, in their order; at most `limit`. No baseline of
    /// that name has none.
    ///
    /// # Errors
    /// When one is damaged.
    pub fn revisions(
        &self,
        name: &str,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Revision>, ChangeError> {
        let snapshot = self.store.snapshot()?;
        let range = Range::prefix(&key::revisions_of(name))
            .after(&key::revision(name, after))
            .limit(limit)
            .keys_only();
        let numbers = snapshot.range(&range)?.entries.into_iter();
        numbers
            .filter_map(|entry| Some(key::revision_of(&entry.key)?.1))
            .map(|number| revision(name, number, &*snapshot))
            .collect()
    }

    /// Makes a change. It is durable when this returns.
    ///
    /// # Errors
    /// When the rules refuse the change, or the store fails. Nothing was changed then, unless the
    /// error says that it is not known.
    pub fn apply(&self, change: &Change, context: &ChangeContext) -> Result<Outcome, ChangeError> {
        for _ in 0..ATTEMPTS {
            let snapshot = self.store.snapshot()?;
            let (mut outcome, batch) = self.plan(change, context, &*snapshot)?;
            if batch.is_empty() || context.validate_only {
                return Ok(outcome);
            }
            let transaction = batch.on(&*snapshot, context.now)?;
            if let Verdict::Committed(_) = self.store.transact(transaction).wait()? {
                outcome.after = Baselines::clone(&*self.baselines()?);
                return Ok(outcome);
            }
        }
        Err(StoreError::Overloaded.into())
    }

    fn plan(
        &self,
        change: &Change,
        context: &ChangeContext,
        snapshot: &dyn Snapshot,
    ) -> Result<(Outcome, Batch), ChangeError> {
        let before = self.at(snapshot)?;
        if let Some(replay) = &context.replay
            && let Some(answer) = replay.answered(snapshot, context.now)?
        {
            let outcome = replayed(change, &answer, snapshot, &before)?;
            return Ok((outcome, Batch::default()));
        }
        let planned = prepare(change, snapshot)?;
        let (outcome, mut batch) = change::plan(&before, planned, context)?;
        if !batch.is_empty() {
            let about = About {
                resource: format!("baselines/{}", change.name()),
                revision: outcome.revision,
                etag_before: change.etag().to_owned(),
                ..About::default()
            };
            context.owe(about, &mut batch)?;
        }
        if let Some(replay) = &context.replay {
            let answer = Answer {
                revision: outcome.revision,
                unchanged: outcome.unchanged,
                proposed: outcome.proposed,
                ..Answer::default()
            };
            replay.keep(snapshot, context.now, answer, &mut batch)?;
        }
        Ok((outcome, batch))
    }
}

/// Makes a change in a store that is opened and closed for it. It is durable when this returns. A
/// store that is absent is created, unless the change only is to be validated or is refused.
///
/// # Errors
/// When the rules refuse the change, or the store fails. Nothing was changed then, unless the
/// error says that it is not known.
pub fn apply(
    location: &StoreLocation,
    change: &Change,
    context: &ChangeContext,
) -> Result<Outcome, ChangeError> {
    if !location.exists()? {
        let planned = Planned::Asked(change.clone());
        let (outcome, _) = change::plan(&Baselines::default(), planned, context)?;
        if context.validate_only {
            return Ok(outcome);
        }
    }
    Catalogue::new(Arc::new(SledStore::open(location)?))?.apply(change, context)
}

fn prepare(change: &Change, snapshot: &dyn Snapshot) -> Result<Planned, ChangeError> {
    let (name, number) = match change {
        Change::Rollback { name, revision, .. } | Change::Decide { name, revision, .. } => {
            (name, *revision)
        }
        _ => return Ok(Planned::Asked(change.clone())),
    };
    if snapshot.get(&key::head(name))?.is_none() {
        return Err(ChangeError::NotFound { name: name.clone() });
    }
    let found = find(name, number, snapshot)?;
    let name = name.clone();
    match change {
        Change::Decide { etag, approve, .. } => Ok(Planned::Decide {
            name,
            revision: number,
            found: Box::new(found),
            etag: etag.clone(),
            approve: *approve,
        }),
        Change::Rollback { etag, .. } if found.state == State::Approved => match found.content {
            Ok(to) => Ok(Planned::Back {
                to: Box::new(to),
                etag: etag.clone(),
            }),
            Err(_) => Err(ChangeError::RollbackToTombstone {
                name,
                revision: number,
            }),
        },
        _ => Err(ChangeError::RollbackToTombstone {
            name,
            revision: number,
        }),
    }
}

fn find(name: &str, number: i64, snapshot: &dyn Snapshot) -> Result<Found, ChangeError> {
    let found = baseline::read_revision(name, number, snapshot)?;
    found.ok_or_else(|| ChangeError::RevisionNotFound {
        name: name.to_owned(),
        revision: number,
    })
}

fn revision(name: &str, number: i64, snapshot: &dyn Snapshot) -> Result<Revision, ChangeError> {
    let Found { state, content } = find(name, number, snapshot)?;
    Ok(Revision {
        number,
        state,
        content,
        etag: baseline::etag(name, number, state),
    })
}

/// The answer of a request that was answered before, from the revision that it made.
fn replayed(
    change: &Change,
    answer: &Answer,
    snapshot: &dyn Snapshot,
    after: &Baselines,
) -> Result<Outcome, ChangeError> {
    Ok(Outcome {
        baseline: find(change.name(), answer.revision, snapshot)?.content.ok(),
        revision: answer.revision,
        unchanged: answer.unchanged,
        proposed: answer.proposed,
        after: after.clone(),
    })
}
