//! `list`.

use clap::{Args, ValueEnum};

use super::files::FileArgs;
use super::help;

/// List the operators that files hold, why each is one, and what it consists of
#[derive(Debug, Args)]
#[command(before_help = help::LIST, help_template = help::TEMPLATE)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) files: FileArgs,
    /// How to print: table, json or yaml
    #[arg(
        short = 'o',
        long,
        value_enum,
        default_value_t = ListFormat::Table,
        hide_possible_values = true,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub(crate) output: ListFormat,
}

/// How a list of what a service keeps is printed.
#[derive(Debug, Args)]
pub(crate) struct RowsArgs {
    /// How to print: table, json or yaml
    #[arg(
        short = 'o',
        long = "output",
        value_enum,
        default_value_t = ListFormat::Table,
        hide_possible_values = true,
        value_name = "FORMAT"
    )]
    pub(crate) format: ListFormat,
}

/// Forms of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For a reader.
    Table,
    /// For a program.
    Json,
    /// The same as YAML.
    Yaml,
}
