//! One control plane for all tests of the binary, and requests to it as anybody.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use opsec_testbed::{ControlPlane, Options};
use serde_json::Value;
use tokio::runtime::Runtime;

/// How long a change may take to come into force.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

struct Server {
    // A client belongs to the runtime that it was made on, so all tests share one.
    runtime: Runtime,
    client: kube::Client,
    config: kube::Config,
    kubeconfig: PathBuf,
}

/// What the server answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: Value,
    pub(crate) warnings: Vec<String>,
}

impl Answer {
    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.code)
    }

    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (client, config, kubeconfig) = runtime.block_on(async {
            let cluster = ControlPlane::start(Options::default()).await.unwrap();
            let client = cluster.client();
            let file = Kubeconfig::read_from(cluster.kubeconfig()).unwrap();
            let options = KubeConfigOptions::default();
            let config = kube::Config::from_custom_kubeconfig(file, &options);
            let config = config.await.unwrap();
            let kubeconfig = cluster.kubeconfig().clone();
            // It ends with this process: nothing drops a static.
            std::mem::forget(cluster);
            (client, config, kubeconfig)
        });
        Server {
            runtime,
            client,
            config,
            kubeconfig,
        }
    })
}

/// The administrator's kubeconfig.
pub(crate) fn kubeconfig() -> &'static Path {
    &server().kubeconfig
}

/// Who asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Who {
    user: Option<String>,
    groups: Vec<String>,
    token: Option<String>,
}

/// The administrator, of `system:masters`.
pub(crate) fn admin() -> Who {
    Who::default()
}

/// A user by impersonation, without groups but `system:authenticated`.
pub(crate) fn user(name: &str) -> Who {
    Who {
        user: Some(name.to_owned()),
        ..Who::default()
    }
}

/// Whoever a token is of.
pub(crate) fn bearer(token: &str) -> Who {
    Who {
        token: Some(token.to_owned()),
        ..Who::default()
    }
}

impl Who {
    pub(crate) fn group(mut self, group: &str) -> Self {
        self.groups.push(group.to_owned());
        self
    }

    /// The same token, as somebody else.
    pub(crate) fn becoming(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    fn request(&self, method: &str, path: &str, kind: &str) -> http::request::Builder {
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("Content-Type", kind);
        if let Some(user) = &self.user {
            request = request.header("Impersonate-User", user);
        }
        for group in &self.groups {
            request = request.header("Impersonate-Group", group);
        }
        request
    }

    pub(crate) fn send(&self, method: &str, path: &str, kind: &str, body: &Value) -> Answer {
        let bytes = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        self.finish(self.request(method, path, kind), bytes)
    }

    fn finish(&self, request: http::request::Builder, bytes: Vec<u8>) -> Answer {
        let server = server();
        let request = request.body(Body::from(bytes)).unwrap();
        let client = match &self.token {
            Some(token) => as_bearer(server, token),
            None => server.client.clone(),
        };
        let work = async move {
            let response = client.send(request).await.unwrap();
            let code = response.status().as_u16();
            let warnings = response.headers().get_all("warning");
            let warnings = warnings
                .iter()
                .map(|value| value.to_str().unwrap_or_default().to_owned())
                .collect();
            let bytes = response.into_body().collect_bytes().await.unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Answer {
                code,
                body: serde_json::from_slice(&bytes).unwrap_or(Value::String(text)),
                warnings,
            }
        };
        let bounded = async { tokio::time::timeout(PATIENCE, work).await };
        server.runtime.block_on(bounded).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "application/json", &Value::Null)
    }

    /// Asks for a WebSocket, as kubectl does for exec.
    pub(crate) fn websocket(&self, path: &str) -> Answer {
        let request = self
            .request("GET", path, "application/json")
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Protocol", "v5.channel.k8s.io");
        self.finish(request, Vec::new())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "application/json", body)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, "application/json", body)
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "application/json", &Value::Null)
    }

    pub(crate) fn merge(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, "application/merge-patch+json", body)
    }

    pub(crate) fn apply(&self, path: &str, body: &Value) -> Answer {
        let path = format!("{path}?fieldManager=facts&force=true");
        self.send("PATCH", &path, "application/apply-patch+yaml", body)
    }
}

/// A client that shows a token and nothing else.
fn as_bearer(server: &Server, token: &str) -> kube::Client {
    let mut config = server.config.clone();
    config.auth_info = kube::config::AuthInfo {
        token: Some(token.to_owned().into()),
        ..Default::default()
    };
    let _guard = server.runtime.enter();
    kube::Client::try_from(config).unwrap()
}
