//! Roles by name, the API server's own included, with their rules as they count: aggregation
//! resolved from files, taken as they stand from a live cluster.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use opsec_kubernetes::bootstrap;
use opsec_model::objects::{AggregationRule, ClusterRole, Metadata, Object, PolicyRule, Role};
use opsec_model::{ObjectRef, Snapshot, SourceKind};

use crate::aggregation::{self, Selections};
use crate::breakdown::rule_covers;

/// The label that the API server puts on its own roles and bindings.
const BOOTSTRAPPING_LABEL: &str = "kubernetes.io/bootstrapping";
/// That label's value on RBAC objects.
const RBAC_DEFAULTS: &str = "rbac-defaults";

/// A role with the rules that count.
#[derive(Debug)]
pub(crate) struct ResolvedRole {
    pub(crate) object: Arc<ObjectRef>,
    pub(crate) rules: Vec<ResolvedRule>,
    pub(crate) bootstrap: bool,
}

/// A rule and where it is written.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedRule {
    pub(crate) rule: Arc<PolicyRule>,
    pub(crate) source: Arc<ObjectRef>,
    pub(crate) source_index: usize,
    pub(crate) bootstrap: bool,
}

/// A role as it is written.
#[derive(Debug, Clone)]
pub(crate) struct WrittenRole<'a> {
    pub(crate) own: Arc<ResolvedRole>,
    pub(crate) labels: &'a BTreeMap<String, String>,
    pub(crate) aggregation: Option<&'a AggregationRule>,
}

/// Roles as they are written, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct WrittenRoles<'a> {
    pub(crate) cluster: BTreeMap<&'a str, WrittenRole<'a>>,
    namespaced: BTreeMap<(&'a str, &'a str), WrittenRole<'a>>,
}

/// Roles by name, resolved when they are bound.
#[derive(Debug)]
pub(crate) struct RoleTable<'a> {
    written: WrittenRoles<'a>,
    selections: Selections<'a>,
    live: bool,
    resolved: BTreeMap<&'a str, Arc<ResolvedRole>>,
}

impl<'a> RoleTable<'a> {
    /// The roles of a snapshot; from files over the API server's own.
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        let live = snapshot.source.kind != SourceKind::Files;
        let mut written = if live {
            WrittenRoles::default()
        } else {
            shipped().clone()
        };
        for role in &snapshot.cluster_roles {
            let own = written_cluster_role(role, live.then(shipped));
            written.cluster.insert(&role.metadata.name, own);
        }
        for role in &snapshot.roles {
            let key = (role.metadata.namespace(), role.metadata.name.as_str());
            let own = written_role(role, live.then(shipped));
            written.namespaced.insert(key, own);
        }
        let selections = Selections::of(&written.cluster);
        Self {
            written,
            selections,
            live,
            resolved: BTreeMap::new(),
        }
    }

    /// A Role of a namespace.
    pub(crate) fn role(&self, namespace: &str, name: &str) -> Option<Arc<ResolvedRole>> {
        let written = self.written.namespaced.get(&(namespace, name))?;
        Some(Arc::clone(&written.own))
    }

    /// A ClusterRole, with what it gathers.
    pub(crate) fn cluster_role(&mut self, name: &str) -> Option<Arc<ResolvedRole>> {
        let (&name, written) = self.written.cluster.get_key_value(name)?;
        if written.aggregation.is_none() {
            return Some(Arc::clone(&written.own));
        }
        if let Some(resolved) = self.resolved.get(name) {
            return Some(Arc::clone(resolved));
        }
        let own = &written.own;
        let rules = if self.live {
            self.selections.trace(name, own, &self.written.cluster)
        } else {
            self.selections
                .gather(name, &self.written.cluster)
                .unwrap_or_else(|| own.rules.clone())
        };
        let resolved = Arc::new(ResolvedRole {
            object: Arc::clone(&own.object),
            rules,
            bootstrap: own.bootstrap,
        });
        self.resolved.insert(name, Arc::clone(&resolved));
        Some(resolved)
    }

    /// Live, where an aggregated role and what it selects differ.
    pub(crate) fn aggregation_differences(&self) -> Vec<aggregation::AggregationDifference> {
        if self.live {
            self.selections.differences(&self.written.cluster)
        } else {
            Vec::new()
        }
    }
}

/// The API server's own roles, built once.
fn shipped() -> &'static WrittenRoles<'static> {
    static SHIPPED: OnceLock<WrittenRoles<'static>> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let policy = bootstrap();
        let mut roles = WrittenRoles::default();
        for role in &policy.cluster_roles {
            let own = resolve_own(role.object_ref(), &role.rules, |_| true, true);
            let written = WrittenRole {
                own,
                labels: &role.metadata.labels,
                aggregation: role.aggregation_rule.as_ref(),
            };
            roles.cluster.insert(&role.metadata.name, written);
        }
        for role in &policy.roles {
            let own = resolve_own(role.object_ref(), &role.rules, |_| true, true);
            let key = (role.metadata.namespace(), role.metadata.name.as_str());
            let written = WrittenRole {
                own,
                labels: &role.metadata.labels,
                aggregation: None,
            };
            roles.namespaced.insert(key, written);
        }
        roles
    })
}

fn written_cluster_role<'a>(
    role: &'a ClusterRole,
    shipped: Option<&'static WrittenRoles<'static>>,
) -> WrittenRole<'a> {
    let twin = shipped.and_then(|roles| roles.cluster.get(role.metadata.name.as_str()));
    WrittenRole {
        own: own_of(role.object_ref(), &role.metadata, &role.rules, twin),
        labels: &role.metadata.labels,
        aggregation: role.aggregation_rule.as_ref(),
    }
}

fn written_role<'a>(
    role: &'a Role,
    shipped: Option<&'static WrittenRoles<'static>>,
) -> WrittenRole<'a> {
    let key = (role.metadata.namespace(), role.metadata.name.as_str());
    let twin = shipped.and_then(|roles| roles.namespaced.get(&key));
    WrittenRole {
        own: own_of(role.object_ref(), &role.metadata, &role.rules, twin),
        labels: &role.metadata.labels,
        aggregation: None,
    }
}

/// A role of the input. Its twin is the API server's own role of that name when the input is a
/// live cluster: a role that carries the label and a rule that the twin covers are the API
/// server's own. The label alone proves nothing, since anyone may write it.
fn own_of(
    object: ObjectRef,
    metadata: &Metadata,
    rules: &[PolicyRule],
    twin: Option<&WrittenRole<'_>>,
) -> Arc<ResolvedRole> {
    let twin = twin.filter(|_| is_labelled_bootstrap(metadata));
    let of_twin = |rule: &PolicyRule| {
        twin.is_some_and(|twin| {
            let mut rules = twin.own.rules.iter();
            rules.any(|own| rule_covers(&own.rule, rule))
        })
    };
    resolve_own(object, rules, of_twin, twin.is_some())
}

/// Whether an object carries the API server's own label.
pub(crate) fn is_labelled_bootstrap(metadata: &Metadata) -> bool {
    metadata.label(BOOTSTRAPPING_LABEL) == Some(RBAC_DEFAULTS)
}

fn resolve_own(
    object: ObjectRef,
    rules: &[PolicyRule],
    rule_is_bootstrap: impl Fn(&PolicyRule) -> bool,
    bootstrap: bool,
) -> Arc<ResolvedRole> {
    let object = Arc::new(object);
    let rules = rules
        .iter()
        .enumerate()
        .map(|(source_index, rule)| ResolvedRule {
            rule: Arc::new(rule.clone()),
            source: Arc::clone(&object),
            source_index,
            bootstrap: rule_is_bootstrap(rule),
        })
        .collect();
    Arc::new(ResolvedRole {
        object,
        rules,
        bootstrap,
    })
}
