//! Following baselines: what is there, then every change in the order of commits.

use std::future::poll_fn;

use opsec_access::{Method, Target};
use opsec_proto::v1;
use opsec_store::store::WatchError;
use opsec_store::{BaselineEvent, BaselineWatch, State, StoredBaseline};
use tonic::Request;

use super::Baselines;
use crate::context::require;
use crate::failure::{Failure, StreamFailure};
use crate::rpc::{cursor, encode};
use crate::stream::{Gone, Place, Reader, Teller, Told, stream};

/// What a caller reads.
pub(super) type Events = Told<v1::WatchBaselinesResponse>;

/// One watch.
struct Following {
    reader: Reader,
    teller: Teller<v1::WatchBaselinesResponse>,
    watch: BaselineWatch,
}

impl Baselines {
    pub(super) async fn watch(
        &self,
        request: Request<v1::WatchBaselinesRequest>,
    ) -> Result<Events, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::WatchBaselines, Target::Nothing).await?;
        let asked = request.into_inner().cursor;
        let store = self.context.keeper.watched()?;
        let place = self.context.streams.enter(caller.subject())?;
        let baselines = self.context.keeper.baselines()?;
        let after = if asked.is_empty() {
            baselines.cursor()
        } else {
            cursor::decode(&asked)?
        };
        let watch = BaselineWatch::new(store, after)?;
        let mut current = Vec::new();
        if asked.is_empty() {
            for stored in baselines.iter() {
                let digest = encode::effective_digest(stored, &baselines)?;
                current.push(there(stored, digest));
            }
            current.push(v1::WatchBaselinesResponse {
                kind: v1::WatchKind::Synced.into(),
                cursor: cursor::encode(after),
                ..v1::WatchBaselinesResponse::default()
            });
        }
        let (teller, told) = stream();
        let following = Following {
            reader: Reader::new(caller, Method::WatchBaselines),
            teller,
            watch,
        };
        tokio::spawn(following.run(current, place));
        Ok(told)
    }
}

impl Following {
    async fn run(mut self, current: Vec<v1::WatchBaselinesResponse>, mut place: Place) {
        let told = tokio::select! {
            told = self.follow(current) => told,
            () = place.ended() => Ok(Failure::Stream(StreamFailure::ShuttingDown)),
        };
        if let Ok(failure) = told {
            self.teller.end(failure);
        }
    }

    /// Tells until something ends it.
    async fn follow(&mut self, current: Vec<v1::WatchBaselinesResponse>) -> Result<Failure, Gone> {
        for event in current {
            self.tell(event).await?;
        }
        loop {
            if let Err(failure) = self.reader.still().await {
                return Ok(failure);
            }
            match self.watch.take() {
                Err(WatchError::CursorExpired) => {
                    return Ok(Failure::Stream(StreamFailure::CursorExpired));
                }
                Err(WatchError::Store(error)) => return Ok(Failure::Change(error.into())),
                Ok(events) if events.is_empty() => self.wait().await?,
                Ok(events) => {
                    for event in events {
                        self.tell(changed(event)).await?;
                    }
                }
            }
        }
    }

    async fn tell(&self, event: v1::WatchBaselinesResponse) -> Result<(), Gone> {
        let name = event.baseline.strip_prefix("baselines/");
        if let Some(name) = name {
            let target = Target::Baseline(name);
            let Reader { caller, method, .. } = &self.reader;
            if !caller.sees(*method, target).await {
                return Ok(());
            }
        }
        self.teller.tell(event).await
    }

    /// Waits for a change, and says so when there is none.
    async fn wait(&self) -> Result<(), Gone> {
        let change = poll_fn(|context| self.watch.poll(context));
        let heartbeat = || v1::WatchBaselinesResponse {
            kind: v1::WatchKind::Heartbeat.into(),
            cursor: cursor::encode(self.watch.cursor()),
            ..v1::WatchBaselinesResponse::default()
        };
        self.teller.wait(change, heartbeat).await
    }
}

fn there(stored: &StoredBaseline, digest: String) -> v1::WatchBaselinesResponse {
    v1::WatchBaselinesResponse {
        kind: v1::WatchKind::Current.into(),
        // Who breaks off before all was told has to begin anew.
        cursor: String::new(),
        baseline: encode::resource(stored.name()),
        revision: stored.revision,
        state: encode::state(State::Approved).into(),
        effective_digest: digest,
        inherited: false,
    }
}

fn changed(event: BaselineEvent) -> v1::WatchBaselinesResponse {
    v1::WatchBaselinesResponse {
        kind: v1::WatchKind::Changed.into(),
        cursor: cursor::encode(event.cursor),
        baseline: encode::resource(&event.name),
        revision: event.revision,
        state: encode::state(event.state).into(),
        effective_digest: event.effective_digest.unwrap_or_default(),
        inherited: event.inherited,
    }
}
