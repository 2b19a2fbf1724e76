//! The walk of README.md, command by command, as a new user goes it: the real kubectl, which finds the
//! plugin on the PATH, and cert-manager as it ships. What stands beside a command is its status.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use opsec_corpus::corpus;
use opsec_testbed::{Assets, RELEASE};

const README: &str = include_str!("../../README.md");

/// The commands below the heading, each with the status that it ends with.
fn commands() -> Vec<(&'static str, i32)> {
    let (_, section) = README.split_once("## From FAIL to PASS").unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    block
        .lines()
        .map(|line| {
            let (command, said) = line.split_once("  # status ").unwrap();
            let status = said.split([':', ' ']).next().unwrap();
            (command.trim(), status.parse().unwrap())
        })
        .collect()
}

#[test]
fn the_walk_of_the_readme_ends_with_six_passes() {
    let Some(folder) = corpus("the_walk_of_the_readme_ends_with_six_passes") else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("bin");
    std::fs::create_dir(&path).unwrap();
    symlink(cargo_bin("kubectl-opsec"), path.join("kubectl-opsec")).unwrap();
    let kubectl = Assets::of(RELEASE).unwrap().kubectl().unwrap();
    symlink(kubectl, path.join("kubectl")).unwrap();
    let file = folder.join("operators/cert-manager.yaml");
    std::fs::copy(file, home.path().join("cert-manager.yaml")).unwrap();
    let commands = commands();
    assert!(commands.len() >= 4, "{commands:?}");
    let mut last = String::new();
    for (command, status) in commands {
        let (said, output) = shell(command, &path, home.path());
        assert_eq!(said, Some(status), "{command}\n{output}");
        if command.contains("opsec check") {
            last = output;
        }
    }
    assert!(last.contains("6 of 6 practices pass"), "{last}");
}

/// A command's status, and what it prints.
fn shell(command: &str, path: &Path, home: &Path) -> (Option<i32>, String) {
    let output = Command::new("sh")
        .args(["-c", command])
        .env("PATH", format!("{}:/usr/bin:/bin", path.display()))
        .env("KUBECONFIG", "/dev/null/none")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env("OPSEC_DATA_DIR", home.join("data"))
        .env("HOME", home)
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code(), text)
}
