//! `cluster register | list | delete`.

use clap::{Args, Subcommand};

use super::help;
use super::list::RowsArgs;

/// What to do with the clusters that a service knows.
#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// Register a cluster, by the UID of its kube-system namespace
    Register(RegisterArgs),
    /// List the clusters that are registered
    List(ClusterListArgs),
    /// Forget a cluster
    Delete(ForgetArgs),
}

/// Register a cluster, by the UID of its kube-system namespace
#[derive(Debug, Args)]
#[command(before_help = help::CLUSTER_REGISTER, help_template = help::TEMPLATE)]
pub(crate) struct RegisterArgs {
    /// Its id: lower-case letters, digits and -
    pub(crate) id: String,
    /// UID of its kube-system namespace: kubectl get namespace kube-system -o jsonpath={.metadata.uid}
    #[arg(long, value_name = "UID")]
    pub(crate) uid: String,
    /// A label, key=value; may be repeated
    #[arg(short = 'l', long = "label", value_name = "LABEL", value_parser = label)]
    pub(crate) labels: Vec<(String, String)>,
}

/// List the clusters that are registered
#[derive(Debug, Args)]
#[command(before_help = help::CLUSTER_LIST, help_template = help::TEMPLATE)]
pub(crate) struct ClusterListArgs {
    #[command(flatten)]
    pub(crate) output: RowsArgs,
}

/// Forget a cluster
#[derive(Debug, Args)]
#[command(before_help = help::CLUSTER_DELETE, help_template = help::TEMPLATE)]
pub(crate) struct ForgetArgs {
    /// Its id
    pub(crate) id: String,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is not key=value"))?;
    Ok((key.to_owned(), value.to_owned()))
}
