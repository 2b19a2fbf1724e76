//! `baseline apply | get | list | history | diff | rollback | delete | resolve | approve | reject`.

use std::ffi::OsString;

use clap::{Args, Subcommand, ValueEnum};

use super::analysis::AnswerArgs;
use super::files::{FileArgs, namespace};
use super::help;
use super::list::RowsArgs;

/// What to do with baselines.
#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Store a baseline, or a new revision of it
    Apply(ApplyArgs),
    /// Draft a baseline from what an operator is today
    Capture(Box<CaptureArgs>),
    /// Print a baseline
    Get(GetArgs),
    /// List the baselines that are stored
    List(BaselineListArgs),
    /// List the revisions of a baseline: who wrote which, and when
    History(HistoryArgs),
    /// Print what two revisions of a baseline differ in
    Diff(DiffArgs),
    /// Make an older revision apply again
    Rollback(RollbackArgs),
    /// Delete a baseline
    Delete(DeleteArgs),
    /// Print which baseline applies to an operator, and why
    Resolve(ResolveArgs),
    /// Approve a change that was proposed
    Approve(DecideArgs),
    /// Reject a change that was proposed, or withdraw one's own
    Reject(DecideArgs),
}

/// Store a baseline, or a new revision of it
#[derive(Debug, Args)]
#[command(before_help = help::BASELINE_APPLY, help_template = help::TEMPLATE)]
pub(crate) struct ApplyArgs {
    /// The OperatorBaseline document, YAML or JSON; - for standard input
    #[arg(short = 'f', long, value_name = "FILE", required = true)]
    pub(crate) filename: OsString,
    /// Do not ask, whatever would newly fail
    #[arg(short = 'y', long)]
    pub(crate) yes: bool,
}

/// Draft a baseline from what an operator is today
#[derive(Debug, Args)]
#[command(
    before_help = help::BASELINE_CAPTURE,
    after_help = help::BASELINE_CAPTURE_AFTER,
    help_template = help::TEMPLATE
)]
pub(crate) struct CaptureArgs {
    /// The operator: a display name, a workload, a label's value, a namespace or an API group's
    /// first label [default: the only one there is]
    pub(crate) operator: Option<String>,
    /// A namespace that the operator is meant to work in; may be given several times
    /// [default: those that are inferred]
    #[arg(long, value_name = "NAMESPACE", value_delimiter = ',', value_parser = namespace)]
    pub(crate) intended: Vec<String>,
    #[command(flatten)]
    pub(crate) files: FileArgs,
    /// How to print: yaml or json
    #[arg(
        short = 'o',
        long,
        value_enum,
        default_value_t = DocumentFormat::Yaml,
        hide_possible_values = true,
        value_name = "FORMAT"
    )]
    pub(crate) output: DocumentFormat,
}

/// List the revisions of a baseline: who wrote which, and when
#[derive(Debug, Args)]
#[command(before_help = help::BASELINE_HISTORY, help_template = help::TEMPLATE)]
pub(crate) struct HistoryArgs {
    /// Its name
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) output: RowsArgs,
}

/// Print what two revisions of a baseline differ in
#[derive(Debug, Args)]
#[command(before_help = help::BASELINE_DIFF, help_template = help::TEMPLATE)]
pub(crate) struct DiffArgs {
    /// Its name
    pub(crate) name: String,
    /// The older revision [default: the one before the newer]
    #[arg(long, value_name = "REVISION", value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) from: Option<i64>,
    /// The newer revision [default: the newest]
    #[arg(long, value_name = "REVISION", value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) to: Option<i64>,
}

/// Make an older revision apply again
#[derive(Debug, Args)]
#[command(before_help = help::BASELINE_ROLLBACK, help_template = help::TEMPLATE)]
pub(crate) struct RollbackArgs {
    /// Its name
    pub(crate) name: String,
    /// The revision whose content is to apply
    #[arg(long, value_name = "REVISION", value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) to: i64,
}

/// Print which baseline applies to an operator, and why
#[derive(Debug, Args)]
#[command(before_help = help::BASELINE_RESOLVE, help_template = help::TEMPLATE)]
pub(crate) struct ResolveArgs {
    /// The operator: its name, or its id NAMESPACE~NAME
    pub(crate) operator: String,
    /// A namespace that its components run in; may be repeated
    #[arg(short = 'n', long = "namespace", value_name = "NAMESPACE")]
    pub(crate) namespaces: Vec<String>,
    /// How to print: text, json or yaml
    #[command(flatten)]
    pub(crate) output: AnswerArgs,
}

/// Decide about a change that was proposed
#[derive(Debug, Args)]
#[command(before_help = help::BASELINE_DECIDE, help_template = help::TEMPLATE)]
pub(crate) struct DecideArgs {
    /// The baseline's name
    pub(crate) name: String,
    /// The proposal [default: the one that there is]
    #[arg(long, value_name = "REVISION", value_parser = clap::value_parser!(i64).range(1..))]
    pub(crate) revision: Option<i64>,
}

/// Print a baseline
#[derive(Debug, Args)]
#[command(before_help = help::BASELINE_GET, help_template = help::TEMPLATE)]
pub(crate) struct GetArgs {
    /// Its name
    pub(crate) name: String,
    /// How to print: yaml or json
    #[arg(
        short = 'o',
        long,
        value_enum,
        default_value_t = DocumentFormat::Yaml,
        hide_possible_values = true,
        value_name = "FORMAT"
    )]
    pub(crate) output: DocumentFormat,
}

/// List the baselines that are stored
#[derive(Debug, Args)]
#[command(before_help = help::BASELINE_LIST, help_template = help::TEMPLATE)]
pub(crate) struct BaselineListArgs {
    #[command(flatten)]
    pub(crate) output: RowsArgs,
}

/// Delete a baseline
#[derive(Debug, Args)]
#[command(before_help = help::BASELINE_DELETE, help_template = help::TEMPLATE)]
pub(crate) struct DeleteArgs {
    /// Its name
    pub(crate) name: String,
}

/// Forms of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentFormat {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}
