//! `opsec-server audit verify`: 0 when every event follows the one before it, and the head that was
//! pinned is one of them; 1 when not; 2 when it could not be read. `head` asks a service for what is
//! pinned, and `prune` removes what is old.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use opsec_attest::TrustBundle;
use opsec_proto::v1;
use opsec_proto::v1::admin_service_client::AdminServiceClient;

use super::AuditError;
use super::chain::{Head, Link};
use super::prune::prune;
use super::signed;
use super::verify::{Verified, verify};
use crate::args::{Args, Audit, AuditHead, AuditPrune, AuditVerify};
use crate::client;
use crate::keys::Signer;
use crate::log::plain;

/// The status of an audit that does not verify, and of one that cannot be read.
const BROKEN: u8 = 1;
const UNREADABLE: u8 = 2;

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Does what the command says.
pub(crate) fn audit(args: &Args, command: &Audit) -> ExitCode {
    let done = match command {
        Audit::Verify(command) => directory(args).and_then(|path| look(&path, command)),
        Audit::Head(command) => head(command),
        Audit::Prune(command) => pruned(args, command),
    };
    match done {
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

impl Failed {
    fn unreadable(problem: impl ToString) -> Self {
        Self {
            status: UNREADABLE,
            problem: problem.to_string(),
        }
    }

    fn broken(problem: impl ToString) -> Self {
        Self {
            status: BROKEN,
            problem: problem.to_string(),
        }
    }
}

impl From<AuditError> for Failed {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Io { .. } => Self::unreadable(error),
            _ => Self::broken(error),
        }
    }
}

fn directory(args: &Args) -> Result<std::path::PathBuf, Failed> {
    let resolved = args.resolve();
    resolved
        .map(|resolved| resolved.audit_directory())
        .map_err(|error| Failed::unreadable(format!("{}: {error}", error.reason())))
}

fn look(directory: &Path, command: &AuditVerify) -> Result<String, Failed> {
    let pinned = command.head.as_deref().map(pinned).transpose()?;
    let bundle = command.trust_bundle.as_deref().map(bundle).transpose()?;
    let mut met = pinned.is_none();
    let mut signatures = Signatures::default();
    let Verified { head, torn, anchor } = verify(directory, |head, link| {
        met |= Some(head) == pinned.as_ref();
        if let Some(bundle) = &bundle {
            signatures.add(link, bundle);
        }
    })?;
    if !met {
        let problem =
            "the head that is pinned is none of its events: they were changed, or cut off";
        return Err(Failed::broken(problem));
    }
    let mut said = format!("{}:{}:{}\n", head.chain, head.seq, head.hash);
    if let Some(anchor) = &anchor {
        said.push_str("events up to ");
        said.push_str(&anchor.head.seq.to_string());
        said.push_str(" were pruned\n");
        match (&anchor.envelope, &bundle) {
            (_, None) => {}
            (None, Some(_)) => return Err(Failed::broken("the anchor of pruning is not signed")),
            (Some(envelope), Some(bundle)) => signed::check(envelope, bundle)
                .map_err(|problem| Failed::broken(format!("the anchor of pruning: {problem}")))?,
        }
    }
    if bundle.is_some() {
        said.push_str(&signatures.said()?);
    }
    if torn {
        said.push_str(
            "a last line is not whole: a service was broken off while it wrote; the next start sets it \
             aside\n",
        );
    }
    Ok(said)
}

/// What signatures of checkpoints came to.
#[derive(Debug, Default)]
struct Signatures {
    checkpoints: usize,
    signed: usize,
    problem: Option<String>,
}

impl Signatures {
    fn add(&mut self, link: &Link, bundle: &TrustBundle) {
        if link.event.kind != "checkpoint" {
            return;
        }
        self.checkpoints += 1;
        if link.event.signature.is_empty() {
            return;
        }
        let read = signed::read(link.event.signature.as_bytes());
        match read.and_then(|(_, envelope)| signed::check(&envelope, bundle)) {
            Ok(()) => self.signed += 1,
            Err(problem) => {
                let problem = format!("event {}: {problem}", link.seq);
                self.problem.get_or_insert(problem);
            }
        }
    }

    fn said(self) -> Result<String, Failed> {
        match self.problem {
            Some(problem) => Err(Failed::broken(problem)),
            None if self.signed == 0 => Err(Failed::broken("no checkpoint is signed")),
            None => Ok(format!(
                "{} of {} checkpoints are signed\n",
                self.signed, self.checkpoints
            )),
        }
    }
}

fn bundle(path: &Path) -> Result<TrustBundle, Failed> {
    let said = |problem: String| Failed::unreadable(format!("{}: {problem}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| said(error.to_string()))?;
    TrustBundle::read(&bytes).map_err(|error| said(error.to_string()))
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
    Err(Failed::unreadable(format!(
        "`{text}` is no head, CHAIN:SEQ:HASH"
    )))
}

fn head(command: &AuditHead) -> Result<String, Failed> {
    let answer = client::run(async {
        let channel = client::connect(&command.server).await?;
        let token = client::token(&command.server)?;
        let mut client = AdminServiceClient::with_interceptor(channel, token);
        let answer = client.get_audit_head(v1::GetAuditHeadRequest {}).await;
        Ok(answer.map_err(|status| client::said(&status))?.into_inner())
    });
    let head = answer.map_err(Failed::unreadable)?;
    if !command.signed {
        return Ok(format!("{}:{}:{}\n", head.chain, head.sequence, head.hash));
    }
    if head.envelope.is_empty() {
        return Err(Failed::broken("the service has no key that signs"));
    }
    String::from_utf8(head.envelope.to_vec()).map_err(Failed::unreadable)
}

fn pruned(args: &Args, command: &AuditPrune) -> Result<String, Failed> {
    let path = directory(args)?;
    let keys = args.resolve().and_then(|resolved| resolved.attestation());
    let keys = keys.map_err(|error| Failed::unreadable(format!("{}: {error}", error.reason())))?;
    let before = crate::upkeep::now().saturating_sub(i64::from(command.older_than) * DAY);
    let gone = prune(&path, before, &Signer::new(keys.directory()))?;
    Ok(format!("{gone} files removed\n"))
}
