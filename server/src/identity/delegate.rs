//! The authoriser of the cluster that reviewed a token decides instead of roles: what it is asked
//! are reviews about virtual resources of our API group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::authentication::v1::UserInfo;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use kube::api::{Api, PostParams};
use kube::core::ObjectMeta;
use opsec_access::{Answer, Delegate, DelegateFailed, Question};
use sha2::{Digest as _, Sha256};

use super::cache::Cache;

/// The API group of the virtual resources.
const GROUP: &str = "kubectl-opsec.dev";

/// How long a yes holds, and a no.
const HOLDS: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(1));

/// The authoriser of a cluster.
pub(super) struct Authoriser {
    reviews: Api<SubjectAccessReview>,
    answers: Cache<([u8; 32], Question), bool>,
}

impl std::fmt::Debug for Authoriser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Authoriser").finish_non_exhaustive()
    }
}

impl Authoriser {
    pub(super) fn new(client: &kube::Client) -> Self {
        Self {
            reviews: Api::all(client.clone()),
            answers: Cache::new(),
        }
    }
}

/// It, asked for one user.
#[derive(Debug)]
pub(super) struct Asked {
    authoriser: Arc<Authoriser>,
    user: UserInfo,
    digest: [u8; 32],
}

impl Asked {
    pub(super) fn new(authoriser: &Arc<Authoriser>, user: &UserInfo) -> Self {
        // Groups and extra decide too: a user that lost a group is asked for anew.
        let text = serde_json::to_vec(user).unwrap_or_default();
        Self {
            authoriser: Arc::clone(authoriser),
            user: user.clone(),
            digest: Sha256::digest(text).into(),
        }
    }

    async fn ask(&self, question: &Question) -> Result<bool, DelegateFailed> {
        let name = (!question.name.is_empty()).then(|| question.name.clone());
        let extra: Option<BTreeMap<String, Vec<String>>> = self.user.extra.clone();
        let review = SubjectAccessReview {
            metadata: ObjectMeta::default(),
            spec: SubjectAccessReviewSpec {
                user: self.user.username.clone(),
                uid: self.user.uid.clone(),
                groups: self.user.groups.clone(),
                extra,
                resource_attributes: Some(ResourceAttributes {
                    group: Some(GROUP.to_owned()),
                    resource: Some(question.resource.to_owned()),
                    verb: Some(question.verb.to_owned()),
                    name,
                    ..ResourceAttributes::default()
                }),
                ..SubjectAccessReviewSpec::default()
            },
            status: None,
        };
        let answer = &self.authoriser.reviews;
        let answer = answer.create(&PostParams::default(), &review).await;
        let answer = answer.map_err(|error| {
            let problem = error.to_string();
            let fields = [("problem", problem.as_str())];
            crate::log::say(crate::log::Level::Warning, "access review failed", &fields);
            DelegateFailed
        })?;
        Ok(answer.status.is_some_and(|status| status.allowed))
    }
}

impl Delegate for Asked {
    fn allows(&self, question: Question) -> Answer<'_> {
        Box::pin(async move {
            let key = (self.digest, question.clone());
            let ask = async {
                let allowed = self.ask(&question).await?;
                Ok((allowed, if allowed { HOLDS.0 } else { HOLDS.1 }))
            };
            self.authoriser.answers.get(&key, ask).await
        })
    }
}
