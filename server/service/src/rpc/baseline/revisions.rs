//! The history of a baseline.

use opsec_access::{Method, Target};
use opsec_proto::v1;
use opsec_store::Revision;
use serde_json::Value;
use tonic::Request;

use super::Baselines;
use crate::clock;
use crate::context::require;
use crate::failure::Failure;
use crate::page::Asked;
use crate::rpc::encode;
use crate::use_case::baselines::{read_name, read_revision_name};
use crate::use_case::difference::differences;

/// No baseline has more.
const ALL: usize = 1_001;

impl Baselines {
    pub(super) async fn get_revision(
        &self,
        request: Request<v1::GetBaselineRevisionRequest>,
    ) -> Result<v1::GetBaselineRevisionResponse, Failure> {
        let caller = self.context.caller(&request)?;
        let (name, number) = read_revision_name("name", &request.into_inner().name)?;
        require(
            &caller,
            Method::GetBaselineRevision,
            Target::Baseline(&name),
        )
        .await?;
        let revision = self.revision(&name, number).await?;
        Ok(v1::GetBaselineRevisionResponse {
            revision: Some(encode::revision(&name, &revision, true)),
        })
    }

    pub(super) async fn list_revisions(
        &self,
        request: Request<v1::ListBaselineRevisionsRequest>,
    ) -> Result<v1::ListBaselineRevisionsResponse, Failure> {
        let caller = self.context.caller(&request)?;
        let request = request.into_inner();
        let name = read_name("parent", &request.parent)?;
        let method = Method::ListBaselineRevisions;
        require(&caller, method, Target::Baseline(&name)).await?;
        let revisions = self.revisions(&name).await?;
        let asked = Asked {
            size: request.page_size,
            token: &request.page_token,
            list: &format!("ListBaselineRevisions {name} {}", caller.subject()),
            now: clock::now(),
        };
        let key = |revision: &Revision| format!("{:020}", revision.number);
        let (page, next_page_token) = self.context.pages.cut(asked, revisions, key)?;
        Ok(v1::ListBaselineRevisionsResponse {
            revisions: page
                .iter()
                .map(|revision| encode::revision(&name, revision, false))
                .collect(),
            next_page_token,
        })
    }

    pub(super) async fn diff(
        &self,
        request: Request<v1::DiffBaselineRevisionsRequest>,
    ) -> Result<v1::DiffBaselineRevisionsResponse, Failure> {
        let caller = self.context.caller(&request)?;
        let request = request.into_inner();
        let name = read_name("name", &request.name)?;
        let method = Method::DiffBaselineRevisions;
        require(&caller, method, Target::Baseline(&name)).await?;
        let to = match request.to {
            0 => self
                .revisions(&name)
                .await?
                .pop()
                .ok_or_else(|| Failure::BaselineNotFound(name.clone()))?,
            number => self.revision(&name, number).await?,
        };
        let from = match request.from {
            0 if to.number <= 1 => None,
            0 => Some(self.revision(&name, to.number - 1).await?),
            number => Some(self.revision(&name, number).await?),
        };
        let before = from.as_ref().map_or(Ok(Value::Null), content)?;
        Ok(v1::DiffBaselineRevisionsResponse {
            from: from.map_or(0, |revision| revision.number),
            to: to.number,
            differences: differences(&before, &content(&to)?)
                .into_iter()
                .map(encode::difference)
                .collect(),
        })
    }

    pub(super) async fn revision(&self, name: &str, number: i64) -> Result<Revision, Failure> {
        let name = name.to_owned();
        self.context
            .run(move |context| {
                let known = context
                    .keeper
                    .catalogue(|catalogue| catalogue.revision(&name, number))?;
                known.ok_or(Failure::BaselineNotFound(name))
            })
            .await
    }

    async fn revisions(&self, name: &str) -> Result<Vec<Revision>, Failure> {
        let name = name.to_owned();
        self.context
            .run(move |context| {
                let known = context
                    .keeper
                    .catalogue(|catalogue| catalogue.revisions(&name, 0, ALL))?;
                match known.filter(|revisions| !revisions.is_empty()) {
                    Some(revisions) => Ok(revisions),
                    None if name == "default" => Ok(Vec::new()),
                    None => Err(Failure::BaselineNotFound(name)),
                }
            })
            .await
    }
}

/// The content of a revision; a deletion has none.
fn content(revision: &Revision) -> Result<Value, Failure> {
    match &revision.content {
        Ok(stored) => serde_json::from_slice(&stored.canonical).map_err(|_| Failure::bug()),
        Err(_) => Ok(Value::Null),
    }
}
