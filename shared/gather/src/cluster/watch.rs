//! What changes in a cluster, object by object, as its API server tells it. A kind that cannot be
//! followed is told as such, and is tried again and again; it is known once more when all of it was
//! listed anew and is being watched.

use std::time::{Duration, Instant};

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use kube::api::{ApiResource, DynamicObject, PartialObjectMeta};
use kube::core::GroupVersionKind;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Config, Event, watcher};
use kube::{Api, Client};
use opsec_manifests::{LiveObjects, NotUnderstood};
use opsec_model::{Completeness, Kind, Snapshot};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::connect::Connection;
use super::error::words;

/// How many changes wait to be taken before the API server is kept waiting.
const WAITING: usize = 1024;
/// How long a watch must have gone well before the kind counts as known: a refusal to watch what
/// may be listed comes at once.
const SETTLED: Duration = Duration::from_millis(300);
/// How long the API server may be away before a kind is no longer known.
const PATIENCE: Duration = Duration::from_secs(15);
/// Troubles that lie further apart have nothing to do with each other.
const APART: Duration = Duration::from_mins(1);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A kind that is followed, in one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchedKind {
    /// Its group; empty is the core group.
    pub group: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its plural.
    pub resource: &'static str,
    /// The kind itself.
    pub kind: &'static str,
    /// How many objects a page of its list holds.
    pub page: u32,
}

impl WatchedKind {
    /// The kind as it is called in what is missing.
    pub fn named(&self) -> Kind {
        Kind::new(self.resource, self.group)
    }

    /// Reduces an object to what a verdict may rest on: a snapshot of that object alone.
    ///
    /// # Errors
    /// When it is not as the kind's definition has it.
    pub fn reduce(&self, object: Value) -> Result<Snapshot, NotUnderstood> {
        let mut objects = LiveObjects::new();
        objects.add(self.group, self.version, self.kind, object)?;
        Ok(objects.finish())
    }
}

/// What became of an object, or of a kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// All of the kind is listed anew: what is not told before [`Change::Listed`] is gone.
    Listing(WatchedKind),
    /// An object as it is now, without managed fields.
    Put(WatchedKind, Value),
    /// An object is gone: its namespace and name.
    Gone(WatchedKind, Option<String>, String),
    /// All of the kind was told.
    Listed(WatchedKind),
    /// The kind was listed, and is watched.
    Known(WatchedKind),
    /// What is known of the kind may be out of date, or is nothing.
    NotKnown(WatchedKind, Completeness),
}

/// What is told of each object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// All of it.
    Whole,
    /// Its metadata alone.
    Metadata,
}

/// Follows kinds until it is dropped.
#[derive(Debug)]
pub struct Watching {
    changes: mpsc::Receiver<Change>,
    // Ends the watches with it.
    _tasks: JoinSet<()>,
}

impl Watching {
    /// Begins to follow kinds in all namespaces; the runtime that it is called on does the work.
    pub fn start(connection: &Connection, kinds: &[WatchedKind], detail: Detail) -> Self {
        let (sender, changes) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        for kind in kinds {
            let follower = Follower {
                client: connection.client.clone(),
                kind: *kind,
                detail,
                sender: sender.clone(),
            };
            tasks.spawn(follower.follow());
        }
        Self {
            changes,
            _tasks: tasks,
        }
    }

    /// The next change.
    pub async fn next(&mut self) -> Option<Change> {
        self.changes.recv().await
    }

    /// The next change if there is one already.
    pub fn take(&mut self) -> Option<Change> {
        self.changes.try_recv().ok()
    }
}

/// Who takes the changes is gone.
struct Closed;

struct Follower {
    client: Client,
    kind: WatchedKind,
    detail: Detail,
    sender: mpsc::Sender<Change>,
}

type Objects = BoxStream<'static, watcher::Result<Event<Value>>>;

impl Follower {
    async fn follow(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let began = Instant::now();
            let Ok(why) = self.until_trouble().await else {
                return;
            };
            if self
                .sender
                .send(Change::NotKnown(self.kind, why))
                .await
                .is_err()
            {
                return;
            }
            if began.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    fn objects(&self) -> Objects {
        let kind = self.kind;
        let gvk = GroupVersionKind::gvk(kind.group, kind.version, kind.kind);
        let resource = ApiResource::from_gvk_with_plural(&gvk, kind.resource);
        let config = Config::default().page_size(kind.page);
        match self.detail {
            Detail::Whole => {
                let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &resource);
                let events = watcher(api, config).default_backoff();
                events.map_ok(|event| as_value(event, whole)).boxed()
            }
            Detail::Metadata => {
                let api: Api<PartialObjectMeta<DynamicObject>> =
                    Api::all_with(self.client.clone(), &resource);
                let events = watcher(api, config).default_backoff();
                events.map_ok(|event| as_value(event, metadata)).boxed()
            }
        }
    }

    /// Tells changes until the kind is not known any more, and why.
    async fn until_trouble(&self) -> Result<Completeness, Closed> {
        let mut objects = self.objects();
        let mut trouble = Trouble::default();
        let (mut listed, mut known) = (false, false);
        loop {
            let next = if listed && !known {
                let Ok(next) = tokio::time::timeout(SETTLED, objects.next()).await else {
                    known = true;
                    self.tell(Change::Known(self.kind)).await?;
                    continue;
                };
                next
            } else {
                objects.next().await
            };
            match next {
                Some(Ok(event)) => {
                    trouble = Trouble::default();
                    listed |= matches!(event, Event::InitDone);
                    self.tell(self.change(event)).await?;
                }
                Some(Err(error)) => {
                    if let Some(why) = trouble.lasts(self.kind, &error) {
                        return Ok(why);
                    }
                }
                None => {
                    let message = "its watch ended".to_owned();
                    return Ok(Completeness::Failed { message });
                }
            }
        }
    }

    async fn tell(&self, change: Change) -> Result<(), Closed> {
        self.sender.send(change).await.map_err(|_| Closed)
    }

    fn change(&self, event: Event<Value>) -> Change {
        match event {
            Event::Init => Change::Listing(self.kind),
            Event::InitApply(object) | Event::Apply(object) => Change::Put(self.kind, object),
            Event::InitDone => Change::Listed(self.kind),
            Event::Delete(object) => {
                let of = |pointer| {
                    let text = object.pointer(pointer).and_then(Value::as_str);
                    text.map(str::to_owned)
                };
                let name = of("/metadata/name").unwrap_or_default();
                Change::Gone(self.kind, of("/metadata/namespace"), name)
            }
        }
    }
}

/// Errors since the last answer that was none.
#[derive(Debug, Default)]
struct Trouble {
    began: Option<Instant>,
    last: Option<Instant>,
}

impl Trouble {
    /// Why the kind is not known, when waiting is of no use or has lasted.
    fn lasts(&mut self, kind: WatchedKind, error: &watcher::Error) -> Option<Completeness> {
        if let Some(why) = refused(kind, error) {
            return Some(why);
        }
        let now = Instant::now();
        if self.last.is_some_and(|last| now - last > APART) {
            self.began = None;
        }
        self.last = Some(now);
        let began = *self.began.get_or_insert(now);
        (now - began > PATIENCE).then(|| Completeness::Failed {
            message: words(error),
        })
    }
}

/// A refusal, which no waiting helps against.
fn refused(kind: WatchedKind, error: &watcher::Error) -> Option<Completeness> {
    let (verb, code) = match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status)) => ("list", status.code),
        watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => ("watch", status.code),
        _ => return None,
    };
    match code {
        403 => Some(Completeness::Forbidden {
            missing: format!("{verb} {}", kind.named()),
        }),
        404 => Some(Completeness::Failed {
            message: "the API server does not serve it".to_owned(),
        }),
        _ => None,
    }
}

fn as_value<K>(event: Event<K>, value: impl Fn(K) -> Value) -> Event<Value> {
    match event {
        Event::Apply(object) => Event::Apply(value(object)),
        Event::Delete(object) => Event::Delete(value(object)),
        Event::Init => Event::Init,
        Event::InitApply(object) => Event::InitApply(value(object)),
        Event::InitDone => Event::InitDone,
    }
}

fn whole(mut object: DynamicObject) -> Value {
    object.metadata.managed_fields = None;
    let mut value = object.data;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("metadata".to_owned(), json!(object.metadata));
    }
    value
}

fn metadata(mut object: PartialObjectMeta<DynamicObject>) -> Value {
    object.metadata.managed_fields = None;
    json!({"metadata": object.metadata})
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    const ROLES: WatchedKind = WatchedKind {
        group: "rbac.authorization.k8s.io",
        version: "v1",
        resource: "roles",
        kind: "Role",
        page: 500,
    };

    fn status(code: u16) -> Box<Status> {
        Box::new(Status {
            code,
            ..Status::default()
        })
    }

    #[test]
    fn a_refusal_names_the_permission_at_once() {
        let refused = watcher::Error::WatchStartFailed(kube::Error::Api(status(403)));
        let why = Trouble::default().lasts(ROLES, &refused).unwrap();
        assert_eq!(
            why.reason(&ROLES.named()),
            "may not watch roles.rbac.authorization.k8s.io"
        );
    }

    #[test]
    fn what_passes_is_no_trouble_and_what_lasts_is() {
        let away = watcher::Error::WatchError(status(500));
        let mut trouble = Trouble::default();
        assert_eq!(trouble.lasts(ROLES, &away), None);
        let long_ago = Instant::now().checked_sub(PATIENCE + Duration::from_secs(1));
        trouble.began = long_ago;
        assert!(trouble.lasts(ROLES, &away).is_some());
        // What was long before has nothing to do with it.
        trouble.began = long_ago;
        trouble.last = Instant::now().checked_sub(APART + Duration::from_secs(1));
        assert_eq!(trouble.lasts(ROLES, &away), None);
    }

    #[test]
    fn an_object_is_told_without_what_its_managers_left() {
        let object: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "v1", "kind": "Role",
            "metadata": {"name": "a", "namespace": "b", "managedFields": [{"manager": "c"}]},
            "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}],
        }))
        .unwrap();
        let told = whole(object);
        assert_eq!(told["metadata"], json!({"name": "a", "namespace": "b"}));
        let reduced = ROLES.reduce(told).unwrap();
        assert_eq!(reduced.roles[0].rules[0].verbs, ["get"]);
    }
}
