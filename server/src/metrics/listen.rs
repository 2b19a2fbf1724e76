//! `GET /metrics` over HTTP/1.1, on an address of its own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{Metrics, Sources};

/// Connections at a time, and how long each may say nothing.
const CONNECTIONS: usize = 16;
const SILENCE: Duration = Duration::from_secs(10);

/// How the text is written.
const FORM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves for as long as the service runs; where it does.
///
/// # Errors
/// When the address cannot be had.
pub(crate) async fn serve(
    address: SocketAddr,
    metrics: Metrics,
    sources: Sources,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    tokio::spawn(async move {
        loop {
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            let Ok((socket, _)) = listener.accept().await else {
                tokio::time::sleep(SILENCE / 100).await;
                continue;
            };
            let (metrics, sources) = (metrics.clone(), sources.clone());
            tokio::spawn(async move {
                let _place = place;
                let answer = service_fn(move |request| {
                    let answer = answer(&request, &metrics, &sources);
                    async move { Ok::<_, Infallible>(answer) }
                });
                let mut server = http1::Builder::new();
                server.timer(TokioTimer::new()).header_read_timeout(SILENCE);
                // Who went away needs no answer.
                let _ = server.serve_connection(TokioIo::new(socket), answer).await;
            });
        }
    });
    Ok(bound)
}

fn answer(
    request: &Request<Incoming>,
    metrics: &Metrics,
    sources: &Sources,
) -> Response<Full<Bytes>> {
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => match metrics.text(sources) {
            Ok(text) => (StatusCode::OK, text),
            Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
        },
        (_, "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
        _ => (StatusCode::NOT_FOUND, String::new()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let form = header::HeaderValue::from_static(FORM);
    response.headers_mut().insert(header::CONTENT_TYPE, form);
    response
}
