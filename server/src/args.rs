//! The command line. Without a command the service runs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use opsec_controller::ControllerOptions;

use crate::config::{Config as Configuration, ConfigError, Flags, Resolved, resolve};

/// The central service of kubectl-opsec.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = false)]
pub(crate) struct Args {
    /// The configuration, a TOML file.
    #[arg(long, global = true, env = "OPSEC_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The directory of what is stored; before server.data_dir.
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where calls are taken, as in 127.0.0.1:7443; before server.listen.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Run without identity, for development: on loopback alone, and everyone may do everything.
    #[arg(long)]
    dev: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What else it does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Checks what is stored: 0 clean, 1 findings, 2 it could not be checked.
    Fsck(Fsck),
    /// Writes all that is stored, as JSON lines.
    Export(Export),
    /// Reads an export into an empty directory.
    Import(Import),
    /// Validates OperatorRights of a cluster at any time, and writes their status.
    Controller(ControllerOptions),
    /// Asks a service for its health: 0 when it serves.
    Health(Health),
    /// About the record of who did what.
    #[command(subcommand)]
    Audit(Audit),
    /// About keys that sign statements.
    #[command(subcommand)]
    Keys(Keys),
    /// About the configuration.
    #[command(subcommand)]
    Config(Config),
}

/// `audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Follows the chain from its first event: 0 whole, 1 not, 2 it could not be read. It prints the
    /// head, CHAIN:SEQ:HASH.
    Verify(AuditVerify),
    /// Asks a service for its head, to be kept elsewhere.
    Head(AuditHead),
    /// Removes files of old events; an anchor says where the others follow.
    Prune(AuditPrune),
}

/// `audit verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct AuditVerify {
    /// A head that was kept elsewhere, which must be one of the chain: without it nobody sees that its
    /// end was cut off.
    #[arg(long, value_name = "CHAIN:SEQ:HASH")]
    pub(crate) head: Option<String>,
    /// The trust bundle that signatures of checkpoints and of the anchor are verified with.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust_bundle: Option<PathBuf>,
}

/// `audit head`.
#[derive(Debug, clap::Args)]
pub(crate) struct AuditHead {
    /// Print it signed, a DSSE envelope.
    #[arg(long)]
    pub(crate) signed: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `audit prune`.
#[derive(Debug, clap::Args)]
pub(crate) struct AuditPrune {
    /// How old the last event of a file is, in days, for the file to go. The newest file stays.
    #[arg(long, value_name = "DAYS")]
    pub(crate) older_than: u32,
}

/// `keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Makes a key: the first one signs at once, any other is prepared to take over.
    Generate {
        /// How it signs.
        #[arg(long, value_enum, default_value = "ed25519")]
        algorithm: SignedBy,
    },
    /// Lets the key that is prepared take over, and deletes the private half of the one that signed.
    Rotate {
        /// Also while trust bundles without that key may be relied on.
        #[arg(long)]
        early: bool,
    },
    /// Revokes a key: nothing that it signed holds any more, whenever that was.
    Revoke {
        /// Its id, as `keys list` prints it.
        keyid: String,
    },
    /// Prints each key and what it may be used for.
    List,
    /// Writes the trust bundle, with which statements are verified offline.
    Export(KeysExport),
}

/// `keys export`.
#[derive(Debug, clap::Args)]
pub(crate) struct KeysExport {
    /// Where to; standard output when it is absent.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// How a key signs.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum SignedBy {
    /// Ed25519.
    Ed25519,
    /// ECDSA on P-256 with SHA-256.
    #[value(name = "ecdsa-p256-sha256")]
    P256,
}

impl From<SignedBy> for opsec_attest::Algorithm {
    fn from(by: SignedBy) -> Self {
        match by {
            SignedBy::Ed25519 => Self::Ed25519,
            SignedBy::P256 => Self::P256,
        }
    }
}

/// `fsck`.
#[derive(Debug, clap::Args)]
pub(crate) struct Fsck {
    /// Mend what can be mended without a guess.
    #[arg(long)]
    pub(crate) repair: bool,
    /// Go on from what is there, though more was acknowledged.
    #[arg(long)]
    pub(crate) accept_loss: bool,
}

/// `export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// Where to; standard output when it is absent.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The export.
    pub(crate) file: PathBuf,
}

/// `health`.
#[derive(Debug, clap::Args)]
pub(crate) struct Health {
    /// The service whose health is asked for; all of it when it is absent.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) service: String,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// A service that runs, and who calls it.
#[derive(Debug, clap::Args)]
pub(crate) struct Server {
    /// The service, as in `https://opsec.example.org:7443`. `health` without
    /// it asks the one of the configuration.
    #[arg(long = "server", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Certificates in PEM that its certificate is issued by; the system's when it is absent.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) ca: Option<PathBuf>,
    /// A file with a token to call with.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) token_file: Option<PathBuf>,
    /// A client certificate in PEM to call with.
    #[arg(long, value_name = "FILE", requires = "client_key", requires = "url")]
    pub(crate) client_certificate: Option<PathBuf>,
    /// Its key in PEM.
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    pub(crate) client_key: Option<PathBuf>,
}

/// `config`.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Prints every setting with its value, its default and where the value is from.
    Print,
}

impl Args {
    /// Every setting, and where its value is from.
    pub(crate) fn resolve(&self) -> Result<Resolved, ConfigError> {
        let mut values = BTreeMap::new();
        if let Some(listen) = self.listen {
            values.insert("server.listen", listen.to_string());
        }
        if let Some(directory) = &self.data_dir {
            values.insert("server.data_dir", directory.display().to_string());
        }
        let flags = Flags {
            file: self.config.clone(),
            dev: self.dev,
            values,
        };
        resolve(&flags, |name| std::env::var(name).ok())
    }

    /// The configuration to run with.
    pub(crate) fn configuration(&self) -> Result<Configuration, ConfigError> {
        self.resolve()?.config()
    }
}
