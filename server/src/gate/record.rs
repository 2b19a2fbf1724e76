//! What the gate writes down of a call, before its answer is given.

use std::time::Instant;

use opsec_access::{Caller, Method};
use opsec_service::{About, Abouts, Call, Item};
use opsec_store::outbox::Row;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{Gate, Refusal, Response};
use crate::audit::{Event, Running};

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

    /// Rows of what a call changed.
    pub(super) fn rows(&self, running: &Running) -> Vec<Row> {
        if !owes(self.method) {
            return Vec::new();
        }
        // A store that failed ends the service, and what it owes is found at the next start.
        running.rows().unwrap_or_default()
    }

    /// What a call came to, where that is owed: an event, or of a batch one for each item. What was
    /// changed stands in rows of the store, which know the commit.
    pub(super) fn owed(&self, response: &Response, call: &Call, rows: &[Row]) -> Vec<Event> {
        let status = Status::from_header_map(response.headers());
        let code = status.as_ref().map_or(Code::Ok, Status::code);
        let denied = code == Code::PermissionDenied;
        if !denied && !owes(self.method) {
            return Vec::new();
        }
        let reason = status.and_then(|status| status.get_details_error_info());
        let reason = reason.map_or_else(String::new, |info| info.reason);
        if let Some(Abouts(items)) = response.extensions().get::<Abouts>() {
            let items = items.iter().cloned().enumerate();
            let item = |(index, item): (usize, Item)| {
                let id = format!("{}/{index}", call.id());
                let (code, reason, about) = match item {
                    Ok(about) => (Code::Ok, String::new(), about),
                    Err((code, reason)) => (code, reason, About::default()),
                };
                let denied = code == Code::PermissionDenied;
                let event = self.event(if denied { "denied" } else { "call" }, code, reason, about);
                committed(event, rows.iter().find(|row| row.owed.id == id))
            };
            return items.map(item).collect();
        }
        let about = response.extensions().get::<About>();
        let about = about.cloned().unwrap_or_default();
        let noted = call.noted().cloned().unwrap_or_default();
        let kind = match () {
            () if denied => "denied",
            () if noted.validate_only => "validated",
            () => "call",
        };
        let mut event = self.event(kind, code, reason, about);
        event.request_id = noted.request_id;
        if event.input_digest.is_empty() {
            event.input_digest = noted.input_digest;
        }
        vec![committed(event, rows.first())]
    }

    fn event(&self, kind: &str, code: Code, reason: String, about: About) -> Event {
        Event {
            kind: kind.to_owned(),
            method: self.method.name().to_owned(),
            subject: self.caller.subject().to_owned(),
            authenticator: self.caller.authenticator().to_owned(),
            peer: self.peer.clone(),
            code: format!("{code:?}"),
            reason,
            ..Event::default()
        }
        .about(about)
    }
}

/// An event with the commit of its change, if there is one, and what is known of that.
fn committed(event: Event, row: Option<&Row>) -> Event {
    let Some(Row { owed, commit }) = row else {
        return event;
    };
    let about = event.known().or(&owed.about);
    Event {
        id: owed.id.clone(),
        commit: *commit,
        ..event
    }
    .about(about)
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
            .write(vec![who.event("denied", code, reason.to_owned(), about)])
            .await
        {
            Ok(()) => denied,
            Err(failed) => failed,
        }
    }

    /// Writes down that a call came that nobody vouches for, if it is time to, and gives that answer.
    pub(super) async fn note_stranger(&self, address: Option<String>, refused: Refusal) -> Refusal {
        let (code, reason) = refused.reason();
        if code != Code::Unauthenticated {
            return refused;
        }
        let address = address.unwrap_or_default();
        let Some((peer, count)) = self.strangers.count(&address, Instant::now()) else {
            return refused;
        };
        let event = Event {
            kind: "unauthenticated".to_owned(),
            peer,
            count,
            code: format!("{code:?}"),
            reason: reason.to_owned(),
            ..Event::default()
        };
        match self.write(vec![event]).await {
            Ok(()) => refused,
            Err(failed) => failed,
        }
    }

    /// Writes events down; without that there is no answer.
    pub(super) async fn write(&self, events: Vec<Event>) -> Result<(), Refusal> {
        let written = self.audit.write(events).await;
        written.map_err(|_| Refusal::AuditFailed)
    }
    /// Writes down what a call came to, where that is owed, before its answer is given.
    pub(super) async fn write_down(
        &self,
        events: Vec<Event>,
        rows: Vec<Row>,
        running: &Running,
    ) -> Result<(), Refusal> {
        if !events.is_empty() {
            self.write(events).await?;
            running.settle(rows);
        }
        Ok(())
    }
}
