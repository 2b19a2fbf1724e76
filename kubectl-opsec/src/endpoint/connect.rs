//! Connecting to a service. Without TLS only to this machine: a token must not be read on its way.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tonic::codegen::http::{HeaderValue, Uri};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};

use super::Endpoint;
use crate::service::Transport;

/// How long a connection may take, and a call.
const CONNECT: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_mins(2);

/// Why a service cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The address is none.
    #[error("--server: `{server}` is not host:port or a URL ({problem})")]
    Address {
        /// The address.
        server: String,
        /// What is wrong.
        problem: String,
    },
    /// It is not on this machine, and without TLS.
    #[error("--server: {0} is without TLS, which is only for this machine; use https://")]
    Plain(String),
    /// A file cannot be read.
    #[error("{what} {} cannot be read: {source}", .path.display())]
    File {
        /// What it holds.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate or key is none.
    #[error("the certificates for the service {server} cannot be used: {source}")]
    Tls {
        /// The service.
        server: String,
        /// Why.
        source: tonic::transport::Error,
    },
    /// A token is none.
    #[error("the token for the service holds what a header cannot")]
    Token,
    /// A program gives no credential.
    #[error("no credential for the service: {0}")]
    Exec(String),
    /// Nobody answers there.
    #[error("the service {server} cannot be reached: {}; --embedded judges in this process", root(.source))]
    Unreachable {
        /// The service.
        server: String,
        /// Why.
        source: tonic::transport::Error,
    },
    /// Nor in time.
    #[error("the service {0} did not answer within 10 s; --embedded judges in this process")]
    Silent(String),
}

/// The last cause says what happened; those before it say that it did.
fn root(error: &tonic::transport::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    match cause.to_string() {
        text if text.contains("InvalidContentType") => {
            "it does not speak TLS (on this machine alone: http://host:port)".to_owned()
        }
        text => text,
    }
}

impl Endpoint {
    /// Connects.
    ///
    /// # Errors
    /// When nobody answers, or the credential cannot be had.
    pub(crate) async fn connect(&self) -> Result<Transport, ConnectError> {
        let uri = self.uri()?;
        let server = self.server.clone();
        let given = match &self.exec {
            Some(exec) => exec.run().await.map_err(ConnectError::Exec)?,
            None => super::exec::Credential::default(),
        };
        let mut endpoint = Channel::builder(uri.clone())
            .connect_timeout(CONNECT)
            .timeout(CALL)
            .user_agent(concat!("kubectl-opsec/", env!("CARGO_PKG_VERSION")))
            .map_err(|source| ConnectError::Tls {
                server: server.clone(),
                source,
            })?;
        if uri.scheme_str() == Some("https") {
            let certificate = given
                .client_certificate_data
                .zip(given.client_key_data)
                .map(|(certificate, key)| Identity::from_pem(certificate, key));
            let tls = self.tls(certificate)?;
            endpoint = endpoint
                .tls_config(tls)
                .map_err(|source| ConnectError::Tls {
                    server: server.clone(),
                    source,
                })?;
        }
        let authorization = match (given.token, &self.token_file) {
            (Some(token), _) => Some(bearer(&token)?),
            (None, Some(path)) => Some(bearer(&text("the token file", path)?)?),
            (None, None) => None,
        };
        let connected = tokio::time::timeout(CONNECT, endpoint.connect()).await;
        let channel = connected
            .map_err(|_| ConnectError::Silent(server.clone()))?
            .map_err(|source| ConnectError::Unreachable { server, source })?;
        Ok(Transport::Remote {
            channel,
            authorization,
        })
    }

    fn uri(&self) -> Result<Uri, ConnectError> {
        let wrong = |problem: String| ConnectError::Address {
            server: self.server.clone(),
            problem,
        };
        let text = if self.server.contains("://") {
            self.server.clone()
        } else {
            format!("https://{}", self.server)
        };
        let uri: Uri = text.parse().map_err(|error| wrong(format!("{error}")))?;
        let host = uri
            .host()
            .ok_or_else(|| wrong("it names no host".to_owned()))?;
        match uri.scheme_str() {
            Some("https") => Ok(uri),
            Some("http") if is_loopback(host) => Ok(uri),
            Some("http") => Err(ConnectError::Plain(self.server.clone())),
            _ => Err(wrong("its scheme is not https".to_owned())),
        }
    }

    fn tls(&self, given: Option<Identity>) -> Result<ClientTlsConfig, ConnectError> {
        let mut tls = match &self.certificate_authority {
            Some(path) => {
                let pem = text("the certificate authority", path)?;
                ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem))
            }
            None => ClientTlsConfig::new().with_native_roots(),
        };
        if let Some((certificate, key)) = &self.client_certificate {
            let certificate = text("the client certificate", certificate)?;
            let key = text("the client key", key)?;
            tls = tls.identity(Identity::from_pem(certificate, key));
        } else if let Some(given) = given {
            tls = tls.identity(given);
        }
        Ok(tls)
    }
}

fn is_loopback(host: &str) -> bool {
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    let address: Option<std::net::IpAddr> = inner.parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

fn bearer(token: &str) -> Result<HeaderValue, ConnectError> {
    let value = format!("Bearer {}", token.trim());
    let mut value = HeaderValue::from_str(&value).map_err(|_| ConnectError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

fn text(what: &'static str, path: &Path) -> Result<String, ConnectError> {
    std::fs::read_to_string(path).map_err(|source| ConnectError::File {
        what,
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheme(server: &str) -> Result<String, String> {
        let endpoint = Endpoint {
            server: server.to_owned(),
            ..Endpoint::default()
        };
        let uri = endpoint.uri().map_err(|error| error.to_string())?;
        Ok(uri.scheme_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn tls_is_the_rule_and_plain_only_for_this_machine() {
        for server in [
            "opsec.example.com:8443",
            "https://opsec.example.com",
            "[::1]:8443",
        ] {
            assert_eq!(scheme(server).as_deref(), Ok("https"), "{server}");
        }
        for server in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"] {
            assert_eq!(scheme(server).as_deref(), Ok("http"), "{server}");
        }
        let refused = scheme("http://10.0.0.1:80").unwrap_err();
        assert!(refused.contains("use https://"), "{refused}");
        assert!(scheme("ftp://a").is_err());
        assert!(scheme("a b").is_err());
    }
}
