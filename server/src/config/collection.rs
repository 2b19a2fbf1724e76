//! Clusters that the service reads itself. Only here stands with what: no request and no record has a
//! credential.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::ConfigError;
use super::authenticators::Fields;
use super::file::File;

/// The list in the file.
const LIST: &str = "collection";

/// A cluster that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Collection {
    /// Its id, as it is registered.
    pub(crate) cluster: String,
    /// Absent: the cluster that the service runs in.
    pub(crate) kubeconfig: Option<PathBuf>,
}

/// All of them.
///
/// # Errors
/// When one names no cluster, or two name one.
pub(super) fn collections(file: &File) -> Result<Vec<Collection>, ConfigError> {
    let mut seen = BTreeSet::new();
    let entries = file.lists.get(LIST).into_iter().flatten();
    let read = entries.map(|entry| {
        let fields = Fields { list: LIST, entry };
        let cluster = fields.mandatory("cluster")?;
        if !seen.insert(cluster.clone()) {
            return Err(fields.invalid("cluster", "it is collected twice"));
        }
        let kubeconfig = fields.optional("kubeconfig").map(PathBuf::from);
        Ok(Collection {
            cluster,
            kubeconfig,
        })
    });
    read.collect()
}
