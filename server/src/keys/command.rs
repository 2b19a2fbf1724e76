//! `opsec-server keys`: makes, lists, rotates and revokes keys, and exports the trust bundle.

use std::io::Write as _;
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use opsec_attest::{Revoked, TrustBundle};
use opsec_proto::v1;
use opsec_proto::v1::attestation_service_client::AttestationServiceClient;
use opsec_store::{SledStore, Store as _, StoreError, attestation};

use super::{KeyDirectory, KeysError};
use crate::args::{Args, Keys, KeysExport};
use crate::client;
use crate::config::{Attestation, ConfigError};
use crate::log::plain;
use crate::refuse;
use crate::upkeep::{beside, location, now};

/// Does what the command says: 0, or 4 with a reason.
pub(crate) fn keys(args: &Args, command: &Keys) -> ExitCode {
    match run(args, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(error.reason(), &error.to_string(), &[]),
    }
}

fn run(args: &Args, command: &Keys) -> Result<(), KeysError> {
    let settings = args.resolve()?.attestation()?;
    let directory = settings.directory();
    let now = Timestamp::from_millisecond(now()).unwrap_or(Timestamp::MAX);
    match command {
        Keys::Generate { algorithm } => {
            let (id, state) = directory.generate((*algorithm).into(), now)?;
            plain(&format!("key {id} is {}", state.as_str()));
            print(&format!("{id}\n"))
        }
        Keys::Rotate { early } => {
            let lifetime = if *early {
                SignedDuration::ZERO
            } else {
                lifetime(&settings)
            };
            let rotated = directory.rotate(now, lifetime)?;
            if let Some(retired) = &rotated.retired {
                plain(&format!("key {retired} is retired"));
            }
            plain(&format!("key {} is active", rotated.active));
            Ok(())
        }
        Keys::Revoke { keyid } => {
            directory.revoke(keyid, now)?;
            plain(&format!(
                "key {keyid} is revoked; hand out a new trust bundle"
            ));
            Ok(())
        }
        Keys::List => list(&directory),
        Keys::Export(export) if export.server.url.is_some() => {
            let bundle = client::run(of_service(export)).map_err(KeysError::Service)?;
            write(&bundle, export)
        }
        Keys::Export(export) => {
            let revoked = revoked(args, now)?;
            let bundle = bundle(&settings, &directory, revoked, now)?;
            let bytes = bundle.bytes().map_err(|_| KeysError::Unwritable)?;
            write(&bytes, export)
        }
    }
}

fn lifetime(settings: &Attestation) -> SignedDuration {
    SignedDuration::try_from(settings.bundle_lifetime).unwrap_or(SignedDuration::MAX)
}

fn print(text: &str) -> Result<(), KeysError> {
    let written = anstream::stdout().lock().write_all(text.as_bytes());
    written.map_err(|source| KeysError::Io {
        path: "standard output".into(),
        source,
    })
}

fn list(directory: &KeyDirectory) -> Result<(), KeysError> {
    let ring = directory.ring()?;
    let row = |cells: [&str; 5]| {
        let [id, algorithm, state, since, until] = cells;
        format!("{id:<64}  {algorithm:<17}  {state:<8}  {since:<20}  {until}")
            .trim_end()
            .to_owned()
            + "\n"
    };
    let mut text = row(["KEY", "ALGORITHM", "STATE", "SINCE", "UNTIL"]);
    for key in ring.keys() {
        let until = key.not_after.map(|time| format!("{time:.0}"));
        text += &row([
            &key.keyid,
            key.algorithm.as_str(),
            key.state.as_str(),
            &format!("{:.0}", key.not_before),
            until.as_deref().unwrap_or_default(),
        ]);
    }
    print(&text)
}

fn bundle(
    settings: &Attestation,
    directory: &KeyDirectory,
    revoked: Vec<Revoked>,
    now: Timestamp,
) -> Result<TrustBundle, KeysError> {
    let verifier = settings.verifier_id.as_deref();
    let verifier = verifier.ok_or_else(|| ConfigError::Invalid {
        key: "attestation.verifier_id".to_owned(),
        problem: "a trust bundle says whose keys it holds; set it to a URI".to_owned(),
    })?;
    let ring = directory.ring()?;
    Ok(ring.bundle(verifier, revoked, now, lifetime(settings)))
}

/// What is revoked, of a store that no service has.
fn revoked(args: &Args, now: Timestamp) -> Result<Vec<Revoked>, KeysError> {
    let location = location(args)?;
    if !location.exists()? {
        return Ok(Vec::new());
    }
    let store = SledStore::open(&location).map_err(|error| match error {
        StoreError::Locked { .. } => KeysError::Locked(error),
        error => error.into(),
    })?;
    let snapshot = store.snapshot()?;
    let revoked = attestation::revoked(&*snapshot, now.as_millisecond())?;
    let revoked = revoked.into_iter().map(|one| Revoked {
        envelope_digest: one.envelope_digest,
        until: Timestamp::from_millisecond(one.until).unwrap_or(Timestamp::MAX),
    });
    Ok(revoked.collect())
}

/// The trust bundle of a service that runs.
async fn of_service(export: &KeysExport) -> Result<Vec<u8>, String> {
    let channel = client::connect(&export.server).await?;
    let token = client::token(&export.server)?;
    let mut client = AttestationServiceClient::with_interceptor(channel, token);
    let answer = client.get_trust_bundle(v1::GetTrustBundleRequest {}).await;
    let answer = answer.map_err(|status| client::said(&status))?;
    let bytes = answer.into_inner().trust_bundle.to_vec();
    TrustBundle::read(&bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn write(bytes: &[u8], export: &KeysExport) -> Result<(), KeysError> {
    let Some(path) = &export.output else {
        return print(&String::from_utf8_lossy(bytes));
    };
    let failed = |source| KeysError::Io {
        path: path.clone(),
        source,
    };
    beside(path, |to| to.write_all(bytes)).map_err(failed)
}
