//! Kubernetes' own objects, reduced to what a verdict may rest on.
//!
//! Each type deserialises from the object's JSON as the API server writes it, ignores every other
//! field, and serialises to the same shape again. No value of a Secret or ConfigMap, no
//! environment and no command line has a field here.

mod admin_network;
mod admission;
mod custom;
mod metadata;
mod network;
mod pod;
mod rbac;
mod resources;
mod selector;
mod workload;

pub use admin_network::*;
pub use admission::*;
pub use custom::*;
pub use metadata::*;
pub use network::*;
pub use pod::*;
pub use rbac::*;
pub use resources::*;
pub use selector::*;
pub use workload::*;

use crate::object_ref::ObjectRef;

/// What every object of the snapshot can say of itself.
pub trait Object {
    /// The object's kind, as in `ClusterRole`.
    fn kind(&self) -> &str;
    /// Its metadata.
    fn metadata(&self) -> &Metadata;
    /// Its name in findings and notices.
    fn object_ref(&self) -> ObjectRef {
        let metadata = self.metadata();
        ObjectRef {
            kind: self.kind().to_owned(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            group: String::new(),
        }
    }
}

macro_rules! object {
    ($($kind:ident),+ $(,)?) => {$(
        impl Object for $kind {
            fn kind(&self) -> &str {
                stringify!($kind)
            }
            fn metadata(&self) -> &Metadata {
                &self.metadata
            }
        }
    )+};
}
object!(
    Namespace,
    ServiceAccount,
    Secret,
    ConfigMap,
    Node,
    Role,
    ClusterRole,
    RoleBinding,
    ClusterRoleBinding,
    NetworkPolicy,
    Service,
    Ingress,
    EndpointSlice,
    CustomResourceDefinition,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingWebhookConfiguration,
    MutatingWebhookConfiguration,
    APIService,
);
