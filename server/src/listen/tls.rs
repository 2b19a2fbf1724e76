//! TLS, whose files are read again when they change. What is not understood changes nothing.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::server::NoServerSessionStorage;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::Handshake;
use super::wire::{Peer, Socket};
use crate::client::{certificates, private_key};
use crate::config::{Mtls, TlsFiles};
use crate::identity::{Certificates, IdentityError};

/// What handshakes are done with now.
#[derive(Debug)]
struct Current {
    server: Arc<ServerConfig>,
    certificates: Certificates,
}

/// TLS.
#[derive(Debug)]
pub(crate) struct Tls {
    files: TlsFiles,
    authenticators: Vec<Mtls>,
    current: RwLock<Arc<Current>>,
}

impl Tls {
    /// Reads all files.
    ///
    /// # Errors
    /// When one cannot be read or is not understood.
    pub(crate) fn new(files: &TlsFiles, authenticators: &[Mtls]) -> Result<Self, IdentityError> {
        Ok(Self {
            files: files.clone(),
            authenticators: authenticators.to_vec(),
            current: RwLock::new(Arc::new(read(files, authenticators)?)),
        })
    }

    /// Reads all files again.
    ///
    /// # Errors
    /// When one cannot be read or is not understood: then nothing changes.
    pub(crate) fn reload(&self) -> Result<(), IdentityError> {
        let new = Arc::new(read(&self.files, &self.authenticators)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// The files, whose content decides whether to reload.
    pub(crate) fn paths(&self) -> Vec<std::path::PathBuf> {
        let mut paths = vec![self.files.certificate.clone(), self.files.key.clone()];
        for mtls in &self.authenticators {
            paths.push(mtls.ca.clone());
            paths.extend(mtls.crl.clone());
        }
        paths
    }
}

fn read(files: &TlsFiles, authenticators: &[Mtls]) -> Result<Current, IdentityError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = Certificates::read(authenticators, &provider)?;
    let failed = |error: rustls::Error| IdentityError::Tls(error.to_string());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let builder = match client.verifier() {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let chain = certificates(&files.certificate).map_err(IdentityError::Tls)?;
    let key = private_key(&files.key).map_err(IdentityError::Tls)?;
    let mut server = builder.with_single_cert(chain, key).map_err(failed)?;
    server.alpn_protocols = vec![b"h2".to_vec()];
    // A resumed session would outlive the list of revoked certificates.
    server.session_storage = Arc::new(NoServerSessionStorage {});
    server.send_tls13_tickets = 0;
    Ok(Current {
        server: Arc::new(server),
        certificates: client,
    })
}

impl Handshake for Arc<Tls> {
    async fn shake(&self, socket: TcpStream, address: SocketAddr) -> Option<(Socket, Peer)> {
        let current = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        let acceptor = TlsAcceptor::from(Arc::clone(&current.server));
        let stream = acceptor.accept(socket).await.ok()?;
        let chain = stream.get_ref().1.peer_certificates();
        let certificate = chain.and_then(|chain| current.certificates.identify(chain));
        let peer = Peer {
            address,
            certificate: certificate.map(Arc::new),
        };
        Some((Socket::Tls(Box::new(stream)), peer))
    }
}
