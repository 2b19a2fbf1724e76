//! Many baselines, written as an export and imported: quicker than as many changes.

use std::path::Path;
use std::sync::Arc;

use opsec_model::Baseline;
use opsec_store::{Catalogue, Change, ChangeContext, SledStore, StoreLocation};
use serde_json::json;

/// Changes that are on their way at once: they share commits.
const AT_ONCE: usize = 64;

/// Writes so many baselines, each for an operator of its own.
pub(crate) fn write(directory: &Path, count: usize) -> Result<(), String> {
    let store =
        SledStore::open(&StoreLocation::new(directory)).map_err(|error| error.to_string())?;
    let catalogue = Catalogue::new(Arc::new(store)).map_err(|error| error.to_string())?;
    let failed = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..AT_ONCE)
            .map(|first| {
                let catalogue = &catalogue;
                scope.spawn(move || {
                    (first..count)
                        .step_by(AT_ONCE)
                        .try_for_each(|index| create(catalogue, index))
                })
            })
            .collect();
        writers.into_iter().find_map(|writer| {
            let written = writer.join();
            written
                .unwrap_or_else(|_| Err("a writer failed".to_owned()))
                .err()
        })
    });
    failed.map_or(Ok(()), Err)
}

fn create(catalogue: &Catalogue, index: usize) -> Result<(), String> {
    let name = format!("operator-{index}");
    let document = json!({
        "apiVersion": opsec_model::API_VERSION,
        "kind": "OperatorBaseline",
        "metadata": {"name": name},
        "spec": {"appliesTo": {"operators": [name]}, "failOn": "high", "exemptions": [
            {"rule": "OPSEC403", "where": {"right": "ESC-BIND"}, "reason": "planned", "owner": "platform@example.com", "expires": "2099-01-01"},
        ]},
    });
    let written = document.to_string().into_bytes();
    let baseline = Baseline::from_value(document).map_err(|error| error.to_string())?;
    let change = Change::Create {
        baseline: Box::new(baseline),
        document: written,
    };
    catalogue
        .apply(&change, &ChangeContext::default())
        .map_err(|error| error.to_string())?;
    Ok(())
}
