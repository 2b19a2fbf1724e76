//! What is done with what is stored while no service runs: check, export, import. An export of a
//! directory that a service has goes through that service.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use opsec_proto::v1;
use opsec_proto::v1::admin_service_client::AdminServiceClient;
use opsec_store::fsck::{self, COULD_NOT_CHECK, FsckOptions};
use opsec_store::transfer::{self, TransferError};
use opsec_store::{SledStore, Store as _, StoreError, StoreLocation};

use crate::args::{Args, Export, Fsck, Import};
use crate::client;
use crate::config::{ConfigError, Resolved};
use crate::log::plain;
use crate::refuse;

/// Milliseconds since 1970, UTC.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let milliseconds = since.unwrap_or_default().as_millis();
    i64::try_from(milliseconds).unwrap_or(i64::MAX)
}

pub(crate) fn location(args: &Args) -> Result<StoreLocation, ConfigError> {
    Ok(at(&args.resolve()?))
}

fn at(resolved: &Resolved) -> StoreLocation {
    StoreLocation::new(resolved.data_directory()).with_patience(std::time::Duration::ZERO)
}

fn refused(error: &ConfigError) -> ExitCode {
    refuse(error.reason(), &error.to_string(), &[])
}

/// `config print`.
pub(crate) fn print(args: &Args) -> ExitCode {
    let resolved = match args.resolve() {
        Ok(resolved) => resolved,
        Err(error) => return refused(&error),
    };
    if crate::config::print(&resolved, &mut anstream::stdout().lock()).is_err() {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// `fsck`: 0 clean, 1 findings, 2 it could not be checked.
pub(crate) fn fsck(args: &Args, fsck: &Fsck) -> ExitCode {
    let could_not = |reason: &str, error: &dyn std::fmt::Display| {
        plain(&format!("error: {reason}: {error}"));
        ExitCode::from(COULD_NOT_CHECK)
    };
    let resolved = match args.resolve() {
        Ok(resolved) => resolved,
        Err(error) => return could_not(error.reason(), &error),
    };
    let options = FsckOptions {
        repair: fsck.repair,
        accept_loss: fsck.accept_loss,
        now: now(),
    };
    match fsck::fsck(&at(&resolved), &options) {
        Ok(mut report) => {
            let audit = resolved.audit_directory();
            let compared = crate::audit::compare(&audit, &report.owed, report.commit);
            let unread = compared.map(|found| report.findings.extend(found)).err();
            let mut out = anstream::stdout().lock();
            for finding in &report.findings {
                let mended = if finding.repaired { " (repaired)" } else { "" };
                let code = finding.code.as_str();
                let _ = writeln!(out, "{code}: {}{mended}", finding.message);
            }
            if let Some(error) = unread {
                return could_not(error.reason(), &error);
            }
            if report.findings.is_empty() {
                let _ = writeln!(out, "clean");
            }
            ExitCode::from(report.exit_status())
        }
        Err(error) => could_not(error.reason(), &error),
    }
}

/// `export`.
pub(crate) fn export(args: &Args, export: &Export) -> ExitCode {
    let done = match &export.output {
        Some(path) => beside(path, |to| write(args, export, to)),
        None => write(args, export, &mut anstream::stdout().lock()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed { reason, message }) => refuse(reason, &message, &[]),
    }
}

struct Failed {
    reason: &'static str,
    message: String,
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self {
            reason: "EXPORT_FAILED",
            message: format!("the export cannot be written: {error}"),
        }
    }
}

impl From<TransferError> for Failed {
    fn from(error: TransferError) -> Self {
        let reason = match &error {
            TransferError::Store(StoreError::Corrupt { .. }) => "STORE_CORRUPT",
            TransferError::Store(error) => error.reason(),
            TransferError::Io(_) => "EXPORT_FAILED",
            TransferError::Damaged(_) => "EXPORT_DAMAGED",
            TransferError::Newer(_) => "FORMAT_NEWER",
            TransferError::NotEmpty(_) => "STORE_NOT_EMPTY",
        };
        Self {
            reason,
            message: error.to_string(),
        }
    }
}

/// Writes a file beside its place and puts it there when it is whole: half an export is none.
pub(crate) fn beside<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let file = File::create(&part)?;
    let mut to = BufWriter::new(file);
    let done = write(&mut to).and_then(|()| {
        let file = to.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(std::fs::rename(&part, path)?)
    });
    if done.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    done
}

fn write(args: &Args, export: &Export, to: &mut dyn Write) -> Result<(), Failed> {
    let location = location(args).map_err(|error| Failed {
        reason: error.reason(),
        message: error.to_string(),
    })?;
    let exists = location.exists().map_err(TransferError::from)?;
    if !exists && export.server.url.is_none() {
        return Err(Failed {
            reason: "STORE_ABSENT",
            message: format!("{} holds no store", location.data_directory().display()),
        });
    }
    let opened = if exists {
        SledStore::open(&location).map(Some)
    } else {
        Ok(None)
    };
    match opened {
        Ok(Some(store)) => {
            let snapshot = store.snapshot().map_err(TransferError::from)?;
            let id = store.id();
            transfer::export(&*snapshot, &id, to)?;
            Ok(())
        }
        Err(StoreError::Locked { .. }) | Ok(None) if export.server.url.is_some() => {
            client::run(stream(export, to)).map_err(|message| Failed {
                reason: "EXPORT_FAILED",
                message,
            })
        }
        Err(error @ StoreError::Locked { .. }) => Err(Failed {
            reason: error.reason(),
            message: format!("{error}; export through that service with --server"),
        }),
        Err(error) => Err(TransferError::from(error).into()),
        Ok(None) => Ok(()),
    }
}

/// The export of a service that has the store.
async fn stream(export: &Export, to: &mut dyn Write) -> Result<(), String> {
    let channel = client::connect(&export.server).await?;
    let token = client::token(&export.server)?;
    let mut client = AdminServiceClient::with_interceptor(channel, token);
    let stream = client.export_store(v1::ExportStoreRequest {}).await;
    let mut stream = stream.map_err(|status| client::said(&status))?.into_inner();
    loop {
        let next = stream.message().await;
        let Some(piece) = next.map_err(|status| client::said(&status))? else {
            return to.flush().map_err(|error| error.to_string());
        };
        let written = to.write_all(&piece.data);
        written.map_err(|error| error.to_string())?;
    }
}

/// `import`.
pub(crate) fn import(args: &Args, import: &Import) -> ExitCode {
    let location = match location(args) {
        Ok(location) => location,
        Err(error) => return refused(&error),
    };
    let mut file = match File::open(&import.file) {
        Ok(file) => file,
        Err(error) => {
            let message = format!("cannot read {}: {error}", import.file.display());
            return refuse("EXPORT_UNREADABLE", &message, &[]);
        }
    };
    match transfer::import(&location, &mut file, now()) {
        Ok(count) => {
            plain(&format!("{count} records imported"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let Failed { reason, message } = error.into();
            refuse(reason, &message, &[])
        }
    }
}
