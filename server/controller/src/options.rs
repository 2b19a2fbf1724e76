//! The command line of `opsec-server controller`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// Validates OperatorRights whenever anything changes that they rest on, and writes their status.
#[derive(Debug, Clone, Args)]
pub struct ControllerOptions {
    /// The kubeconfig of the cluster; the ServiceAccount of its pod when it is absent.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig.
    #[arg(long, value_name = "NAME", requires = "kubeconfig")]
    pub context: Option<String>,
    /// The namespace of the Lease by which one of several replicas writes; the pod's when it is absent.
    #[arg(long, value_name = "NAMESPACE")]
    pub lease_namespace: Option<String>,
    /// The name of that Lease.
    #[arg(long, value_name = "NAME", default_value = "opsec-controller")]
    pub lease_name: String,
    /// How many seconds a replica that is silent is believed to write.
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u16).range(2..=600))]
    pub lease_seconds: u16,
    /// Where health is asked for (grpc.health.v1), on loopback.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7444")]
    pub health: SocketAddr,
}
