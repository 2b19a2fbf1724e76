//! `fleet`.

use clap::{Args, ValueEnum};
use opsec_model::Status;

use super::help;

/// List what operators came to when they were last recorded, over clusters
#[derive(Debug, Args)]
#[command(
    before_help = help::FLEET,
    after_help = help::FLEET_AFTER,
    help_template = help::TEMPLATE
)]
pub(crate) struct FleetArgs {
    // It stands before the option of that name that every command has: here it chooses what is listed.
    /// On this cluster, by id; * at its end leaves the rest open
    #[arg(long, value_name = "ID", help_heading = "Filter")]
    pub(crate) cluster: Option<String>,
    /// This operator, by name or as NAMESPACE~NAME; * at its end leaves the rest open
    #[arg(long, value_name = "OPERATOR", help_heading = "Filter")]
    pub(crate) operator: Option<String>,
    /// Of this status: PASS, FAIL, UNKNOWN or NOT_APPLICABLE; several with commas
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        value_delimiter = ',',
        hide_possible_values = true,
        value_name = "STATUS",
        help_heading = "Filter"
    )]
    pub(crate) status: Vec<StatusArg>,
    /// Let --status be that of this practice, 1 to 6, instead of the whole
    #[arg(
        long,
        requires = "status",
        value_parser = clap::value_parser!(u8).range(1..=6),
        value_name = "NUMBER",
        help_heading = "Filter"
    )]
    pub(crate) practice: Option<u8>,
    /// Go on, and print what changes, until Ctrl-C
    #[arg(short = 'w', long, help_heading = "Output")]
    pub(crate) watch: bool,
    /// How to print: table, wide (everything), json, yaml or name
    #[arg(
        short = 'o',
        long,
        value_enum,
        default_value_t = FleetFormat::Table,
        hide_possible_values = true,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub(crate) output: FleetFormat,
}

/// Forms of a list of postures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FleetFormat {
    /// One line an operator, as the terminal has room.
    Table,
    /// The same with everything.
    Wide,
    /// For a program.
    Json,
    /// The same as YAML.
    Yaml,
    /// Names alone, one a line.
    Name,
}

/// The statuses, as they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusArg {
    #[value(name = "PASS")]
    Pass,
    #[value(name = "FAIL")]
    Fail,
    #[value(name = "UNKNOWN")]
    Unknown,
    #[value(name = "NOT_APPLICABLE")]
    NotApplicable,
}

impl From<StatusArg> for Status {
    fn from(status: StatusArg) -> Self {
        match status {
            StatusArg::Pass => Self::Pass,
            StatusArg::Fail => Self::Fail,
            StatusArg::Unknown => Self::Unknown,
            StatusArg::NotApplicable => Self::NotApplicable,
        }
    }
}
