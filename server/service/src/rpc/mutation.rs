//! How every change begins: who makes it, whether they may at all, and the id by which the request
//! can be sent twice.

use opsec_access::{Caller, Method, Target};
use opsec_model::canonical::digest_bytes;
use opsec_proto::v1;
use opsec_store::outbox::cut;
use opsec_store::{ChangeContext, Replay};
use prost::Message;
use tonic::Request;

use crate::call::{Call, Noted};
use crate::clock;
use crate::context::{Context, require};
use crate::failure::Failure;

/// A request that changes something.
pub(crate) trait Mutation: Message {
    /// Its method.
    const METHOD: Method;

    /// Takes the id out: what is compared when it is sent again is the rest.
    fn take_request_id(&mut self) -> String;

    /// Whether it only asks what would be.
    fn validate_only(&self) -> bool;
}

macro_rules! mutations {
    ($($method:ident $request:ident;)+) => {$(
        impl Mutation for v1::$request {
            const METHOD: Method = Method::$method;

            fn take_request_id(&mut self) -> String {
                std::mem::take(&mut self.request_id)
            }

            fn validate_only(&self) -> bool {
                self.validate_only
            }
        }
    )+};
}

mutations! {
    CreateBaseline CreateBaselineRequest;
    UpdateBaseline UpdateBaselineRequest;
    DeleteBaseline DeleteBaselineRequest;
    RollbackBaseline RollbackBaselineRequest;
    ApproveBaselineRevision ApproveBaselineRevisionRequest;
    RejectBaselineRevision RejectBaselineRevisionRequest;
    Attest AttestRequest;
    RevokeAttestation RevokeAttestationRequest;
    CreateCluster CreateClusterRequest;
    UpdateCluster UpdateClusterRequest;
    DeleteCluster DeleteClusterRequest;
}

/// A change that has begun: the caller may make such changes, of what is still to be asked.
#[derive(Debug)]
pub(crate) struct Begun<M> {
    pub(crate) caller: Caller,
    pub(crate) made: ChangeContext,
    pub(crate) request: M,
}

impl Context {
    /// Begins a change.
    pub(crate) async fn begin<M: Mutation>(
        &self,
        request: Request<M>,
    ) -> Result<Begun<M>, Failure> {
        let caller = self.caller(&request)?;
        require(&caller, M::METHOD, Target::Nothing).await?;
        let call = request.extensions().get::<Call>().cloned();
        let mut request = request.into_inner();
        let now = clock::now().as_millisecond();
        let replay = replay(&caller, &mut request, call.as_ref())?;
        let made = ChangeContext {
            now,
            replay,
            owed: call.map(|call| call.owes(&caller, M::METHOD.name(), now)),
            validate_only: request.validate_only(),
            author: caller.subject().to_owned(),
            needs_approval: self.needs_approval,
        };
        Ok(Begun {
            caller,
            made,
            request,
        })
    }
}

/// The request by the id under which it can be sent twice; what is written down of it is noted.
fn replay<M: Mutation>(
    caller: &Caller,
    request: &mut M,
    call: Option<&Call>,
) -> Result<Option<Replay>, Failure> {
    let id = request.take_request_id();
    let encoded = request.encode_to_vec();
    if let Some(call) = call {
        call.note(Noted {
            request_id: cut(&id),
            input_digest: digest_bytes(&encoded),
            validate_only: request.validate_only(),
        });
    }
    if id.is_empty() {
        return Ok(None);
    }
    let parsed = uuid::Uuid::try_parse(&id).map_err(|_| Failure::RequestId(id))?;
    Ok(Some(Replay {
        subject: caller.subject().to_owned(),
        method: M::METHOD.name(),
        id: parsed.to_string(),
        request: encoded,
    }))
}
