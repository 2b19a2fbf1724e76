//! That a cluster changed in something that a gathering reads: metadata alone is followed, and what
//! changes all the time without meaning anything, as the status of a pod, is no change.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout, timeout_at};

use super::ClusterOptions;
use super::connect::Connection;
use super::discover::discover;
use super::error::ClusterError;
use super::kinds::{BUILT_IN, OPERATOR_RIGHTS};
use super::watch::{Change, Detail, WatchedKind, Watching};

/// How long the first lists may take before the cluster is looked at all the same.
const FIRST: Duration = Duration::from_secs(30);
/// How long it must be quiet after a change.
const QUIET: Duration = Duration::from_millis(300);
/// How long changes may go on before they are told.
const LONGEST: Duration = Duration::from_secs(2);
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

type Key = (Option<String>, String);

/// Tells that a cluster changed.
#[derive(Debug)]
pub struct Notices {
    watching: Watching,
    kinds: BTreeMap<WatchedKind, Seen>,
}

/// What was seen of a kind.
#[derive(Debug, Default)]
struct Seen {
    /// Whether it is known; absent until it was listed, or could not be.
    known: Option<bool>,
    /// A digest of what counts of each object.
    objects: BTreeMap<Key, u64>,
    listing: Option<BTreeSet<Key>>,
}

impl Notices {
    /// Follows what is served of the kinds that a gathering lists, and waits until each was listed, or
    /// could not be.
    ///
    /// # Errors
    /// When the API server does not say what it serves.
    pub async fn start(
        connection: &Connection,
        options: &ClusterOptions,
    ) -> Result<Self, ClusterError> {
        let discovery = discover(connection, options.request_timeout).await?;
        let known = BUILT_IN.iter().chain([&OPERATOR_RIGHTS]);
        let kinds: Vec<WatchedKind> = known
            .filter_map(|kind| {
                let served = discovery.find(kind.group, kind.resource, kind.versions)?;
                let mut versions = kind.versions.iter();
                let version = versions.find(|version| **version == served.version)?;
                Some(WatchedKind {
                    group: kind.group,
                    version,
                    resource: kind.resource,
                    kind: kind.kind,
                    page: u32::try_from(kind.page).unwrap_or(u32::MAX),
                })
            })
            .collect();
        let mut notices = Self {
            watching: Watching::start(connection, &kinds, Detail::Metadata),
            kinds: kinds
                .into_iter()
                .map(|kind| (kind, Seen::default()))
                .collect(),
        };
        let settled = async {
            while notices.kinds.values().any(|seen| seen.known.is_none()) {
                let Some(change) = notices.watching.next().await else {
                    return;
                };
                notices.apply(change);
            }
        };
        // What is not listed by then is looked at when it is.
        let _ = timeout(FIRST, settled).await;
        Ok(notices)
    }

    /// Waits until something changed and the changes that came with it are over.
    pub async fn changed(&mut self) {
        while let Some(change) = self.watching.next().await {
            if self.apply(change) {
                break;
            }
        }
        let latest = Instant::now() + LONGEST;
        loop {
            let until = (Instant::now() + QUIET).min(latest);
            match timeout_at(until, self.watching.next()).await {
                Ok(Some(change)) => {
                    self.apply(change);
                }
                Ok(None) => return std::future::pending().await,
                Err(_) => return,
            }
            if Instant::now() >= latest {
                return;
            }
        }
    }

    /// Takes a change in: whether it is one that counts.
    fn apply(&mut self, change: Change) -> bool {
        match change {
            Change::Listing(kind) => {
                self.seen(kind).listing = Some(BTreeSet::new());
                false
            }
            Change::Put(kind, object) => {
                let digest = digest(kind, &object);
                let seen = self.seen(kind);
                let key = key(&object);
                if let Some(told) = &mut seen.listing {
                    told.insert(key.clone());
                }
                let before = seen.objects.insert(key, digest);
                seen.known.is_some() && before != Some(digest)
            }
            Change::Gone(kind, namespace, name) => {
                let gone = self.seen(kind).objects.remove(&(namespace, name));
                gone.is_some()
            }
            Change::Listed(kind) => {
                let seen = self.seen(kind);
                let told = seen.listing.take().unwrap_or_default();
                let before = seen.objects.len();
                seen.objects.retain(|key, _| told.contains(key));
                seen.objects.len() != before
            }
            Change::Known(kind) => self.known(kind, true),
            Change::NotKnown(kind, _) => self.known(kind, false),
        }
    }

    fn known(&mut self, kind: WatchedKind, known: bool) -> bool {
        let before = self.seen(kind).known.replace(known);
        before.is_some_and(|before| before != known)
    }

    fn seen(&mut self, kind: WatchedKind) -> &mut Seen {
        self.kinds.entry(kind).or_default()
    }
}

fn key(object: &Value) -> Key {
    let text = |pointer| {
        let text = object.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned)
    };
    (
        text("/metadata/namespace"),
        text("/metadata/name").unwrap_or_default(),
    )
}

/// What counts of an object: its metadata, and that its spec changed. Where no generation says so the
/// version does, but for kinds that are written all the time.
fn digest(kind: WatchedKind, object: &Value) -> u64 {
    let field = |name: &str| object.get("metadata").and_then(|it| it.get(name));
    let mut annotations = field("annotations").cloned().unwrap_or_default();
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.remove(LAST_APPLIED);
    }
    let is_written_all_the_time = matches!(kind.resource, "pods" | "nodes" | "namespaces");
    let version = match field("generation") {
        // Its status is what was found.
        _ if kind.resource == OPERATOR_RIGHTS.resource => field("resourceVersion"),
        Some(generation) => Some(generation),
        None if is_written_all_the_time => None,
        None => field("resourceVersion"),
    };
    let counts = json!([
        field("uid"),
        field("labels"),
        annotations,
        field("ownerReferences"),
        field("deletionTimestamp"),
        version,
    ]);
    let mut hasher = DefaultHasher::new();
    counts.to_string().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(resource: &'static str) -> WatchedKind {
        WatchedKind {
            group: "",
            version: "v1",
            resource,
            kind: "",
            page: 500,
        }
    }

    #[test]
    fn a_status_is_no_change_and_what_a_verdict_may_rest_on_is() {
        let object = |version: &str, generation: Option<i64>, label: &str| {
            json!({"metadata": {"name": "a", "resourceVersion": version,
                "generation": generation, "labels": {"l": label}}})
        };
        let of = |kind: &'static str, object: Value| {
            let mut object = object;
            if object["metadata"]["generation"].is_null() {
                object["metadata"]
                    .as_object_mut()
                    .unwrap()
                    .remove("generation");
            }
            digest(watched(kind), &object)
        };
        let before = |kind, generation| of(kind, object("1", generation, "x"));
        // Written without a change of what it is to be.
        assert_eq!(before("pods", None), of("pods", object("2", None, "x")));
        assert_eq!(
            before("deployments", Some(1)),
            of("deployments", object("2", Some(1), "x"))
        );
        assert_ne!(
            before("deployments", Some(1)),
            of("deployments", object("2", Some(2), "x"))
        );
        assert_ne!(before("pods", None), of("pods", object("2", None, "y")));
        // Without a generation the version says it.
        assert_ne!(before("roles", None), of("roles", object("2", None, "x")));
        assert_ne!(
            before("operatorrights", Some(1)),
            of("operatorrights", object("2", Some(1), "x"))
        );
    }
}
