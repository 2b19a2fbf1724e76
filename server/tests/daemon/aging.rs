//! A connection that is old is left in order: no call is lost, and the next one comes by a new one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tonic::transport::Endpoint;

use crate::process::Daemon;
use crate::version;

#[tokio::test(flavor = "multi_thread")]
async fn calls_move_from_an_old_connection_to_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let daemon = Daemon::dev_with(&data, "[limits]\nconnection_age = \"1s\"\n");
    let connections = Arc::new(AtomicUsize::new(0));
    let (address, counted) = (daemon.address, Arc::clone(&connections));
    let connector = tower::service_fn(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move { TcpStream::connect(address).await.map(TokioIo::new) }
    });
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let channel = endpoint.connect_with_connector(connector).await.unwrap();
    let ends = tokio::time::Instant::now() + Duration::from_millis(3_500);
    let mut calls = 0;
    while tokio::time::Instant::now() < ends {
        version(&channel, None).await.unwrap();
        calls += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let connections = connections.load(Ordering::SeqCst);
    assert!(
        (3..=5).contains(&connections),
        "{connections} for {calls} calls"
    );
}
