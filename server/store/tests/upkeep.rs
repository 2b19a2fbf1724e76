//! Checking a store, and moving one as a file.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::io::Cursor;
use std::path::Path;

use opsec_model::Baseline;
use opsec_store::fsck::{Code, FsckOptions, fsck};
use opsec_store::store::{Range, Transaction, all};
use opsec_store::transfer::{TransferError, export, import};
use opsec_store::{
    Baselines, Change, ChangeContext, Replay, SledStore, Store, StoreLocation, apply,
};
use serde_json::json;

fn create(location: &StoreLocation, name: &str) {
    let document = json!({
        "apiVersion": opsec_model::API_VERSION,
        "kind": "OperatorBaseline",
        "metadata": {"name": name},
        "spec": {"appliesTo": {"operators": [name]}},
    });
    let change = Change::Create {
        baseline: Box::new(Baseline::from_value(document).unwrap()),
        document: format!("# {name}").into_bytes(),
    };
    let replay = Replay {
        subject: "embedded".to_owned(),
        method: "CreateBaseline",
        id: name.to_owned(),
        request: Vec::new(),
    };
    let context = ChangeContext {
        replay: Some(replay),
        ..ChangeContext::default()
    };
    apply(location, &change, &context).unwrap();
}

/// Three baselines, one of them deleted.
fn filled(directory: &Path) -> StoreLocation {
    let location = StoreLocation::new(directory);
    for name in ["a", "b", "c"] {
        create(&location, name);
    }
    let etag = Baselines::load(&location)
        .unwrap()
        .get("c")
        .unwrap()
        .etag
        .clone();
    let name = "c".to_owned();
    apply(
        &location,
        &Change::Delete { name, etag },
        &ChangeContext::default(),
    )
    .unwrap();
    location
}

/// Changes records as no program does.
fn tamper(location: &StoreLocation, records: &[(&[u8], Option<&[u8]>)]) {
    let operations = records
        .iter()
        .map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec)));
    let transaction = Transaction {
        operations: operations.collect(),
        ..Transaction::default()
    };
    let store = SledStore::open(location).unwrap();
    store.transact(transaction).wait().unwrap();
}

fn codes(location: &StoreLocation, options: &FsckOptions) -> Vec<(Code, bool)> {
    let report = fsck(location, options).unwrap();
    assert_eq!(report.exit_status(), u8::from(!report.findings.is_empty()));
    report
        .findings
        .iter()
        .map(|one| (one.code, one.repaired))
        .collect()
}

const LOOK: FsckOptions = FsckOptions {
    repair: false,
    accept_loss: false,
    now: 0,
};

#[test]
fn a_store_that_is_whole_has_no_findings() {
    let directory = tempfile::tempdir().unwrap();
    let location = filled(directory.path());
    assert_eq!(codes(&location, &LOOK), []);
    let absent = StoreLocation::new(directory.path().join("absent"));
    assert!(fsck(&absent, &LOOK).is_err());
    assert!(!absent.data_directory().exists());
}

/// Records that are written or removed, and what is found then.
type Case<'a> = (Vec<(&'a [u8], Option<&'a [u8]>)>, Code);

#[test]
fn each_kind_of_damage_has_its_code() {
    let orphan = [b"h".as_slice(), &[7; 32]].concat();
    let revision = [b"ra\0".as_slice(), &1u64.to_be_bytes()].concat();
    let chunk = |location: &StoreLocation| {
        let snapshot = SledStore::open(location).unwrap().snapshot().unwrap();
        let chunks = all(&*snapshot, Range::prefix(b"h").keys_only()).unwrap();
        chunks[0].key.clone()
    };
    let cases: Vec<Case<'_>> = vec![
        (vec![(&orphan, Some(b"x"))], Code::OrphanChunk),
        (vec![(b"sx\0*\0", Some(b"a"))], Code::DanglingClaim),
        (vec![(b"sa\0*\0", None)], Code::DanglingClaim),
        (vec![(&revision, None)], Code::MissingRevision),
        (vec![(b"ba\0", None)], Code::MissingRevision),
        (vec![(b"ba\0", Some(b"{"))], Code::BadChecksum),
        (vec![(b"zx\0", Some(b"x"))], Code::UnknownKind),
    ];
    for (records, code) in cases {
        let directory = tempfile::tempdir().unwrap();
        let location = filled(directory.path());
        tamper(&location, &records);
        let found = codes(&location, &LOOK);
        assert!(found.contains(&(code, false)), "{code:?}: {found:?}");
    }
    let directory = tempfile::tempdir().unwrap();
    let location = filled(directory.path());
    tamper(&location, &[(&chunk(&location), None)]);
    assert!(codes(&location, &LOOK).contains(&(Code::MissingChunk, false)));
    std::fs::create_dir_all(directory.path().join("store/blobs")).unwrap();
    std::fs::write(directory.path().join("store/blobs/1"), "x").unwrap();
    assert!(codes(&location, &LOOK).contains(&(Code::BlobsNotEmpty, false)));
}

#[test]
fn what_can_be_mended_without_a_guess_is_when_asked() {
    let directory = tempfile::tempdir().unwrap();
    let location = filled(directory.path());
    let good = Baselines::load(&location).unwrap();
    let orphan = [b"h".as_slice(), &[7; 32]].concat();
    tamper(
        &location,
        &[
            (&orphan, Some(b"x")),
            (b"sx\0*\0", Some(b"a")),
            (b"sa\0*\0", None),
        ],
    );
    assert!(Baselines::load(&location).is_err());
    let repair = FsckOptions {
        repair: true,
        ..LOOK
    };
    let expected = [Code::OrphanChunk, Code::DanglingClaim, Code::DanglingClaim];
    assert_eq!(codes(&location, &LOOK), expected.map(|code| (code, false)));
    assert_eq!(codes(&location, &repair), expected.map(|code| (code, true)));
    assert_eq!(codes(&location, &LOOK), []);
    let mended = Baselines::load(&location).unwrap();
    assert!(mended.iter().eq(good.iter()));
}

#[test]
fn a_loss_is_gone_on_from_only_when_it_is_accepted_and_in_a_new_epoch() {
    let directory = tempfile::tempdir().unwrap();
    let location = filled(directory.path());
    let epoch = Baselines::load(&location).unwrap().cursor().epoch;
    let log = std::fs::read(directory.path().join("store/db")).unwrap();
    create(&location, "d");
    create(&location, "e");
    let head = std::fs::read(directory.path().join("store/head")).unwrap();
    let store = directory.path().join("store");
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::create_dir(&store).unwrap();
    std::fs::write(store.join("db"), log).unwrap();
    std::fs::write(store.join("head"), head).unwrap();
    let error = Baselines::load(&location).unwrap_err();
    assert_eq!(error.reason(), "STORE_ROLLED_BACK");
    assert_eq!(codes(&location, &LOOK), [(Code::HeadMismatch, false)]);
    assert!(Baselines::load(&location).is_err());
    let accept = FsckOptions {
        accept_loss: true,
        ..LOOK
    };
    assert_eq!(codes(&location, &accept), [(Code::HeadMismatch, true)]);
    let left = Baselines::load(&location).unwrap();
    assert_eq!(left.iter().count(), 2);
    assert_ne!(left.cursor().epoch, epoch);
    assert!(left.cursor().commit > 6);
    create(&location, "d");
    assert_eq!(codes(&location, &LOOK), []);
}

fn exported(location: &StoreLocation) -> Vec<u8> {
    let store = SledStore::open(location).unwrap();
    let mut lines = Vec::new();
    export(&*store.snapshot().unwrap(), &store.id(), &mut lines).unwrap();
    lines
}

#[test]
fn what_is_exported_and_imported_is_the_same_in_another_epoch() {
    let directory = tempfile::tempdir().unwrap();
    let location = filled(&directory.path().join("one"));
    let lines = exported(&location);
    let other = StoreLocation::new(directory.path().join("other"));
    let count = import(&other, &mut Cursor::new(&lines), 0).unwrap();
    assert_eq!(count, lines.split(|&byte| byte == b'\n').count() as u64 - 3);
    let (before, after) = (
        Baselines::load(&location).unwrap(),
        Baselines::load(&other).unwrap(),
    );
    assert!(after.iter().eq(before.iter()));
    assert_ne!(after.cursor().epoch, before.cursor().epoch);
    assert_eq!(codes(&other, &LOOK), []);
    // Replay ids are not taken along: the same request is made anew, and refused by its rules.
    let snapshot = SledStore::open(&other).unwrap().snapshot().unwrap();
    assert_eq!(all(&*snapshot, Range::prefix(b"i")).unwrap(), []);
    create(&other, "c");
    assert_eq!(
        Baselines::load(&other).unwrap().get("c").unwrap().revision,
        3
    );
    let again = import(&other, &mut Cursor::new(&lines), 0).unwrap_err();
    assert!(matches!(again, TransferError::NotEmpty(_)));
}

#[test]
fn an_export_that_is_not_whole_imports_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let lines = exported(&filled(&directory.path().join("one")));
    let other = StoreLocation::new(directory.path().join("other"));
    let mut damaged: Vec<Vec<u8>> = (0..lines.len())
        .step_by(13)
        .map(|at| {
            let mut lines = lines.clone();
            lines[at] ^= 1;
            lines
        })
        .collect();
    damaged.extend(
        (0..lines.len())
            .step_by(97)
            .map(|length| lines[..length].to_vec()),
    );
    damaged.push([&lines[..], b"{}\n"].concat());
    for lines in damaged {
        let text = String::from_utf8_lossy(&lines).into_owned();
        assert!(
            import(&other, &mut Cursor::new(lines), 0).is_err(),
            "{text}"
        );
        assert!(!other.data_directory().exists());
    }
    let newer = String::from_utf8(lines)
        .unwrap()
        .replace("\"version\":1", "\"version\":2");
    let error = import(&other, &mut Cursor::new(newer), 0).unwrap_err();
    assert!(matches!(error, TransferError::Newer(2)), "{error}");
}
