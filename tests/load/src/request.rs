//! What is asked: a check of cert-manager's snapshot, or of the demo where the corpus is absent.

use std::path::{Path, PathBuf};

use opsec_manifests::{Input, Options};
use opsec_proto::v1;
use opsec_proto::v1::check_request::Input as CheckInput;

/// A request, and what it is of.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) name: String,
    pub(crate) bytes: usize,
    pub(crate) message: v1::CheckRequest,
}

/// Reads the manifests and makes the request.
pub(crate) fn read() -> Result<Request, String> {
    let path = manifest();
    let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let input = Input {
        name: name.clone(),
        bytes,
    };
    let manifests =
        opsec_manifests::read(&[input], &Options::default()).map_err(|error| error.to_string())?;
    let snapshot =
        opsec_wire::encode_snapshot(&manifests.snapshot).map_err(|error| error.to_string())?;
    let message = v1::CheckRequest {
        input: Some(CheckInput::Snapshot(snapshot)),
        ..v1::CheckRequest::default()
    };
    Ok(Request {
        name,
        bytes: crate::load::encoded_length(&message),
        message,
    })
}

fn manifest() -> PathBuf {
    match opsec_corpus::corpus("cargo xtask bench server with cert-manager") {
        Some(corpus) => corpus.join("operators/cert-manager.yaml"),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/demo/as-shipped.yaml"),
    }
}
