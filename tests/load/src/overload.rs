//! Three times as much as the service can do. The service has one processor and what asks it the others,
//! so that asking takes nothing from answering; what it can do is measured just before in the same way.

use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use opsec_proto::v1::check_service_client::CheckServiceClient;
use tonic::Code;
use tonic::transport::Channel;

use crate::arguments::Arguments;
use crate::load::{Asks, Load, connect, count, make_new};
use crate::process::Process;
use crate::request::{self, Request};
use crate::{baselines, print, say, server};

/// How much more is asked.
const TIMES: f64 = 3.0;

/// In how many parts the time afterwards is looked at.
const SOON: Duration = Duration::from_millis(200);

/// Measures.
pub(crate) fn bench(arguments: &Arguments) -> Result<(), String> {
    if cfg!(debug_assertions) {
        return Err("this build is not optimised; run `cargo xtask bench server`".to_owned());
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    if processors < 2 {
        return Err("this needs a processor for the service and one for what asks it".to_owned());
    }
    let request = request::read()?;
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    say(&format!("writing {} baselines", arguments.baselines));
    baselines::write(directory.path(), arguments.baselines)?;
    // A process has the processors of whoever starts it.
    keep_to(0..1)?;
    let server = server(arguments, directory.path())?;
    keep_to(1..processors)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(processors - 1)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(measure(arguments, &server, &request))
}

fn keep_to(processors: std::ops::Range<usize>) -> Result<(), String> {
    let mut set = CpuSet::new();
    for processor in processors {
        set.set(processor).map_err(|error| error.to_string())?;
    }
    sched_setaffinity(Pid::from_raw(0), &set).map_err(|error| error.to_string())
}

async fn measure(arguments: &Arguments, server: &Process, request: &Request) -> Result<(), String> {
    let load = Load {
        connections: arguments.connections,
        in_flight: 2,
        seconds: arguments.seconds,
        asks: Asks::Anew,
    };
    say("what it can do");
    Load { seconds: 1, ..load }
        .run(server.address(), request)
        .await?;
    let can = load.run(server.address(), request).await?;
    say("three times that");
    let mut clients = Vec::new();
    for _ in 0..arguments.connections {
        clients.push(connect(server.address()).await?);
    }
    let seconds = Duration::from_secs(arguments.seconds);
    let came = ask(&clients, request, TIMES * can.rate(), seconds).await?;
    let recovered = recovery(&clients, request).await?;
    let again = load.run(server.address(), request).await?;
    let whole = came.whole.as_secs_f64();
    print(&[
        format!(
            "Check of {}, {} bytes there; one processor",
            request.name, request.bytes
        ),
        format!("it can do {:.0} a second", can.rate()),
        format!(
            "asked {:.0} a second it answers {:.0} ({:.0} %) and refuses {:.0}",
            count(came.asked) / whole,
            count(came.took.len()) / whole,
            100.0 * count(came.took.len()) / whole / can.rate(),
            count(came.refused) / whole
        ),
        format!(
            "what it answers takes p50 {:.0} ms, p99 {:.0} ms",
            came.at(50),
            came.at(99)
        ),
        format!(
            "afterwards it refuses nothing after {} ms, and does {:.0} a second",
            recovered.as_millis(),
            again.rate()
        ),
    ])
}

#[derive(Debug, Default)]
struct Came {
    asked: usize,
    took: Vec<Duration>,
    refused: usize,
    whole: Duration,
}

impl Came {
    fn at(&self, percent: usize) -> f64 {
        let index = self.took.len() * percent / 100;
        let took = self.took.get(index).or(self.took.last());
        took.map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    }
}

/// Asks at a rate, whatever comes of it.
async fn ask(
    clients: &[CheckServiceClient<Channel>],
    request: &Request,
    rate: f64,
    time: Duration,
) -> Result<Came, String> {
    let (sender, mut answers) = tokio::sync::mpsc::unbounded_channel();
    let mut came = Came::default();
    let started = Instant::now();
    while started.elapsed() < time {
        let due = rate * started.elapsed().as_secs_f64();
        while count(came.asked) < due {
            let Some(client) = clients.get(came.asked % clients.len().max(1)) else {
                return Err("there is no connection".to_owned());
            };
            let (mut client, sender) = (client.clone(), sender.clone());
            let mut message = request.message.clone();
            make_new(&mut message);
            tokio::spawn(async move {
                let asked = Instant::now();
                let answer = client.check(message).await;
                // Who measures waits for all.
                let _ = sender.send(answer.map(|_| asked.elapsed()));
            });
            came.asked += 1;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(sender);
    while let Some(answer) = answers.recv().await {
        match answer {
            Ok(took) => came.took.push(took),
            Err(status) if status.code() == Code::ResourceExhausted => came.refused += 1,
            Err(status) => return Err(status.to_string()),
        }
    }
    came.whole = started.elapsed();
    came.took.sort_unstable();
    Ok(came)
}

/// How long after a load calls are refused, one at a time.
async fn recovery(
    clients: &[CheckServiceClient<Channel>],
    request: &Request,
) -> Result<Duration, String> {
    let mut client = clients.first().ok_or("there is no connection")?.clone();
    let (started, mut refused) = (Instant::now(), Duration::ZERO);
    while started.elapsed() < refused + SOON {
        let mut message = request.message.clone();
        make_new(&mut message);
        if client.check(message).await.is_err() {
            refused = started.elapsed();
        }
    }
    Ok(refused)
}
