//! `diff` as a shell sees it: real versions of operators, the demo operator, baselines and snapshots.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

mod schema;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use opsec_corpus::corpus;
use serde_json::Value;

use schema::assert_valid;

/// What a command came to.
struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run(directory: &Path, arguments: &[&str], input: &str) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("input");
    std::fs::write(&file, input).unwrap();
    let output = Command::new(cargo_bin("kubectl-opsec"))
        .args(arguments)
        .current_dir(directory)
        // No test touches the cluster that whoever runs it is connected to.
        .env("KUBECONFIG", "/dev/null/none")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env("OPSEC_DATA_DIR", directory.join("data"))
        .stdin(Stdio::from(std::fs::File::open(&file).unwrap()))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ran {
        status: output.status.code(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo")
}

/// The demo operator, shipped and hardened, in a directory of its own.
fn copied() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for file in ["as-shipped.yaml", "hardened.yaml"] {
        std::fs::copy(demo().join(file), directory.path().join(file)).unwrap();
    }
    directory
}

/// Two releases of an operator of the corpus, as a table.
fn versions(test: &str, older: &str, newer: &str, form: &str) -> Option<String> {
    let folder = corpus(test)?.join("versions");
    let line = ["diff", older, newer, "-o", form];
    let ran = run(&folder, &line, "");
    let status = ran.status.unwrap();
    assert_eq!(ran.stderr, "");
    Some(format!("{}status {status}\n", ran.stdout))
}

#[test]
fn cert_manager_gains_nothing_from_one_release_to_the_next() {
    let test = "cert_manager_gains_nothing_from_one_release_to_the_next";
    let (older, newer) = ("cert-manager-v1.20.3.yaml", "cert-manager-v1.21.1.yaml");
    let Some(told) = versions(test, older, newer, "table") else {
        return;
    };
    assert_eq!(told.lines().count(), 2, "{told}");
    insta::assert_snapshot!("cert-manager", told);
    insta::assert_snapshot!(
        "cert-manager wide",
        versions(test, older, newer, "wide").unwrap()
    );
}

#[test]
fn cloudnative_pg_gains_a_kind_and_leases() {
    let test = "cloudnative_pg_gains_a_kind_and_leases";
    let (older, newer) = ("cloudnative-pg-1.29.2.yaml", "cloudnative-pg-1.30.0.yaml");
    if let Some(told) = versions(test, older, newer, "table") {
        insta::assert_snapshot!("cloudnative-pg", told);
    }
}

#[test]
fn metallb_gains_rights_where_it_is_and_settings_of_its_pods() {
    let test = "metallb_gains_rights_where_it_is_and_settings_of_its_pods";
    if let Some(told) = versions(test, "metallb-0.15.3.yaml", "metallb-0.16.1.yaml", "table") {
        insta::assert_snapshot!("metallb", told);
    }
}

#[test]
fn strimzi_gains_nothing_and_loses_what_its_pods_were_set_to() {
    let test = "strimzi_gains_nothing_and_loses_what_its_pods_were_set_to";
    let (older, newer) = (
        "strimzi-kafka-operator-1.1.0.yaml",
        "strimzi-kafka-operator-1.2.0.yaml",
    );
    if let Some(told) = versions(test, older, newer, "wide") {
        insta::assert_snapshot!("strimzi wide", told);
    }
}

#[test]
fn the_demo_operator_gains_by_being_as_it_ships_and_nothing_by_being_hardened() {
    let ran = run(&demo(), &["diff", "hardened.yaml", "as-shipped.yaml"], "");
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(1), ""));
    insta::assert_snapshot!("demo", ran.stdout);
    let ran = run(&demo(), &["diff", "as-shipped.yaml", "hardened.yaml"], "");
    assert_eq!(ran.status, Some(0), "{}", ran.stdout);
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
}

#[test]
fn what_programs_read_is_what_the_schema_says() {
    let line = ["diff", "hardened.yaml", "as-shipped.yaml", "-o"];
    let json = run(&demo(), &[line.as_slice(), &["json"]].concat(), "");
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_valid("comparison.json", &json);
    assert_eq!(json["kind"], "Comparison");
    assert_eq!(json["outcome"], "GAINED");
    // A hop says where it is written, of either state.
    let source = "/gained/paths/0/hops/0/evidence/0/source/file";
    assert_eq!(json.pointer(source).unwrap(), "as-shipped.yaml");
    let yaml = run(&demo(), &[line.as_slice(), &["yaml"]].concat(), "");
    let yaml: Value = serde_saphyr::from_str(&yaml.stdout).unwrap();
    assert_eq!(yaml, json);
}

#[test]
fn one_more_verb_that_fires_no_rule_is_seen() {
    let shipped = std::fs::read_to_string(demo().join("as-shipped.yaml")).unwrap();
    let verbs = "resources: [events]\n  verbs: [create, patch";
    let more = shipped.replacen(verbs, &format!("{verbs}, list"), 1);
    // Another form would compare the operator with itself.
    assert!(more.len() > shipped.len());
    let line = ["diff", "as-shipped.yaml", "-", "-o", "json"];
    let ran = run(&demo(), &line, &more);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let gained = json["gained"].as_object().unwrap();
    assert_eq!(gained.keys().collect::<Vec<_>>(), ["rights"], "{gained:?}");
    let rule = &json["gained"]["rights"][0]["rules"][0]["rule"];
    assert_eq!(rule["verbs"], serde_json::json!(["list"]));
}

#[test]
fn a_snapshot_is_the_state_that_it_was_saved_of() {
    let directory = copied();
    let line = "check -f as-shipped.yaml --save-snapshot saved.json";
    let line: Vec<&str> = line.split(' ').collect();
    assert_eq!(run(directory.path(), &line, "").status, Some(1));
    let ran = run(
        directory.path(),
        &["diff", "saved.json", "as-shipped.yaml"],
        "",
    );
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(
        ran.stdout,
        "cache-operator · nothing gained from saved.json to as-shipped.yaml\n"
    );
    let saved = std::fs::read_to_string(directory.path().join("saved.json")).unwrap();
    let ran = run(directory.path(), &["diff", "-", "hardened.yaml"], &saved);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
}

#[test]
fn beside_a_baseline_what_is_beyond_it_is_gained() {
    let directory = copied();
    let line = [
        "rights",
        "declare",
        "-f",
        "hardened.yaml",
        "--baseline-section",
    ];
    let section = run(directory.path(), &line, "").stdout;
    let file = directory.path().join("baseline.yaml");
    std::fs::write(&file, &section).unwrap();
    let line = ["diff", "baseline.yaml", "hardened.yaml"];
    let ran = run(directory.path(), &line, "");
    assert_eq!(
        ran.stdout, "cache-operator · nothing gained from baseline.yaml to hardened.yaml\n",
        "{}",
        ran.stderr
    );
    let line = ["baseline", "apply", "-f", "baseline.yaml", "--yes"];
    let ran = run(directory.path(), &line, "");
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let line = ["diff", "baseline:cache-operator", "as-shipped.yaml"];
    let ran = run(directory.path(), &line, "");
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    let first = "cache-operator · GAINED from baseline:cache-operator to as-shipped.yaml";
    assert!(ran.stdout.starts_with(first), "{}", ran.stdout);
    let line = ["diff", "baseline:none", "as-shipped.yaml"];
    let ran = run(directory.path(), &line, "");
    assert_eq!(
        (ran.status, ran.stderr.as_str()),
        (Some(2), "error: there is no baseline `none`\n")
    );
    let line = ["diff", "baseline.yaml", "baseline.yaml"];
    let ran = run(directory.path(), &line, "");
    assert_eq!(ran.status, Some(2));
    assert!(
        ran.stderr
            .contains("it is a baseline as the older state is"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_is_not_understood_may_have_gained_something() {
    let shipped = std::fs::read_to_string(demo().join("as-shipped.yaml")).unwrap();
    let policy = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: a, namespace: cache-operator}\nspec: {endpointSelector: {}}\n";
    let ran = run(
        &demo(),
        &["diff", "as-shipped.yaml", "-"],
        &format!("{shipped}\n---\n{policy}"),
    );
    assert_eq!(ran.status, Some(3), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("UNKNOWN from as-shipped.yaml to -"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("  unknown     after: "),
        "{}",
        ran.stdout
    );
}

#[test]
fn which_operator_is_meant_is_said_where_there_are_several() {
    let directory = copied();
    let shipped = std::fs::read_to_string(demo().join("as-shipped.yaml")).unwrap();
    let another = shipped.replace("cache-operator", "queue-operator");
    let both = format!("{shipped}\n---\n{another}");
    std::fs::write(directory.path().join("both.yaml"), both).unwrap();
    let ran = run(
        directory.path(),
        &["diff", "as-shipped.yaml", "both.yaml"],
        "",
    );
    assert_eq!(ran.status, Some(2));
    let said =
        "error: after: there are 2 operators: cache-operator (namespace cache-operator), queue";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    let line = [
        "diff",
        "as-shipped.yaml",
        "both.yaml",
        "--operator",
        "cache-operator",
    ];
    let ran = run(directory.path(), &line, "");
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    let ran = run(directory.path(), &["diff", "-", "-"], "");
    assert_eq!(
        (ran.status, ran.stderr.as_str()),
        (
            Some(2),
            "error: OLD and NEW cannot both be standard input; put one of them into a file\n"
        )
    );
    let ran = run(directory.path(), &["diff", "none.yaml", "both.yaml"], "");
    assert_eq!(ran.status, Some(2));
    assert!(ran.stderr.contains("none.yaml"), "{}", ran.stderr);
}

#[test]
fn a_bundle_of_olm_is_a_state() {
    let Some(folder) = corpus("a_bundle_of_olm_is_a_state") else {
        return;
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("olm"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let file = files.first().unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let ran = run(file.parent().unwrap(), &["diff", name, name], "");
    assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains(" · nothing gained from "),
        "{}",
        ran.stdout
    );
}
