//! Waiting until a control plane can be used.

use std::path::Path;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::ClusterRole;
use kube::{Api, Client};

use crate::error::TestbedError;
use crate::supervised::Supervised;

/// How long a program may take: some seconds as a rule, more on a machine that builds meanwhile.
const PATIENCE: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(100);

/// Waits until the API server has made its certificate.
pub(crate) async fn certificate(
    path: &Path,
    programs: &mut [Supervised],
) -> Result<(), TestbedError> {
    // The key is written after the certificate.
    let key = path.with_extension("key");
    wait("kube-apiserver", programs, async || {
        key.is_file() && path.is_file()
    })
    .await
}

/// Waits until the API server says that it is ready.
pub(crate) async fn api_server(
    client: &Client,
    programs: &mut [Supervised],
) -> Result<(), TestbedError> {
    wait("kube-apiserver", programs, async || {
        let Ok(request) = http::Request::get("/readyz").body(Vec::new()) else {
            return false;
        };
        client
            .request_text(request)
            .await
            .is_ok_and(|text| text == "ok")
    })
    .await
}

/// Waits until the controllers have filled the aggregated roles and made the first ServiceAccount.
pub(crate) async fn controllers(
    client: &Client,
    programs: &mut [Supervised],
) -> Result<(), TestbedError> {
    let roles: Api<ClusterRole> = Api::all(client.clone());
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "default");
    wait("kube-controller-manager", programs, async || {
        let filled = async |name: &str| {
            let role = roles.get(name).await;
            role.is_ok_and(|role| role.rules.is_some_and(|rules| !rules.is_empty()))
        };
        filled("admin").await
            && filled("edit").await
            && filled("view").await
            && accounts.get("default").await.is_ok()
    })
    .await
}

async fn wait(
    program: &'static str,
    programs: &mut [Supervised],
    ready: impl AsyncFn() -> bool,
) -> Result<(), TestbedError> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if ready().await {
            return Ok(());
        }
        let mut ended = programs
            .iter_mut()
            .filter_map(|program| program.has_ended().then_some(&*program));
        if let Some(ended) = ended.next() {
            return Err(TestbedError::Ended {
                program: ended.program(),
                log: ended.log(),
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
    let log = programs
        .iter()
        .find(|running| running.program() == program)
        .map(Supervised::log)
        .unwrap_or_default();
    Err(TestbedError::NotReady {
        program,
        waited: start.elapsed(),
        log,
    })
}
