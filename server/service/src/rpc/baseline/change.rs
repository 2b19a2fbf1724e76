//! Changes of baselines, and decisions on those that were proposed.

use opsec_access::{Caller, Method, Pair, Target};
use opsec_model::Baseline;
use opsec_proto::v1;
use opsec_store::{Change, ChangeContext, Outcome, Revision, Scope};
use tonic::Request;

use super::Baselines;
use crate::context::require;
use crate::failure::Failure;
use crate::rpc::encode;
use crate::rpc::mutation::Begun;
use crate::use_case::baselines::{read_baseline, read_name, read_revision_name};

impl Baselines {
    pub(super) async fn create(
        &self,
        request: Request<v1::CreateBaselineRequest>,
    ) -> Result<v1::CreateBaselineResponse, Failure> {
        let method = Method::CreateBaseline;
        let Begun {
            caller,
            made,
            request,
        } = self.context.begin(request).await?;
        let (baseline, document, _) = read_content(request.baseline, false)?;
        let name = baseline.metadata.name.clone();
        self.may_change(&caller, method, &name, Some(&baseline))
            .await?;
        let (outcome, proposal) = self
            .apply(Change::Create { baseline, document }, made)
            .await?;
        Ok(v1::CreateBaselineResponse {
            baseline: encode::changed(&outcome)?,
            proposal,
        })
    }

    pub(super) async fn update(
        &self,
        request: Request<v1::UpdateBaselineRequest>,
    ) -> Result<v1::UpdateBaselineResponse, Failure> {
        let method = Method::UpdateBaseline;
        let Begun {
            caller,
            made,
            request,
        } = self.context.begin(request).await?;
        let (baseline, document, etag) = read_content(request.baseline, true)?;
        let name = baseline.metadata.name.clone();
        self.may_change(&caller, method, &name, Some(&baseline))
            .await?;
        let change = Change::Update {
            baseline,
            document,
            etag,
        };
        let (outcome, proposal) = self.apply(change, made).await?;
        Ok(v1::UpdateBaselineResponse {
            baseline: encode::changed(&outcome)?,
            unchanged: outcome.unchanged,
            proposal,
        })
    }

    pub(super) async fn delete(
        &self,
        request: Request<v1::DeleteBaselineRequest>,
    ) -> Result<v1::DeleteBaselineResponse, Failure> {
        let method = Method::DeleteBaseline;
        let Begun {
            caller,
            made,
            request,
        } = self.context.begin(request).await?;
        let name = read_name("name", &request.name)?;
        self.may_change(&caller, method, &name, None).await?;
        let etag = request.etag;
        let (outcome, proposal) = self.apply(Change::Delete { name, etag }, made).await?;
        Ok(v1::DeleteBaselineResponse {
            revision: outcome.revision,
            proposal,
        })
    }

    pub(super) async fn rollback(
        &self,
        request: Request<v1::RollbackBaselineRequest>,
    ) -> Result<v1::RollbackBaselineResponse, Failure> {
        let method = Method::RollbackBaseline;
        let Begun {
            caller,
            made,
            request,
        } = self.context.begin(request).await?;
        let name = read_name("name", &request.name)?;
        self.may_change(&caller, method, &name, None).await?;
        let revision = request.revision;
        let to = self.revision(&name, revision).await.ok();
        if let Some(Ok(stored)) = to.as_ref().map(|to| &to.content) {
            self.may_change(&caller, method, &name, Some(&stored.baseline))
                .await?;
        }
        let change = Change::Rollback {
            name,
            revision,
            etag: request.etag,
        };
        let (outcome, proposal) = self.apply(change, made).await?;
        Ok(v1::RollbackBaselineResponse {
            baseline: encode::changed(&outcome)?,
            unchanged: outcome.unchanged,
            proposal,
        })
    }

    pub(super) async fn approve(
        &self,
        request: Request<v1::ApproveBaselineRevisionRequest>,
    ) -> Result<v1::ApproveBaselineRevisionResponse, Failure> {
        let method = Method::ApproveBaselineRevision;
        let Begun {
            caller,
            made,
            request,
        } = self.context.begin(request).await?;
        let (name, revision) = read_revision_name("name", &request.name)?;
        self.may_decide(&caller, method, &name, revision).await?;
        let change = Change::Decide {
            name: name.clone(),
            revision,
            etag: request.etag,
            approve: true,
        };
        let revision = self.decide(change, made, &name, revision).await?;
        Ok(v1::ApproveBaselineRevisionResponse {
            revision: Some(revision),
        })
    }

    pub(super) async fn reject(
        &self,
        request: Request<v1::RejectBaselineRevisionRequest>,
    ) -> Result<v1::RejectBaselineRevisionResponse, Failure> {
        let method = Method::RejectBaselineRevision;
        let Begun {
            caller,
            made,
            request,
        } = self.context.begin(request).await?;
        let (name, revision) = read_revision_name("name", &request.name)?;
        let found = self.may_decide(&caller, method, &name, revision).await?;
        // An editor may withdraw a proposal of its own, and no other's.
        caller
            .require_own(method, Target::Baseline(&name), found.author())
            .await
            .map_err(Failure::Denied)?;
        let change = Change::Decide {
            name: name.clone(),
            revision,
            etag: request.etag,
            approve: false,
        };
        let revision = self.decide(change, made, &name, revision).await?;
        Ok(v1::RejectBaselineRevisionResponse {
            revision: Some(revision),
        })
    }

    /// Refuses a change of a baseline, to a content if there is one, that the caller may not make:
    /// its name, and every pair of operator and cluster that it is or would be for.
    async fn may_change(
        &self,
        caller: &Caller,
        method: Method,
        name: &str,
        to: Option<&Baseline>,
    ) -> Result<(), Failure> {
        require(caller, method, Target::Baseline(name)).await?;
        let baselines = self.context.keeper.baselines()?;
        let stored = baselines.get(name).map(|stored| &stored.baseline);
        let scopes: Vec<Scope> = stored
            .into_iter()
            .chain(to)
            .flat_map(Scope::all_of)
            .collect();
        let pairs: Vec<Pair<'_>> = scopes
            .iter()
            .map(|scope| Pair {
                cluster: &scope.clusters,
                operator: &scope.operators,
            })
            .collect();
        let target = Target::Change {
            baseline: name,
            pairs: &pairs,
        };
        require(caller, method, target).await
    }

    async fn may_decide(
        &self,
        caller: &Caller,
        method: Method,
        name: &str,
        revision: i64,
    ) -> Result<Revision, Failure> {
        self.may_change(caller, method, name, None).await?;
        let found = self.revision(name, revision).await?;
        if let Ok(stored) = &found.content {
            self.may_change(caller, method, name, Some(&stored.baseline))
                .await?;
        }
        Ok(found)
    }

    async fn apply(
        &self,
        change: Change,
        made: ChangeContext,
    ) -> Result<(Outcome, Option<v1::BaselineRevision>), Failure> {
        let (name, validate_only) = (change.name().to_owned(), made.validate_only);
        let outcome = self
            .context
            .change(move |context| context.keeper.apply(&change, &made))
            .await?;
        // What is only validated is no proposal that anyone could approve.
        let proposal = if outcome.proposed && !validate_only {
            let revision = self.revision(&name, outcome.revision).await?;
            Some(encode::revision(&name, &revision, true))
        } else {
            None
        };
        Ok((outcome, proposal))
    }

    async fn decide(
        &self,
        change: Change,
        made: ChangeContext,
        name: &str,
        revision: i64,
    ) -> Result<v1::BaselineRevision, Failure> {
        self.apply(change, made).await?;
        let revision = self.revision(name, revision).await?;
        Ok(encode::revision(name, &revision, true))
    }
}

/// Content, document and etag of a baseline in a request; its name is the document's.
fn read_content(
    baseline: Option<v1::Baseline>,
    is_named: bool,
) -> Result<(Box<Baseline>, Vec<u8>, String), Failure> {
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
