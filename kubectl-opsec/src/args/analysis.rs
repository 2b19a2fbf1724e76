//! `rights`, `can-i`, `reach` and `path`.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::files::{FileArgs, namespace};
use super::help;
use super::rights::RightsCommand;

/// List what an operator's ServiceAccounts may do
#[derive(Debug, Args)]
#[command(
    before_help = help::RIGHTS,
    help_template = help::TEMPLATE,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub(crate) struct RightsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<RightsCommand>,
    /// The operator: a display name, a workload, a label's value, a namespace or an API group's
    /// first label [default: the only one there is]
    pub(crate) operator: Option<String>,
    #[command(flatten)]
    pub(crate) files: FileArgs,
    #[command(flatten)]
    pub(crate) output: ViewArgs,
}

/// Ask whether an operator may do something, as `kubectl auth can-i` does
#[derive(Debug, Args)]
#[command(
    before_help = help::CAN_I,
    after_help = help::CAN_I_AFTER,
    help_template = help::TEMPLATE,
    // -n is the question's, as for kubectl auth can-i.
    mut_arg("namespace", |placement| placement.short(None).long("input-namespace")),
    mut_arg("namespace_as_given", |given| given.help(
        "Judge as written although the bindings name another namespace than --input-namespace"
    ))
)]
pub(crate) struct CanIArgs {
    /// The operator: a display name, a workload, a label's value, a namespace or an API group's
    /// first label; with --batch only for lines that name no account
    #[arg(required_unless_present = "batch")]
    pub(crate) operator: Option<String>,
    /// The verb: get, list, watch, create, update, patch, delete, bind, …
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub(crate) verb: Option<String>,
    /// A kind by plural, singular, kind or short name, with its group as in deployments.apps and a
    /// subresource as in pods/exec; or a path that begins with /
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub(crate) resource: Option<String>,
    /// The object's name [default: any]
    pub(crate) name: Option<String>,
    /// The subresource; RESOURCE is then KIND or KIND/NAME, as for kubectl
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "batch",
        help_heading = "Question"
    )]
    pub(crate) subresource: Option<String>,
    /// The namespace that is asked about [default: the account's own, as for kubectl in its pod]
    #[arg(
        short = 'n',
        long = "namespace",
        id = "asked_namespace",
        value_name = "NAMESPACE",
        value_parser = namespace,
        conflicts_with_all = ["batch", "all_namespaces"],
        help_heading = "Question"
    )]
    pub(crate) asked_namespace: Option<String>,
    /// Ask about all namespaces
    #[arg(short = 'A', long, conflicts_with = "batch", help_heading = "Question")]
    pub(crate) all_namespaces: bool,
    /// Only the ServiceAccounts of components of this name
    #[arg(long, value_name = "NAME", help_heading = "Question")]
    pub(crate) component: Option<String>,
    /// Answer many questions, a JSON object a line, in order; - for standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "format",
        help_heading = "Question"
    )]
    pub(crate) batch: Option<OsString>,
    #[command(flatten)]
    pub(crate) files: FileArgs,
    #[command(flatten)]
    pub(crate) output: AnswerArgs,
}

/// List who may connect to whom under the NetworkPolicies
#[derive(Debug, Args)]
#[command(before_help = help::REACH, help_template = help::TEMPLATE)]
pub(crate) struct ReachArgs {
    /// Only connections from or to this operator's components [default: all connections]
    pub(crate) operator: Option<String>,
    #[command(flatten)]
    pub(crate) files: FileArgs,
    #[command(flatten)]
    pub(crate) output: ViewArgs,
}

/// Find the escalation chains that begin in an operator's pods
#[derive(Debug, Args)]
#[command(before_help = help::PATH, help_template = help::TEMPLATE)]
pub(crate) struct PathArgs {
    /// The operator: a display name, a workload, a label's value, a namespace or an API group's
    /// first label [default: the only one there is]
    pub(crate) operator: Option<String>,
    #[command(flatten)]
    pub(crate) files: FileArgs,
    #[command(flatten)]
    pub(crate) output: ViewArgs,
}

/// How a list is printed.
#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    /// How to print: table, wide (everything), json or yaml
    #[arg(
        short = 'o',
        long = "output",
        value_enum,
        default_value_t = ViewFormat::Table,
        hide_possible_values = true,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub(crate) format: ViewFormat,
}

/// How an answer is printed.
#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    /// How to print: text, json or yaml
    #[arg(
        short = 'o',
        long = "output",
        value_enum,
        default_value_t = AnswerFormat::Text,
        hide_possible_values = true,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub(crate) format: AnswerFormat,
}

/// Forms of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ViewFormat {
    /// For a reader, in short.
    Table,
    /// Everything, for a reader.
    Wide,
    /// Everything, for a program.
    Json,
    /// The same as YAML.
    Yaml,
}

/// Forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// For a reader.
    Text,
    /// For a program.
    Json,
    /// The same as YAML.
    Yaml,
}
