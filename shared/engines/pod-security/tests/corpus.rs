//! The fixtures of Kubernetes' own Pod Security admission tests: every pod of `pass` meets its
//! level and every pod of `fail` does not.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use opsec_corpus::corpus;
use opsec_manifests::{Input, Options, read};
use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::PodTemplate;
use opsec_pod_security::{allows, node_access, strictest, violations};

/// How many fixtures there are.
const FIXTURES: usize = 148;

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

/// The container escapes of an attack graph's test cluster, with the field behind each. That of
/// CE_NET_MITM is the node's network, which is not the node.
const ESCAPES: [(&str, &[&str]); 7] = [
    (
        "CE_MODULE_LOAD",
        &["containers[0].securityContext.capabilities.add"],
    ),
    ("CE_NET_MITM", &[]),
    (
        "CE_NSENTER",
        &["containers[0].securityContext.privileged", "hostPID"],
    ),
    (
        "CE_PRIV_MOUNT",
        &["containers[0].securityContext.privileged"],
    ),
    (
        "CE_SYS_PTRACE",
        &["containers[0].securityContext.capabilities.add", "hostPID"],
    ),
    ("CE_UMH_CORE_PATTERN", &["volumes[0].hostPath"]),
    ("CE_VAR_LOG_SYMLINK", &["volumes[0].hostPath"]),
];

#[test]
fn every_container_escape_reaches_the_node_or_breaks_baseline() {
    let test = "every_container_escape_reaches_the_node_or_breaks_baseline";
    let Some(corpus) = corpus(test) else {
        return;
    };
    for (attack, expected) in ESCAPES {
        let path = corpus.join("attacks").join(format!("{attack}.yaml"));
        let input = Input {
            name: attack.to_owned(),
            bytes: fs::read(path).unwrap(),
        };
        let manifests = read(&[input], &Options::default()).unwrap();
        let template = &manifests.snapshot.workloads[0].template;
        let found = node_access(template).into_iter();
        let fields: Vec<String> = found.map(|access| access.field).collect();
        assert_eq!(fields, expected, "{attack}");
        assert!(!allows(PodSecurityLevel::Baseline, template), "{attack}");
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
