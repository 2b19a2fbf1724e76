//! `reach`: who may connect to whom.

use std::io::{BufWriter, Write};

use opsec_model::{API_VERSION, Connection, ConnectionList, Source};
use opsec_proto::v1;
use opsec_proto::v1::list_connections_request::Input;
use opsec_render::ConnectionsJson;
use opsec_wire::{
    ConnectionTables, decode_connections, decode_notices, decode_source, encode_snapshot,
};

use crate::args::{ReachArgs, ViewFormat};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::service::{Service, ServiceError};
use crate::{input, output};

/// Most connections of a page: few enough to be held twice.
const PAGE: i32 = 100_000;

/// Lists them.
///
/// # Errors
/// When the files could not be read, or hold no such operator.
pub(crate) async fn run(args: ReachArgs, context: Context) -> Result<Exit, Failure> {
    let progress = Progress::start("reading");
    let gathered = input::gather(&args.files, &progress).await?;
    progress.step("following policies");
    let operator = gathered.operator(args.operator.as_ref());
    let snapshot = encode_snapshot(&gathered.snapshot).map_err(Failure::Snapshot)?;
    drop(gathered);
    let mut pages = Pages {
        service: Service::without_store(&context).await?,
        request: v1::ListConnectionsRequest {
            input: Some(Input::Snapshot(snapshot)),
            operator,
            page_size: PAGE,
            page_token: String::new(),
        },
        is_over: false,
    };
    let first = pages.next().await?.ok_or(ServiceError::EmptyAnswer)?;
    drop(progress);
    if args.output.format == ViewFormat::Json {
        return stream(first, pages).await;
    }
    let mut list = first;
    while let Some(page) = pages.next().await? {
        list.connections.extend(page.connections);
    }
    let (layout, mut out) = (&context.layout, Vec::new());
    match args.output.format {
        ViewFormat::Wide => opsec_render::connections(&list, true, layout, &mut out),
        ViewFormat::Yaml => opsec_render::yaml(&list, &mut out),
        ViewFormat::Table | ViewFormat::Json => {
            opsec_render::connections(&list, false, layout, &mut out)
        }
    }
    .map_err(Failure::Output)?;
    output::answer(&out)?;
    Ok(Exit::Success)
}

/// Writes JSON page by page.
async fn stream(first: ConnectionList, mut pages: Pages) -> Result<Exit, Failure> {
    let mut out = BufWriter::new(output::Stdout);
    let mut document = ConnectionsJson::begin(&first.source, &mut out).map_err(Failure::Output)?;
    document.add(&first.connections).map_err(Failure::Output)?;
    while let Some(page) = pages.next().await? {
        document.add(&page.connections).map_err(Failure::Output)?;
    }
    let ended = document.end(&first.unknown, &first.notices);
    ended.and_then(|()| out.flush()).map_err(Failure::Output)?;
    Ok(Exit::Success)
}

/// The pages of an answer.
struct Pages {
    service: Service,
    request: v1::ListConnectionsRequest,
    is_over: bool,
}

impl Pages {
    /// The next page; none when there are no more.
    async fn next(&mut self) -> Result<Option<ConnectionList>, Failure> {
        if self.is_over {
            return Ok(None);
        }
        let response = self.service.list_connections(self.request.clone()).await?;
        self.request
            .page_token
            .clone_from(&response.next_page_token);
        self.is_over = response.next_page_token.is_empty();
        decode(response).map(Some)
    }
}

fn decode(response: v1::ListConnectionsResponse) -> Result<ConnectionList, Failure> {
    let source: Source = decode_source(response.source.ok_or(ServiceError::EmptyAnswer)?)?;
    let connections: Vec<Connection> = decode_connections(ConnectionTables {
        peers: response.peers,
        port_sets: response.port_sets,
        connections: response.connections,
    })?;
    Ok(ConnectionList {
        api_version: API_VERSION.to_owned(),
        kind: "ConnectionList".to_owned(),
        source,
        connections,
        unknown: response.unknown,
        notices: decode_notices("notices", response.notices)?,
    })
}
