//! `check`.

use std::ffi::OsString;

use clap::{Args, ValueEnum};
use opsec_model::Severity;

use super::files::FileArgs;
use super::help;

/// Judge an operator by the six practices
#[derive(Debug, Args)]
#[command(before_help = help::CHECK, help_template = help::TEMPLATE)]
pub(crate) struct CheckArgs {
    /// The operator: a display name, a workload, a label's value, a namespace or an API group's
    /// first label [default: the only one there is]
    pub(crate) operator: Option<String>,
    /// Judge every operator that is there
    #[arg(long, conflicts_with = "operator", help_heading = "Judge")]
    pub(crate) all: bool,
    /// Judge by this baseline instead of the one that applies
    #[arg(long, value_name = "FILE", help_heading = "Judge")]
    pub(crate) baseline: Option<OsString>,
    /// The least severity that fails: info, low, medium, high or critical [default: the baseline's]
    #[arg(long, value_name = "SEVERITY", value_parser = severity, help_heading = "Judge")]
    pub(crate) fail_on: Option<Severity>,
    /// Judge one half alone: operator (its author's to mend) or cluster (the administrator's)
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "HALF",
        help_heading = "Judge"
    )]
    pub(crate) half: Option<HalfArg>,
    /// Ask the cluster's API server too: whether it denies CRD creation to the operator's
    /// ServiceAccounts (dry runs on their behalf), and whether it grants what findings rest on;
    /// nothing is written
    #[arg(
        long,
        conflicts_with_all = ["filename", "snapshot", "impersonate"],
        help_heading = "Cluster"
    )]
    pub(crate) probe: bool,
    /// Print a ClusterRole that is enough to read a cluster (and to --probe, with it), and judge
    /// nothing
    #[arg(long, conflicts_with_all = ["filename", "snapshot", "operator"], help_heading = "Cluster")]
    pub(crate) print_rbac: bool,
    /// Look again whenever the cluster changes, and print what changed, until Ctrl-C
    #[arg(
        short = 'w',
        long,
        conflicts_with_all = ["filename", "snapshot", "save_snapshot", "probe", "print_rbac", "record"],
        help_heading = "Cluster"
    )]
    pub(crate) watch: bool,
    /// Have the service record what it comes to: it becomes the operator's posture on its cluster
    #[arg(
        long,
        conflicts_with_all = ["filename", "snapshot", "baseline", "half", "fail_on", "embedded"],
        help_heading = "Service"
    )]
    pub(crate) record: bool,
    /// Have the service read this cluster itself, by the id that it is registered under
    #[arg(
        long,
        value_name = "CLUSTER",
        conflicts_with_all = [
            "filename", "snapshot", "save_snapshot", "kubeconfig", "context", "impersonate",
            "secret_metadata", "probe", "print_rbac", "watch", "embedded",
        ],
        help_heading = "Service"
    )]
    pub(crate) collect: Option<String>,
    #[command(flatten)]
    pub(crate) files: FileArgs,
    /// How to print: table, wide (everything), json or yaml
    #[arg(
        short = 'o',
        long,
        value_enum,
        default_value_t = CheckFormat::Table,
        hide_possible_values = true,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub(crate) output: CheckFormat,
}

/// Forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// One line a practice.
    Table,
    /// Everything, for a reader.
    Wide,
    /// Everything, for a program.
    Json,
    /// The same as YAML.
    Yaml,
}

/// The halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HalfArg {
    /// What the installation asks for.
    Operator,
    /// What the cluster has put round it.
    Cluster,
}

fn severity(word: &str) -> Result<Severity, String> {
    word.parse()
}
