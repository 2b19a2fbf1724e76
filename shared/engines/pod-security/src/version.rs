//! A version of the Pod Security Standards.

use std::fmt;

/// A version of the Pod Security Standards, as `v1.36` names it. One that is newer than the
/// newest known behaves as the newest, as in the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    minor: u32,
}

impl Version {
    /// The version that `latest` means to the judged release.
    pub const LATEST: Self = Self { minor: 36 };

    /// The version of the release 1.`minor`.
    pub const fn minor(minor: u32) -> Self {
        Self { minor }
    }

    /// The version that `latest` means to an API server of a release, as in `1.33.2` or `v1.33.2+k3s1`;
    /// of a newer release than the judged one, or of none that can be read, the newest known.
    pub fn latest_of(release: &str) -> Self {
        let numbers = release.trim_start_matches('v').strip_prefix("1.");
        let minor = numbers.and_then(|numbers| {
            let end = numbers.find(|character: char| !character.is_ascii_digit());
            let digits = end.and_then(|end| numbers.get(..end)).unwrap_or(numbers);
            digits.parse().ok()
        });
        minor.map_or(Self::LATEST, |minor| Self::minor(minor).min(Self::LATEST))
    }

    /// Reads `latest` or `v1.x`, and nothing else, as the API server does.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "latest" {
            return Some(Self::LATEST);
        }
        let digits = text.strip_prefix("v1.")?;
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = digits == "0" || !digits.starts_with('0');
        if !plain || !canonical {
            return None;
        }
        digits.parse().ok().map(Self::minor)
    }

    /// Whether it is the version of the release 1.`minor` or newer.
    pub(crate) fn since(self, minor: u32) -> bool {
        self.minor >= minor
    }
}

/// `v1.36`.
impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "v1.{}", self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latest_is_the_release_of_the_api_server_and_no_newer_than_what_is_known() {
        for (release, minor) in [
            ("1.33.2", 33),
            ("v1.30.14+k3s1", 30),
            ("1.24", 24),
            ("1.36.3", 36),
            ("1.37.2", 36),
            ("", 36),
            ("2.1.0", 36),
            ("1.x", 36),
        ] {
            assert_eq!(
                Version::latest_of(release),
                Version::minor(minor),
                "{release}"
            );
        }
    }

    #[test]
    fn only_latest_and_v1_dot_a_number_are_versions() {
        for (text, minor) in [("latest", 36), ("v1.24", 24), ("v1.0", 0), ("v1.99", 99)] {
            assert_eq!(Version::parse(text), Some(Version::minor(minor)), "{text}");
        }
        for text in [
            "",
            "1.24",
            "v1",
            "v1.",
            "v1.x",
            "v1.024",
            "v1.24.1",
            "v2.0",
            "V1.24",
            "v1.-1",
            "v1.+1",
            "v1.99999999999",
            "Latest",
            " v1.24",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
