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
    let invalid = |message: String| Failure::Name { field, message };
    let id = name.strip_prefix("baselines/").ok_or_else(|| {
        invalid(format!(
            "`{name}` is not a baseline's name (as in `baselines/default`)"
        ))
    })?;
    validate_name(id).map_err(|error| invalid(error.message))?;
    Ok(id.to_owned())
}
