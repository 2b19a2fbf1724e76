//! One document over TLS: no redirect is followed, and no more is read than a limit.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::codegen::Bytes;

/// The most bytes of a document.
const LIMIT: usize = 1 << 20;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads a document.
///
/// # Errors
/// When it cannot be had.
pub(super) async fn fetch(url: &str, tls: &Arc<ClientConfig>) -> Result<Bytes, String> {
    let fetched = tokio::time::timeout(PATIENCE, get(url, tls)).await;
    let fetched = fetched.unwrap_or_else(|_| Err("no answer within 10 s".to_owned()));
    fetched.map_err(|problem| format!("{url}: {problem}"))
}

async fn get(url: &str, tls: &Arc<ClientConfig>) -> Result<Bytes, String> {
    let uri: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
    if uri.scheme_str() != Some("https") {
        return Err("it does not begin with https://".to_owned());
    }
    let authority = uri.authority().ok_or("it names no host")?.clone();
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let socket = TcpStream::connect((host, uri.port_u16().unwrap_or(443))).await;
    let socket = socket.map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, socket);
    let stream = stream.await.map_err(|error| error.to_string())?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let connection = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = http::Request::get(path)
        .header(http::header::HOST, authority.as_str())
        .header(http::header::ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await;
    let response = response.map_err(|error| error.to_string())?;
    if response.status() != http::StatusCode::OK {
        return Err(format!("it answered {}", response.status()));
    }
    let body = Limited::new(response.into_body(), LIMIT).collect().await;
    connection.abort();
    Ok(body.map_err(|error| error.to_string())?.to_bytes())
}
