//! What is shipped for the controller passes the check that it is shipped for.

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;

#[test]
fn the_controller_as_shipped_passes_all_six_practices() {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(cargo_bin("kubectl-opsec"))
        .args(["check", "opsec-controller", "-f", "deploy/controller"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env("KUBECONFIG", "/dev/null/none")
        .env("OPSEC_DATA_DIR", home.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("6 of 6 practices pass"), "{text}");
    assert!(text.contains("gains 0 of 8"), "{text}");
}
