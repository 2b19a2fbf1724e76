//! RemediationService.

use std::sync::Arc;

use opsec_access::{Method, Target};
use opsec_model::{API_VERSION, OperatorSummary};
use opsec_proto::v1;
use opsec_proto::v1::remediation_service_server::RemediationService;
use opsec_remedies::{Declared, Declaring};
use serde_json::{Value, json};
use tonic::{Request, Response, Status};

use crate::context::{Context, everywhere, require, within};
use crate::failure::Failure;
use crate::rpc::input::{facts, named};
use crate::use_case::remediation::{declare, validate};

/// RemediationService.
#[derive(Debug)]
pub(crate) struct Remediation {
    context: Arc<Context>,
}

impl Remediation {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    async fn declared(
        &self,
        request: Request<v1::DeclareRightsRequest>,
    ) -> Result<v1::DeclareRightsResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::DeclareRights, Target::Nothing).await?;
        let request = request.into_inner();
        let (declared, place) = self
            .context
            .run(move |context| {
                let facts = facts!(declare_rights_request, request.input);
                let asked = Declaring {
                    operator: named(&request.operator),
                    intended: &request.intended_namespaces,
                    enforce: request.enforce,
                };
                let declared = declare(&facts, &asked)?;
                Ok((declared, context.place(&facts.snapshot, "")?))
            })
            .await?;
        let one = std::iter::once::<&OperatorSummary>(&declared.operator);
        within(&caller, Method::DeclareRights, &place, one).await?;
        encode(&declared)
    }

    async fn validated(
        &self,
        request: Request<v1::ValidateRightsRequest>,
    ) -> Result<v1::ValidateRightsResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ValidateRights, Target::Nothing).await?;
        let request = request.into_inner();
        let (list, place) = self
            .context
            .run(move |context| {
                let facts = facts!(validate_rights_request, request.input);
                let list = validate(&facts, named(&request.operator))?;
                Ok((list, context.place(&facts.snapshot, "")?))
            })
            .await?;
        // Declarations may be about any operator of the cluster.
        everywhere(&caller, Method::ValidateRights, &place).await?;
        let validations = list.items.iter().map(opsec_wire::encode_validation);
        Ok(v1::ValidateRightsResponse {
            validations: validations.collect(),
            notices: opsec_wire::encode_notices(&list.notices),
            source: Some(opsec_wire::encode_source(&list.source)),
        })
    }
}

#[tonic::async_trait]
impl RemediationService for Remediation {
    async fn declare_rights(
        &self,
        request: Request<v1::DeclareRightsRequest>,
    ) -> Result<Response<v1::DeclareRightsResponse>, Status> {
        Ok(Response::new(self.declared(request).await?))
    }

    async fn validate_rights(
        &self,
        request: Request<v1::ValidateRightsRequest>,
    ) -> Result<Response<v1::ValidateRightsResponse>, Status> {
        Ok(Response::new(self.validated(request).await?))
    }
}

fn encode(declared: &Declared) -> Result<v1::DeclareRightsResponse, Failure> {
    let resource = json!({
        "apiVersion": API_VERSION,
        "kind": "OperatorRights",
        "metadata": {"name": declared.rights.metadata.name},
        "spec": declared.rights.spec,
    });
    Ok(v1::DeclareRightsResponse {
        operator: Some(opsec_wire::encode_operator(&declared.operator)),
        operator_rights: bytes(&resource)?.into(),
        baseline: bytes(&json!(declared.baseline))?.into(),
        unknown: declared.unknown.clone(),
        notices: opsec_wire::encode_notices(&declared.notices),
        source: Some(opsec_wire::encode_source(&declared.source)),
    })
}

/// A document as JSON, which values of ours always are.
fn bytes(document: &Value) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(document).map_err(|_| Failure::bug())
}
