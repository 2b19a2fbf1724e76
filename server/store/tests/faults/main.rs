//! What the store promises, on disks that lose power, fill up and fail, and under `kill -9`.
//!
//! `OPSEC_STORE_CUTS`, `OPSEC_STORE_KILLS` and `OPSEC_STORE_FLIPS` make the runs longer; with
//! `--nocapture` each says what it came to.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

mod flips;
mod machine;
mod worker;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use opsec_store::{SledStore, StoreError, StoreLocation};

use crate::machine::{Numbers, end, faulty, rounds, scratch};
use crate::worker::{lost, read_promises};

/// Not a test of its own: one of the processes of the tests below, which set the variable.
#[test]
fn one_worker() {
    if let Some(directory) = std::env::var_os(worker::DIRECTORY) {
        worker::work(Path::new(&directory));
    }
}

/// A directory that is begun anew every few rounds, so that it stays small.
fn fresh(parent: &Path, round: u64, every: u64) -> PathBuf {
    parent.join(format!("data{}", round / every))
}

/// Works in `directory` until the power goes; what the disk then holds takes its place.
fn cut(directory: &Path, at: u64, faults: &[(&str, &str)]) {
    let after = directory.with_extension("after");
    let _ = std::fs::remove_dir_all(&after);
    std::fs::create_dir_all(directory).unwrap();
    // What is there was durable already.
    copy(directory, &after);
    let at = at.to_string();
    let mut all = vec![
        ("FAULT_DURABLE", after.to_str().unwrap()),
        ("FAULT_CUT", at.as_str()),
    ];
    all.extend(faults);
    let mut child = faulty(directory, &all).spawn().unwrap();
    let status = end(&mut child, Duration::from_mins(1));
    assert!(!status.success(), "the power went");
    std::fs::remove_dir_all(directory).unwrap();
    std::fs::rename(&after, directory).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let parent = scratch();
    let mut numbers = Numbers(1);
    let (cuts, started) = (rounds("OPSEC_STORE_CUTS", 50), Instant::now());
    let mut acknowledged = 0;
    for round in 0..cuts {
        let directory = fresh(parent.path(), round, 8);
        let at = 1 + numbers.below(160);
        cut(&directory, at, &[]);
        let promises = read_promises(&directory);
        match lost(&directory, &promises) {
            Ok(lost) => assert_eq!(lost, 0, "round {round}: cut before write or sync {at}"),
            Err(error) => panic!("round {round}: cut before write or sync {at}: {error}"),
        }
        if round % 8 == 7 || round + 1 == cuts {
            acknowledged += promises.took.len();
        }
    }
    println!(
        "{cuts} cuts, {acknowledged} acknowledged, {:?}",
        started.elapsed()
    );
    assert!(acknowledged > 100, "{acknowledged} tell nothing");
}

/// The negative control: what sled calls flushed is lost, and the head says so.
#[test]
fn with_the_flush_of_sled_alone_a_power_cut_loses_and_it_is_seen() {
    let parent = scratch();
    let mut seen = 0;
    for round in 0..6 {
        let directory = parent.path().join(format!("data{round}"));
        cut(&directory, 120 + round * 13, &[("FAULT_UNSYNCED", "db")]);
        let promises = read_promises(&directory);
        assert!(!promises.took.is_empty());
        match lost(&directory, &promises) {
            Ok(lost) => assert_eq!(lost, 0, "a loss passed unseen"),
            Err(StoreError::RolledBack { .. } | StoreError::Corrupt { .. }) => seen += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(seen > 0, "nothing was lost: the model cuts no power");
}

#[test]
fn kill_9_loses_nothing_that_was_acknowledged() {
    let parent = scratch();
    let mut numbers = Numbers(2);
    let (kills, started) = (rounds("OPSEC_STORE_KILLS", 100), Instant::now());
    let mut acknowledged = 0;
    for round in 0..kills {
        let directory = fresh(parent.path(), round, 10);
        let before = read_promises(&directory).took.len();
        let mut child = machine::worker(&directory).spawn().unwrap();
        while read_promises(&directory).took.len() == before {
            assert!(
                child.try_wait().unwrap().is_none(),
                "round {round}: it ended"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(numbers.below(40)));
        child.kill().unwrap();
        child.wait().unwrap();
        let promises = read_promises(&directory);
        let lost = lost(&directory, &promises).unwrap_or_else(|e| panic!("round {round}: {e}"));
        assert_eq!(lost, 0, "round {round}");
        acknowledged += promises.took.len() - before;
    }
    println!(
        "{kills} kills, {acknowledged} acknowledged, {:?}",
        started.elapsed()
    );
}

/// Numbers of errors as Linux has them.
const EIO: &str = "5";
const ENOSPC: &str = "28";

#[test]
fn a_disk_that_fails_stops_the_store_within_a_second() {
    let parent = scratch();
    for (index, fault) in [
        ("FAULT_WRITE", ENOSPC),
        ("FAULT_WRITE", EIO),
        ("FAULT_SYNC", EIO),
    ]
    .into_iter()
    .enumerate()
    {
        for after in ["60", "61", "62", "63", "64", "65"] {
            let directory = parent.path().join(format!("data{index}-{after}"));
            let mut child = faulty(&directory, &[("FAULT_AFTER", after), fault])
                .spawn()
                .unwrap();
            let status = end(&mut child, Duration::from_secs(30));
            assert!(status.success(), "{fault:?} from {after} on: {status}");
            let promises = read_promises(&directory);
            assert!(!promises.failed.is_empty(), "{fault:?}");
            for (took, reason) in &promises.failed {
                assert!(*took < Duration::from_secs(1), "{fault:?}: {took:?}");
                assert!(["COMMIT_UNKNOWN", "STORE_FAILED"].contains(&reason.as_str()));
            }
            assert_eq!(
                lost(&directory, &promises).unwrap(),
                0,
                "{fault:?} from {after} on"
            );
        }
    }
}

#[test]
fn a_second_process_is_told_who_has_the_store() {
    let parent = scratch();
    let directory = parent.path().join("data");
    let mut child = machine::worker(&directory).spawn().unwrap();
    while read_promises(&directory).took.is_empty() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let location = StoreLocation::new(&directory).with_patience(Duration::from_millis(50));
    let error = SledStore::open(&location).unwrap_err();
    let pid = child.id();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(error.reason(), "STORE_LOCKED");
    assert!(
        error.to_string().contains(&format!("process {pid}")),
        "{error}"
    );
    assert_eq!(lost(&directory, &read_promises(&directory)).unwrap(), 0);
}

/// A figure, not a gate: disks differ.
#[test]
fn how_long_a_durable_write_takes_is_said() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("data");
    let mut command = machine::worker(&directory);
    let mut child = command
        .env("OPSEC_STORE_WORKER_WRITES", "400")
        .spawn()
        .unwrap();
    assert!(end(&mut child, Duration::from_mins(2)).success());
    let mut took = read_promises(&directory).took;
    took.sort();
    let at = |share: usize| took[took.len() * share / 1_000];
    let count = took.len();
    println!(
        "{count} durable writes: p50 {:?}, p99 {:?}",
        at(500),
        at(990)
    );
    assert_eq!(count, 4 * 399);
}
