//! The life of the service: start, serve, end. The order of the end is: health says so, new calls
//! are still taken for a while, no connection is taken any more and streams end, calls that run may
//! end, what does not is broken off, the store writes its last group and lets go of its lock.

mod attesting;
mod files;
mod health;
mod observing;
mod recording;
mod services;
mod signals;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use opsec_access::Roster;
use opsec_controller::Signals;
use opsec_service::Waits;
use opsec_store::{SledStore, StoreError, StoreLocation};
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::files::Files;
use self::health::Health;
use self::observing::Observing;
use self::recording::Recording;
use crate::args::Args;
use crate::audit::{Audit, AuditError};
use crate::config::{Config, ConfigError};
use crate::gate::Gate;
use crate::identity::{Identities, IdentityError};
use crate::keys::{KeysError, Signer};
use crate::listen::connections;
use crate::log::{Level, plain, say};
use crate::refuse;

/// How long another process is waited for that still has the store.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often it is asked whether the store failed.
const LOOK: Duration = Duration::from_millis(100);

/// How long calls have to hear that the store failed.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Why the service ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    /// It was told to.
    Told,
    /// The store failed, or what it holds is damaged.
    Failed(String),
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error("cannot listen on {address}: {source}")]
    Listen {
        address: std::net::SocketAddr,
        source: std::io::Error,
    },
    #[error("the system refuses: {0}")]
    System(#[from] std::io::Error),
    #[error("{0}")]
    Collection(String),
    #[error("cannot set up the services: {0}")]
    Services(String),
}

impl StartError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Config(error) => error.reason(),
            Self::Store(StoreError::Corrupt { .. }) => "STORE_CORRUPT",
            Self::Store(error) => error.reason(),
            Self::Identity(error) => error.reason(),
            Self::Audit(error) => error.reason(),
            Self::Keys(error) => error.reason(),
            Self::Listen { .. } => "LISTEN_FAILED",
            Self::Collection(_) => "CONFIG_INVALID",
            Self::System(_) | Self::Services(_) => "START_FAILED",
        }
    }

    fn pid(&self) -> Option<u32> {
        match self {
            Self::Store(StoreError::Locked { pid, .. }) => *pid,
            _ => None,
        }
    }
}

/// Runs the service until it is told to end.
pub(crate) fn serve(args: &Args) -> ExitCode {
    match start(args) {
        Ok(End::Told) => {
            say(Level::Info, "stopped", &[]);
            ExitCode::SUCCESS
        }
        Ok(End::Failed(problem)) => {
            say(Level::Error, "store failed", &[("problem", &problem)]);
            ExitCode::from(crate::REFUSED)
        }
        Err(error) => {
            let pid = error.pid().map(|pid| pid.to_string());
            let fields: Vec<(&str, &str)> = pid.iter().map(|pid| ("pid", pid.as_str())).collect();
            refuse(error.reason(), &error.to_string(), &fields)
        }
    }
}

fn start(args: &Args) -> Result<End, StartError> {
    let config = args.configuration()?;
    let location = StoreLocation::new(&config.data_dir)
        .with_patience(PATIENCE)
        .with_reserve(config.reserve as u64);
    let store = Arc::new(SledStore::open(&location)?);
    for path in store.set_aside() {
        let path = path.display().to_string();
        say(
            Level::Warning,
            "snapshot of the index set aside",
            &[("path", &path)],
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(run(&config, &store));
    // What still runs is broken off here.
    runtime.shutdown_timeout(LAST_WORDS);
    match &ended {
        Ok(End::Failed(_)) => {
            // A store that failed writes nothing any more: the process ends at once.
            std::mem::forget(store);
        }
        Ok(End::Told) | Err(_) => close(store),
    }
    ended
}

/// Waits until nobody has the store any more: its writer then ends, and its lock is let go of.
fn close(mut store: Arc<SledStore>) {
    for _ in 0..50 {
        match Arc::try_unwrap(store) {
            Ok(store) => return drop(store),
            Err(still) => store = still,
        }
        std::thread::sleep(LOOK);
    }
    say(
        Level::Warning,
        "a call did not end; the store is left as it is",
        &[],
    );
}

async fn run(config: &Config, store: &Arc<SledStore>) -> Result<End, StartError> {
    let mut signals = Signals::new()?;
    let (close, closing) = watch::channel(false);
    let (damaged, damage) = watch::channel(false);
    let roster = Arc::new(Roster::default());
    let files = Files::new(config, &roster)?;
    let identities = Identities::new(config, &roster)?;
    let health = Health::new();
    let signer = Arc::new(Signer::new(config.attestation.directory()));
    let attests = attesting::attests(config, &signer)?;
    let recording = Recording::begin(config, store, &signer).await?;
    let audit = recording.audit.clone();
    let waits = Arc::<Waits>::default();
    let service = services::service(config, store, &signer, (&audit, &waits))?;
    let routes = services::routes(&service, &health)?;
    let (listener, address) = listen(config.listen).await?;
    let seen = Observing::begin(config, store, (&audit, waits)).await?;
    let (metrics, traces) = seen.both();
    let limits = (config.limits.clone(), seen.admission);
    let owed = (audit.clone(), Arc::clone(&recording.outbox));
    let gate = Gate::new(
        limits,
        (identities, seen.observers),
        owed,
        closing.clone(),
        damaged,
    );
    let incoming = connections(listener, config.limits.connections, files.listening());
    tokio::spawn(files.follow(signals::reloads()?, audit.clone(), metrics));
    let server = services::server(&config.limits)
        .layer(gate.layer())
        .add_routes(routes);
    let serving = server.serve_with_incoming_shutdown(incoming, until(closing));
    let mut serving = tokio::spawn(serving);
    health.serving(attests).await;
    let following = tokio::spawn(attesting::follow(health.clone(), config, signer));
    let settling = tokio::spawn(recording.clone().follow());
    announce(config, address);

    let failed = tokio::select! {
        () = signals.end() => None,
        problem = failure(store, &audit, damage) => Some(problem),
        _ = &mut serving => Some("the server ended by itself".to_owned()),
    };
    following.abort();
    settling.abort();
    health.not_serving().await;
    let stop = || {
        close.send_replace(true);
        service.end_streams();
    };
    if let Some(problem) = failed {
        stop();
        let _ = tokio::time::timeout(LAST_WORDS, &mut serving).await;
        return Ok(End::Failed(problem));
    }
    drain(config, &mut signals, &mut serving, stop).await;
    recording.end().await;
    traces.end().await;
    Ok(End::Told)
}

/// Lets calls that run end: first all is as before but for health, then nothing new is taken.
async fn drain<T>(
    config: &Config,
    signals: &mut Signals,
    serving: &mut tokio::task::JoinHandle<T>,
    close: impl FnOnce(),
) {
    say(Level::Info, "ending", &[]);
    let again = tokio::select! {
        () = tokio::time::sleep(config.drain_delay) => false,
        () = signals.end() => true,
    };
    close();
    let drain = if again {
        LAST_WORDS
    } else {
        config.drain_timeout
    };
    tokio::select! {
        _ = tokio::time::timeout(drain, &mut *serving) => {}
        () = signals.end() => {}
    }
    serving.abort();
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|source| StartError::Listen { address, source })?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

async fn until(mut closing: watch::Receiver<bool>) {
    // An error means that nobody can say it any more.
    let _ = closing.wait_for(|closing| *closing).await;
}

/// What failed, when something does.
async fn failure(store: &SledStore, audit: &Audit, damage: watch::Receiver<bool>) -> String {
    loop {
        if let Some(problem) = audit.failure() {
            return problem;
        }
        if let Some(problem) = store.failure() {
            return problem.to_owned();
        }
        if *damage.borrow() {
            return "a stored record is damaged; run `opsec-server fsck`".to_owned();
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn announce(config: &Config, address: std::net::SocketAddr) {
    let address = address.to_string();
    let (dev, tls) = (config.dev, config.tls.is_some());
    let fields = [
        ("address", address.as_str()),
        ("dev", if dev { "true" } else { "false" }),
        ("tls", if tls { "true" } else { "false" }),
    ];
    if dev {
        plain("warning: this service runs without identity: whoever reaches it may do everything");
    }
    if !config.approval {
        say(Level::Info, "changes of baselines need no approval", &[]);
    }
    say(Level::Info, "listening", &fields);
    plain(&format!("listening on {address}"));
}
