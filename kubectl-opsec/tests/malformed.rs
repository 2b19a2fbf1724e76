//! The program on input that is damaged, hostile or far too large: refused or told within two
//! seconds and half a gigabyte, and it never panics.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may fail by it")]

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

/// How long a run may take.
const TIME: Duration = Duration::from_secs(2);

/// How long it may take for millions of values: as long, but for a program that is not optimised.
const TIME_FOR_MILLIONS: Duration =
    Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 2 });

/// How long it may take where as many fit and are judged, and reports of 50 MB are written.
const TIME_TO_JUDGE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 4 });

/// How much address space a run may take, in KiB: more than the memory that it may use.
const ADDRESS_SPACE: u32 = 500 * 1024;

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop}\n";

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: shop}\n";

const RULES: &str =
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}\nrules: ";

const POLICY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x, namespace: shop}\nspec: {podSelector: {}, ingress: ";

/// An operator that holds what the role named `x` grants.
const OPERATOR: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: x, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: x, namespace: shop}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {serviceAccountName: x, containers: [{name: a, image: b}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: x}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: x}
subjects: [{kind: ServiceAccount, name: x, namespace: shop}]
---
";

/// How a run ended.
#[derive(Debug)]
struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs `check` with these arguments, bounded, and `stdin`.
fn check(folder: &Path, arguments: &str, stdin: impl FnOnce(&mut dyn std::io::Write)) -> Ran {
    check_within(TIME, folder, arguments, stdin)
}

fn check_within(
    time: Duration,
    folder: &Path,
    arguments: &str,
    stdin: impl FnOnce(&mut dyn std::io::Write),
) -> Ran {
    let started = Instant::now();
    let bounded = format!("ulimit -v {ADDRESS_SPACE}; exec \"$0\" check {arguments}");
    let mut child = Command::new("/bin/sh")
        .args(["-c", &bounded])
        .arg(cargo_bin("kubectl-opsec"))
        .current_dir(folder)
        .env("OPSEC_DATA_DIR", folder.join("data"))
        // Each thread would reserve address space of its own, which is not used.
        .env("MALLOC_ARENA_MAX", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    stdin(&mut child.stdin.take().unwrap());
    let output = child.wait_with_output().unwrap();
    let ran = Ran {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(
        started.elapsed() < time,
        "{arguments}: {:?}, {:?} {}",
        started.elapsed(),
        ran.status,
        ran.stderr
    );
    ran
}

fn check_file(content: &[u8]) -> Ran {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.yaml"), content).unwrap();
    check(folder.path(), "-f a.yaml", |_| {})
}

impl Ran {
    /// One line on standard error, nothing on standard output, status 2.
    fn is_refused(&self, name: &str, message: &str) {
        assert_eq!(self.status, Some(2), "{name}: {self:?}");
        assert_eq!(self.stdout, "", "{name}: {self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{name}: {self:?}");
        assert!(self.stderr.starts_with("error: "), "{name}: {self:?}");
        assert!(self.stderr.contains(message), "{name}: {self:?}");
    }
}

fn bomb() -> String {
    let mut bomb = format!("{CONFIG}a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(",");
        let value = format!("a{level}: &a{level} [{aliases}]\n");
        bomb.push_str(&value);
    }
    bomb
}

#[test]
fn what_is_damaged_is_refused_at_once() {
    let utf16: Vec<u8> = CONFIG.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, content, message) in [
        (
            "ends early in brackets",
            b"apiVersion: v1\nkind: Pod\nmetadata: {name: x".to_vec(),
            "is never closed",
        ),
        (
            "ends early in a quote",
            b"apiVersion: v1\nkind: \"Po".to_vec(),
            "a quote is never closed",
        ),
        ("ends early", b"apiVersion: v1\nki".to_vec(), "line 2"),
        (
            "noise",
            (0..=255).cycle().take(1 << 20).collect(),
            "a.yaml: line 1",
        ),
        ("zeros", vec![0; 1 << 20], "a.yaml: "),
        ("UTF-16", utf16.clone(), "save it as UTF-8"),
        (
            "UTF-16 with a mark",
            [vec![0xff, 0xfe], utf16].concat(),
            "save it as UTF-8",
        ),
        (
            "next line",
            format!("{CONFIG}# a\u{85}b: c\n").into_bytes(),
            "U+0085",
        ),
        (
            "line separator",
            format!("{CONFIG}# a\u{2028}b: c\n").into_bytes(),
            "U+2028",
        ),
        (
            "paragraph separator",
            format!("{CONFIG}# a\u{2029}b: c\n").into_bytes(),
            "U+2029",
        ),
        (
            "a template",
            b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n".to_vec(),
            "helm template",
        ),
    ] {
        check_file(&content).is_refused(name, message);
    }
}

#[test]
fn what_is_hostile_is_refused_at_once() {
    let blocks: String = (0..1000).map(|level| " ".repeat(level) + "a:\n").collect();
    for (name, content, message) in [
        ("an alias bomb", bomb(), "aliases"),
        (
            "deep brackets",
            format!("{CONFIG}a: {}", "[".repeat(100_000)),
            "deeper than 200 levels",
        ),
        (
            "deep braces",
            format!("{CONFIG}a: {}", "{a: ".repeat(100_000)),
            "deeper than 200 levels",
        ),
        (
            "deep lists",
            format!("{CONFIG}a:\n  {}", "- ".repeat(100_000)),
            "deeper than 200 levels",
        ),
        (
            "deep JSON",
            "{\"a\":".repeat(100_000),
            "deeper than 200 levels",
        ),
        ("deep blocks", blocks, "deeper than 200 levels"),
        (
            "many documents",
            "a: b\n---\n".repeat(20_001),
            "--max-documents",
        ),
    ] {
        check_file(content.as_bytes()).is_refused(name, message);
    }
}

/// A file that becomes far more than its text: its name, its text, and what the run must say.
type Greedy = (&'static str, String, &'static str);

fn list(item: &str, times: usize) -> String {
    vec![item; times].join(",")
}

fn numbered(times: usize, item: impl Fn(usize) -> String) -> String {
    (0..times).map(item).collect::<Vec<_>>().join(",")
}

/// What is inside of the limits, and is judged: values that no rule reads.
fn fitting_values() -> Vec<Greedy> {
    let config = format!("{OPERATOR}{CONFIG}");
    vec![
        (
            "maps",
            format!("{config}data: [{}]\n", list("{a: b}", 600_000)),
            "OPSEC",
        ),
        (
            "empty maps",
            format!("{config}data: [{}]\n", list("{}", 1_900_000)),
            "OPSEC",
        ),
        (
            "texts",
            format!("{config}data: [{}]\n", list("x", 1_900_000)),
            "OPSEC",
        ),
        (
            "lines",
            format!("{config}data:\n{}", "-\n".repeat(1_900_000)),
            "OPSEC",
        ),
        (
            "members",
            format!(
                "{config}data: {{{}}}\n",
                numbered(900_000, |n| format!("a{n}: b"))
            ),
            "OPSEC",
        ),
    ]
}

/// What is inside of the limits, and is judged: values that rules read.
fn fitting_objects() -> Vec<Greedy> {
    let pod = format!("{OPERATOR}{POD}spec: ");
    let rule = |n| format!("{{verbs: [get], apiGroups: [example.com], resources: [r{n}]}}");
    let container = |n| format!("{{name: c{n}, image: b}}");
    let secret = |n| format!("{{metadata: {{name: a{n}, namespace: shop}}}}");
    vec![
        (
            "rules that grant nothing",
            format!("{OPERATOR}{RULES}[{}]\n", list("{}", 250_000)),
            "rules[0].verbs",
        ),
        (
            "rules",
            format!("{OPERATOR}{RULES}[{}]\n", numbered(60_000, rule)),
            "OPSEC",
        ),
        (
            "containers",
            format!("{pod}{{containers: [{}]}}\n", numbered(20_000, container)),
            "OPSEC",
        ),
        (
            "peers",
            format!(
                "{OPERATOR}{POLICY}[{{from: [{}]}}]}}\n",
                list("{podSelector: {}}", 100_000)
            ),
            "OPSEC",
        ),
        (
            "secrets",
            format!(
                "{OPERATOR}apiVersion: v1\nkind: SecretList\nitems: [{}]\n",
                numbered(15_000, secret)
            ),
            "OPSEC",
        ),
    ]
}

/// What needs more memory than there is for it.
fn too_greedy() -> Vec<Greedy> {
    let pod = format!("{POD}spec: ");
    let secret = |n| format!("{{metadata: {{name: a{n}}}}}");
    let secrets = "apiVersion: v1\nkind: SecretList\nitems: ";
    let long = "x".repeat(1 << 20);
    let version = "apiVersion: operators.coreos.com/v1alpha1\nkind: ClusterServiceVersion\nmetadata: {name: x.v1}\nspec:\n  install:\n    strategy: deployment\n    spec: {deployments: [{name: x, spec: [";
    let params = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: x}\nspec: {paramKind: {apiVersion: example.com/v1, kind: Thing}}\n---\napiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\na: [";
    vec![
        ("rules", format!("{RULES}[{}]\n", list("{}", 1_000_000))),
        (
            "containers",
            format!("{pod}{{containers: [{}]}}\n", list("{}", 1_000_000)),
        ),
        ("peers", format!("{POLICY}[{}]}}\n", list("{}", 1_500_000))),
        // Few enough of the values are aliases for kubectl.
        (
            "a long text, repeated",
            format!(
                "{RULES}[{{resources: [{}], verbs: [&x {long}, {}]}}]\n",
                list("a", 100),
                list("*x", 3000)
            ),
        ),
        (
            "secrets",
            format!("{secrets}[{}]\n", numbered(60_000, secret)),
        ),
        ("items", format!("{secrets}[{}]\n", list("{}", 60_000))),
        (
            "a version",
            format!("{version}{}]}}]}}\n", list("{a: b}", 400_000)),
        ),
        (
            "a parameter",
            format!("{params}{}]\n", list("{a: b}", 400_000)),
        ),
    ]
    .into_iter()
    .map(|(name, text)| (name, text, "--max-memory"))
    .collect()
}

/// Each that passes the number of values.
fn too_many() -> Vec<Greedy> {
    let rules = format!("{RULES}[{}]\n", list("{}", 5_100_000));
    let lines = format!("{CONFIG}data:\n{}", "-\n".repeat(5_100_000));
    vec![
        ("rules", rules, "--max-nodes"),
        ("lines", lines, "--max-nodes"),
    ]
}

fn check_greedy((name, content, message): &Greedy) -> Ran {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.yaml"), content).unwrap();
    let time = if message.starts_with("--") {
        TIME_FOR_MILLIONS
    } else {
        TIME_TO_JUDGE
    };
    let ran = check_within(time, folder.path(), "-f a.yaml -o json", |_| {});
    if !message.starts_with("--") {
        assert!(
            matches!(ran.status, Some(0 | 1 | 3)),
            "{name}: {:?}",
            ran.stderr
        );
        assert!(ran.stdout.contains(message), "{name}: {:?}", ran.stderr);
    }
    ran
}

#[test]
fn what_becomes_far_more_than_its_text_is_judged_or_refused() {
    for greedy in fitting_values().into_iter().chain(fitting_objects()) {
        check_greedy(&greedy);
    }
    for greedy in too_greedy().into_iter().chain(too_many()) {
        let (name, _, message) = &greedy;
        check_greedy(&greedy).is_refused(name, message);
    }
}

#[test]
fn many_small_documents_are_judged() {
    let document = |n| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{n}, namespace: shop}}\n---\n")
    };
    let documents: String = (0..19_990).map(document).collect();
    check_greedy(&("documents", format!("{OPERATOR}{documents}"), "OPSEC"));
}

#[test]
fn values_of_the_wrong_type_are_told() {
    let operator = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: x}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: a, image: b}]}\n---\n";
    for (object, message) in [
        (
            "kind: Pod\nmetadata: {name: x}\nspec: {containers: x}",
            "spec.containers: ",
        ),
        (
            "kind: Pod\nmetadata: {name: x, labels: [a]}\nspec: {containers: []}",
            "metadata.labels: ",
        ),
        ("kind: ServiceAccount\nmetadata: x", "metadata: "),
        (
            "kind: Service\nmetadata: {name: x}\nspec: {ports: {a: b}}",
            "spec.ports: ",
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let text = format!("{operator}apiVersion: v1\n{object}\n");
        std::fs::write(folder.path().join("a.yaml"), text).unwrap();
        let ran = check(folder.path(), "-f a.yaml -o json", |_| {});
        assert!(matches!(ran.status, Some(1 | 3)), "{object}: {ran:?}");
        assert!(ran.stdout.contains("INVALID_OBJECT"), "{object}: {ran:?}");
        assert!(ran.stdout.contains(message), "{object}: {ran:?}");
    }
}

#[test]
fn two_hundred_megabytes_are_refused_before_they_are_read() {
    let folder = TempDir::new().unwrap();
    let file = File::create(folder.path().join("sparse.yaml")).unwrap();
    file.set_len(200 << 20).unwrap();
    let message =
        "holds 209,715,200 bytes; the limit is 67,108,864 (raise it with --max-file-bytes)";
    check(folder.path(), "-f sparse.yaml", |_| {}).is_refused("a sparse file", message);
    let many = TempDir::new().unwrap();
    for number in 0..5 {
        let file = File::create(many.path().join(format!("{number}.yaml"))).unwrap();
        file.set_len(60 << 20).unwrap();
    }
    check(many.path(), "-f .", |_| {}).is_refused("many files", "--max-bytes");
}

#[test]
fn a_pipe_is_read_no_further_than_the_limit() {
    let folder = TempDir::new().unwrap();
    let line = "x".repeat(1 << 20);
    let documents = format!("{CONFIG}---\n").repeat(10_000);
    for (name, piece) in [("a line", line), ("documents", documents)] {
        let ran = check(folder.path(), "-f -", |stdin| {
            // Once it has refused, the program closes the pipe.
            for _ in 0..200 {
                if stdin.write_all(piece.as_bytes()).is_err() {
                    break;
                }
            }
        });
        ran.is_refused(
            name,
            "the limit is 67,108,864 (raise it with --max-file-bytes)",
        );
    }
}

#[test]
fn what_is_wrong_inside_a_schema_is_refused_when_asked_for() {
    let folder = TempDir::new().unwrap();
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.example.com\nspec:\n  group: example.com\n  scope: Namespaced\n  names: {plural: things, singular: thing, kind: Thing}\n  versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n        type: a: b\n    served: true\n    storage: true\n";
    std::fs::write(folder.path().join("a.yaml"), definition).unwrap();
    let lax = check(folder.path(), "-f a.yaml", |_| {});
    assert!(!lax.stderr.contains("line 13"), "{lax:?}");
    let strict = check(folder.path(), "-f a.yaml --strict", |_| {});
    strict.is_refused("strict", "a.yaml: document 1, line 13, column ");
}
