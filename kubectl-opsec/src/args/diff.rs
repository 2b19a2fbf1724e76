//! `diff`.

use std::ffi::OsString;

use clap::Args;

use super::analysis::ViewArgs;
use super::files::{LimitArgs, ReadingArgs};
use super::help;

/// Say what whoever takes an operator gains, and loses, from one version of it to another
#[derive(Debug, Args)]
#[command(
    before_help = help::DIFF,
    after_help = help::DIFF_AFTER,
    help_template = help::TEMPLATE
)]
pub(crate) struct CompareArgs {
    /// The older state: a file, a directory, a saved snapshot, - or baseline:NAME
    pub(crate) old: OsString,
    /// The newer state
    pub(crate) new: OsString,
    /// The operator by any of its names, in both states [default: the only one there is]
    #[arg(long, value_name = "NAME", help_heading = "Comparison")]
    pub(crate) operator: Option<String>,
    /// Judge both by this baseline instead of the one that applies
    #[arg(long, value_name = "FILE", help_heading = "Comparison")]
    pub(crate) baseline: Option<OsString>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) output: ViewArgs,
}
