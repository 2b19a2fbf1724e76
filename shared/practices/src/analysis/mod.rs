//! Single questions about an operator, beside the judgement: what it may do, and who reaches whom.
//! No baseline takes part, for what is accepted is still held.

mod access;
mod connections;
mod paths;
mod rights;

pub(crate) use access::attributes;
pub use access::{AccessAnswers, AccessRequest, Answered, Asked, WrittenQuestion, can_i};
pub use connections::{Connections, list_connections, peer, port_ranges};
pub use opsec_rbac::Attributes;
pub use paths::find_paths;
pub use rights::list_rights;

use opsec_model::baseline::BaselineSpec;
use opsec_model::{EffectiveBaseline, OperatorSummary, Snapshot};
use opsec_operators::Operator;

use crate::context::Context;

/// A baseline that accepts nothing.
fn no_baseline() -> EffectiveBaseline {
    EffectiveBaseline {
        name: String::new(),
        revision: 0,
        digest: String::new(),
        inline: false,
        spec: BaselineSpec::default(),
    }
}

/// The release that a snapshot is judged as.
fn release(snapshot: &Snapshot) -> String {
    match snapshot.kubernetes_version.as_str() {
        "" => opsec_kubernetes::RELEASE.to_owned(),
        version => version.to_owned(),
    }
}

fn summary(operator: &Operator, context: &Context<'_>) -> OperatorSummary {
    operator.summary(&context.namespaces().intended_for_report())
}
