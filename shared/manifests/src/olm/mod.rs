//! ClusterServiceVersions into the objects that OLM (v0) would create of them: the Deployments,
//! ServiceAccounts, Roles and bindings of `spec.install`, webhooks, APIServices, and what OLM adds
//! of its own.
//!
//! OLM's names end in hashes; here they are the version's and the account's, so that they are the
//! same every time. Left out is what grants an operator nothing and opens no pod: the
//! `…-admin`, `…-edit` and `…-view` ClusterRoles for users of its kinds, the copies of the version
//! in target namespaces, the certificates' volumes and `OPERATOR_CONDITION_NAME` in its pods. In
//! mode AllNamespaces the Roles that OLM lifts to ClusterRoles stand as those alone.
//!
//! <https://olm.operatorframework.io/docs/concepts/crds/clusterserviceversion/>

mod bundle;
mod expand;
mod fields;
mod install;
mod made;
mod rbac;
mod served;
mod version;
mod webhooks;
mod workloads;

use opsec_model::{InstallMode, Kind, Notice, OlmInstallation};

use std::collections::BTreeMap;

pub(crate) use bundle::Bundles;
pub(crate) use expand::expand;

/// How OLM is to install ClusterServiceVersions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstallOptions {
    /// The mode; absent is the widest that each version supports.
    pub mode: Option<InstallMode>,
    /// The namespaces that they are installed for, in the modes SingleNamespace and
    /// MultiNamespace.
    pub target_namespaces: Vec<String>,
}

impl InstallOptions {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What expanding came to, beside the objects.
#[derive(Debug, Default)]
pub(crate) struct Expanded {
    /// What was installed.
    pub installations: Vec<OlmInstallation>,
    /// Where the objects of a file go that name no namespace, by input.
    pub namespaces: BTreeMap<usize, String>,
    /// Kinds that are served where OLM has installed it.
    pub served: Vec<Kind>,
    /// What is to be known.
    pub notices: Vec<Notice>,
}
