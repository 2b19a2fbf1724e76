//! The facts of a request: a snapshot, or raw documents that are read here as the plugin reads
//! files.

use opsec_manifests::{Input, InstallOptions, Limits, Options, read};
use opsec_model::{InstallMode, Snapshot};
use opsec_proto::{DOCUMENTS_LIMIT, v1};

use crate::failure::Failure;
use crate::use_case::check::{Facts, guarded};

/// Facts from a snapshot.
pub(crate) fn from_snapshot(snapshot: v1::Snapshot) -> Result<Facts, Failure> {
    let snapshot = opsec_wire::decode_snapshot(snapshot).map_err(Failure::Snapshot)?;
    Ok(Facts {
        snapshot,
        ..Facts::default()
    })
}

/// Facts from raw documents.
pub(crate) fn from_documents(documents: v1::RawDocuments) -> Result<Facts, Failure> {
    let bytes = documents.files.iter().map(|file| file.content.len()).sum();
    if bytes > DOCUMENTS_LIMIT {
        return Err(Failure::DocumentsTooLarge {
            bytes,
            limit: DOCUMENTS_LIMIT,
        });
    }
    let options = Options {
        namespace: Some(documents.namespace).filter(|namespace| !namespace.is_empty()),
        namespace_as_given: documents.namespace_as_given,
        install: InstallOptions {
            mode: install_mode(documents.install_mode)?,
            target_namespaces: documents.target_namespaces,
        },
        limits: Limits::default(),
        strict: false,
    };
    let inputs: Vec<Input> = documents
        .files
        .into_iter()
        .map(|file| Input {
            name: file.name,
            bytes: file.content.into(),
        })
        .collect();
    let manifests = guarded(|| read(inputs, &options))?.map_err(Failure::Documents)?;
    Ok(Facts {
        snapshot: manifests.snapshot,
        sources: manifests.sources,
    })
}

fn install_mode(number: i32) -> Result<Option<InstallMode>, Failure> {
    let known = |number| opsec_wire::decode_install_mode("documents.install_mode", number);
    let given = (number != 0).then_some(number);
    given.map(known).transpose().map_err(Failure::Snapshot)
}

/// Facts that the service read itself; only a check and an attestation have it read any.
pub(crate) fn from_collected(collected: Option<Snapshot>) -> Result<Facts, Failure> {
    let message = "nothing is collected for this call; send a snapshot".to_owned();
    let field = "collection";
    let snapshot = collected.ok_or(Failure::Field { field, message })?;
    Ok(Facts {
        snapshot,
        ..Facts::default()
    })
}

/// No facts.
pub(crate) fn missing() -> Failure {
    let message = "a snapshot or documents are needed".to_owned();
    Failure::Field {
        field: "input",
        message,
    }
}

/// The facts of a request; each message has an `oneof` of its own for them.
macro_rules! facts {
    ($module:ident, $input:expr) => {
        match $input.ok_or_else($crate::rpc::input::missing)? {
            opsec_proto::v1::$module::Input::Snapshot(snapshot) => {
                $crate::rpc::input::from_snapshot(snapshot)?
            }
            opsec_proto::v1::$module::Input::Documents(documents) => {
                $crate::rpc::input::from_documents(documents)?
            }
        }
    };
}
pub(crate) use facts;

/// The operator that is asked for; empty is none.
pub(crate) fn named(operator: &str) -> Option<&str> {
    Some(operator).filter(|name| !name.is_empty())
}
