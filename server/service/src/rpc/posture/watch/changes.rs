//! What changes of the store come to for postures: those that are another now, and those of clusters that
//! are not registered any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use opsec_store::store::{Cursor, Event, Snapshot, Watch, WatchError};
use opsec_store::{Store, cluster, key, posture as records};

use crate::failure::{Failure, StreamFailure};
use crate::use_case::clusters::stored;
use crate::use_case::posture::{self, Shown};

/// A posture by cluster and operator.
pub(super) type Key = (String, String);

/// Where changes come from.
#[derive(Debug)]
pub(super) struct Source {
    store: Arc<dyn Store>,
    pub(super) watch: Box<dyn Watch>,
    /// The state that the watch began at; what it tells from before that was missed.
    began: Cursor,
    /// UIDs of the registered clusters, by id.
    clusters: BTreeMap<String, String>,
}

/// What changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Postures that were recorded, or whose cluster was registered, as they are now.
    pub(super) now: BTreeMap<Key, Change>,
    /// Clusters that are not registered any more, by id.
    pub(super) forgotten: Vec<String>,
}

/// A posture that changed.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) shown: Shown,
    /// Whether it changed before the watch began: it is not known what it was.
    pub(super) is_missed: bool,
}

impl Source {
    /// Everything after a cursor, watched from a state on.
    pub(super) fn after(
        cursor: Cursor,
        state: &dyn Snapshot,
        store: Arc<dyn Store>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            // Clusters too: one that is forgotten takes its postures along.
            watch: store.watch(&[], cursor)?,
            began: state.cursor(),
            clusters: registered(state)?,
            store,
        })
    }

    /// What changed since it was asked last; of a posture the newest state.
    pub(super) fn changed(&mut self) -> Result<Changes, Failure> {
        let expired = || Failure::Stream(StreamFailure::CursorExpired);
        let events = match self.watch.take() {
            Ok(events) => events,
            Err(WatchError::CursorExpired) => return Err(expired()),
            Err(WatchError::Store(error)) => return Err(Failure::Change(error.into())),
        };
        let is_of = |event: &Event, kind: u8| event.key.first() == Some(&kind);
        let mut changes = Changes::default();
        let mut of_clusters = events.iter().filter(|event| is_of(event, key::CLUSTER));
        if let Some(first) = of_clusters.next() {
            // Which clusters there were is not kept: a list says which postures there are.
            if first.commit <= self.began.commit {
                return Err(expired());
            }
            self.clusters_changed(&mut changes)?;
        }
        for event in events.iter().filter(|event| is_of(event, key::POSTURE)) {
            self.recorded(event, &mut changes)?;
        }
        Ok(changes)
    }

    fn clusters_changed(&mut self, changes: &mut Changes) -> Result<(), Failure> {
        let snapshot = self.store.snapshot().map_err(stored)?;
        let now = registered(&*snapshot)?;
        let known = std::mem::take(&mut self.clusters);
        let is_new = |id: &String| known.get(id) != now.get(id);
        let forgotten = known.keys().filter(|id| is_new(id));
        changes.forgotten.extend(forgotten.cloned());
        if now.keys().any(is_new) {
            for shown in posture::list(&*snapshot)? {
                if is_new(&shown.cluster.id) {
                    changes.add(shown, false);
                }
            }
        }
        self.clusters = now;
        Ok(())
    }

    fn recorded(&self, event: &Event, changes: &mut Changes) -> Result<(), Failure> {
        let snapshot = self.store.snapshot().map_err(stored)?;
        let Some(recorded) = records::of_event(event, &*snapshot).map_err(stored)? else {
            return Ok(());
        };
        let cluster = cluster::of_uid(&*snapshot, &recorded.cluster_uid).map_err(stored)?;
        let Some(cluster) = cluster else {
            return Ok(());
        };
        let shown = posture::get(&*snapshot, &cluster, &recorded.operator)?;
        // What a caller says changes nothing where the service collected.
        if let Some(shown) = shown.filter(|shown| shown.posture.mode == recorded.mode) {
            changes.add(shown, event.commit <= self.began.commit);
        }
        Ok(())
    }
}

impl Changes {
    fn add(&mut self, shown: Shown, is_missed: bool) {
        let key = key_of(&shown);
        let was_missed = self.now.get(&key).is_some_and(|known| known.is_missed);
        let change = Change {
            shown,
            is_missed: is_missed || was_missed,
        };
        self.now.insert(key, change);
    }
}

/// By what a posture is known.
pub(super) fn key_of(shown: &Shown) -> Key {
    (shown.cluster.id.clone(), shown.posture.operator.clone())
}

fn registered(snapshot: &dyn Snapshot) -> Result<BTreeMap<String, String>, Failure> {
    let clusters = posture::clusters(snapshot)?.into_iter();
    Ok(clusters.map(|one| (one.id, one.uid)).collect())
}
