//! What changes owe: each has its event in its own transaction, until that is written down. What the
//! process did not come to, because it ended or the call was broken off, is written down from there.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opsec_service::Call;
use opsec_store::outbox::{self, Row};
use opsec_store::{Store, StoreError};

use super::chain::Event;
use super::verify::written;
use super::{Audit, AuditError};
use crate::log::{Level, say};

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(2);

/// Events of changes, between the store and the audit.
#[derive(Debug)]
pub(crate) struct Outbox {
    store: Arc<dyn Store>,
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    /// Calls that will write down what they owe themselves.
    running: BTreeSet<String>,
    /// Events that are written down, and whose rows are not taken out yet.
    settled: BTreeSet<String>,
}

impl Calls {
    fn knows(&self, id: &str) -> bool {
        let call = id.split_once('/').map_or(id, |(call, _)| call);
        self.running.contains(call) || self.settled.contains(id)
    }
}

/// A call that runs; when it is gone, what it owes and did not write down is another's.
#[derive(Debug)]
pub(crate) struct Running {
    outbox: Arc<Outbox>,
    id: String,
}

impl Outbox {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            calls: Mutex::default(),
        }
    }

    /// Begins a call.
    pub(crate) fn begin(self: &Arc<Self>) -> Running {
        let id = uuid::Uuid::now_v7().to_string();
        self.calls().running.insert(id.clone());
        Running {
            outbox: Arc::clone(self),
            id,
        }
    }

    /// Writes down what was owed when the process last ended.
    ///
    /// # Errors
    /// When the store or the audit cannot be read or written.
    pub(crate) async fn recover(&self, audit: &Audit, directory: &Path) -> Result<(), AuditError> {
        let rows = self.rows()?;
        let Some(oldest) = rows.iter().map(|row| row.owed.at).min() else {
            return Ok(());
        };
        let ids: BTreeSet<String> = rows.iter().map(|row| row.owed.id.clone()).collect();
        let there = written(directory, &ids, oldest)?;
        self.write_down(
            audit,
            rows.into_iter().filter(|row| !there.contains(&row.owed.id)),
        )
        .await?;
        self.calls().settled.extend(there);
        self.take_out().await;
        Ok(())
    }

    /// Looks after it for as long as the service runs.
    pub(crate) async fn follow(self: Arc<Self>, audit: Audit) {
        loop {
            tokio::time::sleep(EVERY).await;
            // A store or an audit that failed ends the service elsewhere.
            let Ok(orphans) = self.orphans() else { return };
            if self.write_down(&audit, orphans.into_iter()).await.is_err() {
                return;
            }
            self.take_out().await;
        }
    }

    /// Takes out what is written down, at an end.
    pub(crate) async fn end(&self) {
        self.take_out().await;
    }

    /// Events whose call is gone. INVARIANT: rows that are there before and after it is asked who
    /// knows them, and that nobody knew: whoever is done with an event settles it before its call is
    /// gone, and a settled one is forgotten only when its row is.
    fn orphans(&self) -> Result<Vec<Row>, AuditError> {
        let before = self.rows()?;
        if before.is_empty() {
            return Ok(before);
        }
        let unknown: BTreeSet<String> = {
            let calls = self.calls();
            let ids = before.into_iter().map(|row| row.owed.id);
            ids.filter(|id| !calls.knows(id)).collect()
        };
        let mut rows = self.rows()?;
        rows.retain(|row| unknown.contains(&row.owed.id));
        Ok(rows)
    }

    fn rows(&self) -> Result<Vec<Row>, AuditError> {
        let rows = self
            .store
            .snapshot()
            .and_then(|snapshot| outbox::rows(&*snapshot));
        rows.map_err(|error| AuditError::Store(error.to_string()))
    }

    async fn write_down(
        &self,
        audit: &Audit,
        rows: impl Iterator<Item = Row> + Send,
    ) -> Result<(), AuditError> {
        let rows: Vec<Row> = rows.collect();
        if rows.is_empty() {
            return Ok(());
        }
        let count = rows.len().to_string();
        say(Level::Warning, "events were owed", &[("count", &count)]);
        let ids: Vec<String> = rows.iter().map(|row| row.owed.id.clone()).collect();
        audit
            .write(rows.into_iter().map(Event::replayed).collect())
            .await?;
        self.calls().settled.extend(ids);
        Ok(())
    }

    /// Takes rows out of the store whose events are written down. One that cannot be stays, and is known
    /// by its id when the service starts again.
    async fn take_out(&self) {
        let settled: Vec<String> = self.calls().settled.iter().cloned().collect();
        let now = crate::upkeep::now();
        let ids = settled.iter().map(String::as_str);
        for transaction in outbox::settled(ids, now) {
            if self.store.transact(transaction).await.is_err() {
                return;
            }
        }
        let mut calls = self.calls();
        for id in &settled {
            calls.settled.remove(id);
        }
    }

    /// Every change of what is guarded is whole, so one that panicked left it whole as well.
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// The call, for whoever does it.
    pub(crate) fn call(&self, peer: &str) -> Call {
        Call::new(self.id.clone(), peer.to_owned())
    }

    /// What it owes by now.
    ///
    /// # Errors
    /// When the store failed.
    pub(crate) fn rows(&self) -> Result<Vec<Row>, StoreError> {
        outbox::rows_of(&*self.outbox.store.snapshot()?, &self.id)
    }

    /// What it owed is written down.
    pub(crate) fn settle(&self, rows: Vec<Row>) {
        if !rows.is_empty() {
            let ids = rows.into_iter().map(|row| row.owed.id);
            self.outbox.calls().settled.extend(ids);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.outbox.calls().running.remove(&self.id);
    }
}
