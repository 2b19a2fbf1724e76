//! Which API server, and as whom: kubeconfig as kubectl reads it, or the pod's own ServiceAccount.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};

use super::error::ClusterError;
use super::retry::Refusal;

/// kubectl's own flags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionOptions {
    /// `--kubeconfig`; absent is `$KUBECONFIG`, else `~/.kube/config`, else the pod's own account.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// `--as`.
    pub impersonate: Option<String>,
    /// `--as-group`.
    pub impersonate_groups: Vec<String>,
}

/// A connection to an API server.
#[derive(Clone)]
pub struct Connection {
    pub(super) client: Client,
    /// What was last waited for: a deadline that passes says so.
    trouble: Arc<Mutex<Option<String>>>,
    /// The API server's URL.
    pub server: String,
    /// The context's name; absent in a pod.
    pub context: Option<String>,
    /// The name of the cluster in the kubeconfig; absent in a pod.
    pub cluster: Option<String>,
    /// The context's namespace.
    pub namespace: String,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("server", &self.server)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Resolves the options; no request is made yet.
    ///
    /// # Errors
    /// When there is no configuration, or it is wrong.
    pub async fn open(options: &ConnectionOptions) -> Result<Self, ClusterError> {
        let (mut config, context, cluster) = match kubeconfig(options)? {
            Some(kubeconfig) => from_kubeconfig(kubeconfig, options).await?,
            None => (
                kube::Config::incluster().map_err(|_| ClusterError::NoConfig)?,
                None,
                None,
            ),
        };
        config
            .auth_info
            .impersonate
            .clone_from(&options.impersonate);
        if !options.impersonate_groups.is_empty() {
            config.auth_info.impersonate_groups = Some(options.impersonate_groups.clone());
        }
        // A server that is not there is known soon; what a request may take is its own limit.
        config.connect_timeout = Some(Duration::from_secs(10));
        // Retries are ours: they tell what they wait for.
        config.default_retry = false;
        Self::with(config, context, cluster)
    }

    fn with(
        config: kube::Config,
        context: Option<String>,
        cluster: Option<String>,
    ) -> Result<Self, ClusterError> {
        let server = config
            .cluster_url
            .to_string()
            .trim_end_matches('/')
            .to_owned();
        let namespace = config.default_namespace.clone();
        let client = Client::try_from(config).map_err(|error| ClusterError::Config {
            message: super::error::words(&error),
        })?;
        Ok(Self {
            client,
            trouble: Arc::default(),
            server,
            context,
            cluster,
            namespace,
        })
    }
}

impl Connection {
    /// To the API server of a configuration that somebody else made.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn of(mut config: kube::Config) -> Result<Self, ClusterError> {
        config.connect_timeout = Some(Duration::from_secs(10));
        config.default_retry = false;
        Self::with(config, None, None)
    }

    /// A client of the same API server, for who writes to it.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Remembers why something is asked again.
    pub(super) fn note_trouble(&self, refusal: &Refusal) {
        let said = match refusal {
            Refusal::Unable(message)
            | Refusal::Other(message)
            | Refusal::Fatal(ClusterError::Unreachable { message, .. }) => message.clone(),
            _ => return,
        };
        if let Ok(mut trouble) = self.trouble.lock() {
            *trouble = Some(said);
        }
    }

    /// Why something was last asked again.
    pub(super) fn last_trouble(&self) -> Option<String> {
        self.trouble.lock().ok()?.clone()
    }
}

/// The kubeconfig that is asked for; none in a pod.
fn kubeconfig(options: &ConnectionOptions) -> Result<Option<Kubeconfig>, ClusterError> {
    let wrong = |error: kube::config::KubeconfigError| ClusterError::Config {
        message: super::error::words(&error),
    };
    if let Some(path) = &options.kubeconfig {
        return Kubeconfig::read_from(path).map(Some).map_err(wrong);
    }
    if let Some(paths) = std::env::var_os("KUBECONFIG").filter(|paths| !paths.is_empty()) {
        // Files that are not there are passed over, as by kubectl.
        let mut merged: Option<Kubeconfig> = None;
        for path in std::env::split_paths(&paths).filter(|path| path.is_file()) {
            let next = Kubeconfig::read_from(path).map_err(wrong)?;
            merged = Some(match merged {
                Some(earlier) => earlier.merge(next).map_err(wrong)?,
                None => next,
            });
        }
        return match merged {
            None if options.context.is_some() => Err(ClusterError::NoConfig),
            merged => Ok(merged),
        };
    }
    let default = std::env::home_dir().map(|home| home.join(".kube").join("config"));
    match default.filter(|path| path.is_file()) {
        Some(path) => Kubeconfig::read_from(path).map(Some).map_err(wrong),
        None if options.context.is_some() => Err(ClusterError::NoConfig),
        None => Ok(None),
    }
}

type Resolved = (kube::Config, Option<String>, Option<String>);

async fn from_kubeconfig(
    kubeconfig: Kubeconfig,
    options: &ConnectionOptions,
) -> Result<Resolved, ClusterError> {
    let name = options
        .context
        .clone()
        .or_else(|| kubeconfig.current_context.clone())
        .filter(|name| !name.is_empty());
    let Some(name) = name else {
        return Err(ClusterError::NoContext {
            contexts: names(&kubeconfig),
        });
    };
    let Some(context) = kubeconfig
        .contexts
        .iter()
        .find(|context| context.name == name)
    else {
        return Err(ClusterError::UnknownContext {
            context: name,
            contexts: names(&kubeconfig),
        });
    };
    let cluster = context
        .context
        .as_ref()
        .map(|context| context.cluster.clone());
    let choice = KubeConfigOptions {
        context: Some(name.clone()),
        ..KubeConfigOptions::default()
    };
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &choice)
        .await
        .map_err(|error| ClusterError::Config {
            message: format!("context `{name}`: {}", super::error::words(&error)),
        })?;
    Ok((config, Some(name), cluster))
}

fn names(kubeconfig: &Kubeconfig) -> Vec<String> {
    let contexts = kubeconfig.contexts.iter();
    contexts.map(|context| context.name.clone()).collect()
}
