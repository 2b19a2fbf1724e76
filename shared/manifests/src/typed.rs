//! An object in the model's type for its kind.

use opsec_model::objects as model;
use opsec_model::{OperatorRights, Snapshot};

macro_rules! typed {
    ($($variant:ident($type:ty) => $list:ident),+ $(,)?) => {
        /// An object in the model's type for its kind.
        #[derive(Debug, Clone)]
        pub(crate) enum Typed {
            $(#[doc = stringify!($variant)] $variant(Box<$type>)),+
        }

        impl Typed {
            /// Its metadata.
            pub(crate) fn metadata_mut(&mut self) -> &mut model::Metadata {
                match self {
                    $(Self::$variant(object) => &mut object.metadata),+
                }
            }

            /// Its metadata.
            pub(crate) fn metadata(&self) -> &model::Metadata {
                match self {
                    $(Self::$variant(object) => &object.metadata),+
                }
            }

            /// Puts it into its list.
            pub(crate) fn push_to(self, snapshot: &mut Snapshot) {
                match self {
                    $(Self::$variant(object) => snapshot.$list.push(*object)),+
                }
            }
        }

        /// Moves the objects of a snapshot into another.
        pub(crate) fn append(from: Snapshot, to: &mut Snapshot) {
            $(to.$list.extend(from.$list);)+
        }

        /// Sorts every list by namespace and name.
        pub(crate) fn sort_lists(snapshot: &mut Snapshot) {
            $(snapshot.$list.sort_by(|a, b| {
                let (a, b) = (&a.metadata, &b.metadata);
                a.namespace.cmp(&b.namespace).then_with(|| a.name.cmp(&b.name))
            });)+
        }
    };
}

typed! {
    Namespace(model::Namespace) => namespaces,
    ServiceAccount(model::ServiceAccount) => service_accounts,
    Secret(model::Secret) => secrets,
    ConfigMap(model::ConfigMap) => config_maps,
    Node(model::Node) => nodes,
    Workload(model::Workload) => workloads,
    Role(model::Role) => roles,
    ClusterRole(model::ClusterRole) => cluster_roles,
    RoleBinding(model::RoleBinding) => role_bindings,
    ClusterRoleBinding(model::ClusterRoleBinding) => cluster_role_bindings,
    NetworkPolicy(model::NetworkPolicy) => network_policies,
    OtherNetworkPolicy(model::OtherNetworkPolicy) => other_network_policies,
    Service(model::Service) => services,
    Ingress(model::Ingress) => ingresses,
    GatewayRoute(model::GatewayRoute) => gateway_routes,
    EndpointSlice(model::EndpointSlice) => endpoint_slices,
    CustomResourceDefinition(model::CustomResourceDefinition) => custom_resource_definitions,
    APIService(model::APIService) => api_services,
    ValidatingAdmissionPolicy(model::ValidatingAdmissionPolicy) => validating_admission_policies,
    ValidatingAdmissionPolicyBinding(model::ValidatingAdmissionPolicyBinding)
        => validating_admission_policy_bindings,
    MutatingAdmissionPolicy(model::MutatingAdmissionPolicy) => mutating_admission_policies,
    MutatingAdmissionPolicyBinding(model::MutatingAdmissionPolicyBinding)
        => mutating_admission_policy_bindings,
    ValidatingWebhookConfiguration(model::ValidatingWebhookConfiguration)
        => validating_webhook_configurations,
    MutatingWebhookConfiguration(model::MutatingWebhookConfiguration)
        => mutating_webhook_configurations,
    OperatorGroup(model::OperatorGroup) => operator_groups,
    OperatorRights(OperatorRights) => operator_rights,
    CustomObject(model::CustomObject) => custom_objects,
}
