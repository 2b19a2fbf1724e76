//! What the API server serves.

use std::time::Duration;

use kube::client::APIGroupDiscoveryList;
use kube::core::discovery::v2::ACCEPT_AGGREGATED_DISCOVERY_V2;

use super::connect::Connection;
use super::error::ClusterError;
use super::retry::{Refusal, get};

/// A kind in one of the versions in which it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServedKind {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) resource: String,
    pub(super) kind: String,
    pub(super) can_list: bool,
}

/// What is served, the preferred version of each group first, and what could not be known.
#[derive(Debug, Clone, Default)]
pub(super) struct Discovery {
    pub(super) kinds: Vec<ServedKind>,
    /// Groups whose own server does not answer.
    pub(super) stale_groups: Vec<String>,
}

impl Discovery {
    /// The kind in the first of these versions in which it is served.
    pub(super) fn find(
        &self,
        group: &str,
        resource: &str,
        versions: &[&str],
    ) -> Option<&ServedKind> {
        versions.iter().find_map(|version| {
            self.kinds.iter().find(|served| {
                served.group == group && served.resource == resource && served.version == *version
            })
        })
    }

    /// The kind by its name, in the version that is preferred.
    pub(super) fn find_kind(&self, group: &str, kind: &str) -> Option<&ServedKind> {
        self.kinds
            .iter()
            .find(|served| served.group == group && served.kind == kind)
    }
}

/// The release, as in `1.36.3`.
pub(super) async fn version(
    connection: &Connection,
    timeout: Duration,
) -> Result<String, ClusterError> {
    #[derive(serde::Deserialize)]
    struct Version {
        #[serde(rename = "gitVersion")]
        git_version: String,
    }
    let version: Version = get(connection, "/version", "application/json", timeout)
        .await
        .map_err(|refusal| fatal(connection, "/version", refusal))?;
    let release = version.git_version.trim_start_matches('v');
    // What a distribution adds (`1.36.3-eks-1`, `1.36.3+k3s1`) is not the release.
    let end = release.find(['-', '+']).unwrap_or(release.len());
    Ok(release.get(..end).unwrap_or(release).to_owned())
}

/// Everything that is served, in two requests.
pub(super) async fn discover(
    connection: &Connection,
    timeout: Duration,
) -> Result<Discovery, ClusterError> {
    let mut discovery = Discovery::default();
    for path in ["/api", "/apis"] {
        let list: APIGroupDiscoveryList =
            get(connection, path, ACCEPT_AGGREGATED_DISCOVERY_V2, timeout)
                .await
                .map_err(|refusal| fatal(connection, path, refusal))?;
        if list.items.is_empty() {
            return Err(ClusterError::NotKubernetes {
                server: connection.server.clone(),
                message: format!("{path} lists no groups"),
            });
        }
        add(list, &mut discovery);
    }
    Ok(discovery)
}

fn add(list: APIGroupDiscoveryList, discovery: &mut Discovery) {
    for group in list.items {
        let name = group
            .metadata
            .and_then(|metadata| metadata.name)
            .unwrap_or_default();
        for version in group.versions {
            if version.freshness.as_deref() == Some("Stale") {
                discovery.stale_groups.push(name.clone());
            }
            for resource in version.resources {
                let kind = resource.response_kind.and_then(|kind| kind.kind);
                discovery.kinds.push(ServedKind {
                    group: name.clone(),
                    version: version.version.clone().unwrap_or_default(),
                    resource: resource.resource.unwrap_or_default(),
                    kind: kind.unwrap_or_default(),
                    can_list: resource.verbs.iter().any(|verb| verb == "list"),
                });
            }
        }
    }
    discovery.stale_groups.dedup();
}

/// Without these answers nothing else can be asked.
fn fatal(connection: &Connection, path: &str, refusal: Refusal) -> ClusterError {
    let server = connection.server.clone();
    match refusal {
        Refusal::Fatal(error) => error,
        Refusal::Forbidden(message) => ClusterError::Discovery { server, message },
        Refusal::Unable(message) => ClusterError::Unable {
            server,
            path: path.to_owned(),
            message,
        },
        Refusal::Other(message) => ClusterError::NotKubernetes { server, message },
        Refusal::NotFound | Refusal::Expired => ClusterError::NotKubernetes {
            server,
            message: "what every API server has is not found".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_version_that_is_served_counts() {
        let kind = |version: &str| ServedKind {
            group: "g".to_owned(),
            version: version.to_owned(),
            resource: "things".to_owned(),
            kind: "Thing".to_owned(),
            can_list: true,
        };
        let discovery = Discovery {
            kinds: vec![kind("v1beta1"), kind("v1alpha1")],
            ..Discovery::default()
        };
        let found = discovery.find("g", "things", &["v1", "v1beta1"]).unwrap();
        assert_eq!(found.version, "v1beta1");
        assert_eq!(discovery.find("g", "things", &["v1"]), None);
        assert_eq!(
            discovery.find_kind("g", "Thing").unwrap().version,
            "v1beta1"
        );
    }
}
