//! Manifests in, operators out.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use opsec_facts::Facts;
use opsec_manifests::{Input, Options};
use opsec_model::Snapshot;
use opsec_operators::Operator;
use opsec_rbac::{Kinds, Policy};

/// The snapshot of files.
pub(crate) fn snapshot(files: &[(&str, &str)]) -> Snapshot {
    let inputs: Vec<Input> = files
        .iter()
        .map(|(name, text)| Input {
            name: (*name).to_owned(),
            bytes: text.as_bytes().to_vec(),
        })
        .collect();
    opsec_manifests::read(&inputs, &Options::default())
        .unwrap()
        .snapshot
}

/// The operators of a snapshot.
pub(crate) fn find(snapshot: &Snapshot) -> Vec<Operator> {
    let policy = Policy::from_snapshot(snapshot);
    let kinds = Kinds::from_snapshot(snapshot);
    opsec_operators::find(&Facts::new(snapshot), &policy, &kinds)
}
