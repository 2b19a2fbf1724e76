//! The signal by which the system asks the service to read its files again.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

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
