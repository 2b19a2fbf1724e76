//! One request and its answer, of bounded length: its status, how long to wait, and the body.

use std::error::Error;
use std::time::Duration;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::client::Body;
use serde::Deserialize;

use super::connect::Connection;

/// What one answer may hold. The longest that are right, 500 large pods, are a tenth of it.
const LONGEST: usize = 256 * 1024 * 1024;

/// An answer, whatever it says.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: http::StatusCode,
    /// How long the server asks to wait.
    pub(super) wait: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The request was not sent, or its answer ended early.
    Client(kube::Error),
    /// The connection broke within the body.
    Broken(Box<dyn Error + Send + Sync>),
    /// It is longer than any that is right.
    TooLong,
}

/// Asks as GET.
pub(super) async fn ask(
    connection: &Connection,
    path: &str,
    accept: &str,
) -> Result<Answer, NoAnswer> {
    let request = http::Request::get(path)
        .header(http::header::ACCEPT, accept)
        .body(Body::empty())
        .map_err(|error| NoAnswer::Broken(error.into()))?;
    let sent = connection.client.send(request).await;
    let response = sent.map_err(NoAnswer::Client)?;
    let status = response.status();
    let wait = response
        .headers()
        .get(http::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|seconds| seconds.trim().parse().ok())
        .map(Duration::from_secs);
    match Limited::new(response.into_body(), LONGEST).collect().await {
        Ok(body) => Ok(Answer {
            status,
            wait,
            body: body.to_bytes().into(),
        }),
        Err(error) if error.is::<LengthLimitError>() => Err(NoAnswer::TooLong),
        Err(error) => Err(NoAnswer::Broken(error)),
    }
}

impl Answer {
    /// What it says, in a line: a Status's message, else the first line of what a proxy answers,
    /// else what its number is called.
    pub(super) fn says(&self) -> String {
        #[derive(Deserialize)]
        struct Status {
            message: String,
        }
        if let Ok(Status { message }) = serde_json::from_slice(&self.body) {
            let line = first_line(&message);
            if !line.is_empty() {
                return line;
            }
        }
        let text = std::str::from_utf8(&self.body).unwrap_or_default();
        match first_line(text) {
            line if line.is_empty() || line.starts_with(['<', '{']) => {
                let named = self.status.canonical_reason();
                named.unwrap_or("no reason is given").to_lowercase()
            }
            line => line,
        }
    }
}

/// The first line, as much of it as a person reads.
fn first_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let shown = line.chars().filter(|letter| !letter.is_control());
    shown.take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_one_line_whoever_says_it() {
        let says = |body: &str| {
            let answer = Answer {
                status: http::StatusCode::BAD_GATEWAY,
                wait: None,
                body: body.into(),
            };
            answer.says()
        };
        assert_eq!(
            says(r#"{"kind":"Status","message":"etcd is away\nmore"}"#),
            "etcd is away"
        );
        assert_eq!(
            says("Too many requests, please try again later.\n"),
            "Too many requests, please try again later."
        );
        for body in ["", "<html>\n<body>", r#"{"error": 1}"#, "\u{1b}"] {
            assert_eq!(says(body), "bad gateway", "{body}");
        }
    }
}
