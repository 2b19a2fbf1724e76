//! The real kubectl: it finds the program by its name on the PATH, hands its words, its output and
//! its exit status through, and completes by it.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use opsec_testbed::{Assets, RELEASE};
use tempfile::TempDir;

use crate::cluster::{Ran, apply, control_plane, opsec};
use crate::demo::demo;

/// A folder for the PATH, as someone has it who installed the plugin and its completion.
fn installed() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    symlink(
        cargo_bin("kubectl-opsec"),
        folder.path().join("kubectl-opsec"),
    )
    .unwrap();
    let script = folder.path().join("kubectl_complete-opsec");
    std::fs::write(&script, opsec("completion kubectl").stdout).unwrap();
    let mut permissions = std::fs::metadata(&script).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    std::fs::set_permissions(&script, permissions).unwrap();
    folder
}

/// Runs kubectl with that folder first on the PATH.
fn kubectl(installed: &Path, words: &[&str]) -> Ran {
    let kubectl = Assets::of(RELEASE).unwrap().kubectl().unwrap();
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(kubectl)
        .args(words)
        .env("PATH", format!("{}:/usr/bin:/bin", installed.display()))
        .env("KUBECONFIG", control_plane().kubeconfig())
        .env("OPSEC_DATA_DIR", home.path())
        .env("HOME", home.path())
        .env_remove("CLICOLOR_FORCE")
        .current_dir(demo(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// What kubectl offers, and how the shell is to treat it.
fn completed(installed: &Path, words: &[&str]) -> (Vec<String>, String) {
    let words: Vec<&str> = ["__complete", "opsec"]
        .iter()
        .chain(words)
        .copied()
        .collect();
    let ran = kubectl(installed, &words);
    assert_eq!(ran.status, 0, "{ran:?}");
    let mut lines: Vec<String> = ran.stdout.lines().map(ToOwned::to_owned).collect();
    let directive = lines.pop().unwrap();
    let values = lines
        .iter()
        .map(|line| line.split('\t').next().unwrap().to_owned());
    (values.collect(), directive)
}

#[test]
fn kubectl_runs_the_plugin_against_the_cluster_that_it_points_at() {
    apply(&demo("as-shipped.yaml"));
    let installed = installed();
    let ran = kubectl(
        installed.path(),
        &["opsec", "check", "cache-operator", "-o", "json"],
    );
    assert_eq!(ran.status, 1, "{ran:?}");
    let report = ran.json();
    assert_eq!(report["source"]["kind"], "cluster");
    assert_eq!(report["operator"]["name"], "cache-operator");
    assert_eq!(report["status"], "FAIL");
    // What it says when it cannot do what was asked comes through as well.
    let absent = kubectl(installed.path(), &["opsec", "check", "no-such-operator"]);
    assert_eq!((absent.status, absent.stdout.as_str()), (2, ""));
    assert!(
        absent
            .stderr
            .contains("no operator matches `no-such-operator`"),
        "{absent:?}"
    );
}

#[test]
fn kubectl_lists_the_plugin_and_warns_of_nothing() {
    let installed = installed();
    let ran = kubectl(installed.path(), &["plugin", "list"]);
    let path = installed.path().join("kubectl-opsec");
    assert!(
        ran.stdout.lines().any(|line| Path::new(line) == path),
        "{ran:?}"
    );
    assert_eq!(ran.status, 0, "{ran:?}");
    let warned = ran.stderr.contains("warning") || ran.stdout.contains("warning");
    assert!(!warned, "{ran:?}");
}

#[test]
fn kubectl_completes_commands_values_operators_and_files() {
    let installed = installed();
    let complete = |words: &[&str]| completed(installed.path(), words);
    let no_files = ":4".to_owned();
    assert_eq!(
        complete(&["exp"]),
        (vec!["explain".to_owned()], no_files.clone())
    );
    assert_eq!(
        complete(&["check", "-f", "as-shipped.yaml", ""]),
        (vec!["cache-operator".to_owned()], no_files.clone())
    );
    assert_eq!(
        complete(&["check", "--half", ""]),
        (vec!["operator".to_owned(), "cluster".to_owned()], no_files)
    );
    assert_eq!(complete(&["check", "-f", ""]), (vec![], ":0".to_owned()));
}
