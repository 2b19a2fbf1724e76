//! What every handler has: what is stored, pages, the way work is done, and who calls.

use std::sync::Arc;
use std::time::Instant;

use opsec_access::{Caller, Method, Target};
use opsec_model::OperatorSummary;
use tokio::sync::Semaphore;
use tonic::Request;

use crate::collector::Collector;
use crate::failure::Failure;
use crate::keeper::Keeper;
use crate::page::Pages;
use crate::signing::Signing;
use crate::stream::Streams;
use crate::trail::Trail;
use crate::use_case::clusters::Place;
use crate::waits::Waits;

/// What every handler has.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) keeper: Keeper,
    pub(crate) pages: Pages,
    /// Who calls when nobody said so: absent in a service that others reach.
    pub(crate) nobody: Option<Caller>,
    /// Room for evaluations; absent: they run where they are called.
    pub(crate) evaluations: Option<Arc<Semaphore>>,
    /// Room for changes: they wait for the disk together, and not for evaluations.
    pub(crate) changes: Arc<Semaphore>,
    pub(crate) streams: Arc<Streams>,
    /// Whether changes of baselines only are proposed.
    pub(crate) needs_approval: bool,
    /// How statements are signed; absent: none are.
    pub(crate) signing: Option<Signing>,
    /// The audit; absent: none is written.
    pub(crate) trail: Option<Arc<dyn Trail>>,
    /// What reads clusters; absent: nothing does.
    pub(crate) collector: Option<Arc<dyn Collector>>,
    /// Is told how long evaluations wait for their turn.
    pub(crate) waits: Arc<Waits>,
}

impl Context {
    /// Who calls.
    pub(crate) fn caller<T>(&self, request: &Request<T>) -> Result<Caller, Failure> {
        let named = request.extensions().get::<Caller>().cloned();
        named
            .or_else(|| self.nobody.clone())
            .ok_or(Failure::Unauthenticated)
    }

    /// Does work that blocks or takes long, away from the tasks that serve connections.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let Some(evaluations) = &self.evaluations else {
            return work(self);
        };
        let asked = Instant::now();
        // The semaphore is never closed.
        let permit = Arc::clone(evaluations).acquire_owned().await;
        self.waits.add(asked.elapsed());
        self.away(permit, work).await
    }

    /// Makes a change, which waits for the disk: those that wait at once share what they wait for.
    pub(crate) async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        if self.evaluations.is_none() {
            return work(self);
        }
        let permit = Arc::clone(&self.changes).acquire_owned().await;
        self.away(permit, work).await
    }

    async fn away<T: Send + 'static, P: Send + 'static>(
        self: &Arc<Self>,
        permit: P,
        work: impl FnOnce(&Self) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let context = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&context)
        });
        done.await.map_err(|_| Failure::bug())?
    }
}

/// Refuses operators of a registered cluster that the caller's roles are not for.
pub(crate) async fn within(
    caller: &Caller,
    method: Method,
    place: &Place,
    operators: impl Iterator<Item = &OperatorSummary> + Send,
) -> Result<(), Failure> {
    let Some(cluster) = place.registered() else {
        return Ok(());
    };
    for operator in operators {
        let target = Target::Pair {
            cluster: &cluster.id,
            operator: &operator.id(),
        };
        require(caller, method, target).await?;
    }
    Ok(())
}

/// Refuses a registered cluster that the caller's roles are not for as a whole.
pub(crate) async fn everywhere(
    caller: &Caller,
    method: Method,
    place: &Place,
) -> Result<(), Failure> {
    match place.registered() {
        Some(cluster) => require(caller, method, Target::Cluster(&cluster.id)).await,
        None => Ok(()),
    }
}

/// Refuses what the caller may not do.
pub(crate) async fn require(
    caller: &Caller,
    method: Method,
    target: Target<'_>,
) -> Result<(), Failure> {
    caller
        .require(method, target)
        .await
        .map_err(Failure::Denied)
}
