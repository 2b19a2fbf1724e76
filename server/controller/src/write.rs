//! Writing to the API server: statuses by server-side apply, and Events.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::api::{Patch, PatchParams};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Api, Client};
use opsec_crd::{Condition, ConditionStatus, OperatorRights, OperatorRightsStatus};
use serde_json::json;

use crate::status::{changed, shortened};

/// Whose fields the status is.
const MANAGER: &str = "opsec-controller";
/// How Events name who reports.
const REPORTER: &str = "kubectl-opsec.dev/opsec-controller";
/// How long a request may take: less than a Lease is believed of one that is silent.
const PATIENCE: Duration = Duration::from_secs(4);

/// A status that is to be written.
#[derive(Debug, Clone)]
pub(crate) struct Writing {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) before: OperatorRightsStatus,
    pub(crate) after: OperatorRightsStatus,
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum Wrote {
    /// It is written; the Events that were not are told.
    Status(Box<OperatorRightsStatus>, Vec<String>),
    /// The declaration is gone, or is another by the same name.
    Gone,
    /// Admission denies it, and will not think better of it soon.
    Denied(String),
    /// It is not.
    Failed(String),
}

/// Writes.
#[derive(Clone)]
pub(crate) struct Writer {
    declarations: Api<OperatorRights>,
    recorder: Recorder,
}

impl Writer {
    pub(crate) fn new(client: Client, identity: &str) -> Self {
        let reporter = Reporter {
            controller: REPORTER.to_owned(),
            instance: Some(identity.to_owned()),
        };
        Self {
            declarations: Api::all(client.clone()),
            recorder: Recorder::new(client, reporter),
        }
    }

    /// Writes a status, and Events of the conditions that changed.
    pub(crate) async fn write(&self, writing: &Writing) -> Wrote {
        // The uid holds a status off a declaration that was made anew by the same name.
        let patch = json!({
            "apiVersion": "kubectl-opsec.dev/v1alpha1",
            "kind": "OperatorRights",
            "metadata": {"name": writing.name, "uid": writing.uid},
            "status": writing.after,
        });
        let parameters = PatchParams::apply(MANAGER).force();
        let patch = Patch::Apply(patch);
        let written = self
            .declarations
            .patch_status(&writing.name, &parameters, &patch);
        let written = match tokio::time::timeout(PATIENCE, written).await {
            Ok(Ok(written)) => written,
            Ok(Err(kube::Error::Api(status))) if matches!(status.code, 404 | 409) => {
                return Wrote::Gone;
            }
            // As policies and webhooks both put it; RBAC says `cannot`.
            Ok(Err(kube::Error::Api(status))) if status.message.contains(" denied ") => {
                return Wrote::Denied(status.message);
            }
            Ok(Err(error)) => return Wrote::Failed(said(&error)),
            Err(_) => return Wrote::Failed("the API server does not answer in time".to_owned()),
        };
        let mut failed = Vec::new();
        for condition in changed(&writing.before, &writing.after) {
            if let Err(why) = self.event(writing, condition).await {
                failed.push(why);
            }
        }
        Wrote::Status(Box::new(written.status.unwrap_or_default()), failed)
    }

    async fn event(&self, writing: &Writing, condition: &Condition) -> Result<(), String> {
        let regarding = ObjectReference {
            api_version: Some("kubectl-opsec.dev/v1alpha1".to_owned()),
            kind: Some("OperatorRights".to_owned()),
            name: Some(writing.name.clone()),
            uid: Some(writing.uid.clone()),
            ..ObjectReference::default()
        };
        let (type_, reason) = kind_of(condition);
        let event = Event {
            type_,
            reason,
            note: Some(shortened(condition.message.clone())),
            action: "Validate".to_owned(),
            secondary: None,
        };
        let published = self.recorder.publish(&event, &regarding);
        match tokio::time::timeout(PATIENCE, published).await {
            Ok(published) => published.map_err(|error| said(&error)),
            Err(_) => Err("the API server does not answer in time".to_owned()),
        }
    }
}

/// How an Event of a condition is called.
fn kind_of(condition: &Condition) -> (EventType, String) {
    let named = match (condition.kind.as_str(), condition.status) {
        ("Excess", ConditionStatus::True) => "RightsExceedDeclaration",
        ("Excess", ConditionStatus::False) => {
            return (EventType::Normal, "RightsWithinDeclaration".to_owned());
        }
        ("Validated", ConditionStatus::True) => {
            return (EventType::Normal, "RightsCompared".to_owned());
        }
        _ => condition.reason.as_str(),
    };
    (EventType::Warning, named.to_owned())
}

/// What the API server says, in a line.
fn said(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}
