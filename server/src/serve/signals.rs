//! What the system tells the process.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that end the service.
#[derive(Debug)]
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one that ends it.
    #[cfg(unix)]
    pub(super) async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for the next one that ends it.
    #[cfg(not(unix))]
    pub(super) async fn end(&mut self) {
        // An error means that none can come.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Signals that ask for files to be read again.
#[cfg(unix)]
pub(super) fn reloads() -> io::Result<Reloads> {
    Ok(Reloads(signal(SignalKind::hangup())?))
}

/// Signals that ask for files to be read again: there are none.
#[cfg(not(unix))]
pub(super) fn reloads() -> io::Result<Reloads> {
    Ok(Reloads(()))
}

/// Signals that ask for files to be read again.
#[derive(Debug)]
#[cfg(unix)]
pub(super) struct Reloads(Signal);

/// Signals that ask for files to be read again.
#[derive(Debug)]
#[cfg(not(unix))]
pub(super) struct Reloads(());

impl Reloads {
    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        if self.0.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}
