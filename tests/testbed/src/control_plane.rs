//! Starting and ending a control plane.

use std::path::{Path, PathBuf};

use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::arguments::{self, Layout};
use crate::assets::Assets;
use crate::error::TestbedError;
use crate::supervised::Supervised;
use crate::{RELEASE, keys, kubeconfig, ports, ready};

/// What the API server writes down of the requests that it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audit {
    /// Nothing.
    #[default]
    None,
    /// Who asked for what, and the answer's status.
    Metadata,
    /// The objects of requests and responses too.
    RequestResponse,
}

/// How a control plane is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The Kubernetes release, as in `1.36.3`.
    pub release: String,
    /// What is audited.
    pub audit: Audit,
    /// Whether kube-controller-manager runs: it fills aggregated ClusterRoles, creates `default`
    /// ServiceAccounts, and empties namespaces that are deleted.
    pub controller_manager: bool,
    /// Further arguments of kube-apiserver.
    pub api_server_arguments: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            release: RELEASE.to_owned(),
            audit: Audit::None,
            controller_manager: true,
            api_server_arguments: Vec::new(),
        }
    }
}

/// A running control plane. It ends when this is dropped, or when this process ends, however that
/// comes about; its files go with it.
pub struct ControlPlane {
    release: String,
    server: String,
    layout: Layout,
    client: Client,
    // In the order in which they end: etcd goes last, and with it the folder.
    _programs: Vec<Supervised>,
}

/// How often a control plane is started where others take its ports.
const STARTS: usize = 5;

impl ControlPlane {
    /// Starts a control plane on free ports of loopback, and waits until it is ready: about three
    /// seconds, or minutes where its programs must be built first.
    ///
    /// # Errors
    /// When the programs are not there and cannot be built, or do not become ready; the message
    /// has the end of their logs.
    pub async fn start(options: Options) -> Result<Self, TestbedError> {
        // A port that was free can be taken before the program that it is for binds it.
        for _ in 1..STARTS {
            match Self::start_once(&options).await {
                Err(TestbedError::Ended { log, .. }) if log.contains("address already in use") => {}
                outcome => return outcome,
            }
        }
        Self::start_once(&options).await
    }

    async fn start_once(options: &Options) -> Result<Self, TestbedError> {
        let assets = Assets::of(&options.release)?;
        let layout = Layout::create()?;
        let [etcd_port, peer_port, port] = ports::free()?;
        let token = uuid::Uuid::new_v4().to_string();
        let server = format!("https://127.0.0.1:{port}");
        prepare(&layout, options, &server, &token)?;

        let etcd = Supervised::start(
            "etcd",
            &assets.program("etcd"),
            &arguments::etcd(&layout, etcd_port, peer_port),
            layout.log("etcd"),
            Some(layout.folder()),
        )?;
        let mut api_server_arguments = arguments::api_server(&layout, options, etcd_port, port);
        api_server_arguments.extend(options.api_server_arguments.iter().cloned());
        let api_server = Supervised::start(
            "kube-apiserver",
            &assets.program("kube-apiserver"),
            &api_server_arguments,
            layout.log("kube-apiserver"),
            None,
        )?;
        let mut programs = vec![api_server, etcd];

        ready::certificate(&layout.certificate(), &mut programs).await?;
        let client = client(&layout.kubeconfig()).await?;
        ready::api_server(&client, &mut programs).await?;
        if options.controller_manager {
            let controller_manager = Supervised::start(
                "kube-controller-manager",
                &assets.program("kube-controller-manager"),
                &arguments::controller_manager(&layout),
                layout.log("kube-controller-manager"),
                None,
            )?;
            programs.insert(0, controller_manager);
            ready::controllers(&client, &mut programs).await?;
        }
        Ok(Self {
            release: options.release.clone(),
            server,
            layout,
            client,
            _programs: programs,
        })
    }

    /// A client with every right (the group `system:masters`).
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The kubeconfig of that client: a file that lasts as long as the control plane.
    pub fn kubeconfig(&self) -> PathBuf {
        self.layout.kubeconfig()
    }

    /// The release.
    pub fn release(&self) -> &str {
        &self.release
    }

    /// The URL of the API server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The audit events so far, in their order; none unless [`Options::audit`] asked for them.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn audit_events(&self) -> Result<Vec<serde_json::Value>, TestbedError> {
        let path = self.layout.audit_log();
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = std::fs::read_to_string(&path).map_err(TestbedError::file("read", &path))?;
        // The last line may be in the middle of being written.
        let events = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        Ok(events.collect())
    }
}

impl std::fmt::Debug for ControlPlane {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ControlPlane")
            .field("release", &self.release)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// Writes the files that the programs are started with.
fn prepare(
    layout: &Layout,
    options: &Options,
    server: &str,
    token: &str,
) -> Result<(), TestbedError> {
    keys::write(
        &layout.service_account_key(),
        &layout.service_account_public_key(),
    )?;
    let tokens = format!("{token},admin,admin,system:masters\n");
    write(&layout.tokens(), &tokens)?;
    let document = kubeconfig::document(server, &layout.certificate(), token);
    write(&layout.kubeconfig(), &document)?;
    if let Some(policy) = arguments::audit_policy(options.audit) {
        write(&layout.audit_policy(), &policy)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), TestbedError> {
    std::fs::write(path, text).map_err(TestbedError::file("write", path))
}

async fn client(path: &Path) -> Result<Client, TestbedError> {
    let config = Kubeconfig::read_from(path)?;
    let config =
        kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}
