//! The program as a shell sees it: statuses, streams and the one line of an error.
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

/// An operator that fails: it may read every Secret.
const GREEDY: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: greedy}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: greedy, namespace: greedy}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: greedy}
rules:
- {apiGroups: [example.com], resources: [things], verbs: [get, list, watch]}
- {apiGroups: [\"\"], resources: [secrets], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: greedy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: greedy}
subjects: [{kind: ServiceAccount, name: greedy, namespace: greedy}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: greedy, namespace: greedy}
spec:
  selector: {matchLabels: {app: greedy}}
  template:
    metadata: {labels: {app: greedy}}
    spec:
      serviceAccountName: greedy
      containers: [{name: main, image: example.com/greedy:1}]
";

/// A folder with files, and a data directory that nothing has opened yet.
struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(cargo_bin("kubectl-opsec"));
        command
            .args(line.split(' '))
            .current_dir(self.path())
            .env("OPSEC_DATA_DIR", self.path().join("data"))
            .env_remove("CLICOLOR_FORCE")
            // No test touches the cluster that whoever runs it is connected to.
            .env("KUBECONFIG", "/dev/null/none")
            .env_remove("KUBERNETES_SERVICE_HOST")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str) -> Ran {
        Ran::from(self.command(line).output().unwrap())
    }
}

/// How a run ended.
#[derive(Debug)]
struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// One line on standard error, nothing on standard output, status 2.
    fn is_refused(&self, message: &str) {
        assert_eq!(self.status, Some(2), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        assert!(self.stderr.starts_with("error: "), "{self:?}");
        assert!(self.stderr.contains(message), "{self:?}");
    }
}

fn greedy() -> Folder {
    Folder::new(&[("greedy.yaml", GREEDY)])
}

#[test]
fn a_failing_operator_is_status_1_with_the_answer_alone_on_stdout() {
    let folder = greedy();
    let ran = folder.run("check greedy -f greedy.yaml");
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert_eq!(ran.stderr, "");
    assert!(
        ran.stdout.starts_with("greedy · 1 component in greedy"),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("gains 1 of 8: secrets"), "{ran:?}");
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
    // Judging opened no store where there was none.
    assert!(!folder.path().join("data").exists());
}

#[test]
fn every_form_ends_with_the_same_status_and_the_same_bytes_again() {
    let folder = greedy();
    for format in ["table", "wide", "json", "yaml"] {
        let line = format!("check -f greedy.yaml -o {format}");
        let (first, second) = (folder.run(&line), folder.run(&line));
        assert_eq!(first.status, Some(1), "{first:?}");
        assert_eq!(first.stdout, second.stdout);
    }
}

#[test]
fn json_is_a_report_with_lines_of_the_file() {
    let ran = greedy().run("check -f greedy.yaml -o json");
    let report: opsec_model::Report = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report.status, opsec_model::Status::Fail);
    let secrets = report.findings().find(|f| f.rule == "OPSEC306").unwrap();
    let source = secrets.granted_by.first().unwrap().source.clone().unwrap();
    assert_eq!((source.file.as_str(), source.line), ("greedy.yaml", 23));
}

#[test]
fn all_is_one_line_an_operator() {
    let ran = greedy().run("check --all -f greedy.yaml");
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.stdout.starts_with("OPERATOR "), "{ran:?}");
    assert!(ran.stdout.contains("1 of 1 operator fails"), "{ran:?}");
    let ran = greedy().run("check --all -f greedy.yaml -o json");
    assert!(ran.stdout.contains("\"kind\": \"ReportList\""), "{ran:?}");
}

#[test]
fn a_bar_above_every_finding_passes() {
    let folder = greedy();
    let ran = folder.run("check -f greedy.yaml --fail-on critical");
    assert_ne!(ran.status, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("fails from critical"), "{ran:?}");
}

#[test]
fn standard_input_is_a_dash() {
    let folder = greedy();
    let file = std::fs::File::open(folder.path().join("greedy.yaml")).unwrap();
    let output = folder.command("check -f -").stdin(file).output().unwrap();
    assert_eq!(Ran::from(output).status, Some(1));
}

#[test]
fn list_says_why_and_what() {
    let ran = greedy().run("list -f greedy.yaml");
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("Deployment/greedy/greedy"), "{ran:?}");
    assert!(ran.stdout.contains("things.example.com"), "{ran:?}");
}

#[test]
fn without_files_and_without_a_cluster_it_says_what_is_missing() {
    for line in ["check", "check greedy", "check --all", "list"] {
        greedy()
            .run(line)
            .is_refused("no cluster is configured: there is no kubeconfig");
    }
}

#[test]
fn what_cannot_be_read_is_refused_and_named() {
    let homeless = GREEDY.replace("{name: greedy, namespace: greedy}", "{name: greedy}");
    let folder = Folder::new(&[
        ("homeless.yaml", &homeless),
        (
            "bad.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: [}\n",
        ),
        ("nothing.yaml", "kind: Pod\nmetadata: {name: x}\n"),
        ("greedy.yaml", GREEDY),
    ]);
    for (line, message) in [
        ("check -f absent.yaml", "`absent.yaml` does not exist"),
        ("check -f bad.yaml", "bad.yaml: document 1, line 3"),
        ("check -f nothing.yaml", "nothing.yaml: document 1, line 1"),
        ("check -f greedy.yaml --max-documents 2", "--max-documents"),
        ("check -f greedy.yaml --max-bytes 9", "--max-bytes"),
        (
            "check -f greedy.yaml --max-file-bytes 9",
            "--max-file-bytes",
        ),
        ("check -f greedy.yaml --max-depth 2", "--max-depth"),
        ("check -f greedy.yaml --max-nodes 9", "--max-nodes"),
        (
            "check -f homeless.yaml -n other",
            "the bindings in homeless.yaml grant to namespace greedy, not to `other`; use -n greedy, \
             or --namespace-as-given",
        ),
        ("check -f greedy.yaml --baseline absent.yaml", "absent.yaml"),
        ("baseline apply -f absent.yaml", "absent.yaml"),
        ("baseline get absent", "absent"),
        ("baseline delete absent", "absent"),
    ] {
        folder.run(line).is_refused(message);
    }
}

#[test]
fn an_unknown_operator_is_answered_with_those_that_are_there() {
    let ran = greedy().run("check gredy -f greedy.yaml");
    ran.is_refused("no operator matches `gredy`; found: greedy");
    assert!(ran.stderr.contains("Did you mean greedy?"), "{ran:?}");
}

#[test]
fn where_there_are_several_all_can_be_asked_for() {
    let folder = Folder::new(&[
        ("greedy.yaml", GREEDY),
        ("lazy.yaml", &GREEDY.replace("greedy", "lazy")),
    ]);
    folder.run("check -f greedy.yaml -f lazy.yaml").is_refused(
        "there are 2 operators: greedy (namespace greedy), lazy (namespace lazy); name one of them, or ask for all with --all",
    );
    // What asks about one alone does not speak of a flag that it lacks.
    let ran = folder.run("path -f greedy.yaml -f lazy.yaml");
    ran.is_refused("name one of them");
    assert!(!ran.stderr.contains("--all"), "{ran:?}");
}

#[test]
fn causes_come_with_v_1() {
    let folder = greedy();
    let line = "check gredy -f greedy.yaml";
    let (brief, long) = (folder.run(line), folder.run(&format!("{line} -v 1")));
    assert_eq!(brief.stderr.lines().count(), 1, "{brief:?}");
    let cause = long.stderr.strip_prefix(&brief.stderr).unwrap();
    assert!(cause.contains("OPERATOR_NOT_FOUND"), "{long:?}");
    assert!(cause.contains("candidates greedy/greedy"), "{long:?}");
}

const BASELINE: &str = "\
apiVersion: kubectl-opsec.dev/v1alpha1
kind: OperatorBaseline
metadata: {name: greedy}
spec:
  appliesTo: {operators: [greedy]}
  failOn: critical
";

#[test]
fn a_baseline_for_one_run_is_read_strictly() {
    let folder = greedy();
    let write = |content: &str| std::fs::write(folder.path().join("b.yaml"), content).unwrap();
    let line = "check -f greedy.yaml --baseline b.yaml";
    write(&BASELINE.replace("failOn", "failsOn"));
    folder.run(line).is_refused("baseline b.yaml: spec.failsOn");
    write(&format!(
        "{BASELINE}  exemptions: [{{rule: OPSEC306, reason: r, expires: soon}}]\n"
    ));
    folder
        .run(line)
        .is_refused("spec.exemptions[0].expires: `soon` is not a date");
    write(BASELINE);
    let ran = folder.run(line);
    assert!(
        ran.stdout
            .contains("baseline greedy (from a file, for this run)"),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("fails from critical"), "{ran:?}");
}

#[test]
fn a_stored_baseline_is_what_is_judged_by() {
    let folder = greedy();
    std::fs::write(folder.path().join("b.yaml"), BASELINE).unwrap();
    let ran = folder.run("baseline apply -f b.yaml");
    assert_eq!(
        ran.stdout, "baseline greedy created (revision 1)\n",
        "{ran:?}"
    );
    let ran = folder.run("baseline apply -f b.yaml");
    assert_eq!(
        ran.stdout, "baseline greedy unchanged (revision 1)\n",
        "{ran:?}"
    );
    let ran = folder.run("check greedy -f greedy.yaml");
    assert!(
        ran.stdout.contains("baseline greedy (revision 1)"),
        "{ran:?}"
    );
    std::fs::write(
        folder.path().join("b.yaml"),
        BASELINE.replace("critical", "high"),
    )
    .unwrap();
    let ran = folder.run("baseline apply -f b.yaml");
    assert_eq!(
        ran.stdout, "baseline greedy configured (revision 2)\n",
        "{ran:?}"
    );
    let ran = folder.run("baseline get greedy");
    assert!(ran.stdout.contains("  failOn: high\n"), "{ran:?}");
    let ran = folder.run("baseline list");
    assert!(ran.stdout.contains("greedy   2 "), "{ran:?}");
    let ran = folder.run("baseline delete greedy");
    assert_eq!(ran.status, Some(0), "{ran:?}");
    folder.run("baseline get greedy").is_refused("greedy");
    let ran = folder.run("check greedy -f greedy.yaml");
    assert!(
        ran.stdout.contains("baseline default (built in)"),
        "{ran:?}"
    );
}

#[test]
fn twenty_at_once_all_succeed() {
    let folder = greedy();
    let children: Vec<_> = (0..20)
        .map(|number| {
            // Half of them change one and the same baseline.
            let name = if number % 2 == 0 {
                "shared".to_owned()
            } else {
                format!("own-{number}")
            };
            let file = format!("{number}.yaml");
            let content = BASELINE
                .replace("name: greedy", &format!("name: {name}"))
                .replace("operators: [greedy]", &format!("operators: [{name}]"))
                .replace(
                    "failOn: critical",
                    &format!("ownedKinds: [k{number}.example.com]"),
                );
            std::fs::write(folder.path().join(&file), content).unwrap();
            folder
                .command(&format!("baseline apply -f {file}"))
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!(ran.status, Some(0), "{ran:?}");
    }
    let ran = folder.run("baseline list -o json");
    let list: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let revision = |name: &str| {
        let items = list.get("items").unwrap().as_array().unwrap();
        let item = items.iter().find(|item| item.get("name").unwrap() == name);
        item.unwrap().get("revision").unwrap().as_i64().unwrap()
    };
    assert_eq!(revision("shared"), 10, "{ran:?}");
    for number in (1..20).step_by(2) {
        assert_eq!(revision(&format!("own-{number}")), 1, "{ran:?}");
    }
}

#[test]
fn a_closed_pipe_keeps_the_status_and_says_nothing() {
    let folder = greedy();
    let mut child = folder
        .command("check -f greedy.yaml -o json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(stderr, "");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130() {
    let folder = greedy();
    // It waits for standard input, which stays open.
    let mut child = folder
        .command("check -f -")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(stdin);
}

#[test]
fn colour_is_for_terminals_or_who_asks() {
    let folder = greedy();
    let coloured = |command: &mut Command| {
        let ran = Ran::from(command.output().unwrap());
        ran.stdout.contains('\u{1b}')
    };
    assert!(!coloured(&mut folder.command("check -f greedy.yaml")));
    assert!(coloured(
        &mut folder.command("check -f greedy.yaml --color always")
    ));
    assert!(coloured(
        folder
            .command("check -f greedy.yaml")
            .env("CLICOLOR_FORCE", "1")
    ));
    assert!(!coloured(
        folder
            .command("check -f greedy.yaml --color never")
            .env("CLICOLOR_FORCE", "1")
    ));
    assert!(!coloured(
        &mut folder.command("check -f greedy.yaml -o json --color always")
    ));
}

#[test]
fn usage_errors_are_status_2_and_help_is_0() {
    let folder = greedy();
    for line in [
        "check --frobnicate",
        "frobnicate",
        "check -f a -o html",
        "check a --all -f b",
        "check -f greedy.yaml -n Not_A_Namespace",
        "check --half both -f greedy.yaml",
        "baseline apply",
    ] {
        let ran = folder.run(line);
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        assert!(ran.stderr.starts_with("error: "), "{ran:?}");
    }
    for line in ["--help", "--version", "check --help", "help check"] {
        let ran = folder.run(line);
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    }
    let ran = folder.run("--version");
    assert_eq!(
        ran.stdout,
        format!("kubectl-opsec {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_role_that_is_printed_allows_all_that_is_read() {
    let folder = Folder::new(&[]);
    let run = |flags: &[&str]| {
        let output = Command::new(cargo_bin("kubectl-opsec"))
            .args(["check", "--print-rbac"])
            .args(flags)
            .env("OPSEC_DATA_DIR", folder.0.path().join("data"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        serde_saphyr::from_str::<serde_json::Value>(&text).unwrap()
    };
    let words = |value: &serde_json::Value| -> Vec<String> {
        let list = value.as_array().into_iter().flatten();
        list.map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    for secret_metadata in [false, true] {
        let flags: &[&str] = if secret_metadata {
            &["--secret-metadata"]
        } else {
            &[]
        };
        let role = run(flags);
        for needed in opsec_gather::permissions(secret_metadata) {
            for resource in &needed.resources {
                let allowed = role["rules"].as_array().unwrap().iter().any(|rule| {
                    let names = words(&rule["resourceNames"]);
                    words(&rule["apiGroups"]).contains(&needed.group)
                        && words(&rule["resources"]).contains(resource)
                        && words(&rule["verbs"]) == needed.verbs
                        && (names.is_empty() || names == needed.names)
                });
                assert!(allowed, "{resource}.{}: {role}", needed.group);
            }
        }
        let text = role.to_string();
        assert_eq!(text.contains("\"secrets\""), secret_metadata, "{text}");
        assert!(!text.contains("impersonate"), "{text}");
    }
    let text = run(&["--probe"]).to_string();
    assert!(text.contains("impersonate") && text.contains("subjectaccessreviews"));
}
