//! `--watch` at a real control plane: what changed is printed, once, and Ctrl-C ends it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

#[path = "live/cluster.rs"]
#[expect(
    dead_code,
    reason = "another test applies files and reads what a run printed"
)]
mod cluster;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use cluster::{apply_all, control_plane};

const PATIENCE: Duration = Duration::from_secs(30);
/// In which nothing is printed that is not to be.
const QUIET: Duration = Duration::from_secs(4);

/// The program, which prints lines until it is ended.
struct Watch {
    child: Child,
    lines: Receiver<String>,
    _home: tempfile::TempDir,
}

impl Watch {
    fn start(line: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut child = Command::new(cargo_bin("kubectl-opsec"))
            .args(line.split(' '))
            .env("KUBECONFIG", control_plane().kubeconfig())
            .env("OPSEC_DATA_DIR", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self {
            child,
            lines,
            _home: home,
        }
    }

    /// Waits for a line that holds a text.
    fn prints(&self, text: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return line,
                Ok(_) => {}
                Err(error) => panic!("`{text}` is not printed: {error}"),
            }
        }
    }

    fn prints_nothing(&self) {
        if let Ok(line) = self.lines.recv_timeout(QUIET) {
            panic!("it prints {line}");
        }
    }

    /// Ctrl-C, and the status that it ends with.
    fn interrupted(mut self) -> i32 {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, Signal::SIGINT).unwrap();
        self.child.wait().unwrap().code().unwrap()
    }
}

fn role(verbs: &Value) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "cart"},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": verbs}]})
}

/// An operator that declares that it reads Secrets.
fn operator() {
    let definition = include_str!("../../deploy/crds/operatorrights.yaml");
    let input = opsec_manifests::Input {
        name: "file".to_owned(),
        bytes: definition.as_bytes().to_vec(),
    };
    let limits = opsec_manifests::Limits::default();
    let documents = opsec_manifests::read_documents(&input, &limits).unwrap();
    apply_all(
        documents
            .into_iter()
            .map(|document| document.value)
            .collect(),
    );
    let metadata = json!({"name": "cart", "namespace": "cart"});
    let pod = json!({"serviceAccountName": "cart", "containers": [{"name": "a", "image": "a"}]});
    apply_all(vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cart"}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
            "selector": {"matchLabels": {"app": "cart"}},
            "template": {"metadata": {"labels": {"app": "cart"}}, "spec": pod}}}),
        role(&json!(["get"])),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "cart"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cart"},
            "subjects": [{"kind": "ServiceAccount", "name": "cart", "namespace": "cart"}]}),
    ]);
    let rules = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]);
    let declaration = json!({"apiVersion": "kubectl-opsec.dev/v1alpha1", "kind": "OperatorRights",
        "metadata": {"name": "cart"}, "spec": {"operator": "cart", "mode": "Audit", "rights": [
            {"serviceAccount": "cart/cart", "scope": "cluster", "rules": rules}]}});
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("declaration.json");
    std::fs::write(&file, declaration.to_string()).unwrap();
    // kubectl knows the plural, which is no common one.
    let file = file.display().to_string();
    for _ in 0..100 {
        if kubectl(&["apply", "-f", &file]) {
            return;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    panic!("the declaration is not taken");
}

/// Whether kubectl did it.
fn kubectl(arguments: &[&str]) -> bool {
    let assets = opsec_testbed::Assets::of(opsec_testbed::RELEASE).unwrap();
    let home = tempfile::tempdir().unwrap();
    Command::new(assets.kubectl().unwrap())
        .args(arguments)
        .env("KUBECONFIG", control_plane().kubeconfig())
        .env("HOME", home.path())
        .output()
        .unwrap()
        .status
        .success()
}

#[test]
fn what_changed_is_printed_once_and_ctrl_c_ends_it_with_130() {
    operator();
    let rights = Watch::start("rights validate --watch -o json");
    let check = Watch::start("check cart -n cart --watch");
    let first: Value = serde_json::from_str(&rights.prints("ADDED")).unwrap();
    assert_eq!(first["object"]["name"], "cart");
    assert_eq!(first["object"]["excess"], Value::Null);
    check.prints("practices pass");
    while check.lines.recv_timeout(Duration::from_secs(1)).is_ok() {}

    // What says nothing about rights prints nothing.
    apply_all(vec![json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "cart"}})]);
    let mut annotated = role(&json!(["get"]));
    annotated["metadata"]["annotations"] = json!({"a": "b"});
    apply_all(vec![annotated]);
    rights.prints_nothing();
    check.prints_nothing();

    apply_all(vec![role(&json!(["get", "delete"]))]);
    let second: Value = serde_json::from_str(&rights.prints("MODIFIED")).unwrap();
    assert_eq!(
        second["object"]["excess"][0]["rules"][0]["verbs"],
        json!(["delete"])
    );
    let came = check.prints("+ OPSEC602");
    assert!(came.contains("FAIL"), "{came}");
    apply_all(vec![role(&json!(["get"]))]);
    rights.prints("MODIFIED");
    check.prints("- OPSEC602");
    assert!(kubectl(&["delete", "operatorrights", "cart"]));
    let last: Value = serde_json::from_str(&rights.prints("DELETED")).unwrap();
    assert_eq!(last["object"]["name"], "cart");
    assert_eq!(rights.interrupted(), 130);
    assert_eq!(check.interrupted(), 130);
}
