//! Following postures: those that are there, then each as it is recorded. Of one that is recorded
//! often only the newest is promised.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;

use opsec_access::{Method, Target};
use opsec_proto::v1;
use opsec_store::store::{Watch, WatchError};
use opsec_store::{Store, key, posture as records};
use tonic::Request;

use super::{Postures, read_filter, seen};
use crate::context::require;
use crate::failure::{Failure, StreamFailure};
use crate::rpc::{cursor, encode};
use crate::stream::{Gone, Place, Reader, Teller, Told, stream};
use crate::use_case::posture::{self, Filter, Shown};

/// What a caller reads.
pub(super) type Events = Told<v1::WatchPostureResponse>;

/// One watch.
struct Following {
    reader: Reader,
    filter: Filter,
    teller: Teller<v1::WatchPostureResponse>,
    store: Arc<dyn Store>,
    watch: Box<dyn Watch>,
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
        let after = if request.cursor.is_empty() {
            snapshot.cursor()
        } else {
            cursor::decode(&request.cursor)?
        };
        let watch = store.watch(&[key::POSTURE], after)?;
        let mut current = Vec::new();
        if request.cursor.is_empty() {
            let all = self.context.run(move |_| posture::list(&*snapshot)).await?;
            let at = cursor::encode(after);
            for shown in seen(&caller, Method::WatchPosture, &filter, all).await {
                current.push(event(v1::PostureEventKind::Current, &at, Some(&shown)));
            }
            current.push(event(v1::PostureEventKind::Synced, &at, None));
        }
        let (teller, told) = stream();
        let following = Following {
            reader: Reader::new(caller, Method::WatchPosture),
            filter,
            teller,
            store,
            watch,
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
            match self.changed() {
                Err(failure) => return Ok(failure),
                Ok(changes) if changes.is_empty() => self.wait().await?,
                Ok(changes) => {
                    let at = cursor::encode(self.watch.cursor());
                    let Reader { caller, method, .. } = &self.reader;
                    for shown in seen(caller, *method, &self.filter, changes).await {
                        let event = event(v1::PostureEventKind::Changed, &at, Some(&shown));
                        self.teller.tell(event).await?;
                    }
                }
            }
        }
    }

    /// The newest state of each posture that changed.
    fn changed(&mut self) -> Result<Vec<Shown>, Failure> {
        let events = match self.watch.take() {
            Ok(events) => events,
            Err(WatchError::CursorExpired) => {
                return Err(Failure::Stream(StreamFailure::CursorExpired));
            }
            Err(WatchError::Store(error)) => return Err(Failure::Change(error.into())),
        };
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let stored = crate::use_case::clusters::stored;
        let snapshot = self.store.snapshot().map_err(stored)?;
        let clusters = posture::clusters(&*snapshot)?;
        let mut newest = BTreeMap::new();
        for event in events {
            let changed = records::of_event(&event, &*snapshot).map_err(stored)?;
            let cluster = changed
                .as_ref()
                .and_then(|one| clusters.iter().find(|known| known.uid == one.cluster_uid));
            if let (Some(changed), Some(cluster)) = (&changed, cluster) {
                let key = (changed.cluster_uid.clone(), changed.operator.clone());
                if let Some(shown) = posture::get(&*snapshot, cluster, &changed.operator)? {
                    newest.insert(key, shown);
                }
            }
        }
        Ok(newest.into_values().collect())
    }

    async fn wait(&self) -> Result<(), Gone> {
        let change = poll_fn(|context| self.watch.poll(context));
        let heartbeat = || {
            let at = cursor::encode(self.watch.cursor());
            event(v1::PostureEventKind::Heartbeat, &at, None)
        };
        self.teller.wait(change, heartbeat).await
    }
}

fn event(kind: v1::PostureEventKind, at: &str, shown: Option<&Shown>) -> v1::WatchPostureResponse {
    v1::WatchPostureResponse {
        kind: kind.into(),
        cursor: at.to_owned(),
        posture: shown.map(encode::posture),
    }
}
