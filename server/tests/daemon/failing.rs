//! A disk that fails ends the service within a second: it says so, and writes nothing any more. One
//! that is nearly full stops changes alone.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{Daemon, program, run};
use crate::{channel, create_baseline, reason, version};

/// Builds the library that makes a disk fail.
fn shim(directory: &std::path::Path) -> std::path::PathBuf {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/store/tests/faults/shim.c");
    let library = directory.join("shim.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(source)
        .args(["-ldl", "-lpthread"])
        .status();
    assert!(built.unwrap().success(), "a C compiler is needed");
    library
}

#[tokio::test]
async fn a_disk_that_fails_ends_it_within_a_second() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let mut command = program();
    command.args(["--dev", "--listen", "127.0.0.1:0", "--data-dir"]);
    command.arg(&data);
    command.env("LD_PRELOAD", shim(directory.path()));
    command.env("FAULT_ROOT", &data);
    command.env("FAULT_DURABLE", directory.path().join("durable"));
    // Syncs fail with EIO once it has started and written something.
    command.env("FAULT_AFTER", "40").env("FAULT_SYNC", "5");
    let mut daemon = Daemon::start(command);
    let channel = channel(daemon.address).await;
    let mut acknowledged = 0;
    let failed = loop {
        match create_baseline(&channel, &format!("b{acknowledged}")).await {
            Ok(_) => acknowledged += 1,
            Err(status) => break status,
        }
        assert!(acknowledged < 100, "nothing failed");
    };
    let told = Instant::now();
    let status = daemon.end(Duration::from_secs(5));
    assert!(
        told.elapsed() < Duration::from_secs(1),
        "{:?}",
        told.elapsed()
    );
    assert_eq!(status.code(), Some(4), "{}", daemon.log());
    let known = [tonic::Code::Unavailable, tonic::Code::ResourceExhausted];
    assert!(known.contains(&failed.code()), "{failed}");
    assert!(daemon.log().contains("store failed"), "{}", daemon.log());
    let data = data.display().to_string();
    assert_eq!(run(&["fsck", "--data-dir", &data]).status.code(), Some(0));
}

#[tokio::test]
async fn a_disk_that_is_nearly_full_stops_changes_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let more_than_any = "[server]\nreserve = \"8000000GiB\"\n";
    let daemon = Daemon::dev_with(&data, more_than_any);
    let channel = channel(daemon.address).await;
    let refused = create_baseline(&channel, "argo").await.unwrap_err();
    let expected = (tonic::Code::ResourceExhausted, "DISK_LOW".to_owned());
    assert_eq!(reason(&refused), expected, "{refused}");
    assert!(refused.message().contains("make room"), "{refused}");
    version(&channel, None).await.unwrap();
    drop(daemon);
    let daemon = Daemon::dev_with(&data, "[server]\nreserve = \"0\"\n");
    let channel = crate::channel(daemon.address).await;
    assert_eq!(create_baseline(&channel, "argo").await.unwrap(), 1);
}
