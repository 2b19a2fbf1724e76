//! `baseline apply | get | list | delete`.

use std::ffi::OsString;

use clap::{Args, Subcommand, ValueEnum};

use super::help;

/// What to do with baselines.
#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Store a baseline, or a new revision of it
    Apply(ApplyArgs),
    /// Print a baseline
    Get(GetArgs),
    /// List the baselines that are stored
    List(BaselineListArgs),
    /// Delete a baseline
    Delete(DeleteArgs),
}

/// Store a baseline, or a new revision of it
#[derive(Debug, Args)]
#[command(before_help = help::BASELINE_APPLY, help_template = help::TEMPLATE)]
pub(crate) struct ApplyArgs {
    /// The OperatorBaseline document, YAML or JSON; - for standard input
    #[arg(short = 'f', long, value_name = "FILE", required = true)]
    pub(crate) filename: OsString,
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
    /// How to print: table, json or yaml
    #[arg(
        short = 'o',
        long,
        value_enum,
        default_value_t = BaselineListFormat::Table,
        hide_possible_values = true,
        value_name = "FORMAT"
    )]
    pub(crate) output: BaselineListFormat,
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

/// Forms of a list of baselines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BaselineListFormat {
    /// For a reader.
    Table,
    /// For a program.
    Json,
    /// The same as YAML.
    Yaml,
}
