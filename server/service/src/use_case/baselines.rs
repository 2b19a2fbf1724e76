//! Baselines: reading documents, and the one that is there without being stored.

use opsec_manifests::{Input, Limits, ManifestError, read_documents};
use opsec_model::Baseline;
use opsec_model::baseline::{BaselineError, validate_name};
use opsec_proto::BASELINE_LIMIT;

use crate::failure::Failure;

/// A baseline from a document, YAML or JSON, read as strictly as [`Baseline::from_value`] is.
pub(crate) fn read_baseline(document: &[u8]) -> Result<Baseline, Failure> {
    if document.len() > BASELINE_LIMIT {
        return Err(Failure::SpecTooLarge {
            bytes: document.len(),
            limit: BASELINE_LIMIT,
        });
    }
    let input = Input {
        name: "baseline".to_owned(),
        bytes: document.to_vec(),
    };
    let documents = read_documents(&input, &Limits::default()).map_err(malformed)?;
    let [document] = <[_; 1]>::try_from(documents).map_err(|documents| Failure::Spec {
        path: "document".to_owned(),
        message: format!("it holds {} documents; a baseline is one", documents.len()),
    })?;
    // A key that stands twice may hide what was meant to be accepted.
    if let Some(notice) = document.notices.first() {
        let path = "document".to_owned();
        return Err(Failure::Spec {
            path,
            message: notice.message.clone(),
        });
    }
    Baseline::from_value(document.value).map_err(|BaselineError::Field(error)| Failure::Spec {
        path: error.path,
        message: error.message,
    })
}

fn malformed(error: ManifestError) -> Failure {
    Failure::Spec {
        path: "document".to_owned(),
        message: error.to_string(),
    }
}

/// The name in `baselines/{baseline}`.
pub(crate) fn read_name(field: &'static str, name: &str) -> Result<String, Failure> {
    read_id(
        field,
        name,
        "baselines/",
        "a baseline's name (as in `baselines/default`)",
    )
}

/// The id in `clusters/{cluster}`.
pub(crate) fn read_cluster_name(field: &'static str, name: &str) -> Result<String, Failure> {
    read_id(
        field,
        name,
        "clusters/",
        "a cluster's name (as in `clusters/prod-1`)",
    )
}

fn read_id(
    field: &'static str,
    name: &str,
    collection: &str,
    what: &str,
) -> Result<String, Failure> {
    let invalid = |message: String| Failure::Name { field, message };
    let id = name
        .strip_prefix(collection)
        .ok_or_else(|| invalid(format!("`{name}` is not {what}")))?;
    validate_name(id).map_err(|error| invalid(error.message))?;
    Ok(id.to_owned())
}

/// Name and number in `baselines/{baseline}/revisions/{revision}`.
pub(crate) fn read_revision_name(
    field: &'static str,
    name: &str,
) -> Result<(String, i64), Failure> {
    let parts = name.split_once("/revisions/");
    let number = parts.and_then(|(_, number)| {
        number.parse::<i64>().ok().filter(|&parsed| {
            // One revision has one name.
            parsed > 0 && parsed.to_string() == number
        })
    });
    match parts.zip(number) {
        Some(((baseline, _), number)) => Ok((read_name(field, baseline)?, number)),
        None => Err(Failure::Name {
            field,
            message: format!(
                "`{name}` is not a revision's name (as in `baselines/default/revisions/3`)"
            ),
        }),
    }
}

/// Cluster and operator in `clusters/{cluster}/operators/{operator}/posture`.
pub(crate) fn read_posture_name(
    field: &'static str,
    name: &str,
) -> Result<(String, String), Failure> {
    let inner = name.strip_suffix("/posture");
    let parts = inner.and_then(|inner| inner.split_once("/operators/"));
    match parts {
        Some((cluster, operator)) if is_operator_id(operator) => {
            Ok((read_cluster_name(field, cluster)?, operator.to_owned()))
        }
        _ => Err(Failure::Name {
            field,
            message: format!(
                "`{name}` is not a posture's name (as in \
                 `clusters/prod-1/operators/cert-manager~cert-manager/posture`)"
            ),
        }),
    }
}

/// Whether it is an operator's id, `NAMESPACE~NAME`.
fn is_operator_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
    id.len() <= 253 && id.contains('~') && id.bytes().all(plain)
}
