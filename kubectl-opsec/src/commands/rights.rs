//! `rights`: what an operator's ServiceAccounts may do, are declared to do, and do beyond that.

mod declare;
mod validate;

use opsec_model::{API_VERSION, RightList, Source};
use opsec_proto::v1;
use opsec_proto::v1::list_rights_request::Input;
use opsec_wire::{decode_notices, decode_operator, decode_right, decode_source, encode_snapshot};

use crate::args::{RightsArgs, RightsCommand, ViewFormat};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::service::{Service, ServiceError};
use crate::{input, output};

/// Lists them.
///
/// # Errors
/// When the files could not be read, or hold no such operator.
pub(crate) async fn run(args: RightsArgs, mut context: Context) -> Result<Exit, Failure> {
    match &args.command {
        Some(RightsCommand::Declare(args)) => return declare::run(args, &context).await,
        Some(RightsCommand::Validate(args)) => return validate::run(args, &context).await,
        None => {}
    }
    let progress = Progress::start("reading");
    let gathered = input::gather(&args.files, &progress).await?;
    progress.step("adding up rights");
    let snapshot = encode_snapshot(&gathered.snapshot).map_err(Failure::Snapshot)?;
    let operator = gathered.operator(args.operator.as_ref());
    let mut list = fetch(&operator, &snapshot, &context).await?;
    list.locate(&gathered.sources);
    drop(progress);
    context.layout.objects = gathered.objects;
    let (layout, mut out) = (&context.layout, Vec::new());
    match args.output.format {
        ViewFormat::Table => opsec_render::rights(&list, false, layout, &mut out),
        ViewFormat::Wide => opsec_render::rights(&list, true, layout, &mut out),
        ViewFormat::Json => opsec_render::json(&list, &mut out),
        ViewFormat::Yaml => opsec_render::yaml(&list, &mut out),
    }
    .map_err(Failure::Output)?;
    output::answer(&out)?;
    Ok(Exit::Success)
}

/// All pages.
async fn fetch(
    operator: &str,
    snapshot: &v1::Snapshot,
    context: &Context,
) -> Result<RightList, Failure> {
    let service = Service::without_store(context).await?;
    let mut list = RightList {
        api_version: API_VERSION.to_owned(),
        kind: "RightList".to_owned(),
        source: Source::default(),
        kubernetes_version: String::new(),
        operator: opsec_model::OperatorSummary::default(),
        items: Vec::new(),
        notices: Vec::new(),
    };
    let mut page_token = String::new();
    loop {
        let request = v1::ListRightsRequest {
            input: Some(Input::Snapshot(snapshot.clone())),
            operator: operator.to_owned(),
            page_size: 1000,
            page_token,
        };
        let response = service.list_rights(request).await?;
        list.operator = decode_operator(response.operator.ok_or(ServiceError::EmptyAnswer)?);
        list.source = decode_source(response.source.ok_or(ServiceError::EmptyAnswer)?)?;
        list.kubernetes_version = response.kubernetes_version;
        list.notices = decode_notices("notices", response.notices)?;
        for right in response.rights {
            list.items.push(decode_right(right)?);
        }
        page_token = response.next_page_token;
        if page_token.is_empty() {
            return Ok(list);
        }
    }
}
