//! Asking again: an API server that is busy or restarts is given some time, within the deadline.

use std::time::Duration;

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::answer::{Answer, NoAnswer, ask};
use super::connect::Connection;
use super::error::{ClusterError, words};

const TRIES: u32 = 5;
/// A server that says when to come back is believed more often.
const TRIES_WHEN_ASKED: u32 = 10;
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
    /// It is busy or broken, and stayed so.
    Unable(String),
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
    let whole = |body: &[u8]| serde_json::from_slice(body);
    get_and_read(connection, path, accept, timeout, whole).await
}

/// The same for who reads the body in a way of its own: afresh at each try.
pub(super) async fn get_and_read<T>(
    connection: &Connection,
    path: &str,
    accept: &str,
    timeout: Duration,
    read: impl Fn(&[u8]) -> serde_json::Result<T>,
) -> Result<T, Refusal> {
    let mut pause = FIRST_PAUSE;
    let mut tries = 1;
    loop {
        let answer = tokio::time::timeout(timeout, ask(connection, path, accept)).await;
        let (refusal, again) = match answer {
            Ok(Ok(answer)) if answer.status.is_success() => {
                match understood(connection, read(&answer.body), tries) {
                    Ok(value) => return Ok(value),
                    Err(refused) => refused,
                }
            }
            Ok(Ok(answer)) => refused(connection, &answer),
            Ok(Err(none)) => unanswered(connection, &none, tries),
            Err(_) => broken(connection, format!("no answer within {timeout:?}"), tries),
        };
        let (wait, most) = match again {
            Again::Never => return Err(refusal),
            Again::Soon => (pause, TRIES),
            Again::After(asked) => (asked.min(LONGEST_PAUSE), TRIES_WHEN_ASKED),
        };
        if tries >= most {
            return Err(refusal);
        }
        connection.note_trouble(&refusal);
        tokio::time::sleep(wait).await;
        pause *= 2;
        tries += 1;
    }
}

/// The value that a good answer holds.
fn understood<T>(
    connection: &Connection,
    read: serde_json::Result<T>,
    tries: u32,
) -> Result<T, (Refusal, Again)> {
    read.map_err(|error| {
        if error.is_eof() {
            // A body without a length ends where the connection does.
            return broken(connection, "its answer ends early".to_owned(), tries);
        }
        let message = format!("its answer is not understood: {}", words(&error));
        (Refusal::Other(message), Again::Never)
    })
}

/// What an answer that is none means, and whether it is worth another try.
fn refused(connection: &Connection, answer: &Answer) -> (Refusal, Again) {
    let message = answer.says();
    match answer.status {
        StatusCode::UNAUTHORIZED => {
            let error = ClusterError::Unauthorized {
                server: connection.server.clone(),
                context: connection.context.clone(),
            };
            (Refusal::Fatal(error), Again::Never)
        }
        StatusCode::FORBIDDEN if message.contains("cannot impersonate resource") => (
            Refusal::Fatal(ClusterError::Impersonation { message }),
            Again::Never,
        ),
        StatusCode::FORBIDDEN => (Refusal::Forbidden(message), Again::Never),
        StatusCode::NOT_FOUND => (Refusal::NotFound, Again::Never),
        StatusCode::GONE => (Refusal::Expired, Again::Never),
        status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => (
            Refusal::Unable(format!("{}: {message}", status.as_u16())),
            answer.wait.map_or(Again::Soon, Again::After),
        ),
        status => (
            Refusal::Other(format!("{}: {message}", status.as_u16())),
            Again::Never,
        ),
    }
}

fn unanswered(connection: &Connection, none: &NoAnswer, tries: u32) -> (Refusal, Again) {
    match none {
        NoAnswer::TooLong => {
            let message = "its answer is longer than any that is right".to_owned();
            (Refusal::Other(message), Again::Never)
        }
        NoAnswer::Client(kube::Error::Auth(error)) => (
            Refusal::Fatal(ClusterError::Config {
                message: words(error),
            }),
            Again::Never,
        ),
        NoAnswer::Client(error) => broken(connection, words(error), tries),
        NoAnswer::Broken(error) => broken(connection, words(error.as_ref()), tries),
    }
}

/// The server is not there, or no longer.
fn broken(connection: &Connection, message: String, tries: u32) -> (Refusal, Again) {
    // A certificate does not become another by waiting.
    let lasting = message.contains("certificate") || message.contains("dns error");
    let refusal = Refusal::Fatal(ClusterError::Unreachable {
        server: connection.server.clone(),
        message,
        tries,
    });
    (refusal, if lasting { Again::Never } else { Again::Soon })
}
