//! What a bare API server brings, as data dated with the release: the kinds it serves, the
//! resources that exist only as names in RBAC, and its own roles and bindings.
//!
//! The data under `data/` is what an API server says of itself; nothing here is written by hand
//! but the virtual resources, which no discovery lists.

mod bootstrap;
mod kinds;
mod resource_names;
mod virtual_resources;

pub use bootstrap::{BootstrapPolicy, bootstrap};
pub use kinds::{BuiltInKind, Scope, built_in, find, find_kind};
pub use resource_names::{NamedResource, ResourceNames};
pub use virtual_resources::{VirtualResource, find_virtual, virtual_resources};

/// The Kubernetes release that files are judged as.
pub const RELEASE: &str = "1.36.3";

/// The namespaces that every cluster has.
pub const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The label that the API server puts on every namespace, with the namespace's name.
pub const NAMESPACE_NAME_LABEL: &str = "kubernetes.io/metadata.name";
