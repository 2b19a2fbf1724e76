//! A control plane, and requests to it as anybody, many at once.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;
use kube::client::Body;
use opsec_testbed::{ControlPlane, Options};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::error::ProveError;

/// How many requests are under way at a time.
const AT_ONCE: usize = 16;
/// How long one may take, and how long a change may take to come into force.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// How often a request is sent whose answer is that the server has too much to do, or no answer.
const ATTEMPTS: usize = 20;

/// A control plane and a client of it.
pub(crate) struct Server {
    // Before the runtime that its client lives on.
    _plane: ControlPlane,
    client: kube::Client,
    runtime: Runtime,
}

/// A request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: Value,
    /// Who asks, by impersonation; none is the administrator.
    pub(crate) user: Option<String>,
}

/// What was answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) body: Value,
}

impl Ask {
    /// A request of the administrator.
    pub(crate) fn new(method: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self {
            method,
            path: path.into(),
            content_type: "application/json",
            body,
            user: None,
        }
    }

    /// The same of somebody else.
    pub(crate) fn of(self, user: &str) -> Self {
        Self {
            user: Some(user.to_owned()),
            ..self
        }
    }
}

impl Reply {
    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.code)
    }

    pub(crate) fn message(&self) -> &str {
        let message = self.body.get("message").and_then(Value::as_str);
        message.or(self.body.as_str()).unwrap_or_default()
    }
}

impl Server {
    /// Starts a control plane of a release.
    pub(crate) fn start(release: &str) -> Result<Self, ProveError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| ProveError::Client(error.to_string()))?;
        let options = Options {
            release: release.to_owned(),
            ..Options::default()
        };
        let plane = runtime.block_on(ControlPlane::start(options))?;
        let client = plane.client();
        Ok(Self {
            _plane: plane,
            client,
            runtime,
        })
    }

    /// The answers to many requests, in their order.
    pub(crate) fn all(&self, asks: &[Ask]) -> Result<Vec<Reply>, ProveError> {
        let work = stream::iter(asks)
            .map(|ask| answer(&self.client, ask))
            .buffered(AT_ONCE)
            .collect::<Vec<_>>();
        self.runtime.block_on(work).into_iter().collect()
    }

    /// The answer to one.
    pub(crate) fn one(&self, ask: &Ask) -> Result<Reply, ProveError> {
        self.runtime.block_on(answer(&self.client, ask))
    }

    /// Sends what must succeed, in any order.
    pub(crate) fn must(&self, asks: &[Ask]) -> Result<(), ProveError> {
        for (ask, reply) in asks.iter().zip(self.all(asks)?) {
            if !reply.is_ok() {
                return Err(ProveError::Refused {
                    what: format!("{} {} {}", ask.method, ask.path, ask.body),
                    code: reply.code,
                    message: reply.message().to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// Asks again until it is so.
pub(crate) fn eventually(
    what: &str,
    mut so: impl FnMut() -> Result<bool, ProveError>,
) -> Result<(), ProveError> {
    let start = Instant::now();
    while !so()? {
        if start.elapsed() > PATIENCE {
            let seconds = start.elapsed().as_secs();
            return Err(ProveError::Never {
                what: what.to_owned(),
                seconds,
            });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Server").finish_non_exhaustive()
    }
}

async fn answer(client: &kube::Client, ask: &Ask) -> Result<Reply, ProveError> {
    let mut why = String::new();
    for _ in 0..ATTEMPTS {
        match tokio::time::timeout(PATIENCE, send(client, ask)).await {
            Ok(Ok(reply)) if reply.code == 429 => "429".clone_into(&mut why),
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(error)) => why = error,
            Err(_) => "no answer in time".clone_into(&mut why),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let what = format!("{} {}", ask.method, ask.path);
    Err(ProveError::Silent { what, why })
}

async fn send(client: &kube::Client, ask: &Ask) -> Result<Reply, String> {
    let mut request = http::Request::builder()
        .method(ask.method)
        .uri(&ask.path)
        .header("Content-Type", ask.content_type);
    if let Some(user) = &ask.user {
        request = request.header("Impersonate-User", user);
    }
    let bytes = match &ask.body {
        Value::Null => Vec::new(),
        body => body.to_string().into_bytes(),
    };
    let request = request
        .body(Body::from(bytes))
        .map_err(|error| error.to_string())?;
    let response = client
        .send(request)
        .await
        .map_err(|error| error.to_string())?;
    let code = response.status().as_u16();
    let bytes = response.into_body().collect_bytes().await;
    let bytes = bytes.map_err(|error| error.to_string())?;
    let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
    Ok(Reply { code, body })
}
