//! The life of the controller: it follows the cluster, and while it holds the Lease it looks at what
//! changed, writes, and tries again what could not be written.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;
use opsec_gather::{Change, ClusterError, Connection, ConnectionOptions, Detail, Watching};
use tokio::sync::{oneshot, watch};

use crate::engine::Engine;
use crate::health::Health;
use crate::kinds::WATCHED;
use crate::lease::{Elector, LeaseOptions};
use crate::options::ControllerOptions;
use crate::pace::{FIRST_PAUSE, LONGEST_PAUSE, Pace, Retries};
use crate::say::{Say, Weight};
use crate::signals::Signals;
use crate::status::successor;
use crate::write::{Writer, Writing, Wrote};

/// How many statuses are written at once.
const AT_ONCE: usize = 8;
/// How many changes are taken in before anything else is heard.
const BATCH: usize = 512;
/// How long the end may take.
const END: Duration = Duration::from_secs(5);

/// Why it does not run.
#[derive(Debug, thiserror::Error)]
pub enum ControllerError {
    /// The cluster is not known.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Health would be told to everyone.
    #[error("--health {0} is not on loopback: nothing there asks who calls")]
    NotLoopback(SocketAddr),
    /// Health cannot be told.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The system does not let it run.
    #[error("cannot start: {0}")]
    System(std::io::Error),
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// When it cannot start; what fails later is told and tried again.
pub fn run(options: &ControllerOptions, say: Say) -> Result<(), ControllerError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(ControllerError::System)?;
    let ended = runtime.block_on(live(options, say));
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

async fn live(options: &ControllerOptions, say: Say) -> Result<(), ControllerError> {
    if !options.health.ip().is_loopback() {
        return Err(ControllerError::NotLoopback(options.health));
    }
    let mut signals = Signals::new().map_err(ControllerError::System)?;
    let connection = Connection::open(&ConnectionOptions {
        kubeconfig: options.kubeconfig.clone(),
        context: options.context.clone(),
        ..ConnectionOptions::default()
    })
    .await?;
    let listening = Health::listen(options.health).await;
    let (health, address) = listening.map_err(|source| ControllerError::Listen {
        address: options.health,
        source,
    })?;
    let lease = lease(options, &connection);
    let started = [
        ("server", connection.server.as_str()),
        ("health", &address.to_string()),
        ("identity", &lease.identity),
        ("lease", &format!("{}/{}", lease.namespace, lease.name)),
    ];
    say(Weight::Info, "started", &started);
    let writer = Writer::new(connection.client(), &lease.identity);
    let elector = Elector::new(connection.client(), lease, say);
    let mut work = Work::new(writer, health.clone(), elector.leading(), say);
    let (stop, stopped) = oneshot::channel::<()>();
    let election = tokio::spawn(lead(elector, stopped));
    let mut watching = Watching::start(&connection, &WATCHED, Detail::Whole);
    tokio::select! {
        () = work.go_on(&mut watching) => {}
        () = signals.end() => {}
    }
    health.set(false).await;
    say(Weight::Info, "ending", &[]);
    // It waits for this, or is gone.
    let _ = stop.send(());
    tokio::select! {
        _ = tokio::time::timeout(END, election) => {}
        () = signals.end() => {}
    }
    say(Weight::Info, "ended", &[]);
    Ok(())
}

/// Leads, or would, until it is to end.
async fn lead(mut elector: Elector, stopped: oneshot::Receiver<()>) {
    tokio::select! {
        () = elector.run() => {}
        // That nobody is left to tell means the same.
        _ = stopped => elector.release().await,
    }
}

fn lease(options: &ControllerOptions, connection: &Connection) -> LeaseOptions {
    let namespace = options.lease_namespace.clone();
    LeaseOptions {
        namespace: namespace.unwrap_or_else(|| connection.namespace.clone()),
        name: options.lease_name.clone(),
        identity: identity(),
        duration: Duration::from_secs(options.lease_seconds.into()),
    }
}

/// Who this process is, unlike any other: its host, which in a pod has the pod's name, and chance.
fn identity() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() {
        "opsec-controller"
    } else {
        host
    };
    format!("{host}_{}", uuid::Uuid::new_v4())
}

/// What is being done.
struct Work {
    engine: Engine,
    pace: Pace,
    retries: Retries,
    writer: Writer,
    health: Health,
    leading: watch::Receiver<bool>,
    leads: bool,
    ready: bool,
    say: Say,
}

impl Work {
    fn new(writer: Writer, health: Health, leading: watch::Receiver<bool>, say: Say) -> Self {
        Self {
            engine: Engine::new(),
            pace: Pace::default(),
            retries: Retries::default(),
            writer,
            health,
            leading,
            leads: false,
            ready: false,
            say,
        }
    }

    async fn go_on(&mut self, watching: &mut Watching) {
        loop {
            let next = self.next().map(tokio::time::Instant::from_std);
            tokio::select! {
                changed = self.leading.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.led();
                }
                change = watching.next() => {
                    let Some(change) = change else { return };
                    self.take(change);
                    for _ in 1..BATCH {
                        let Some(change) = watching.take() else { break };
                        self.take(change);
                    }
                    self.taken().await;
                }
                () = sleep_until(next) => self.look().await,
            }
        }
    }

    fn led(&mut self) {
        self.leads = *self.leading.borrow_and_update();
        self.engine.set_aside();
        self.pace = Pace::default();
        self.retries = Retries::default();
        if self.leads {
            self.pace.note(self.engine.urgency(), Instant::now());
        }
    }

    fn take(&mut self, change: Change) {
        if let Change::NotKnown(kind, why) = &change {
            let why = why.reason(&kind.named());
            if !self.engine.world().not_known().contains(&why) {
                (self.say)(Weight::Warning, "not_known", &[("message", &why)]);
            }
        }
        self.engine.apply(change);
    }

    /// After some changes: whether they are to be looked at.
    async fn taken(&mut self) {
        if !self.ready && self.engine.world().is_settled() {
            self.ready = true;
            self.health.set(true).await;
            let snapshot = self.engine.world().snapshot();
            let declarations = snapshot.operator_rights.len().to_string();
            let fields = [("declarations", declarations.as_str())];
            (self.say)(Weight::Info, "ready", &fields);
        }
        if self.leads {
            let urgency = self.engine.urgency();
            self.engine.forget();
            self.pace.note(urgency, Instant::now());
        } else {
            self.engine.set_aside();
        }
    }

    /// When to look next: only who leads looks, and only at what was read whole.
    fn next(&self) -> Option<Instant> {
        if !(self.leads && self.ready) {
            return None;
        }
        self.pace
            .next()
            .into_iter()
            .chain(self.retries.next())
            .min()
    }

    async fn look(&mut self) {
        let began = Instant::now();
        for name in self.retries.due(began) {
            self.engine.due(&name);
        }
        let find = self.pace.is_later_due(began);
        let outcome = tokio::task::block_in_place(|| self.engine.validate(find));
        let took = began.elapsed();
        let at_everything = find || outcome.found;
        self.pace.looked(began, Instant::now(), at_everything);
        let now = crate::clock::now();
        let now = format!("{now:.0}");
        let mut writings = Vec::new();
        for validation in &outcome.validated {
            let name = &validation.name;
            let Some(declared) = self.engine.world().declared(name) else {
                self.retries.done(name);
                continue;
            };
            match successor(validation, &declared.status, &now) {
                Some(after) => writings.push(Writing {
                    name: name.clone(),
                    uid: declared.uid.clone(),
                    before: declared.status.clone(),
                    after,
                }),
                None => self.retries.done(name),
            }
        }
        let fields = [
            ("validated", outcome.validated.len().to_string()),
            ("to_write", writings.len().to_string()),
            ("found", outcome.found.to_string()),
            ("milliseconds", took.as_millis().to_string()),
        ];
        let fields = fields.each_ref().map(|(key, value)| (*key, value.as_str()));
        (self.say)(Weight::Info, "looked", &fields);
        self.write(writings).await;
    }

    /// Says what could not be written, unless it is said already, and tries again after a while.
    fn failed(&mut self, name: &str, why: &str, pause: Duration) {
        let now = Instant::now();
        if self.retries.failed(name, why.to_owned(), pause, now) {
            let fields = [("declaration", name), ("message", why)];
            (self.say)(Weight::Warning, "write_failed", &fields);
        }
    }

    /// Writes, for as long as it leads.
    async fn write(&mut self, writings: Vec<Writing>) {
        let writer = self.writer.clone();
        let mut written = stream::iter(writings)
            .map(|writing| {
                let writer = writer.clone();
                async move {
                    let wrote = writer.write(&writing).await;
                    (writing.name, wrote)
                }
            })
            .buffer_unordered(AT_ONCE)
            .boxed();
        // The loop that calls this sees the change too.
        let mut leading = self.leading.clone();
        loop {
            let (name, wrote) = tokio::select! {
                next = written.next() => match next {
                    Some(next) => next,
                    None => return,
                },
                _ = leading.wait_for(|leads| !leads) => return,
            };
            match wrote {
                Wrote::Status(status, events) => {
                    self.retries.done(&name);
                    self.engine.wrote(&name, *status);
                    (self.say)(Weight::Info, "written", &[("declaration", &name)]);
                    for why in events {
                        let fields = [("declaration", name.as_str()), ("message", &why)];
                        (self.say)(Weight::Warning, "event_failed", &fields);
                    }
                }
                Wrote::Gone => self.retries.done(&name),
                Wrote::Denied(why) => self.failed(&name, &why, LONGEST_PAUSE),
                Wrote::Failed(why) => self.failed(&name, &why, FIRST_PAUSE),
            }
        }
    }
}

async fn sleep_until(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
