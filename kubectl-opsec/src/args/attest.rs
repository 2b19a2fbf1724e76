//! `attest`, `attestations` and `verify`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::analysis::AnswerArgs;
use super::cluster::time;
use super::files::FileArgs;
use super::help;
use super::list::RowsArgs;

/// Verify a statement offline, by a trust bundle
#[derive(Debug, Args)]
#[command(
    before_help = help::VERIFY,
    after_help = help::VERIFY_AFTER,
    help_template = help::TEMPLATE
)]
pub(crate) struct VerifyArgs {
    /// The statement, a DSSE envelope; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: OsString,
    /// The keys that are trusted, as `opsec-server keys export` writes them
    #[arg(long, value_name = "FILE")]
    pub(crate) trust_bundle: OsString,
    /// The cluster that it must be about, by the UID of its namespace kube-system
    #[arg(
        long,
        value_name = "UID",
        required_unless_present = "any_target",
        requires = "operator",
        help_heading = "Target"
    )]
    pub(crate) cluster_uid: Option<String>,
    /// The operator that it must be about, NAMESPACE~NAME or NAME
    #[arg(
        long,
        value_name = "OPERATOR",
        required_unless_present = "any_target",
        requires = "cluster_uid",
        help_heading = "Target"
    )]
    pub(crate) operator: Option<String>,
    /// Whatever it is about, which is printed: a verdict about another cluster says nothing of yours
    #[arg(long, conflicts_with_all = ["cluster_uid", "operator"], help_heading = "Target")]
    pub(crate) any_target: bool,
    /// An image that must be among those it is about, sha256:…
    #[arg(long, value_name = "DIGEST", value_parser = digest, help_heading = "Target")]
    pub(crate) image: Option<String>,
    /// How old its facts may be, as in 30m or 24h
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Demands")]
    pub(crate) max_age: Option<Duration>,
    /// Practices that must each be there and PASS, as in 1,3
    #[arg(
        long,
        value_name = "NUMBERS",
        value_delimiter = ',',
        value_parser = clap::value_parser!(u8).range(1..=6),
        help_heading = "Demands"
    )]
    pub(crate) require_practices: Vec<u8>,
    /// NOT_APPLICABLE does for --require-practices
    #[arg(long, requires = "require_practices", help_heading = "Demands")]
    pub(crate) allow_not_applicable: bool,
    /// Who must have read the cluster: client-asserted (anyone) or server-collected (the service)
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        default_value_t = CollectionArg::ClientAsserted,
        value_name = "MODE",
        help_heading = "Demands"
    )]
    pub(crate) minimum_collection: CollectionArg,
    /// Rely on a trust bundle past its end
    #[arg(long, help_heading = "Trust")]
    pub(crate) allow_stale_bundle: bool,
    /// The least sequence of the trust bundle: one that was seen before
    #[arg(long, value_name = "NUMBER", help_heading = "Trust")]
    pub(crate) min_sequence: Option<i64>,
    #[command(flatten)]
    pub(crate) output: AnswerArgs,
}
/// Have the service judge an operator of a cluster, and sign what it comes to
#[derive(Debug, Args)]
#[command(
    before_help = help::ATTEST,
    after_help = help::ATTEST_AFTER,
    help_template = help::TEMPLATE,
    // Only what the service judges of a live cluster is signed.
    mut_arg("filename", |files| files.hide(true)),
    mut_arg("recursive", |files| files.hide(true)),
    mut_arg("namespace_as_given", |files| files.hide(true)),
    mut_arg("install_mode", |files| files.hide(true)),
    mut_arg("target_namespaces", |files| files.hide(true)),
    mut_arg("strict", |files| files.hide(true)),
    mut_arg("snapshot", |files| files.hide(true))
)]
pub(crate) struct AttestArgs {
    /// The operator: a display name, a workload, a label's value, a namespace or an API group's
    /// first label [default: the only one there is]
    pub(crate) operator: Option<String>,
    /// Where the statement goes, and beside it, as FILE.target.json, what it is about [default:
    /// standard output]
    #[arg(
        short = 'o',
        long = "output",
        value_name = "FILE",
        help_heading = "Output"
    )]
    pub(crate) output: Option<PathBuf>,
    /// Sign that the operator failed, too
    #[arg(long, help_heading = "Attest")]
    pub(crate) allow_failed: bool,
    /// Refuse when another baseline applies than the one of this digest
    #[arg(long, value_name = "DIGEST", help_heading = "Attest")]
    pub(crate) effective_digest: Option<String>,
    /// Have the service read this cluster itself, by the id that it is registered under
    #[arg(
        long,
        value_name = "CLUSTER",
        conflicts_with_all = [
            "filename", "snapshot", "save_snapshot", "kubeconfig", "context", "impersonate",
            "secret_metadata",
        ],
        help_heading = "Service"
    )]
    pub(crate) collect: Option<String>,
    /// Have what this check found signed, as `check --record` names it, and read nothing
    #[arg(
        long,
        value_name = "CHECK",
        conflicts_with_all = [
            "filename", "snapshot", "save_snapshot", "kubeconfig", "context", "impersonate",
            "secret_metadata", "collect",
        ],
        help_heading = "Service"
    )]
    pub(crate) check: Option<String>,
    #[command(flatten)]
    pub(crate) files: FileArgs,
}

/// What to do with statements that a service made.
#[derive(Debug, Subcommand)]
pub(crate) enum AttestationsCommand {
    /// List statements, the oldest first
    List(AttestationListArgs),
    /// Print a statement
    Get(AttestationArgs),
    /// Revoke a statement: trust bundles name it from now on
    Revoke(RevokeArgs),
}

/// List statements, the oldest first
#[derive(Debug, Args)]
#[command(before_help = help::ATTESTATIONS_LIST, help_template = help::TEMPLATE)]
pub(crate) struct AttestationListArgs {
    /// Only of this operator, NAMESPACE~NAME or NAME
    #[arg(long, value_name = "OPERATOR")]
    pub(crate) operator: Option<String>,
    /// Only of the cluster of this id
    #[arg(long, value_name = "ID")]
    pub(crate) on: Option<String>,
    #[command(flatten)]
    pub(crate) output: RowsArgs,
}

/// Print a statement
#[derive(Debug, Args)]
#[command(before_help = help::ATTESTATIONS_GET, help_template = help::TEMPLATE)]
pub(crate) struct AttestationArgs {
    /// Its id
    pub(crate) id: String,
    /// Where it goes, and beside it, as FILE.target.json, what it is about [default: standard
    /// output]
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Revoke a statement: trust bundles name it from now on
#[derive(Debug, Args)]
#[command(before_help = help::ATTESTATIONS_REVOKE, help_template = help::TEMPLATE)]
pub(crate) struct RevokeArgs {
    /// Its id
    pub(crate) id: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

/// Who read the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CollectionArg {
    /// Whoever asked.
    ClientAsserted,
    /// The service.
    ServerCollected,
}

fn digest(text: &str) -> Result<String, String> {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if hex.len() == 64 && hex.bytes().all(is_hex) {
        Ok(text.to_owned())
    } else {
        Err("it is not sha256: and 64 digits of lower-case hex".to_owned())
    }
}
