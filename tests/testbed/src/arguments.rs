//! Where the files of a control plane lie, and the arguments that its programs are started with.
//! Everything listens on loopback alone.

use std::path::{Path, PathBuf};

use crate::control_plane::{Audit, Options};
use crate::error::TestbedError;

/// The files of one control plane, in one temporary folder.
#[derive(Debug)]
pub(crate) struct Layout {
    folder: PathBuf,
}

impl Layout {
    /// Makes the folder. Who removes it is the program that ends last.
    pub(crate) fn create() -> Result<Self, TestbedError> {
        let folder = tempfile::Builder::new()
            .prefix("opsec-testbed-")
            .tempdir()
            .map_err(TestbedError::file(
                "create a folder in",
                std::env::temp_dir(),
            ))?
            .keep();
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn log(&self, program: &str) -> PathBuf {
        self.folder.join(format!("{program}.log"))
    }

    /// The certificate that the API server makes for itself.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.certificates().join("apiserver.crt")
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    pub(crate) fn service_account_key(&self) -> PathBuf {
        self.folder.join("service-account.key")
    }

    pub(crate) fn service_account_public_key(&self) -> PathBuf {
        self.folder.join("service-account.pub")
    }

    pub(crate) fn tokens(&self) -> PathBuf {
        self.folder.join("tokens.csv")
    }

    pub(crate) fn audit_policy(&self) -> PathBuf {
        self.folder.join("audit-policy.json")
    }

    pub(crate) fn audit_log(&self) -> PathBuf {
        self.folder.join("audit.log")
    }

    fn certificates(&self) -> PathBuf {
        self.folder.join("certificates")
    }
}

pub(crate) fn etcd(layout: &Layout, port: u16, peer_port: u16) -> Vec<String> {
    let client = format!("http://127.0.0.1:{port}");
    let peer = format!("http://127.0.0.1:{peer_port}");
    vec![
        flag("data-dir", layout.folder.join("etcd").display()),
        flag("listen-client-urls", &client),
        flag("advertise-client-urls", &client),
        flag("listen-peer-urls", &peer),
        flag("initial-advertise-peer-urls", &peer),
        flag("initial-cluster", format_args!("default={peer}")),
        "--unsafe-no-fsync".to_owned(),
    ]
}

pub(crate) fn api_server(
    layout: &Layout,
    options: &Options,
    etcd_port: u16,
    port: u16,
) -> Vec<String> {
    let mut arguments = vec![
        flag("etcd-servers", format_args!("http://127.0.0.1:{etcd_port}")),
        flag("cert-dir", layout.certificates().display()),
        flag("bind-address", "127.0.0.1"),
        flag("secure-port", port),
        flag("service-cluster-ip-range", "10.0.0.0/24"),
        flag("service-account-issuer", "https://kubernetes.default.svc"),
        flag(
            "service-account-key-file",
            layout.service_account_public_key().display(),
        ),
        flag(
            "service-account-signing-key-file",
            layout.service_account_key().display(),
        ),
        flag("authorization-mode", "RBAC"),
        // As kubeadm's clusters have it.
        "--enable-bootstrap-token-auth".to_owned(),
        flag("token-auth-file", layout.tokens().display()),
        flag("allow-privileged", true),
        // Tests send bursts, and leave quickly.
        flag("enable-priority-and-fairness", false),
        flag("max-requests-inflight", 0),
        flag("max-mutating-requests-inflight", 0),
        flag("shutdown-delay-duration", "0s"),
    ];
    if options.audit != Audit::None {
        arguments.push(flag("audit-policy-file", layout.audit_policy().display()));
        arguments.push(flag("audit-log-path", layout.audit_log().display()));
        // An event is in the log when its response arrives.
        arguments.push(flag("audit-log-mode", "blocking"));
    }
    arguments
}

pub(crate) fn controller_manager(layout: &Layout) -> Vec<String> {
    vec![
        flag("kubeconfig", layout.kubeconfig().display()),
        flag(
            "service-account-private-key-file",
            layout.service_account_key().display(),
        ),
        "--use-service-account-credentials".to_owned(),
        flag("leader-elect", false),
        // Nobody asks it for its health or metrics.
        flag("secure-port", 0),
    ]
}

/// The audit policy, or none.
pub(crate) fn audit_policy(audit: Audit) -> Option<String> {
    let level = match audit {
        Audit::None => return None,
        Audit::Metadata => "Metadata",
        Audit::RequestResponse => "RequestResponse",
    };
    let policy = serde_json::json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": level}],
    });
    Some(policy.to_string())
}

fn flag(name: &str, value: impl std::fmt::Display) -> String {
    format!("--{name}={value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_listens_but_on_loopback() {
        let layout = Layout {
            folder: PathBuf::from("folder"),
        };
        let etcd = etcd(&layout, 1, 2).join(" ");
        let api_server = api_server(&layout, &Options::default(), 1, 3).join(" ");
        assert!(
            etcd.contains("--listen-client-urls=http://127.0.0.1:1"),
            "{etcd}"
        );
        assert!(
            etcd.contains("--listen-peer-urls=http://127.0.0.1:2"),
            "{etcd}"
        );
        assert!(
            api_server.contains("--bind-address=127.0.0.1"),
            "{api_server}"
        );
        assert!(controller_manager(&layout).contains(&"--secure-port=0".to_owned()));
    }

    #[test]
    fn audit_is_asked_for_only_when_it_is_wanted() {
        let layout = Layout {
            folder: PathBuf::from("folder"),
        };
        let with = Options {
            audit: Audit::Metadata,
            ..Options::default()
        };
        let audited = |options: &Options| {
            let arguments = api_server(&layout, options, 1, 2);
            arguments.iter().any(|a| a.starts_with("--audit-log-path="))
        };
        assert!(audited(&with));
        assert!(!audited(&Options::default()));
        assert_eq!(audit_policy(Audit::None), None);
        assert!(
            audit_policy(Audit::RequestResponse)
                .unwrap()
                .contains("RequestResponse")
        );
    }
}
