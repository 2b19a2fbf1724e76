//! The bare echo: the same request decoded, the same response encoded, and nothing in between.

use std::io::Write as _;
use std::path::Path;

use opsec_proto::SNAPSHOT_LIMIT;
use opsec_proto::v1;
use opsec_proto::v1::check_service_server::{CheckService, CheckServiceServer};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// Answers every check with one response.
#[derive(Debug)]
struct Echo {
    response: v1::CheckResponse,
}

/// Serves until it is ended.
pub(crate) async fn serve(arguments: &[String]) -> Result<(), String> {
    let file = arguments.first().ok_or("the response is missing")?;
    let bytes = std::fs::read(Path::new(file)).map_err(|error| error.to_string())?;
    let response = crate::load::decode(&bytes)?;
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let mut said = std::io::stderr();
    writeln!(said, "listening on {address}").map_err(|error| error.to_string())?;
    let service = CheckServiceServer::new(Echo { response })
        .max_decoding_message_size(SNAPSHOT_LIMIT)
        .max_encoding_message_size(usize::MAX);
    Server::builder()
        .add_service(service)
        .serve_with_incoming(
            // As the service has it: else an answer waits for more to send.
            tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true)),
        )
        .await
        .map_err(|error| error.to_string())
}

/// What an echo does not answer.
fn none<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("this is an echo of Check"))
}

#[tonic::async_trait]
impl CheckService for Echo {
    async fn check(
        &self,
        _request: Request<v1::CheckRequest>,
    ) -> Result<Response<v1::CheckResponse>, Status> {
        Ok(Response::new(self.response.clone()))
    }

    async fn batch_check(
        &self,
        _request: Request<v1::BatchCheckRequest>,
    ) -> Result<Response<v1::BatchCheckResponse>, Status> {
        none()
    }

    async fn list_operators(
        &self,
        _request: Request<v1::ListOperatorsRequest>,
    ) -> Result<Response<v1::ListOperatorsResponse>, Status> {
        none()
    }

    async fn list_rules(
        &self,
        _request: Request<v1::ListRulesRequest>,
    ) -> Result<Response<v1::ListRulesResponse>, Status> {
        none()
    }

    async fn explain_rule(
        &self,
        _request: Request<v1::ExplainRuleRequest>,
    ) -> Result<Response<v1::ExplainRuleResponse>, Status> {
        none()
    }

    async fn list_topics(
        &self,
        _request: Request<v1::ListTopicsRequest>,
    ) -> Result<Response<v1::ListTopicsResponse>, Status> {
        none()
    }

    async fn list_needs(
        &self,
        _request: Request<v1::ListNeedsRequest>,
    ) -> Result<Response<v1::ListNeedsResponse>, Status> {
        none()
    }

    async fn list_probes(
        &self,
        _request: Request<v1::ListProbesRequest>,
    ) -> Result<Response<v1::ListProbesResponse>, Status> {
        none()
    }
}
