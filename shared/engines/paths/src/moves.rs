//! What a right that is held lets its holder do next: become someone, reach a node, or what a
//! chain ends in.

use std::collections::BTreeSet;

use opsec_model::PathEnd;
use opsec_model::objects::{Workload, WorkloadKind};
use opsec_rbac::{EffectiveRights, GrantScope, Names, Reaching, Request};
use opsec_rights::Hit;

use crate::ground::{Ground, ReadingRole, TokenSecret};
use crate::principal::MASTERS;

/// What a right gives.
#[derive(Debug, Clone)]
pub(crate) enum Gives<'h> {
    /// Every right in the cluster.
    Everything,
    /// A node, by a pod in a namespace of these that reaches it.
    Node(Place<'h>),
    /// A node, whatever holds pods.
    AnyNode,
    /// A node, by a pod that is there and reaches it.
    NodeBy(&'h Workload),
    /// ServiceAccounts.
    Accounts(Accounts<'h>),
    /// The ServiceAccount whose token a Secret holds.
    Token(&'h TokenSecret<'h>),
    /// Users that are none: these, or any.
    Users(Option<&'h BTreeSet<String>>),
    /// Groups but system:masters: these, or any.
    Groups(Option<&'h BTreeSet<String>>),
    /// The Secrets that a Role reads which can be bound.
    Role(ReadingRole<'h>),
    /// What a chain ends in, where it is not the operator's own.
    Content(PathEnd),
}

/// Which ServiceAccounts.
#[derive(Debug, Clone)]
pub(crate) struct Accounts<'h> {
    /// Where they are.
    pub(crate) place: Place<'h>,
    /// Their names; absent is any.
    pub(crate) names: Option<&'h BTreeSet<String>>,
    /// Whose pods must be there: of those whose name is taken, or of any.
    pub(crate) pods: Pods<'h>,
    /// Whether they are missing, and made.
    pub(crate) missing: bool,
}

/// Which pods an account must have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pods<'h> {
    /// None.
    NotNeeded,
    /// One that is called so.
    Named(&'h Names),
}

/// A set of namespaces.
#[derive(Debug, Clone)]
pub(crate) enum Place<'h> {
    /// All.
    Everywhere,
    /// One.
    In(&'h str),
    /// Some.
    Among(BTreeSet<&'h str>),
}

impl<'h> Place<'h> {
    fn of(scope: &'h Reaching) -> Self {
        match scope {
            Reaching::Cluster => Self::Everywhere,
            Reaching::Namespace(namespace) => Self::In(namespace),
        }
    }

    /// Whether a namespace is one of them.
    pub(crate) fn contains(&self, namespace: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(one) => *one == namespace,
            Self::Among(some) => some.contains(namespace),
        }
    }
}

/// What each hit of a holder gives, in the order of the table of rights. `Everything` first.
pub(crate) fn gives<'h>(
    ground: &'h Ground<'h>,
    rights: &'h EffectiveRights,
    hit: &'h Hit,
) -> Vec<Gives<'h>> {
    let place = Place::of(&hit.scope);
    match hit.row.id {
        "ESC-WILDCARD" if hit.scope == Reaching::Cluster => vec![Gives::Everything],
        "ESC-ADMIN-BOUND" if is_cluster_admin(hit) => vec![Gives::Everything],
        "ESC-ESCALATE" => escalates(rights, hit),
        "ESC-BIND" => binds(ground, hit),
        "ESC-IMPERSONATE" => impersonates(rights, hit),
        "ESC-IMPERSONATE-SA" if holds(hit, "impersonate", "serviceaccounts") => {
            takes(place, hit.names.only())
        }
        "ESC-TOKENREQ" => takes(place, hit.names.only()),
        "ESC-SECRET-READ" | "ESC-SECRET-REVEAL" => reads(ground, hit),
        // The name is the Secret's; whose token it is, its annotation says.
        "ESC-SECRET-WRITE" => takes(place, None),
        "ESC-CSR" => certificates(hit),
        "ESC-OLM" => vec![Gives::Everything],
        "ESC-SECRET-CREATE" if place.contains("kube-system") => {
            vec![Gives::Groups(Some(ground.bootstrappers()))]
        }
        "ESC-AWSAUTH" if ground.maps_cloud_identities() && changes_aws_auth(hit) => {
            vec![Gives::Everything]
        }
        "RUN-PV" if mounts_what_it_makes(rights, hit) => vec![Gives::AnyNode],
        "RUN-NODE-OBJ" if makes_machines(hit) => vec![Gives::AnyNode],
        "RUN-POD" | "RUN-WORKLOAD" => runs_pods(ground, hit),
        "RUN-EXEC" | "RUN-PATCH-POD" => enters_pods(ground, place, hit),
        "RUN-EPHEMERAL" => {
            let mut gives = enters_pods(ground, place.clone(), hit);
            gives.push(Gives::Node(place));
            gives
        }
        "RUN-NODEPROXY" => vec![Gives::AnyNode],
        id if GUARDS.contains(&id) => vec![Gives::Content(PathEnd::Guards)],
        _ => Vec::new(),
    }
}

/// The rows that decide what the cluster's guards let through.
const GUARDS: [&str; 16] = [
    "GRD-NS-PATCH",
    "GRD-NS-SUB",
    "GRD-PSP",
    "GRD-NP",
    "GRD-NP-CNI",
    "GRD-NP-CLUSTER",
    "GRD-WEBHOOK",
    "GRD-VWEBHOOK",
    "GRD-WEBHOOK-DEL",
    "GRD-MAP",
    "GRD-VAP",
    "GRD-ENGINE",
    "GRD-CRD",
    "GRD-CRD-UPDATE",
    "GRD-APISERVICE",
    "INF-CM-WRITE",
];

/// The identities of a place, and with them what their pods do.
fn takes<'h>(place: Place<'h>, names: Option<&'h BTreeSet<String>>) -> Vec<Gives<'h>> {
    vec![
        Gives::Accounts(Accounts {
            place,
            names,
            pods: Pods::NotNeeded,
            missing: false,
        }),
        Gives::Content(PathEnd::Workloads),
    ]
}

/// A ClusterRole that its holder is bound to everywhere, and may write, becomes everything; a
/// Role that it is bound to in a namespace, everything there.
fn escalates<'h>(rights: &'h EffectiveRights, hit: &'h Hit) -> Vec<Gives<'h>> {
    let bound = |kind: &str, scope: Option<&str>| {
        rights.grants().iter().any(|grant| {
            grant.role.kind == kind
                && grant.scope.namespace() == scope
                && hit.names.contains(&grant.role.name)
        })
    };
    if holds_any(hit, &["update", "patch"], "clusterroles")
        && holds(hit, "escalate", "clusterroles")
    {
        let everything = bound("ClusterRole", None);
        return if everything {
            vec![Gives::Everything]
        } else {
            Vec::new()
        };
    }
    let namespaces: BTreeSet<&str> = rights
        .grants()
        .iter()
        .filter_map(|grant| match &grant.scope {
            GrantScope::Namespace(namespace) => Some(namespace.as_str()),
            GrantScope::Cluster => None,
        })
        .filter(|namespace| Place::of(&hit.scope).contains(namespace))
        .filter(|namespace| bound("Role", Some(namespace)))
        .collect();
    if namespaces.is_empty() {
        return Vec::new();
    }
    whole_namespaces(Place::Among(namespaces))
}

fn binds<'h>(ground: &'h Ground<'h>, hit: &'h Hit) -> Vec<Gives<'h>> {
    let names = |role: &str| hit.names.contains(role);
    let strong = ["cluster-admin", "admin", "edit"];
    if !holds(hit, "bind", "clusterroles") {
        // Roles of a namespace are none of these, and give what they give.
        let place = Place::of(&hit.scope);
        let role = ground
            .reading_roles()
            .iter()
            .find(|role| place.contains(role.namespace) && names(role.name));
        return role.map(|role| Gives::Role(*role)).into_iter().collect();
    }
    if !strong.into_iter().any(names) {
        return Vec::new();
    }
    let everywhere = holds_any(hit, &["create", "update", "patch"], "clusterrolebindings");
    if everywhere && names("cluster-admin") {
        return vec![Gives::Everything];
    }
    whole_namespaces(Place::of(&hit.scope))
}

/// Everything in some namespaces.
fn whole_namespaces(place: Place<'_>) -> Vec<Gives<'_>> {
    let mut gives = takes(place.clone(), None);
    gives.push(Gives::Node(place));
    gives.push(Gives::Content(PathEnd::Secrets));
    gives
}

/// As users; as groups only beside one user or account, which the row has seen to.
fn impersonates<'h>(rights: &'h EffectiveRights, hit: &'h Hit) -> Vec<Gives<'h>> {
    let mut gives = Vec::new();
    let groups = rights.held(&Request::new("impersonate", "", "groups"));
    if groups.iter().any(|held| held.names.contains(MASTERS)) {
        gives.push(Gives::Everything);
    }
    if holds(hit, "impersonate", "users") {
        gives.push(Gives::Users(hit.names.only()));
    }
    if holds(hit, "impersonate", "groups") {
        gives.push(Gives::Groups(hit.names.only()));
    }
    gives
}

/// A certificate's subject may be any user, also an account's user name, in any group but
/// system:masters; of the kubelets' signer, any node.
fn certificates(hit: &Hit) -> Vec<Gives<'_>> {
    if hit
        .names
        .covers_signer("kubernetes.io/kube-apiserver-client")
    {
        let mut gives = takes(Place::Everywhere, None);
        gives.extend([Gives::Users(None), Gives::Groups(None), Gives::AnyNode]);
        return gives;
    }
    if hit
        .names
        .covers_signer("kubernetes.io/kube-apiserver-client-kubelet")
    {
        return vec![Gives::AnyNode];
    }
    Vec::new()
}

/// A pod runs as any account of its namespace, with any Secret of it, on any node.
fn runs_pods<'h>(ground: &Ground<'h>, hit: &'h Hit) -> Vec<Gives<'h>> {
    let creates = hit.atoms.iter().any(|atom| atom.verb == "create");
    let place = if creates {
        Place::of(&hit.scope)
    } else {
        // What is only changed must be there.
        let there: BTreeSet<&str> = ground
            .running(hit.scope.namespace())
            .filter(|workload| is_changed_by(hit, workload))
            .map(Workload::namespace)
            .collect();
        if there.is_empty() {
            return Vec::new();
        }
        Place::Among(there)
    };
    whole_namespaces(place)
}

fn is_changed_by(hit: &Hit, workload: &Workload) -> bool {
    let (resource, group) = workload.kind.resource();
    hit.names.contains(&workload.metadata.name)
        && hit
            .atoms
            .iter()
            .any(|atom| atom.resource == resource && atom.group == group)
}

/// The Secrets themselves, and whom the tokens among them are of.
fn reads<'h>(ground: &'h Ground<'h>, hit: &'h Hit) -> Vec<Gives<'h>> {
    let place = Place::of(&hit.scope);
    let tokens = ground.token_secrets().iter().filter(|secret| {
        place.contains(&secret.account.namespace) && hit.names.contains(secret.name)
    });
    let mut gives: Vec<Gives<'_>> = tokens.map(Gives::Token).collect();
    gives.push(Gives::Content(PathEnd::Secrets));
    gives
}

fn enters_pods<'h>(ground: &Ground<'h>, place: Place<'h>, hit: &'h Hit) -> Vec<Gives<'h>> {
    let through = ground
        .reaching_node()
        .iter()
        .find(|workload| place.contains(workload.namespace()) && makes_pod(workload, &hit.names));
    let mut gives: Vec<Gives<'_>> = through
        .map(|workload| Gives::NodeBy(workload))
        .into_iter()
        .collect();
    gives.extend([
        Gives::Accounts(Accounts {
            place,
            names: None,
            pods: Pods::Named(&hit.names),
            missing: false,
        }),
        Gives::Content(PathEnd::Workloads),
    ]);
    gives
}

/// A PersistentVolume is the node's own files for whoever also claims it and mounts the claim into
/// a pod of the same namespace; Pod Security has no word in that.
fn mounts_what_it_makes(rights: &EffectiveRights, hit: &Hit) -> bool {
    let creates = |resource, group| {
        let request = Request::new("create", group, resource);
        let held = rights.held(&request).into_iter();
        held.map(|held| held.scope).collect::<Vec<Reaching>>()
    };
    if !holds(hit, "create", "persistentvolumes") {
        return false;
    }
    let claims = creates("persistentvolumeclaims", "");
    let starting = WorkloadKind::ALL.iter().map(|kind| kind.resource());
    let mut pods = starting.flat_map(|(resource, group)| creates(resource, group));
    pods.any(|pods| claims.iter().any(|claims| meet(claims, &pods)))
}

/// Whether some namespace is in both.
fn meet(one: &Reaching, other: &Reaching) -> bool {
    one == other || *one == Reaching::Cluster || *other == Reaching::Cluster
}

/// Machines are nodes that start as their object says; a Node object alone is no machine.
fn makes_machines(hit: &Hit) -> bool {
    hit.atoms.iter().any(|atom| atom.resource != "nodes")
}

/// The map is there, so that only who changes it or replaces it writes it.
fn changes_aws_auth(hit: &Hit) -> bool {
    hit.names.contains("aws-auth") && holds_any(hit, &["update", "patch"], "configmaps")
}

/// Whether a workload makes a pod that is called so. Names of pods are known of bare ones and of
/// those of a StatefulSet; of others they are drawn.
pub(crate) fn makes_pod(workload: &Workload, names: &Names) -> bool {
    let Names::Only(names) = names else {
        return true;
    };
    let own = &workload.metadata.name;
    match workload.kind {
        WorkloadKind::Pod => workload.names().any(|name| names.contains(name)),
        WorkloadKind::StatefulSet => names.iter().any(|name| {
            name.strip_prefix(own.as_str())
                .and_then(|rest| rest.strip_prefix('-'))
                .is_some_and(|ordinal| {
                    !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit())
                })
        }),
        _ => false,
    }
}

fn is_cluster_admin(hit: &Hit) -> bool {
    hit.scope == Reaching::Cluster
        && hit
            .atoms
            .iter()
            .any(|atom| atom.resource == "cluster-admin")
}

fn holds(hit: &Hit, verb: &str, resource: &str) -> bool {
    holds_any(hit, &[verb], resource)
}

fn holds_any(hit: &Hit, verbs: &[&str], resource: &str) -> bool {
    hit.atoms
        .iter()
        .any(|atom| verbs.contains(&&*atom.verb) && atom.resource == resource)
}
