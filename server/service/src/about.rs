//! What an answer is about, for whoever writes it down: no content, but names and digests.

use opsec_proto::v1;
use opsec_proto::v1::batch_check_result::Answer;
use opsec_store::outbox::About;
use prost::Message as _;
use tonic::{Code, Response};
use tonic_types::pb::ErrorInfo;

/// What the items of an answer are about, in their order: each is an event of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abouts(pub Vec<Item>);

/// What an item came to: what it is about, or code and reason of its refusal.
pub type Item = Result<About, (Code, String)>;

/// An answer that says what it is about.
pub(crate) trait Telling {
    /// What it is about.
    fn about(&self) -> About;
}

/// The answer with what it is about beside it.
pub(crate) fn answer<T: Telling>(message: T) -> Response<T> {
    let about = message.about();
    told(message, about)
}

/// The same, where the message does not say it.
pub(crate) fn told<T>(message: T, about: About) -> Response<T> {
    let mut response = Response::new(message);
    response.extensions_mut().insert(about);
    response
}

/// The answer of a batch with what its items are about beside it.
pub(crate) fn answers(message: v1::BatchCheckResponse) -> Response<v1::BatchCheckResponse> {
    let items = message.results.iter().map(|one| match &one.answer {
        Some(Answer::Response(response)) => Ok(of_check(response)),
        Some(Answer::Error(error)) => Err((Code::from(error.code), reason(error))),
        None => Ok(About::default()),
    });
    let abouts = Abouts(items.collect());
    let mut response = Response::new(message);
    response.extensions_mut().insert(abouts);
    response
}

fn of_baseline(baseline: Option<&v1::Baseline>) -> About {
    let Some(baseline) = baseline else {
        return About::default();
    };
    About {
        resource: baseline.name.clone(),
        revision: baseline.revision,
        effective_digest: baseline.effective_digest.clone(),
        ..About::default()
    }
}

fn of_revision(revision: Option<&v1::BaselineRevision>) -> About {
    let Some(revision) = revision else {
        return About::default();
    };
    About {
        resource: revision.name.clone(),
        revision: revision.revision,
        ..About::default()
    }
}

fn of_cluster(cluster: Option<&v1::Cluster>) -> About {
    let name = cluster.map_or("", |cluster| cluster.name.as_str());
    About {
        cluster: name.trim_start_matches("clusters/").to_owned(),
        resource: name.to_owned(),
        ..About::default()
    }
}

fn of_attestation(attestation: Option<&v1::Attestation>) -> About {
    let Some(attestation) = attestation else {
        return About::default();
    };
    About {
        cluster: attestation
            .cluster
            .trim_start_matches("clusters/")
            .to_owned(),
        operator: attestation.operator.clone(),
        resource: attestation.name.clone(),
        result: attestation.result.clone(),
        ..About::default()
    }
}

fn of_check(response: &v1::CheckResponse) -> About {
    let mut operators = Vec::new();
    let mut statuses = Vec::new();
    for report in response
        .results
        .iter()
        .filter_map(|one| one.report.as_ref())
    {
        let operator = report.operator.as_ref();
        operators.push(operator.map_or("", |operator| operator.name.as_str()));
        let status = report.status().as_str_name();
        statuses.push(status.trim_start_matches("STATUS_"));
    }
    let first = response.results.first();
    let digest = first.and_then(|one| one.report.as_ref());
    let digest = digest.map(|report| report.snapshot_digest.clone());
    let baseline = response
        .results
        .first()
        .and_then(|one| one.baseline.as_ref());
    About {
        cluster: response.cluster.trim_start_matches("clusters/").to_owned(),
        operator: operators.join(","),
        resource: format!("checks/{}", response.check_id),
        effective_digest: baseline.map_or_else(String::new, |one| one.effective_digest.clone()),
        input_digest: digest.unwrap_or_default(),
        result: statuses.join(","),
        ..About::default()
    }
}

macro_rules! telling {
    ($($message:ident $field:ident $of:path;)+) => {$(
        impl Telling for v1::$message {
            fn about(&self) -> About {
                $of(self.$field.as_ref())
            }
        }
    )+};
}

telling! {
    CreateBaselineResponse baseline of_baseline;
    UpdateBaselineResponse baseline of_baseline;
    RollbackBaselineResponse baseline of_baseline;
    ApproveBaselineRevisionResponse revision of_revision;
    RejectBaselineRevisionResponse revision of_revision;
    CreateClusterResponse cluster of_cluster;
    UpdateClusterResponse cluster of_cluster;
    AttestResponse attestation of_attestation;
    RevokeAttestationResponse attestation of_attestation;
}

impl Telling for v1::CheckResponse {
    fn about(&self) -> About {
        of_check(self)
    }
}

/// The reason in the details of an item's refusal.
fn reason(error: &v1::RpcStatus) -> String {
    let info = error.details.iter().find_map(|detail| {
        let is_info = detail.type_url.ends_with("/google.rpc.ErrorInfo");
        is_info
            .then(|| ErrorInfo::decode(detail.value.as_slice()).ok())
            .flatten()
    });
    info.map(|info| info.reason).unwrap_or_default()
}
