//! What a namespace's labels enforce.
//! <https://kubernetes.io/docs/concepts/security/pod-security-admission/>

use std::collections::BTreeMap;

use opsec_model::baseline::PodSecurityLevel;

use crate::Version;

/// The label with the level that a namespace enforces.
pub const ENFORCE_LABEL: &str = "pod-security.kubernetes.io/enforce";
/// The label with the version of the standards that a namespace enforces.
pub const ENFORCE_VERSION_LABEL: &str = "pod-security.kubernetes.io/enforce-version";

/// What a namespace enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enforcement {
    /// The level.
    pub level: PodSecurityLevel,
    /// The version of the standards.
    pub version: Version,
}

/// The level that a namespace with these labels enforces; none when no label says so, and then
/// every pod is admitted. A value that is no level counts as `restricted`: so does the API
/// server, which refuses to write such a label but meets those written before it looked.
pub fn enforced(labels: &BTreeMap<String, String>) -> Option<PodSecurityLevel> {
    let value = labels.get(ENFORCE_LABEL)?;
    Some(PodSecurityLevel::parse(value).unwrap_or(PodSecurityLevel::Restricted))
}

/// The version that a namespace with these labels enforces where the API server's latest is that
/// one: its latest when no label says otherwise, when the label's value is no version, and when that
/// is a version that it does not know yet.
pub fn enforced_version(labels: &BTreeMap<String, String>, latest: Version) -> Version {
    labels
        .get(ENFORCE_VERSION_LABEL)
        .and_then(|value| Version::parse(value))
        .map_or(latest, |version| version.min(latest))
}

/// Level and version that a namespace with these labels enforces, where the API server's latest is
/// that one; none without the level's label.
pub fn enforcement(labels: &BTreeMap<String, String>, latest: Version) -> Option<Enforcement> {
    enforced(labels).map(|level| Enforcement {
        level,
        version: enforced_version(labels, latest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_namespace_enforces_what_its_label_says_and_restricted_when_the_label_is_wrong() {
        for (pairs, level) in [
            (&[][..], None),
            (
                &[("pod-security.kubernetes.io/warn", "restricted")][..],
                None,
            ),
            (
                &[(ENFORCE_LABEL, "privileged")][..],
                Some(PodSecurityLevel::Privileged),
            ),
            (
                &[(ENFORCE_LABEL, "baseline")][..],
                Some(PodSecurityLevel::Baseline),
            ),
            (
                &[(ENFORCE_LABEL, "restricted")][..],
                Some(PodSecurityLevel::Restricted),
            ),
            (
                &[(ENFORCE_LABEL, "Baseline")][..],
                Some(PodSecurityLevel::Restricted),
            ),
            (
                &[(ENFORCE_LABEL, "")][..],
                Some(PodSecurityLevel::Restricted),
            ),
        ] {
            assert_eq!(enforced(&labels(pairs)), level, "{pairs:?}");
        }
    }

    #[test]
    fn the_version_is_the_latest_unless_a_label_pins_one() {
        let pinned = labels(&[
            (ENFORCE_LABEL, "baseline"),
            (ENFORCE_VERSION_LABEL, "v1.28"),
        ]);
        let expected = Enforcement {
            level: PodSecurityLevel::Baseline,
            version: Version::minor(28),
        };
        assert_eq!(enforcement(&pinned, Version::LATEST), Some(expected));
        // An older API server does not know that version, and takes its own latest.
        assert_eq!(
            enforced_version(&pinned, Version::minor(25)),
            Version::minor(25)
        );
        let wrong = labels(&[(ENFORCE_VERSION_LABEL, "1.28")]);
        assert_eq!(
            enforced_version(&wrong, Version::minor(30)),
            Version::minor(30)
        );
        assert_eq!(enforcement(&wrong, Version::LATEST), None);
    }
}
