//! The log of changes, and who follows it. An event is kept for a day at least, and the newest ten
//! thousand for ever; commits are never given in part, so a cursor is always between two.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::shared::Shared;
use super::view::SledSnapshot;
use crate::error::StoreError;
use crate::key;
use crate::store::{Cursor, Event, Range, Snapshot as _, Watch, WatchError};

/// How long an event is kept, in milliseconds.
pub(crate) const KEPT: i64 = 24 * 60 * 60 * 1_000;

/// About how many events are taken at once.
const TAKE: usize = 1_000;

/// An event as it is stored: time, whether there is a value, the length of the key, key, value.
pub(crate) fn encode(now: i64, key: &[u8], value: Option<&[u8]>) -> Vec<u8> {
    let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
    let mut event = now.to_be_bytes().to_vec();
    event.push(u8::from(value.is_some()));
    event.extend_from_slice(&length.to_be_bytes());
    event.extend_from_slice(key);
    event.extend_from_slice(value.unwrap_or_default());
    event
}

/// When a stored event was; unreadable ones are as old as can be.
pub(crate) fn time(event: &[u8]) -> i64 {
    event
        .first_chunk()
        .map_or(i64::MIN, |bytes| i64::from_be_bytes(*bytes))
}

fn decode(commit: u64, event: &[u8]) -> Option<Event> {
    let (&present, rest) = event.get(8..)?.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (key, value) = rest.split_at_checked(length)?;
    Some(Event {
        commit,
        key: key.to_vec(),
        value: (present == 1).then(|| value.to_vec()),
    })
}

/// Changes of keys that begin with a prefix.
#[derive(Debug)]
pub(crate) struct SledWatch {
    shared: Arc<Shared>,
    prefix: Vec<u8>,
    cursor: Cursor,
}

impl SledWatch {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        prefix: &[u8],
        cursor: Cursor,
    ) -> Result<Self, WatchError> {
        let watch = Self {
            shared: Arc::clone(shared),
            prefix: prefix.to_vec(),
            cursor,
        };
        watch.snapshot()?;
        Ok(watch)
    }

    /// The newest snapshot, if everything after the cursor is in it.
    fn snapshot(&self) -> Result<SledSnapshot, WatchError> {
        self.shared.check()?;
        let snapshot = SledSnapshot::new(&self.shared);
        let now = snapshot.cursor();
        // Before the first commit there is no epoch: whoever saw that saw that nothing was there.
        let known = (self.cursor.epoch == now.epoch || self.cursor == Cursor::default())
            && self.cursor.commit <= now.commit
            && self.cursor.commit >= snapshot.compacted();
        if known {
            Ok(snapshot)
        } else {
            Err(WatchError::CursorExpired)
        }
    }

    fn range(&self) -> Range {
        let mut range = Range::prefix(&[key::EVENT]);
        range.start = key::event(self.cursor.commit.saturating_add(1), 0);
        range
    }
}

impl Watch for SledWatch {
    fn take(&mut self) -> Result<Vec<Event>, WatchError> {
        let snapshot = self.snapshot()?;
        self.cursor.epoch = snapshot.cursor().epoch;
        let mut events = Vec::new();
        let mut range = self.range();
        loop {
            // An event that went meanwhile is one that is not kept any more.
            let page = match snapshot.range(&range) {
                Ok(page) => page,
                Err(error) => return Err(self.snapshot().err().unwrap_or(error.into())),
            };
            for entry in &page.entries {
                let commit = key::event_commit(&entry.key).unwrap_or_default();
                if events.len() >= TAKE && commit > self.cursor.commit {
                    return Ok(events);
                }
                self.cursor.commit = commit;
                let event = decode(commit, &entry.value).ok_or_else(|| {
                    let what = key::describe(&entry.key);
                    StoreError::corrupt(snapshot.place(), what, "it does not decode")
                })?;
                if event.key.starts_with(&self.prefix) {
                    events.push(event);
                }
            }
            match page.entries.last() {
                Some(last) if page.more => range = range.after(&last.key),
                _ => {
                    self.cursor.commit = snapshot.cursor().commit;
                    return Ok(events);
                }
            }
        }
    }

    fn cursor(&self) -> Cursor {
        self.cursor
    }

    fn wait(&self, patience: Duration) -> bool {
        self.shared.bell.wait_beyond(self.cursor.commit, patience)
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        self.shared.bell.poll_beyond(self.cursor.commit, context)
    }
}
