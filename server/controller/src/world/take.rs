//! Taking objects in: what is kept of each, and what its change touches.

use opsec_model::Snapshot;
use opsec_model::objects::{
    ClusterRole, ClusterRoleBinding, CustomResourceDefinition, Metadata, Namespace, PodSpec,
    PodTemplate, Role, RoleBinding, RoleRef, ServiceAccount, Subject, Workload,
};

use super::{World, account_of, key};
use crate::sorted::put;
use crate::touched::{Touched, subject_name};

/// What a binding says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bound {
    metadata: Metadata,
    subjects: Vec<Subject>,
    role: RoleRef,
}

impl From<RoleBinding> for Bound {
    fn from(binding: RoleBinding) -> Self {
        Self {
            metadata: binding.metadata,
            subjects: binding.subjects,
            role: binding.role_ref,
        }
    }
}

impl From<ClusterRoleBinding> for Bound {
    fn from(binding: ClusterRoleBinding) -> Self {
        Self {
            metadata: binding.metadata,
            subjects: binding.subjects,
            role: binding.role_ref,
        }
    }
}

impl World {
    /// Takes the objects of a snapshot in.
    pub(super) fn take(&mut self, reduced: Snapshot, touched: &mut Touched) {
        for role in reduced.cluster_roles {
            self.take_cluster_role(role, touched);
        }
        for role in reduced.roles {
            self.take_role(role, touched);
        }
        for mut binding in reduced.role_bindings {
            binding.metadata = trimmed(binding.metadata);
            let after = Bound::from(binding.clone());
            let before = put(&mut self.snapshot.role_bindings, binding);
            self.bound(before.map(Bound::from).as_ref(), Some(&after), touched);
        }
        for mut binding in reduced.cluster_role_bindings {
            binding.metadata = trimmed(binding.metadata);
            let after = Bound::from(binding.clone());
            let before = put(&mut self.snapshot.cluster_role_bindings, binding);
            self.bound(before.map(Bound::from).as_ref(), Some(&after), touched);
        }
        for account in reduced.service_accounts {
            self.take_account(account, touched);
        }
        for workload in reduced.workloads {
            self.take_workload(workload, touched);
        }
        for namespace in reduced.namespaces {
            self.take_namespace(namespace, touched);
        }
        for definition in reduced.custom_resource_definitions {
            self.take_definition(definition, touched);
        }
    }

    fn take_cluster_role(&mut self, mut role: ClusterRole, touched: &mut Touched) {
        labels_only(&mut role.metadata);
        let after = role.clone();
        let before = put(&mut self.snapshot.cluster_roles, role);
        if before.as_ref() != Some(&after) {
            touched.roles.insert((None, after.metadata.name));
            let before = before.into_iter().map(|role| role.metadata.labels);
            touched.labels.extend(before.chain([after.metadata.labels]));
        }
    }

    fn take_role(&mut self, mut role: Role, touched: &mut Touched) {
        name_only(&mut role.metadata);
        let after = role.clone();
        let before = put(&mut self.snapshot.roles, role);
        if before.as_ref() != Some(&after) {
            touched.roles.insert(key(&after.metadata));
        }
    }

    fn take_account(&mut self, account: ServiceAccount, touched: &mut Touched) {
        let account = ServiceAccount {
            metadata: trimmed(account.metadata),
            ..ServiceAccount::default()
        };
        let after = account.clone();
        let before = put(&mut self.snapshot.service_accounts, account);
        if before.as_ref() != Some(&after) {
            touched.known_by.insert(account_of(&after.metadata));
            for account in before.iter().chain([&after]) {
                touched.tells(&account.metadata);
            }
        }
    }

    fn take_workload(&mut self, workload: Workload, touched: &mut Touched) {
        // What a CronJob makes runs as it says.
        let mut owners = workload.metadata.owner_references.iter();
        if owners.any(|owner| owner.controller && owner.kind == "CronJob") {
            return;
        }
        let workload = known_by(workload);
        let after = workload.clone();
        let before = put(&mut self.snapshot.workloads, workload);
        if before.as_ref() != Some(&after) {
            for workload in before.iter().chain([&after]) {
                touched.workload(workload);
            }
        }
    }

    fn take_namespace(&mut self, mut namespace: Namespace, touched: &mut Touched) {
        labels_only(&mut namespace.metadata);
        let after = namespace.clone();
        let before = put(&mut self.snapshot.namespaces, namespace);
        if before.as_ref() != Some(&after) {
            touched.parties |= self.selects_namespaces();
        }
    }

    fn take_definition(&mut self, definition: CustomResourceDefinition, touched: &mut Touched) {
        let mut definition = CustomResourceDefinition {
            metadata: trimmed(definition.metadata),
            ..definition
        };
        definition.spec.conversion = None;
        let after = definition.clone();
        let before = put(&mut self.snapshot.custom_resource_definitions, definition);
        touched.parties |= before.as_ref() != Some(&after);
    }

    /// Follows what a binding grants, and to whom.
    pub(super) fn bound(
        &mut self,
        before: Option<&Bound>,
        after: Option<&Bound>,
        touched: &mut Touched,
    ) {
        let both = || before.into_iter().chain(after);
        let grants = |bound: Option<&Bound>| bound.map(|it| (it.subjects.clone(), it.role.clone()));
        let marks = |bound: Option<&Bound>| bound.map(|it| it.metadata.clone());
        if grants(before) != grants(after) {
            for bound in both() {
                let namespace = bound.metadata.namespace.as_deref();
                touched.binding(namespace, &bound.subjects);
                touched.accounts(namespace, &bound.subjects);
            }
            if let Some(before) = before {
                self.index(before, false);
            }
            if let Some(after) = after {
                self.index(after, true);
            }
        }
        if marks(before) != marks(after) {
            for bound in both() {
                let namespace = bound.metadata.namespace.as_deref();
                touched.tells(&bound.metadata);
                touched.accounts(namespace, &bound.subjects);
            }
        }
    }

    fn index(&mut self, bound: &Bound, is_now: bool) {
        let key = key(&bound.metadata);
        for subject in &bound.subjects {
            let Some(name) = subject_name(subject, key.0.as_deref()) else {
                continue;
            };
            let of = self.bindings.entry(name.clone()).or_default();
            if is_now {
                of.insert(key.clone());
            } else {
                of.remove(&key);
                if of.is_empty() {
                    self.bindings.remove(&name);
                }
            }
        }
    }
}

fn name_only(metadata: &mut Metadata) {
    *metadata = Metadata {
        name: std::mem::take(&mut metadata.name),
        namespace: metadata.namespace.take(),
        ..Metadata::default()
    };
}

fn labels_only(metadata: &mut Metadata) {
    *metadata = Metadata {
        name: std::mem::take(&mut metadata.name),
        namespace: metadata.namespace.take(),
        labels: std::mem::take(&mut metadata.labels),
        ..Metadata::default()
    };
}

/// What marks an object as part of an installation: labels, the Helm release, its owners.
fn trimmed(metadata: Metadata) -> Metadata {
    let mut annotations = metadata.annotations;
    annotations.retain(|key, _| key.starts_with("meta.helm.sh/"));
    Metadata {
        name: metadata.name,
        namespace: metadata.namespace,
        labels: metadata.labels,
        annotations,
        owner_references: metadata.owner_references,
        ..Metadata::default()
    }
}

/// A workload as far as it tells which operator it is of, and what that runs as.
fn known_by(workload: Workload) -> Workload {
    let spec = PodSpec {
        service_account_name: workload.template.spec.service_account_name,
        deprecated_service_account: workload.template.spec.deprecated_service_account,
        ..PodSpec::default()
    };
    Workload {
        metadata: trimmed(workload.metadata),
        template: PodTemplate {
            metadata: trimmed(workload.template.metadata),
            spec,
        },
        replicas: None,
        ..workload
    }
}
