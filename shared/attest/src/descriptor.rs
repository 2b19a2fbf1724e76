//! What exactly a statement is of: an operator on a cluster, its workloads and its images.

use std::collections::BTreeSet;

use opsec_model::canonical::{CanonicalError, digest_bytes, to_canonical_json};
use serde::{Deserialize, Serialize};

/// An operator on a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// UID of the cluster's namespace kube-system.
    pub cluster_uid: String,
    /// `NAMESPACE~NAME`.
    pub operator_id: String,
    /// Its workloads.
    pub workloads: BTreeSet<WorkloadRef>,
    /// The images that they run.
    pub images: BTreeSet<ImageRef>,
}

/// A workload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkloadRef {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// An image that a container runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ImageRef {
    /// The container's name.
    pub container: String,
    /// The image as the container names it.
    pub reference: String,
    /// `sha256:` and the digest, where the reference has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl ImageRef {
    /// The image of a container; its digest is what stands after `@sha256:`.
    pub fn of(container: &str, reference: &str) -> Self {
        let digest = reference.rsplit_once('@').map(|(_, digest)| digest);
        let is_digest = |text: &&str| {
            let hex = text.strip_prefix("sha256:").unwrap_or_default();
            hex.len() == 64
                && hex
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        Self {
            container: container.to_owned(),
            reference: reference.to_owned(),
            digest: digest.filter(is_digest).map(str::to_owned),
        }
    }
}

impl Descriptor {
    /// The bytes that its digest is of.
    ///
    /// # Errors
    /// Never, for strings alone.
    pub fn bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        to_canonical_json(self)
    }

    /// `sha256:` and the digest of its bytes.
    ///
    /// # Errors
    /// Never, for strings alone.
    pub fn digest(&self) -> Result<String, CanonicalError> {
        Ok(digest_bytes(&self.bytes()?))
    }

    /// Whether every image is known by its digest.
    pub fn images_complete(&self) -> bool {
        self.images.iter().all(|image| image.digest.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_what_stands_behind_the_at_sign() {
        let hex = "0f".repeat(32);
        let known = ImageRef::of("manager", &format!("reg.example/a:1@sha256:{hex}"));
        assert_eq!(known.digest, Some(format!("sha256:{hex}")));
        for reference in [
            "a:1".to_owned(),
            format!("a@sha256:{}", "0F".repeat(32)),
            format!("a@sha512:{hex}"),
            "a@sha256:12".to_owned(),
        ] {
            assert_eq!(ImageRef::of("c", &reference).digest, None, "{reference}");
        }
    }
}
