//! The program under test: it writes for as long as it lives, from several threads, and notes in a
//! file that no fault reaches what it was promised. And the judge of what is left of it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use opsec_store::store::{Range, Snapshot, Store, Transaction, Verdict, all};
use opsec_store::{SledStore, StoreError, StoreLocation};

/// The directory that a worker works in; its promises stand in the file beside it.
pub(crate) const DIRECTORY: &str = "OPSEC_STORE_WORKER";

/// How many threads write.
const THREADS: u64 = 4;

/// What stands before each key of a thread.
fn key(thread: u64, number: u64, part: u64) -> Vec<u8> {
    format!("p{thread}\0{number:08}\0{part}\0").into_bytes()
}

fn latest(thread: u64) -> Vec<u8> {
    format!("blatest{thread}\0").into_bytes()
}

/// Content that only this number has.
fn value(thread: u64, number: u64, part: u64, length: usize) -> Vec<u8> {
    let mut state = thread << 48 | number << 8 | part;
    (0..length)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state.to_be_bytes()[0]
        })
        .collect()
}

/// Two records that belong together.
fn records(thread: u64, number: u64) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
    let length = usize::try_from(number * 37 % 1_500).unwrap();
    let record = |part| {
        (
            key(thread, number, part),
            Some(value(thread, number, part, length)),
        )
    };
    [record(0), record(1)].into()
}

/// Two records that belong together, a third that counts them, and now and then some that are
/// written over and over, so that the log has something to reuse.
fn transaction(thread: u64, number: u64) -> Transaction {
    let mut operations = records(thread, number);
    operations.insert(latest(thread), Some(number.to_be_bytes().to_vec()));
    if number.is_multiple_of(7) {
        for part in 0..4u8 {
            let mut name = vec![b'h'; 33];
            name[32] = part;
            name[31] = u8::try_from(thread).unwrap();
            let byte = u8::try_from(number % 251).unwrap();
            operations.insert(name, Some(vec![byte; 50_000]));
        }
    }
    Transaction {
        now: i64::try_from(number).unwrap(),
        compares: Vec::new(),
        operations,
    }
}

fn promises(directory: &Path) -> PathBuf {
    directory.with_extension("promises")
}

/// Writes until it is ended or the store fails.
pub(crate) fn work(directory: &Path) {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(promises(directory))
        .unwrap();
    let store = Arc::new(SledStore::open(&StoreLocation::new(directory)).unwrap());
    let snapshot = store.snapshot().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let first = counted(&*snapshot, thread).unwrap() + 1;
            let (file, store) = (&file, &store);
            scope.spawn(move || work_alone(file, store, thread, first));
        }
    });
}

fn work_alone(mut file: &File, store: &SledStore, thread: u64, first: u64) {
    let end = std::env::var("OPSEC_STORE_WORKER_WRITES").map_or(u64::MAX, |n| n.parse().unwrap());
    for number in first..end {
        let started = Instant::now();
        let answer = store.transact(transaction(thread, number)).wait();
        let took = started.elapsed().as_micros();
        match answer {
            Ok(Verdict::Committed(_)) => {
                // One write a line, so that no line is torn.
                let line = format!("{thread} {number} {took}\n");
                file.write_all(line.as_bytes()).unwrap();
            }
            Ok(Verdict::Refused) => panic!("nothing was compared"),
            Err(error) => {
                assert!(store.failure().is_some(), "{error}");
                assert!(store.snapshot().is_err());
                let line = format!("failed {took} {}\n", error.reason());
                file.write_all(line.as_bytes()).unwrap();
                return;
            }
        }
    }
}

/// What a worker was promised, and what it ran into.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    /// The highest number by thread.
    pub(crate) highest: BTreeMap<u64, u64>,
    /// How long each took.
    pub(crate) took: Vec<Duration>,
    /// How long those took that failed, and why.
    pub(crate) failed: Vec<(Duration, String)>,
}

pub(crate) fn read_promises(directory: &Path) -> Promises {
    let mut read = Promises::default();
    let text = std::fs::read_to_string(promises(directory)).unwrap_or_default();
    for line in text.lines() {
        let words: Vec<_> = line.split(' ').collect();
        let number = |index: usize| words[index].parse::<u64>().unwrap();
        if words[0] == "failed" {
            let took = Duration::from_micros(number(1));
            read.failed.push((took, words[2].to_owned()));
        } else {
            read.highest.insert(number(0), number(1));
            read.took.push(Duration::from_micros(number(2)));
        }
    }
    read
}

/// How far a thread came, when everything up to there is as it was written.
fn counted(snapshot: &dyn Snapshot, thread: u64) -> Result<u64, String> {
    let said = |error: StoreError| error.to_string();
    let count = match snapshot.get(&latest(thread)).map_err(said)? {
        Some(entry) => u64::from_be_bytes(entry.value.as_slice().try_into().unwrap()),
        None => 0,
    };
    let prefix = format!("p{thread}\0").into_bytes();
    let found = all(snapshot, Range::prefix(&prefix)).map_err(said)?;
    let mut expected = Vec::new();
    for number in 1..=count {
        expected.extend(records(thread, number));
    }
    let found: Vec<_> = found
        .into_iter()
        .map(|one| (one.key, Some(one.value)))
        .collect();
    if found == expected {
        Ok(count)
    } else {
        Err(format!(
            "thread {thread}: {} of {} records",
            found.len(),
            expected.len()
        ))
    }
}

/// Reopens what is left: how many promised writes are not there.
pub(crate) fn lost(left: &Path, promises: &Promises) -> Result<u64, StoreError> {
    let store = SledStore::open(&StoreLocation::new(left))?;
    assert!(
        store.set_aside().is_empty(),
        "a cut damages no snapshot of sled's"
    );
    let snapshot = store.snapshot()?;
    let mut lost = 0;
    for (&thread, &promised) in &promises.highest {
        let count = counted(&*snapshot, thread).expect("what is there is whole");
        lost += promised.saturating_sub(count);
    }
    Ok(lost)
}
