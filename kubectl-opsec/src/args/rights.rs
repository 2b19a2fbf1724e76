//! `rights declare` and `rights validate`.

use clap::{Args, Subcommand};

use super::analysis::AnswerArgs;
use super::baseline::DocumentFormat;
use super::files::{FileArgs, namespace};
use super::help;

/// What else to do with rights.
#[derive(Debug, Subcommand)]
pub(crate) enum RightsCommand {
    /// Write what an operator holds as an OperatorRights, which declares it
    Declare(DeclareArgs),
    /// Say whether rights stay within what OperatorRights declare
    Validate(ValidateArgs),
}

/// Write what an operator holds as an OperatorRights, which declares it
#[derive(Debug, Args)]
#[command(before_help = help::RIGHTS_DECLARE, help_template = help::TEMPLATE)]
pub(crate) struct DeclareArgs {
    /// The operator: a display name, a workload, a label's value, a namespace or an API group's
    /// first label [default: the only one there is]
    pub(crate) operator: Option<String>,
    /// A namespace that the operator is meant to work in; may be given several times
    /// [default: those that are inferred]
    #[arg(
        long,
        value_name = "NAMESPACE",
        value_delimiter = ',',
        value_parser = namespace,
        help_heading = "Declaration"
    )]
    pub(crate) intended: Vec<String>,
    /// Declare in the mode Enforce rather than Audit
    #[arg(long, help_heading = "Declaration")]
    pub(crate) enforce: bool,
    /// Write the section of a baseline that grants the same instead
    #[arg(long, conflicts_with = "enforce", help_heading = "Declaration")]
    pub(crate) baseline_section: bool,
    #[command(flatten)]
    pub(crate) files: FileArgs,
    /// How to print: yaml or json
    #[arg(
        short = 'o',
        long,
        value_enum,
        default_value_t = DocumentFormat::Yaml,
        hide_possible_values = true,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub(crate) output: DocumentFormat,
}

/// Say whether rights stay within what OperatorRights declare
#[derive(Debug, Args)]
#[command(
    before_help = help::RIGHTS_VALIDATE,
    after_help = help::RIGHTS_VALIDATE_AFTER,
    help_template = help::TEMPLATE
)]
pub(crate) struct ValidateArgs {
    /// The operator whose declarations are meant [default: every declaration there is]
    pub(crate) operator: Option<String>,
    /// Look again whenever the cluster changes, and print what changed, until Ctrl-C
    #[arg(
        short = 'w',
        long,
        conflicts_with_all = ["filename", "snapshot", "save_snapshot"],
        help_heading = "Cluster"
    )]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) files: FileArgs,
    #[command(flatten)]
    pub(crate) output: AnswerArgs,
}
