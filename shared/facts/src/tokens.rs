//! Which API tokens a pod mounts.
//! <https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/>

use opsec_model::ServiceAccountRef;
use opsec_model::objects::Workload;

use crate::Facts;

/// A token for the API server that a workload's pods mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountedToken {
    /// How.
    pub mount: TokenMount,
    /// The field that says so, in the workload; empty when it is the default.
    pub field: String,
    /// Seconds that it lasts.
    pub expiration_seconds: i64,
}

/// How a token is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenMount {
    /// By the API server, since nothing says otherwise.
    Automatic,
    /// By a projected volume.
    Projected,
}

/// What a projected token lasts when nothing is said, in seconds.
const DEFAULT_EXPIRATION: i64 = 3600;

impl Facts<'_> {
    /// The API tokens that a workload's pods mount. The pod's field decides, else the
    /// ServiceAccount's, else it is mounted. A token for another audience is not one.
    pub fn mounted_tokens(&self, workload: &Workload) -> Vec<MountedToken> {
        let spec = &workload.template.spec;
        let path = workload.kind.pod_spec_path();
        let account = ServiceAccountRef::new(workload.namespace(), spec.service_account());
        let automount = spec
            .automount_service_account_token
            .or_else(|| {
                self.service_account(&account)?
                    .automount_service_account_token
            })
            .unwrap_or(true);
        let automatic = automount.then(|| MountedToken {
            mount: TokenMount::Automatic,
            field: match spec.automount_service_account_token {
                Some(_) => format!("{path}.automountServiceAccountToken"),
                None => path.to_owned(),
            },
            expiration_seconds: DEFAULT_EXPIRATION,
        });
        let projected = spec.volumes.iter().enumerate().flat_map(|(index, volume)| {
            let sources = volume
                .projected
                .iter()
                .flat_map(|projected| &projected.sources);
            sources.enumerate().filter_map(move |(source, projection)| {
                let token = projection.service_account_token.as_ref()?;
                let for_the_api_server =
                    token.audience.is_empty() || API_AUDIENCES.contains(&token.audience.as_str());
                for_the_api_server.then(|| MountedToken {
                    mount: TokenMount::Projected,
                    field: format!(
                        "{path}.volumes[{index}].projected.sources[{source}].serviceAccountToken"
                    ),
                    expiration_seconds: token.expiration_seconds.unwrap_or(DEFAULT_EXPIRATION),
                })
            })
        });
        automatic.into_iter().chain(projected).collect()
    }
}

/// What API servers commonly call themselves; a token for one of these is an API token.
const API_AUDIENCES: [&str; 3] = [
    "https://kubernetes.default.svc",
    "https://kubernetes.default.svc.cluster.local",
    "kubernetes.default.svc",
];

#[cfg(test)]
mod tests {
    use super::*;
    use opsec_model::Snapshot;
    use opsec_model::objects::{Metadata, PodTemplate, ServiceAccount, WorkloadKind};

    fn workload(automount: Option<bool>) -> Workload {
        let mut template = PodTemplate::default();
        template.spec.automount_service_account_token = automount;
        Workload {
            kind: WorkloadKind::Deployment,
            metadata: Metadata {
                name: "w".into(),
                namespace: Some("n".into()),
                ..Metadata::default()
            },
            template,
            replicas: None,
            watch_settings: vec![],
            hook: None,
            alike: Vec::new(),
        }
    }

    #[test]
    fn the_pods_field_decides_then_the_service_accounts_then_it_is_mounted() {
        for (pod, account, mounted) in [
            (None, None, true),
            (None, Some(false), false),
            (None, Some(true), true),
            (Some(true), Some(false), true),
            (Some(false), Some(true), false),
            (Some(false), None, false),
        ] {
            let snapshot = Snapshot {
                service_accounts: vec![ServiceAccount {
                    metadata: Metadata {
                        name: "default".into(),
                        namespace: Some("n".into()),
                        ..Metadata::default()
                    },
                    automount_service_account_token: account,
                }],
                ..Snapshot::default()
            };
            let facts = Facts::new(&snapshot);
            let tokens = facts.mounted_tokens(&workload(pod));
            assert_eq!(
                !tokens.is_empty(),
                mounted,
                "pod {pod:?}, account {account:?}"
            );
        }
    }
}
