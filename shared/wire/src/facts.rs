//! The objects of a snapshot: one JSON array a list, since protobuf costs about a microsecond for
//! every object whatever the transport.

use std::collections::BTreeSet;

use opsec_model::Snapshot;
use opsec_proto::v1;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::field::{FieldError, Problem};

/// The group of lists that hold several kinds, and of our own resources.
const OURS: &str = "kubectl-opsec.dev";

macro_rules! lists {
    ($($field:ident: $group:tt / $resource:literal,)+) => {
        /// The lists that hold anything, in the order of the model.
        pub(crate) fn encode_facts(snapshot: &Snapshot) -> Result<Vec<v1::KindFacts>, FieldError> {
            // Exhaustive: a list that is new in the model does not compile until it stands here.
            let Snapshot {
                $($field,)+
                source: _,
                kubernetes_version: _,
                gathered_at: _,
                cluster_uid: _,
                incomplete: _,
                served: _,
                placements: _,
                notices: _,
            } = snapshot;
            let mut facts = Vec::new();
            $(write($group, $resource, $field, &mut facts)?;)+
            Ok(facts)
        }

        fn place(facts: &v1::KindFacts, snapshot: &mut Snapshot) -> Result<(), FieldError> {
            match (facts.group.as_str(), facts.resource.as_str()) {
                $(($group, $resource) => snapshot.$field = read(&facts.objects_json)?,)+
                (group, resource) => {
                    let name = format!("{resource}.{group}");
                    return Err(FieldError::new("resource", Problem::Newer(name)));
                }
            }
            Ok(())
        }
    };
}

lists! {
    namespaces: "" / "namespaces",
    service_accounts: "" / "serviceaccounts",
    secrets: "" / "secrets",
    config_maps: "" / "configmaps",
    nodes: "" / "nodes",
    workloads: OURS / "workloads",
    roles: "rbac.authorization.k8s.io" / "roles",
    cluster_roles: "rbac.authorization.k8s.io" / "clusterroles",
    role_bindings: "rbac.authorization.k8s.io" / "rolebindings",
    cluster_role_bindings: "rbac.authorization.k8s.io" / "clusterrolebindings",
    network_policies: "networking.k8s.io" / "networkpolicies",
    other_network_policies: OURS / "othernetworkpolicies",
    services: "" / "services",
    ingresses: "networking.k8s.io" / "ingresses",
    gateway_routes: OURS / "gatewayroutes",
    endpoint_slices: "discovery.k8s.io" / "endpointslices",
    custom_resource_definitions: "apiextensions.k8s.io" / "customresourcedefinitions",
    api_services: "apiregistration.k8s.io" / "apiservices",
    validating_admission_policies:
        "admissionregistration.k8s.io" / "validatingadmissionpolicies",
    validating_admission_policy_bindings:
        "admissionregistration.k8s.io" / "validatingadmissionpolicybindings",
    mutating_admission_policies: "admissionregistration.k8s.io" / "mutatingadmissionpolicies",
    mutating_admission_policy_bindings:
        "admissionregistration.k8s.io" / "mutatingadmissionpolicybindings",
    validating_webhook_configurations:
        "admissionregistration.k8s.io" / "validatingwebhookconfigurations",
    mutating_webhook_configurations:
        "admissionregistration.k8s.io" / "mutatingwebhookconfigurations",
    operator_groups: "operators.coreos.com" / "operatorgroups",
    operator_rights: OURS / "operatorrights",
    custom_objects: OURS / "customobjects",
    crd_creation_answers: OURS / "crdcreationanswers",
    access_reviews: OURS / "accessreviews",
}

/// Fills the lists of a snapshot.
pub(crate) fn decode_facts(
    facts: Vec<v1::KindFacts>,
    snapshot: &mut Snapshot,
) -> Result<(), FieldError> {
    let mut seen = BTreeSet::new();
    for (index, list) in facts.into_iter().enumerate() {
        let within = |error: FieldError| FieldError {
            field: format!("facts[{index}].{}", error.field),
            ..error
        };
        place(&list, snapshot).map_err(within)?;
        let v1::KindFacts {
            group, resource, ..
        } = list;
        if !seen.insert((group, resource.clone())) {
            let problem = Problem::Malformed(format!("`{resource}` stands twice"));
            return Err(within(FieldError::new("resource", problem)));
        }
    }
    Ok(())
}

fn write<T: Serialize>(
    group: &str,
    resource: &str,
    objects: &[T],
    facts: &mut Vec<v1::KindFacts>,
) -> Result<(), FieldError> {
    if objects.is_empty() {
        return Ok(());
    }
    let json = serde_json::to_vec(objects)
        .map_err(|error| FieldError::new(resource, Problem::Malformed(error.to_string())))?;
    facts.push(v1::KindFacts {
        group: group.to_owned(),
        resource: resource.to_owned(),
        objects_json: json.into(),
    });
    Ok(())
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Result<Vec<T>, FieldError> {
    serde_json::from_slice(json)
        .map_err(|error| FieldError::new("objects_json", Problem::Malformed(error.to_string())))
}
