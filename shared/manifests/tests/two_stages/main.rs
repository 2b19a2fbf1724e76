//! Definitions read without their schemas come to what they come to when they are parsed whole:
//! on real manifests, and on random changes of real and of made ones.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

mod definitions;
mod mutations;

use std::path::Path;

use opsec_corpus::corpus;
use opsec_manifests::{Input, ManifestError, Manifests, Options, read};
use opsec_model::{Notice, NoticeCode};

use definitions::{MADE, documents};
use mutations::{Random, mutated};

/// How many changed documents are read; `OPSEC_MUTATIONS` says another number.
const MUTATIONS: usize = 3_000;

fn read_as(strict: bool, text: &str) -> Result<Manifests, ManifestError> {
    let input = Input {
        name: "a.yaml".into(),
        bytes: text.as_bytes().to_vec(),
    };
    let options = Options {
        strict,
        ..Options::default()
    };
    read(&[input], &options)
}

/// Takes what is said under `--strict` alone out of what is said: of keys of schemas.
fn forget_schemas(strict: &mut Manifests, lax: &Manifests) {
    let of_a_schema = |notice: &Notice| {
        let path = notice.message.split('`').nth(1).unwrap_or_default();
        let index = path
            .strip_prefix("spec.versions[")
            .and_then(|rest| rest.split_once(']'));
        notice.code == NoticeCode::DuplicateKey
            && index.is_some_and(|(_, rest)| rest.starts_with(".schema.openAPIV3Schema"))
    };
    strict
        .snapshot
        .notices
        .retain(|notice| lax.snapshot.notices.contains(notice) || !of_a_schema(notice));
}

/// What comparing two readings tells.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    both_read: usize,
    neither_reads: usize,
    unnoticed: usize,
}

impl Told {
    fn compare(&mut self, text: &str, name: &str) {
        match (read_as(false, text), read_as(true, text)) {
            (Ok(lax), Ok(mut strict)) => {
                forget_schemas(&mut strict, &lax);
                assert_eq!(
                    lax.snapshot.digest().unwrap(),
                    strict.snapshot.digest().unwrap(),
                    "{name}\n{text}"
                );
                assert!(lax == strict, "{name}: {lax:#?}\n{strict:#?}\n{text}");
                self.both_read += 1;
            }
            // Of several errors the first may be one that goes unnoticed.
            (Err(_), Err(_)) => self.neither_reads += 1,
            (Ok(_), Err(_)) => self.unnoticed += 1,
            (Err(error), Ok(_)) => panic!("{name}: {error}\n{text}"),
        }
    }
}

fn change_all(name: &str, texts: &[String], count: usize) -> Told {
    let mut told = Told::default();
    for number in 0..count {
        // A seed a document, so that one that differs is found again.
        let mut random = Random(number as u64);
        let text = &texts[random.below(texts.len())];
        told.compare(&mutated(text, &mut random), &format!("{name} {number}"));
    }
    told
}

fn count(of: usize) -> usize {
    std::env::var("OPSEC_MUTATIONS").map_or(of, |count| count.parse().unwrap())
}

#[test]
fn changed_definitions_read_the_same_without_their_schemas() {
    let texts: Vec<String> = MADE.iter().map(|text| (*text).to_owned()).collect();
    for text in &texts {
        assert!(read_as(true, text).is_ok(), "{text}");
    }
    let count = count(MUTATIONS);
    let told = change_all("made", &texts, count);
    println!("{count} made: {told:?}");
    assert!(told.both_read > count / 5, "{told:?}");
    // That errors inside of schemas go unnoticed shows that schemas are left out.
    assert!(told.unnoticed > count / 50, "{told:?}");
}

#[test]
fn changed_real_definitions_read_the_same_without_their_schemas() {
    let Some(corpus) = corpus("changed_real_definitions_read_the_same_without_their_schemas")
    else {
        return;
    };
    let most = if std::env::var("OPSEC_MUTATIONS").is_ok() {
        200_000
    } else {
        12_000
    };
    let texts: Vec<String> = ["operators", "versions"]
        .iter()
        .flat_map(|folder| documents(&corpus.join(folder)))
        .filter(|text| text.contains("kind: CustomResourceDefinition") && text.len() < most)
        .collect();
    assert!(texts.len() > 30, "{}", texts.len());
    let count = count(MUTATIONS / 4);
    let told = change_all("real", &texts, count);
    println!("{count} of {} real: {told:?}", texts.len());
    assert!(told.both_read > count / 5, "{told:?}");
    assert!(told.unnoticed > count / 20, "{told:?}");
}

#[test]
fn real_manifests_read_the_same_without_their_schemas() {
    let Some(corpus) = corpus("real_manifests_read_the_same_without_their_schemas") else {
        return;
    };
    let mut told = Told::default();
    for folder in ["operators", "versions", "olm", "badrobot", "attacks"] {
        for file in definitions::files(&corpus.join(folder)) {
            told.compare(&std::fs::read_to_string(&file).unwrap(), &name(&file));
        }
    }
    assert_eq!(told.unnoticed, 0);
    assert!(told.both_read > 100, "{told:?}");
}

fn name(file: &Path) -> String {
    file.display().to_string()
}
