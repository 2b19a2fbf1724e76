//! Connections: so many at a time, each with its handshake done before it counts as one, and none
//! that says nothing.

mod tls;
mod wire;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tonic::codegen::tokio_stream::StreamExt as _;
use tonic::codegen::tokio_stream::{Stream, wrappers::ReceiverStream};

pub(crate) use tls::Tls;
pub(crate) use wire::{Peer, Wire};

/// How long a handshake may take, and the first bytes after it.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What makes a connection of a socket.
pub(crate) trait Handshake: Send + Sync + 'static {
    /// Does the handshake; absent when it fails.
    fn shake(
        &self,
        socket: TcpStream,
        address: SocketAddr,
    ) -> impl Future<Output = Option<(wire::Socket, Peer)>> + Send;
}

/// Connections in clear, or with TLS.
#[derive(Debug)]
pub(crate) enum Listening {
    Clear,
    Tls(Arc<Tls>),
}

impl Handshake for Listening {
    async fn shake(&self, socket: TcpStream, address: SocketAddr) -> Option<(wire::Socket, Peer)> {
        match self {
            Self::Clear => Some((wire::Socket::Clear(socket), Peer::clear(address))),
            Self::Tls(tls) => tls.shake(socket, address).await,
        }
    }
}

/// Connections as they come. The listener closes when what this returns is dropped.
pub(crate) fn connections(
    listener: TcpListener,
    limit: usize,
    handshake: impl Handshake,
) -> impl Stream<Item = Result<Wire, Infallible>> {
    let (made, connections) = mpsc::channel(16);
    let slots = Arc::new(Semaphore::new(limit));
    let handshake = Arc::new(handshake);
    tokio::spawn(async move {
        loop {
            let slot = tokio::select! {
                () = made.closed() => break,
                slot = Arc::clone(&slots).acquire_owned() => slot,
            };
            let Ok(slot) = slot else { break };
            let accepted = tokio::select! {
                () = made.closed() => break,
                accepted = listener.accept() => accepted,
            };
            let Ok((socket, address)) = accepted else {
                // Out of files, most likely: those that end make room.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let (handshake, made) = (Arc::clone(&handshake), made.clone());
            tokio::spawn(connect(socket, address, slot, handshake, made));
        }
    });
    ReceiverStream::new(connections).map(Ok)
}

async fn connect(
    socket: TcpStream,
    address: SocketAddr,
    slot: OwnedSemaphorePermit,
    handshake: Arc<impl Handshake>,
    made: mpsc::Sender<Wire>,
) {
    // Answers are whole messages: waiting for more would only delay them.
    let _ = socket.set_nodelay(true);
    let shaken = tokio::time::timeout(HANDSHAKE, handshake.shake(socket, address)).await;
    if let Ok(Some((socket, peer))) = shaken {
        // The service ends when nobody takes it.
        let _ = made.send(Wire::new(socket, peer, slot, HANDSHAKE)).await;
    }
}
