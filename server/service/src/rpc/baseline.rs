//! BaselineService.

use std::sync::Arc;

use opsec_proto::v1;
use opsec_proto::v1::baseline_service_server::BaselineService;
use opsec_store::{Change, ChangeContext, Outcome, Replay};
use prost::Message;
use tonic::{Request, Response, Status};

use crate::clock;
use crate::failure::Failure;
use crate::page::{Asked, Pages};
use crate::rpc::encode;
use crate::use_case::baselines::{read_baseline, read_name};
use crate::view::View;

/// BaselineService over the store.
#[derive(Debug)]
pub(crate) struct Baselines {
    view: Arc<View>,
    pages: Arc<Pages>,
}

impl Baselines {
    pub(crate) fn new(view: Arc<View>, pages: Arc<Pages>) -> Self {
        Self { view, pages }
    }
}

#[tonic::async_trait]
impl BaselineService for Baselines {
    async fn create_baseline(
        &self,
        request: Request<v1::CreateBaselineRequest>,
    ) -> Result<Response<v1::CreateBaselineResponse>, Status> {
        Ok(Response::new(self.create(request.into_inner())?))
    }

    async fn update_baseline(
        &self,
        request: Request<v1::UpdateBaselineRequest>,
    ) -> Result<Response<v1::UpdateBaselineResponse>, Status> {
        Ok(Response::new(self.update(request.into_inner())?))
    }

    async fn get_baseline(
        &self,
        request: Request<v1::GetBaselineRequest>,
    ) -> Result<Response<v1::GetBaselineResponse>, Status> {
        Ok(Response::new(self.get(&request.into_inner())?))
    }

    async fn list_baselines(
        &self,
        request: Request<v1::ListBaselinesRequest>,
    ) -> Result<Response<v1::ListBaselinesResponse>, Status> {
        Ok(Response::new(self.list(&request.into_inner())?))
    }

    async fn delete_baseline(
        &self,
        request: Request<v1::DeleteBaselineRequest>,
    ) -> Result<Response<v1::DeleteBaselineResponse>, Status> {
        Ok(Response::new(self.delete(request.into_inner())?))
    }
}

impl Baselines {
    fn create(
        &self,
        mut request: v1::CreateBaselineRequest,
    ) -> Result<v1::CreateBaselineResponse, Failure> {
        let id = std::mem::take(&mut request.request_id);
        let context = context("CreateBaseline", id, &request, request.validate_only)?;
        let (baseline, document, _) = read_content(request.baseline, false)?;
        let outcome = self.apply(Change::Create { baseline, document }, &context)?;
        Ok(v1::CreateBaselineResponse {
            baseline: outcome.baseline.as_ref().map(encode::stored),
        })
    }

    fn update(
        &self,
        mut request: v1::UpdateBaselineRequest,
    ) -> Result<v1::UpdateBaselineResponse, Failure> {
        let id = std::mem::take(&mut request.request_id);
        let context = context("UpdateBaseline", id, &request, request.validate_only)?;
        let (baseline, document, etag) = read_content(request.baseline, true)?;
        let outcome = self.apply(
            Change::Update {
                baseline,
                document,
                etag,
            },
            &context,
        )?;
        Ok(v1::UpdateBaselineResponse {
            baseline: outcome.baseline.as_ref().map(encode::stored),
            unchanged: outcome.unchanged,
        })
    }

    fn delete(
        &self,
        mut request: v1::DeleteBaselineRequest,
    ) -> Result<v1::DeleteBaselineResponse, Failure> {
        let id = std::mem::take(&mut request.request_id);
        let context = context("DeleteBaseline", id, &request, request.validate_only)?;
        let name = read_name("name", &request.name)?;
        let outcome = self.apply(
            Change::Delete {
                name,
                etag: request.etag,
            },
            &context,
        )?;
        Ok(v1::DeleteBaselineResponse {
            revision: outcome.revision,
        })
    }

    fn get(&self, request: &v1::GetBaselineRequest) -> Result<v1::GetBaselineResponse, Failure> {
        let name = read_name("name", &request.name)?;
        let baseline = match self.view.baselines().get(&name) {
            Some(stored) => encode::stored(stored),
            None if name == "default" => encode::builtin().map_err(|_| Failure::bug())?,
            None => return Err(Failure::BaselineNotFound(name)),
        };
        Ok(v1::GetBaselineResponse {
            baseline: Some(baseline),
        })
    }

    fn list(
        &self,
        request: &v1::ListBaselinesRequest,
    ) -> Result<v1::ListBaselinesResponse, Failure> {
        let baselines = self.view.baselines();
        let mut all: Vec<v1::Baseline> = baselines.iter().map(encode::stored).collect();
        if baselines.get("default").is_none() {
            all.push(encode::builtin().map_err(|_| Failure::bug())?);
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        let asked = Asked {
            size: request.page_size,
            token: &request.page_token,
            list: "ListBaselines",
            now: clock::now(),
        };
        let (baselines, next_page_token) = self.pages.cut(asked, all, |one| one.name.clone())?;
        Ok(v1::ListBaselinesResponse {
            baselines,
            next_page_token,
        })
    }

    fn apply(&self, change: Change, context: &ChangeContext) -> Result<Outcome, Failure> {
        Ok(self.view.apply(change, context).ok_or(Failure::NoStore)??)
    }
}

/// What a change is made under; `request` stands without its id.
fn context(
    method: &'static str,
    id: String,
    request: &impl Message,
    validate_only: bool,
) -> Result<ChangeContext, Failure> {
    let replay = if id.is_empty() {
        None
    } else {
        let parsed = uuid::Uuid::try_parse(&id).map_err(|_| Failure::RequestId(id))?;
        Some(Replay {
            subject: "embedded".to_owned(),
            method,
            id: parsed.to_string(),
            request: request.encode_to_vec(),
        })
    };
    Ok(ChangeContext {
        now: clock::now().as_millisecond(),
        replay,
        validate_only,
    })
}

/// Content, document and etag of a baseline in a request; its name is the document's.
fn read_content(
    baseline: Option<v1::Baseline>,
    is_named: bool,
) -> Result<(Box<opsec_model::Baseline>, Vec<u8>, String), Failure> {
    let message = "it is missing".to_owned();
    let sent = baseline.ok_or(Failure::Field {
        field: "baseline",
        message,
    })?;
    let name = if sent.name.is_empty() && !is_named {
        None
    } else {
        Some(read_name("baseline.name", &sent.name)?)
    };
    let document = Vec::from(sent.document);
    let baseline = read_baseline(&document)?;
    if let Some(name) = name.filter(|name| *name != baseline.metadata.name) {
        let message = format!(
            "`{name}` is not the document's `{}`",
            baseline.metadata.name
        );
        return Err(Failure::Name {
            field: "baseline.name",
            message,
        });
    }
    Ok((Box::new(baseline), document, sent.etag))
}
