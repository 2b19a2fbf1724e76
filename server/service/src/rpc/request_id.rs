//! Under what a change is made: the time, its author, and the id by which it can be sent twice.

use opsec_access::{Caller, Method};
use opsec_store::{ChangeContext, Replay};
use prost::Message;

use crate::clock;
use crate::failure::Failure;

/// What a change is made under; `request` stands without its id.
pub(crate) fn context(
    caller: &Caller,
    method: Method,
    id: String,
    request: &impl Message,
    validate_only: bool,
) -> Result<ChangeContext, Failure> {
    let replay = if id.is_empty() {
        None
    } else {
        let parsed = uuid::Uuid::try_parse(&id).map_err(|_| Failure::RequestId(id))?;
        Some(Replay {
            subject: caller.subject().to_owned(),
            method: method.name(),
            id: parsed.to_string(),
            request: request.encode_to_vec(),
        })
    };
    Ok(ChangeContext {
        now: clock::now().as_millisecond(),
        replay,
        validate_only,
        author: caller.subject().to_owned(),
        needs_approval: false,
    })
}
