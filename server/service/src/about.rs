//! What an answer is about, for whoever writes it down: no content, but names and digests.

use opsec_proto::v1;
use tonic::Response;

/// What an answer is about; what is empty is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The cluster by id.
    pub cluster: String,
    /// The operator.
    pub operator: String,
    /// What was changed or made.
    pub resource: String,
    /// Its revision.
    pub revision: i64,
    /// Digest of what was judged by.
    pub effective_digest: String,
    /// What it came to.
    pub result: String,
}

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
    let baseline = response
        .results
        .first()
        .and_then(|one| one.baseline.as_ref());
    About {
        cluster: response.cluster.trim_start_matches("clusters/").to_owned(),
        operator: operators.join(","),
        resource: format!("checks/{}", response.check_id),
        effective_digest: baseline.map_or_else(String::new, |one| one.effective_digest.clone()),
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
