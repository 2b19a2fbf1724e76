//! The fixtures of Kubernetes' own Pod Security admission tests: every pod of `pass` meets its
//! level and every pod of `fail` does not.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use opsec_manifests::{Input, Options, read};
use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::PodTemplate;
use opsec_pod_security::{allows, strictest, violations};

/// How many fixtures there are.
const FIXTURES: usize = 148;

/// The corpus; none where it is absent, which is no success under CI.
fn corpus(test: &str) -> Option<PathBuf> {
    let path = std::env::var_os("OPSEC_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/corpus"),
        PathBuf::from,
    );
    if path.is_dir() {
        return Some(path);
    }
    let missing = format!("NOT RUN: {test}: no corpus at {}", path.display());
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{missing}");
    println!("{missing}");
    None
}

#[test]
fn every_fixture_is_admitted_or_refused_as_the_api_server_does() {
    let test = "every_fixture_is_admitted_or_refused_as_the_api_server_does";
    let Some(corpus) = corpus(test) else {
        return;
    };
    let mut judged = 0;
    let mut differences = Vec::new();
    for level in [PodSecurityLevel::Baseline, PodSecurityLevel::Restricted] {
        for (folder, admitted) in [("pass", true), ("fail", false)] {
            let folder = corpus
                .join("pod-security")
                .join(level.as_str())
                .join(folder);
            for file in files(&folder) {
                judged += 1;
                let pod = pod(&file);
                if allows(level, &pod) != admitted || (strictest(&pod) >= level) != admitted {
                    let found = violations(&pod);
                    differences.push(format!("{}: {found:?}", file.display()));
                }
            }
        }
    }
    assert_eq!(differences, [""; 0]);
    assert_eq!(judged, FIXTURES);
}

/// A fixture is named after the check that refuses it, but for its digits and the case.
#[test]
fn every_refused_fixture_is_refused_by_the_check_it_is_named_after() {
    let test = "every_refused_fixture_is_refused_by_the_check_it_is_named_after";
    let Some(corpus) = corpus(test) else {
        return;
    };
    for level in [PodSecurityLevel::Baseline, PodSecurityLevel::Restricted] {
        let folder = corpus
            .join("pod-security")
            .join(level.as_str())
            .join("fail");
        for file in files(&folder) {
            let name = file.file_stem().unwrap().to_str().unwrap();
            let name = name.trim_end_matches(|end: char| end.is_ascii_digit());
            let found = violations(&pod(&file));
            let named = found.iter().any(|violation| {
                // A field that both levels forbid stands under baseline's check, and the
                // fixtures of restricted volumes hold the node's paths too.
                let check = violation.check.to_lowercase();
                let base = |text: &str| text.split('_').next().unwrap().to_owned();
                base(&check) == base(name)
                    || (name == "restrictedvolumes" && check == "hostpathvolumes")
            });
            assert!(named, "{}: {found:?}", file.display());
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn pod(file: &Path) -> PodTemplate {
    // Some fixtures bear names with underscores, which no API server takes.
    let name = file.file_stem().unwrap().to_str().unwrap();
    let text = fs::read_to_string(file).unwrap();
    let input = Input {
        name: file.display().to_string(),
        bytes: text.replace(name, &name.replace('_', "-")).into_bytes(),
    };
    let manifests = read(&[input], &Options::default()).unwrap();
    let [workload] = manifests.snapshot.workloads.as_slice() else {
        panic!("{}: not one pod", file.display());
    };
    workload.template.clone()
}
