//! Following postures: those that are there, then each as it is recorded, and which of them the filter
//! leaves no longer. Of one that is recorded often only the newest is promised.

mod changes;

use std::collections::BTreeSet;
use std::future::poll_fn;

use opsec_access::{Method, Target};
use opsec_proto::v1;
use tonic::Request;

use super::{Postures, read_filter, seen};
use crate::context::require;
use crate::failure::{Failure, StreamFailure};
use crate::rpc::{cursor, encode};
use crate::stream::{Gone, Place, Reader, Teller, Told, stream};
use crate::use_case::posture::{self, Filter};
use changes::{Change, Changes, Key, Source, key_of};

/// What a caller reads.
pub(super) type Events = Told<v1::WatchPostureResponse>;

/// One watch.
struct Following {
    reader: Reader,
    filter: Filter,
    teller: Teller<v1::WatchPostureResponse>,
    source: Source,
    /// What the reader has: it was told, or it matched when the reader went on from a cursor.
    had: BTreeSet<Key>,
}

impl Postures {
    pub(super) async fn watch(
        &self,
        request: Request<v1::WatchPostureRequest>,
    ) -> Result<Events, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::WatchPosture, Target::Nothing).await?;
        let request = request.into_inner();
        let filter = read_filter(request.filter)?;
        let store = self.context.keeper.watched()?;
        let place = self.context.streams.enter(caller.subject())?;
        let snapshot = store
            .snapshot()
            .map_err(crate::use_case::clusters::stored)?;
        let begins = request.cursor.is_empty();
        let after = if begins {
            snapshot.cursor()
        } else {
            cursor::decode(&request.cursor)?
        };
        let source = Source::after(after, &*snapshot, store)?;
        let all = self.context.run(move |_| posture::list(&*snapshot)).await?;
        let all = seen(&caller, Method::WatchPosture, &filter, all).await;
        let had = all.iter().map(key_of).collect();
        let mut current = Vec::new();
        if begins {
            // Who breaks off before all was told has to begin anew.
            let there = |shown| {
                event(
                    v1::PostureEventKind::Current,
                    "",
                    Some(encode::posture(shown)),
                )
            };
            current.extend(all.iter().map(there));
            let at = cursor::encode(after);
            current.push(event(v1::PostureEventKind::Synced, &at, None));
        }
        let (teller, told) = stream();
        let following = Following {
            reader: Reader::new(caller, Method::WatchPosture),
            filter,
            teller,
            source,
            had,
        };
        tokio::spawn(following.run(current, place));
        Ok(told)
    }
}

impl Following {
    async fn run(mut self, current: Vec<v1::WatchPostureResponse>, mut place: Place) {
        let told = tokio::select! {
            told = self.follow(current) => told,
            () = place.ended() => Ok(Failure::Stream(StreamFailure::ShuttingDown)),
        };
        if let Ok(failure) = told {
            self.teller.end(failure);
        }
    }

    async fn follow(&mut self, current: Vec<v1::WatchPostureResponse>) -> Result<Failure, Gone> {
        for event in current {
            self.teller.tell(event).await?;
        }
        loop {
            if let Err(failure) = self.reader.still().await {
                return Ok(failure);
            }
            let before = cursor::encode(self.source.watch.cursor());
            let mut events = match self.source.changed() {
                Err(failure) => return Ok(failure),
                Ok(changes) => self.events(changes).await,
            };
            // INVARIANT: only the last of what came together says that all of it was told.
            for event in &mut events {
                event.cursor.clone_from(&before);
            }
            if let Some(last) = events.last_mut() {
                last.cursor = cursor::encode(self.source.watch.cursor());
            }
            if events.is_empty() {
                self.wait().await?;
            }
            for event in events {
                self.teller.tell(event).await?;
            }
        }
    }

    /// What the reader is told of changes.
    async fn events(&mut self, changes: Changes) -> Vec<v1::WatchPostureResponse> {
        let mut events = Vec::new();
        for id in changes.forgotten {
            let is_of = |key: &Key| key.0 == id;
            for key in self.had.extract_if(.., is_of) {
                let name = named(&key);
                events.push(event(v1::PostureEventKind::Gone, "", Some(name)));
            }
        }
        let Reader { caller, method, .. } = &self.reader;
        for (key, Change { shown, is_missed }) in changes.now {
            let target = Target::Pair {
                cluster: &key.0,
                operator: &key.1,
            };
            let sees = caller.sees(*method, target).await;
            if sees && self.filter.leaves(&shown) {
                self.had.insert(key);
                let told = Some(encode::posture(&shown));
                events.push(event(v1::PostureEventKind::Changed, "", told));
            } else if self.had.remove(&key) || (is_missed && sees && self.filter.names(&shown)) {
                let told = if sees {
                    encode::posture(&shown)
                } else {
                    named(&key)
                };
                events.push(event(v1::PostureEventKind::Gone, "", Some(told)));
            }
        }
        events
    }

    async fn wait(&self) -> Result<(), Gone> {
        let watch = &self.source.watch;
        let change = poll_fn(|context| watch.poll(context));
        let heartbeat = || {
            let at = cursor::encode(watch.cursor());
            event(v1::PostureEventKind::Heartbeat, &at, None)
        };
        self.teller.wait(change, heartbeat).await
    }
}

/// A posture of which nothing is told but which it is.
fn named((cluster, operator): &Key) -> v1::Posture {
    v1::Posture {
        name: encode::posture_name(cluster, operator),
        ..v1::Posture::default()
    }
}

fn event(
    kind: v1::PostureEventKind,
    at: &str,
    posture: Option<v1::Posture>,
) -> v1::WatchPostureResponse {
    v1::WatchPostureResponse {
        kind: kind.into(),
        cursor: at.to_owned(),
        posture,
    }
}
