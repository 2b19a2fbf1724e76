//! One flipped bit anywhere in a data directory: what is read is right, or it is an error.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use opsec_model::Baseline;
use opsec_store::fsck::{FsckOptions, fsck};
use opsec_store::{Baselines, Change, ChangeContext, StoreLocation, apply};
use serde_json::json;

use crate::machine::{Numbers, rounds, scratch};

fn baseline(name: &str, fail_on: &str) -> Box<Baseline> {
    let document = json!({
        "apiVersion": opsec_model::API_VERSION,
        "kind": "OperatorBaseline",
        "metadata": {"name": name},
        "spec": {"failOn": fail_on, "appliesTo": {"operators": [name]}},
    });
    Box::new(Baseline::from_value(document).unwrap())
}

/// A directory with baselines that were changed and deleted.
fn fill(location: &StoreLocation) -> Baselines {
    let context = ChangeContext::default();
    for index in 0..40 {
        let name = format!("b{index}");
        let change = Change::Create {
            baseline: baseline(&name, "high"),
            document: vec![b'#'; 300],
        };
        let etag = apply(location, &change, &context)
            .unwrap()
            .baseline
            .unwrap()
            .etag;
        let change = match index % 3 {
            0 => Change::Update {
                baseline: baseline(&name, "low"),
                document: Vec::new(),
                etag,
            },
            1 => Change::Delete { name, etag },
            _ => continue,
        };
        apply(location, &change, &context).unwrap();
    }
    Baselines::load(location).unwrap()
}

/// Files of a directory, with how many bytes of each are in use.
fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>, usize)> {
    let mut files = Vec::new();
    for entry in directory.join("store").read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let content = std::fs::read(&path).unwrap();
            let used = content
                .iter()
                .rposition(|&byte| byte != 0)
                .map_or(0, |last| last + 1);
            files.push((path, content, used));
        }
    }
    files.sort();
    files
}

/// Which bits: every byte of what is small, as many of the log as are left.
fn bits(files: &[(PathBuf, Vec<u8>, usize)], flips: u64) -> Vec<(usize, usize, u8)> {
    let mut numbers = Numbers(3);
    let mut bits = Vec::new();
    for (index, (path, _, used)) in files.iter().enumerate() {
        let small = *used <= 5_000 && !path.ends_with("db");
        if small && *used > 0 {
            bits.extend((0..*used).step_by(used.div_ceil(100)).map(|at| (index, at)));
        }
    }
    while bits.len() < usize::try_from(flips).unwrap() {
        let index = files
            .iter()
            .position(|(path, ..)| path.ends_with("db"))
            .unwrap();
        let used = u64::try_from(files[index].2).unwrap();
        bits.push((index, usize::try_from(numbers.below(used)).unwrap()));
    }
    let mask = |numbers: &mut Numbers| 1u8 << numbers.below(8);
    bits.into_iter()
        .map(|(index, at)| (index, at, mask(&mut numbers)))
        .collect()
}

/// The file that the negative control does without.
const HEAD: &str = "head";

/// What came of one flip.
enum Came {
    Right,
    Error,
    Wrong,
}

fn flip(
    work: &Path,
    files: &[(PathBuf, Vec<u8>, usize)],
    bit: (usize, usize, u8),
    without: &[&str],
    good: &Baselines,
) -> Came {
    let _ = std::fs::remove_dir_all(work);
    std::fs::create_dir_all(work.join("store")).unwrap();
    for (index, (path, content, _)) in files.iter().enumerate() {
        let name = path.file_name().unwrap().to_str().unwrap();
        if without.iter().any(|without| name.starts_with(without)) {
            continue;
        }
        let target = work.join("store").join(name);
        if index == bit.0 {
            let mut content = content.clone();
            content[bit.1] ^= bit.2;
            std::fs::write(target, content).unwrap();
        } else {
            std::fs::copy(path, target).unwrap();
        }
    }
    let location = StoreLocation::new(work);
    if without.contains(&HEAD) {
        // The log is taken at its word.
        let accept_loss = true;
        let options = FsckOptions {
            accept_loss,
            ..FsckOptions::default()
        };
        if fsck(&location, &options).is_err() {
            return Came::Error;
        }
    }
    match Baselines::load(&location) {
        // Who accepts a loss begins another history: what counts is what is in it.
        Ok(read) if read.iter().eq(good.iter()) => Came::Right,
        Ok(_) => Came::Wrong,
        Err(_) => Came::Error,
    }
}

/// Flips all bits, on as many threads as there are cores: right, errors, wrong.
fn run(
    parent: &Path,
    files: &[(PathBuf, Vec<u8>, usize)],
    bits: &[(usize, usize, u8)],
    without: &[&str],
    good: &Baselines,
) -> [usize; 3] {
    let counts = [const { AtomicUsize::new(0) }; 3];
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let work = parent.join(format!("work{thread}"));
            let (counts, next) = (&counts, &next);
            scope.spawn(move || {
                while let Some(&bit) = bits.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let came = flip(&work, files, bit, without, good) as usize;
                    counts[came].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    counts.map(AtomicUsize::into_inner)
}

#[test]
fn one_flipped_bit_gives_what_was_stored_or_an_error() {
    let parent = scratch();
    let stored = parent.path().join("stored");
    let good = fill(&StoreLocation::new(&stored));
    assert_eq!(good.iter().count(), 27);
    let files = files(&stored);
    let bits = bits(&files, rounds("OPSEC_STORE_FLIPS", 1_000));
    for without in [&[][..], &["snap."]] {
        // Without sled's snapshot of its index it is the log that counts.
        let share = if without.is_empty() {
            &bits
        } else {
            &bits[bits.len() / 2..]
        };
        let [right, errors, wrong] = run(parent.path(), &files, share, without, &good);
        println!(
            "{} flips without {without:?}: {right} right, {errors} errors",
            share.len()
        );
        assert_eq!(wrong, 0, "a wrong answer passed unseen");
        assert!(errors > 0, "no flip mattered");
    }
    // The negative control: without the head some pass unseen.
    let untouched = (0, 0, 0);
    let came = flip(
        &parent.path().join("work"),
        &files,
        untouched,
        &["snap.", HEAD],
        &good,
    );
    assert!(matches!(came, Came::Right), "the control itself is right");
    let control = &bits[bits.len() - 60..];
    let [_, _, wrong] = run(parent.path(), &files, control, &["snap.", HEAD], &good);
    println!("{} flips without the head: {wrong} wrong", control.len());
    assert!(wrong > control.len() / 4, "the head is not what sees it");
}
