//! `rights`, `can-i`, `reach` and `path` as a shell sees them, over the demo operator.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

mod schema;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;
use opsec_model::{AccessAnswer, Allowed, ConnectionList, PathList, RightList};
use serde_json::Value;

use schema::assert_valid;

const SHIPPED: &str = "as-shipped.yaml";

fn command(line: &str) -> Command {
    let mut command = Command::new(cargo_bin("kubectl-opsec"));
    command
        .args(line.split(' '))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo"))
        .env_remove("CLICOLOR_FORCE")
        // No test touches the cluster that whoever runs it is connected to.
        .env("KUBECONFIG", "/dev/null/none")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn shipped() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/demo/as-shipped.yaml");
    std::fs::read_to_string(file).unwrap()
}

/// Status, standard output and standard error.
fn run(line: &str) -> (Option<i32>, String, String) {
    read(&command(line).output().unwrap())
}

/// The same with something on standard input.
fn run_with(line: &str, input: &str) -> (Option<i32>, String, String) {
    let mut child = command(line).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // A program that has refused does not read on.
    let _ = writer.join().unwrap();
    read(&output)
}

fn read(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn is_refused(line: &str, message: &str) {
    let (status, stdout, stderr) = run(line);
    assert_eq!((status, stdout.as_str()), (Some(2), ""), "{line}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(
        stderr.starts_with("error: ") && stderr.contains(message),
        "{stderr}"
    );
}

#[test]
fn rights_are_told_account_by_account() {
    let (status, stdout, stderr) = run(&format!("rights -f {SHIPPED}"));
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    for words in [
        "cache-operator · 1 component in cache-operator · 9 objects",
        "ServiceAccount cache-operator/cache-operator\n  cluster-wide\n",
        "    create on pods/exec\n      critical RUN-EXEC\n",
        "and 5 rules of the API server's own (bootstrap)",
        "9 rules of 1 ServiceAccount; the gravest is critical.",
    ] {
        assert!(stdout.contains(words), "{words}: {stdout}");
    }
    let (_, wide, _) = run(&format!("rights cache-operator -f {SHIPPED} -o wide"));
    assert!(
        wide.contains("by ClusterRoleBinding/cache-operator → ClusterRole/"),
        "{wide}"
    );
    assert!(wide.contains("as-shipped.yaml:"), "{wide}");
    assert!(
        wide.contains("ClusterRole/system:discovery rules[0]"),
        "{wide}"
    );
}

#[test]
fn documents_are_what_their_schemas_say_in_both_forms() {
    for (line, schema) in [
        ("rights", "right-list.json"),
        ("reach", "connection-list.json"),
        ("path", "path-list.json"),
        ("can-i cache-operator create pods", "access-answer.json"),
        ("can-i cache-operator get nodes -n x", "access-answer.json"),
        ("can-i cache-operator get /version", "access-answer.json"),
    ] {
        let (_, json, _) = run(&format!("{line} -f {SHIPPED} -o json"));
        let (_, yaml, _) = run(&format!("{line} -f {SHIPPED} -o yaml"));
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_valid(schema, &json);
        assert_eq!(serde_saphyr::from_str::<Value>(&yaml).unwrap(), json);
    }
}

#[test]
fn rights_as_json_are_a_right_list() {
    let (_, json, _) = run(&format!("rights -f {SHIPPED} -o json"));
    let list: RightList = serde_json::from_str(&json).unwrap();
    assert_eq!(list.kind, "RightList");
    assert!(list.items.is_sorted_by_key(|right| right.bootstrap));
    let own: Vec<_> = list.items.iter().filter(|right| !right.bootstrap).collect();
    assert_eq!(own.len(), 9);
    assert!(own.iter().all(|right| right.granted_by.source.is_some()));
}

#[test]
fn can_i_answers_with_its_status() {
    for (question, status, words) in [
        (
            "create pods -n shop",
            0,
            "yes · create pods in namespace shop",
        ),
        (
            "create po",
            0,
            "yes · create pods in namespace cache-operator, its own",
        ),
        ("get nodes", 1, "no · get nodes cluster-wide"),
        ("get /healthz", 0, "(bootstrap: the API server's own)"),
        ("get secrets -A", 0, "yes · get secrets cluster-wide"),
        ("get no -n shop", 1, "note: nodes live in no namespace"),
        (
            "create pod/web --subresource exec",
            0,
            "create pods/exec named web",
        ),
        ("create pods/exec web", 0, "create pods/exec named web"),
        (
            "get things.example.com",
            1,
            "note: nothing here serves things.example.com",
        ),
        ("get pods --component cache-operator", 0, "yes · get pods"),
    ] {
        let (code, stdout, stderr) = run(&format!("can-i cache-operator {question} -f {SHIPPED}"));
        assert_eq!(
            (code, stderr.as_str()),
            (Some(status), ""),
            "{question}: {stdout}"
        );
        assert!(stdout.contains(words), "{question}: {stdout}");
    }
}

#[test]
fn can_i_names_the_chain() {
    let (_, json, _) = run(&format!(
        "can-i cache-operator create pods -n a -f {SHIPPED} -o json"
    ));
    let answer: AccessAnswer = serde_json::from_str(&json).unwrap();
    assert_eq!(answer.allowed, Allowed::Yes);
    let grant = answer.items.first().unwrap().granted_by.clone().unwrap();
    assert_eq!(
        grant.binding.to_string(),
        "ClusterRoleBinding/cache-operator"
    );
    assert_eq!(grant.right, "create pods");
    assert_eq!(grant.source.unwrap().file, SHIPPED);
}

#[test]
fn what_cannot_be_asked_is_refused_in_one_line() {
    for (line, message) in [
        ("rights", "no cluster is configured"),
        ("reach", "no cluster is configured"),
        ("path", "no cluster is configured"),
        ("can-i cache-operator get pods", "no cluster is configured"),
        (
            "rights cash -f as-shipped.yaml",
            "no operator matches `cash`; found: cache-operator",
        ),
        (
            "reach cash -f as-shipped.yaml",
            "no operator matches `cash`",
        ),
        (
            "can-i cash get pods -f as-shipped.yaml",
            "no operator matches `cash`",
        ),
        ("can-i cache-operator get -f as-shipped.yaml", "<RESOURCE>"),
        (
            "can-i cache-operator get pods -n A -f as-shipped.yaml",
            "cannot be a namespace",
        ),
        (
            "can-i cache-operator get pods -n a -A -f as-shipped.yaml",
            "cannot be used with",
        ),
        (
            "can-i cache-operator get pods --component web -f as-shipped.yaml",
            "cache-operator has no component `web`; it has: cache-operator",
        ),
        (
            "can-i cache-operator get /x y -f as-shipped.yaml",
            "a path has no objects to name",
        ),
        (
            "can-i cache-operator get /x --subresource y -f as-shipped.yaml",
            "has no subresource",
        ),
        (
            "can-i cache-operator get pod/a b --subresource log -f as-shipped.yaml",
            "give one",
        ),
        (
            "can-i --batch absent -f as-shipped.yaml",
            "questions absent cannot be read",
        ),
        ("can-i --batch - -f -", "cannot both read standard input"),
        (
            "can-i x get pods --batch - -f as-shipped.yaml",
            "cannot be used with",
        ),
    ] {
        is_refused(line, message);
    }
}

#[test]
fn the_namespace_of_the_input_is_a_flag_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("homeless.yaml");
    // Only the subject of the binding says where it runs.
    let homeless = shipped().replace("\n  namespace: cache-operator\n  labels", "\n  labels");
    std::fs::write(&file, homeless).unwrap();
    let line = format!(
        "can-i cache-operator get pods -n other -f {}",
        file.display()
    );
    let (status, stdout, stderr) = run(&line);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(
        stdout.starts_with("yes · get pods in namespace other\n"),
        "{stdout}"
    );
    is_refused(
        &format!("{line} --input-namespace other"),
        "use --input-namespace cache-operator, or --namespace-as-given",
    );
}

const ACCOUNT: &str = r#""serviceAccount":"cache-operator/cache-operator""#;

#[test]
fn a_batch_is_answered_line_by_line() {
    let lines = [
        format!(r#"{{{ACCOUNT},"verb":"create","resource":"pods","namespace":"a"}}"#),
        format!(r#"{{{ACCOUNT},"verb":"get","resource":"nodes"}}"#),
        format!(r#"{{{ACCOUNT},"verb":"get","path":"/version"}}"#),
        format!(
            r#"{{{ACCOUNT},"verb":"create","resource":"pods","subresource":"exec","name":"x"}}"#
        ),
        // As it stands: no kind is called so.
        format!(r#"{{{ACCOUNT},"verb":"create","resource":"pod"}}"#),
        r#"{"verb":"list","resource":"secrets"}"#.to_owned(),
    ];
    let line = format!("can-i --batch - -f {SHIPPED}");
    let (status, stdout, stderr) = run_with(&line, &format!("{}\n", lines.join("\n")));
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    let answers: Vec<&str> = stdout.lines().collect();
    let (yes, no) = (r#"{"allowed":true}"#, r#"{"allowed":false}"#);
    assert_eq!(answers, [yes, no, yes, yes, no, yes]);
}

#[test]
fn a_bad_line_spoils_no_other_and_makes_the_status_2() {
    let long = format!(r#"{{"verb":"{}"}}"#, "x".repeat(1 << 17));
    let lines = format!(
        "nonsense\n\n{long}\n{{{ACCOUNT},\"verb\":\"create\",\"resource\":\"pods\"}}\n{{\"verb\":\"get\"}}"
    );
    let (status, stdout, stderr) = run_with(&format!("can-i --batch - -f {SHIPPED}"), &lines);
    assert_eq!((status, stderr.as_str()), (Some(2), ""));
    let answers: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 5, "{stdout}");
    let errors = answers.iter().map(|answer| answer.get("error").is_some());
    assert_eq!(errors.collect::<Vec<_>>(), [true, true, true, false, true]);
}

#[test]
fn lines_without_an_account_need_an_operator_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.yaml");
    std::fs::write(
        &file,
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
    )
    .unwrap();
    let lines = format!(
        "{{\"verb\":\"get\",\"resource\":\"pods\"}}\n{{{ACCOUNT},\"verb\":\"get\",\"path\":\"/version\"}}\n"
    );
    let line = format!("can-i --batch - -f {}", file.display());
    let (status, stdout, _) = run_with(&line, &lines);
    assert_eq!(status, Some(2), "{stdout}");
    let (first, second) = stdout.trim_end().split_once('\n').unwrap();
    assert!(first.starts_with(r#"{"error":"no operator"#), "{first}");
    assert_eq!(second, r#"{"allowed":true}"#);
}

#[test]
fn a_batch_answers_a_slow_writer_as_it_asks() {
    let line = format!("can-i --batch - -f {SHIPPED}");
    let mut child = command(&line).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        writeln!(stdin, r#"{{{ACCOUNT},"verb":"create","resource":"pods"}}"#).unwrap();
        stdin.flush().unwrap();
        // It blocks until there is an answer, though the input is not at its end.
        assert_eq!(answers.next().unwrap().unwrap(), r#"{"allowed":true}"#);
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn reach_lists_what_policies_leave_open() {
    let (status, stdout, stderr) = run("reach -f as-shipped.yaml");
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains("any address outside"), "{stdout}");
    let (_, json, _) = run("reach cache-operator -f hardened.yaml -o json");
    let list: ConnectionList = serde_json::from_str(&json).unwrap();
    assert_eq!(list.kind, "ConnectionList");
    assert!(!list.connections.is_empty());
    // Each stands on a line of its own.
    assert!(json.lines().count() < 10 + list.connections.len());
}

#[test]
fn chains_are_told_hop_by_hop_and_the_worst_heads_the_check() {
    let (status, stdout, stderr) = run(&format!("path -f {SHIPPED}"));
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    let worst = stdout.lines().find(|line| line.starts_with("In ")).unwrap();
    assert!(worst.contains("cache-operator/cache-operator"), "{worst}");
    assert!(
        stdout.contains("  └─ ") && stdout.contains("as-shipped.yaml:"),
        "{stdout}"
    );
    assert!(stdout.contains("would cut it"), "{stdout}");
    let (_, table, _) = run(&format!("check -f {SHIPPED}"));
    assert!(table.lines().any(|line| line == worst), "{table}");
    assert!(table.lines().count() <= 24, "{table}");
    let (_, json, _) = run(&format!("path -f {SHIPPED} -o json"));
    let list: PathList = serde_json::from_str(&json).unwrap();
    assert!(!list.items.is_empty());
    assert!(list.items.is_sorted_by_key(|path| path.cut));
}

#[test]
fn nothing_of_a_manifest_drives_the_terminal_and_colour_is_for_who_asks() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = shipped();
    let hostile = manifest.replace("[pods/exec]", r#"["\e[2Jpods"]"#);
    assert_ne!(hostile, manifest);
    let file = folder.path().join("hostile.yaml");
    std::fs::write(&file, hostile).unwrap();
    for form in ["table", "wide", "json", "yaml"] {
        let (_, stdout, _) = run(&format!("rights -f {} -o {form}", file.display()));
        assert!(
            !stdout.contains('\u{1b}') && stdout.contains("[2Jpods"),
            "{stdout}"
        );
    }
    let coloured = |line: &str| run(line).1.contains('\u{1b}');
    for line in ["rights", "can-i cache-operator get pods"] {
        assert!(coloured(&format!("{line} -f {SHIPPED} --color always")));
        assert!(!coloured(&format!(
            "{line} -f {SHIPPED} -o json --color always"
        )));
    }
}
