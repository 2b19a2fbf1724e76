//! The service: the generated clients over the generated server in this process, no socket, or over
//! a connection to one that others ask too.

mod attestation;
mod history;
mod posture;
mod registry;
mod remediation;
mod transport;

use std::collections::BTreeMap;
use std::path::Path;

use opsec_proto::v1;
use opsec_proto::v1::admin_service_client::AdminServiceClient;
use opsec_proto::v1::analysis_service_client::AnalysisServiceClient;
use opsec_proto::v1::attestation_service_client::AttestationServiceClient;
use opsec_proto::v1::baseline_service_client::BaselineServiceClient;
use opsec_proto::v1::check_service_client::CheckServiceClient;
use opsec_proto::v1::cluster_service_client::ClusterServiceClient;
use opsec_proto::v1::posture_service_client::PostureServiceClient;
use opsec_proto::v1::remediation_service_client::RemediationServiceClient;
use opsec_service::{Embedded, StoreError, StoreLocation, embedded};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

pub(crate) use transport::Transport;

use crate::context::Context;
use crate::failure::Failure;

/// Most bytes of an answer: the reports of all operators of a large input.
const ANSWER_LIMIT: usize = 256 << 20;

/// Why the service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// It refused.
    #[error("{message}")]
    Refused {
        /// What it says to a person.
        message: String,
        /// What it says to a program.
        source: Box<Reason>,
    },
    /// It left out what it must answer.
    #[error("the service's answer lacks what was asked for")]
    EmptyAnswer,
}

/// What the service says to a program.
#[derive(Debug, thiserror::Error)]
#[error("the service answered {code} {name}{}", words(.metadata))]
pub(crate) struct Reason {
    code: String,
    name: String,
    metadata: BTreeMap<String, String>,
}

fn words(metadata: &BTreeMap<String, String>) -> String {
    let pairs = metadata.iter();
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key} {value}")).collect();
    if pairs.is_empty() {
        String::new()
    } else {
        format!(" ({})", pairs.join(", "))
    }
}

impl From<Status> for ServiceError {
    fn from(status: Status) -> Self {
        let info = status.get_details_error_info();
        let code = format!("{:?}", status.code());
        let message = match status.message() {
            "" => format!("the service failed: {}", status.code()),
            message => message.to_owned(),
        };
        let source = Box::new(Reason {
            code,
            name: info
                .as_ref()
                .map_or_else(String::new, |info| info.reason.clone()),
            metadata: info.map_or_else(BTreeMap::new, |info| info.metadata.into_iter().collect()),
        });
        Self::Refused { message, source }
    }
}

impl ServiceError {
    /// Whether another's change came between reading and writing, so that it is worth another try.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.is_for(&["ETAG_STALE", "BASELINE_NOT_FOUND", "BASELINE_EXISTS"])
    }

    /// Whether it is about the operator that was, or was not, named.
    pub(crate) fn is_about_operator(&self) -> bool {
        self.is_for(&["OPERATOR_NOT_FOUND", "OPERATOR_AMBIGUOUS"])
    }

    /// Whether there is more than one operator to choose from.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.is_for(&["OPERATOR_AMBIGUOUS"])
    }

    /// Whether there is no declaration that could be validated.
    pub(crate) fn is_nothing_declared(&self) -> bool {
        self.is_for(&["NOTHING_DECLARED"])
    }

    /// Whether nothing was signed because the operator fails.
    pub(crate) fn is_failed_check(&self) -> bool {
        self.is_for(&["CHECK_FAILED"])
    }

    /// Whether a watch cannot go on from where it was.
    pub(crate) fn is_expired_cursor(&self) -> bool {
        self.is_for(&["CURSOR_EXPIRED"])
    }

    /// Whether the same is refused again, whenever it is asked.
    pub(crate) fn is_final(&self) -> bool {
        let codes = [
            Code::InvalidArgument,
            Code::PermissionDenied,
            Code::Unauthenticated,
            Code::Unimplemented,
        ];
        match self {
            Self::Refused { source, .. } => {
                codes.map(|code| format!("{code:?}")).contains(&source.code)
            }
            Self::EmptyAnswer => false,
        }
    }

    /// Whether it is the baseline document that is wrong.
    pub(crate) fn is_about_baseline(&self) -> bool {
        self.is_for(&[
            "SPEC_INVALID",
            "NAME_INVALID",
            "EXTENDS_INVALID",
            "SPEC_TOO_LARGE",
            "SCOPE_CLAIMED",
        ])
    }

    /// The baseline that is there already, when that is why it refused.
    pub(crate) fn existing_baseline(&self) -> Option<String> {
        self.is_for(&["BASELINE_EXISTS"])
            .then(|| self.metadata("baseline"))
            .flatten()
    }

    fn is_for(&self, reasons: &[&str]) -> bool {
        matches!(self, Self::Refused { source, .. } if reasons.contains(&source.name.as_str()))
    }

    fn metadata(&self, key: &str) -> Option<String> {
        match self {
            Self::Refused { source, .. } => source.metadata.get(key).cloned(),
            Self::EmptyAnswer => None,
        }
    }
}

/// The services that are asked.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    admin: AdminServiceClient<Transport>,
    check: CheckServiceClient<Transport>,
    analysis: AnalysisServiceClient<Transport>,
    attestations: AttestationServiceClient<Transport>,
    baselines: BaselineServiceClient<Transport>,
    clusters: ClusterServiceClient<Transport>,
    postures: PostureServiceClient<Transport>,
    remediation: RemediationServiceClient<Transport>,
    is_remote: bool,
}

impl Service {
    /// For judging: what is accepted is read at once, and the store closed again. A directory
    /// that is absent is not opened.
    pub(crate) async fn for_checks(context: &Context) -> Result<Self, Failure> {
        match Self::connected(context).await? {
            Some(service) => Ok(service),
            None => Ok(Self::in_process(context.data_dir.as_deref())?),
        }
    }

    /// For what no baseline decides.
    pub(crate) async fn without_store(context: &Context) -> Result<Self, Failure> {
        match Self::connected(context).await? {
            Some(service) => Ok(service),
            None => Ok(Self::embedded()?),
        }
    }

    /// The service of this process, for what every build of it answers alike.
    pub(crate) fn embedded() -> Result<Self, StoreError> {
        Self::in_process(None)
    }

    /// For keeping baselines, as they are stored now: what others change later the service of this
    /// process does not see.
    pub(crate) async fn for_baselines(context: &Context) -> Result<Self, Failure> {
        if let Some(service) = Self::connected(context).await? {
            return Ok(service);
        }
        let directory = context.data_dir.as_deref().ok_or(Failure::NoDataDir)?;
        Ok(Self::in_process(Some(directory))?)
    }

    /// For what only a service that stays up does.
    pub(crate) async fn remote(context: &Context, what: &'static str) -> Result<Self, Failure> {
        let service = Self::connected(context).await?;
        service.ok_or(Failure::NeedsServer(what))
    }

    /// Whether it is a service that others ask too.
    pub(crate) fn is_remote(&self) -> bool {
        self.is_remote
    }

    /// The service that others ask too, where one is configured.
    async fn connected(context: &Context) -> Result<Option<Self>, Failure> {
        match &context.endpoint {
            Some(endpoint) => Ok(Some(Self::over(endpoint.connect().await?, true))),
            None => Ok(None),
        }
    }

    fn in_process(directory: Option<&Path>) -> Result<Self, StoreError> {
        let store = directory.map(StoreLocation::new);
        let services = embedded(Embedded { store })?;
        Ok(Self::over(Transport::Embedded(services), false))
    }

    /// A service that nobody is at.
    #[cfg(test)]
    pub(crate) fn of_nobody() -> Self {
        let endpoint = tonic::transport::Endpoint::from_static("http://127.0.0.1:1");
        let channel = endpoint.connect_lazy();
        let transport = Transport::Remote {
            channel,
            authorization: None,
        };
        Self::over(transport, true)
    }

    fn over(transport: Transport, is_remote: bool) -> Self {
        let through = || transport.clone();
        Self {
            admin: AdminServiceClient::new(through()),
            check: CheckServiceClient::new(through())
                .max_encoding_message_size(usize::MAX)
                .max_decoding_message_size(ANSWER_LIMIT),
            analysis: AnalysisServiceClient::new(through())
                .max_encoding_message_size(usize::MAX)
                .max_decoding_message_size(ANSWER_LIMIT),
            attestations: AttestationServiceClient::new(through())
                .max_encoding_message_size(usize::MAX)
                .max_decoding_message_size(ANSWER_LIMIT),
            baselines: BaselineServiceClient::new(through())
                .max_decoding_message_size(ANSWER_LIMIT),
            clusters: ClusterServiceClient::new(through()),
            postures: PostureServiceClient::new(through()).max_decoding_message_size(ANSWER_LIMIT),
            remediation: RemediationServiceClient::new(through())
                .max_encoding_message_size(usize::MAX)
                .max_decoding_message_size(ANSWER_LIMIT),
            is_remote,
        }
    }

    /// Judges.
    pub(crate) async fn check(
        &self,
        request: v1::CheckRequest,
    ) -> Result<v1::CheckResponse, ServiceError> {
        Ok(self.check.clone().check(request).await?.into_inner())
    }

    /// What gathering must be allowed.
    pub(crate) async fn list_needs(
        &self,
        request: v1::ListNeedsRequest,
    ) -> Result<Vec<v1::Need>, ServiceError> {
        let mut client = self.check.clone();
        Ok(client.list_needs(request).await?.into_inner().needs)
    }

    /// What to ask an API server about a check.
    pub(crate) async fn list_probes(
        &self,
        check: v1::CheckRequest,
    ) -> Result<v1::ListProbesResponse, ServiceError> {
        let request = v1::ListProbesRequest { check: Some(check) };
        let mut client = self.check.clone();
        Ok(client.list_probes(request).await?.into_inner())
    }

    /// Which build answers.
    pub(crate) async fn version(&self) -> Result<v1::GetVersionResponse, ServiceError> {
        let mut client = self.admin.clone();
        let request = v1::GetVersionRequest {};
        Ok(client.get_version(request).await?.into_inner())
    }

    /// What a rule, a practice or a right means.
    pub(crate) async fn explain(&self, name: String) -> Result<v1::Explanation, ServiceError> {
        let mut client = self.check.clone();
        let request = v1::ExplainRuleRequest { name };
        let response = client.explain_rule(request).await?.into_inner();
        response.explanation.ok_or(ServiceError::EmptyAnswer)
    }

    /// What can be explained.
    pub(crate) async fn topics(&self) -> Result<Vec<v1::Topic>, ServiceError> {
        let mut client = self.check.clone();
        let request = v1::ListTopicsRequest {};
        Ok(client.list_topics(request).await?.into_inner().topics)
    }

    /// A page of the operators of an input.
    pub(crate) async fn list_operators(
        &self,
        request: v1::ListOperatorsRequest,
    ) -> Result<v1::ListOperatorsResponse, ServiceError> {
        let mut client = self.check.clone();
        Ok(client.list_operators(request).await?.into_inner())
    }

    /// A page of an operator's rights.
    pub(crate) async fn list_rights(
        &self,
        request: v1::ListRightsRequest,
    ) -> Result<v1::ListRightsResponse, ServiceError> {
        let mut client = self.analysis.clone();
        Ok(client.list_rights(request).await?.into_inner())
    }

    /// Answers to questions about access.
    pub(crate) async fn can_i(
        &self,
        request: v1::CanIRequest,
    ) -> Result<v1::CanIResponse, ServiceError> {
        Ok(self.analysis.clone().can_i(request).await?.into_inner())
    }

    /// A page of connections.
    pub(crate) async fn list_connections(
        &self,
        request: v1::ListConnectionsRequest,
    ) -> Result<v1::ListConnectionsResponse, ServiceError> {
        let mut client = self.analysis.clone();
        Ok(client.list_connections(request).await?.into_inner())
    }

    /// The chains of an operator.
    pub(crate) async fn find_paths(
        &self,
        request: v1::FindPathsRequest,
    ) -> Result<v1::FindPathsResponse, ServiceError> {
        let mut client = self.analysis.clone();
        Ok(client.find_paths(request).await?.into_inner())
    }

    /// What is gained and lost between two states.
    pub(crate) async fn compare_rights(
        &self,
        request: v1::CompareRightsRequest,
    ) -> Result<v1::Comparison, ServiceError> {
        let mut client = self.analysis.clone();
        let response = client.compare_rights(request).await?.into_inner();
        response.comparison.ok_or(ServiceError::EmptyAnswer)
    }

    /// A baseline by name, with or without its collection.
    pub(crate) async fn get_baseline(&self, name: &str) -> Result<v1::Baseline, ServiceError> {
        let request = v1::GetBaselineRequest {
            name: resource_name(name),
        };
        let response = self.baselines.clone().get_baseline(request).await?;
        let baseline = response.into_inner().baseline;
        baseline.ok_or(ServiceError::EmptyAnswer)
    }

    /// All baselines.
    pub(crate) async fn list_baselines(&self) -> Result<Vec<v1::Baseline>, ServiceError> {
        let mut client = self.baselines.clone();
        let mut baselines = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::ListBaselinesRequest {
                page_size: 1000,
                page_token,
            };
            let response = client.list_baselines(request).await?.into_inner();
            baselines.extend(response.baselines);
            page_token = response.next_page_token;
            if page_token.is_empty() {
                return Ok(baselines);
            }
        }
    }

    /// Stores a baseline that is not there, or proposes it.
    pub(crate) async fn create_baseline(
        &self,
        baseline: v1::Baseline,
    ) -> Result<v1::CreateBaselineResponse, ServiceError> {
        let request = v1::CreateBaselineRequest {
            baseline: Some(baseline),
            request_id: request_id(),
            ..v1::CreateBaselineRequest::default()
        };
        let response = self.baselines.clone().create_baseline(request).await?;
        Ok(response.into_inner())
    }

    /// Replaces a baseline's content, or proposes it.
    pub(crate) async fn update_baseline(
        &self,
        baseline: v1::Baseline,
    ) -> Result<v1::UpdateBaselineResponse, ServiceError> {
        let request = v1::UpdateBaselineRequest {
            baseline: Some(baseline),
            request_id: request_id(),
            ..v1::UpdateBaselineRequest::default()
        };
        let response = self.baselines.clone().update_baseline(request).await?;
        Ok(response.into_inner())
    }

    /// Deletes a baseline as it was read, or proposes to.
    pub(crate) async fn delete_baseline(
        &self,
        read: v1::Baseline,
    ) -> Result<v1::DeleteBaselineResponse, ServiceError> {
        let request = v1::DeleteBaselineRequest {
            name: read.name,
            etag: read.etag,
            request_id: request_id(),
            ..v1::DeleteBaselineRequest::default()
        };
        let response = self.baselines.clone().delete_baseline(request).await?;
        Ok(response.into_inner())
    }
}

/// Names a request, so that a connection that breaks makes no change twice.
fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

pub(crate) fn resource_name(name: &str) -> String {
    if name.starts_with("baselines/") {
        name.to_owned()
    } else {
        format!("baselines/{name}")
    }
}
