//! Calling a service that runs: for its health, and for an export while it has the store.

mod trust;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::transport::{Channel, Endpoint, Uri};

use crate::args::Server;
pub(crate) use trust::{Trust, certificates, private_key, roots};

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs one call to its end.
pub(crate) fn run<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(work)
}

/// What a status says, for a person.
pub(crate) fn said(status: &tonic::Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}

/// How TLS is spoken to an issuer of tokens, which knows HTTP/1.1.
pub(crate) fn tls(trust: &Trust) -> Result<Arc<ClientConfig>, String> {
    let mut config = ClientConfig::clone(&*trust::client(trust, None)?);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Puts the token of the command line, if any, into every call.
pub(crate) fn token(server: &Server) -> Result<impl Interceptor + use<>, String> {
    let token = match &server.token_file {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            let value = MetadataValue::try_from(format!("Bearer {}", text.trim()));
            Some(value.map_err(|_| format!("{} holds no token", path.display()))?)
        }
    };
    Ok(move |mut request: tonic::Request<()>| {
        if let Some(token) = &token {
            request
                .metadata_mut()
                .insert("authorization", token.clone());
        }
        Ok(request)
    })
}

/// A channel to the server of the command line.
pub(crate) async fn connect(server: &Server) -> Result<Channel, String> {
    let url = server.url.as_deref().ok_or("--server is absent")?;
    let trust = match &server.ca {
        Some(ca) => Trust::Issuer(ca.clone()),
        None => Trust::System,
    };
    let files = server.client_certificate.as_deref();
    let identity = files.zip(server.client_key.as_deref());
    channel(url, trust, identity).await
}

/// A channel to a service.
pub(crate) async fn channel(
    url: &str,
    trust: Trust,
    identity: Option<(&Path, &Path)>,
) -> Result<Channel, String> {
    let url = if url.contains("://") {
        url.to_owned()
    } else {
        format!("http://{url}")
    };
    let uri: Uri = url.parse().map_err(|_| format!("`{url}` is no URL"))?;
    let host = uri.host().ok_or_else(|| format!("`{url}` names no host"))?;
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let tls = match uri.scheme_str() {
        Some("http") => None,
        Some("https") => {
            let config = trust::client(&trust, identity)?;
            let name = ServerName::try_from(host.clone());
            let name = name.map_err(|_| format!("`{host}` is no name of a host"))?;
            Some((TlsConnector::from(config), name))
        }
        _ => return Err(format!("`{url}` begins with neither http:// nor https://")),
    };
    let port = uri.port_u16().unwrap_or(7443);
    let connector = tower::service_fn(move |_: Uri| {
        let (host, tls) = (host.clone(), tls.clone());
        async move {
            let socket = TcpStream::connect((host.as_str(), port)).await?;
            let stream: Box<dyn Socket> = match tls {
                None => Box::new(socket),
                Some((connector, name)) => Box::new(connector.connect(name, socket).await?),
            };
            Ok::<_, std::io::Error>(TokioIo::new(stream))
        }
    });
    // The connector speaks TLS itself. tonic, built with TLS of its own, refuses https without it: so
    // it connects to what looks plain, and calls say where they really go.
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let endpoint = Endpoint::from_shared(format!("http://{authority}"))
        .map_err(|error| format!("`{url}` is no URL: {error}"))?
        .origin(uri.clone())
        .connect_timeout(PATIENCE);
    let connected = endpoint.connect_with_connector(connector).await;
    connected.map_err(|error| format!("cannot connect to {url}: {}", causes(&error)))
}

trait Socket: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}

impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Socket for T {}

/// An error with what caused it, each once.
fn causes(error: &dyn std::error::Error) -> String {
    let mut said = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if said.last() != Some(&text) {
            said.push(text);
        }
        cause = error.source();
    }
    said.join(": ")
}
