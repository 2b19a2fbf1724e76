//! What is asked about mending an operator.

use opsec_proto::v1;

use super::{Service, ServiceError};

impl Service {
    /// What an operator holds, written down.
    pub(crate) async fn declare_rights(
        &self,
        request: v1::DeclareRightsRequest,
    ) -> Result<v1::DeclareRightsResponse, ServiceError> {
        let mut client = self.remediation.clone();
        Ok(client.declare_rights(request).await?.into_inner())
    }

    /// A draft of a baseline.
    pub(crate) async fn capture_baseline(
        &self,
        request: v1::CaptureBaselineRequest,
    ) -> Result<v1::CaptureBaselineResponse, ServiceError> {
        let mut client = self.remediation.clone();
        Ok(client.capture_baseline(request).await?.into_inner())
    }

    /// What mends an operator.
    pub(crate) async fn harden(
        &self,
        request: v1::HardenRequest,
    ) -> Result<v1::HardenResponse, ServiceError> {
        let mut client = self.remediation.clone();
        Ok(client.harden(request).await?.into_inner())
    }

    /// Whether rights stay within what is declared.
    pub(crate) async fn validate_rights(
        &self,
        request: v1::ValidateRightsRequest,
    ) -> Result<v1::ValidateRightsResponse, ServiceError> {
        let mut client = self.remediation.clone();
        Ok(client.validate_rights(request).await?.into_inner())
    }
}
