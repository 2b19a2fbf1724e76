//! The configuration file: services that a person asks, by context.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Endpoint;
use super::exec::Exec;

/// Names another file than the one below the user's configuration directory.
const VARIABLE: &str = "OPSEC_CONFIG";

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("configuration {} cannot be read: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is none.
    #[error("configuration {}: {problem}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// There is no such context.
    #[error("configuration {} has no context `{name}`{}", .path.display(), list(.known))]
    NoContext {
        /// The file.
        path: PathBuf,
        /// The context.
        name: String,
        /// Those that are there.
        known: Vec<String>,
    },
    /// A certificate without key, or a key without certificate.
    #[error("--server-certificate and --server-key belong together; give both or none")]
    HalfACertificate,
}

fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!("; it has {}", names.join(", ")),
    }
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    #[serde(default)]
    current_context: Option<String>,
    #[serde(default)]
    contexts: Vec<Context>,
}

/// A service.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Context {
    name: String,
    server: String,
    certificate_authority: Option<PathBuf>,
    client_certificate: Option<PathBuf>,
    client_key: Option<PathBuf>,
    token_file: Option<PathBuf>,
    exec: Option<Exec>,
    cluster: Option<String>,
}

/// The service of a context, or of the current one; absent: none is configured.
pub(super) fn read(context: Option<&str>) -> Result<Option<Endpoint>, ConfigError> {
    let Some(path) = path() else {
        return Ok(None);
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && context.is_none() => {
            return Ok(None);
        }
        Err(source) => return Err(ConfigError::Unreadable { path, source }),
    };
    parse(&text, &path, context)
}

fn path() -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
    named.map(PathBuf::from).or_else(|| {
        let directories = directories::ProjectDirs::from("dev", "", "kubectl-opsec")?;
        Some(directories.config_dir().join("config.yaml"))
    })
}

fn parse(text: &str, path: &Path, context: Option<&str>) -> Result<Option<Endpoint>, ConfigError> {
    let malformed = |problem: String| ConfigError::Malformed {
        path: path.to_owned(),
        problem,
    };
    let config: Config = serde_saphyr::from_str(text).map_err(|error| {
        // Only the first line is about the file; what follows draws it.
        malformed(
            error
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        )
    })?;
    let Some(name) = context.or(config.current_context.as_deref()) else {
        return Ok(None);
    };
    let found = config.contexts.iter().find(|one| one.name == name);
    let Some(found) = found.cloned() else {
        return Err(ConfigError::NoContext {
            path: path.to_owned(),
            name: name.to_owned(),
            known: config.contexts.into_iter().map(|one| one.name).collect(),
        });
    };
    // As in a kubeconfig: relative to the file that names them.
    let beside = |file: PathBuf| {
        path.parent()
            .map_or(file.clone(), |parent| parent.join(file))
    };
    let client_certificate = match (found.client_certificate, found.client_key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((beside(certificate), beside(key))),
        _ => {
            return Err(malformed(format!(
                "context `{name}`: clientCertificate and clientKey belong together"
            )));
        }
    };
    Ok(Some(Endpoint {
        server: found.server,
        certificate_authority: found.certificate_authority.map(beside),
        client_certificate,
        token_file: found.token_file.map(beside),
        exec: found.exec,
        cluster: found.cluster,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
currentContext: prod
contexts:
- name: prod
  server: opsec.example.com:8443
  certificateAuthority: ca.pem
  cluster: prod-1
- name: dev
  server: http://127.0.0.1:8080
";

    fn read(text: &str, context: Option<&str>) -> Result<Option<Endpoint>, String> {
        parse(text, Path::new("/etc/opsec/config.yaml"), context).map_err(|error| error.to_string())
    }

    #[test]
    fn the_current_context_is_asked_unless_another_is_named() {
        let prod = read(CONFIG, None).unwrap().unwrap();
        assert_eq!(prod.server, "opsec.example.com:8443");
        assert_eq!(prod.certificate_authority, Some("/etc/opsec/ca.pem".into()));
        assert_eq!(prod.cluster.as_deref(), Some("prod-1"));
        let dev = read(CONFIG, Some("dev")).unwrap().unwrap();
        assert_eq!(dev.server, "http://127.0.0.1:8080");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let missing = read(CONFIG, Some("test")).unwrap_err();
        assert!(
            missing.contains("no context `test`; it has prod, dev"),
            "{missing}"
        );
        let unknown = read("contexts: [{name: a, server: b, tokn: c}]", None).unwrap_err();
        assert!(unknown.contains("tokn"), "{unknown}");
        let half = "currentContext: a\ncontexts: [{name: a, server: b, clientKey: c}]";
        let half = read(half, None).unwrap_err();
        assert!(half.contains("belong together"), "{half}");
    }

    #[test]
    fn without_a_current_context_no_service_is_asked() {
        assert_eq!(read("contexts: []", None), Ok(None));
    }
}
