//! Which kinds there are and where their objects live: what discovery would say, and the
//! resources that exist only as names in RBAC.

use std::collections::BTreeMap;
use std::sync::Arc;

use opsec_kubernetes::{Scope, built_in, find, find_virtual, virtual_resources};
use opsec_model::Snapshot;

use crate::matching::{matches_literally_or_all, matches_resource};

/// A kind that is served, or a virtual resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownKind<'a> {
    /// The API group.
    pub group: &'a str,
    /// The plural; a virtual resource may carry its subresource (`nodes/log`).
    pub resource: &'a str,
    /// Where its objects live; none when the snapshot does not say.
    pub scope: Option<Scope>,
}

/// Which kinds there are. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Kinds beyond the built-in and virtual ones, by resource and group.
    custom: Arc<BTreeMap<String, BTreeMap<String, Option<Scope>>>>,
}

impl Kinds {
    /// The built-in kinds, the virtual resources, the snapshot's CRDs with a served version, and
    /// what a live API server serves besides.
    pub fn from_snapshot(snapshot: &Snapshot) -> Self {
        let mut custom: BTreeMap<String, BTreeMap<String, Option<Scope>>> = BTreeMap::new();
        for kind in &snapshot.served {
            let groups = custom.entry(kind.resource.clone()).or_default();
            groups.insert(kind.group.clone(), None);
        }
        for definition in &snapshot.custom_resource_definitions {
            let spec = &definition.spec;
            if !spec.versions.iter().any(|version| version.served) {
                continue;
            }
            let scope = match spec.scope.as_str() {
                "Cluster" => Scope::Cluster,
                _ => Scope::Namespaced,
            };
            let groups = custom.entry(spec.names.plural.clone()).or_default();
            groups.insert(spec.group.clone(), Some(scope));
        }
        Self {
            custom: Arc::new(custom),
        }
    }

    /// Where objects of a kind live; none when the kind is not known, or nothing says. A
    /// subresource (`pods/exec`) lives where its kind does.
    pub fn scope(&self, group: &str, resource: &str) -> Option<Scope> {
        let base = base(resource);
        find(group, base)
            .map(|kind| kind.scope)
            .or_else(|| *self.custom(group, base)?)
            .or_else(|| find_virtual(group, resource).map(|found| found.scope))
    }

    /// Whether a kind is served, or is a virtual resource. A subresource counts as its kind.
    pub fn served(&self, group: &str, resource: &str) -> bool {
        let base = base(resource);
        find(group, base).is_some()
            || self.custom(group, base).is_some()
            || find_virtual(group, resource).is_some()
    }

    /// All known kinds: the built-in ones, then the virtual resources, then the others.
    pub fn all(&self) -> impl Iterator<Item = KnownKind<'_>> {
        let built_in = built_in().iter().map(|kind| KnownKind {
            group: &kind.group,
            resource: &kind.resource,
            scope: Some(kind.scope),
        });
        let virtual_ones = virtual_resources().iter().map(|found| KnownKind {
            group: found.group,
            resource: found.resource,
            scope: Some(found.scope),
        });
        let custom = self.custom.iter().flat_map(|(resource, groups)| {
            groups.iter().map(move |(group, scope)| KnownKind {
                group,
                resource,
                scope: *scope,
            })
        });
        built_in.chain(virtual_ones).chain(custom)
    }

    /// The known kinds that a rule's groups and resources cover, RBAC's wildcards included.
    pub fn kinds_matching(
        &self,
        groups: &[String],
        resources: &[String],
    ) -> impl Iterator<Item = KnownKind<'_>> {
        self.all().filter(move |kind| {
            let (resource, subresource) =
                kind.resource.split_once('/').unwrap_or((kind.resource, ""));
            matches_literally_or_all(groups, kind.group).is_some()
                && matches_resource(resources, resource, subresource).is_some()
        })
    }

    fn custom(&self, group: &str, resource: &str) -> Option<&Option<Scope>> {
        self.custom.get(resource)?.get(group)
    }
}

fn base(resource: &str) -> &str {
    resource.split_once('/').map_or(resource, |(base, _)| base)
}
