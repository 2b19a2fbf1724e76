//! What is read: files and how much of them, else a cluster.

use std::ffi::OsString;

use clap::Args;
use opsec_gather::{InstallOptions, Limits};
use opsec_model::InstallMode;

use super::cluster::ClusterArgs;

/// Files and clusters as kubectl takes them.
#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// A file, a directory, or - for standard input; may be repeated [default: the cluster]
    #[arg(short = 'f', long, value_name = "FILE", help_heading = "Input")]
    pub(crate) filename: Vec<OsString>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// How files are read, whichever they are.
#[derive(Debug, Args)]
pub(crate) struct ReadingArgs {
    /// Read the subdirectories of directories too
    #[arg(short = 'R', long, help_heading = "Input")]
    pub(crate) recursive: bool,
    /// Of files: where objects go that name no namespace [default: the one that their bindings
    /// name]; of a cluster: where the operator is looked for
    #[arg(short = 'n', long, value_name = "NAMESPACE", value_parser = namespace, help_heading = "Input")]
    pub(crate) namespace: Option<String>,
    /// Judge as written although the bindings name another namespace than -n
    #[arg(long, requires = "namespace", help_heading = "Input")]
    pub(crate) namespace_as_given: bool,
    /// How OLM installs a ClusterServiceVersion: AllNamespaces, MultiNamespace, SingleNamespace or
    /// OwnNamespace [default: the widest that it supports]
    #[arg(long, value_name = "MODE", help_heading = "Input")]
    pub(crate) install_mode: Option<InstallMode>,
    /// The namespaces that OLM installs it for, where it is for one other or for several
    #[arg(
        long,
        value_name = "NAMESPACES",
        value_delimiter = ',',
        value_parser = target,
        help_heading = "Input"
    )]
    pub(crate) target_namespaces: Vec<String>,
    /// Parse the schemas of CustomResourceDefinitions too; nothing is judged by them, so without this what is no YAML inside of one goes unnoticed
    #[arg(long, help_heading = "Input")]
    pub(crate) strict: bool,
}

/// A namespace that must be named.
fn target(text: &str) -> Result<String, String> {
    match namespace(text)? {
        empty if empty.is_empty() => Err("a namespace is missing between the commas".to_owned()),
        named => Ok(named),
    }
}

/// A namespace's name is a label of DNS; an empty one is none, as for kubectl.
pub(super) fn namespace(text: &str) -> Result<String, String> {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let fits = text.len() <= 63
        && text.chars().all(|letter| plain(letter) || letter == '-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{text}` cannot be a namespace (lowercase letters, digits and `-`, 63 at most)"
        ))
    }
}

/// How much is read.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// Bytes of all input together [default: 256 MiB]
    #[arg(long = "max-bytes", value_name = "BYTES", help_heading = "Limits")]
    bytes: Option<u64>,
    /// Bytes of one file [default: 64 MiB]
    #[arg(long = "max-file-bytes", value_name = "BYTES", help_heading = "Limits")]
    file_bytes: Option<u64>,
    /// Documents of all input together [default: 20000]
    #[arg(long = "max-documents", value_name = "NUMBER", help_heading = "Limits")]
    documents: Option<usize>,
    /// Levels of nesting [default: 200]
    #[arg(long = "max-depth", value_name = "NUMBER", help_heading = "Limits")]
    depth: Option<usize>,
    /// Values of all input together, aliases followed [default: 5000000]
    #[arg(long = "max-nodes", value_name = "NUMBER", help_heading = "Limits")]
    nodes: Option<usize>,
    /// Bytes of memory for the objects of all input, decoded [default: 32 MiB]
    #[arg(long = "max-memory", value_name = "BYTES", help_heading = "Limits")]
    memory: Option<u64>,
}

impl ReadingArgs {
    /// How OLM installs what is read.
    pub(crate) fn install(&self) -> InstallOptions {
        InstallOptions {
            mode: self.install_mode,
            target_namespaces: self.target_namespaces.clone(),
        }
    }
}

impl LimitArgs {
    /// How much is read.
    pub(crate) fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            total_bytes: self.bytes.unwrap_or(default.total_bytes),
            file_bytes: self.file_bytes.unwrap_or(default.file_bytes),
            documents: self.documents.unwrap_or(default.documents),
            depth: self.depth.unwrap_or(default.depth),
            nodes: self.nodes.unwrap_or(default.nodes),
            memory: self.memory.unwrap_or(default.memory),
        }
    }
}
