//! AttestationService.

mod attest;
mod recorded;

use std::sync::Arc;

use opsec_access::{Caller, Method, Target};
use opsec_attest::{VerifyPolicy, Wanted, verify};
use opsec_proto::v1;
use opsec_proto::v1::attestation_service_server::AttestationService;
use opsec_store::attestation::{self, Kept};
use tonic::{Request, Response, Status};

use crate::about::answer;
use crate::clock;
use crate::context::{Context, require};
use crate::failure::{Failure, Unattestable};
use crate::page::Asked;
use crate::rpc::message;
use crate::rpc::mutation::Begun;
use crate::use_case::clusters::stored;

/// The most bytes of a reason.
const REASON: usize = 1 << 10;

/// AttestationService over what is stored.
#[derive(Debug)]
pub(crate) struct Attestations {
    context: Arc<Context>,
}

impl Attestations {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    /// An attestation that the caller may see; of any other it is not said that it is there.
    async fn find(&self, caller: &Caller, method: Method, name: &str) -> Result<Kept, Failure> {
        let id = read_name(name)?;
        let missing = || Failure::Attest(Unattestable::NotFound(id.clone()));
        let wanted = id.clone();
        let found = self
            .context
            .run(move |context| match context.keeper.snapshot()? {
                Some(snapshot) => attestation::get(&*snapshot, &wanted).map_err(stored),
                None => Ok(None),
            })
            .await?;
        let kept = found.ok_or_else(missing)?;
        if caller.sees(method, pair(&kept)).await {
            Ok(kept)
        } else {
            Err(missing())
        }
    }

    async fn get(
        &self,
        request: Request<v1::GetAttestationRequest>,
    ) -> Result<v1::GetAttestationResponse, Failure> {
        let caller = self.context.caller(&request)?;
        let method = Method::GetAttestation;
        require(&caller, method, Target::Nothing).await?;
        let kept = self
            .find(&caller, method, &request.into_inner().name)
            .await?;
        Ok(v1::GetAttestationResponse {
            attestation: Some(message::attestation(kept)),
        })
    }

    async fn list(
        &self,
        request: Request<v1::ListAttestationsRequest>,
    ) -> Result<v1::ListAttestationsResponse, Failure> {
        let caller = self.context.caller(&request)?;
        let method = Method::ListAttestations;
        require(&caller, method, Target::Nothing).await?;
        let request = request.into_inner();
        let all = self
            .context
            .run(|context| match context.keeper.snapshot()? {
                Some(snapshot) => attestation::list(&*snapshot).map_err(stored),
                None => Ok(Vec::new()),
            })
            .await?;
        let mut seen = Vec::new();
        for kept in all {
            let own = &kept.0;
            let name = own.operator.split_once('~').map(|(_, name)| name);
            let wanted = |asked: &str, has: Option<&str>| asked.is_empty() || has == Some(asked);
            let operator =
                wanted(&request.operator, Some(&own.operator)) || wanted(&request.operator, name);
            let meant = wanted(&request.cluster, Some(&own.cluster)) && operator;
            if meant && caller.sees(method, pair(&kept)).await {
                seen.push(kept);
            }
        }
        // Ids are made in the order of time, and pages are cut by them.
        seen.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        let list = format!(
            "ListAttestations {} {} {}",
            request.cluster,
            request.operator,
            caller.subject()
        );
        let asked = Asked {
            size: request.page_size,
            token: &request.page_token,
            list: &list,
            now: clock::now(),
        };
        let id = |(one, _): &Kept| one.id.clone();
        let (page, next_page_token) = self.context.pages.cut(asked, seen, id)?;
        Ok(v1::ListAttestationsResponse {
            attestations: page.into_iter().map(message::attestation).collect(),
            next_page_token,
        })
    }

    async fn revoke(
        &self,
        request: Request<v1::RevokeAttestationRequest>,
    ) -> Result<v1::RevokeAttestationResponse, Failure> {
        let method = Method::RevokeAttestation;
        let Begun {
            caller,
            made,
            request,
        } = self.context.begin(request).await?;
        let reason = request.reason;
        if reason.trim().is_empty() || reason.len() > REASON {
            return Err(Failure::Field {
                field: "reason",
                message: format!("it says why, in at most {REASON} bytes"),
            });
        }
        let (attestation, _) = self.find(&caller, method, &request.name).await?;
        let target = Target::Pair {
            cluster: &attestation.cluster,
            operator: &attestation.operator,
        };
        // An attester may revoke what it asked for, and nothing of another's.
        caller
            .require_own(method, target, &attestation.author)
            .await
            .map_err(Failure::Denied)?;
        let kept = self
            .context
            .change(move |context| {
                let store = context.keeper.store()?;
                let snapshot = store.snapshot().map_err(stored)?;
                if let Some(answered) = attestation::answered(&*snapshot, &made)? {
                    return Ok(answered);
                }
                let revoked = attestation::revoke(&*store, &attestation, &reason, &made)?;
                let revoked = revoked.ok_or(Failure::Attest(Unattestable::AlreadyRevoked))?;
                Ok((attestation, Some(revoked)))
            })
            .await?;
        Ok(v1::RevokeAttestationResponse {
            attestation: Some(message::attestation(kept)),
        })
    }

    async fn verify(
        &self,
        request: Request<v1::VerifyAttestationRequest>,
    ) -> Result<v1::VerifyAttestationResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::VerifyAttestation, Target::Nothing).await?;
        let request = request.into_inner();
        let policy = read_policy(&request)?;
        let now = clock::now();
        let verification = self
            .context
            .run(move |context| {
                let snapshot = context.keeper.snapshot()?;
                let bundle = context.bundle(snapshot.as_deref(), now)?;
                Ok(verify(&request.envelope, &bundle, &policy, now))
            })
            .await?;
        Ok(message::verification(verification))
    }

    async fn keys(
        &self,
        request: Request<v1::ListKeysRequest>,
    ) -> Result<v1::ListKeysResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ListKeys, Target::Nothing).await?;
        let request = request.into_inner();
        let ring = self.context.run(Context::ring).await?;
        let asked = Asked {
            size: request.page_size,
            token: &request.page_token,
            list: "ListKeys",
            now: clock::now(),
        };
        let keys = ring.keys().to_vec();
        let (page, next_page_token) = self.context.pages.cut(asked, keys, |key| {
            format!("{} {}", key.not_before, key.keyid)
        })?;
        Ok(v1::ListKeysResponse {
            keys: page.into_iter().map(message::key).collect(),
            next_page_token,
        })
    }

    async fn bundle(
        &self,
        request: Request<v1::GetTrustBundleRequest>,
    ) -> Result<v1::GetTrustBundleResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::GetTrustBundle, Target::Nothing).await?;
        let now = clock::now();
        let bundle = self
            .context
            .run(move |context| {
                let snapshot = context.keeper.snapshot()?;
                context.bundle(snapshot.as_deref(), now)
            })
            .await?;
        let trust_bundle = bundle.bytes().map_err(|_| Failure::bug())?.into();
        Ok(v1::GetTrustBundleResponse { trust_bundle })
    }
}

fn pair((attestation, _): &Kept) -> Target<'_> {
    Target::Pair {
        cluster: &attestation.cluster,
        operator: &attestation.operator,
    }
}

/// The id in `attestations/{attestation}`.
fn read_name(name: &str) -> Result<String, Failure> {
    let id = name.strip_prefix("attestations/");
    let id = id.and_then(|id| {
        let parsed = uuid::Uuid::try_parse(id).ok()?;
        // One attestation has one name.
        (parsed.to_string() == id).then(|| id.to_owned())
    });
    id.ok_or_else(|| Failure::Name {
        field: "name",
        message: format!("`{name}` is not an attestation's name (as in `attestations/UUID`)"),
    })
}

fn read_policy(request: &v1::VerifyAttestationRequest) -> Result<VerifyPolicy, Failure> {
    let invalid = |field: &'static str, message: String| Failure::Field { field, message };
    let wanted = match (request.cluster_uid.as_str(), request.operator.as_str()) {
        ("", "") => Wanted::Anything,
        ("", _) | (_, "") => {
            let message = "it and `operator` come together, or neither".to_owned();
            return Err(invalid("cluster_uid", message));
        }
        (uid, operator) => Wanted::Operator {
            cluster_uid: uid.to_owned(),
            operator: operator.to_owned(),
        },
    };
    let number = |number: &u32| {
        let known = u8::try_from(*number)
            .ok()
            .filter(|one| (1..=6).contains(one));
        known.ok_or_else(|| {
            let message = format!("{number} is no practice; they are 1 to 6");
            invalid("practices", message)
        })
    };
    let practices = request.practices.iter().map(number);
    Ok(VerifyPolicy {
        practices: practices.collect::<Result<_, _>>()?,
        ..VerifyPolicy::of(wanted)
    })
}

#[tonic::async_trait]
impl AttestationService for Attestations {
    async fn attest(
        &self,
        request: Request<v1::AttestRequest>,
    ) -> Result<Response<v1::AttestResponse>, Status> {
        Ok(answer(self.make(request).await?))
    }

    async fn verify_attestation(
        &self,
        request: Request<v1::VerifyAttestationRequest>,
    ) -> Result<Response<v1::VerifyAttestationResponse>, Status> {
        Ok(Response::new(self.verify(request).await?))
    }

    async fn get_attestation(
        &self,
        request: Request<v1::GetAttestationRequest>,
    ) -> Result<Response<v1::GetAttestationResponse>, Status> {
        Ok(Response::new(self.get(request).await?))
    }

    async fn list_attestations(
        &self,
        request: Request<v1::ListAttestationsRequest>,
    ) -> Result<Response<v1::ListAttestationsResponse>, Status> {
        Ok(Response::new(self.list(request).await?))
    }

    async fn revoke_attestation(
        &self,
        request: Request<v1::RevokeAttestationRequest>,
    ) -> Result<Response<v1::RevokeAttestationResponse>, Status> {
        Ok(answer(self.revoke(request).await?))
    }

    async fn list_keys(
        &self,
        request: Request<v1::ListKeysRequest>,
    ) -> Result<Response<v1::ListKeysResponse>, Status> {
        Ok(Response::new(self.keys(request).await?))
    }

    async fn get_trust_bundle(
        &self,
        request: Request<v1::GetTrustBundleRequest>,
    ) -> Result<Response<v1::GetTrustBundleResponse>, Status> {
        Ok(Response::new(self.bundle(request).await?))
    }
}
