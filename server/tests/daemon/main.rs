//! The daemon itself, over real sockets: how it starts, serves, refuses and ends.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::unnecessary_debug_formatting,
    reason = "a test stops where what it needs is not there; a path in TOML is quoted as in Rust"
)]

mod aging;
mod attesting;
mod audit;
mod beside;
mod certificates;
mod collecting;
mod ending;
mod ending_busy;
mod failing;
mod hostile;
mod keys;
mod matrix;
mod observing;
mod oidc;
mod owed;
mod process;
mod reviews;
mod revoked;
mod starting;
mod upkeep;

use std::time::Duration;

use opsec_proto::v1;
use opsec_proto::v1::admin_service_client::AdminServiceClient;
use opsec_proto::v1::baseline_service_client::BaselineServiceClient;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Code and reason of a refusal.
fn reason(status: &Status) -> (Code, String) {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone());
    (status.code(), reason.unwrap_or_default())
}

async fn channel(address: std::net::SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let endpoint = endpoint.connect_timeout(Duration::from_secs(10));
    endpoint.connect().await.unwrap()
}

/// A request with a bearer token.
fn bearing<T>(token: &str, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    let value = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

async fn version(channel: &Channel, token: Option<&str>) -> Result<String, Status> {
    let mut client = AdminServiceClient::new(channel.clone());
    let request = match token {
        Some(token) => bearing(token, v1::GetVersionRequest {}),
        None => tonic::Request::new(v1::GetVersionRequest {}),
    };
    Ok(client.get_version(request).await?.into_inner().version)
}

const BASELINE: &str = "apiVersion: kubectl-opsec.dev/v1alpha1\nkind: OperatorBaseline\nmetadata: \
                        {name: NAME}\nspec: {appliesTo: {operators: [NAME]}}\n";

async fn create_baseline(channel: &Channel, name: &str) -> Result<i64, Status> {
    let mut client = BaselineServiceClient::new(channel.clone());
    let baseline = v1::Baseline {
        document: BASELINE.replace("NAME", name).into(),
        ..v1::Baseline::default()
    };
    let request = v1::CreateBaselineRequest {
        baseline: Some(baseline),
        ..v1::CreateBaselineRequest::default()
    };
    let answer = client.create_baseline(request).await?.into_inner();
    Ok(answer.baseline.unwrap_or_default().revision)
}
