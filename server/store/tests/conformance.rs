//! What every engine does, whichever it is: one suite, run over each of them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use opsec_store::store::{
    Compare, Cursor, Range, TRANSACTION_OPERATIONS, Transaction, VALUE_BYTES, Verdict, WatchError,
    all,
};
use opsec_store::{SledStore, Store, StoreLocation};

/// An engine: opens the store of a directory.
type Engine = fn(&std::path::Path) -> Arc<dyn Store>;

const ENGINES: [Engine; 1] =
    [|directory| Arc::new(SledStore::open(&StoreLocation::new(directory)).unwrap())];

/// Runs a test over each engine, which it can open again.
fn on_each_engine(test: impl Fn(&dyn Fn() -> Arc<dyn Store>)) {
    for engine in ENGINES {
        let directory = tempfile::tempdir().unwrap();
        test(&|| engine(directory.path()));
    }
}

fn put(pairs: &[(&str, &str)]) -> Transaction {
    let operations = pairs.iter().map(|(key, value)| {
        let value = (!value.is_empty()).then(|| value.as_bytes().to_vec());
        (key.as_bytes().to_vec(), value)
    });
    Transaction {
        operations: operations.collect(),
        ..Transaction::default()
    }
}

fn when(key: &str, modified: u64, mut transaction: Transaction) -> Transaction {
    let key = key.as_bytes().to_vec();
    transaction.compares.push(Compare { key, modified });
    transaction
}

fn commit(store: &dyn Store, transaction: Transaction) -> u64 {
    match store.transact(transaction).wait().unwrap() {
        Verdict::Committed(commit) => commit,
        Verdict::Refused => panic!("refused"),
    }
}

fn values(store: &dyn Store, prefix: &str) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let entries = all(
        &*store.snapshot().unwrap(),
        Range::prefix(prefix.as_bytes()),
    )
    .unwrap();
    entries
        .into_iter()
        .map(|one| (text(one.key), text(one.value)))
        .collect()
}

#[test]
fn who_was_answered_reads_what_was_written() {
    on_each_engine(|open| {
        let store = open();
        let written = commit(&*store, put(&[("ca", "1"), ("cb", "2")]));
        let snapshot = store.snapshot().unwrap();
        assert_eq!(snapshot.cursor().commit, written);
        let entry = snapshot.get(b"ca").unwrap().unwrap();
        assert_eq!(
            (entry.value.as_slice(), entry.modified),
            (&b"1"[..], written)
        );
        let next = commit(&*store, put(&[("ca", ""), ("cb", "3")]));
        assert!(next > written);
        assert_eq!(store.snapshot().unwrap().get(b"ca").unwrap(), None);
        // A snapshot never changes.
        assert_eq!(snapshot.get(b"cb").unwrap().unwrap().value, b"2");
    });
}

#[test]
fn what_was_written_is_there_again_after_reopening_with_its_commit() {
    on_each_engine(|open| {
        let (written, cursor) = {
            let store = open();
            let written = commit(&*store, put(&[("ca", "1"), ("hlarge", "2"), ("ra", "3")]));
            (written, store.snapshot().unwrap().cursor())
        };
        let store = open();
        let snapshot = store.snapshot().unwrap();
        assert_eq!(snapshot.cursor(), cursor);
        for key in ["ca", "hlarge", "ra"] {
            assert_eq!(
                snapshot.get(key.as_bytes()).unwrap().unwrap().modified,
                written
            );
        }
        assert!(commit(&*store, put(&[("ca", "4")])) > written);
    });
}

#[test]
fn a_compare_that_fails_refuses_its_transaction_whole_and_no_other() {
    on_each_engine(|open| {
        let store = open();
        let first = commit(&*store, when("ca", 0, put(&[("ca", "1")])));
        let stale = when("ca", 0, put(&[("ca", "2"), ("cb", "2")]));
        let fresh = when("ca", first, put(&[("cc", "3")]));
        // Queued together, so that an engine may write them together.
        let (stale, fresh) = (store.transact(stale), store.transact(fresh));
        assert_eq!(stale.wait().unwrap(), Verdict::Refused);
        assert!(matches!(fresh.wait().unwrap(), Verdict::Committed(_)));
        let expected = [("ca", "1"), ("cc", "3")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(values(&*store, "c"), expected);
    });
}

#[test]
fn of_many_that_compare_the_same_one_wins() {
    on_each_engine(|open| {
        let store = open();
        let mut counted = 0;
        for round in 0..20 {
            let before = store.snapshot().unwrap().get(b"ca").unwrap();
            let modified = before.map_or(0, |entry| entry.modified);
            let pending: Vec<_> = (0..16)
                .map(|who| {
                    let value = format!("{round}-{who}");
                    store.transact(when("ca", modified, put(&[("ca", &value)])))
                })
                .collect();
            let verdicts = pending.into_iter().map(|one| one.wait().unwrap());
            counted += verdicts
                .filter(|one| matches!(one, Verdict::Committed(_)))
                .count();
        }
        assert_eq!(counted, 20);
    });
}

#[test]
fn a_range_is_given_in_pages_in_the_order_of_keys() {
    on_each_engine(|open| {
        let store = open();
        let names: Vec<_> = (0..90).map(|index| format!("c{index:03}")).collect();
        let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
        commit(&*store, put(&pairs));
        commit(&*store, put(&[("b", "x"), ("d", "x")]));
        let snapshot = store.snapshot().unwrap();
        let mut range = Range::prefix(b"c").limit(40);
        let mut seen = Vec::new();
        for (length, more) in [(40, true), (40, true), (10, false)] {
            let page = snapshot.range(&range).unwrap();
            assert_eq!((page.entries.len(), page.more), (length, more));
            range = range.after(&page.entries[length - 1].key);
            seen.extend(
                page.entries
                    .into_iter()
                    .map(|one| String::from_utf8(one.key).unwrap()),
            );
        }
        assert_eq!(seen, names);
        let keys = snapshot.range(&Range::prefix(b"c").keys_only()).unwrap();
        assert!(
            keys.entries
                .iter()
                .all(|one| one.value.is_empty() && one.modified > 0)
        );
    });
}

#[test]
fn what_no_engine_takes_is_refused_before_anything_is_written() {
    on_each_engine(|open| {
        let store = open();
        let names: Vec<_> = (0..=TRANSACTION_OPERATIONS)
            .map(|n| format!("c{n:03}"))
            .collect();
        let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
        let long = "x".repeat(VALUE_BYTES + 1);
        for transaction in [put(&pairs), put(&[("ca", &long)])] {
            let error = store.transact(transaction).wait().unwrap_err();
            assert!(error.to_string().contains("the limit is"), "{error}");
        }
        assert_eq!(values(&*store, "c"), []);
        commit(&*store, put(&[("ca", &"x".repeat(VALUE_BYTES))]));
    });
}

#[test]
fn a_watch_gives_every_change_after_its_cursor_once_and_in_order() {
    on_each_engine(|open| {
        let store = open();
        commit(&*store, put(&[("bseen", "0")]));
        let cursor = store.snapshot().unwrap().cursor();
        let mut expected = Vec::new();
        for round in 0..5 {
            let value = format!("{round}");
            let commit = commit(
                &*store,
                put(&[("bx", &value), ("cx", &value), ("sx", &value)]),
            );
            expected.push((commit, b"bx".to_vec(), Some(value.into_bytes())));
        }
        let gone = commit(&*store, put(&[("bx", "")]));
        expected.push((gone, b"bx".to_vec(), None));
        let take = |store: &dyn Store, cursor| {
            let events = store.watch(b"b", cursor).unwrap().take().unwrap();
            let events = events
                .into_iter()
                .map(|one| (one.commit, one.key, one.value));
            events.collect::<Vec<_>>()
        };
        assert_eq!(take(&*store, cursor), expected);
        let middle = Cursor {
            commit: expected[2].0,
            ..cursor
        };
        drop(store);
        // Cursors survive.
        let store = open();
        assert_eq!(take(&*store, middle), expected[3..]);
        assert_eq!(take(&*store, store.snapshot().unwrap().cursor()), []);
    });
}

#[test]
fn changes_that_are_made_together_are_all_told() {
    on_each_engine(|open| {
        let store = open();
        let cursor = store.snapshot().unwrap().cursor();
        let first = commit(&*store, put(&[("bx", "first")]));
        let pending: Vec<_> = (0..200)
            .map(|index| store.transact(put(&[("bx", &format!("{index}"))])))
            .collect();
        for pending in pending {
            pending.wait().unwrap();
        }
        let all = store.watch(b"b", cursor).unwrap().take().unwrap();
        assert_eq!(all.len(), 201);
        let cursor = store.snapshot().unwrap().cursor();
        let begin = Cursor {
            commit: first,
            ..cursor
        };
        let events = store.watch(b"b", begin).unwrap().take().unwrap();
        let told: Vec<_> = events
            .iter()
            .map(|one| one.value.clone().unwrap())
            .collect();
        let expected: Vec<_> = (0..200)
            .map(|index| format!("{index}").into_bytes())
            .collect();
        assert_eq!(told, expected);
    });
}

#[test]
fn a_watch_from_before_the_first_commit_tells_it() {
    on_each_engine(|open| {
        let store = open();
        let before = store.snapshot().unwrap().cursor();
        let mut open = store.watch(b"b", before).unwrap();
        assert_eq!(open.take().unwrap(), []);
        let commit = commit(&*store, put(&[("ba", "1")]));
        assert_eq!(open.take().unwrap().len(), 1);
        let later = store.watch(b"b", before).unwrap().take().unwrap();
        assert_eq!(later.len(), 1);
        assert_eq!(later[0].commit, commit);
        assert_eq!(open.cursor(), store.snapshot().unwrap().cursor());
    });
}

#[test]
fn a_cursor_of_another_epoch_or_of_the_future_has_expired() {
    on_each_engine(|open| {
        let store = open();
        commit(&*store, put(&[("bx", "1")]));
        let now = store.snapshot().unwrap().cursor();
        let other = Cursor {
            epoch: now.epoch ^ 2,
            ..now
        };
        let future = Cursor {
            commit: now.commit + 1,
            ..now
        };
        for cursor in [other, future] {
            let error = store.watch(b"b", cursor).unwrap_err();
            assert_eq!(error.reason(), "CURSOR_EXPIRED");
        }
    });
}

#[test]
fn old_changes_go_and_a_cursor_before_them_has_expired() {
    on_each_engine(|open| {
        let store = open();
        let day = 24 * 60 * 60 * 1_000;
        let first = commit(&*store, put(&[("bx", "0")]));
        let begin = Cursor {
            commit: first,
            ..store.snapshot().unwrap().cursor()
        };
        let mut now = 0;
        for _ in 0..110 {
            let operations: BTreeMap<_, _> = (0..100)
                .map(|index| (format!("c{index}").into_bytes(), Some(vec![1])))
                .collect();
            now += day;
            let transaction = Transaction {
                now,
                operations,
                ..Transaction::default()
            };
            commit(&*store, transaction);
        }
        assert!(matches!(
            store.watch(b"", begin),
            Err(WatchError::CursorExpired)
        ));
        let newest = store.snapshot().unwrap().cursor();
        let near = Cursor {
            commit: newest.commit - 99,
            ..newest
        };
        let mut watch = store.watch(b"c", near).unwrap();
        let mut count = 0;
        loop {
            let events = watch.take().unwrap();
            if events.is_empty() {
                break;
            }
            count += events.len();
        }
        assert_eq!(count, 9_900);
    });
}

struct Flag(std::sync::atomic::AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, std::sync::atomic::Ordering::SeqCst);
    }
}

#[test]
fn who_waits_for_a_change_is_woken_by_it() {
    on_each_engine(|open| {
        let store = open();
        commit(&*store, put(&[("bx", "1")]));
        let watch = store
            .watch(b"b", store.snapshot().unwrap().cursor())
            .unwrap();
        assert!(!watch.wait(Duration::from_millis(20)));
        let flag = Arc::new(Flag(false.into()));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        assert_eq!(watch.poll(&mut context), Poll::Pending);
        commit(&*store, put(&[("bx", "2")]));
        assert!(flag.0.load(std::sync::atomic::Ordering::SeqCst));
        assert_eq!(watch.poll(&mut context), Poll::Ready(()));
        assert!(watch.wait(Duration::ZERO));
    });
}
