//! Three times as much as it can do: what is beyond is refused with when to come back, what is taken is
//! answered about as fast as ever, and when the load is gone so is every sign of it. Nothing here rests
//! on how fast the machine is, and nothing else runs beside it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where what it needs is not there"
)]

#[expect(dead_code, reason = "other tests need more of it")]
#[path = "daemon/process.rs"]
mod process;

use std::time::{Duration, Instant};

use opsec_proto::v1;
use opsec_proto::v1::check_service_client::CheckServiceClient;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use process::Daemon;

/// How long each load lasts.
const LOAD: Duration = Duration::from_secs(3);

/// Calls at once that keep a small machine busy, and that none ever refuses: two for each processor.
const BUSY: usize = 2;

/// More calls at once than any machine of a test does in a moment.
const MANY: usize = 400;

/// A check that was never made: of a shop, many times over.
fn request(number: usize) -> v1::CheckRequest {
    let shop = include_str!("../service/tests/shop.yaml");
    let content = format!("# {number}\n{shop}");
    let file = |copy: usize| v1::RawDocument {
        name: format!("shop-{copy}.yaml"),
        content: content.clone().into(),
    };
    let documents = v1::RawDocuments {
        files: (0..8).map(file).collect(),
        ..v1::RawDocuments::default()
    };
    v1::CheckRequest {
        input: Some(v1::check_request::Input::Documents(documents)),
        all: true,
        ..v1::CheckRequest::default()
    }
}

#[derive(Default)]
struct Came {
    answers: usize,
    refusals: Vec<Status>,
    slowest: Duration,
}

async fn ask(channels: &[Channel], number: usize) -> Result<Duration, Status> {
    let channel = channels[number % channels.len()].clone();
    let mut client = CheckServiceClient::new(channel);
    let asked = Instant::now();
    client.check(request(number)).await?;
    Ok(asked.elapsed())
}

impl Came {
    fn add(&mut self, came: Result<Duration, Status>) {
        match came {
            Ok(took) => {
                self.answers += 1;
                self.slowest = self.slowest.max(took);
            }
            Err(status) => self.refusals.push(status),
        }
    }

    fn rate(&self) -> f64 {
        f64::from(u32::try_from(self.answers).unwrap()) / LOAD.as_secs_f64()
    }
}

/// Asks as fast as answers come.
async fn busy(channels: &[Channel], from: usize) -> Came {
    let until = Instant::now() + LOAD;
    let callers: Vec<_> = (0..BUSY)
        .map(|caller| {
            let channels = channels.to_vec();
            tokio::spawn(async move {
                let mut came = Came::default();
                let mut number = from + caller;
                while Instant::now() < until {
                    came.add(ask(&channels, number).await);
                    number += BUSY;
                }
                came
            })
        })
        .collect();
    let mut all = Came::default();
    for caller in callers {
        let came = caller.await.unwrap();
        all.answers += came.answers;
        all.refusals.extend(came.refusals);
        all.slowest = all.slowest.max(came.slowest);
    }
    all
}

/// Asks at a rate, whatever comes of it, and first as much at once as nobody does.
async fn too_much(channels: &[Channel], from: usize, rate: f64) -> Came {
    let mut asked = Vec::new();
    let started = Instant::now();
    let mut number = 0;
    while started.elapsed() < LOAD {
        let due = rate * started.elapsed().as_secs_f64();
        while number < MANY || f64::from(u32::try_from(number - MANY).unwrap()) < due {
            let channels = channels.to_vec();
            let at = from + number;
            asked.push(tokio::spawn(async move { ask(&channels, at).await }));
            number += 1;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut all = Came::default();
    for one in asked {
        all.add(one.await.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn three_times_too_much_is_refused_with_when_to_come_back_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let settings = "[limits]\nrequests_per_second = 1000000\n";
    let daemon = Daemon::dev_with(&directory.path().join("data"), settings);
    let mut channels = Vec::new();
    for _ in 0..8 {
        let endpoint = Endpoint::from_shared(format!("http://{}", daemon.address)).unwrap();
        channels.push(endpoint.connect().await.unwrap());
    }
    let before = busy(&channels, 0).await;
    let during = too_much(&channels, 1_000_000, 3.0 * before.rate()).await;
    let after = busy(&channels, 2_000_000).await;
    println!(
        "{:.0} a second before, {:.0} under three times that with {} refusals, {:.0} after",
        before.rate(),
        during.rate(),
        during.refusals.len(),
        after.rate()
    );

    assert!(!during.refusals.is_empty(), "nothing was too much");
    for status in &during.refusals {
        let reason = status.get_details_error_info().unwrap().reason;
        assert_eq!(
            (status.code(), reason.as_str()),
            (Code::ResourceExhausted, "OVERLOADED"),
            "{status:?}"
        );
        let retry = status.get_details_retry_info().unwrap().retry_delay;
        let retry = retry.unwrap();
        assert!(retry >= Duration::from_secs(1) && retry < Duration::from_secs(2));
    }
    // A machine that others use as well is slower at times; one that thrashes does next to nothing.
    let least = before.rate().min(after.rate());
    assert!(during.rate() > least * 0.4, "{} of {least}", during.rate());
    assert!(after.refusals.is_empty(), "{:?}", after.refusals.first());
}
