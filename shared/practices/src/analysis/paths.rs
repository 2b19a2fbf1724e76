//! What whoever takes a pod of an operator can come to, hop by hop.

use opsec_model::{API_VERSION, PathList, Snapshot};

use super::{no_baseline, release, summary};
use crate::CheckError;
use crate::chains::chains;
use crate::context::{Context, Engines};
use crate::prepared::Prepared;

/// The escalation chains of an operator by any of its names; absent: of the only one. From each
/// component the worst and shortest chain to each end that is reached.
///
/// # Errors
/// When the operator is not there or ambiguous.
pub fn find_paths(snapshot: &Snapshot, operator: Option<&str>) -> Result<PathList, CheckError> {
    Prepared::new(snapshot).find_paths(operator)
}

impl Prepared<'_> {
    /// The escalation chains of an operator by any of its names; absent: of the only one.
    ///
    /// # Errors
    /// When the operator is not there or ambiguous.
    pub fn find_paths(&self, operator: Option<&str>) -> Result<PathList, CheckError> {
        let operator = self.resolve(operator)?;
        let baseline = no_baseline();
        let engines = Engines::new(self);
        let context = Context::new(self, &engines, operator, &baseline);
        let snapshot = self.snapshot();
        Ok(PathList {
            api_version: API_VERSION.to_owned(),
            kind: "PathList".to_owned(),
            source: snapshot.source.clone(),
            kubernetes_version: release(snapshot),
            operator: summary(operator, &context),
            items: chains(&context),
            notices: snapshot.notices.clone(),
        })
    }
}
