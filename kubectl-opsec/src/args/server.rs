//! Which service judges: one that a platform team runs, or the one of this process.

use std::path::PathBuf;

use clap::Args;

/// The central service, and the credential for it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServerArgs {
    /// Ask this service, host:port or a URL, instead of judging in this process
    #[arg(
        long,
        env = "OPSEC_SERVER",
        hide_env_values = true,
        value_name = "ADDRESS",
        global = true
    )]
    pub(crate) server: Option<String>,
    /// Take the service from this context of the configuration file
    #[arg(long, value_name = "NAME", global = true, conflicts_with = "server")]
    pub(crate) server_context: Option<String>,
    /// Certificates that the service's is signed by, PEM [default: those of the system]
    #[arg(
        long,
        env = "OPSEC_SERVER_CA",
        hide_env_values = true,
        value_name = "FILE",
        global = true
    )]
    pub(crate) server_ca: Option<PathBuf>,
    /// Client certificate for the service, PEM
    #[arg(
        long,
        env = "OPSEC_SERVER_CERTIFICATE",
        hide_env_values = true,
        value_name = "FILE",
        global = true
    )]
    pub(crate) server_certificate: Option<PathBuf>,
    /// Key of the client certificate, PEM
    #[arg(
        long,
        env = "OPSEC_SERVER_KEY",
        hide_env_values = true,
        value_name = "FILE",
        global = true
    )]
    pub(crate) server_key: Option<PathBuf>,
    /// File that holds a bearer token for the service
    #[arg(
        long,
        env = "OPSEC_SERVER_TOKEN_FILE",
        hide_env_values = true,
        value_name = "FILE",
        global = true
    )]
    pub(crate) server_token_file: Option<PathBuf>,
    /// Judge in this process, whatever service is configured
    #[arg(long, global = true, conflicts_with_all = ["server_context"])]
    pub(crate) embedded: bool,
    /// The cluster's id, by which baselines are chosen; a service refuses one that is not its own
    #[arg(long, value_name = "ID", global = true)]
    pub(crate) cluster: Option<String>,
}
