//! `attest`: what the service itself finds of an operator, signed. The plugin says nothing of it: it
//! sends what it read of the cluster, has the service read it, or names a check that it recorded.

use std::path::{Path, PathBuf};

use opsec_proto::v1;
use opsec_wire::encode_snapshot;

use crate::args::AttestArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::service::Service;
use crate::{input, output};

/// Attests: 0 when it is signed, 1 when the operator fails and nothing is.
///
/// # Errors
/// When there is no service, it refuses, or the cluster cannot be read.
pub(crate) async fn run(args: AttestArgs, context: &Context) -> Result<Exit, Failure> {
    if !args.files.filename.is_empty() || args.files.cluster.snapshot.is_some() {
        return Err(Failure::OnlyLive);
    }
    let service = Service::remote(context, "attesting").await?;
    let progress = Progress::start("reading");
    let collection = args.collect.map(|cluster| v1::Collection {
        cluster: format!("clusters/{cluster}"),
    });
    let is_here = collection.is_none() && args.check.is_none();
    let gathered = if is_here {
        input::gather(&args.files, &progress).await?
    } else {
        input::elsewhere(&args.files)
    };
    progress.step("judging");
    let snapshot = is_here
        .then(|| encode_snapshot(&gathered.snapshot))
        .transpose()
        .map_err(Failure::Snapshot)?;
    let request = v1::AttestRequest {
        snapshot,
        collection,
        check: args.check.as_deref().map_or_else(String::new, named),
        operator: gathered.operator(args.operator.as_ref()),
        cluster: context.cluster.clone().unwrap_or_default(),
        effective_digest: args.effective_digest.unwrap_or_default(),
        allow_failed: args.allow_failed,
        ..v1::AttestRequest::default()
    };
    let answer = service.attest(request).await;
    drop(progress);
    match answer {
        Ok(attestation) => {
            write(&attestation, args.output.as_deref())?;
            output::say(&format!(
                "{}: {} on {}, {}",
                attestation.name, attestation.operator, attestation.cluster, attestation.result
            ));
            Ok(Exit::Success)
        }
        Err(error) if error.is_failed_check() => {
            output::say(&format!("error: {error}"));
            Ok(Exit::Fail)
        }
        Err(error) => Err(error.into()),
    }
}

/// A check by its name, whether or not it says what it is of.
fn named(check: &str) -> String {
    let id = check.strip_prefix("checks/").unwrap_or(check);
    format!("checks/{id}")
}

/// Writes a statement, and beside it what it is about: both or, as far as it can be, neither.
///
/// # Errors
/// When they cannot be written.
pub(super) fn write(attestation: &v1::Attestation, to: Option<&Path>) -> Result<(), Failure> {
    // One line with its end, as it was signed and stored: verifying takes it in no other form.
    let envelope = &attestation.envelope;
    let Some(path) = to else {
        return output::answer(envelope);
    };
    let mut beside = path.as_os_str().to_owned();
    beside.push(".target.json");
    let beside = PathBuf::from(beside);
    put(&beside, &attestation.target)?;
    put(path, envelope)
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|source| Failure::Unwritable {
        file: path.display().to_string(),
        source,
    })
}
