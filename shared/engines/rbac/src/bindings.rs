//! Bindings with their subjects and the role that each resolves to.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use opsec_kubernetes::bootstrap;
use opsec_model::objects::{ClusterRoleBinding, Metadata, Object, RoleBinding, RoleRef, Subject};
use opsec_model::{ObjectRef, ServiceAccountRef, Snapshot, SourceKind};

use crate::grant::{GrantScope, SubjectVia};
use crate::roles::{ResolvedRole, RoleTable, is_labelled_bootstrap};

/// A binding whose role does not exist: it grants nothing, until someone creates that role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DanglingRoleRef {
    /// The binding.
    pub binding: Arc<ObjectRef>,
    /// The role it names.
    pub role: ObjectRef,
}

/// A ServiceAccount that a binding names, whether or not it exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceAccountSubject {
    /// The account.
    pub account: ServiceAccountRef,
    /// The binding that names it.
    pub binding: Arc<ObjectRef>,
    /// The subject as it is written: kind `ServiceAccount` or `User`.
    pub subject: Arc<ObjectRef>,
    /// The role that the binding names.
    pub role: Arc<ObjectRef>,
    /// Whether that role exists.
    pub role_exists: bool,
    /// The API server's own binding says so.
    pub bootstrap: bool,
}

/// A binding, resolved.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) object: Arc<ObjectRef>,
    pub(crate) scope: GrantScope,
    pub(crate) role_ref: Arc<ObjectRef>,
    pub(crate) role: Option<Arc<ResolvedRole>>,
    pub(crate) subjects: Vec<BoundSubject>,
    /// Whether all of it is the API server's own.
    pub(crate) bootstrap: bool,
}

/// A subject of a binding.
#[derive(Debug, Clone)]
pub(crate) struct BoundSubject {
    pub(crate) object: Arc<ObjectRef>,
    pub(crate) via: SubjectVia,
    pub(crate) bootstrap: bool,
}

impl BoundSubject {
    /// The ServiceAccount that is named, as one or by its user name.
    pub(crate) fn account(&self) -> Option<ServiceAccountRef> {
        match self.via {
            SubjectVia::ServiceAccount => {
                let namespace = self.object.namespace.as_deref()?;
                Some(ServiceAccountRef::new(namespace, &self.object.name))
            }
            SubjectVia::User => ServiceAccountRef::from_user_name(&self.object.name),
            SubjectVia::Group => None,
        }
    }
}

/// A binding as it is written.
#[derive(Debug, Clone)]
struct WrittenBinding<'a> {
    object: Arc<ObjectRef>,
    namespace: Option<&'a str>,
    role_ref: &'a RoleRef,
    subjects: Vec<BoundSubject>,
    bootstrap: bool,
}

/// ClusterRoleBindings have no namespace, and so come first.
type WrittenBindings<'a> = BTreeMap<(Option<&'a str>, &'a str), WrittenBinding<'a>>;

/// The bindings of a snapshot, from files over the API server's own: ClusterRoleBindings first,
/// each kind by name.
pub(crate) fn resolve<'a>(snapshot: &'a Snapshot, roles: &mut RoleTable<'a>) -> Vec<Binding> {
    let live = snapshot.source.kind != SourceKind::Files;
    let mut written = if live {
        WrittenBindings::default()
    } else {
        shipped().clone()
    };
    let twins = live.then(shipped);
    for binding in &snapshot.cluster_role_bindings {
        let (key, binding) = of_cluster(binding, twins);
        written.insert(key, binding);
    }
    for binding in &snapshot.role_bindings {
        let (key, binding) = of_namespace(binding, twins);
        written.insert(key, binding);
    }
    written
        .into_values()
        .map(|binding| bind(binding, roles))
        .collect()
}

fn bind(written: WrittenBinding<'_>, roles: &mut RoleTable<'_>) -> Binding {
    let RoleRef { kind, name, .. } = written.role_ref;
    let role = match (kind.as_str(), written.namespace) {
        ("ClusterRole", _) => roles.cluster_role(name),
        ("Role", Some(namespace)) => roles.role(namespace, name),
        _ => None,
    };
    let role_ref = role.as_ref().map_or_else(
        || {
            Arc::new(ObjectRef {
                kind: kind.clone(),
                namespace: written.namespace.filter(|_| kind == "Role").map(Into::into),
                name: name.clone(),
                group: String::new(),
            })
        },
        |role| Arc::clone(&role.object),
    );
    Binding {
        object: written.object,
        scope: written.namespace.map_or(GrantScope::Cluster, |namespace| {
            GrantScope::Namespace(namespace.to_owned())
        }),
        role_ref,
        role,
        subjects: written.subjects,
        bootstrap: written.bootstrap,
    }
}

/// The API server's own bindings, built once.
fn shipped() -> &'static WrittenBindings<'static> {
    static SHIPPED: OnceLock<WrittenBindings<'static>> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let policy = bootstrap();
        let cluster = policy.cluster_role_bindings.iter();
        let namespaced = policy.role_bindings.iter();
        let mut bindings: WrittenBindings<'static> = cluster
            .map(|binding| of_cluster(binding, None))
            .chain(namespaced.map(|binding| of_namespace(binding, None)))
            .collect();
        for binding in bindings.values_mut() {
            binding.bootstrap = true;
            for subject in &mut binding.subjects {
                subject.bootstrap = true;
            }
        }
        bindings
    })
}

type Keyed<'a> = ((Option<&'a str>, &'a str), WrittenBinding<'a>);

fn of_cluster<'a>(
    binding: &'a ClusterRoleBinding,
    twins: Option<&WrittenBindings<'static>>,
) -> Keyed<'a> {
    let metadata = &binding.metadata;
    let (object, role_ref) = (binding.object_ref(), &binding.role_ref);
    written(object, metadata, None, &binding.subjects, role_ref, twins)
}

fn of_namespace<'a>(
    binding: &'a RoleBinding,
    twins: Option<&WrittenBindings<'static>>,
) -> Keyed<'a> {
    let metadata = &binding.metadata;
    let namespace = Some(metadata.namespace());
    let (object, role_ref) = (binding.object_ref(), &binding.role_ref);
    written(
        object,
        metadata,
        namespace,
        &binding.subjects,
        role_ref,
        twins,
    )
}

/// Live, a subject is the API server's own when the binding carries its label and the shipped
/// binding of that name binds that subject to that role. The label alone proves nothing: a
/// subject can be added to `cluster-admin`'s own binding.
fn written<'a>(
    object: ObjectRef,
    metadata: &'a Metadata,
    namespace: Option<&'a str>,
    subjects: &[Subject],
    role_ref: &'a RoleRef,
    twins: Option<&WrittenBindings<'static>>,
) -> Keyed<'a> {
    let key = (namespace, metadata.name.as_str());
    let twin = twins.and_then(|twins| twins.get(&key)).filter(|twin| {
        is_labelled_bootstrap(metadata)
            && twin.role_ref.kind == role_ref.kind
            && twin.role_ref.name == role_ref.name
    });
    let mut subjects = bound_subjects(subjects, namespace);
    for subject in &mut subjects {
        subject.bootstrap = twin.is_some_and(|twin| {
            let mut own = twin.subjects.iter();
            own.any(|own| own.object == subject.object)
        });
    }
    let bootstrap = twin.is_some() && subjects.iter().all(|subject| subject.bootstrap);
    let binding = WrittenBinding {
        object: Arc::new(object),
        namespace,
        role_ref,
        subjects,
        bootstrap,
    };
    (key, binding)
}

/// The subjects that name someone, each once, in an order that does not hang on how they are
/// written. The API server refuses a binding with a ServiceAccount that has an API group, so
/// that none of its subjects counts.
fn bound_subjects(subjects: &[Subject], namespace: Option<&str>) -> Vec<BoundSubject> {
    let refused = subjects.iter().any(|subject| {
        subject.kind == "ServiceAccount"
            && subject
                .api_group
                .as_deref()
                .is_some_and(|group| !group.is_empty())
    });
    if refused {
        return Vec::new();
    }
    let mut bound: Vec<BoundSubject> = subjects
        .iter()
        .filter_map(|subject| bound_subject(subject, namespace))
        .collect();
    bound.sort_by(|a, b| a.object.cmp(&b.object));
    bound.dedup_by(|a, b| a.object == b.object);
    bound
}

/// A ServiceAccount without namespace has the RoleBinding's; in a ClusterRoleBinding it is no one.
fn bound_subject(subject: &Subject, binding_namespace: Option<&str>) -> Option<BoundSubject> {
    let (via, object) = match subject.kind.as_str() {
        "ServiceAccount" => {
            let own = subject.namespace.as_deref().filter(|own| !own.is_empty());
            let namespace = own.or(binding_namespace)?;
            let object = ObjectRef::namespaced("ServiceAccount", namespace, &subject.name);
            (SubjectVia::ServiceAccount, object)
        }
        "User" => (SubjectVia::User, ObjectRef::cluster("User", &subject.name)),
        "Group" => (
            SubjectVia::Group,
            ObjectRef::cluster("Group", &subject.name),
        ),
        _ => return None,
    };
    Some(BoundSubject {
        object: Arc::new(object),
        via,
        bootstrap: false,
    })
}
