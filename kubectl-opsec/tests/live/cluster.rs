//! One control plane for all tests of this file, and the program run against it.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use assert_cmd::cargo::cargo_bin;
use kube::Client;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::discovery::ApiResource;
use opsec_testbed::{Audit, ControlPlane, Options};
use serde_json::Value;

/// The control plane; it ends with the process of the tests.
pub(crate) fn control_plane() -> &'static ControlPlane {
    static STARTED: OnceLock<ControlPlane> = OnceLock::new();
    STARTED.get_or_init(|| {
        // The client outlives each test's own runtime, so it is made on one that stays.
        runtime().block_on(async {
            ControlPlane::start(Options {
                audit: Audit::Metadata,
                ..Options::default()
            })
            .await
            .unwrap()
        })
    })
}

pub(crate) fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    })
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// Runs the program as the administrator.
pub(crate) fn opsec(line: &str) -> Ran {
    opsec_with(&control_plane().kubeconfig(), line)
}

/// Runs the program with a kubeconfig.
pub(crate) fn opsec_with(kubeconfig: &Path, line: &str) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let output: Output = Command::new(cargo_bin("kubectl-opsec"))
        .args(line.split(' '))
        .env("KUBECONFIG", kubeconfig)
        .env("OPSEC_DATA_DIR", home.path())
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Applies every object of a file, definitions and namespaces first, as often as it takes until
/// the kinds are served.
pub(crate) fn apply(file: &Path) {
    let bytes = std::fs::read(file).unwrap();
    let input = opsec_manifests::Input {
        name: "file".to_owned(),
        bytes,
    };
    let documents =
        opsec_manifests::read_documents(&input, &opsec_manifests::Limits::default()).unwrap();
    let objects = documents
        .into_iter()
        .map(|document| document.value)
        .collect();
    apply_all(objects);
}

/// Applies objects.
pub(crate) fn apply_all(mut objects: Vec<Value>) {
    objects.sort_by_key(|object| match object["kind"].as_str().unwrap() {
        "CustomResourceDefinition" => 0,
        "Namespace" => 1,
        _ => 2,
    });
    let client = control_plane().client();
    runtime().block_on(async {
        for object in objects {
            apply_one(&client, &object).await;
        }
    });
}

async fn apply_one(client: &Client, object: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let api_version = text(&object["apiVersion"]);
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    let kind = GroupVersionKind::gvk(group, version, &text(&object["kind"]));
    let resource = ApiResource::from_gvk(&kind);
    let namespace = text(&object["metadata"]["namespace"]);
    let api: kube::Api<DynamicObject> = if namespace.is_empty() {
        kube::Api::all_with(client.clone(), &resource)
    } else {
        kube::Api::namespaced_with(client.clone(), &namespace, &resource)
    };
    let name = text(&object["metadata"]["name"]);
    let patch = Patch::Apply(object);
    let parameters = PatchParams::apply("test").force();
    let mut tries = 0;
    // A kind that was defined a moment ago is served a moment later.
    while let Err(error) = api.patch(&name, &parameters, &patch).await {
        tries += 1;
        assert!(tries < 50, "{} {name}: {error}", kind.kind);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
