//! Asking the API server itself: creations that are tried as ServiceAccounts, and reviews of what
//! these may do. Nothing is written: every request says `dryRun=All`.

mod status;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use opsec_model::{
    AccessQuestion, AccessReview, CrdCreation, CrdCreationAnswer, CreationMethod, CreationProbe,
    DryRunAnswer, Probes, ServiceAccountRef,
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::connect::Connection;
use super::error::{ClusterError, words};
use super::page::escape;
use super::{ClusterOptions, OnProgress};
pub(super) use status::Said;
use status::{creation_answer, review_answer};

/// How many requests are made at once.
const AT_ONCE: usize = 6;
/// How often a request is made when the API server is too busy or cannot be reached.
const TRIES: u32 = 4;
/// What the API server writes down as the manager of fields, were anything written.
pub(super) const MANAGER: &str = "kubectl-opsec";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews?dryRun=All";

/// What the API server answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProbeAnswers {
    /// To creations that were tried.
    pub creations: Vec<CrdCreationAnswer>,
    /// To reviews.
    pub reviews: Vec<AccessReview>,
}

/// Asks. What may not be asked, or has no clear answer, is an answer that says so.
///
/// # Errors
/// When it takes longer than the deadline.
pub async fn probe_cluster(
    connection: &Connection,
    probes: Probes,
    options: &ClusterOptions,
    progress: OnProgress,
) -> Result<ProbeAnswers, ClusterError> {
    let asking = Asking {
        connection: connection.clone(),
        timeout: options.request_timeout,
        permits: Arc::new(Semaphore::new(AT_ONCE)),
    };
    let work = async {
        progress(format!("trying {} creations, dry", probes.creations.len()));
        let creations = creations(&asking, probes.creations).await;
        progress(format!("asking about {} rights", probes.reviews.len()));
        let reviews = reviews(&asking, probes.reviews).await;
        ProbeAnswers { creations, reviews }
    };
    let late = |_| ClusterError::Deadline {
        server: connection.server.clone(),
        deadline: options.deadline,
        trouble: connection.last_trouble(),
    };
    let answers = tokio::time::timeout(options.deadline, work).await;
    answers.map_err(late)
}

/// Who asks, and how patiently.
#[derive(Clone)]
pub(super) struct Asking {
    pub(super) connection: Connection,
    pub(super) timeout: Duration,
    pub(super) permits: Arc<Semaphore>,
}

/// What RBAC answers alike: it knows no body, and no name of a POST.
type Gate = (ServiceAccountRef, CreationMethod, String);

fn gate(probe: &CreationProbe) -> Gate {
    let CrdCreation { method, group, .. } = &probe.creation;
    let name = match method {
        CreationMethod::Post => String::new(),
        CreationMethod::Apply => group.clone(),
    };
    (probe.service_account.clone(), *method, name)
}

/// The creations: of those that RBAC answers alike one first, and the rest only where it got as
/// far as admission.
async fn creations(asking: &Asking, probes: Vec<CreationProbe>) -> Vec<CrdCreationAnswer> {
    let mut first = BTreeMap::new();
    let mut rest = Vec::new();
    for probe in probes {
        if let Some(again) = first.insert(gate(&probe), probe) {
            rest.push(again);
        }
    }
    let mut answers = try_all(asking, first.into_values().collect()).await;
    let mut barred = BTreeMap::new();
    for (probe, answer) in &answers {
        let stopped = matches!(
            answer,
            DryRunAnswer::Unauthorized { .. } | DryRunAnswer::Forbidden { .. }
        );
        if stopped {
            barred.insert(gate(probe), answer.clone());
        }
    }
    let mut open = Vec::new();
    for probe in rest {
        match barred.get(&gate(&probe)) {
            Some(answer) => answers.push((probe, answer.clone())),
            None => open.push(probe),
        }
    }
    answers.extend(try_all(asking, open).await);
    let mut answers: Vec<CrdCreationAnswer> = answers
        .into_iter()
        .map(|(probe, answer)| CrdCreationAnswer {
            service_account: probe.service_account,
            creation: probe.creation,
            answer,
        })
        .collect();
    answers.sort();
    answers
}

async fn try_all(
    asking: &Asking,
    probes: Vec<CreationProbe>,
) -> Vec<(CreationProbe, DryRunAnswer)> {
    let mut tasks = JoinSet::new();
    for probe in probes {
        let asking = asking.clone();
        tasks.spawn(async move {
            let answer = try_one(&asking, &probe).await;
            (probe, answer)
        });
    }
    // A task that ended early has no answer, and what has none is not known.
    let mut answers = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        answers.extend(ended.ok());
    }
    answers
}

async fn try_one(asking: &Asking, probe: &CreationProbe) -> DryRunAnswer {
    let name = format!("opsecprobes.{}", probe.creation.group);
    let said = match dry_run(probe, &name) {
        Ok(request) => asking.ask(&request).await,
        Err(message) => return DryRunAnswer::Unclear { message },
    };
    creation_answer(&said, &probe.service_account, &name)
}

/// A request, to be made more than once.
pub(super) struct Dry {
    pub(super) method: http::Method,
    pub(super) path: String,
    pub(super) content: &'static str,
    pub(super) user: Option<HeaderValue>,
    pub(super) body: Vec<u8>,
}

/// The dry run. Whoever says what to try cannot make it anything else than the creation of a
/// definition that is not done.
fn dry_run(probe: &CreationProbe, name: &str) -> Result<Dry, String> {
    let object = &probe.object;
    let expected = [
        ("/apiVersion", "apiextensions.k8s.io/v1"),
        ("/kind", "CustomResourceDefinition"),
        ("/metadata/name", name),
    ];
    for (field, value) in expected {
        if object.pointer(field).and_then(Value::as_str) != Some(value) {
            return Err(format!("what was to be tried has no {field} `{value}`"));
        }
    }
    let user = HeaderValue::from_str(&probe.service_account.user_name())
        .map_err(|_| "no request can be made as this account".to_owned())?;
    let (method, path, content) = match probe.creation.method {
        CreationMethod::Post => (
            http::Method::POST,
            format!("{DEFINITIONS}?dryRun=All&fieldManager={MANAGER}"),
            "application/json",
        ),
        CreationMethod::Apply => (
            http::Method::PATCH,
            format!(
                "{DEFINITIONS}/{}?dryRun=All&fieldManager={MANAGER}",
                escape(name)
            ),
            "application/apply-patch+yaml",
        ),
    };
    Ok(Dry {
        method,
        path,
        content,
        user: Some(user),
        body: object.to_string().into_bytes(),
    })
}

async fn reviews(
    asking: &Asking,
    reviews: Vec<(ServiceAccountRef, AccessQuestion)>,
) -> Vec<AccessReview> {
    let mut tasks = JoinSet::new();
    for (account, question) in reviews {
        let asking = asking.clone();
        tasks.spawn(async move {
            let said = asking.ask(&review(&account, &question)).await;
            AccessReview {
                service_account: account,
                question,
                answer: review_answer(&said),
            }
        });
    }
    let mut answers: Vec<AccessReview> = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        answers.extend(ended.ok());
    }
    answers.sort();
    answers
}

/// The review of a question about an account, with the groups that it has.
fn review(account: &ServiceAccountRef, question: &AccessQuestion) -> Dry {
    let AccessQuestion {
        verb,
        group,
        resource,
        subresource,
        name,
        namespace,
        path,
    } = question;
    let attributes = if path.is_empty() {
        let attributes = json!({
            "verb": verb, "group": group, "resource": resource, "subresource": subresource,
            "name": name, "namespace": namespace.as_deref().unwrap_or_default(),
        });
        ("resourceAttributes", attributes)
    } else {
        ("nonResourceAttributes", json!({"verb": verb, "path": path}))
    };
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": account.user_name(),
            "groups": account.groups(),
            (attributes.0): attributes.1,
        },
    });
    Dry {
        method: http::Method::POST,
        path: REVIEWS.to_owned(),
        content: "application/json",
        user: None,
        body: body.to_string().into_bytes(),
    }
}

impl Asking {
    /// Asks, again when the API server is too busy or not there.
    pub(super) async fn ask(&self, dry: &Dry) -> Said {
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await;
        let mut pause = Duration::from_millis(200);
        let mut tries = 1;
        loop {
            let (said, again) = self.once(dry).await;
            if !again || tries >= TRIES {
                return said;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            tries += 1;
        }
    }

    /// What is said, and whether to ask again.
    async fn once(&self, dry: &Dry) -> (Said, bool) {
        let mut request = http::Request::builder()
            .method(dry.method.clone())
            .uri(&dry.path)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, dry.content);
        if let Some(user) = &dry.user {
            request = request.header("Impersonate-User", user);
        }
        let request = match request.body(dry.body.clone()) {
            Ok(request) => request,
            Err(error) => return (Said::Nothing(error.to_string()), false),
        };
        let answer = self.connection.client.request::<Value>(request);
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(Ok(object)) => (Said::Done(object), false),
            Ok(Err(kube::Error::Api(status))) => {
                let busy = status.code == 429;
                let said = Said::Refused {
                    code: status.code,
                    reason: status.reason.clone(),
                    message: status.message.clone(),
                };
                (said, busy)
            }
            Ok(Err(error)) => (Said::Nothing(words(&error)), true),
            Err(_) => {
                let message = format!("no answer within {} s", self.timeout.as_secs());
                (Said::Nothing(message), false)
            }
        }
    }
}
