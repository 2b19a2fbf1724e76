//! The cases read as the specification: each `cases/<slug>.md` holds manifests and what every
//! rule of interest must come to.
#![cfg(test)]

#[path = "cases/case.rs"]
mod case;
#[path = "cases/outcome.rs"]
mod outcome;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use opsec_model::Status;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

fn files() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_case_comes_out_as_it_says() {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for (file, text) in files() {
        for case in case::parse(&file, &text) {
            cases += 1;
            if let Err(message) = outcome::run(&case) {
                wrong.push(format!("{file}.md: {}\n{message}", case.name));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {cases} cases:\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(cases > 0);
}

#[test]
fn every_rule_has_a_case_that_fails_one_that_passes_and_one_that_cannot_know() {
    let cases: Vec<_> = files()
        .iter()
        .flat_map(|(file, text)| case::parse(file, text))
        .collect();
    let mut lacking = Vec::new();
    for rule in opsec_practices::registry::rules() {
        let found: BTreeSet<Status> = cases
            .iter()
            .flat_map(|case| &case.expectations)
            .filter(|expectation| expectation.rule == rule.id)
            .map(|expectation| expectation.status)
            .collect();
        for status in [Status::Fail, Status::Pass, Status::Unknown] {
            // What is only to be known never fails by itself: its severity is below every bar.
            let told = ["OPSEC317", "OPSEC603"].contains(&rule.id);
            let expected = !(told && status == Status::Fail);
            if expected && !found.contains(&status) {
                lacking.push(format!("{} has no case for {status}", rule.id));
            }
        }
        if !folder().join(format!("{}.md", rule.slug)).exists() {
            lacking.push(format!("{} has no file cases/{}.md", rule.id, rule.slug));
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}
