//! A baseline document, as it was written.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};

use opsec_proto::BASELINE_LIMIT;

use crate::failure::Failure;
use crate::service::ServiceError;

/// A baseline document and where it is from.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// The file as named; `-` is standard input.
    pub(crate) file: String,
    /// Its bytes.
    pub(crate) content: Vec<u8>,
}

/// Reads a document; of one that is too large, only enough to be refused.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read(path: &OsStr) -> Result<Document, Failure> {
    let file = path.to_string_lossy().into_owned();
    let result = if path == "-" {
        bounded(io::stdin().lock())
    } else {
        File::open(path).and_then(bounded)
    };
    match result {
        Ok(content) => Ok(Document { file, content }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failure::Baseline {
            file,
            reason: "there is no such file".to_owned(),
        }),
        Err(source) => Err(Failure::BaselineUnreadable { file, source }),
    }
}

fn bounded(source: impl Read) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let most = u64::try_from(BASELINE_LIMIT).unwrap_or(u64::MAX);
    source
        .take(most.saturating_add(1))
        .read_to_end(&mut content)?;
    Ok(content)
}

impl Document {
    /// That the service refused it.
    pub(crate) fn refused(&self, error: &ServiceError) -> Failure {
        let reason = error.to_string();
        // The service knows the document by no other name than these.
        let reason = reason.strip_prefix("document: ").unwrap_or(&reason);
        let reason = reason.strip_prefix("baseline: ").unwrap_or(reason);
        Failure::Baseline {
            file: self.file.clone(),
            reason: reason.to_owned(),
        }
    }
}
