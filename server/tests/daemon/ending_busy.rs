//! How it ends while it is asked: what it acknowledged is there again, and nobody holds it up.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use opsec_proto::v1;
use opsec_proto::v1::baseline_service_client::BaselineServiceClient;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tonic::{Code, Status};

use crate::process::Daemon;
use crate::{channel, create_baseline, version};

/// How many change baselines at the same time.
const WRITERS: usize = 8;

/// Creates baselines until it is told to stop or is refused: those that were acknowledged, and the
/// refusal.
fn writer(
    address: SocketAddr,
    number: usize,
    stop: Arc<AtomicBool>,
) -> JoinHandle<(Vec<String>, Option<Status>)> {
    tokio::spawn(async move {
        let channel = channel(address).await;
        let mut acknowledged = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let name = format!("writer-{number}-{}", acknowledged.len());
            match create_baseline(&channel, &name).await {
                Ok(_) => acknowledged.push(name),
                Err(refused) => return (acknowledged, Some(refused)),
            }
        }
        (acknowledged, None)
    })
}

/// The names of all baselines.
async fn stored(address: SocketAddr) -> BTreeSet<String> {
    let mut client = BaselineServiceClient::new(channel(address).await);
    let mut names = BTreeSet::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListBaselinesRequest {
            page_size: 1000,
            page_token,
        };
        let page = client.list_baselines(request).await.unwrap().into_inner();
        let found = page.baselines.into_iter().map(|one| one.name);
        names.extend(found.map(|name| name.trim_start_matches("baselines/").to_owned()));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return names;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_under_load_it_loses_nothing_that_it_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let settings = "[limits]\nchanges_per_minute = 1000000\nrequests_per_second = 1000000\n";
    let mut daemon = Daemon::dev_with(&data, settings);
    let address = daemon.address;
    // It connects and never says a word.
    let silent = TcpStream::connect(address).await.unwrap();
    version(&channel(address).await, None).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| writer(address, number, Arc::clone(&stop)))
        .collect();
    tokio::time::sleep(Duration::from_secs(2)).await;

    let told = Instant::now();
    daemon.signal(Signal::SIGTERM);
    let ended = daemon.end(Duration::from_secs(25));
    assert!(ended.success(), "{}", daemon.log());
    let took = told.elapsed();
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = BTreeSet::new();
    for writer in writers {
        let (names, refused) = writer.await.unwrap();
        let refused = refused.expect("each was refused at last");
        // A call that waits for its turn on a connection that closes was never sent: Cancelled.
        let ended = [Code::Unavailable, Code::Cancelled];
        assert!(ended.contains(&refused.code()), "{refused:?}");
        acknowledged.extend(names);
    }
    drop(silent);
    assert!(acknowledged.len() >= 10 * WRITERS, "{}", acknowledged.len());

    let again = Daemon::dev_with(&data, settings);
    let stored = stored(again.address).await;
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "lost after {took:?}: {lost:?}");
    // What was not answered may be there or not, one of each writer at most.
    assert!(stored.len() <= acknowledged.len() + WRITERS + 1);
}
