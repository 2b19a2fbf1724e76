//! The gate that every call passes before a byte of its body is read, in the order of the contract:
//! overload, identity, rate, method, role, size. Whatever ends a call here says the documented code
//! and reason.

mod admission;
mod body;
mod budget;
mod classify;
mod deadline;
mod mend;
mod observed;
mod outcome;
mod rate;
mod record;
mod refusal;
mod strangers;
mod unwind;
mod watches;

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use opsec_access::{Caller, Method};
use opsec_service::Call;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service};

pub(crate) use self::admission::Admission;
use self::budget::Budget;
use self::classify::Called;
use self::deadline::Deadline;
use self::observed::Observed;
pub(crate) use self::observed::Observers;
use self::outcome::{Held, Outcome};
use self::rate::Rates;
use self::record::Who;
pub(crate) use self::refusal::Refusal;
use self::strangers::Strangers;
use self::watches::Watches;
use crate::audit::{Audit, Outbox};
use crate::config::Limits;
use crate::identity::{Credentials, Identities};
use crate::listen::Peer;

type Request = http::Request<Body>;
type Response = http::Response<Body>;

/// Health calls at a time: they have slots of their own, so that a busy service is not taken for a
/// dead one.
const HEALTH: usize = 64;

/// What all calls have in common.
#[derive(Debug)]
pub(crate) struct Gate {
    limits: Limits,
    identities: Identities,
    admission: Arc<Admission>,
    health: Arc<Semaphore>,
    bodies: Arc<Budget>,
    rates: Rates,
    watches: Arc<Watches>,
    observers: Observers,
    audit: Audit,
    outbox: Arc<Outbox>,
    strangers: Strangers,
    /// Turns true when streams are to end.
    closing: watch::Receiver<bool>,
    /// Is told when a stored record turned out damaged.
    damaged: watch::Sender<bool>,
}

impl Gate {
    pub(crate) fn new(
        (limits, admission): (Limits, Arc<Admission>),
        (identities, observers): (Identities, Observers),
        (audit, outbox): (Audit, Arc<Outbox>),
        closing: watch::Receiver<bool>,
        damaged: watch::Sender<bool>,
    ) -> Self {
        Self {
            admission,
            health: Arc::new(Semaphore::new(HEALTH)),
            bodies: Arc::new(Budget::new(limits.bodies)),
            rates: Rates::new(&limits),
            watches: Arc::new(Watches::new(&limits)),
            limits,
            identities,
            observers,
            audit,
            outbox,
            strangers: Strangers::default(),
            closing,
            damaged,
        }
    }

    /// The gate as a layer around the services.
    pub(crate) fn layer(self) -> GateLayer {
        GateLayer(Arc::new(self))
    }
}

/// The gate as a layer.
#[derive(Debug, Clone)]
pub(crate) struct GateLayer(Arc<Gate>);

impl<S> tower::Layer<S> for GateLayer {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated {
            gate: Arc::clone(&self.0),
            inner,
        }
    }
}

/// Services behind the gate.
#[derive(Debug, Clone)]
pub(crate) struct Gated<S> {
    gate: Arc<Gate>,
    inner: S,
}

impl<S> Service<Request> for Gated<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<Response, Infallible>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let waiting = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, waiting);
        let gate = Arc::clone(&self.gate);
        Box::pin(async move {
            let called = Called::of(request.uri().path());
            let observed = Observed::begin(&gate.observers, called, &request);
            let passed = match called {
                Called::Health { watch } => gate.health(request, watch, ready).await,
                Called::Method(method) => gate.pass(request, Some(method), ready, &observed).await,
                Called::Unknown => gate.pass(request, None, ready, &observed).await,
            };
            let response = passed.unwrap_or_else(Refusal::into_response);
            observed.end(&response);
            Ok(response)
        })
    }
}

impl Gate {
    /// Health is everyone's, without identity.
    async fn health<S>(
        &self,
        request: Request,
        watch: bool,
        mut inner: S,
    ) -> Result<Response, Refusal>
    where
        S: Service<Request, Response = Response, Error = Infallible> + Send,
        S::Future: Send,
    {
        let slot = take(&self.health)?;
        let held = Held::slot(slot);
        let Ok(response) = inner.call(request).await;
        let closing = watch.then(|| self.closing.clone());
        Ok(Outcome::new(held).closing(closing).wrap(response))
    }

    async fn pass<S>(
        &self,
        mut request: Request,
        method: Option<Method>,
        mut inner: S,
        observed: &Observed,
    ) -> Result<Response, Refusal>
    where
        S: Service<Request, Response = Response, Error = Infallible> + Send,
        S::Future: Send,
    {
        let slot = self.admission.take()?;
        let peer = request.extensions().get::<Peer>().cloned();
        let address = peer.as_ref().map(|peer| peer.address.to_string());
        let credentials = Credentials::of(request.headers(), peer);
        let part = observed.part("identity");
        let known = self.identities.caller(credentials).await;
        drop(part);
        let caller = match known {
            Ok(caller) => caller,
            Err(refused) => return Err(self.note_stranger(address, refused).await),
        };
        self.rates
            .take(caller.subject(), method.is_some_and(Method::changes))?;
        let method = method.ok_or(Refusal::MethodUnknown)?;
        let running = self.outbox.begin();
        let call = running.call(address.as_deref().unwrap_or_default());
        let who = Who::new(&caller, address, method);
        if let Err(denied) = caller.require_role(method).await {
            return Err(self.note_denied(&who, Refusal::Denied(denied)).await);
        }
        refuse_compressed(&request)?;
        let (streams, longest) = self.lasting(method);
        let mut held = if streams {
            Held::watch(Watches::take(&self.watches, caller.subject())?)
        } else {
            Held::call(slot)
        };
        let deadline = Deadline::of(request.headers(), longest);
        let expiry = caller.expires().map(deadline::at);
        let bytes = body::Bytes::new(&self.bodies);
        held.bytes(bytes.held());
        request.extensions_mut().insert::<Caller>(caller);
        request.extensions_mut().insert::<Call>(call.clone());
        let request = request.map(|body| bytes.count(body));
        let part = observed.part("work");
        let answer = deadline.end(unwind::caught(inner.call(request)));
        let response = answer
            .await
            .ok_or(Refusal::Deadline)?
            .ok_or_else(Refusal::bug)?;
        drop(part);
        let response = mend::mend(response);
        if mend::is_data_loss(&response) {
            self.damaged.send_replace(true);
        }
        let closing = streams.then(|| self.closing.clone());
        let rows = who.rows(&running);
        let events = who.owed(&response, &call, &rows);
        let part = observed.part("audit");
        self.write_down(events, rows, &running).await?;
        drop(part);
        let outcome = Outcome::new(held).closing(closing);
        let outcome = if streams {
            outcome.expiring(expiry)
        } else {
            outcome
        };
        Ok(outcome.until(deadline).wrap(response))
    }

    /// Whether a call of a method goes on until someone ends it, and the longest that it takes.
    fn lasting(&self, method: Method) -> (bool, Option<Duration>) {
        match method {
            Method::WatchBaselines | Method::WatchPosture | Method::Reflection => (true, None),
            Method::ExportStore => (false, Some(EXPORT)),
            Method::SimulateBaseline => (false, Some(self.limits.simulate_timeout)),
            _ => (false, Some(self.limits.timeout)),
        }
    }
}

/// The longest that an export takes.
const EXPORT: Duration = Duration::from_mins(10);

/// A slot, or the refusal of a service that is busy.
fn take(slots: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Refusal> {
    Arc::clone(slots)
        .try_acquire_owned()
        .map_err(|_| Refusal::busy())
}

/// No compression is taken, so that the bytes of a body are those that it comes to.
fn refuse_compressed(request: &Request) -> Result<(), Refusal> {
    let encoding = request.headers().get("grpc-encoding");
    match encoding.map(http::HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(()),
        Some(_) => Err(Refusal::Compressed),
    }
}
