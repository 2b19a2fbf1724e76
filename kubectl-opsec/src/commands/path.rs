//! `path`: the escalation chains that begin in an operator's pods.

use opsec_model::{API_VERSION, PathList};
use opsec_proto::v1;
use opsec_proto::v1::find_paths_request::Input;
use opsec_wire::{decode_notices, decode_operator, decode_path, decode_source, encode_snapshot};

use crate::args::{PathArgs, ViewFormat};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::service::{Service, ServiceError};
use crate::{input, output};

/// Finds them.
///
/// # Errors
/// When the files could not be read, or hold no such operator.
pub(crate) async fn run(args: PathArgs, mut context: Context) -> Result<Exit, Failure> {
    let progress = Progress::start("reading");
    let gathered = input::gather(&args.files, &progress).await?;
    progress.step("following chains");
    let snapshot = encode_snapshot(&gathered.snapshot).map_err(Failure::Snapshot)?;
    let request = v1::FindPathsRequest {
        input: Some(Input::Snapshot(snapshot)),
        operator: gathered.operator(args.operator.as_ref()),
    };
    let response = Service::without_store(&context)
        .await?
        .find_paths(request)
        .await?;
    let mut list = decode(response)?;
    list.locate(&gathered.sources);
    drop(progress);
    context.layout.objects = gathered.objects;
    let (layout, mut out) = (&context.layout, Vec::new());
    match args.output.format {
        ViewFormat::Table => opsec_render::paths(&list, false, layout, &mut out),
        ViewFormat::Wide => opsec_render::paths(&list, true, layout, &mut out),
        ViewFormat::Json => opsec_render::json(&list, &mut out),
        ViewFormat::Yaml => opsec_render::yaml(&list, &mut out),
    }
    .map_err(Failure::Output)?;
    output::answer(&out)?;
    Ok(Exit::Success)
}

fn decode(response: v1::FindPathsResponse) -> Result<PathList, Failure> {
    let mut items = Vec::new();
    for path in response.paths {
        items.push(decode_path(path)?);
    }
    Ok(PathList {
        api_version: API_VERSION.to_owned(),
        kind: "PathList".to_owned(),
        source: decode_source(response.source.ok_or(ServiceError::EmptyAnswer)?)?,
        kubernetes_version: response.kubernetes_version,
        operator: decode_operator(response.operator.ok_or(ServiceError::EmptyAnswer)?),
        items,
        notices: decode_notices("notices", response.notices)?,
    })
}
