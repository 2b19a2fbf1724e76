//! AdminService.

use std::io::Write;
use std::sync::Arc;

use opsec_access::{Method, Target};
use opsec_practices::registry;
use opsec_proto::v1;
use opsec_proto::v1::admin_service_server::AdminService;
use opsec_store::transfer;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status};

use crate::context::{Context, require};
use crate::failure::Failure;
use crate::stream::{Teller, Told, stream};
use crate::use_case::clusters::stored;

/// Bytes of a piece of an export.
const PIECE: usize = 256 << 10;

/// AdminService.
#[derive(Debug)]
pub(crate) struct Admin {
    context: Arc<Context>,
}

impl Admin {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    async fn export(
        &self,
        request: Request<v1::ExportStoreRequest>,
    ) -> Result<Told<v1::ExportStoreResponse>, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::ExportStore, Target::Everything).await?;
        let place = self.context.streams.enter(caller.subject())?;
        let store = self.context.keeper.watched()?;
        let snapshot = store.snapshot().map_err(stored)?;
        let (pieces, mut written) = mpsc::channel::<Vec<u8>>(4);
        let writing = tokio::task::spawn_blocking(move || {
            let mut out = Pieces {
                pieces,
                next: Vec::new(),
            };
            transfer::export(&*snapshot, &store.id(), &mut out)?;
            Ok::<(), transfer::TransferError>(out.flush()?)
        });
        let (teller, told): (Teller<_>, _) = stream();
        tokio::spawn(async move {
            let _place = place;
            while let Some(data) = written.recv().await {
                let piece = v1::ExportStoreResponse { data: data.into() };
                if teller.tell(piece).await.is_err() {
                    return;
                }
            }
            match writing.await {
                Ok(Ok(())) => {}
                Ok(Err(transfer::TransferError::Store(error))) => teller.end(stored(error)),
                Ok(Err(_)) | Err(_) => teller.end(Failure::bug()),
            }
        });
        Ok(told)
    }
}

impl Admin {
    async fn head(
        &self,
        request: Request<v1::GetAuditHeadRequest>,
    ) -> Result<v1::GetAuditHeadResponse, Failure> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::GetAuditHead, Target::Everything).await?;
        let head = self
            .context
            .run(|context| {
                let trail = context.trail.as_ref();
                let trail = trail.ok_or(Failure::OnlyServed("an audit"))?;
                trail.head().ok_or(Failure::AuditFailed)
            })
            .await?;
        Ok(v1::GetAuditHeadResponse {
            chain: head.chain,
            sequence: i64::try_from(head.seq).unwrap_or(i64::MAX),
            hash: head.hash,
            envelope: head.envelope.into(),
        })
    }
}

/// What is written, piece by piece; the writer waits for the reader.
struct Pieces {
    pieces: mpsc::Sender<Vec<u8>>,
    next: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.next.extend_from_slice(bytes);
        if self.next.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let piece = std::mem::take(&mut self.next);
        let gone = |_| std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        if piece.is_empty() {
            return Ok(());
        }
        self.pieces.blocking_send(piece).map_err(gone)
    }
}

#[tonic::async_trait]
impl AdminService for Admin {
    async fn get_version(
        &self,
        request: Request<v1::GetVersionRequest>,
    ) -> Result<Response<v1::GetVersionResponse>, Status> {
        let caller = self.context.caller(&request)?;
        require(&caller, Method::GetVersion, Target::Nothing).await?;
        let rules = registry::rules().count();
        Ok(Response::new(v1::GetVersionResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kubernetes_version: opsec_kubernetes::RELEASE.to_owned(),
            api_version: opsec_model::API_VERSION.to_owned(),
            rule_count: i32::try_from(rules).unwrap_or(i32::MAX),
        }))
    }

    async fn get_audit_head(
        &self,
        request: Request<v1::GetAuditHeadRequest>,
    ) -> Result<Response<v1::GetAuditHeadResponse>, Status> {
        Ok(Response::new(self.head(request).await?))
    }

    type ExportStoreStream = Told<v1::ExportStoreResponse>;

    async fn export_store(
        &self,
        request: Request<v1::ExportStoreRequest>,
    ) -> Result<Response<Self::ExportStoreStream>, Status> {
        Ok(Response::new(self.export(request).await?))
    }
}
