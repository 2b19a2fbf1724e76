//! `rights declare` and `rights validate` as a shell sees them, over the demo operator.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

mod schema;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use schema::assert_valid;

fn demo(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy/demo")
        .join(file)
}

/// Status, standard output and standard error.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(cargo_bin("kubectl-opsec"))
        .args(arguments)
        .current_dir(demo(""))
        // No test touches the cluster that whoever runs it is connected to.
        .env("KUBECONFIG", "/dev/null/none")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn what_declare_writes_validate_finds_met() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rights.yaml");
    let line = [
        "rights",
        "declare",
        "cache-operator",
        "-f",
        "as-shipped.yaml",
    ];
    let (status, declared, stderr) = run(&line);
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    std::fs::write(&file, &declared).unwrap();
    let document = yaml(&declared);
    assert_eq!(document["kind"], "OperatorRights");
    assert_eq!(document["spec"]["mode"], "Audit");
    let file = file.to_str().unwrap();
    let validate = ["rights", "validate", "-f", "as-shipped.yaml", "-f", file];
    let (status, stdout, stderr) = run(&validate);
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(
        stdout.starts_with("OperatorRights/cache-operator · WITHIN · operator cache-operator"),
        "{stdout}"
    );
    let (_, json, _) = run(&[validate.as_slice(), &["-o", "json"]].concat());
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_valid("validation-list.json", &json);
}

#[test]
fn the_hardened_operator_is_within_and_the_shipped_one_exceeds_its_declaration() {
    let (status, stdout, _) = run(&["rights", "validate", "-f", "hardened.yaml"]);
    assert_eq!(status, Some(0), "{stdout}");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rights.yaml");
    let hardened = std::fs::read_to_string(demo("hardened.yaml")).unwrap();
    let declaration = hardened.rsplit("\n---\n").next().unwrap();
    std::fs::write(&file, declaration).unwrap();
    let file = file.to_str().unwrap();
    let line = ["rights", "validate", "-f", "as-shipped.yaml", "-f", file];
    let (status, stdout, _) = run(&line);
    assert_eq!(status, Some(1), "{stdout}");
    for words in [
        "· EXCEEDED ·",
        "undeclared  cache-operator/cache-operator, cluster-wide",
    ] {
        assert!(stdout.contains(words), "{words}: {stdout}");
    }
}

#[test]
fn a_baseline_section_is_a_baseline_that_grants_the_same() {
    let line = ["rights", "declare", "-f", "as-shipped.yaml"];
    let (_, declared, _) = run(&[line.as_slice(), &["--intended", "shop,blog"]].concat());
    let section = [
        line.as_slice(),
        &["--intended", "shop,blog", "--baseline-section"],
    ]
    .concat();
    let (status, section, stderr) = run(&section);
    assert_eq!(status, Some(0));
    assert!(
        stderr.starts_with("note: what this baseline grants"),
        "{stderr}"
    );
    let (declared, section) = (yaml(&declared), yaml(&section));
    assert_valid("baseline.json", &section);
    assert_eq!(section["spec"]["rights"], declared["spec"]["rights"]);
    let intended = &section["spec"]["intendedNamespaces"];
    assert_eq!(*intended, declared["spec"]["intendedNamespaces"]);
    assert_eq!(intended["names"], serde_json::json!(["blog", "shop"]));
}

#[test]
fn nothing_declared_is_a_usage_error_that_says_what_to_do() {
    let (status, stdout, stderr) = run(&["rights", "validate", "-f", "as-shipped.yaml"]);
    assert_eq!((status, stdout.as_str()), (Some(2), ""));
    assert_eq!(
        stderr,
        "error: there is no OperatorRights; kubectl opsec rights declare writes one\n"
    );
}
