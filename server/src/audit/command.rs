//! `opsec-server audit verify`: 0 when every event follows the one before it, and the head that was
//! pinned is one of them; 1 when not; 2 when it could not be read.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use super::AuditError;
use super::chain::Head;
use super::verify::verify;
use crate::args::{Args, Audit, AuditVerify};
use crate::log::plain;

/// The status of an audit that does not verify, and of one that cannot be read.
const BROKEN: u8 = 1;
const UNREADABLE: u8 = 2;

/// Does what the command says.
pub(crate) fn audit(args: &Args, command: &Audit) -> ExitCode {
    let Audit::Verify(command) = command;
    let directory = match args.resolve() {
        Ok(resolved) => resolved.audit_directory(),
        Err(error) => {
            plain(&format!("error: {}: {error}", error.reason()));
            return ExitCode::from(UNREADABLE);
        }
    };
    match look(&directory, command) {
        Ok(said) => {
            // A closed pipe keeps the status.
            let _ = anstream::stdout().lock().write_all(said.as_bytes());
            ExitCode::SUCCESS
        }
        Err(Failed { status, problem }) => {
            plain(&format!("error: {problem}"));
            ExitCode::from(status)
        }
    }
}

struct Failed {
    status: u8,
    problem: String,
}

fn look(directory: &Path, command: &AuditVerify) -> Result<String, Failed> {
    let pinned = command.head.as_deref().map(pinned).transpose()?;
    let mut met = pinned.is_none();
    let looked = verify(directory, |head| met |= Some(head) == pinned.as_ref());
    let (head, torn) = looked.map_err(|error| Failed {
        status: match error {
            AuditError::Io { .. } => UNREADABLE,
            _ => BROKEN,
        },
        problem: error.to_string(),
    })?;
    if !met {
        return Err(Failed {
            status: BROKEN,
            problem: "the head that is pinned is none of its events: they were changed, or cut off"
                .to_owned(),
        });
    }
    let torn = if torn {
        "\na last line is not whole: a service was broken off while it wrote; the next start sets it aside"
    } else {
        ""
    };
    Ok(format!("{}:{}:{}{torn}\n", head.chain, head.seq, head.hash))
}

/// A head as `audit verify` and checkpoints say it: `CHAIN:SEQ:HASH`.
fn pinned(text: &str) -> Result<Head, Failed> {
    let parts: Vec<&str> = text.split(':').collect();
    if let [chain, seq, hash] = parts.as_slice()
        && let Ok(seq) = seq.parse()
    {
        return Ok(Head {
            chain: (*chain).to_owned(),
            seq,
            hash: (*hash).to_owned(),
        });
    }
    Err(Failed {
        status: UNREADABLE,
        problem: format!("`{text}` is no head, CHAIN:SEQ:HASH"),
    })
}
