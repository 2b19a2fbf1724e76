//! BaselineService: reading here, the rest in one file each.

mod change;
mod resolve;
mod revisions;
mod simulate;
mod watch;

use std::sync::Arc;

use opsec_access::{Method, Target};
use opsec_proto::v1;
use opsec_proto::v1::baseline_service_server::BaselineService;
use opsec_store::outbox::About;
use tonic::{Request, Response, Status};

use crate::about::{answer, told};
use crate::clock;
use crate::context::{Context, require};
use crate::failure::Failure;
use crate::page::Asked;
use crate::rpc::{cursor, encode};
use crate::use_case::baselines::read_name;

/// BaselineService over what is stored.
#[derive(Debug)]
pub(crate) struct Baselines {
    context: Arc<Context>,
}

impl Baselines {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    async fn get(
        &self,
        request: Request<v1::GetBaselineRequest>,
    ) -> Result<v1::GetBaselineResponse, Failure> {
        let caller = self.context.caller(&request)?;
        let name = read_name("name", &request.into_inner().name)?;
        require(&caller, Method::GetBaseline, Target::Baseline(&name)).await?;
        let baselines = self.context.keeper.baselines()?;
        let baseline = match baselines.get(&name) {
            Some(stored) => encode::stored(stored, &baselines)?,
            None if name == "default" => encode::builtin().map_err(|_| Failure::bug())?,
            None => return Err(Failure::BaselineNotFound(name)),
        };
        Ok(v1::GetBaselineResponse {
            baseline: Some(baseline),
        })
    }

    async fn list(
        &self,
        request: Request<v1::ListBaselinesRequest>,
    ) -> Result<v1::ListBaselinesResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ListBaselines, Target::Nothing).await?;
        let request = request.into_inner();
        let baselines = self.context.keeper.baselines()?;
        let mut names: Vec<&str> = baselines
            .iter()
            .map(opsec_store::StoredBaseline::name)
            .collect();
        if baselines.get("default").is_none() {
            names.push("default");
        }
        names.sort_unstable();
        let mut seen = Vec::new();
        for name in names {
            if caller
                .sees(Method::ListBaselines, Target::Baseline(name))
                .await
            {
                seen.push(name);
            }
        }
        let asked = Asked {
            size: request.page_size,
            token: &request.page_token,
            list: &format!("ListBaselines {}", caller.subject()),
            now: clock::now(),
        };
        let (page, next_page_token) = self
            .context
            .pages
            .cut(asked, seen, |name| (*name).to_owned())?;
        let encoded = page.into_iter().map(|name| match baselines.get(name) {
            Some(stored) => encode::stored(stored, &baselines),
            None => encode::builtin().map_err(|_| Failure::bug()),
        });
        let cursor = if request.page_token.is_empty() {
            cursor::encode(baselines.cursor())
        } else {
            String::new()
        };
        Ok(v1::ListBaselinesResponse {
            baselines: encoded.collect::<Result<_, _>>()?,
            next_page_token,
            cursor,
        })
    }
}

#[tonic::async_trait]
impl BaselineService for Baselines {
    async fn create_baseline(
        &self,
        request: Request<v1::CreateBaselineRequest>,
    ) -> Result<Response<v1::CreateBaselineResponse>, Status> {
        Ok(answer(self.create(request).await?))
    }

    async fn update_baseline(
        &self,
        request: Request<v1::UpdateBaselineRequest>,
    ) -> Result<Response<v1::UpdateBaselineResponse>, Status> {
        Ok(answer(self.update(request).await?))
    }

    async fn get_baseline(
        &self,
        request: Request<v1::GetBaselineRequest>,
    ) -> Result<Response<v1::GetBaselineResponse>, Status> {
        Ok(Response::new(self.get(request).await?))
    }

    async fn list_baselines(
        &self,
        request: Request<v1::ListBaselinesRequest>,
    ) -> Result<Response<v1::ListBaselinesResponse>, Status> {
        Ok(Response::new(self.list(request).await?))
    }

    async fn delete_baseline(
        &self,
        request: Request<v1::DeleteBaselineRequest>,
    ) -> Result<Response<v1::DeleteBaselineResponse>, Status> {
        let resource = request.get_ref().name.clone();
        let deleted = self.delete(request).await?;
        let revision = deleted.revision;
        let about = About {
            resource,
            revision,
            ..About::default()
        };
        Ok(told(deleted, about))
    }

    async fn rollback_baseline(
        &self,
        request: Request<v1::RollbackBaselineRequest>,
    ) -> Result<Response<v1::RollbackBaselineResponse>, Status> {
        Ok(answer(self.rollback(request).await?))
    }

    async fn approve_baseline_revision(
        &self,
        request: Request<v1::ApproveBaselineRevisionRequest>,
    ) -> Result<Response<v1::ApproveBaselineRevisionResponse>, Status> {
        Ok(answer(self.approve(request).await?))
    }

    async fn reject_baseline_revision(
        &self,
        request: Request<v1::RejectBaselineRevisionRequest>,
    ) -> Result<Response<v1::RejectBaselineRevisionResponse>, Status> {
        Ok(answer(self.reject(request).await?))
    }

    async fn get_baseline_revision(
        &self,
        request: Request<v1::GetBaselineRevisionRequest>,
    ) -> Result<Response<v1::GetBaselineRevisionResponse>, Status> {
        Ok(Response::new(self.get_revision(request).await?))
    }

    async fn list_baseline_revisions(
        &self,
        request: Request<v1::ListBaselineRevisionsRequest>,
    ) -> Result<Response<v1::ListBaselineRevisionsResponse>, Status> {
        Ok(Response::new(self.list_revisions(request).await?))
    }

    async fn diff_baseline_revisions(
        &self,
        request: Request<v1::DiffBaselineRevisionsRequest>,
    ) -> Result<Response<v1::DiffBaselineRevisionsResponse>, Status> {
        Ok(Response::new(self.diff(request).await?))
    }

    async fn resolve_baseline(
        &self,
        request: Request<v1::ResolveBaselineRequest>,
    ) -> Result<Response<v1::ResolveBaselineResponse>, Status> {
        Ok(Response::new(self.resolve(request).await?))
    }

    type WatchBaselinesStream = watch::Events;

    async fn watch_baselines(
        &self,
        request: Request<v1::WatchBaselinesRequest>,
    ) -> Result<Response<Self::WatchBaselinesStream>, Status> {
        Ok(Response::new(self.watch(request).await?))
    }

    async fn simulate_baseline(
        &self,
        request: Request<v1::SimulateBaselineRequest>,
    ) -> Result<Response<v1::SimulateBaselineResponse>, Status> {
        Ok(Response::new(self.simulate(request).await?))
    }
}
