//! Which service is asked, and with what credential: flags over the environment over the
//! configuration file. Without any of them it is the one of this process.

mod config;
mod connect;
mod exec;

use std::path::PathBuf;

pub(crate) use config::ConfigError;
pub(crate) use connect::ConnectError;

use crate::args::ServerArgs;

/// A service to connect to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Host and port, or a URL.
    pub(crate) server: String,
    /// Certificates that its own is signed by.
    pub(crate) certificate_authority: Option<PathBuf>,
    /// A client certificate and its key.
    pub(crate) client_certificate: Option<(PathBuf, PathBuf)>,
    /// A file that holds a token.
    pub(crate) token_file: Option<PathBuf>,
    /// A program that gives a token or a certificate.
    pub(crate) exec: Option<exec::Exec>,
    /// The cluster's id, where the configuration says it.
    pub(crate) cluster: Option<String>,
}

impl Endpoint {
    /// The service that is asked; absent: the one of this process.
    ///
    /// # Errors
    /// When the configuration file is none, or lacks the context.
    pub(crate) fn resolve(args: &ServerArgs) -> Result<Option<Self>, ConfigError> {
        if args.embedded {
            return Ok(None);
        }
        let configured = match &args.server {
            Some(_) => None,
            None => config::read(args.server_context.as_deref())?,
        };
        let mut endpoint = match (&args.server, configured) {
            (Some(server), _) if !server.is_empty() => Self {
                server: server.clone(),
                ..Self::default()
            },
            (_, Some(configured)) => configured,
            _ => return Ok(None),
        };
        if let Some(file) = &args.server_ca {
            endpoint.certificate_authority = Some(file.clone());
        }
        match (&args.server_certificate, &args.server_key) {
            (None, None) => {}
            (Some(certificate), Some(key)) => {
                endpoint.client_certificate = Some((certificate.clone(), key.clone()));
            }
            _ => return Err(ConfigError::HalfACertificate),
        }
        if let Some(file) = &args.server_token_file {
            endpoint.token_file = Some(file.clone());
            endpoint.exec = None;
        }
        Ok(Some(endpoint))
    }
}
