//! RemediationService.

use std::sync::Arc;

use opsec_access::{Method, Target};
use opsec_model::{API_VERSION, EffectiveBaseline, OperatorSummary};
use opsec_proto::v1;
use opsec_proto::v1::remediation_service_server::RemediationService;
use opsec_remedies::harden::{Action, Edit, Hardened, Hardening};
use opsec_remedies::{Captured, Capturing, Declared, Declaring};
use serde_json::{Value, json};
use tonic::{Request, Response, Status};

use crate::clock;
use crate::context::{Context, everywhere, require, within};
use crate::failure::Failure;
use crate::rpc::check::Asked;
use crate::rpc::input::{facts, named};
use crate::use_case::remediation::{capture, declare, harden, operator, validate};
use crate::use_case::select::Selector;

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

impl Remediation {
    async fn captured(
        &self,
        request: Request<v1::CaptureBaselineRequest>,
    ) -> Result<v1::CaptureBaselineResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::CaptureBaseline, Target::Nothing).await?;
        let request = request.into_inner();
        let (captured, place) = self
            .context
            .run(move |context| {
                let facts = facts!(capture_baseline_request, request.input);
                let asked = Capturing {
                    operator: named(&request.operator),
                    intended: &request.intended_namespaces,
                    now: clock::now(),
                };
                let captured = capture(&facts, &asked)?;
                Ok((captured, context.place(&facts.snapshot, "")?))
            })
            .await?;
        let one = std::iter::once(&captured.operator);
        within(&caller, Method::CaptureBaseline, &place, one).await?;
        encode_captured(&captured)
    }

    async fn hardened(
        &self,
        request: Request<v1::HardenRequest>,
    ) -> Result<v1::HardenResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::Harden, Target::Nothing).await?;
        let mut request = request.into_inner();
        let check = as_check(&mut request);
        let (asked, hardened) = self
            .context
            .run(move |context| {
                context
                    .asked(check, None)?
                    .with(context, |asked, selector| {
                        let operator = asked.options.operator.as_deref();
                        let baseline = baseline_of(asked, selector)?;
                        let hardening = Hardening {
                            operator,
                            only: &request.only,
                            intended: &request.intended_namespaces,
                            keep: &request.keep,
                            baseline: &baseline,
                            now: asked.options.now,
                        };
                        harden(&asked.facts, &hardening)
                    })
            })
            .await?;
        let one = std::iter::once(&hardened.after.operator);
        within(&caller, Method::Harden, &asked.place, one).await?;
        encode_hardened(&hardened)
    }
}

/// What a check of the same operator by the same baseline would be asked.
fn as_check(request: &mut v1::HardenRequest) -> v1::CheckRequest {
    use v1::check_request as check;
    use v1::harden_request as harden;
    v1::CheckRequest {
        input: request.input.take().map(|input| match input {
            harden::Input::Snapshot(snapshot) => check::Input::Snapshot(snapshot),
            harden::Input::Documents(documents) => check::Input::Documents(documents),
        }),
        operator: std::mem::take(&mut request.operator),
        baseline_choice: request.baseline_choice.take().map(|choice| match choice {
            harden::BaselineChoice::Baseline(name) => check::BaselineChoice::Baseline(name),
            harden::BaselineChoice::InlineBaseline(document) => {
                check::BaselineChoice::InlineBaseline(document)
            }
        }),
        ..v1::CheckRequest::default()
    }
}

/// The baseline that is worked towards.
fn baseline_of(asked: &Asked, selector: &Selector<'_>) -> Result<EffectiveBaseline, Failure> {
    let snapshot = &asked.facts.snapshot;
    let operator = operator(snapshot, asked.options.operator.as_deref())?;
    let (_, selected) = selector.select(&operator)?;
    Ok(selected.baseline)
}

#[tonic::async_trait]
impl RemediationService for Remediation {
    async fn capture_baseline(
        &self,
        request: Request<v1::CaptureBaselineRequest>,
    ) -> Result<Response<v1::CaptureBaselineResponse>, Status> {
        Ok(Response::new(self.captured(request).await?))
    }

    async fn harden(
        &self,
        request: Request<v1::HardenRequest>,
    ) -> Result<Response<v1::HardenResponse>, Status> {
        Ok(Response::new(self.hardened(request).await?))
    }

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

fn encode_captured(captured: &Captured) -> Result<v1::CaptureBaselineResponse, Failure> {
    Ok(v1::CaptureBaselineResponse {
        operator: Some(opsec_wire::encode_operator(&captured.operator)),
        document: bytes(&captured.document)?.into(),
        report: Some(opsec_wire::encode_report(&captured.report)),
        notices: opsec_wire::encode_notices(&captured.notices),
        source: Some(opsec_wire::encode_source(&captured.source)),
    })
}

fn encode_hardened(hardened: &Hardened) -> Result<v1::HardenResponse, Failure> {
    let changes = hardened.edits.iter().map(encode_edit);
    Ok(v1::HardenResponse {
        operator: Some(opsec_wire::encode_operator(&hardened.after.operator)),
        changes: changes.collect::<Result<_, _>>()?,
        before: Some(opsec_wire::encode_report(&hardened.before)),
        after: Some(opsec_wire::encode_report(&hardened.after)),
        notes: hardened.notes.clone(),
    })
}

fn encode_edit(edit: &Edit) -> Result<v1::Change, Failure> {
    let action = match edit.action {
        Action::Create => v1::ChangeAction::Create,
        Action::Patch => v1::ChangeAction::Patch,
        Action::Delete => v1::ChangeAction::Delete,
    };
    Ok(v1::Change {
        action: action.into(),
        object: Some(opsec_wire::encode_object(&edit.object)),
        document: bytes(&edit.document)?.into(),
        answers: edit.answers.iter().cloned().collect(),
    })
}
