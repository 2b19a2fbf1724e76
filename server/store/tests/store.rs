//! The store as its users see it: rules of change, concurrency, damage.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use opsec_model::Baseline;
use opsec_store::{
    Baselines, Change, ChangeContext, ChangeError, Outcome, Replay, StoreError, StoreLocation,
    StoredBaseline, apply,
};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000_000;

fn baseline(name: &str, spec: &Value) -> Box<Baseline> {
    let mut spec = spec.clone();
    if name != "default" && spec.get("appliesTo").is_none() {
        spec["appliesTo"] = json!({"operators": [name]});
    }
    let document = json!({
        "apiVersion": opsec_model::API_VERSION,
        "kind": "OperatorBaseline",
        "metadata": {"name": name},
        "spec": spec,
    });
    Box::new(Baseline::from_value(document).unwrap())
}

fn context() -> ChangeContext {
    ChangeContext {
        now: NOW,
        ..ChangeContext::default()
    }
}

fn create(location: &StoreLocation, name: &str, spec: &Value) -> Result<Outcome, ChangeError> {
    let document = format!("# {name}\n").into_bytes();
    apply(
        location,
        &Change::Create {
            baseline: baseline(name, spec),
            document,
        },
        &context(),
    )
}

fn update(
    location: &StoreLocation,
    name: &str,
    spec: &Value,
    etag: &str,
) -> Result<Outcome, ChangeError> {
    let etag = etag.to_owned();
    let change = Change::Update {
        baseline: baseline(name, spec),
        document: Vec::new(),
        etag,
    };
    apply(location, &change, &context())
}

fn delete(location: &StoreLocation, name: &str, etag: &str) -> Result<Outcome, ChangeError> {
    apply(
        location,
        &Change::Delete {
            name: name.to_owned(),
            etag: etag.to_owned(),
        },
        &context(),
    )
}

fn stored(location: &StoreLocation, name: &str) -> StoredBaseline {
    Baselines::load(location)
        .unwrap()
        .get(name)
        .unwrap()
        .clone()
}

#[test]
fn reading_an_absent_store_creates_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let location = StoreLocation::new(directory.path().join("data"));
    assert_eq!(Baselines::load(&location).unwrap(), Baselines::default());
    let validate = ChangeContext {
        validate_only: true,
        ..context()
    };
    let change = Change::Create {
        baseline: baseline("a", &json!({})),
        document: Vec::new(),
    };
    assert_eq!(apply(&location, &change, &validate).unwrap().revision, 1);
    assert!(matches!(
        delete(&location, "a", "x"),
        Err(ChangeError::NotFound { .. })
    ));
    assert!(!location.data_directory().exists());
}

#[test]
fn what_was_written_is_read_again_with_its_document() {
    let directory = tempfile::tempdir().unwrap();
    let location = StoreLocation::new(directory.path());
    let created = create(&location, "a", &json!({"failOn": "high"}))
        .unwrap()
        .baseline
        .unwrap();
    let read = stored(&location, "a");
    assert_eq!(read, created);
    assert_eq!(
        (read.revision, read.document.as_slice()),
        (1, &b"# a\n"[..])
    );
    assert_eq!(read.digest, read.baseline.digest().unwrap());
}

#[test]
fn revisions_count_up_and_are_never_used_twice() {
    let directory = tempfile::tempdir().unwrap();
    let location = StoreLocation::new(directory.path());
    let first = create(&location, "a", &json!({}))
        .unwrap()
        .baseline
        .unwrap();
    assert!(matches!(
        create(&location, "a", &json!({})),
        Err(ChangeError::Exists { revision: 1, .. })
    ));
    let equal = update(&location, "a", &json!({}), &first.etag).unwrap();
    assert_eq!((equal.revision, equal.unchanged), (1, true));
    let second = update(&location, "a", &json!({"failOn": "low"}), &first.etag).unwrap();
    assert_eq!((second.revision, second.unchanged), (2, false));
    for (etag, problem) in [
        ("", "needs the etag"),
        (first.etag.as_str(), "changed meanwhile"),
    ] {
        let error = update(&location, "a", &json!({}), etag)
            .unwrap_err()
            .to_string();
        assert!(error.contains(problem), "{error}");
        let error = delete(&location, "a", etag).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    let etag = stored(&location, "a").etag;
    assert_eq!(delete(&location, "a", &etag).unwrap().revision, 3);
    assert_eq!(Baselines::load(&location).unwrap().get("a"), None);
    assert!(matches!(
        delete(&location, "a", &etag),
        Err(ChangeError::NotFound { .. })
    ));
    assert_eq!(create(&location, "a", &json!({})).unwrap().revision, 4);
}

#[test]
fn default_changes_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let location = StoreLocation::new(directory.path());
    let etag = create(&location, "default", &json!({"failOn": "high"}))
        .unwrap()
        .baseline
        .unwrap()
        .etag;
    update(&location, "default", &json!({"failOn": "low"}), &etag).unwrap();
    let etag = stored(&location, "default").etag;
    assert!(matches!(
        delete(&location, "default", &etag),
        Err(ChangeError::DefaultUndeletable)
    ));
    let error = update(
        &location,
        "default",
        &json!({"appliesTo": {"operators": ["a"]}}),
        &etag,
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .starts_with("spec.appliesTo: ")
    );
}

#[test]
fn one_scope_has_one_baseline() {
    let directory = tempfile::tempdir().unwrap();
    let location = StoreLocation::new(directory.path());
    let spec = json!({"appliesTo": {"operators": ["cert-manager"], "clusters": ["prod-*"]}});
    let etag = create(&location, "a", &spec)
        .unwrap()
        .baseline
        .unwrap()
        .etag;
    let error = create(&location, "b", &spec).unwrap_err();
    assert!(
        matches!(&error, ChangeError::ScopeClaimed { by, .. } if by == "a"),
        "{error}"
    );
    create(
        &location,
        "c",
        &json!({"appliesTo": {"operators": ["cert-manager"]}}),
    )
    .unwrap();
    delete(&location, "a", &etag).unwrap();
    create(&location, "b", &spec).unwrap();
    for spec in [
        json!({"appliesTo": {}}),
        json!({"appliesTo": {"clusters": []}}),
    ] {
        let error = create(&location, "d", &spec).unwrap_err().to_string();
        assert!(error.starts_with("spec.appliesTo: "), "{error}");
    }
}

#[test]
fn large_content_is_kept_in_pieces_and_too_large_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let location = StoreLocation::new(directory.path());
    let document: Vec<u8> = (0..250 << 10)
        .map(|index: usize| u8::try_from(index % 251).unwrap())
        .collect();
    let change = |document| Change::Create {
        baseline: baseline("a", &json!({})),
        document,
    };
    let too_large = apply(&location, &change(vec![0; (256 << 10) + 1]), &context());
    assert!(matches!(
        too_large,
        Err(ChangeError::TooLarge { limit: 262_144, .. })
    ));
    apply(&location, &change(document.clone()), &context()).unwrap();
    assert_eq!(stored(&location, "a").document, document);
    let blobs = directory.path().join("store/blobs");
    assert!(!blobs.exists() || blobs.read_dir().unwrap().next().is_none());
}

#[test]
fn a_request_that_is_sent_twice_changes_once() {
    let directory = tempfile::tempdir().unwrap();
    let location = StoreLocation::new(directory.path());
    let send = |name: &str, id: &str, now| {
        let replay = Replay {
            subject: "embedded".to_owned(),
            method: "CreateBaseline",
            id: id.to_owned(),
            request: name.as_bytes().to_vec(),
        };
        let change = Change::Create {
            baseline: baseline(name, &json!({})),
            document: Vec::new(),
        };
        let context = ChangeContext {
            now,
            replay: Some(replay),
            ..ChangeContext::default()
        };
        apply(&location, &change, &context)
    };
    let first = send("a", "1", NOW).unwrap();
    let again = send("a", "1", NOW + 1).unwrap();
    assert_eq!(again, first);
    assert!(matches!(
        send("b", "1", NOW + 1),
        Err(ChangeError::RequestIdReused { .. })
    ));
    assert!(matches!(
        send("a", "2", NOW + 1),
        Err(ChangeError::Exists { .. })
    ));
    let day_after = NOW + 25 * 60 * 60 * 1_000;
    assert!(matches!(
        send("a", "1", day_after),
        Err(ChangeError::Exists { .. })
    ));
    send("b", "1", day_after).unwrap();
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let location = StoreLocation::new(file.join("data"));
    let error = create(&location, "a", &json!({})).unwrap_err().to_string();
    assert!(error.contains(&*file.to_string_lossy()), "{error}");
}

/// Not a test of its own: one of the processes of the test below, which sets the variable.
#[test]
fn one_of_many_processes() {
    let Some(directory) = std::env::var_os("OPSEC_STORE_TEST_DIRECTORY") else {
        return;
    };
    let location = StoreLocation::new(Path::new(&directory)).with_patience(Duration::from_mins(1));
    loop {
        let current = Baselines::load(&location).unwrap().get("counter").cloned();
        let outcome = match current {
            None => create(&location, "counter", &json!({"ownedKinds": ["1"]})),
            Some(current) => {
                let owned = current.baseline.spec.owned_kinds.unwrap();
                let count: u32 = owned[0].parse().unwrap();
                let spec = json!({"ownedKinds": [(count + 1).to_string()]});
                update(&location, "counter", &spec, &current.etag)
            }
        };
        match outcome {
            Ok(_) => return,
            Err(ChangeError::EtagStale { .. } | ChangeError::Exists { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn twenty_processes_at_once_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let children: Vec<_> = (0..20)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "one_of_many_processes"])
                .env("OPSEC_STORE_TEST_DIRECTORY", &data)
                .output_in_background()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    let counter = stored(&StoreLocation::new(&data), "counter");
    assert_eq!(
        counter.baseline.spec.owned_kinds,
        Some(vec!["20".to_owned()])
    );
    assert_eq!(counter.revision, 20);
}

trait InBackground {
    fn output_in_background(&mut self) -> std::process::Child;
}

impl InBackground for Command {
    fn output_in_background(&mut self) -> std::process::Child {
        use std::process::Stdio;
        self.stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// A store with many commits, as files by name.
fn filled(directory: &Path) -> StoreLocation {
    let location = StoreLocation::new(directory);
    for index in 0..12 {
        create(&location, &format!("b{index}"), &json!({"failOn": "high"})).unwrap();
    }
    location
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn a_log_that_ends_early_is_an_error_and_never_default() {
    let directory = tempfile::tempdir().unwrap();
    let location = filled(&directory.path().join("good"));
    let good = Baselines::load(&location).unwrap();
    assert_eq!(good.iter().count(), 12);
    let (mut seen, mut silent_without_head) = (0, 0);
    let content = std::fs::read(directory.path().join("good/store/db")).unwrap();
    let used = content.iter().rposition(|&byte| byte != 0).unwrap();
    for flip in 0..24usize {
        let data = directory.path().join(format!("flip{flip}"));
        copy(&directory.path().join("good"), &data);
        // Without sled's snapshot of its index the log is what counts.
        for entry in data.join("store").read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("snap.")
            {
                std::fs::remove_file(path).unwrap();
            }
        }
        let mut bytes = content.clone();
        bytes[used * flip / 24] ^= 0x10;
        std::fs::write(data.join("store/db"), &bytes).unwrap();
        let control = directory.path().join(format!("control{flip}"));
        copy(&data, &control);
        match Baselines::load(&StoreLocation::new(&data)) {
            Ok(read) => assert_eq!(read, good, "flip {flip} passed unseen"),
            Err(_) => seen += 1,
        }
        std::fs::remove_file(control.join("store/head")).unwrap();
        if let Ok(read) = Baselines::load(&StoreLocation::new(&control)) {
            silent_without_head += usize::from(read != good);
        }
    }
    assert!(seen > 0, "no flip mattered");
    // The negative control: without the head some of them pass unseen.
    assert!(silent_without_head > 0, "the head is not what sees it");
}

#[test]
fn an_older_log_under_a_newer_head_is_rolled_back() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let location = StoreLocation::new(&data);
    create(&location, "a", &json!({})).unwrap();
    copy(&data, &directory.path().join("older"));
    create(&location, "b", &json!({})).unwrap();
    create(&location, "c", &json!({})).unwrap();
    let head = std::fs::read(data.join("store/head")).unwrap();
    std::fs::remove_dir_all(&data).unwrap();
    copy(&directory.path().join("older"), &data);
    std::fs::write(data.join("store/head"), head).unwrap();
    let error = Baselines::load(&location).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::RolledBack {
                found: 1,
                expected: 3,
                ..
            }
        ),
        "{error}"
    );
    std::fs::remove_dir_all(data.join("store")).unwrap();
    assert_eq!(Baselines::load(&location).unwrap(), Baselines::default());
}

#[test]
fn opening_and_footprint_are_small() {
    let directory = tempfile::tempdir().unwrap();
    let location = filled(directory.path());
    let started = std::time::Instant::now();
    Baselines::load(&location).unwrap();
    let open = started.elapsed();
    let size: u64 = directory
        .path()
        .join("store")
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    println!("open {open:?}, {size} bytes");
    assert!(open < Duration::from_secs(2), "{open:?}");
    assert!(size < 64 << 20, "{size}");
}
