//! The configuration: one TOML file, variables of the environment over it, flags over these. What
//! is not understood, and what would not be safe, ends the start.

mod attestation;
mod authenticators;
mod collection;
mod error;
mod file;
mod observing;
mod print;
mod settings;
mod value;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use attestation::Attestation;
pub(crate) use authenticators::{Authenticators, Mtls, Oidc, TokenReview};
pub(crate) use collection::Collection;
pub(crate) use error::{ConfigError, Place, Source};
pub(crate) use observing::{Observing, Traces};
pub(crate) use print::print;

use file::File;
use settings::{Kind, SETTINGS, Setting};

/// The longest that calls which run are waited for.
const DRAIN: Duration = Duration::from_secs(15);

/// The longest delay, so that all of the end takes at most 25 s.
const DELAY: Duration = Duration::from_secs(8);

/// What the command line says.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// The file.
    pub(crate) file: Option<PathBuf>,
    /// Run without identity.
    pub(crate) dev: bool,
    /// Values by key.
    pub(crate) values: BTreeMap<&'static str, String>,
}

/// A configuration that is understood and safe.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) data_dir: PathBuf,
    /// Without identity, on loopback, for development.
    pub(crate) dev: bool,
    /// Free bytes of its disk below which nothing is changed.
    pub(crate) reserve: usize,
    pub(crate) drain_delay: Duration,
    pub(crate) drain_timeout: Duration,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) roles: Option<PathBuf>,
    pub(crate) approval: bool,
    /// The directory of the audit, and how large its files grow.
    pub(crate) audit: (PathBuf, usize),
    pub(crate) attestation: Attestation,
    pub(crate) observing: Observing,
    pub(crate) limits: Limits,
    pub(crate) authenticators: Authenticators,
    /// Clusters that the service reads itself.
    pub(crate) collections: Vec<Collection>,
}

/// The server's certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// How much is taken.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) calls: usize,
    pub(crate) connections: usize,
    pub(crate) streams_per_connection: usize,
    pub(crate) watches: usize,
    pub(crate) watches_per_subject: usize,
    pub(crate) bodies: usize,
    pub(crate) requests_per_second: usize,
    pub(crate) changes_per_minute: usize,
    pub(crate) timeout: Duration,
    pub(crate) simulate_timeout: Duration,
    pub(crate) connection_age: Duration,
    pub(crate) keepalive: Duration,
}

/// Values of all settings, and where each is from.
#[derive(Debug)]
pub(crate) struct Resolved {
    values: BTreeMap<&'static str, (String, Source)>,
    file: File,
    dev: bool,
}

/// Finds every value: a flag before the environment before the file before the default.
///
/// # Errors
/// When the file cannot be read or is not understood.
pub(crate) fn resolve(
    flags: &Flags,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Resolved, ConfigError> {
    let file = match &flags.file {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
                path: path.clone(),
                source,
            })?;
            file::read(path, &text)?
        }
        None => File::default(),
    };
    let value = |setting: &Setting| {
        if let Some(value) = flags.values.get(setting.key) {
            return (value.clone(), Source::Flag);
        }
        let variable = setting.variable();
        if let Some(value) = environment(&variable) {
            return (value, Source::Environment(variable));
        }
        match file.values.get(setting.key) {
            Some((value, place)) => (value.clone(), Source::File(place.clone())),
            None => (setting.default.to_owned(), Source::Default),
        }
    };
    let values = SETTINGS
        .iter()
        .map(|setting| (setting.key, value(setting)))
        .collect();
    Ok(Resolved {
        values,
        file,
        dev: flags.dev,
    })
}

impl Resolved {
    /// The configuration that the values make.
    ///
    /// # Errors
    /// When a value is none, or the whole is not safe.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        for setting in SETTINGS {
            self.check(setting)?;
        }
        let config = Config {
            listen: self.read("server.listen", |text| text.parse().ok())?,
            data_dir: self.read("server.data_dir", |text| Some(text.into()))?,
            dev: self.dev,
            reserve: self.read("server.reserve", value::bytes)?,
            drain_delay: self.read("server.drain_delay", value::duration)?,
            drain_timeout: self.read("server.drain_timeout", value::duration)?,
            tls: self.tls()?,
            roles: self.path("access.roles"),
            approval: self.read("approval.required", |text| Some(text == "all"))?,
            audit: (
                self.audit_directory(),
                self.read("audit.file_size", value::bytes)?,
            ),
            attestation: self.attestation()?,
            observing: self.observing()?,
            limits: self.limits()?,
            authenticators: Authenticators::read(&self.file)?,
            collections: collection::collections(&self.file)?,
        };
        config.is_safe()?;
        Ok(config)
    }

    /// Where the audit is.
    pub(crate) fn audit_directory(&self) -> PathBuf {
        let directory = self.path("audit.directory");
        directory.unwrap_or_else(|| self.data_directory().join("audit"))
    }

    /// Where what is stored is.
    pub(crate) fn data_directory(&self) -> PathBuf {
        self.path("server.data_dir").unwrap_or_default()
    }

    fn limits(&self) -> Result<Limits, ConfigError> {
        Ok(Limits {
            calls: self.read("limits.calls", value::count)?,
            connections: self.read("limits.connections", value::count)?,
            streams_per_connection: self.read("limits.streams_per_connection", value::count)?,
            watches: self.read("limits.watches", value::count)?,
            watches_per_subject: self.read("limits.watches_per_subject", value::count)?,
            bodies: self.read("limits.bodies", value::bytes)?,
            requests_per_second: self.read("limits.requests_per_second", value::count)?,
            changes_per_minute: self.read("limits.changes_per_minute", value::count)?,
            timeout: self.read("limits.timeout", value::duration)?,
            simulate_timeout: self.read("limits.simulate_timeout", value::duration)?,
            connection_age: self.read("limits.connection_age", value::duration)?,
            keepalive: self.read("limits.keepalive", value::duration)?,
        })
    }

    fn tls(&self) -> Result<Option<TlsFiles>, ConfigError> {
        match (self.path("tls.certificate"), self.path("tls.key")) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
            _ => Err(ConfigError::Invalid {
                key: "tls".to_owned(),
                problem: "`certificate` and `key` come together".to_owned(),
            }),
        }
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        let (text, _) = self.values.get(key)?;
        (!text.is_empty()).then(|| PathBuf::from(text))
    }

    /// An address that may be absent.
    fn address(&self, key: &'static str) -> Result<Option<SocketAddr>, ConfigError> {
        match self.path(key) {
            None => Ok(None),
            Some(_) => self.read(key, |text| text.parse().ok()).map(Some),
        }
    }

    fn read<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        let text = self.values.get(key).map_or("", |(text, _)| text);
        read(text).ok_or_else(|| self.invalid(key, text))
    }

    fn check(&self, setting: &Setting) -> Result<(), ConfigError> {
        let text = self.values.get(setting.key).map_or("", |(text, _)| text);
        let understood = match setting.kind {
            Kind::Address => text.parse::<SocketAddr>().is_ok(),
            Kind::OptionalAddress => text.is_empty() || text.parse::<SocketAddr>().is_ok(),
            Kind::Path => true,
            Kind::Duration => value::duration(text).is_some(),
            Kind::Count => value::count(text).is_some(),
            Kind::Bytes => value::bytes(text).is_some(),
            Kind::Approval => ["off", "all"].contains(&text),
            Kind::Uri => value::uri(text).is_some(),
        };
        if understood {
            Ok(())
        } else {
            Err(self.invalid(setting.key, text))
        }
    }

    fn invalid(&self, key: &str, text: &str) -> ConfigError {
        let kind = SETTINGS.iter().find(|setting| setting.key == key);
        let expected = match kind.map(|setting| setting.kind) {
            Some(Kind::Address | Kind::OptionalAddress) => {
                "an address and a port, as in 127.0.0.1:7443"
            }
            Some(Kind::Duration) => "a time, as in 30s or 5m",
            Some(Kind::Count) => "a number above 0",
            Some(Kind::Bytes) => "a number of bytes, as in 64MiB",
            Some(Kind::Approval) => "`off` or `all`",
            Some(Kind::Uri) => "a URI, as in https://opsec.example.org",
            Some(Kind::Path) | None => "a path",
        };
        let source = self.values.get(key).map(|(_, source)| source);
        let source = source.map_or_else(String::new, ToString::to_string);
        ConfigError::Invalid {
            key: key.to_owned(),
            problem: format!("`{text}` ({source}) is not {expected}"),
        }
    }
}

impl Config {
    /// Refuses what would let calls in that nobody vouches for, or over the wire in clear text.
    fn is_safe(&self) -> Result<(), ConfigError> {
        let invalid = |key: &str, problem: &str| {
            Err(ConfigError::Invalid {
                key: key.to_owned(),
                problem: problem.to_owned(),
            })
        };
        let unsafe_listen = |problem| {
            let address = self.listen;
            Err(ConfigError::UnsafeListen { address, problem })
        };
        if self.drain_timeout > DRAIN {
            return invalid("server.drain_timeout", "at most 15s");
        }
        if self.drain_delay > DELAY {
            return invalid("server.drain_delay", "at most 8s");
        }
        let loopback = self.listen.ip().is_loopback();
        if self.dev {
            return if !loopback {
                unsafe_listen("--dev takes calls of everyone, and so on loopback alone")
            } else if self.authenticators.is_empty() {
                Ok(())
            } else {
                invalid(
                    "identity",
                    "--dev knows no identity; leave the file or --dev out",
                )
            };
        }
        if self.authenticators.is_empty() {
            return if loopback {
                invalid(
                    "identity",
                    "no authenticator is configured, so nobody could call; --dev runs without",
                )
            } else {
                unsafe_listen("no authenticator is configured")
            };
        }
        if self.tls.is_none() {
            if !loopback {
                return unsafe_listen("without tls.certificate and tls.key calls come in clear");
            }
            if !self.authenticators.mtls.is_empty() {
                return invalid("identity.mtls", "client certificates need tls.certificate");
            }
        }
        if self.roles.is_none() && self.authenticators.need_roles() {
            return invalid("access.roles", "without roles.toml nobody may do anything");
        }
        if let Some(tls) = &self.tls {
            is_private(&tls.key)?;
        }
        Ok(())
    }
}

/// Refuses a key that others can read. A group may read what another user owns, as where a cluster
/// mounts a Secret for a group.
#[cfg(unix)]
pub(crate) fn is_private(path: &Path) -> Result<(), ConfigError> {
    use std::os::unix::fs::MetadataExt as _;
    let unreadable = |source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let key = std::fs::metadata(path).map_err(unreadable)?;
    let own = std::fs::metadata("/proc/self").map_or(key.uid(), |process| process.uid());
    let open = if key.uid() == own { 0o077 } else { 0o037 };
    if key.mode() & open == 0 {
        Ok(())
    } else {
        Err(ConfigError::KeyReadable {
            path: path.to_owned(),
            mode: key.mode() & 0o777,
        })
    }
}

#[cfg(not(unix))]
pub(crate) fn is_private(_path: &Path) -> Result<(), ConfigError> {
    Ok(())
}

#[cfg(test)]
mod tests;
