//! Asking as fast as answers come, on some connections with some calls at once on each, and how long
//! each answer took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use opsec_proto::v1;
use opsec_proto::v1::check_request::Input;
use opsec_proto::v1::check_service_client::CheckServiceClient;
use prost::Message as _;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use crate::request::Request;

/// When a call that was refused is made again.
const AGAIN: Duration = Duration::from_millis(5);

/// How much is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) in_flight: usize,
    pub(crate) seconds: u64,
    /// Whether the same is asked each time, or something that was never asked before.
    pub(crate) asks: Asks,
}

/// How one call differs from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// It does not.
    TheSame,
    /// Its facts were gathered a nanosecond later.
    Anew,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    /// How long each answer took, in order.
    took: Vec<Duration>,
    /// How long it was asked.
    whole: Duration,
    /// Processor time of the process that answered.
    pub(crate) processor: Duration,
}

impl Load {
    /// Asks.
    pub(crate) async fn run(self, address: &str, request: &Request) -> Result<Measured, String> {
        let mut callers = Vec::new();
        let started = Instant::now();
        let until = started + Duration::from_secs(self.seconds);
        for _ in 0..self.connections {
            let client = connect(address).await?;
            for _ in 0..self.in_flight {
                let (client, message) = (client.clone(), request.message.clone());
                callers.push(tokio::spawn(ask(client, message, until, self.asks)));
            }
        }
        let mut measured = Measured::default();
        for caller in callers {
            let took = caller.await.map_err(|error| error.to_string())??;
            measured.took.extend(took);
        }
        measured.whole = started.elapsed();
        measured.took.sort_unstable();
        Ok(measured)
    }
}

async fn ask(
    mut client: CheckServiceClient<Channel>,
    mut message: v1::CheckRequest,
    until: Instant,
    asks: Asks,
) -> Result<Vec<Duration>, String> {
    let mut took = Vec::new();
    while Instant::now() < until {
        if asks == Asks::Anew {
            make_new(&mut message);
        }
        let asked = Instant::now();
        let answer = match client.check(message.clone()).await {
            Err(status) if status.code() == Code::ResourceExhausted => {
                // More at once than it does in a moment: it is asked again, as callers do.
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            answer => answer.map_err(|status| status.to_string())?.into_inner(),
        };
        if answer.results.len() != 1 {
            return Err(format!("{} results instead of one", answer.results.len()));
        }
        took.push(asked.elapsed());
    }
    Ok(took)
}

/// Makes a request one that was never made.
pub(crate) fn make_new(message: &mut v1::CheckRequest) {
    static MADE: AtomicU64 = AtomicU64::new(0);
    if let Some(Input::Snapshot(snapshot)) = &mut message.input {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        snapshot.gathered_at = Some(format!("2026-01-01T00:00:00.{number:09}Z"));
    }
}

pub(crate) async fn connect(address: &str) -> Result<CheckServiceClient<Channel>, String> {
    let endpoint =
        Endpoint::from_shared(format!("http://{address}")).map_err(|error| error.to_string())?;
    let channel = endpoint
        .connect()
        .await
        .map_err(|error| error.to_string())?;
    Ok(CheckServiceClient::new(channel)
        .max_decoding_message_size(usize::MAX)
        .max_encoding_message_size(usize::MAX))
}

/// One answer, encoded.
pub(crate) async fn answer(address: &str, request: &Request) -> Result<Vec<u8>, String> {
    let mut client = connect(address).await?;
    let answer = client.check(request.message.clone()).await;
    let answer = answer.map_err(|status| status.to_string())?;
    Ok(answer.into_inner().encode_to_vec())
}

/// The answer of these bytes.
pub(crate) fn decode(bytes: &[u8]) -> Result<v1::CheckResponse, String> {
    v1::CheckResponse::decode(bytes).map_err(|error| error.to_string())
}

/// Bytes of a request.
pub(crate) fn encoded_length(message: &v1::CheckRequest) -> usize {
    message.encoded_len()
}

impl Measured {
    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        count(self.took.len()) / self.whole.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Answers a second of one core that does nothing else.
    pub(crate) fn rate_of_core(&self) -> f64 {
        count(self.took.len()) / self.processor.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    pub(crate) fn headings() -> String {
        format!(
            "{:16}{:>12}{:>10}{:>10}{:>10}{:>10}",
            "", "answers/s", "p50 ms", "p95 ms", "p99 ms", "cores"
        )
    }

    pub(crate) fn row(&self, name: &str) -> String {
        let at = |percent: usize| {
            let index = self.took.len() * percent / 100;
            let took = self.took.get(index).or(self.took.last());
            took.map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
        };
        format!(
            "{name:16}{:>12.0}{:>10.2}{:>10.2}{:>10.2}{:>10.2}",
            self.rate(),
            at(50),
            at(95),
            at(99),
            self.processor.as_secs_f64() / self.whole.as_secs_f64().max(f64::MIN_POSITIVE)
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^52 here")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}
