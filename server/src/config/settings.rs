//! Every setting that is one value: its key in the file, what it is, its default. Its variable of
//! the environment is `OPSEC_` and the key in capitals with `_` for `.`.

/// What the value of a setting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An address and a port, as in `127.0.0.1:7443`.
    Address,
    /// The same, or nothing.
    OptionalAddress,
    /// A path.
    Path,
    /// A time, as in `30s`, `5m`.
    Duration,
    /// A number above 0.
    Count,
    /// A number of bytes, as in `64MiB`.
    Bytes,
    /// `off` or `all`.
    Approval,
    /// A URI, or nothing.
    Uri,
}

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its key, as in `server.listen`.
    pub(crate) key: &'static str,
    pub(crate) kind: Kind,
    /// As it would be written; empty: there is none, and it may be absent.
    pub(crate) default: &'static str,
    /// What it is, for a person.
    pub(crate) about: &'static str,
}

const fn setting(
    key: &'static str,
    kind: Kind,
    default: &'static str,
    about: &'static str,
) -> Setting {
    Setting {
        key,
        kind,
        default,
        about,
    }
}

/// All of them, in the order in which they are printed.
pub(crate) const SETTINGS: &[Setting] = &[
    setting(
        "server.listen",
        Kind::Address,
        "127.0.0.1:7443",
        "where calls are taken; port 0 is any free one",
    ),
    setting(
        "server.data_dir",
        Kind::Path,
        "/var/lib/opsec",
        "what is stored; one process at a time",
    ),
    setting(
        "server.reserve",
        Kind::Bytes,
        "512MiB",
        "below which free bytes of data_dir's disk nothing is changed",
    ),
    setting(
        "server.drain_delay",
        Kind::Duration,
        "0s",
        "how long calls are still taken after the end was announced to health",
    ),
    setting(
        "server.drain_timeout",
        Kind::Duration,
        "15s",
        "how long calls that run may take to end; at most 15s",
    ),
    setting(
        "tls.certificate",
        Kind::Path,
        "",
        "certificates in PEM, the server's own first",
    ),
    setting(
        "tls.key",
        Kind::Path,
        "",
        "its private key in PEM; not readable by others",
    ),
    setting(
        "access.roles",
        Kind::Path,
        "",
        "roles.toml: who may do what; read again when it changes",
    ),
    setting(
        "approval.required",
        Kind::Approval,
        "off",
        "`all`: a change of a baseline applies once someone else approved it",
    ),
    setting(
        "audit.directory",
        Kind::Path,
        "",
        "the directory of the audit; empty: `audit` in server.data_dir",
    ),
    setting(
        "audit.file_size",
        Kind::Bytes,
        "256MiB",
        "how large a file of the audit grows before a new one is begun",
    ),
    setting(
        "attestation.keys",
        Kind::Path,
        "",
        "the directory of keys that sign statements; empty: `keys` in server.data_dir",
    ),
    setting(
        "attestation.password_file",
        Kind::Path,
        "",
        "a file with the password of these keys; not readable by others",
    ),
    setting(
        "attestation.verifier_id",
        Kind::Uri,
        "",
        "the URI that statements name as who verified; it must never change",
    ),
    setting(
        "attestation.bundle_lifetime",
        Kind::Duration,
        "168h",
        "how long a trust bundle is to be relied on",
    ),
    setting(
        "metrics.listen",
        Kind::OptionalAddress,
        "",
        "where Prometheus reads /metrics, on loopback, as in 127.0.0.1:9464; empty: nowhere",
    ),
    setting(
        "traces.endpoint",
        Kind::Uri,
        "",
        "the collector that traces go to by OTLP over gRPC, as in http://127.0.0.1:4317; empty: none",
    ),
    setting(
        "traces.percent",
        Kind::Count,
        "10",
        "of how many calls in a hundred, where the caller does not say",
    ),
    setting(
        "limits.calls",
        Kind::Count,
        "256",
        "calls at a time; fewer where the machine cannot do as many",
    ),
    setting(
        "limits.connections",
        Kind::Count,
        "1024",
        "connections at a time",
    ),
    setting(
        "limits.streams_per_connection",
        Kind::Count,
        "128",
        "calls at a time of one connection",
    ),
    setting("limits.watches", Kind::Count, "1000", "watches at a time"),
    setting(
        "limits.watches_per_subject",
        Kind::Count,
        "8",
        "watches at a time of one subject",
    ),
    setting(
        "limits.bodies",
        Kind::Bytes,
        "512MiB",
        "bytes of requests that are held at a time",
    ),
    setting(
        "limits.requests_per_second",
        Kind::Count,
        "100",
        "calls a second of one subject; twice as many at once",
    ),
    setting(
        "limits.changes_per_minute",
        Kind::Count,
        "20",
        "changes a minute of one subject; twice as many at once",
    ),
    setting(
        "limits.timeout",
        Kind::Duration,
        "30s",
        "the longest that a call takes",
    ),
    setting(
        "limits.simulate_timeout",
        Kind::Duration,
        "120s",
        "the same of SimulateBaseline",
    ),
    setting(
        "limits.connection_age",
        Kind::Duration,
        "30m",
        "after which a client is told to connect anew",
    ),
    setting(
        "limits.keepalive",
        Kind::Duration,
        "30s",
        "after which a silent client is asked whether it is there",
    ),
];

impl Setting {
    /// Its variable of the environment.
    pub(crate) fn variable(&self) -> String {
        format!("OPSEC_{}", self.key.replace('.', "_").to_ascii_uppercase())
    }
}

/// The lists of clusters and authenticators, and the keys of an entry.
pub(crate) const LISTS: &[(&str, &[&str])] = &[
    ("collection", &["cluster", "kubeconfig"]),
    ("identity.mtls", &["name", "ca", "crl"]),
    (
        "identity.token_review",
        &["name", "issuer", "kubeconfig", "audience", "delegate"],
    ),
    (
        "identity.oidc",
        &[
            "name",
            "issuer",
            "client_id",
            "ca",
            "user_claim",
            "groups_claim",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_setting_has_its_own_key_and_variable() {
        let keys: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
        let variables: BTreeSet<String> = SETTINGS.iter().map(Setting::variable).collect();
        assert_eq!(
            (keys.len(), variables.len()),
            (SETTINGS.len(), SETTINGS.len())
        );
        assert!(variables.contains("OPSEC_SERVER_DATA_DIR"));
    }
}
