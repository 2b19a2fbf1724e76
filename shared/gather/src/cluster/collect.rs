//! The whole of a gathering: what is served, the lists side by side, then what these ask for.

mod owners;
mod parameters;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use opsec_manifests::LiveObjects;
use opsec_model::{Completeness, Kind, Snapshot};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::connect::Connection;
use super::discover::{Discovery, discover, version};
use super::error::ClusterError;
use super::kinds::{BUILT_IN, ListedKind, NAMED_CONFIG_MAPS, OPERATOR_RIGHTS, is_read_whole};
use super::list::{Query, list};
use super::{ClusterOptions, OnProgress};

/// How many lists are read at once: an API server shares itself among many.
const AT_ONCE: usize = 6;

/// The types of Secrets that hold a token.
const SECRET_TYPES: [&str; 2] = [
    "kubernetes.io/service-account-token",
    "bootstrap.kubernetes.io/token",
];

/// What is known so far.
pub(super) struct Collected {
    objects: LiveObjects,
    incomplete: BTreeMap<Kind, Completeness>,
}

impl Collected {
    fn add(&mut self, kind: Kind, objects: LiveObjects, completeness: Completeness) {
        self.objects.append(objects);
        if !completeness.is_complete() {
            self.incomplete.insert(kind, completeness);
        }
    }
}

/// Gathers everything.
pub(super) async fn collect(
    connection: &Connection,
    options: &ClusterOptions,
    progress: OnProgress,
) -> Result<Snapshot, ClusterError> {
    let timeout = options.request_timeout;
    progress(format!("asking {}", connection.server));
    let release = version(connection, timeout).await?;
    let discovery = discover(connection, timeout).await?;
    let reader = Reader {
        connection: connection.clone(),
        options: options.clone(),
        progress,
    };
    let mut collected = Collected {
        objects: LiveObjects::new(),
        incomplete: BTreeMap::new(),
    };
    for kind in &BUILT_IN {
        if let Some(message) = not_served(&discovery, kind) {
            let kind = Kind::new(kind.resource, kind.group);
            let failed = Completeness::Failed { message };
            collected.incomplete.insert(kind, failed);
        }
    }
    let mut queries = always(&discovery);
    queries.extend(secrets(options));
    reader.read(queries, &mut collected).await?;
    reader
        .read(
            parameters::queries(&collected.objects, &discovery),
            &mut collected,
        )
        .await?;
    owners::read(&reader, &discovery, &mut collected).await?;
    if !options.secret_metadata {
        let secrets = Kind::new("secrets", "");
        collected
            .incomplete
            .insert(secrets, Completeness::OutOfScope);
    }
    for group in &discovery.stale_groups {
        let kind = Kind::new("*", group.clone());
        let message = "its API server does not answer".to_owned();
        collected
            .incomplete
            .insert(kind, Completeness::Failed { message });
    }
    Ok(finish(collected, &discovery, release))
}

/// Reads lists.
pub(super) struct Reader {
    connection: Connection,
    options: ClusterOptions,
    progress: OnProgress,
}

impl Reader {
    /// Reads all of them, some at once; the first that cannot be gone on from ends it.
    async fn read(&self, queries: Vec<Query>, into: &mut Collected) -> Result<(), ClusterError> {
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        let mut tasks = JoinSet::new();
        for query in queries {
            let connection = self.connection.clone();
            let progress = Arc::clone(&self.progress);
            let timeout = self.options.request_timeout;
            let permits = Arc::clone(&permits);
            tasks.spawn(async move {
                // The semaphore is never closed.
                let _permit = permits.acquire().await;
                progress(format!("listing {}", query.resource));
                let listed = list(&connection, &query, timeout, &progress).await;
                (query, listed)
            });
        }
        while let Some(ended) = tasks.join_next().await {
            match ended {
                Ok((query, listed)) => {
                    let (objects, completeness) = listed?;
                    into.add(query.named(), objects, completeness);
                }
                Err(error) => {
                    return Err(ClusterError::NotKubernetes {
                        server: self.connection.server.clone(),
                        message: format!("a list ended early: {error}"),
                    });
                }
            }
        }
        Ok(())
    }
}

/// What is always read.
fn always(discovery: &Discovery) -> Vec<Query> {
    let known = BUILT_IN.iter().chain([&OPERATOR_RIGHTS]);
    let mut queries: Vec<Query> = known.filter_map(|kind| query(discovery, kind)).collect();
    let mut seen = BTreeSet::new();
    for served in &discovery.kinds {
        let whole = served.can_list && is_read_whole(&served.group, &served.kind);
        if whole && seen.insert((&served.group, &served.resource)) {
            queries.push(Query::all(
                &served.group,
                &served.version,
                &served.resource,
                &served.kind,
            ));
        }
    }
    // The API server's own addresses.
    let mut slices = Query::all("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice");
    slices.namespace = Some("default".to_owned());
    slices.label_selector = Some("kubernetes.io/service-name=kubernetes".to_owned());
    queries.push(slices);
    for (namespace, name) in NAMED_CONFIG_MAPS {
        let mut map = Query::all("", "v1", "configmaps", "ConfigMap");
        map.namespace = Some(namespace.to_owned());
        map.field_selector = Some(format!("metadata.name={name}"));
        map.metadata_only = true;
        queries.push(map);
    }
    queries
}

/// Why a kind cannot be listed that every API server has, or that has outgrown what is known here.
fn not_served(discovery: &Discovery, kind: &ListedKind) -> Option<String> {
    if discovery
        .find(kind.group, kind.resource, kind.versions)
        .is_some()
    {
        return None;
    }
    let served = discovery
        .kinds
        .iter()
        .any(|served| served.group == kind.group && served.resource == kind.resource);
    if served {
        return Some("it is served in no version that is known here".to_owned());
    }
    kind.is_everywhere()
        .then(|| "the API server does not serve it".to_owned())
}

fn query(discovery: &Discovery, kind: &ListedKind) -> Option<Query> {
    let served = discovery.find(kind.group, kind.resource, kind.versions)?;
    let mut query = Query::all(kind.group, &served.version, kind.resource, kind.kind);
    query.page = kind.page;
    Some(query)
}

/// The names of Secrets, where they were asked for. Metadata alone does not say what type a Secret
/// is, so each type that counts is listed by itself.
fn secrets(options: &ClusterOptions) -> Vec<Query> {
    if !options.secret_metadata {
        return Vec::new();
    }
    let others = SECRET_TYPES.map(|name| format!("type!={name}")).join(",");
    let query = |selector: String, of_type: Option<&'static str>| {
        let mut query = Query::all("", "v1", "secrets", "Secret");
        query.metadata_only = true;
        query.field_selector = Some(selector);
        query.secret_type = of_type;
        query
    };
    let mut queries = vec![query(others, None)];
    queries.extend(SECRET_TYPES.map(|name| query(format!("type={name}"), Some(name))));
    queries
}

fn finish(collected: Collected, discovery: &Discovery, release: String) -> Snapshot {
    let mut snapshot = collected.objects.finish();
    snapshot.kubernetes_version = release;
    snapshot.incomplete = collected.incomplete;
    snapshot.cluster_uid = snapshot
        .namespaces
        .iter()
        .find(|namespace| namespace.metadata.name == "kube-system")
        .map(|namespace| namespace.metadata.uid.clone())
        .filter(|uid| !uid.is_empty());
    snapshot.served = served(&snapshot, discovery);
    snapshot
}

/// The kinds that are neither Kubernetes' own nor defined here.
fn served(snapshot: &Snapshot, discovery: &Discovery) -> Vec<Kind> {
    let defined: BTreeSet<(&str, &str)> = snapshot
        .custom_resource_definitions
        .iter()
        .map(|definition| {
            let spec = &definition.spec;
            (spec.group.as_str(), spec.names.plural.as_str())
        })
        .collect();
    let others: BTreeSet<Kind> = discovery
        .kinds
        .iter()
        .filter(|served| {
            opsec_kubernetes::find(&served.group, &served.resource).is_none()
                && !defined.contains(&(served.group.as_str(), served.resource.as_str()))
        })
        .map(|served| Kind::new(served.resource.clone(), served.group.clone()))
        .collect();
    others.into_iter().collect()
}
