//! What a baseline was, what another would change, and decisions about proposals.

use opsec_proto::v1;

use super::{Service, ServiceError, request_id, resource_name};

impl Service {
    /// The revisions of a baseline, the first first.
    pub(crate) async fn list_revisions(
        &self,
        name: &str,
    ) -> Result<Vec<v1::BaselineRevision>, ServiceError> {
        let mut client = self.baselines.clone();
        let mut revisions = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::ListBaselineRevisionsRequest {
                parent: resource_name(name),
                page_size: 1000,
                page_token,
            };
            let response = client.list_baseline_revisions(request).await?.into_inner();
            revisions.extend(response.revisions);
            page_token = response.next_page_token;
            if page_token.is_empty() {
                return Ok(revisions);
            }
        }
    }

    /// One revision.
    pub(crate) async fn get_revision(
        &self,
        name: &str,
        revision: i64,
    ) -> Result<v1::BaselineRevision, ServiceError> {
        let name = format!("{}/revisions/{revision}", resource_name(name));
        let request = v1::GetBaselineRevisionRequest { name };
        let response = self
            .baselines
            .clone()
            .get_baseline_revision(request)
            .await?;
        let revision = response.into_inner().revision;
        revision.ok_or(ServiceError::EmptyAnswer)
    }

    /// What two revisions differ in; 0 is the one before, and the newest.
    pub(crate) async fn diff_revisions(
        &self,
        name: &str,
        from: i64,
        to: i64,
    ) -> Result<v1::DiffBaselineRevisionsResponse, ServiceError> {
        let request = v1::DiffBaselineRevisionsRequest {
            name: resource_name(name),
            from,
            to,
        };
        let mut client = self.baselines.clone();
        Ok(client.diff_baseline_revisions(request).await?.into_inner())
    }

    /// Goes back to a revision's content.
    pub(crate) async fn roll_back(
        &self,
        read: v1::Baseline,
        revision: i64,
    ) -> Result<v1::RollbackBaselineResponse, ServiceError> {
        let request = v1::RollbackBaselineRequest {
            name: read.name,
            revision,
            etag: read.etag,
            request_id: request_id(),
            validate_only: false,
        };
        let response = self.baselines.clone().rollback_baseline(request).await?;
        Ok(response.into_inner())
    }

    /// Approves a proposal, or rejects it.
    pub(crate) async fn decide(
        &self,
        proposal: v1::BaselineRevision,
        approve: bool,
    ) -> Result<v1::BaselineRevision, ServiceError> {
        let v1::BaselineRevision { name, etag, .. } = proposal;
        let mut client = self.baselines.clone();
        let decided = if approve {
            let request = v1::ApproveBaselineRevisionRequest {
                name,
                etag,
                request_id: request_id(),
                validate_only: false,
            };
            let response = client.approve_baseline_revision(request).await?;
            response.into_inner().revision
        } else {
            let request = v1::RejectBaselineRevisionRequest {
                name,
                etag,
                request_id: request_id(),
                validate_only: false,
            };
            let response = client.reject_baseline_revision(request).await?;
            response.into_inner().revision
        };
        decided.ok_or(ServiceError::EmptyAnswer)
    }

    /// Which baseline applies to an operator.
    pub(crate) async fn resolve_baseline(
        &self,
        request: v1::ResolveBaselineRequest,
    ) -> Result<v1::ResolveBaselineResponse, ServiceError> {
        let response = self.baselines.clone().resolve_baseline(request).await?;
        Ok(response.into_inner())
    }

    /// What a baseline would change if it were stored.
    pub(crate) async fn simulate(
        &self,
        document: Vec<u8>,
    ) -> Result<Vec<v1::SimulatedOperator>, ServiceError> {
        let mut client = self.baselines.clone();
        let mut operators = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::SimulateBaselineRequest {
                document: document.clone().into(),
                page_size: 100,
                page_token,
                ..v1::SimulateBaselineRequest::default()
            };
            let response = client.simulate_baseline(request).await?.into_inner();
            operators.extend(response.operators);
            page_token = response.next_page_token;
            if page_token.is_empty() {
                return Ok(operators);
            }
        }
    }
}
