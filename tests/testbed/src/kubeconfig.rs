//! The kubeconfig of a control plane's administrator.

use std::path::Path;

/// A kubeconfig for a token of the group `system:masters`, as JSON, which is YAML.
pub(crate) fn document(server: &str, certificate_authority: &Path, token: &str) -> String {
    let config = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "testbed",
        "clusters": [{
            "name": "testbed",
            "cluster": {"server": server, "certificate-authority": certificate_authority},
        }],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": "admin"}}],
    });
    config.to_string()
}
