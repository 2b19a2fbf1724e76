//! Statements that a service makes and keeps.

use opsec_proto::v1;

use super::{Service, ServiceError, request_id};

impl Service {
    /// Has the service judge an operator and sign what it comes to.
    pub(crate) async fn attest(
        &self,
        request: v1::AttestRequest,
    ) -> Result<v1::Attestation, ServiceError> {
        let request = v1::AttestRequest {
            request_id: request_id(),
            ..request
        };
        let response = self.attestations.clone().attest(request).await?;
        let attestation = response.into_inner().attestation;
        attestation.ok_or(ServiceError::EmptyAnswer)
    }

    /// A statement by its id.
    pub(crate) async fn get_attestation(&self, id: &str) -> Result<v1::Attestation, ServiceError> {
        let request = v1::GetAttestationRequest { name: name(id) };
        let response = self.attestations.clone().get_attestation(request).await?;
        let attestation = response.into_inner().attestation;
        attestation.ok_or(ServiceError::EmptyAnswer)
    }

    /// All statements of a cluster, and an operator on it, where they are named.
    pub(crate) async fn list_attestations(
        &self,
        cluster: &str,
        operator: &str,
    ) -> Result<Vec<v1::Attestation>, ServiceError> {
        let mut client = self.attestations.clone();
        let mut attestations = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::ListAttestationsRequest {
                cluster: cluster.to_owned(),
                operator: operator.to_owned(),
                page_size: 1000,
                page_token,
            };
            let response = client.list_attestations(request).await?.into_inner();
            attestations.extend(response.attestations);
            page_token = response.next_page_token;
            if page_token.is_empty() {
                return Ok(attestations);
            }
        }
    }

    /// Revokes a statement.
    pub(crate) async fn revoke_attestation(
        &self,
        id: &str,
        reason: String,
    ) -> Result<(), ServiceError> {
        let request = v1::RevokeAttestationRequest {
            name: name(id),
            reason,
            request_id: request_id(),
            validate_only: false,
        };
        self.attestations
            .clone()
            .revoke_attestation(request)
            .await?;
        Ok(())
    }
}

fn name(id: &str) -> String {
    if id.starts_with("attestations/") {
        id.to_owned()
    } else {
        format!("attestations/{id}")
    }
}
