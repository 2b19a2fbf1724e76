//! The kinds that an API server of the release serves by default.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// Whether objects of a kind live in namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the cluster.
    Cluster,
}

/// A kind as discovery lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuiltInKind {
    /// The API group, empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The plural.
    pub resource: String,
    /// The kind.
    pub kind: String,
    /// Where its objects live.
    pub scope: Scope,
    /// The verbs that it serves.
    pub verbs: Vec<String>,
    /// Short names, as in `cm`.
    pub short_names: Vec<String>,
    /// Its subresources, as in `status`.
    #[serde(deserialize_with = "subresource_names")]
    pub subresources: Vec<String>,
}

#[derive(Deserialize)]
struct Discovery {
    resources: Vec<BuiltInKind>,
}

/// All built-in kinds.
pub fn built_in() -> &'static [BuiltInKind] {
    &index().kinds
}

/// The kind with that plural in that group.
pub fn find(group: &str, resource: &str) -> Option<&'static BuiltInKind> {
    let index = index();
    let position = index.by_resource.get(resource)?.iter().find(|&&position| {
        index
            .kinds
            .get(position)
            .is_some_and(|kind| kind.group == group)
    })?;
    index.kinds.get(*position)
}

/// The kind of that name in that group.
pub fn find_kind(group: &str, kind: &str) -> Option<&'static BuiltInKind> {
    built_in()
        .iter()
        .find(|candidate| candidate.group == group && candidate.kind == kind)
}

struct Index {
    kinds: Vec<BuiltInKind>,
    by_resource: BTreeMap<String, Vec<usize>>,
}

#[expect(
    clippy::expect_used,
    reason = "the data is part of the program and read by a test"
)]
fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let text = include_str!("../data/discovery-1.36.3.json");
        let kinds = serde_json::from_str::<Discovery>(text)
            .expect("discovery data")
            .resources;
        let mut by_resource: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (position, kind) in kinds.iter().enumerate() {
            by_resource
                .entry(kind.resource.clone())
                .or_default()
                .push(position);
        }
        Index { kinds, by_resource }
    })
}

/// Discovery lists subresources as names or as objects with a name.
fn subresource_names<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    let values = Vec::<serde_json::Value>::deserialize(deserializer)?;
    Ok(values
        .iter()
        .filter_map(|value| value.as_str().or_else(|| value.get("name")?.as_str()))
        .map(|name| name.rsplit('/').next().unwrap_or(name).to_owned())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_are_namespaced_and_have_exec() {
        let pods = find("", "pods").unwrap();
        assert_eq!(pods.scope, Scope::Namespaced);
        assert!(
            pods.subresources.iter().any(|name| name == "exec"),
            "{:?}",
            pods.subresources
        );
        assert!(find("apps", "pods").is_none());
        assert_eq!(
            find_kind("apps", "Deployment").unwrap().resource,
            "deployments"
        );
        assert_eq!(built_in().len(), 68);
    }
}
