//! Asking again: an API server that is busy or restarts is given some time, within the deadline.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::connect::Connection;
use super::error::{ClusterError, words};

const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// A server may ask for more patience than a person has.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What a request came to that is an answer all the same.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The API server does not allow it.
    Forbidden(String),
    /// There is no such thing.
    NotFound,
    /// A page's place in the list is no longer known.
    Expired,
    /// Anything else that it says.
    Other(String),
    /// It cannot be gone on.
    Fatal(ClusterError),
}

/// Whether another try is worth it, and when.
enum Again {
    Never,
    Soon,
    After(Duration),
}

/// Asks as GET for JSON, with retries.
pub(super) async fn get<T: DeserializeOwned>(
    connection: &Connection,
    path: &str,
    accept: &str,
    timeout: Duration,
) -> Result<T, Refusal> {
    let mut pause = FIRST_PAUSE;
    let mut tries = 1;
    loop {
        let request = http::Request::get(path)
            .header(http::header::ACCEPT, accept)
            .body(Vec::new())
            .map_err(|error| Refusal::Other(error.to_string()))?;
        let answer = tokio::time::timeout(timeout, connection.client.request::<T>(request)).await;
        let (refusal, again) = match answer {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => refusal(connection, error, tries),
            Err(_) => (
                Refusal::Fatal(ClusterError::Unreachable {
                    server: connection.server.clone(),
                    message: format!("no answer within {} s", timeout.as_secs()),
                    tries,
                }),
                Again::Soon,
            ),
        };
        let wait = match again {
            _ if tries >= TRIES => return Err(refusal),
            Again::Never => return Err(refusal),
            Again::Soon => pause,
            Again::After(asked) => asked.min(LONGEST_PAUSE),
        };
        tokio::time::sleep(wait).await;
        pause *= 2;
        tries += 1;
    }
}

/// What an error means, and whether it is worth another try.
fn refusal(connection: &Connection, error: kube::Error, tries: u32) -> (Refusal, Again) {
    let server = connection.server.clone();
    match error {
        kube::Error::Api(status) => {
            let asked = status
                .details
                .as_ref()
                .map(|details| u64::from(details.retry_after_seconds))
                .filter(|seconds| *seconds > 0)
                .map(Duration::from_secs);
            let message = if status.message.is_empty() {
                status.reason.clone()
            } else {
                status.message.clone()
            };
            match status.code {
                401 => (
                    Refusal::Fatal(ClusterError::Unauthorized {
                        server,
                        context: connection.context.clone(),
                    }),
                    Again::Never,
                ),
                403 if message.contains("cannot impersonate resource") => (
                    Refusal::Fatal(ClusterError::Impersonation { message }),
                    Again::Never,
                ),
                403 => (Refusal::Forbidden(message), Again::Never),
                404 => (Refusal::NotFound, Again::Never),
                410 => (Refusal::Expired, Again::Never),
                429 | 500.. => (
                    Refusal::Other(message),
                    asked.map_or(Again::Soon, Again::After),
                ),
                _ => (Refusal::Other(message), Again::Never),
            }
        }
        kube::Error::SerdeError(error) => (Refusal::Other(words(&error)), Again::Never),
        kube::Error::Auth(error) => (
            Refusal::Fatal(ClusterError::Config {
                message: words(&error),
            }),
            Again::Never,
        ),
        error => {
            let message = words(&error);
            // A certificate does not become another by waiting.
            let lasting = message.contains("certificate") || message.contains("dns error");
            let refusal = Refusal::Fatal(ClusterError::Unreachable {
                server,
                message,
                tries,
            });
            (refusal, if lasting { Again::Never } else { Again::Soon })
        }
    }
}
