//! A call as whoever writes it down knows it: its id, from where it came, and what its request says of
//! itself. The daemon puts it into each request whose event it owes.

use std::sync::{Arc, OnceLock};

use opsec_access::Caller;
use opsec_store::outbox::{About, Owed};

/// A call.
#[derive(Debug, Clone, Default)]
pub struct Call {
    id: String,
    peer: String,
    noted: Arc<OnceLock<Noted>>,
}

/// What a request says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noted {
    /// The caller's own id of the request.
    pub request_id: String,
    /// Digest of the request without that.
    pub input_digest: String,
    /// Whether it only asked what would be.
    pub validate_only: bool,
}

impl Call {
    /// A call by an id that no other has, from an address.
    pub fn new(id: String, peer: String) -> Self {
        Self {
            id,
            peer,
            noted: Arc::default(),
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What its request says of itself, once it was read.
    pub fn noted(&self) -> Option<&Noted> {
        self.noted.get()
    }

    /// Notes what a request says of itself; the first word stands.
    pub(crate) fn note(&self, noted: Noted) {
        // A call has one request.
        let _ = self.noted.set(noted);
    }

    /// The event that a change of it owes.
    pub(crate) fn owes(&self, caller: &Caller, method: &str, at: i64) -> Owed {
        let noted = self.noted().cloned().unwrap_or_default();
        Owed {
            id: self.id.clone(),
            at,
            method: method.to_owned(),
            subject: caller.subject().to_owned(),
            authenticator: caller.authenticator().to_owned(),
            peer: self.peer.clone(),
            request_id: noted.request_id,
            about: About {
                input_digest: noted.input_digest,
                ..About::default()
            },
        }
    }

    /// The same call for one item of it.
    pub(crate) fn item(&self, index: usize) -> Self {
        Self {
            id: format!("{}/{index}", self.id),
            ..self.clone()
        }
    }
}
