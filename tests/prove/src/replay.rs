//! Files of cases in which the answers differed.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::ProveError;
use crate::run::Run;

/// Writes a case.
pub(crate) fn write(folder: &Path, name: &str, document: &Value) -> Result<PathBuf, ProveError> {
    let path = folder.join(name);
    let unusable = |error: std::io::Error| ProveError::File {
        path: path.clone(),
        why: error.to_string(),
    };
    std::fs::create_dir_all(folder).map_err(unusable)?;
    std::fs::write(&path, format!("{document:#}\n")).map_err(unusable)?;
    Ok(path)
}

/// Asks again what such a file says: whether the answers agree now, and what they are.
///
/// # Errors
/// When the file says no case, or the case cannot be asked.
pub fn replay(run: &Run, path: &Path) -> Result<(bool, String), ProveError> {
    let unusable = |why: String| ProveError::File {
        path: path.to_owned(),
        why,
    };
    let text = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let document: Value =
        serde_json::from_slice(&text).map_err(|error| unusable(error.to_string()))?;
    match document.get("part").and_then(Value::as_str) {
        Some("admission") => crate::admission::replay(run, &document),
        Some("network") => crate::network::replay(run, &document),
        Some("operators") => crate::operators::replay(run, &document),
        Some("pod-security") => crate::pod_security::replay(run, &document),
        Some("rights") => crate::rights::replay(run, &document),
        part => Err(unusable(format!("no part `{}`", part.unwrap_or_default()))),
    }
}
