//! Who someone is: a user, a group or a name of a certificate, and who vouches for it.

use std::fmt;

/// The most bytes of a subject's value.
const LIMIT: usize = 1_024;

/// What the value of a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A user.
    User,
    /// A group, which users are in.
    Group,
    /// A URI of a client certificate.
    Uri,
    /// A DNS name of a client certificate.
    Dns,
}

impl Kind {
    const ALL: [Self; 4] = [Self::User, Self::Group, Self::Uri, Self::Dns];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Uri => "uri",
            Self::Dns => "dns",
        }
    }
}

/// Someone, as an authenticator of the configuration vouches for it: `NAME/kind:value`. The same
/// value of another authenticator is someone else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    authenticator: String,
    kind: Kind,
    value: String,
}

/// Why a text is no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no subject; write AUTHENTICATOR/user:NAME, or group:, uri: or dns: likewise")]
pub struct SubjectError(pub String);

impl Subject {
    /// A subject; absent when it cannot be one.
    pub fn new(authenticator: &str, kind: Kind, value: &str) -> Option<Self> {
        let named = is_authenticator(authenticator);
        let valued =
            !value.is_empty() && value.len() <= LIMIT && !value.chars().any(char::is_control);
        (named && valued).then(|| Self {
            authenticator: authenticator.to_owned(),
            kind,
            value: value.to_owned(),
        })
    }

    /// Reads a subject.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        let subject = || {
            let (authenticator, rest) = text.split_once('/')?;
            let (kind, value) = rest.split_once(':')?;
            let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind)?;
            Self::new(authenticator, kind, value)
        };
        subject().ok_or_else(|| SubjectError(text.to_owned()))
    }

    /// The authenticator that vouches for it, by its name in the configuration.
    pub fn authenticator(&self) -> &str {
        &self.authenticator
    }

    /// What its value is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its value.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Whether an authenticator can be called so.
pub(crate) fn is_authenticator(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= 63 && name.bytes().all(known)
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, value) = (self.kind.as_str(), &self.value);
        write!(formatter, "{}/{kind}:{value}", self.authenticator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_as_it_is_written() {
        for text in [
            "corp/user:jane",
            "prod/user:system:serviceaccount:ci:bot",
            "prod/group:system:serviceaccounts:ci",
            "mesh/uri:spiffe://example.org/ns/ci/sa/bot",
            "mesh/dns:bot.example.org",
        ] {
            assert_eq!(Subject::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn without_an_authenticator_there_is_no_subject() {
        for text in [
            "",
            "user:jane",
            "/user:jane",
            "corp/jane",
            "corp/user:",
            "corp/owner:jane",
            "Corp/user:jane",
            "corp/user:ja\nne",
        ] {
            assert!(Subject::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_same_value_of_another_authenticator_is_someone_else() {
        let (one, other) = ("a/user:ci", "b/user:ci");
        assert_ne!(Subject::parse(one).unwrap(), Subject::parse(other).unwrap());
        let group = Subject::parse("a/group:ci").unwrap();
        assert_ne!(Subject::parse(one).unwrap(), group);
    }
}
