//! What gathering must be allowed, and what an API server is asked by a probe.

use opsec_model::{AccessQuestion, CrdCreation, CreationProbe, Need, Probes, ServiceAccountRef};
use opsec_proto::v1;

use crate::field::{FieldError, Problem, each, message};
use crate::object::{decode_account, encode_account};
use crate::words::{decode_creation_method, encode_creation_method};

/// A need for the wire.
pub fn encode_need(need: Need) -> v1::Need {
    let Need {
        for_probe,
        group,
        resources,
        names,
        verbs,
    } = need;
    v1::Need {
        group,
        resources,
        names,
        verbs,
        for_probe,
    }
}

/// A need from the wire.
pub fn decode_need(need: v1::Need) -> Need {
    let v1::Need {
        group,
        resources,
        names,
        verbs,
        for_probe,
    } = need;
    Need {
        for_probe,
        group,
        resources,
        names,
        verbs,
    }
}

/// Probes for the wire.
pub fn encode_probes(probes: Probes) -> v1::ListProbesResponse {
    let Probes { creations, reviews } = probes;
    v1::ListProbesResponse {
        creations: creations.into_iter().map(encode_creation).collect(),
        reviews: reviews.into_iter().map(encode_review).collect(),
    }
}

/// Probes from the wire.
///
/// # Errors
/// When a mandatory field is absent, a word is not known to this version, or an object is no JSON.
pub fn decode_probes(probes: v1::ListProbesResponse) -> Result<Probes, FieldError> {
    Ok(Probes {
        creations: each("creations", probes.creations, decode_creation)?,
        reviews: each("reviews", probes.reviews, decode_review)?,
    })
}

fn encode_creation(probe: CreationProbe) -> v1::CreationProbe {
    let CreationProbe {
        service_account,
        creation:
            CrdCreation {
                group,
                labelled,
                scope,
                method,
            },
        object,
    } = probe;
    v1::CreationProbe {
        service_account: Some(encode_account(&service_account)),
        group,
        labelled,
        scope,
        method: encode_creation_method(method),
        object_json: object.to_string().into(),
    }
}

fn decode_creation(probe: v1::CreationProbe) -> Result<CreationProbe, FieldError> {
    let malformed = |error: serde_json::Error| {
        FieldError::new("object_json", Problem::Malformed(error.to_string()))
    };
    Ok(CreationProbe {
        service_account: account(probe.service_account)?,
        creation: CrdCreation {
            group: probe.group,
            labelled: probe.labelled,
            scope: probe.scope,
            method: decode_creation_method("method", probe.method)?,
        },
        object: serde_json::from_slice(&probe.object_json).map_err(malformed)?,
    })
}

fn encode_review((account, question): (ServiceAccountRef, AccessQuestion)) -> v1::ReviewProbe {
    let AccessQuestion {
        verb,
        group,
        resource,
        subresource,
        name,
        namespace,
        path,
    } = question;
    v1::ReviewProbe {
        service_account: Some(encode_account(&account)),
        verb,
        group,
        resource,
        subresource,
        name,
        namespace: namespace.unwrap_or_default(),
        path,
    }
}

fn decode_review(
    review: v1::ReviewProbe,
) -> Result<(ServiceAccountRef, AccessQuestion), FieldError> {
    let v1::ReviewProbe {
        service_account,
        verb,
        group,
        resource,
        subresource,
        name,
        namespace,
        path,
    } = review;
    let question = AccessQuestion {
        verb,
        group,
        resource,
        subresource,
        name,
        namespace: Some(namespace).filter(|namespace| !namespace.is_empty()),
        path,
    };
    Ok((account(service_account)?, question))
}

fn account(account: Option<v1::ServiceAccountRef>) -> Result<ServiceAccountRef, FieldError> {
    message("service_account", account, |account| {
        Ok(decode_account(account))
    })
}
