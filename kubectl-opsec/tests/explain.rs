//! `explain`, `version` and `completion` as a shell and kubectl see them.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

mod schema;

use std::path::Path;
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use schema::assert_valid;

/// Status, standard output and standard error of a program over the demo.
fn run_as(program: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(program)
        .args(words)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo"))
        .env_remove("CLICOLOR_FORCE")
        // No test touches the cluster that whoever runs it is connected to.
        .env("KUBECONFIG", "/dev/null/none")
        .env("OPSEC_DATA_DIR", "/dev/null/none")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn run(line: &str) -> (Option<i32>, String, String) {
    let words: Vec<&str> = line.split(' ').collect();
    run_as(&cargo_bin("kubectl-opsec"), &words)
}

fn answer(line: &str) -> String {
    let (status, stdout, stderr) = run(line);
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{line}");
    stdout
}

#[test]
fn a_rule_a_practice_and_a_right_are_explained() {
    for name in ["OPSEC306", "3", "ESC-BIND"] {
        let text = answer(&format!("explain {name}"));
        assert!(
            text.lines().all(|line| line.chars().count() <= 100),
            "{text}"
        );
        insta::assert_snapshot!(format!("explain {name}"), text);
        let document: Value =
            serde_json::from_str(&answer(&format!("explain {name} -o json"))).unwrap();
        assert_valid("explanation.json", &document);
    }
    insta::assert_snapshot!("explain everything", answer("explain"));
}

#[test]
fn what_is_not_there_is_answered_with_what_may_be_meant() {
    let (status, stdout, stderr) = run("explain ESC-BNID");
    assert_eq!((status, stdout.as_str()), (Some(2), ""));
    assert!(stderr.ends_with("Did you mean ESC-BIND?\n"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1);
}

#[test]
fn the_version_says_what_is_judged_by() {
    let text = answer("version");
    assert!(
        text.contains(env!("CARGO_PKG_VERSION")) && text.contains("1.36.3"),
        "{text}"
    );
    let document: Value = serde_json::from_str(&answer("version -o json")).unwrap();
    assert_eq!(document.get("kind").unwrap(), "Version");
    assert!(document.get("rules").unwrap().as_i64().unwrap() > 40);
}

/// The candidates that kubectl gets for some words, by the name that it looks for.
fn candidates(words: &[&str]) -> (Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("kubectl_complete-opsec");
    std::os::unix::fs::symlink(cargo_bin("kubectl-opsec"), &link).unwrap();
    let (status, stdout, stderr) = run_as(&link, words);
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    let mut lines: Vec<String> = stdout.lines().map(ToOwned::to_owned).collect();
    let directive = lines.pop().unwrap();
    let values = lines
        .iter()
        .map(|line| line.split('\t').next().unwrap().to_owned());
    (values.collect(), directive)
}

#[test]
fn kubectl_gets_commands_values_operators_and_rules() {
    let (commands, directive) = candidates(&[""]);
    assert_eq!(directive, ":4");
    assert!(commands.contains(&"check".to_owned()), "{commands:?}");
    assert!(
        !commands.iter().any(|command| command.starts_with('-')),
        "{commands:?}"
    );
    assert!(!commands.contains(&"__complete".to_owned()));
    for (words, expected) in [
        (vec!["exp"], vec!["explain"]),
        (vec!["check", "--half", ""], vec!["operator", "cluster"]),
        (vec!["check", "--output", "j"], vec!["json"]),
        (vec!["check", "--fail-"], vec!["--fail-on"]),
        (
            vec!["check", "-f", "as-shipped.yaml", ""],
            vec!["cache-operator"],
        ),
        (vec!["explain", "ESC-BI"], vec!["ESC-BIND"]),
        (vec!["check", "-f", "absent.yaml", ""], vec![]),
    ] {
        let (values, directive) = candidates(&words);
        assert_eq!(values, expected, "{words:?}");
        assert_eq!(directive, ":4");
    }
    assert_eq!(candidates(&["check", "-f", ""]), (vec![], ":0".to_owned()));
}

#[test]
fn scripts_are_for_every_shell_and_kubectls_is_run_by_it() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(
            answer(&format!("completion {shell}")).contains("kubectl-opsec"),
            "{shell}"
        );
    }
    let script = answer("completion kubectl");
    assert!(script.starts_with("#!/bin/sh\n"), "{script}");
    let (status, ..) = run("completion tcsh");
    assert_eq!(status, Some(2));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubectl_complete-opsec");
    std::fs::write(&file, &script).unwrap();
    let own = cargo_bin("kubectl-opsec");
    let output = Command::new("sh")
        .arg(&file)
        .args(["check", "--half", "o"])
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", own.parent().unwrap().display()),
        )
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().lines().last(),
        Some(":4")
    );
}

#[test]
fn bash_completes_by_the_script() {
    let script = answer("completion bash");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("script");
    let asks = "COMP_WORDS=(kubectl-opsec exp); COMP_CWORD=1; \
        $(complete -p kubectl-opsec | sed 's/.*-F \\([^ ]*\\).*/\\1/') kubectl-opsec exp kubectl-opsec; \
        echo \"${COMPREPLY[@]}\"";
    std::fs::write(&file, format!("{script}\n{asks}\n")).unwrap();
    let output = Command::new("bash").arg(&file).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().trim(),
        "explain",
        "{:?}",
        output.stderr
    );
}
