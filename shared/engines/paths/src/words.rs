//! What is done in a hop, in a line.

use opsec_model::{ObjectRef, PathEnd};
use opsec_rbac::Reaching;
use opsec_rights::Hit;

use crate::moves::{Gives, Place};

/// What a right does to reach somebody: `writes a token Secret of any ServiceAccount and reads it`.
pub(crate) fn takes(hit: &Hit, place: &Place<'_>, named: Option<&str>) -> String {
    let of = match (named, place) {
        (Some(name), _) => name.to_owned(),
        (None, Place::Everywhere) => "any ServiceAccount".to_owned(),
        (None, Place::In(namespace)) => format!("any ServiceAccount of {namespace}"),
        (None, Place::Among(namespaces)) => {
            let first: Vec<&str> = namespaces.iter().take(2).copied().collect();
            let more = if namespaces.len() > 2 { ", …" } else { "" };
            format!("any ServiceAccount of {}{more}", first.join(", "))
        }
    };
    match hit.row.id {
        "ESC-SECRET-WRITE" => format!("writes a token Secret of {of} and reads it"),
        "ESC-TOKENREQ" => format!("asks for a token of {of}"),
        "ESC-IMPERSONATE-SA" => format!("impersonates {of}"),
        "ESC-CSR" => "approves its own certificate, made out to anyone".to_owned(),
        "ESC-BIND" => format!("binds an administrator's role to itself, and is {of}"),
        "ESC-ESCALATE" => format!("writes every right into its own Role, and is {of}"),
        "RUN-POD" => format!("starts a pod as {of}"),
        "RUN-WORKLOAD" if changes_only(hit) => format!("changes a workload to run as {of}"),
        "RUN-WORKLOAD" => format!("starts a workload as {of}"),
        "RUN-EXEC" => format!("runs commands in a pod of {of}"),
        "RUN-EPHEMERAL" => format!("adds a container to a pod of {of}"),
        "RUN-PATCH-POD" => format!("puts its image into a pod of {of}"),
        _ => format!("is {of}"),
    }
}

/// How a right comes to a node.
pub(crate) fn node(hit: &Hit, given: &Gives<'_>, namespace: Option<&str>) -> String {
    let place = namespace.map_or(String::new(), |name| format!(" in {name}"));
    if let Gives::NodeBy(workload) = given {
        let pod = format!("{}/{}", workload.namespace(), workload.metadata.name);
        return match hit.row.id {
            "RUN-PATCH-POD" => format!("puts its image into {pod}, whose pods reach their node"),
            _ => format!("runs commands in {pod}, whose pods reach their node"),
        };
    }
    match hit.row.id {
        "RUN-POD" => format!("starts a privileged pod{place}"),
        "RUN-WORKLOAD" if changes_only(hit) => format!("makes a workload{place} privileged"),
        "RUN-WORKLOAD" => format!("starts a privileged workload{place}"),
        "RUN-EPHEMERAL" => format!("adds a privileged container to a pod{place}"),
        "RUN-NODEPROXY" => "has the kubelet of any node run commands in its pods".to_owned(),
        "RUN-PV" => {
            "makes a PersistentVolume of a node's files, claims it and mounts it into a pod"
                .to_owned()
        }
        "RUN-NODE-OBJ" => "writes what a node is started with".to_owned(),
        "ESC-CSR" => "approves a certificate of any node".to_owned(),
        "ESC-BIND" | "ESC-ESCALATE" => {
            format!("gives itself every right{place}, and starts a privileged pod")
        }
        _ => format!("reaches a node{place}"),
    }
}

/// How a right comes to every right.
pub(crate) fn everything(hit: &Hit) -> &'static str {
    match hit.row.id {
        "ESC-WILDCARD" => "holds every right",
        "ESC-ADMIN-BOUND" => "is bound to cluster-admin",
        "ESC-ESCALATE" => "may escalate: gives itself every right",
        "ESC-BIND" => "binds cluster-admin to itself",
        "ESC-IMPERSONATE" => "impersonates the group system:masters",
        "ESC-AWSAUTH" => "maps a cloud identity of its own to system:masters in aws-auth",
        "ESC-OLM" => "has OLM, a cluster-admin, install roles of its choice",
        _ => "comes to every right",
    }
}

/// What a right does to what a chain ends in: what the table of rights says of it.
pub(crate) fn content(hit: &Hit, end: PathEnd) -> String {
    let place = match &hit.scope {
        Reaching::Namespace(namespace) => format!(" in {namespace}"),
        Reaching::Cluster if is_namespaced(hit) => " in every namespace".to_owned(),
        Reaching::Cluster => String::new(),
    };
    let named = match hit.names.only() {
        Some(names) => {
            let first: Vec<&str> = names.iter().take(2).map(String::as_str).collect();
            let more = if names.len() > 2 { ", …" } else { "" };
            format!(" named {}{more}", first.join(", "))
        }
        None => String::new(),
    };
    let by_pods = hit.row.id.starts_with("RUN-") && end == PathEnd::Secrets;
    match hit.row.id {
        "RUN-WORKLOAD" if by_pods && changes_only(hit) => {
            format!("mounts Secrets into a workload that it changes{place}")
        }
        _ if by_pods => format!("starts pods that mount any Secret{place}"),
        "ESC-BIND" => format!("binds an administrator's role to itself{place}"),
        "ESC-ESCALATE" => format!("writes every right into its own Role{place}"),
        _ => format!("may {}{named}{place}", hit.row.may),
    }
}

/// What is meant by what a right is about, as the object at the end of a hop.
pub(crate) fn object(hit: &Hit, kind: Option<&str>) -> ObjectRef {
    let atom = hit.atoms.iter().next();
    let resource = atom.map_or("", |atom| {
        atom.resource.split('/').next().unwrap_or_default()
    });
    let group = atom.map_or("", |atom| &*atom.group);
    let known = opsec_kubernetes::find(group, resource);
    let name = match hit.names.only() {
        Some(names) if names.len() == 1 && kind.is_none() => {
            names.first().cloned().unwrap_or_default()
        }
        _ => "*".to_owned(),
    };
    ObjectRef {
        kind: kind.map_or_else(
            || known.map_or_else(|| resource.to_owned(), |known| known.kind.clone()),
            str::to_owned,
        ),
        namespace: hit.scope.namespace().map(str::to_owned),
        name,
        group: if kind.is_some() || known.is_some() {
            String::new()
        } else {
            group.to_owned()
        },
    }
}

fn changes_only(hit: &Hit) -> bool {
    hit.atoms.iter().all(|atom| atom.verb != "create")
}

fn is_namespaced(hit: &Hit) -> bool {
    hit.atoms.iter().any(|atom| {
        let resource = atom.resource.split('/').next().unwrap_or_default();
        opsec_kubernetes::find(&atom.group, resource)
            .is_some_and(|kind| kind.scope == opsec_kubernetes::Scope::Namespaced)
    })
}
