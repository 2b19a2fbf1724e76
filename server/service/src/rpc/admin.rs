//! AdminService.

use opsec_practices::registry;
use opsec_proto::v1;
use opsec_proto::v1::admin_service_server::AdminService;
use tonic::{Request, Response, Status};

/// AdminService.
#[derive(Debug)]
pub(crate) struct Admin;

#[tonic::async_trait]
impl AdminService for Admin {
    async fn get_version(
        &self,
        _request: Request<v1::GetVersionRequest>,
    ) -> Result<Response<v1::GetVersionResponse>, Status> {
        let rules = registry::rules().count();
        Ok(Response::new(v1::GetVersionResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kubernetes_version: opsec_kubernetes::RELEASE.to_owned(),
            api_version: opsec_model::API_VERSION.to_owned(),
            rule_count: i32::try_from(rules).unwrap_or(i32::MAX),
        }))
    }
}
