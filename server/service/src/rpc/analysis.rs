//! AnalysisService.

use std::sync::Arc;

use opsec_access::{Method, Target};
use opsec_practices::CheckError;
use opsec_practices::analysis::{AccessRequest, Answered, Asked, Attributes, WrittenQuestion};
use opsec_proto::v1;
use opsec_proto::v1::access_question::Attributes as AskedAttributes;
use opsec_proto::v1::analysis_service_server::AnalysisService;
use tonic::{Request, Response, Status};

use crate::clock;
use crate::context::{Context, everywhere, require, within};
use crate::failure::Failure;
use crate::page::{self, Sizes};
use crate::rpc::compare::compared;
use crate::rpc::input::{facts, named};
use crate::use_case::analysis::{can_i, find_paths, list_connections, list_rights};
use crate::use_case::check::Facts;
use crate::use_case::clusters::Place;

/// Most questions of a call.
const MOST_QUESTIONS: usize = 100_000;
/// How many connections a page holds.
const CONNECTIONS: Sizes = Sizes {
    default: 1_000,
    largest: 100_000,
};

/// AnalysisService.
#[derive(Debug)]
pub(crate) struct Analysis {
    context: Arc<Context>,
}

impl Analysis {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    async fn rights(
        &self,
        request: Request<v1::ListRightsRequest>,
    ) -> Result<v1::ListRightsResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ListRights, Target::Nothing).await?;
        let request = request.into_inner();
        let (sent, operator) = (request.input, request.operator);
        let (list, place, listed) = self
            .context
            .run(move |context| {
                let facts = facts!(list_rights_request, sent);
                let list = list_rights(&facts, named(&operator))?;
                let place = context.place(&facts.snapshot, "")?;
                Ok((list, place, listed("ListRights", &facts, &operator)?))
            })
            .await?;
        let one = std::iter::once(&list.operator);
        within(&caller, Method::ListRights, &place, one).await?;
        let asked = page::Asked {
            size: request.page_size,
            token: &request.page_token,
            list: &listed,
            now: clock::now(),
        };
        let sizes = Sizes::default();
        let (places, next_page_token) =
            self.context.pages.places(asked, sizes, list.items.len())?;
        let rights = list.items.get(places).unwrap_or_default();
        Ok(v1::ListRightsResponse {
            operator: Some(opsec_wire::encode_operator(&list.operator)),
            rights: rights.iter().map(opsec_wire::encode_right).collect(),
            next_page_token,
            notices: opsec_wire::encode_notices(&list.notices),
            source: Some(opsec_wire::encode_source(&list.source)),
            kubernetes_version: list.kubernetes_version,
        })
    }

    async fn connections(
        &self,
        request: Request<v1::ListConnectionsRequest>,
    ) -> Result<v1::ListConnectionsResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ListConnections, Target::Nothing).await?;
        let request = request.into_inner();
        let (response, place) = self
            .context
            .run(move |context| connections(context, request))
            .await?;
        everywhere(&caller, Method::ListConnections, &place).await?;
        Ok(response)
    }

    async fn paths(
        &self,
        request: Request<v1::FindPathsRequest>,
    ) -> Result<v1::FindPathsResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::FindPaths, Target::Nothing).await?;
        let request = request.into_inner();
        let (list, place) = self
            .context
            .run(move |context| {
                let facts = facts!(find_paths_request, request.input);
                let list = find_paths(&facts, named(&request.operator))?;
                Ok((list, context.place(&facts.snapshot, "")?))
            })
            .await?;
        let one = std::iter::once(&list.operator);
        within(&caller, Method::FindPaths, &place, one).await?;
        Ok(v1::FindPathsResponse {
            operator: Some(opsec_wire::encode_operator(&list.operator)),
            paths: list.items.iter().map(opsec_wire::encode_path).collect(),
            notices: opsec_wire::encode_notices(&list.notices),
            source: Some(opsec_wire::encode_source(&list.source)),
            kubernetes_version: list.kubernetes_version,
        })
    }

    async fn access(&self, request: Request<v1::CanIRequest>) -> Result<v1::CanIResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::CanI, Target::Nothing).await?;
        let request = request.into_inner();
        let (response, place) = self
            .context
            .run(move |context| access(context, request))
            .await?;
        // Questions may be about any account of the cluster.
        everywhere(&caller, Method::CanI, &place).await?;
        Ok(response)
    }
}

#[tonic::async_trait]
impl AnalysisService for Analysis {
    async fn list_rights(
        &self,
        request: Request<v1::ListRightsRequest>,
    ) -> Result<Response<v1::ListRightsResponse>, Status> {
        Ok(Response::new(self.rights(request).await?))
    }

    async fn can_i(
        &self,
        request: Request<v1::CanIRequest>,
    ) -> Result<Response<v1::CanIResponse>, Status> {
        Ok(Response::new(self.access(request).await?))
    }

    async fn list_connections(
        &self,
        request: Request<v1::ListConnectionsRequest>,
    ) -> Result<Response<v1::ListConnectionsResponse>, Status> {
        Ok(Response::new(self.connections(request).await?))
    }

    async fn find_paths(
        &self,
        request: Request<v1::FindPathsRequest>,
    ) -> Result<Response<v1::FindPathsResponse>, Status> {
        Ok(Response::new(self.paths(request).await?))
    }

    async fn compare_rights(
        &self,
        request: Request<v1::CompareRightsRequest>,
    ) -> Result<Response<v1::CompareRightsResponse>, Status> {
        Ok(Response::new(compared(&self.context, request).await?))
    }
}

fn connections(
    context: &Context,
    request: v1::ListConnectionsRequest,
) -> Result<(v1::ListConnectionsResponse, Place), Failure> {
    let facts = facts!(list_connections_request, request.input);
    let place = context.place(&facts.snapshot, "")?;
    let connections = list_connections(&facts, named(&request.operator))?;
    let asked = page::Asked {
        size: request.page_size,
        token: &request.page_token,
        list: &listed("ListConnections", &facts, &request.operator)?,
        now: clock::now(),
    };
    let (places, next_page_token) = context
        .pages
        .places(asked, CONNECTIONS, connections.len())?;
    let tables = opsec_wire::encode_connections(&connections.at(places));
    let response = v1::ListConnectionsResponse {
        peers: tables.peers,
        port_sets: tables.port_sets,
        connections: tables.connections,
        next_page_token,
        unknown: connections.unknown,
        notices: opsec_wire::encode_notices(&facts.snapshot.notices),
        source: Some(opsec_wire::encode_source(&facts.snapshot.source)),
    };
    Ok((response, place))
}

/// What a page token is bound to: the method, the facts, and the operator as it was named.
fn listed(method: &str, facts: &Facts, operator: &str) -> Result<String, Failure> {
    let digest = facts.snapshot.digest().map_err(CheckError::from)?;
    Ok(format!("{method} {digest} {operator}"))
}

fn access(
    context: &Context,
    request: v1::CanIRequest,
) -> Result<(v1::CanIResponse, Place), Failure> {
    let asked = request.questions.len();
    if asked > MOST_QUESTIONS {
        let limit = MOST_QUESTIONS;
        return Err(Failure::BatchTooLarge { asked, limit });
    }
    let facts = facts!(can_i_request, request.input);
    // A question without attributes is one about nothing, and is answered as such.
    let questions = request.questions.into_iter().map(question).collect();
    let asked = AccessRequest {
        operator: named(&request.operator),
        component: named(&request.component),
        questions,
        answer_only: request.answer_only,
    };
    let answers = can_i(&facts, &asked)?;
    let answer_only = request.answer_only;
    let response = v1::CanIResponse {
        results: answers
            .results
            .into_iter()
            .map(|result| encode(result, answer_only))
            .collect(),
        operator: answers.operator.as_ref().map(opsec_wire::encode_operator),
        notices: opsec_wire::encode_notices(&facts.snapshot.notices),
    };
    Ok((response, context.place(&facts.snapshot, "")?))
}

fn question(question: v1::AccessQuestion) -> (Option<opsec_model::ServiceAccountRef>, Asked) {
    let account = question.service_account.map(opsec_wire::decode_account);
    let asked = match question.attributes {
        None => Asked::Written(WrittenQuestion::default()),
        Some(AskedAttributes::Resource(asked)) => Asked::Attributes(Attributes::Resource {
            verb: asked.verb,
            group: asked.group,
            resource: asked.resource,
            subresource: asked.subresource,
            name: asked.name,
            namespace: asked.namespace,
        }),
        Some(AskedAttributes::NonResource(asked)) => Asked::Attributes(Attributes::Path {
            verb: asked.verb,
            path: asked.path,
        }),
        Some(AskedAttributes::Written(asked)) => Asked::Written(WrittenQuestion {
            verb: asked.verb,
            resource: asked.resource,
            name: asked.name,
            namespace: asked.namespace,
        }),
    };
    (account, asked)
}

fn encode(result: Result<Answered, String>, answer_only: bool) -> v1::AccessResult {
    match result {
        Err(error) => v1::AccessResult {
            error,
            ..v1::AccessResult::default()
        },
        Ok(answered) => v1::AccessResult {
            allowed: opsec_wire::encode_allowed(answered.allowed),
            accounts: answered
                .accounts
                .iter()
                .map(opsec_wire::encode_account_answer)
                .collect(),
            error: String::new(),
            read: (!answer_only).then(|| opsec_wire::encode_question(answered.question)),
        },
    }
}
