//! What the gate writes down of a call, before its answer is given.

use opsec_access::{Caller, Method};
use opsec_service::About;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{Gate, Refusal, Response};
use crate::audit::Event;

/// Who calls, as it is written down.
#[derive(Debug, Clone)]
pub(super) struct Who {
    caller: Caller,
    peer: String,
    method: Method,
}

impl Who {
    pub(super) fn new(caller: &Caller, peer: Option<String>, method: Method) -> Self {
        Self {
            caller: caller.clone(),
            peer: peer.unwrap_or_default(),
            method,
        }
    }

    /// What a call came to, where an event of that is owed.
    pub(super) fn owed(&self, response: &Response) -> Option<Event> {
        let status = Status::from_header_map(response.headers());
        let code = status.as_ref().map_or(Code::Ok, Status::code);
        let denied = code == Code::PermissionDenied;
        if !denied && !owes(self.method) {
            return None;
        }
        let reason = status.and_then(|status| status.get_details_error_info());
        let reason = reason.map_or_else(String::new, |info| info.reason);
        let about = response.extensions().get::<About>();
        let about = about.cloned().unwrap_or_default();
        let kind = if denied { "denied" } else { "call" };
        Some(self.event(kind, code, reason, about))
    }

    fn event(&self, kind: &str, code: Code, reason: String, about: About) -> Event {
        Event {
            kind: kind.to_owned(),
            method: self.method.name().to_owned(),
            subject: self.caller.subject().to_owned(),
            authenticator: self.caller.authenticator().to_owned(),
            peer: self.peer.clone(),
            cluster: about.cluster,
            operator: about.operator,
            resource: about.resource,
            revision: about.revision,
            effective_digest: about.effective_digest,
            result: about.result,
            code: format!("{code:?}"),
            reason,
            ..Event::default()
        }
    }
}

/// Whether an event is owed for each call of a method: changes, checks, attestations.
fn owes(method: Method) -> bool {
    let judges = [Method::Check, Method::BatchCheck, Method::SimulateBaseline];
    method.changes() || judges.contains(&method)
}

impl Gate {
    /// Writes down that a call was denied, and gives that answer.
    pub(super) async fn note_denied(&self, who: &Who, denied: Refusal) -> Refusal {
        let (code, reason) = denied.reason();
        let about = About::default();
        match self
            .write(who.event("denied", code, reason.to_owned(), about))
            .await
        {
            Ok(()) => denied,
            Err(failed) => failed,
        }
    }

    /// Writes an event down; without that there is no answer.
    pub(super) async fn write(&self, event: Event) -> Result<(), Refusal> {
        let written = self.audit.write(event).await;
        written.map_err(|_| Refusal::AuditFailed)
    }
}
