//! `harden`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::files::{FileArgs, namespace};
use super::help;

/// Who tries changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DryRunArg {
    /// The cluster's API server.
    Server,
}

/// Write what takes an operator from FAIL to PASS
#[derive(Debug, Args)]
#[command(
    before_help = help::HARDEN,
    after_help = help::HARDEN_AFTER,
    help_template = help::TEMPLATE
)]
pub(crate) struct HardenArgs {
    /// The operator: a display name, a workload, a label's value, a namespace or an API group's
    /// first label [default: the only one there is]
    pub(crate) operator: Option<String>,
    /// Answer this rule alone, as in OPSEC306; may be given several times
    #[arg(
        long,
        value_name = "RULE",
        value_delimiter = ',',
        help_heading = "Harden"
    )]
    pub(crate) only: Vec<String>,
    /// A namespace that the operator is meant to work in; may be given several times [default: the
    /// baseline's, or those that are inferred]
    #[arg(
        long,
        value_name = "NAMESPACE",
        value_delimiter = ',',
        value_parser = namespace,
        help_heading = "Harden"
    )]
    pub(crate) intended: Vec<String>,
    /// What must stay for the operator to work: a rule or a right, as in OPSEC314 or
    /// ESC-SECRET-READ, for one account as in ESC-SECRET-READ=shop/cart
    #[arg(
        long,
        value_name = "ID",
        value_delimiter = ',',
        help_heading = "Harden"
    )]
    pub(crate) keep: Vec<String>,
    /// Work towards this baseline instead of the one that applies
    #[arg(long, value_name = "FILE", help_heading = "Harden")]
    pub(crate) baseline: Option<OsString>,
    /// Write a kustomize overlay over a copy of the files into this directory
    #[arg(
        long,
        value_name = "DIR",
        requires = "filename",
        help_heading = "Output"
    )]
    pub(crate) output_dir: Option<PathBuf>,
    /// Have the cluster try each change, and say what it refuses; nothing is written there
    #[arg(
        long,
        value_enum,
        value_name = "WHERE",
        hide_possible_values = true,
        help_heading = "Harden"
    )]
    pub(crate) dry_run: Option<DryRunArg>,
    #[command(flatten)]
    pub(crate) files: FileArgs,
}
