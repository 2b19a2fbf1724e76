//! One control plane for all tests of this file, with `deploy/controller/` applied. Its declarations
//! are everyone's, so that one test runs at a time.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::discovery::ApiResource;
use kube::{Api, Client};
use opsec_crd::OperatorRights;
use opsec_manifests::{Input, Limits, read_documents};
use opsec_testbed::{ControlPlane, Options};
use serde_json::{Value, json};

/// How long what holds in a moment may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The cluster, for one test at a time.
pub(crate) struct Cluster {
    plane: &'static ControlPlane,
    _alone: MutexGuard<'static, ()>,
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

/// The control plane with what is shipped.
pub(crate) fn cluster() -> Cluster {
    static ALONE: Mutex<()> = Mutex::new(());
    static STARTED: OnceLock<ControlPlane> = OnceLock::new();
    // A test that failed leaves nothing behind that another rests on.
    let alone = ALONE.lock().unwrap_or_else(|poisoned| {
        ALONE.clear_poison();
        poisoned.into_inner()
    });
    let mut is_new = false;
    let plane = STARTED.get_or_init(|| {
        is_new = true;
        let started = ControlPlane::start(Options::default());
        runtime().block_on(started).unwrap()
    });
    let cluster = Cluster {
        plane,
        _alone: alone,
    };
    if is_new {
        cluster.apply_all(shipped());
        cluster.wait_for_policies();
    } else {
        // A test that failed may have taken a permission away.
        let is_role = |object: &Value| object["kind"].as_str().unwrap().ends_with("Role");
        cluster.apply_all(shipped().into_iter().filter(is_role).collect());
    }
    cluster
}

/// Every object of `deploy/controller/`.
pub(crate) fn shipped() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/controller");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    files.sort();
    let mut objects = Vec::new();
    for file in files {
        let input = Input {
            name: "file".to_owned(),
            bytes: std::fs::read(file).unwrap(),
        };
        let documents = read_documents(&input, &Limits::default()).unwrap();
        objects.extend(documents.into_iter().map(|document| document.value));
    }
    objects
}

impl Cluster {
    pub(crate) fn client(&self) -> Client {
        self.plane.client()
    }

    /// Applies objects, definitions and namespaces first, as often as it takes until their kinds
    /// are served.
    pub(crate) fn apply_all(&self, mut objects: Vec<Value>) {
        objects.sort_by_key(|object| match object["kind"].as_str().unwrap() {
            "CustomResourceDefinition" => 0,
            "Namespace" => 1,
            _ => 2,
        });
        for object in objects {
            let began = Instant::now();
            while let Err(error) = try_apply(&self.client(), &object) {
                assert!(began.elapsed() < PATIENCE, "{error}: {object}");
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }

    /// Waits until the policies that were applied hold, which is a moment later: a controller that
    /// starts before that may write what no controller may.
    fn wait_for_policies(&self) {
        let own: Api<DynamicObject> = Api::all_with(
            self.client_of("opsec-controller", "opsec-controller"),
            &operator_rights(),
        );
        let parameters = PatchParams {
            dry_run: true,
            ..PatchParams::default()
        };
        let status = Patch::Merge(json!({"status": {"conditions": []}}));
        let began = Instant::now();
        loop {
            let patched = own.patch_status("opsec-controller", &parameters, &status);
            match runtime().block_on(patched) {
                Err(kube::Error::Api(refusal))
                    if refusal.message.contains("ValidatingAdmissionPolicy") =>
                {
                    return;
                }
                answer => assert!(
                    began.elapsed() < PATIENCE,
                    "the policies do not hold: {answer:?}"
                ),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn apply(&self, object: Value) {
        self.apply_all(vec![object]);
    }

    /// Deletes an object, if it is there.
    pub(crate) fn delete(&self, object: &Value) {
        let (api, name) = api(&self.client(), object);
        match runtime().block_on(api.delete(&name, &kube::api::DeleteParams::default())) {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => panic!("{error}: {object}"),
        }
    }

    /// A kubeconfig of a ServiceAccount, with a token that the API server made for it.
    pub(crate) fn kubeconfig(&self, folder: &Path, namespace: &str, account: &str) -> PathBuf {
        let api: Api<ServiceAccount> = Api::namespaced(self.client(), namespace);
        let request: TokenRequest =
            serde_json::from_value(json!({"spec": {"audiences": [], "expirationSeconds": 3600}}))
                .unwrap();
        let parameters = PostParams::default();
        let made = api.create_token_request(account, &parameters, &request);
        let token = runtime().block_on(made).unwrap().status.unwrap().token;
        let text = std::fs::read_to_string(self.plane.kubeconfig()).unwrap();
        let mut config: Value = serde_json::from_str(&text).unwrap();
        config["users"][0]["user"] = json!({"token": token});
        config["contexts"][0]["context"]["namespace"] = json!(namespace);
        let path = folder.join(format!("{namespace}-{account}.kubeconfig"));
        std::fs::write(&path, config.to_string()).unwrap();
        path
    }

    /// A client of a ServiceAccount.
    pub(crate) fn client_of(&self, namespace: &str, account: &str) -> Client {
        let folder = tempfile::tempdir().unwrap();
        let path = self.kubeconfig(folder.path(), namespace, account);
        runtime().block_on(async {
            let kubeconfig = kube::config::Kubeconfig::read_from(path).unwrap();
            let options = kube::config::KubeConfigOptions::default();
            let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options);
            Client::try_from(config.await.unwrap()).unwrap()
        })
    }
}

/// Applies an object once, as whoever the client is.
pub(crate) fn try_apply(client: &Client, object: &Value) -> Result<(), kube::Error> {
    let (api, name) = api(client, object);
    let parameters = PatchParams::apply("test").force();
    let patch = Patch::Apply(object);
    let applied = api.patch(&name, &parameters, &patch);
    runtime().block_on(applied).map(|_| ())
}

/// Where an object is kept.
fn api(client: &Client, object: &Value) -> (Api<DynamicObject>, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let api_version = text(&object["apiVersion"]);
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    let kind = GroupVersionKind::gvk(group, version, &text(&object["kind"]));
    let resource = match kind.kind.as_str() {
        "OperatorRights" => operator_rights(),
        _ => ApiResource::from_gvk(&kind),
    };
    let namespace = text(&object["metadata"]["namespace"]);
    let api = if namespace.is_empty() {
        Api::all_with(client.clone(), &resource)
    } else {
        Api::namespaced_with(client.clone(), &namespace, &resource)
    };
    (api, text(&object["metadata"]["name"]))
}

/// The resource of declarations, whose plural is irregular.
fn operator_rights() -> ApiResource {
    ApiResource::erase::<OperatorRights>(&())
}
