//! Whether statements can be signed: AttestationService alone is NOT_SERVING while no key can sign.

use std::sync::Arc;
use std::time::Duration;

use super::health::Health;
use crate::config::Config;
use crate::keys::{KeysError, Signer};
use crate::log::{Level, say};

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// Whether a key can sign. Keys without a name for who verifies sign nothing.
///
/// # Errors
/// When there is a key that cannot be used.
pub(super) fn attests(config: &Config, signer: &Signer) -> Result<bool, KeysError> {
    let active = signer.try_active()?.is_some();
    let named = config.attestation.verifier_id.is_some();
    if active && !named {
        let fields = [("setting", "attestation.verifier_id")];
        say(Level::Warning, "nothing is signed: it is not set", &fields);
    }
    Ok(active && named)
}

/// Says in health whether statements can be signed, for as long as the service runs.
pub(super) fn follow(
    health: Health,
    config: &Config,
    signer: Arc<Signer>,
) -> impl Future<Output = ()> + Send + use<> {
    let named = config.attestation.verifier_id.is_some();
    follow_named(health, named, signer)
}

async fn follow_named(health: Health, named: bool, signer: Arc<Signer>) {
    let mut last = None;
    loop {
        let signer = Arc::clone(&signer);
        let looked = tokio::task::spawn_blocking(move || match signer.try_active() {
            Ok(active) => (active.is_some(), String::new()),
            Err(error) => (false, error.to_string()),
        });
        // A look that panicked found nothing.
        let (active, problem) = looked.await.unwrap_or_default();
        let now = (active && named, problem);
        if last.as_ref() != Some(&now) {
            if !now.1.is_empty() {
                let fields = [("problem", now.1.as_str())];
                say(Level::Warning, "no key can sign", &fields);
            }
            health.attesting(now.0).await;
            last = Some(now);
        }
        tokio::time::sleep(EVERY).await;
    }
}
