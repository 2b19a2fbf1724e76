//! A control plane for one operator, and the programs run against it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use assert_cmd::cargo::cargo_bin;
use opsec_manifests::{Input, Limits, read_documents};
use opsec_testbed::{Assets, Audit, ControlPlane, Options, RELEASE};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::PATIENCE;

/// How a run of a program ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A control plane; it ends with this value.
pub(crate) struct Plane {
    pub(crate) control: ControlPlane,
    pub(crate) runtime: Runtime,
}

/// Documents as objects.
pub(crate) fn objects(bytes: Vec<u8>) -> Vec<Value> {
    let name = "objects".to_owned();
    // Definitions are read whole here, with their schemas.
    let limits = Limits {
        memory: 1 << 30,
        ..Limits::default()
    };
    let documents = read_documents(&Input { name, bytes }, &limits).unwrap();
    let values = documents.into_iter().map(|document| document.value);
    values.filter(|value| !value.is_null()).collect()
}

/// The program, on a cluster or on none.
pub(crate) fn opsec(kubeconfig: Option<&Path>, line: &str) -> Ran {
    run(
        Command::new(cargo_bin("kubectl-opsec")),
        kubeconfig,
        line,
        "",
    )
}

/// kubectl, on a cluster or on none.
pub(crate) fn kubectl(kubeconfig: Option<&Path>, line: &str, input: &str) -> Ran {
    let kubectl = Assets::of(RELEASE).unwrap().kubectl().unwrap();
    run(Command::new(kubectl), kubeconfig, line, input)
}

fn run(mut command: Command, kubeconfig: Option<&Path>, line: &str, input: &str) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("input");
    std::fs::write(&file, input).unwrap();
    let output = command
        .args(line.split(' '))
        // No test touches the cluster that whoever runs it is connected to.
        .env(
            "KUBECONFIG",
            kubeconfig.unwrap_or(Path::new("/dev/null/none")),
        )
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env("HOME", home.path())
        .env("OPSEC_DATA_DIR", home.path().join("data"))
        .stdin(Stdio::from(std::fs::File::open(&file).unwrap()))
        .output()
        .unwrap();
    Ran {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// What must be there before others: definitions and namespaces first; what nobody here answers
/// comes last, or it would refuse the rest.
fn stage(object: &Value) -> usize {
    match text(object, "/kind") {
        "CustomResourceDefinition" | "Namespace" => 0,
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" | "APIService" => 2,
        _ => 1,
    }
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    let text = object.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_default()
}

/// Objects whose kinds are Kubernetes' own or defined among them: those of others (cert-manager's for
/// one) an administrator has installed before, and here nobody has.
pub(crate) fn known(objects: Vec<Value>) -> Vec<Value> {
    let is_definition = |object: &&Value| text(object, "/kind") == "CustomResourceDefinition";
    let definitions = objects.iter().filter(is_definition);
    let defined: BTreeSet<String> = definitions
        .map(|definition| text(definition, "/spec/group").to_owned())
        .collect();
    let is_known = |object: &Value| {
        let version = text(object, "/apiVersion");
        let group = version.split_once('/').map_or("", |(group, _)| group);
        !group.contains('.') || group.ends_with(".k8s.io") || defined.contains(group)
    };
    objects.into_iter().filter(is_known).collect()
}

impl Plane {
    /// Starts one that has the namespaces; objects that name none go to the first.
    pub(crate) fn start(namespaces: &[&str]) -> Self {
        let namespace = namespaces.first().copied().unwrap_or("default");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let options = Options {
            audit: Audit::default(),
            ..Options::default()
        };
        let control = runtime.block_on(ControlPlane::start(options)).unwrap();
        let plane = Self { control, runtime };
        for namespace in namespaces.iter().filter(|name| **name != "default") {
            let there = format!("create namespace {namespace}");
            plane.eventually(&there, "", |ran| ran.status == 0);
        }
        // Unlike -n it is no demand on objects that name another.
        let here = format!("config set-context --current --namespace={namespace}");
        plane.eventually(&here, "", |ran| ran.status == 0);
        plane
    }

    pub(crate) fn opsec(&self, line: &str) -> Ran {
        opsec(Some(&self.control.kubeconfig()), line)
    }

    pub(crate) fn kubectl(&self, line: &str, input: &str) -> Ran {
        kubectl(Some(&self.control.kubeconfig()), line, input)
    }

    /// Waits until a request is answered so: what was applied a moment ago holds a moment later.
    pub(crate) fn eventually(&self, line: &str, input: &str, holds: impl Fn(&Ran) -> bool) {
        let began = Instant::now();
        loop {
            let ran = self.kubectl(line, input);
            if holds(&ran) {
                return;
            }
            let waited = began.elapsed();
            assert!(waited < PATIENCE, "{line}: {}{}", ran.stdout, ran.stderr);
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    }

    /// Applies objects.
    pub(crate) fn apply(&self, objects: &[Value]) {
        for number in 0..3 {
            self.stage(objects, number, "");
        }
    }

    /// Has each object accepted by a dry run, then for good; how many they are. What others of them
    /// live in, or are of the kind of, is there before they are tried.
    pub(crate) fn accepts(&self, objects: &[Value]) -> usize {
        for number in 0..3 {
            self.stage(objects, number, " --dry-run=server");
            self.stage(objects, number, "");
        }
        objects.len()
    }

    fn stage(&self, objects: &[Value], number: usize, how: &str) {
        let mine: Vec<&Value> = objects.iter().filter(|it| stage(it) == number).collect();
        if mine.is_empty() {
            return;
        }
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": mine});
        let line = format!("apply --server-side --force-conflicts{how} -f -");
        self.eventually(&line, &list.to_string(), |ran| ran.status == 0);
    }

    /// Deletes objects; how many they are.
    pub(crate) fn remove(&self, objects: &[Value]) -> usize {
        if !objects.is_empty() {
            let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": objects});
            let line = "delete --ignore-not-found -f -";
            self.eventually(line, &list.to_string(), |ran| ran.status == 0);
        }
        objects.len()
    }

    /// Ends what a rollout ends: nothing runs pods here, so that none becomes ready and the
    /// controllers keep those of before.
    pub(crate) fn roll_out(&self) {
        let delete = "delete replicasets,pods,jobs --all -A --force --grace-period=0";
        self.eventually(delete, "", |ran| ran.status == 0);
    }
}
